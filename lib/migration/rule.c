/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rule - where in a document something is wrong, and what overlaps.
 */
#include <stdio.h>
#include <stdlib.h>

#include "migration/rule.h"

struct vhi_rule_where vhi_rule_pointer(const char *list, size_t i, const char *key)
{
	struct vhi_rule_where at;

	snprintf(at.text, sizeof(at.text), "/%s/%zu%s%s", list, i, key ? "/" : "", key ? key : "");
	return at;
}

static int by_start(const void *a, const void *b)
{
	const struct vhi_rule_range *one = a, *other = b;

	return (one->start > other->start) - (one->start < other->start);
}

/* If any two overlap, so do two neighbours when sorted. */
const struct vhi_rule_range *vhi_rule_find_overlap(struct vhi_rule_range *places, size_t count)
{
	qsort(places, count, sizeof(*places), by_start);
	for (size_t i = 1; i < count; i++)
		if (places[i].start <= places[i - 1].last)
			return &places[i];
	return NULL;
}
