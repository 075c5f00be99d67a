/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fds - pass open files and a text over a unix socket (SCM_RIGHTS).  For SOCK_SEQPACKET, which keeps
 * messages apart.  Header only: there is nothing to link.
 */
#ifndef FDS_H
#define FDS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_MAX 16u

union fds_control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

/* Sends at least one fd.  Returns 0 or a negative errno. */
static inline int fds_send(int socket, const char *text, const int *fds, uint32_t count)
{
	struct iovec part = { (void *)(uintptr_t)text, strlen(text) + 1 };
	union fds_control control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int) * count),
						.cmsg_level = SOL_SOCKET,
						.cmsg_type = SCM_RIGHTS } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control };

	message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	memcpy(CMSG_DATA(&control.head), fds, sizeof(int) * count);
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/*
 * Waits for a message with fds, which are close-on-exec.  Returns their number, or a negative errno:
 * -EPIPE the peer closed the socket, -EMSGSIZE it did not fit, -EBADMSG it had no fds.
 */
static inline int fds_receive(int socket, char *text, size_t size, int fds[FDS_MAX])
{
	struct iovec part = { text, size };
	union fds_control control = { 0 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control };
	size_t bytes;
	ssize_t r;

	message.msg_controllen = sizeof(control);
	r = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	if (r <= 0)
		return r ? -errno : -EPIPE;
	if (message.msg_controllen < sizeof(control.head) || control.head.cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	bytes = control.head.cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(&control.head), bytes);
	if (!(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return (int)(bytes / sizeof(int));
	for (size_t i = 0; i < bytes / sizeof(int); i++)
		close(fds[i]);
	return -EMSGSIZE;
}

#endif
