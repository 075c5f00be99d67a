/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * served - a device that is served on a real socket, through the real loop; the device is on the fake kernel, whose fds
 * epoll does not know.  Link with --wrap=epoll_ctl.
 */
#ifndef TESTS_BROKER_SERVED_H
#define TESTS_BROKER_SERVED_H

#include "front.h"

struct served {
	struct front front;
	char path[64], said[16384]; /* what the broker said since it began */
	struct wire_error error;
};

extern struct served served;

/** served_say() - what a device's broker says goes to served.said. */
void served_say(struct front *front);
int served_setup(void **state);
int served_teardown(void **state);
/** served_listen() - at served.path. */
int served_listen(int *ret, char *text);
/** served_turn() - handle all that is ready, without waiting. */
void served_turn(void);
/** served_connect() - a front-end's socket.  served_dial(): which the broker has not seen yet. */
int served_dial(void);
int served_connect(void);
bool served_is_connected(int fd);
/** served_ask() - send a request without payload: the number in its reply. */
uint64_t served_ask(int fd, uint32_t request);

#endif
