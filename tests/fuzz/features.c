/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - texts of feature sets: what is parsed is the same after formatting, and the bits that a
 * check says to drop leave a valid set, the largest there is.
 */
#include <errno.h>

#include "features/features.h"
#include "fuzz.h"

static const enum vhc_type types[] = { VHC_TYPE_NET, VHC_TYPE_VSOCK };

static void check_format(struct vhc_ctx *ctx, enum vhc_type type, const struct vhc_features *set)
{
	struct vhc_features again;
	char *text = NULL;

	FUZZ_CHECK(!vhc_features_format(ctx, type, set, &text));
	FUZZ_CHECK(!vhc_features_parse(ctx, type, text, &again));
	FUZZ_CHECK(vhi_features_equal(set, &again));
	free(text);
}

static void check_drop(struct vhc_ctx *ctx, enum vhc_type type, const struct vhc_features *set)
{
	struct vhc_features drop, none, rest, closed = *set, more;
	int r = vhc_features_check(ctx, type, set, &drop);

	FUZZ_CHECK(r == 0 || r == -EOPNOTSUPP);
	FUZZ_CHECK(vhi_features_empty(&drop) == !r);
	more = vhi_features_without(&drop, set);
	FUZZ_CHECK(vhi_features_empty(&more));
	rest = vhi_features_without(set, &drop);
	FUZZ_CHECK(!vhc_features_check(ctx, type, &rest, &none) && vhi_features_empty(&none));
	vhi_features_close(type, &closed);
	more = vhi_features_without(&closed, &rest);
	FUZZ_CHECK(vhi_features_empty(&more));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct vhc_ctx *ctx = NULL;

	FUZZ_CHECK(!vhc_ctx_new(&ctx));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct vhc_features set = { { 1, 2, 3, 4 } };
		int r = vhc_features_parse(ctx, types[i], text, &set);

		if (!r) {
			check_format(ctx, types[i], &set);
			check_drop(ctx, types[i], &set);
			continue;
		}
		FUZZ_CHECK(r == -EINVAL);
		fuzz_check_error(ctx, r);
		FUZZ_CHECK(set.w[0] == 1 && set.w[1] == 2 && set.w[2] == 3 && set.w[3] == 4);
	}
	vhc_ctx_free(ctx);
	free(text);
	return 0;
}
