/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confined - a broker in a process of its own, which is confined, and a front end that does all that one does.
 */
#ifndef TESTS_BROKER_CONFINED_H
#define TESTS_BROKER_CONFINED_H

#include <stdbool.h>
#include <sys/types.h>

struct confined {
	pid_t pid;
	int until; /* closing it ends the broker */
	char path[40], control[64];
};

/** confined_start() - @confine is called in the broker's process when all is set up. */
void confined_start(struct confined *ret, int (*confine)(void *data), void *data);
/** confined_use() - a front end; false: something of it failed. */
bool confined_use(const struct confined *confined);
/** confined_end() - did the broker end normally? */
bool confined_end(struct confined *confined);

#endif
