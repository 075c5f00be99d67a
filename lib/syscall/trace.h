/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace - a kernel in front of a kernel: each call goes on to the next one, and becomes a line of text,
 * "ioctl(5</dev/vhost-net>, VHOST_SET_OWNER) = 0".
 */
#ifndef LIB_SYSCALL_TRACE_H
#define LIB_SYSCALL_TRACE_H

#include "syscall/sys.h"

struct vhi_trace {
	struct vhi_sys next;
	void (*line)(void *data, const char *line);
	void *data;
	bool nameless; /* this process may not ask for the names of its fds */
};

extern const struct vhi_sys_ops vhi_sys_trace; /* its data is a struct vhi_trace */

#endif
