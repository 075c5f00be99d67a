#include "dirty.h"
void vhc_dirty_drain(uint64_t *log, uint64_t first, uint64_t pages, uint64_t *bitmap,
		     uint32_t flags, uint64_t *count)
{
	uint64_t n = 0;
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t p = first + i, bit = 1ull << (p % 64);
		if (__atomic_fetch_and(&log[p / 64], ~bit, __ATOMIC_SEQ_CST) & bit) {
			__atomic_fetch_or(&bitmap[i / 64], 1ull << (i % 64), __ATOMIC_SEQ_CST);
			n++;
		}
	}
	if (count)
		*count = n;
}
void vhc_dirty_merge(uint64_t *from, uint64_t *to, uint64_t words)
{
	for (uint64_t i = 0; i < words; i++)
		if (from[i]) {
			__atomic_fetch_or(&to[i], from[i], __ATOMIC_SEQ_CST);
			from[i] = 0;
		}
}
