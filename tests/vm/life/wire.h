/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire - the other end: a packet socket on the tap link, which receives every frame of the guest and
 * sends it as many as its window allows.  It is in the process that is never killed.
 */
#ifndef WIRE_H
#define WIRE_H

#include "board.h"

struct wire {
	struct board *board;
	const unsigned char *pattern;
	int fd;
	unsigned char buffer[FRAME_MAX + 1024];
	struct seen seen[PAIRS_MAX];  /* the guest's frames */
	uint32_t arrived[PAIRS_MAX];  /* of frames to the guest: all below this are there */
	struct counts out[PAIRS_MAX]; /* by flow, which is by ring */
	uint64_t refused;	      /* frames that the link refused with an error */
	uint64_t dropped;	      /* the link's counter at the start */
	uint32_t place, turn;
};

/* Opens the socket on the link named on the board. */
int wire_open(struct wire *wire, const struct ram *ram);
void wire_close(struct wire *wire);

/* Receives all that has arrived, sends all that it may.  Returns true if something moved. */
bool wire_turn(struct wire *wire);

/* Sends one wrong frame to the guest, after all others arrived. */
void wire_do_wrong(struct wire *wire, enum wrong wrong);

/* Sleeps until there is something to do, or a process ended (@other), but not for long. */
void wire_sleep(struct wire *wire, int other);

/* Has every frame that was sent, in either direction, arrived? */
bool wire_all_arrived(const struct wire *wire);

/* Frames of a flow that were sent and never arrived. */
uint32_t wire_lost(const struct wire *wire, uint32_t way, uint32_t flow);

/* Frames to the guest that a link dropped, by its own counter. */
uint64_t link_dropped(const char *link);

/* Frames that did not fit in the socket's buffer: then the test is wrong, not the device. */
uint32_t wire_overrun(const struct wire *wire);

#endif
