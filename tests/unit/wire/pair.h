/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pair - two ends of a connection, a valid message of every kind, and what is left open.
 */
#ifndef TESTS_WIRE_PAIR_H
#define TESTS_WIRE_PAIR_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after the others */
#include <cmocka.h>

#include "wire.h"

struct pair {
	int near, far; /* what is tested, and what the test does to it; far: -1 once it is closed */
	int fds;       /* that were open before */
	struct wire_reader reader;
	struct wire_error error;
};

int pair_setup(void **state);
/** pair_teardown() - also: no fd is left open. */
int pair_teardown(void **state);
void pair_close_far(struct pair *pair);

/** open_fds() - how many this process has. */
int open_fds(void);

/** valid() - a message of this kind that is as it must be, with an fd of the test's for each of its own. */
struct wire_message valid(uint32_t request);
void close_valid(struct wire_message *message);

/** put() - bytes with fds, as they are. */
void put(int socket, const void *bytes, size_t size, const int *fds, uint32_t count);
/** bytes_of() - a message as it is on the wire: its length. */
size_t bytes_of(const struct wire_message *message, uint8_t bytes[sizeof(struct wire_message)]);
/** put_message() - all of it at once, as it is: it may be wrong. */
void put_message(int socket, const struct wire_message *message);

#define ALL_FEATURES UINT64_MAX

#endif
