/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rule - what the rules of a vhost-state document share (rules.c: the device, its features and memory;
 * ring-rules.c: its rings).  They are pure: no host is asked, and no memory is read.
 */
#ifndef LIB_MIGRATION_RULE_H
#define LIB_MIGRATION_RULE_H

#include "migration/document.h"

struct vhc_rules {
	const struct vhc_saved *saved;
	const char *text;
	size_t len;
	struct doc_error *err;
	const struct vhc_kind *kind;
	struct vhc_feature_names names;
	struct vhc_features set;
	enum vhc_format format;
	struct vhc_table *memory;
	bool seen[VHC_SAVED_MAX_RINGS]; /* which ring indices */
};

/* The value at this pointer is wrong.  -EINVAL. */
#define VHC_RULE_FAIL(c, pointer, ...) doc_fail((c)->err, (c)->text, (c)->len, pointer, __VA_ARGS__)

/* "/rings/3/size"; without a key, the item itself. */
struct vhc_rule_where {
	char text[64];
};

struct vhc_rule_where vhc_rule_pointer(const char *list, size_t i, const char *key);

/* A range of guest addresses, and the item of the document that it is from. */
struct vhc_rule_range {
	uint64_t start, last;
	size_t item;
	int part; /* of a ring */
};

/**
 * vhc_rule_find_overlap() - the second of the first two that overlap, which follows the first.  Sorts
 * them.  NULL when none do.
 */
const struct vhc_rule_range *vhc_rule_find_overlap(struct vhc_rule_range *places, size_t count);

/** vhc_rule_check_rings() - each ring, and that none overlaps another.  ring-rules.c. */
int vhc_rule_check_rings(struct vhc_rules *c);

#endif
