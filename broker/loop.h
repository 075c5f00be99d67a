/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loop - fds that are waited for.
 */
#ifndef BROKER_LOOP_H
#define BROKER_LOOP_H

#include <stdbool.h>

/*
 * An fd, and what to do when there is something to read, or what else is waited for.  fd is -1 while
 * it is not watched.
 */
struct broker_watch {
	int fd;
	void (*ready)(void *data);
	void *data;
};

#define BROKER_UNWATCHED \
	{                \
		.fd = -1 \
	}

/** broker_watch() - watch an fd, which stays the caller's.  Errors: those of epoll_ctl(2). */
int broker_watch(int epoll, struct broker_watch *watch, int fd, void (*ready)(void *data),
		 void *data);
/**
 * broker_watch_for() - wait until there is room to write, or again until there is something to read.
 * Errors: those of epoll_ctl(2).
 */
int broker_watch_for(int epoll, struct broker_watch *watch, bool room);
/** broker_unwatch() - if it is watched.  Before its fd is closed. */
void broker_unwatch(int epoll, struct broker_watch *watch);

/** broker_sooner() - of two times to wait, in ms, of which -1 is for ever. */
static inline int broker_sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/**
 * broker_wait() - wait, at most that many ms (-1: for ever), and handle what is ready.
 * Errors: those of epoll_wait(2), but for EINTR.
 */
int broker_wait(int epoll, int timeout);

#endif
