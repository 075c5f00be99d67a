/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seal - documents that were put together by other means than a save: their features by name and their
 * checksum are made, and what they do not know they say.
 */
#include "edit.h"
#include "two-hosts.h"

/* @json with these two values; for free(3). */
static char *edited(const char *json, const char *pointer, const char *raw, const char *second,
		    const char *second_raw)
{
	char *text = edit_put(json, pointer, raw), *next = edit_put(text, second, second_raw);

	free(text);
	return next;
}

static void seal_without_rows_and_checksum_is_what_was_saved(void **state)
{
	char *json = moved_source("7.2", 2, false), *sealed = NULL;
	char *part = edited(json, "/features", "[]", "/checksum", "0");
	char *bare = edit_put(part, "/header_bytes", NULL);
	struct rig *rig = *state;

	assert_int_equal(vhc_state_check(rig->ctx, bare), -EINVAL);
	assert_ok(rig, vhc_state_seal(rig->ctx, bare, &sealed));
	assert_string_equal(sealed, json);
	free(sealed);
	free(part);
	free(bare);
	free(json);
}

static void seal_of_broken_rule_is_einval(void **state)
{
	char *json = moved_source("7.2", 1, false), *sealed = NULL;
	char *bad = edited(json, "/header_bytes", "10", "/checksum", "0");
	struct rig *rig = *state;

	assert_int_equal(vhc_state_seal(rig->ctx, bad, &sealed), -EINVAL);
	assert_string_equal(vhc_ctx_get_error(rig->ctx)->where, "/header_bytes");
	assert_int_equal(vhc_state_seal(rig->ctx, "{", &sealed), -EINVAL);
	assert_null(sealed);
	free(bad);
	free(json);
}

/* Without memory and bases, as a launcher's monitor tells it: valid, and not loaded. */
static void load_of_partial_document_is_einval(void **state)
{
	char *json = moved_source("7.2", 1, false), *sealed = NULL, *text, *part;
	struct rig rig;

	part = edited(json, "/partial", "[\"0x20\"]", "/memory", "[]");
	text = edited(part, "/rings/0/base", NULL, "/rings/1/base", NULL);
	moved_destination(&rig, "7.2", 1);
	assert_ok(&rig, vhc_state_seal(rig.ctx, text, &sealed));
	assert_ok(&rig, vhc_state_check(rig.ctx, sealed));
	assert_int_equal(vhc_dev_load(rig.dev, sealed), -EINVAL);
	assert_string_equal(vhc_ctx_get_error(rig.ctx)->where, "/partial");
	rig_free(&rig);
	free(sealed);
	free(part);
	free(text);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(seal_without_rows_and_checksum_is_what_was_saved, "6.12", 1),
		RIG_TEST(seal_of_broken_rule_is_einval, "6.12", 1),
		RIG_TEST(load_of_partial_document_is_einval, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
