/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream - one direction of a connection: numbered records of various sizes.  The stream and the
 * number determine every byte, so a receiver that compares all of them notices what is lost,
 * duplicated or changed.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_RECORD_MAX 4096u

/* A sender's next byte, or the byte that a receiver expects next. */
struct stream {
	uint32_t id;
	uint32_t record; /* the number of complete records before it */
	uint32_t offset, length;
	uint64_t wrong; /* received bytes that differ from the expected ones */
	unsigned char bytes[STREAM_RECORD_MAX];
};

void stream_init(struct stream *stream, uint32_t id);

/**
 * stream_next() - the unsent rest of the current record.
 * Returns its length, 0 if @limit records have been sent.
 */
uint32_t stream_next(const struct stream *stream, uint32_t limit, const unsigned char **ret);

/** stream_sent() - @count of these bytes have been sent. */
void stream_sent(struct stream *stream, uint32_t count);

/** stream_check() - compare received bytes with the expected ones. */
void stream_check(struct stream *stream, const unsigned char *bytes, size_t count);

/**
 * stream_resume() - continue from the first record that has not arrived completely.
 * Returns how many records the sender went back.
 */
uint32_t stream_resume(struct stream *sender, struct stream *receiver);

#endif
