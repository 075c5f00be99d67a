/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rows - a set of features in a document: as words, and each bit by name with its origin.
 */
#ifndef LIB_FEATURES_ROWS_H
#define LIB_FEATURES_ROWS_H

#include "doc.h"
#include "vhostconfig.h"

struct vhi_feature_row {
	uint64_t bit;
	char *name, *origin;
};

extern const struct doc_table vhi_feature_row_doc;

/* Whose bits they are. */
struct vhi_feature_names {
	uint32_t type; /* enum vhc_type; 0: only the bits that every type has are known by name */
	uint32_t unnamed; /* VHC_ORIGIN_ of a bit without a name */
};

#define VHI_FEATURE_NAME_MAX 16u

/** vhi_feature_row_name() - the name of a bit as a row has it; which is in @buf when it is "bit N". */
const char *vhi_feature_row_name(const struct vhi_feature_names *names, unsigned int bit,
				 char buf[VHI_FEATURE_NAME_MAX]);

/** vhi_feature_row_origin() - "vhost", "tap", "vhost+tap", "model". */
const char *vhi_feature_row_origin(const struct vhi_feature_names *names, unsigned int bit);

/**
 * vhi_feature_rows() - a set as words (two, or four where a bit above 127 is in it) and as rows.
 * Errors: -ENOMEM; doc_clear() frees what the lists have by then.
 */
int vhi_feature_rows(const struct vhi_feature_names *names, const struct vhc_features *set,
		     struct doc_list *words, struct doc_list *rows);

/** vhi_feature_put_words() - its first half.  Errors: -ENOMEM. */
int vhi_feature_put_words(const struct vhc_features *set, struct doc_list *words);

/** vhi_feature_words() - the set of up to four words. */
struct vhc_features vhi_feature_words(const struct doc_list *words);

#endif
