/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lines - connections between a guest's driver and AF_VSOCK sockets of the host, half of them
 * opened by either side, each with records in both directions.
 */
#ifndef LINES_H
#define LINES_H

#include "driver.h"
#include "stream.h"

#define LINES		 8u /* the guest opens the first half */
#define LINES_HOST_PORT	 5000u
#define LINES_GUEST_PORT 2000u

struct line {
	int fd; /* the host's end; -1 if there is none */
	struct stream out_sent, out_arrived, in_sent, in_arrived; /* out of the guest, into it */
	bool reset; /* a call of the host failed with ECONNRESET */
};

struct lines {
	struct driver driver;
	struct line line[LINES];
	int listener;
	uint32_t port;		  /* of the guest's next connection */
	bool stopped;		  /* the device is stopped, so calls of the host may be refused */
	uint32_t refused, failed; /* calls of the host that were refused then, or failed */
	uint32_t again;		  /* records that were sent again after a reset */
};

/** lines_open() - let the host listen.  The driver's rings must be set up. */
int lines_open(struct lines *lines, uint64_t cid);
void lines_close(struct lines *lines);

/** lines_dial_out() - open the guest's half: the requests are in the ring when this returns. */
void lines_dial_out(struct lines *lines);
/** lines_dial_in() - open the host's half, to a running device. */
void lines_dial_in(struct lines *lines);

/** lines_turn() - send and receive what is possible, up to @limit records a line and direction. */
bool lines_turn(struct lines *lines, uint32_t limit);
/**
 * lines_run() - the same until @total records have arrived, on all lines and in both directions.
 * Returns false if nothing has moved for long.
 */
bool lines_run(struct lines *lines, uint32_t limit, uint32_t total);

/** lines_reset() - drop all connections.  Returns whether all of the host's had been reset. */
bool lines_reset(struct lines *lines);
/** lines_hang_up() - close each connection properly, from the side that opened it. */
bool lines_hang_up(struct lines *lines);

uint64_t lines_wrong(const struct lines *lines);
/** lines_arrived() - complete records, in one direction. */
uint32_t lines_arrived(const struct lines *lines, bool out);

#endif
