#ifndef LIB_DIRTY_H
#define LIB_DIRTY_H
#include <stdint.h>
enum { VHC_DRAIN_LIVE = 1 << 0, VHC_DRAIN_ATOMIC = 1 << 1 };
void vhc_dirty_drain(uint64_t *log, uint64_t first_page, uint64_t pages, uint64_t *bitmap,
		     uint32_t flags, uint64_t *count);
void vhc_dirty_merge(uint64_t *from, uint64_t *to, uint64_t words);
#endif
