/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proc - what /proc says without BPF: which processes have a vhost device open, and the link behind it.
 *
 * That is for one's own processes, and for root for all.  The kernel does not say which tap a vhost device
 * uses; where a process has the queues of one link only, it is that one.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "raw.h"

#define PATH_MAX_LEN 512

/* The kind of a node, by its name in the process's own file system; that of one that was removed goes on. */
static int kind_of(const char *target)
{
	static const char *const names[] = { "/dev/vhost-net", "/dev/vhost-vsock",
					     "/dev/vhost-scsi", "/dev/vhost-vdpa-" };

	for (int i = 0; i < LOOK_KINDS; i++) {
		size_t length = strlen(names[i]);

		if (!strncmp(target, names[i], length) &&
		    (i == LOOK_VDPA || !target[length] || target[length] == ' '))
			return i;
	}
	return -1;
}

/* Where there is no vhost, a file may have such a name. */
static bool is_node(pid_t pid, const char *fd)
{
	char path[PATH_MAX_LEN];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, fd);
	return !stat(path, &st) && S_ISCHR(st.st_mode);
}

static bool read_target(pid_t pid, const char *fd, char target[PATH_MAX_LEN])
{
	char path[PATH_MAX_LEN];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, fd);
	n = readlink(path, target, PATH_MAX_LEN - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return true;
}

/* ---------------------------------------------------------------------------------------- links */

/* A macvtap's node belongs to its link in sysfs: ".../net/NAME/...". */
static bool read_macvtap(pid_t pid, const char *fd, char name[LOOK_NAME])
{
	char path[PATH_MAX_LEN], target[PATH_MAX_LEN];
	struct stat st;
	const char *at;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, fd);
	if (stat(path, &st) || !S_ISCHR(st.st_mode))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(st.st_rdev), minor(st.st_rdev));
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	at = strstr(target, "/net/");
	if (!at)
		return false;
	at += strlen("/net/");
	snprintf(name, LOOK_NAME, "%.*s", (int)strcspn(at, "/"), at);
	return true;
}

static bool read_link_name(pid_t pid, const char *fd, const char *target, char name[LOOK_NAME])
{
	char path[PATH_MAX_LEN];

	if (!strcmp(target, "/dev/net/tun")) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, fd);
		return look_proc_value(path, "iff", name, LOOK_NAME);
	}
	return !strncmp(target, "/dev/tap", strlen("/dev/tap")) && read_macvtap(pid, fd, name);
}

/* The only link whose queues the process has open.  False: none, or several. */
static bool only_link(pid_t pid, char ret[LOOK_NAME])
{
	char folder[64], target[PATH_MAX_LEN], name[LOOK_NAME];
	struct dirent *entry;
	bool several = false;
	DIR *dir;

	ret[0] = '\0';
	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		if (!read_target(pid, entry->d_name, target) ||
		    !read_link_name(pid, entry->d_name, target, name))
			continue;
		several = several || (ret[0] && strcmp(ret, name));
		memcpy(ret, name, LOOK_NAME);
	}
	if (dir)
		closedir(dir);
	return ret[0] && !several;
}

/* What else is known of the link, when a device of the process runs on it. */
static void copy_link(const struct look_reading *reading, struct look_device *device,
		      const char name[LOOK_NAME])
{
	memcpy(device->link.name, name, LOOK_NAME);
	for (size_t i = 0; i < reading->count; i++) {
		const struct look_device *other = &reading->devices[i];

		if (other->pid == device->pid && other->link.index &&
		    !strcmp(other->link.name, name)) {
			device->link = other->link;
			return;
		}
	}
}

int look_proc_links(struct look_reading *reading)
{
	pid_t last = 0;
	char name[LOOK_NAME];
	bool found = false;

	for (size_t i = 0; i < reading->count; i++) {
		struct look_device *device = &reading->devices[i];

		if (device->kind != LOOK_NET || device->known & LOOK_LINK)
			continue;
		if (device->pid != last)
			found = only_link(device->pid, name);
		last = device->pid;
		if (!found)
			continue;
		copy_link(reading, device, name);
		device->known |= LOOK_LINK;
	}
	return 0;
}

/* ---------------------------------------------------------------------------------------- devices */

static void read_comm(pid_t pid, char comm[LOOK_NAME])
{
	char path[64];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return;
	n = fread(comm, 1, LOOK_NAME - 1, file);
	comm[n] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	fclose(file);
}

static int add_device(struct look_reading *reading, pid_t pid, const char *fd, int kind)
{
	struct look_device device = { .kind = (enum look_kind)kind, .pid = pid, .fd_count = 1 };

	device.fds = calloc(1, sizeof(*device.fds));
	if (!device.fds)
		return -ENOMEM;
	device.fds[0] = (struct look_fd){ (int)strtol(fd, NULL, 10), LOOK_NO_RING, false, 1 };
	read_comm(pid, device.comm);
	return look_append(reading, &device);
}

static int read_process(pid_t pid, struct look_reading *reading)
{
	char folder[64], target[PATH_MAX_LEN];
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
	dir = opendir(folder);
	if (!dir) {
		reading->unread += errno == EACCES;
		return 0; /* or it has just ended */
	}
	while (!r && (entry = readdir(dir))) {
		int kind;

		if (!read_target(pid, entry->d_name, target))
			continue;
		kind = kind_of(target);
		if (kind >= 0 && is_node(pid, entry->d_name))
			r = add_device(reading, pid, entry->d_name, kind);
	}
	closedir(dir);
	return r;
}

int look_proc_read(pid_t pid, struct look_reading *reading)
{
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	if (pid)
		return read_process(pid, reading);
	dir = opendir("/proc");
	if (!dir)
		return -EIO;
	while (!r && (entry = readdir(dir))) {
		pid_t number = (pid_t)strtol(entry->d_name, NULL, 10);

		if (number > 0)
			r = read_process(number, reading);
	}
	closedir(dir);
	return r;
}
