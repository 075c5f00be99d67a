/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state-check - what the files that hold the rules of a vhost-state document share: state-check.c (the
 * device, its features and memory) and state-rings.c.
 */
#ifndef LIB_STATE_CHECK_H
#define LIB_STATE_CHECK_H

#include "migration/document.h"

struct vhc_rules {
	const struct vhc_saved *saved;
	const char *text;
	size_t len;
	struct doc_error *err;
	struct vhc_features set;
	enum vhc_format format;
	struct vhc_table *memory;
	bool seen[2 * VHC_SAVED_MAX_PAIRS]; /* which ring indices */
};

/* -EINVAL: what is at this pointer is wrong. */
#define VHC_RULE_FAIL(c, pointer, ...) doc_fail((c)->err, (c)->text, (c)->len, pointer, __VA_ARGS__)

/* "/rings/3/size"; without a key the item itself. */
struct vhc_rule_where {
	char text[64];
};

struct vhc_rule_where vhc_rule_pointer(const char *list, size_t i, const char *key);

/* What is somewhere in guest addresses, and where the document says so. */
struct vhc_rule_range {
	uint64_t start, last;
	size_t item;
	int part; /* of a ring */
};

/**
 * vhc_rule_find_overlap() - the second of the first two that overlap; the first is before it.  Sorts
 * them.  NULL: none do.
 */
const struct vhc_rule_range *vhc_rule_find_overlap(struct vhc_rule_range *places, size_t count);

/** vhc_rule_check_rings() - each ring by itself, and all of them apart from each other. */
int vhc_rule_check_rings(struct vhc_rules *c);

#endif
