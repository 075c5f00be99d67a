/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frame - the frames of a test: direction, flow and number determine all of a frame, so that its
 * receiver can make it again and compare every byte.
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/virtio_net.h>

#define FRAME_HEAD   72u /* Ethernet, IPv4, TCP, and the tag that names it */
#define FRAME_SMALL  1514u
#define FRAME_MAX    65000u
#define FRAME_MSS    1448u
#define FRAME_PERIOD 4096u /* of the pattern that bodies are copied from */
#define BODY_BYTES   (FRAME_MAX + FRAME_PERIOD)

enum frame_kind { KIND_SMALL, KIND_GSO, KIND_MIXED, KINDS };

extern const char *const frame_kinds[KINDS];

enum { WAY_OUT, WAY_IN }; /* from the guest, to the guest */

struct frame_id {
	uint32_t way, flow, number;
};

enum verdict { FRAME_GOOD, FRAME_FOREIGN, FRAME_CORRUPT };

/* Bytes of a frame, its header included. */
uint32_t frame_length(enum frame_kind kind, const struct frame_id *id);

/* The pattern; a frame's body starts at frame_body() in it. */
void frame_pattern(unsigned char *pattern);
uint32_t frame_body(const struct frame_id *id);

/* The first FRAME_HEAD bytes. */
void frame_head(unsigned char *head, const struct frame_id *id, uint32_t length);

/* What a driver, or the user of a packet socket, says about a frame of that length. */
void frame_offload(struct virtio_net_hdr *hdr, uint32_t length);

/*
 * Is it one of ours, and intact?  @parts are its pieces, the first of at least FRAME_HEAD bytes.
 * @ret is what it claims to be, unless it is foreign.
 */
enum verdict frame_check(enum frame_kind kind, uint32_t way, const unsigned char *pattern,
			 const struct virtio_net_hdr *hdr, const struct iovec *parts,
			 uint32_t count, struct frame_id *ret);

#endif
