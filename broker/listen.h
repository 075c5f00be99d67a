/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listen - a socket that accepts connections, and rests where that is not possible.
 *
 * A connection that cannot be accepted, such as for want of fds, stays in the socket's queue, and epoll reports it
 * again at once.  So the socket is not looked at for a while.
 */
#ifndef BROKER_LISTEN_H
#define BROKER_LISTEN_H

#include <stdint.h>

#include "loop.h"

#define BROKER_REST 1000 /* ms */

struct broker_listener {
	struct broker_watch watch;
	int epoll, fd;	 /* fd is -1 without a socket */
	uint64_t rested; /* until then; 0: it does not rest */
	/* @socket: for the callee to close; or a negative errno: it rests. */
	void (*connected)(void *data, int socket);
	void *data;
};

#define BROKER_NO_LISTENER                          \
	{                                           \
		.watch = BROKER_UNWATCHED, .fd = -1 \
	}

/** broker_listener_begin() - takes over the socket if it succeeds.  Errors: those of epoll_ctl(2). */
int broker_listener_begin(struct broker_listener *listener, int epoll, int fd,
			  void (*connected)(void *data, int socket), void *data);
void broker_listener_end(struct broker_listener *listener);

/** broker_listener_left() - how many ms it still rests; -1: it does not. */
int broker_listener_left(const struct broker_listener *listener);
/** broker_listener_wake() - accept again, if it has rested long enough. */
void broker_listener_wake(struct broker_listener *listener);

#endif
