/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpus - sets of CPUs, and the kernel's lists of them ("0-3,8").
 */
#ifndef LIB_SYSCALL_CPUS_H
#define LIB_SYSCALL_CPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VHI_CPUS_WORDS 1024u /* more CPUs than any kernel supports */

struct vhi_cpus {
	uint32_t words; /* without trailing zeros: 0 is the empty set */
	uint64_t word[];
};

/** vhi_cpus_new() - a set from words; bit 0 of word 0 is CPU 0.  NULL: no memory. */
struct vhi_cpus *vhi_cpus_new(const uint64_t *words, uint32_t count);
bool vhi_cpus_equal(const struct vhi_cpus *a, const struct vhi_cpus *b);
/** vhi_cpus_meet() - is any of them in the kernel's list?  A list that cannot be parsed has all CPUs. */
bool vhi_cpus_meet(const struct vhi_cpus *cpus, const char *list);
/** vhi_cpus_format() - as the kernel writes lists; what does not fit is replaced by "...". */
void vhi_cpus_format(const struct vhi_cpus *cpus, char *text, size_t size);

#endif
