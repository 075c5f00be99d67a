/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * decode - the arguments of calls as text, for trace.c.  For this room alone.
 */
#ifndef LIB_SYSCALL_DECODE_H
#define LIB_SYSCALL_DECODE_H

#include "syscall/trace.h"

#define VHI_DECODE_MAX 640 /* a longer text ends in "..." */
#define VHI_ROLE_MAX   64

/** vhi_decode_fd() - an fd with what it is: "5</dev/vhost-net>", "-1". */
const char *vhi_decode_fd(struct vhi_trace *trace, int fd, char buf[VHI_ROLE_MAX]);

/** vhi_decode_flags() - those of open(2): "O_RDWR|O_NONBLOCK". */
const char *vhi_decode_flags(int flags, char buf[VHI_ROLE_MAX]);

/**
 * vhi_decode_ioctl() - the request's name and its argument: "VHOST_SET_VRING_NUM, {ring 0, 256}".
 * @result: of the call, since what it returns through @arg is there only if it is not negative.
 */
const char *vhi_decode_ioctl(struct vhi_trace *trace, unsigned long request, const void *arg,
			     int result, char buf[VHI_DECODE_MAX]);

/** vhi_decode_message() - what is written to, or read from, a vhost fd; otherwise "72 bytes". */
const char *vhi_decode_message(const void *message, size_t size, char buf[VHI_DECODE_MAX]);

#endif
