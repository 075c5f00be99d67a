/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trying what set-up does first: opening a node, asking its driver, creating a tap.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/vhost.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "log.h"
#include "node/node.h"

#define REQUEST(name) name, #name

const struct host_node host_nodes[HOST_NODES] = {
	{ "/dev/vhost-net", "vhost_net", true, REQUEST(VHOST_GET_FEATURES) },
	{ "/dev/vhost-vsock", "vhost_vsock", false, REQUEST(VHOST_GET_FEATURES) },
	{ "/dev/vhost-scsi", "vhost_scsi", false, REQUEST(VHOST_GET_FEATURES) },
	{ "/dev/net/tun", "tun", true, REQUEST(TUNGETFEATURES) },
	{ "/dev/kvm", "kvm", false, REQUEST(KVM_GET_API_VERSION) },
};

int host_node_minor(const struct host_node *node)
{
	const char *name = strrchr(node->path, '/') + 1;
	FILE *file = fopen("/proc/misc", "re");
	char listed[64];
	int minor, found = -1;

	while (file && found < 0 && fscanf(file, "%d %63s", &minor, listed) == 2)
		if (strcmp(listed, name) == 0)
			found = minor;
	if (file)
		fclose(file);
	return found;
}

static int try_open(const struct host_node *node)
{
	uint64_t answer = 0;
	struct stat st;
	int minor = host_node_minor(node), r = 0;
	int fd = host_traced(open(node->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
			     "open(\"%s\", O_RDWR|O_NONBLOCK)", node->path);

	if (fd < 0)
		return -errno;
	if (host_traced(ioctl(fd, node->request, &answer), "ioctl(%d<%s>, %s)", fd, node->path,
			node->request_name) < 0 &&
	    errno == ENOTTY)
		r = -ENOTTY;
	if (fstat(fd, &st) < 0 ||
	    (minor >= 0 && st.st_rdev != makedev(HOST_MISC_MAJOR, (unsigned int)minor)))
		r = -ENOTTY;
	close(fd);
	return r;
}

struct host_node_answer host_node_try(const struct host_node *node)
{
	struct host_node_answer answer = { .error = try_open(node) };

	answer.by = host_node_refusal(node->path, answer.error);
	return answer;
}

int host_tap_try(void)
{
	struct ifreq link = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = host_traced(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK),
			     "open(\"/dev/net/tun\", O_RDWR|O_NONBLOCK)");
	int r = fd < 0 || host_traced(ioctl(fd, TUNSETIFF, &link),
				      "ioctl(%d</dev/net/tun>, TUNSETIFF, {\"\", "
				      "IFF_TAP|IFF_NO_PI|IFF_VNET_HDR})",
				      fd) < 0
			? -errno
			: 0;

	if (fd >= 0)
		close(fd);
	return r;
}

const struct host_node *host_node_find(const char *path)
{
	for (size_t i = 0; i < HOST_NODES; i++)
		if (strcmp(host_nodes[i].path, path) == 0)
			return &host_nodes[i];
	return NULL;
}

const char *host_self_name(char buf[HOST_SELF_MAX])
{
	const struct passwd *self = getpwuid(geteuid());

	snprintf(buf, HOST_SELF_MAX, "%s", self ? self->pw_name : "this user");
	return buf;
}
