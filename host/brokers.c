/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control sockets of brokers: where a broker has its own, and which of them there are.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "doc.h"
#include "record/record.h"
#include "host.h"

#define SUFFIX ".varlink"

int host_control_path(const struct host_setup *setup, char path[HOST_CONTROL_MAX])
{
	char buf[HOST_FOLDER_MAX], number[24];
	const char *folder = host_folder_path(buf);
	int fd;

	if (!folder)
		return -ENOENT;
	snprintf(number, sizeof(number), "%d", (int)getpid());
	if (snprintf(path, HOST_CONTROL_MAX, "%s/%s" SUFFIX, folder,
		     setup->name ? setup->name : number) >= (int)HOST_CONTROL_MAX)
		return -ENAMETOOLONG;
	fd = host_folder_open(folder, true);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* In the folder that was checked, whatever is in its place by now. */
static int connect_at(int folder, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", folder,
		     name) >= (int)sizeof(address.sun_path))
		r = -ENAMETOOLONG;
	else
		r = connect(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* Only who could do all of that anyway is believed. */
static int check_peer(int fd, pid_t *ret_pid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return -errno;
	*ret_pid = peer.pid;
	return peer.uid == 0 || peer.uid == geteuid() ? 0 : -EPERM;
}

/* One that a killed broker has left is none. */
static int add_broker(int folder, const char *name, struct doc_list *list)
{
	struct host_broker broker = { .fd = connect_at(folder, name) }, *added;
	int r;

	if (broker.fd == -ECONNREFUSED || broker.fd == -ENOENT)
		return 0;
	r = broker.fd < 0 ? 0 : check_peer(broker.fd, &broker.pid);
	if (r == 0) {
		snprintf(broker.name, sizeof(broker.name), "%.*s",
			 (int)(strlen(name) - strlen(SUFFIX)), name);
		added = doc_append(list, sizeof(broker));
		r = added ? 0 : -ENOMEM;
		if (added)
			*added = broker;
	}
	if (r < 0 && broker.fd >= 0)
		close(broker.fd);
	return r == -EPERM ? 0 : r;
}

static bool is_control(const char *name)
{
	size_t len = strlen(name), end = strlen(SUFFIX);

	return len > end && len - end < sizeof(((struct host_broker *)0)->name) &&
	       !strcmp(name + len - end, SUFFIX);
}

int host_brokers_connect(struct host_brokers *ret)
{
	struct doc_list list = { NULL, 0 };
	char buf[HOST_FOLDER_MAX];
	const char *path = host_folder_path(buf);
	int fd = path ? host_folder_open(path, false) : -ENOENT, r = 0;
	const struct dirent *entry;
	DIR *folder;

	*ret = (struct host_brokers){ NULL, 0 };
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	folder = fdopendir(fd);
	if (!folder) {
		r = -errno;
		close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(folder)))
		if (is_control(entry->d_name))
			r = add_broker(fd, entry->d_name, &list);
	closedir(folder);
	*ret = (struct host_brokers){ list.items, list.count };
	if (r < 0)
		host_brokers_clear(ret);
	return r;
}

void host_brokers_clear(struct host_brokers *brokers)
{
	for (size_t i = 0; i < brokers->count; i++)
		if (brokers->items[i].fd >= 0)
			close(brokers->items[i].fd);
	free(brokers->items);
	*brokers = (struct host_brokers){ NULL, 0 };
}
