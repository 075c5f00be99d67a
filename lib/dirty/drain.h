/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - pages out of a dirty log, into a bitmap.  Ground floor: no system call.
 *
 * Log and bitmap are 64-bit words in the host's byte order; bit n % 64 of word n / 64 is page n.  For
 * the log this is the kernel's choice: vhost finds the byte of a page, then calls set_bit(), which
 * counts in words of the host.  So on a big-endian host page n is not bit n % 8 of byte n / 8, and
 * no bytes are swapped here.  (A 32-bit big-endian kernel counts in words of 32 bits, and has the
 * halves of ours the other way round: this does not work there.)
 */
#ifndef LIB_DIRTY_H
#define LIB_DIRTY_H

#include <stdint.h>

#include "vhostconfig.h"
enum {
	/* Devices may write to the log meanwhile: words are exchanged with 0, never stored to. */
	VHC_DRAIN_LIVE = 1 << 0,
	/* Others set bits in the bitmap meanwhile: atomic OR. */
	VHC_DRAIN_ATOMIC = 1 << 1,
	/* For vhc_dirty_words_fn: count.  vhc_dirty_drain() sets it when somebody wants the number. */
	VHC_DRAIN_COUNT = 1 << 2
};

/**
 * vhc_dirty_drain() - move pages [first_page, first_page + pages) of a log into a bitmap by OR, and
 * clear them in the log.
 * Bit 0 of @bitmap is first_page.  Bits of the log outside the range stay, and so do those of the
 * bitmap behind it; words behind it are not touched.
 * @flags: VHC_DRAIN_LIVE and _ATOMIC.  @count: how many pages were moved; may be NULL.
 */
void vhc_dirty_drain(uint64_t *log, uint64_t first_page, uint64_t pages, uint64_t *bitmap,
		     uint32_t flags, uint64_t *count);

/**
 * vhc_dirty_merge() - move all of a log that no device writes to into one that devices do write to.
 */
void vhc_dirty_merge(uint64_t *from, uint64_t *to, uint64_t words);

/**
 * vhc_dirty_log_size() - how many bytes of log there must be for guest addresses up to @last, which
 * is within it, since an end may be 2^64: whole words.
 */
uint64_t vhc_dirty_log_size(uint64_t last);

/*
 * The ways to do it.  Each moves whole words, and returns how many pages, or 0 without
 * VHC_DRAIN_COUNT.  Tests and the bench force one.
 */
typedef uint64_t vhc_dirty_words_fn(uint64_t *log, uint64_t *bitmap, uint64_t words,
				    uint32_t flags);

vhc_dirty_words_fn vhc_dirty_scalar;
/** vhc_dirty_avx2() - NULL when the CPU cannot. */
vhc_dirty_words_fn *vhc_dirty_avx2(void);

/** vhc_dirty_drain_by() - vhc_dirty_drain() in a way of the caller's choice. */
void vhc_dirty_drain_by(vhc_dirty_words_fn *way, uint64_t *log, uint64_t first_page, uint64_t pages,
			uint64_t *bitmap, uint32_t flags, uint64_t *count);

#endif
