/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stream - numbered records with known contents. */
#include <string.h>

#include "stream.h"

static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	return x ^ x >> 16;
}

/* Most records are short; one in 16 does not fit into one buffer of the receive ring. */
static uint32_t length_of(uint32_t id, uint32_t record)
{
	uint32_t r = mix(id << 24 ^ record);

	return r % 16 ? 16 + r / 16 % 240 : 2048 + r / 16 % 2048;
}

static void make_record(struct stream *stream)
{
	uint32_t word[2] = { stream->id, stream->record };
	uint32_t x = mix(stream->id << 24 ^ ~stream->record);

	stream->length = length_of(stream->id, stream->record);
	for (uint32_t i = 0; i < stream->length; i++) {
		x = x * 1664525u + 1013904223u;
		stream->bytes[i] = (unsigned char)(x >> 24);
	}
	memcpy(stream->bytes, word, sizeof(word));
}

static void advance(struct stream *stream, uint32_t count)
{
	stream->offset += count;
	if (stream->offset < stream->length)
		return;
	stream->offset = 0;
	stream->record++;
	make_record(stream);
}

void stream_init(struct stream *stream, uint32_t id)
{
	*stream = (struct stream){ .id = id };
	make_record(stream);
}

uint32_t stream_next(const struct stream *stream, uint32_t limit, const unsigned char **ret)
{
	*ret = stream->bytes + stream->offset;
	return stream->record < limit ? stream->length - stream->offset : 0;
}

void stream_sent(struct stream *stream, uint32_t count)
{
	advance(stream, count);
}

void stream_check(struct stream *stream, const unsigned char *bytes, size_t count)
{
	while (count) {
		uint32_t left = stream->length - stream->offset;
		uint32_t n = count < left ? (uint32_t)count : left;

		for (uint32_t i = 0; i < n; i++)
			stream->wrong += bytes[i] != stream->bytes[stream->offset + i];
		advance(stream, n);
		bytes += n;
		count -= n;
	}
}

uint32_t stream_resume(struct stream *sender, struct stream *receiver)
{
	uint32_t lost = sender->record - receiver->record;

	sender->record = receiver->record;
	sender->offset = receiver->offset = 0;
	make_record(sender);
	return lost;
}
