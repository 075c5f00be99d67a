/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves the frames: drives the rings of loop's device, and the socket at the far end.
 *
 * At most as many frames are in flight as every queue in between can hold, so a missing frame was
 * lost where none may be.
 */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "loop/loop.h"

#define SILENCE 10000000000u /* ns without a frame: the rest is lost */
#define LATE	100	     /* ms to wait for duplicates */

uint64_t loop_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* How many more frames may be sent in this direction now. */
static uint32_t room(const struct loop *loop, struct way *way)
{
	const uint64_t on_the_way = way->sent - way->arrived;
	const uint64_t left = loop->frames - way->sent;

	if (!way->start)
		way->start = loop_now();
	if (on_the_way >= loop->window)
		return 0;
	return left < loop->window - on_the_way ? (uint32_t)left
						: loop->window - (uint32_t)on_the_way;
}

/* Count a frame that arrived.  Returns whether it was an intact one. */
static bool count(const struct loop *loop, struct way *way, const unsigned char *frame,
		  size_t length)
{
	uint64_t number;
	enum frame_verdict verdict = frame_check(frame, length, loop->size, loop->pairs, &number);

	if (verdict == FRAME_FOREIGN)
		return false;
	if (verdict == FRAME_WRONG || number >= way->sent) {
		way->wrong++;
		return false;
	}
	if (way->seen[number / 8] & 1 << number % 8) {
		way->duplicated++;
		return false;
	}
	way->seen[number / 8] |= (unsigned char)(1 << number % 8);
	way->arrived++;
	return true;
}

static void drive_receive_ring(struct loop *loop, uint32_t index)
{
	struct virtqueue *ring = &loop->rings[index];
	uint32_t length;

	for (int id; (id = virtqueue_reap(ring, &length)) >= 0;) {
		if (length > LOOP_HEADER)
			loop->counts[index] += count(loop, &loop->receive,
						     virtqueue_buffer(ring, id) + LOOP_HEADER,
						     length - LOOP_HEADER);
		virtqueue_put(ring, id);
	}
	virtqueue_fill(ring);
	virtqueue_kick(ring);
}

static void drive_transmit_rings(struct loop *loop)
{
	for (uint32_t i = 1; i < 2 * loop->pairs; i += 2)
		virtqueue_recycle(&loop->rings[i]);
	for (uint32_t left = room(loop, &loop->transmit); left; left--) {
		const uint32_t index = 2 * (uint32_t)(loop->transmit.sent % loop->pairs) + 1;
		struct virtqueue *ring = &loop->rings[index];
		int id = virtqueue_get(ring);

		if (id < 0)
			break;
		frame_make(virtqueue_buffer(ring, id) + LOOP_HEADER, loop->size,
			   loop->transmit.sent, loop->pairs);
		virtqueue_add(ring, id, LOOP_HEADER + (uint32_t)loop->size, false);
		loop->transmit.sent++;
		loop->counts[index]++;
	}
	for (uint32_t i = 1; i < 2 * loop->pairs; i += 2)
		virtqueue_kick(&loop->rings[i]);
}

/* The far end: receive what the device sent. */
static void take_from_wire(struct loop *loop)
{
	int r;

	do {
		for (uint32_t i = 0; i < LOOP_BATCH; i++)
			loop->vectors[i].iov_len = loop->size + 1;
		r = recvmmsg(loop->wire, loop->messages, LOOP_BATCH, 0, NULL);
		for (int i = 0; i < r; i++)
			count(loop, &loop->transmit, loop->vectors[i].iov_base,
			      loop->messages[i].msg_len);
	} while (r == (int)LOOP_BATCH);
}

/* The far end: send to the device. */
static void send_on_wire(struct loop *loop)
{
	int r;

	do {
		const uint32_t left = room(loop, &loop->receive);
		const uint32_t n = left < LOOP_BATCH ? left : LOOP_BATCH;

		for (uint32_t i = 0; i < n; i++) {
			loop->vectors[i].iov_len = loop->size;
			frame_make(loop->vectors[i].iov_base, loop->size, loop->receive.sent + i,
				   loop->pairs);
		}
		r = n ? sendmmsg(loop->wire, loop->messages, n, 0) : 0;
		loop->receive.sent += r > 0 ? (uint32_t)r : 0;
	} while (r == (int)LOOP_BATCH);
}

/* First receive everything that arrived, then send everything that may be sent; then wait. */
static void turn(struct loop *loop)
{
	for (uint32_t i = 0; i < 2 * loop->pairs; i += 2)
		drive_receive_ring(loop, i);
	take_from_wire(loop);
	drive_transmit_rings(loop);
	send_on_wire(loop);
}

/* Wait for the device or the socket, and clear the interrupts before reading the rings. */
static void wait(struct loop *loop, int timeout)
{
	eventfd_t value;

	if (poll(loop->polls, 2 * loop->pairs + 1, timeout) <= 0)
		return;
	for (uint32_t i = 0; i < 2 * loop->pairs; i++)
		if (loop->polls[i].revents)
			eventfd_read(loop->polls[i].fd, &value);
}

static void show_progress(struct loop *loop, uint64_t time, bool last)
{
	static const char bar[] = "########################################";
	const int width = (int)sizeof(bar) - 1;
	const uint64_t done = loop->transmit.arrived + loop->receive.arrived;
	const int filled = (int)((double)done * width / (2 * (double)loop->frames));

	if (!loop->progress || (!last && time - loop->shown < 100000000))
		return;
	loop->shown = time;
	if (last)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r[%.*s%*s] %3d%%", filled, bar, width - filled, "",
			filled * 100 / width);
	fflush(stderr);
}

/* Run until all frames have arrived, or no more do. */
void loop_run(struct loop *loop)
{
	uint64_t done = 0, time = loop_now(), last = time;

	while (time - last < SILENCE) {
		turn(loop);
		time = loop_now();
		if (loop->transmit.arrived + loop->receive.arrived != done) {
			done = loop->transmit.arrived + loop->receive.arrived;
			last = time;
		}
		if (!loop->transmit.end && loop->transmit.arrived == loop->frames)
			loop->transmit.end = time;
		if (!loop->receive.end && loop->receive.arrived == loop->frames)
			loop->receive.end = time;
		if (done == 2 * loop->frames)
			break;
		show_progress(loop, time, false);
		wait(loop, 500);
	}
	wait(loop, LATE);
	turn(loop);
	show_progress(loop, time, true);
}
