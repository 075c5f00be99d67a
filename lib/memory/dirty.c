/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - the one dirty log of a guest: the one that its devices write to, and a spare of the same size with what
 * was taken and not read.
 */
#include <stdlib.h>

#include "dirty/drain.h"
#include "memory/mem.h"

uint64_t vhc_harvest_words(const struct vhc_log *log)
{
	return log->size / sizeof(uint64_t);
}

uint64_t vhc_harvest_chunks(const struct vhc_log *log)
{
	return (vhc_harvest_words(log) + CHUNK_WORDS - 1) / CHUNK_WORDS;
}

/*
 * What is in a log that devices may still write to, into the one that they are to write to.  In a file
 * of the caller's it stays too: its giver reads it, and other processes may write to it.
 */
void vhc_harvest_carry(struct vhc_log *from, struct vhc_log *to)
{
	uint64_t words = vhc_harvest_words(from) < vhc_harvest_words(to) ? vhc_harvest_words(from)
									 : vhc_harvest_words(to),
		 word;

	for (uint64_t i = 0; i < words; i++) {
		word = __atomic_load_n(&from->words[i], __ATOMIC_RELAXED);
		if (word && !from->foreign)
			word = __atomic_exchange_n(&from->words[i], 0, __ATOMIC_RELAXED);
		if (word)
			__atomic_fetch_or(&to->words[i], word, __ATOMIC_RELAXED);
	}
}

void vhc_harvest_rescue(struct vhc_mem *mem, struct vhc_log *from)
{
	if (mem->dirty.on && from && from->words && from != mem->dirty.live)
		vhc_harvest_carry(from, mem->dirty.live);
}

/* What the pass before took and nobody read goes back to where this pass takes from. */
void vhc_harvest_put_back(struct vhc_dirty *dirty)
{
	uint64_t words = dirty->taken ? vhc_harvest_words(dirty->spare) : 0;

	for (uint64_t at = 0; at < words; at += CHUNK_WORDS) {
		uint64_t count = words - at < CHUNK_WORDS ? words - at : CHUNK_WORDS;

		if (dirty->unread[at / CHUNK_WORDS])
			vhc_dirty_merge(dirty->spare->words + at, dirty->live->words + at, count);
	}
	dirty->taken = false;
}

void vhc_harvest_forget(struct vhc_mem *mem)
{
	struct vhc_dirty *dirty = &mem->dirty;

	vhc_log_end(dirty->spare);
	free(dirty->unread);
	dirty->spare = NULL;
	dirty->unread = NULL;
	dirty->taken = false;
}

void vhc_harvest_move(struct vhc_mem *mem, struct vhc_log *log)
{
	struct vhc_dirty *dirty = &mem->dirty;

	vhc_harvest_put_back(dirty);
	vhc_harvest_forget(mem);
	vhc_harvest_carry(dirty->live, log);
	vhc_log_end(dirty->live);
	dirty->live = log;
}

struct vhc_log *vhc_logging_log(const struct vhc_mem *mem)
{
	return mem->dirty.on ? mem->dirty.live : NULL;
}
