/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-log - a guest's dirty log, as its memory object has it: the live log that the devices write to,
 * and a spare one of the same size with the pages that were taken and not yet read.
 */
#include <stdlib.h>

#include "dirty/drain.h"
#include "memory/mem.h"

struct vhc_dirty_log *vhc_mem_dirty_log(const struct vhc_mem *mem)
{
	return mem->dirty.on ? mem->dirty.live : NULL;
}

uint64_t vhc_dirty_count_chunks(const struct vhc_dirty_log *log)
{
	return (vhc_dirty_log_words(log) + VHC_CHUNK_WORDS - 1) / VHC_CHUNK_WORDS;
}

void vhc_mem_merge_dirty_log(struct vhc_mem *mem, struct vhc_dirty_log *from)
{
	if (mem->dirty.on && from && from->words && from != mem->dirty.live)
		vhc_dirty_log_merge(from, mem->dirty.live);
}

void vhc_mem_return_unread(struct vhc_mem *mem)
{
	struct vhc_dirty *dirty = &mem->dirty;
	uint64_t words = dirty->taken ? vhc_dirty_log_words(dirty->spare) : 0;

	for (uint64_t at = 0; at < words; at += VHC_CHUNK_WORDS) {
		uint64_t count = words - at < VHC_CHUNK_WORDS ? words - at : VHC_CHUNK_WORDS;

		if (dirty->unread[at / VHC_CHUNK_WORDS])
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

	vhc_mem_return_unread(mem);
	vhc_mem_free_spare_log(mem);
	vhc_dirty_log_merge(dirty->live, log);
	vhc_dirty_log_unmap(dirty->live);
	dirty->live = log;
}
