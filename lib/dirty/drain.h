/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drain - move pages from a dirty log to a bitmap.  No system call.
 *
 * Log and bitmap are 64-bit words in the host's byte order; bit n % 64 of word n / 64 is page n.  For
 * the log the kernel decides this: vhost finds the byte of a page, then calls set_bit(), which works on
 * words of the host.  So on a big-endian host page n is not bit n % 8 of byte n / 8, and no bytes are
 * swapped here.  (A 32-bit big-endian kernel uses 32-bit words, so the halves of a 64-bit word are
 * swapped: this does not work there.)
 */
#ifndef LIB_DIRTY_DRAIN_H
#define LIB_DIRTY_DRAIN_H

#include <stdint.h>

#include "vhostconfig.h"
enum {
	/* Devices may write to the log at the same time: words are exchanged with 0, never stored to. */
	VHI_DRAIN_LIVE = 1 << 0,
	/* Other threads may set bits in the bitmap at the same time: atomic OR. */
	VHI_DRAIN_ATOMIC = 1 << 1,
	/* For vhi_dirty_words_fn: count the pages.  Set by vhi_dirty_drain() if the caller wants the number. */
	VHI_DRAIN_COUNT = 1 << 2
};

/**
 * vhi_dirty_drain() - move pages [first_page, first_page + pages) of a log into a bitmap by OR, and
 * clear them in the log.
 * Bit 0 of @bitmap is first_page.  Bits of the log outside the range do not change, nor do bits of the
 * bitmap past its end; words past its end are not touched.
 * @flags: VHI_DRAIN_LIVE and _ATOMIC.  @count: the number of pages moved; may be NULL.
 */
void vhi_dirty_drain(uint64_t *log, uint64_t first_page, uint64_t pages, uint64_t *bitmap,
		     uint32_t flags, uint64_t *count);

/** vhi_dirty_merge() - move all pages of a log that no device writes to into one that devices write to. */
void vhi_dirty_merge(uint64_t *from, uint64_t *to, uint64_t words);

/**
 * vhi_dirty_log_size() - bytes of log, in whole words, for guest addresses up to and including @last:
 * the end may be 2^64.
 */
uint64_t vhi_dirty_log_size(uint64_t last);

/*
 * Implementations.  Each moves whole words, and returns the number of pages, or 0 without
 * VHI_DRAIN_COUNT.  Tests and benchmarks select one.
 */
typedef uint64_t vhi_dirty_words_fn(uint64_t *log, uint64_t *bitmap, uint64_t words,
				    uint32_t flags);

vhi_dirty_words_fn vhi_dirty_scalar;
/** vhi_dirty_avx2() - NULL when the CPU does not have it. */
vhi_dirty_words_fn *vhi_dirty_avx2(void);

/** vhi_dirty_drain_by() - vhi_dirty_drain() with a given implementation. */
void vhi_dirty_drain_by(vhi_dirty_words_fn *mover, uint64_t *log, uint64_t first_page,
			uint64_t pages, uint64_t *bitmap, uint32_t flags, uint64_t *count);

#endif
