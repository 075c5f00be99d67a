/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpus - sets of CPUs, and the kernel's lists of them ("0-3,8").
 */
#ifndef LIB_SYSCALL_CPUS_H
#define LIB_SYSCALL_CPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VHC_CPUS_WORDS 1024u /* more CPUs than any kernel supports */

struct vhc_cpus {
	uint32_t words; /* without trailing zeros: 0 is the empty set */
	uint64_t word[];
};

/** vhc_cpus_new() - a set from words; bit 0 of word 0 is CPU 0.  NULL: no memory. */
struct vhc_cpus *vhc_cpus_new(const uint64_t *words, uint32_t count);
bool vhc_cpus_equal(const struct vhc_cpus *a, const struct vhc_cpus *b);
/** vhc_cpus_meet() - is any of them in the kernel's list?  A list that cannot be parsed has all CPUs. */
bool vhc_cpus_meet(const struct vhc_cpus *cpus, const char *list);
/** vhc_cpus_format() - as the kernel writes lists; what does not fit is replaced by "...". */
void vhc_cpus_format(const struct vhc_cpus *cpus, char *text, size_t size);

#endif
