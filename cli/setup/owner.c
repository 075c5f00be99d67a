/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a vhost fd has an owner.  The kernel only says so when ownership is taken, or the kind of the worker
 * set: to what it is already, that changes nothing.  Kernels without that call are read with BPF, where that can
 * be had.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "look.h"
#include "setup/owner.h"

/* VHOST_SET_FORK_FROM_OWNER and VHOST_GET_FORK_FROM_OWNER, since Linux 6.17 and in some 6.12. */
#define SET_FORK_FROM_OWNER _IOW(0xaf, 0x84, uint8_t)
#define GET_FORK_FROM_OWNER _IOR(0xaf, 0x85, uint8_t)

/* Another process's memory owns it, so a kernel that has no such call answers EPERM and does nothing. */
static enum cli_owner ask(int fd)
{
	uint8_t mode;

	if (ioctl(fd, GET_FORK_FROM_OWNER, &mode) < 0)
		return CLI_OWNER_UNKNOWN;
	if (ioctl(fd, SET_FORK_FROM_OWNER, &mode) == 0)
		return CLI_OWNER_NONE;
	return errno == EBUSY ? CLI_OWNER_SOME : CLI_OWNER_UNKNOWN;
}

static enum cli_owner find(const struct look_reading *reading, int fd)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct look_device *device = &reading->devices[i];

		for (size_t j = 0; j < device->fd_count; j++)
			if (device->fds[j].fd == fd && device->owned)
				return CLI_OWNER_SOME; /* perhaps a process that has ended */
			else if (device->fds[j].fd == fd && device->known & LOOK_OWNER)
				return CLI_OWNER_NONE;
	}
	return CLI_OWNER_UNKNOWN;
}

enum cli_owner cli_find_owner(int fd)
{
	enum cli_owner owner = ask(fd);
	struct look_reading reading;

	if (owner == CLI_OWNER_UNKNOWN && look_read(getpid(), &reading) == 0) {
		owner = find(&reading, fd);
		look_clear(&reading);
	}
	return owner;
}
