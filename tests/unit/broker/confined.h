/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confined - a broker in a process of its own, which is confined, and a front-end that does all that one does.
 */
#ifndef TESTS_BROKER_CONFINED_H
#define TESTS_BROKER_CONFINED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct confined {
	pid_t pid;
	int until;			       /* closing it ends the broker */
	char path[40], other[64], control[64]; /* of two devices, and of the control socket */
};

/** confined_start() - @confine is called in the broker's process when all is set up. */
void confined_start(struct confined *ret, int (*confine)(void *data), void *data);
/** confined_use() - a front-end; false: something of it failed. */
bool confined_use(const struct confined *confined);
struct wire_message;

/* What a front-end does instead of sending this message. */
typedef void confined_last(void *data, int socket, const struct wire_message *message);

/**
 * confined_visit() - one that sends at most so many messages, does @last (NULL: nothing) instead of another one, and
 * goes.  Returns how many it sent; -1: something of it failed.
 */
int confined_visit(const struct confined *confined, int most, confined_last *last, void *data);

/** confined_offer() - one whose rings run, and that gives this fd with a message; then it stops them, and goes. */
void confined_offer(const struct confined *confined, uint32_t request, int fd);

struct user;

/** confined_stay() - a front-end of the other device, which stays.  NULL: something of it failed. */
struct user *confined_stay(const struct confined *confined);
/** confined_leave() - did its rings run all the time? */
bool confined_leave(struct user *user);

/* What the broker has while a front-end has just connected. */
struct confined_left {
	int fds, maps;
};

struct confined_left confined_look(const struct confined *confined);

/** confined_end() - did the broker end normally? */
bool confined_end(struct confined *confined);

#endif
