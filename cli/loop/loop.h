/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by the files of 'vhostctl loop': frames, the scratch link with its far end, the device,
 * the run.
 */
#ifndef CLI_LOOP_H
#define CLI_LOOP_H

#include <poll.h>
#include <sys/socket.h>

#include "program/cli.h"
#include "virtqueue.h"

#define FRAME_MIN 60u
#define FRAME_MAX 9014u

#define LOOP_PAIRS_MAX 16u
#define LOOP_HEADER    12u /* struct virtio_net_hdr_v1; all zero is a plain frame */
#define LOOP_BATCH     64u /* frames for one system call */

/* One direction. */
struct way {
	uint64_t sent, arrived, duplicated, wrong;
	unsigned char *seen; /* a bit for each number */
	uint64_t start, end; /* ns */
};

struct loop {
	const struct cli_call *call;
	uint64_t frames;
	uint32_t pairs, window, buffer_size;
	size_t size;
	struct vhc_tap *tap;
	struct vhc_dev *dev;
	struct vhc_features features;
	unsigned char *ram;
	size_t ram_size;
	struct virtqueue *rings; /* as the device counts them: receive, transmit, receive ... */
	uint64_t *counts;	 /* frames of ours that each ring has carried */
	struct pollfd *polls;	 /* the rings' calls, then the wire */
	int wire;
	unsigned char *batch; /* LOOP_BATCH frames, size + 1 bytes each */
	struct mmsghdr messages[LOOP_BATCH];
	struct iovec vectors[LOOP_BATCH];
	struct way transmit, receive;
	bool progress;
	uint64_t shown; /* when the bar was drawn */
};

/* frame.c */

enum frame_verdict { FRAME_FOREIGN, FRAME_WRONG, FRAME_RIGHT };

/* Writes the frame with this number, @size bytes, which belongs to one of @flows flows. */
void frame_make(unsigned char *frame, size_t size, uint64_t number, uint32_t flows);

/* Is it one of ours, and is every byte right?  @ret_number is set if it is ours. */
enum frame_verdict frame_check(const unsigned char *frame, size_t length, size_t size,
			       uint32_t flows, uint64_t *ret_number);

/* scratch.c */

/*
 * Move this process to a network namespace of its own, or report why not.  Returns an exit status.
 */
int scratch_enter(void);

/* Brings a link up, wide enough for frames of @size bytes. */
int scratch_up(const char *name, size_t size);

/*
 * A socket on the link, that never blocks: what the device sends comes out, what is sent to it goes
 * to the device.  @ret_window: how many frames its buffers surely hold.
 */
int scratch_socket(const char *name, size_t size, int *ret_fd, uint32_t *ret_window);

/* loop-run.c: nanoseconds of a clock that only goes forward */
uint64_t loop_now(void);

/* Send and receive frames until all have arrived, or no more do. */
void loop_run(struct loop *loop);

#endif
