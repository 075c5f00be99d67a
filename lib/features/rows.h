/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rows - a set of features in a document: as words, and each bit by name with its origin.
 */
#ifndef LIB_FEATURES_ROWS_H
#define LIB_FEATURES_ROWS_H

#include "doc.h"
#include "vhostconfig.h"

struct vhc_feature_row {
	uint64_t bit;
	char *name, *origin;
};

extern const struct doc_table vhc_feature_row_doc;

/* Whose bits they are. */
struct vhc_feature_names {
	uint32_t type; /* enum vhc_type; 0: only the bits that every type has are known by name */
	uint32_t unnamed; /* VHC_ORIGIN_ of a bit without a name */
};

#define VHC_FEATURE_NAME_MAX 16u

/** vhc_feature_row_name() - the name of a bit as a row has it; which is in @buf when it is "bit N". */
const char *vhc_feature_row_name(const struct vhc_feature_names *names, unsigned int bit,
				 char buf[VHC_FEATURE_NAME_MAX]);

/** vhc_feature_row_origin() - "vhost", "tap", "vhost+tap", "model". */
const char *vhc_feature_row_origin(const struct vhc_feature_names *names, unsigned int bit);

/**
 * vhc_feature_rows() - a set as words (two, or four where a bit above 127 is in it) and as rows.
 * Errors: -ENOMEM; doc_clear() frees what the lists have by then.
 */
int vhc_feature_rows(const struct vhc_feature_names *names, const struct vhc_features *set,
		     struct doc_list *words, struct doc_list *rows);

/** vhc_feature_words() - the set of up to four words. */
struct vhc_features vhc_feature_words(const struct doc_list *words);

#endif
