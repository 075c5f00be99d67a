/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpus - sets of CPUs, and the kernel's lists of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syscall/cpus.h"

struct vhi_cpus *vhi_cpus_new(const uint64_t *words, uint32_t count)
{
	struct vhi_cpus *cpus;

	while (count && !words[count - 1])
		count--;
	cpus = calloc(1, sizeof(*cpus) + count * sizeof(cpus->word[0]));
	if (!cpus)
		return NULL;
	cpus->words = count;
	if (count)
		memcpy(cpus->word, words, count * sizeof(cpus->word[0]));
	return cpus;
}

bool vhi_cpus_equal(const struct vhi_cpus *a, const struct vhi_cpus *b)
{
	return a->words == b->words && !memcmp(a->word, b->word, a->words * sizeof(a->word[0]));
}

static bool has(const struct vhi_cpus *cpus, unsigned long cpu)
{
	return cpu / 64 < cpus->words && cpus->word[cpu / 64] >> (cpu % 64) & 1;
}

bool vhi_cpus_meet(const struct vhi_cpus *cpus, const char *list)
{
	const unsigned long end = 64ul * cpus->words;
	char *tail;

	do {
		unsigned long first = strtoul(list, &tail, 10), last = first;

		if (tail == list)
			return true;
		if (*tail == '-')
			last = strtoul(tail + 1, &tail, 10);
		for (unsigned long cpu = first; cpu <= last && cpu < end; cpu++)
			if (has(cpus, cpu))
				return true;
		list = tail + 1;
	} while (*tail == ',');
	return false;
}

void vhi_cpus_format(const struct vhi_cpus *cpus, char *text, size_t size)
{
	static const char more[] = "...";
	size_t at = 0;

	*text = 0;
	for (unsigned long cpu = 0, last; cpu < 64ul * cpus->words; cpu = last + 1) {
		char part[48];
		int n;

		last = cpu;
		if (!has(cpus, cpu))
			continue;
		while (has(cpus, last + 1))
			last++;
		n = snprintf(part, sizeof(part), last > cpu ? "%s%lu-%lu" : "%s%lu", at ? "," : "",
			     cpu, last);
		if (at + (size_t)n + sizeof(more) > size) {
			snprintf(text + at, size - at, "%s", more);
			return;
		}
		memcpy(text + at, part, (size_t)n + 1);
		at += (size_t)n;
	}
}
