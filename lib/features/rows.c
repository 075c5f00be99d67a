/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rows - a set of features in a document.
 */
#include "features/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct doc_field row_fields[] = {
	DOC_NEED(vhi_feature_row, bit, DOC_UINT, .max = 255,
		 .help = "its number in the specification"),
	DOC_NEED(vhi_feature_row, name, DOC_STRING, .help = "its name in the specification"),
	DOC_NEED(vhi_feature_row, origin, DOC_STRING,
		 .help = "what must support it: vhost, tap, model"),
};

const struct doc_table vhi_feature_row_doc =
	DOC_PART(vhi_feature_row, row_fields, "one feature bit");

static const struct vhc_feature *known_bit(const struct vhi_feature_names *names, unsigned int bit)
{
	return vhc_feature_get((enum vhc_type)names->type, bit);
}

const char *vhi_feature_row_name(const struct vhi_feature_names *names, unsigned int bit,
				 char buf[VHI_FEATURE_NAME_MAX])
{
	const struct vhc_feature *known = known_bit(names, bit);

	if (known)
		return known->name;
	snprintf(buf, VHI_FEATURE_NAME_MAX, "bit %u", bit);
	return buf;
}

const char *vhi_feature_row_origin(const struct vhi_feature_names *names, unsigned int bit)
{
	static const char *const origins[] = {
		[VHC_ORIGIN_VHOST] = "vhost",
		[VHC_ORIGIN_TAP] = "tap",
		[VHC_ORIGIN_VHOST | VHC_ORIGIN_TAP] = "vhost+tap",
		[VHC_ORIGIN_MODEL] = "model",
	};
	const struct vhc_feature *known = names->type ? known_bit(names, bit) : NULL;

	return origins[known ? known->origin : names->unnamed];
}

int vhi_feature_put_words(const struct vhc_features *set, struct doc_list *words)
{
	size_t count = set->w[2] || set->w[3] ? 4 : 2;

	words->items = calloc(count, sizeof(uint64_t));
	if (!words->items)
		return -ENOMEM;
	memcpy(words->items, set->w, count * sizeof(uint64_t));
	words->count = count;
	return 0;
}

static int put_row(const struct vhi_feature_names *names, unsigned int bit,
		   struct vhi_feature_row *row)
{
	char buf[VHI_FEATURE_NAME_MAX];

	row->bit = bit;
	row->name = strdup(vhi_feature_row_name(names, bit, buf));
	row->origin = strdup(vhi_feature_row_origin(names, bit));
	return row->name && row->origin ? 0 : -ENOMEM;
}

int vhi_feature_rows(const struct vhi_feature_names *names, const struct vhc_features *set,
		     struct doc_list *words, struct doc_list *rows)
{
	int r = vhi_feature_put_words(set, words);

	for (unsigned int bit = 0; bit < 256 && !r; bit++) {
		struct vhi_feature_row *row;

		if (!vhc_features_has(set, bit))
			continue;
		row = doc_append(rows, sizeof(*row));
		r = row ? put_row(names, bit, row) : -ENOMEM;
	}
	return r;
}

struct vhc_features vhi_feature_words(const struct doc_list *words)
{
	struct vhc_features set = { { 0 } };

	for (size_t i = 0; i < words->count && i < 4; i++)
		set.w[i] = ((const uint64_t *)words->items)[i];
	return set;
}
