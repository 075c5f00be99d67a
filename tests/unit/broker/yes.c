/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * yes - a vhost device is an eventfd, a queue of a tap one end of a pair of sockets, in which a frame waits.
 */
#include <errno.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <net/if.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "syscall/uapi.h"
#include "yes.h"

#define FEATURES 0x133d008000u /* of Linux 6.12 */
#define FDS	 1024

static bool is_vhost[FDS];
static int errors[FDS][2]; /* of the rings of each */
static char names[FDS][IFNAMSIZ];
static int header = 10;

static int open_vhost(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	is_vhost[fd] = true;
	return fd;
}

static int open_tap(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) ||
	    write(ends[1], "frame", 5) != 5)
		return -EIO;
	return ends[0];
}

static int yes_open(void *data, const char *path, int flags)
{
	if (!strcmp(path, "/dev/vhost-net"))
		return open_vhost();
	if (!strcmp(path, "/dev/net/tun"))
		return open_tap();
	return vhi_sys_linux.open(data, path, flags);
}

static int yes_stat(void *data, int fd, struct vhi_file *ret)
{
	int r = vhi_sys_linux.stat(data, fd, ret);

	if (!r && is_vhost[fd])
		*ret = (struct vhi_file){ .is_char = true, .major = 10, .minor = 238 };
	return r;
}

static int answer_tap(int fd, unsigned long request, void *arg)
{
	struct ifreq *ifr = arg;

	switch (request) {
	case TUNSETIFF:
		memcpy(names[fd], ifr->ifr_name, IFNAMSIZ);
		return 0;
	case TUNGETIFF:
		memcpy(ifr->ifr_name, names[fd], IFNAMSIZ);
		ifr->ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
		return 0;
	case TUNGETFEATURES:
		*(unsigned int *)arg = 0x7173;
		return 0;
	case TUNGETSNDBUF:
		*(int *)arg = INT_MAX;
		return 0;
	case TUNSETVNETHDRSZ:
		header = *(int *)arg;
		return 0;
	case TUNGETVNETHDRSZ:
		*(int *)arg = header;
		return 0;
	default:
		return 0;
	}
}

/* A ring fails as soon as it runs. */
static int answer_vhost(int fd, unsigned long request, void *arg)
{
	struct vhost_vring_file *file = arg;

	switch (request) {
	case VHOST_GET_FEATURES:
		*(uint64_t *)arg = FEATURES;
		return 0;
	case VHI_GET_FEATURES_ARRAY:
		return -ENOTTY;
	case VHOST_GET_BACKEND_FEATURES:
		*(uint64_t *)arg = 0;
		return 0;
	case VHOST_GET_VRING_BASE:
		((struct vhost_vring_state *)arg)->num = 0;
		return 0;
	case VHOST_SET_VRING_ERR:
		errors[fd][file->index] = file->fd;
		return 0;
	case VHOST_NET_SET_BACKEND:
		return file->fd >= 0 ? vhi_sys_linux.signal(NULL, errors[fd][file->index]) : 0;
	default:
		return 0;
	}
}

static int yes_ioctl(void *data, int fd, unsigned long request, void *arg)
{
	uint8_t unused[4096];
	int r = vhi_sys_linux.ioctl(data, fd, request, unused);

	if (r == -EPERM)
		return r;
	return is_vhost[fd] ? answer_vhost(fd, request, arg) : answer_tap(fd, request, arg);
}

static int yes_link_get(void *data, const char *name, struct vhi_link *ret)
{
	*ret = (struct vhi_link){
		.index = 7, .queues = 2, .owner = geteuid(), .group = VHI_NOBODY
	};
	return 0;
}

static int yes_link_watch(void *data, const char *name)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

const struct vhi_sys_ops *yes_sys(void)
{
	static struct vhi_sys_ops ops;

	ops = vhi_sys_linux;
	ops.open = yes_open;
	ops.stat = yes_stat;
	ops.ioctl = yes_ioctl;
	ops.link_get = yes_link_get;
	ops.link_watch = yes_link_watch;
	return &ops;
}
