/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-log - a guest's dirty log, as its memory object has it: the live log that the devices write to,
 * and a spare one of the same size with the pages that were taken and not yet read.
 */
#include <stdlib.h>

#include "dirty/drain.h"
#include "memory/mem.h"

struct vhi_dirty_log *vhi_mem_dirty_log(const struct vhc_mem *mem)
{
	return mem->dirty.on ? mem->dirty.live : NULL;
}

uint64_t vhi_dirty_count_chunks(const struct vhi_dirty_log *log)
{
	return (vhi_dirty_log_words(log) + VHI_CHUNK_WORDS - 1) / VHI_CHUNK_WORDS;
}

void vhi_mem_merge_dirty_log(struct vhc_mem *mem, struct vhi_dirty_log *from)
{
	if (mem->dirty.on && from && from->words && from != mem->dirty.live)
		vhi_dirty_log_merge(from, mem->dirty.live);
}

void vhi_mem_return_unread(struct vhc_mem *mem)
{
	struct vhi_dirty *dirty = &mem->dirty;
	uint64_t words = dirty->taken ? vhi_dirty_log_words(dirty->spare) : 0;

	for (uint64_t at = 0; at < words; at += VHI_CHUNK_WORDS) {
		uint64_t count = words - at < VHI_CHUNK_WORDS ? words - at : VHI_CHUNK_WORDS;

		if (dirty->unread[at / VHI_CHUNK_WORDS])
			vhi_dirty_merge(dirty->spare->words + at, dirty->live->words + at, count);
	}
	dirty->taken = false;
}

void vhi_mem_free_spare_log(struct vhc_mem *mem)
{
	struct vhi_dirty *dirty = &mem->dirty;

	vhi_dirty_log_unmap(dirty->spare);
	free(dirty->unread);
	dirty->spare = NULL;
	dirty->unread = NULL;
	dirty->taken = false;
}

void vhi_mem_replace_dirty_log(struct vhc_mem *mem, struct vhi_dirty_log *log)
{
	struct vhi_dirty *dirty = &mem->dirty;

	vhi_mem_return_unread(mem);
	vhi_mem_free_spare_log(mem);
	vhi_dirty_log_merge(dirty->live, log);
	vhi_dirty_log_unmap(dirty->live);
	dirty->live = log;
}
