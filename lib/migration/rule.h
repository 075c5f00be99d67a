/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rule - what the rules of a vhost-state document share (rules.c: the device, its features and memory;
 * ring-rules.c: its rings).  They are pure: no host is asked, and no memory is read.
 */
#ifndef LIB_MIGRATION_RULE_H
#define LIB_MIGRATION_RULE_H

#include "migration/document.h"

struct vhi_rules {
	const struct vhi_saved *saved;
	const char *text;
	size_t len;
	struct doc_error *err;
	const struct vhi_kind *kind;
	struct vhi_feature_names names;
	struct vhc_features set;
	enum vhi_format format;
	struct vhi_table *memory;
	bool seen[VHI_SAVED_MAX_RINGS]; /* which ring indices */
};

/* The value at this pointer is wrong.  -EINVAL. */
#define VHI_RULE_FAIL(c, pointer, ...) doc_fail((c)->err, (c)->text, (c)->len, pointer, __VA_ARGS__)

/* "/rings/3/size"; without a key, the item itself. */
struct vhi_rule_where {
	char text[64];
};

struct vhi_rule_where vhi_rule_pointer(const char *list, size_t i, const char *key);

/* A range of guest addresses, and the item of the document that it is from. */
struct vhi_rule_range {
	uint64_t start, last;
	size_t item;
};

/**
 * vhi_rule_find_overlap() - the second of the first two that overlap, which follows the first.  Sorts
 * them.  NULL when none do.
 */
const struct vhi_rule_range *vhi_rule_find_overlap(struct vhi_rule_range *places, size_t count);

/** vhi_rule_check_rings() - each ring, and that none overlaps another.  ring-rules.c. */
int vhi_rule_check_rings(struct vhi_rules *c);

#endif
