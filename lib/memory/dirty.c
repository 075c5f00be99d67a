/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - the one dirty log of a guest: the one that its devices write to, and a spare of the same size with what
 * was taken and not read.
 */
#include <stdlib.h>

#include "dirty/drain.h"
#include "memory/mem.h"

uint64_t vhc_dirty_log_words(const struct vhc_dirty_log *log)
{
	return log->size / sizeof(uint64_t);
}

uint64_t vhc_mem_count_chunks(const struct vhc_dirty_log *log)
{
	return (vhc_dirty_log_words(log) + CHUNK_WORDS - 1) / CHUNK_WORDS;
}

/*
 * What is in a log that devices may still write to, into the one that they are to write to.  In a file
 * of the caller's it stays too: its giver reads it, and other processes may write to it.
 */
void vhc_dirty_log_merge(struct vhc_dirty_log *from, struct vhc_dirty_log *to)
{
	uint64_t words = vhc_dirty_log_words(from) < vhc_dirty_log_words(to)
				 ? vhc_dirty_log_words(from)
				 : vhc_dirty_log_words(to),
		 word;

	for (uint64_t i = 0; i < words; i++) {
		word = __atomic_load_n(&from->words[i], __ATOMIC_RELAXED);
		if (word && !from->foreign)
			word = __atomic_exchange_n(&from->words[i], 0, __ATOMIC_RELAXED);
		if (word)
			__atomic_fetch_or(&to->words[i], word, __ATOMIC_RELAXED);
	}
}

void vhc_mem_merge_dirty_log(struct vhc_mem *mem, struct vhc_dirty_log *from)
{
	if (mem->dirty.on && from && from->words && from != mem->dirty.live)
		vhc_dirty_log_merge(from, mem->dirty.live);
}

/* What the pass before took and nobody read goes back to where this pass takes from. */
void vhc_mem_return_unread(struct vhc_dirty *dirty)
{
	uint64_t words = dirty->taken ? vhc_dirty_log_words(dirty->spare) : 0;

	for (uint64_t at = 0; at < words; at += CHUNK_WORDS) {
		uint64_t count = words - at < CHUNK_WORDS ? words - at : CHUNK_WORDS;

		if (dirty->unread[at / CHUNK_WORDS])
			vhc_dirty_merge(dirty->spare->words + at, dirty->live->words + at, count);
	}
	dirty->taken = false;
}

void vhc_mem_free_spare_log(struct vhc_mem *mem)
{
	struct vhc_dirty *dirty = &mem->dirty;

	vhc_dirty_log_unmap(dirty->spare);
	free(dirty->unread);
	dirty->spare = NULL;
	dirty->unread = NULL;
	dirty->taken = false;
}

void vhc_mem_replace_dirty_log(struct vhc_mem *mem, struct vhc_dirty_log *log)
{
	struct vhc_dirty *dirty = &mem->dirty;

	vhc_mem_return_unread(dirty);
	vhc_mem_free_spare_log(mem);
	vhc_dirty_log_merge(dirty->live, log);
	vhc_dirty_log_unmap(dirty->live);
	dirty->live = log;
}

struct vhc_dirty_log *vhc_mem_dirty_log(const struct vhc_mem *mem)
{
	return mem->dirty.on ? mem->dirty.live : NULL;
}
