/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-read - read dirty pages out of the log that the devices write to.
 *
 * A pass starts with vhc_dirty_sync() and has one of two modes.  EXCHANGE reads the live log itself,
 * exchanging each word with 0.  SWAP gives the devices the other log of a pair and reads the first one,
 * to which no device writes any more: VHOST_SET_LOG_BASE takes every ring's mutex (drivers/vhost/vhost.c),
 * so no write is in progress when it returns.  While no device runs, the live log does not change, and is
 * read as it is.
 *
 * Pages that were taken and not read are returned to the live log when the next pass starts, and are in
 * that pass.  A map of chunks records where there can be any.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "dirty/drain.h"
#include "guest/guest.h"
#include "memory/mem.h"

#define SWAP_FROM_SIZE (2u << 20) /* bytes of log: 64 GiB of the guest */
#define LINE_WORDS     8u
#define SAMPLE_EVERY   64u /* lines */

/* Is one page in a hundred dirty, in a sample of the log's cache lines? */
static bool is_dense(const struct vhi_dirty_log *log)
{
	uint64_t words = vhi_dirty_log_words(log), sampled = 0, dirty = 0;

	for (uint64_t at = 0; at < words; at += LINE_WORDS * SAMPLE_EVERY)
		for (uint64_t i = at; i < at + LINE_WORDS && i < words; i++, sampled += 64)
			dirty += (uint64_t)__builtin_popcountll(
				__atomic_load_n(&log->words[i], __ATOMIC_RELAXED));
	return dirty * 100 >= sampled;
}

static bool wants_swap(const struct vhi_dirty *dirty)
{
	if (dirty->mode != VHC_DIRTY_AUTO)
		return dirty->mode == VHC_DIRTY_SWAP;
	return dirty->live->size >= SWAP_FROM_SIZE || is_dense(dirty->live);
}

static int prepare_spare(struct vhc_mem *mem)
{
	struct vhi_dirty *dirty = &mem->dirty;
	int r;

	if (dirty->spare)
		return 0;
	dirty->unread = malloc(vhi_dirty_count_chunks(dirty->live));
	if (!dirty->unread)
		return vhi_fail(mem->ctx, -ENOMEM, "no memory for a second dirty log");
	r = vhi_dirty_log_new(mem->ctx, dirty->live->size, &dirty->spare);
	if (r)
		vhi_mem_free_spare_log(mem);
	return r;
}

static void exchange_logs(struct vhi_dirty *dirty)
{
	struct vhi_dirty_log *live = dirty->live;

	dirty->live = dirty->spare;
	dirty->spare = live;
}

/*
 * Not all devices took the other log, and they have the one before again.  A device that could not be
 * given it back writes to the other one until it is reset, and keeps a reference to it.
 */
static void swap_back(struct vhc_mem *mem, bool stale)
{
	struct vhi_dirty *dirty = &mem->dirty;

	exchange_logs(dirty);
	if (!stale) {
		vhi_dirty_merge(dirty->spare->words, dirty->live->words,
				vhi_dirty_log_words(dirty->live));
		return;
	}
	vhi_dirty_log_merge(dirty->spare, dirty->live);
	vhi_dirty_log_unref(dirty->spare);
	dirty->spare = NULL;
	vhi_mem_free_spare_log(mem);
}

static int swap_logs(struct vhc_mem *mem)
{
	struct vhi_dirty *dirty = &mem->dirty;
	bool had_spare = dirty->spare;
	int r = prepare_spare(mem);

	if (r)
		return r;
	exchange_logs(dirty);
	r = vhi_guest_update(mem);
	if (r) {
		swap_back(mem, r == -ESTALE);
		if (!had_spare)
			vhi_mem_free_spare_log(mem);
		return r;
	}
	memset(dirty->unread, 1, vhi_dirty_count_chunks(dirty->spare));
	dirty->taken = true;
	return 0;
}

/* A forked child shares the log: pages that it read would be lost to the owner of the devices. */
static int check_log(struct vhc_mem *mem)
{
	int r = vhi_guest_check_process(mem);

	if (r)
		return r;
	if (!mem->dirty.on)
		return vhi_fail_at(mem->ctx,
				   &(struct vhi_place){ .hint = "call vhc_dirty_start()" },
				   -ENODATA, "there is no dirty log");
	if (mem->dirty.live->foreign)
		return vhi_fail(
			mem->ctx, -ENODATA,
			"the dirty log is in the file of vhc_dirty_set_file(): read it there");
	return 0;
}

VHC_EXPORT int vhc_dirty_set_mode(struct vhc_mem *mem, enum vhc_dirty_mode mode)
{
	if (mode != VHC_DIRTY_AUTO && mode != VHC_DIRTY_EXCHANGE && mode != VHC_DIRTY_SWAP)
		return vhi_fail(mem->ctx, -EINVAL, "dirty mode %d: 0 to 2 are known", (int)mode);
	mem->dirty.mode = mode;
	return 0;
}

VHC_EXPORT int vhc_dirty_sync(struct vhc_mem *mem)
{
	int r = check_log(mem);

	if (r)
		return r;
	vhi_mem_return_unread(mem);
	for (uint32_t i = 0; i < mem->devs_count; i++)
		vhi_dev_log_used(mem->devs[i]);
	if (!vhi_guest_runs(mem) || !wants_swap(&mem->dirty))
		return 0;
	return swap_logs(mem);
}

/* These pages of the spare log were read: chunks that are entirely within them are done. */
static void mark_read(struct vhi_dirty *dirty, uint64_t first, uint64_t end)
{
	uint64_t last_page = vhi_dirty_log_words(dirty->spare) * 64;
	uint64_t from = (first + VHI_CHUNK_PAGES - 1) / VHI_CHUNK_PAGES;
	uint64_t to =
		end == last_page ? vhi_dirty_count_chunks(dirty->spare) : end / VHI_CHUNK_PAGES;

	if (from < to)
		memset(dirty->unread + from, 0, to - from);
}

VHC_EXPORT int vhc_dirty_read(struct vhc_mem *mem, uint64_t guest_addr, uint64_t size,
			      uint64_t *bitmap, uint32_t flags, uint64_t *ret_pages)
{
	struct vhi_dirty *dirty = &mem->dirty;
	uint64_t first = guest_addr / VHC_PAGE_SIZE, pages = size / VHC_PAGE_SIZE, limit;
	uint32_t drain = flags & VHC_DIRTY_PRIVATE ? 0 : VHI_DRAIN_ATOMIC;
	struct vhi_dirty_log *from;
	int r = check_log(mem);

	if (r)
		return r;
	if ((guest_addr | size) % VHC_PAGE_SIZE || flags & ~(uint32_t)VHC_DIRTY_PRIVATE)
		return vhi_fail(mem->ctx, -EINVAL,
				"dirty pages from 0x%llx, 0x%llx bytes, flags 0x%x: both must be "
				"multiples of %u, and only flag 0x%x is known",
				(unsigned long long)guest_addr, (unsigned long long)size, flags,
				VHC_PAGE_SIZE, VHC_DIRTY_PRIVATE);
	from = dirty->taken ? dirty->spare : dirty->live;
	limit = vhi_dirty_log_words(from) * 64;
	if (ret_pages)
		*ret_pages = 0;
	if (first >= limit)
		return 0;
	pages = pages < limit - first ? pages : limit - first;
	if (!dirty->taken && vhi_guest_runs(mem))
		drain |= VHI_DRAIN_LIVE;
	vhi_dirty_drain(from->words, first, pages, bitmap, drain, ret_pages);
	if (dirty->taken)
		mark_read(dirty, first, first + pages);
	return 0;
}
