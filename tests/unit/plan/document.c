/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * document - vhost-plan documents: as they were once for a host that is not there (kept as files), and
 * for one that is: what is shown is what is then done, call for call.
 *
 * After a change that was meant: test-plan-document FOLDER writes the files again.
 */
#include <json-c/json.h>

#include "rig.h"

#define BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static const char *folder;
static bool rewrite;

static const char *text_of(struct json_object *row, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(row, key, &value));
	return json_object_get_string(value);
}

/* A device as another host would have it: no fd is opened, and no tap is needed. */
static char *plan_elsewhere(const char *kernel, uint32_t pairs, bool array, bool iommu)
{
	struct rig rig;
	char *caps = NULL, *json = NULL;

	rig_new(&rig, kernel, pairs);
	rig.array = array;
	rig.iommu = iommu;
	assert_ok(&rig, vhc_caps_probe(rig.ctx, &caps));
	assert_ok(&rig, rig_mem(&rig));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_dev_open_caps(
				rig.ctx, "net0", caps,
				VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = pairs),
				&rig.dev));
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, rig.mem));
	assert_ok(&rig, rig_offer(&rig));
	assert_ok(&rig, rig_features(&rig));
	if (iommu)
		assert_ok(&rig, rig_map(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, vhc_dev_plan(rig.dev, &json));
	assert_int_equal(fake_count(rig.fake, "open") + fake_count(rig.fake, "VHOST_") +
				 fake_count(rig.fake, "TUN"),
			 0);
	assert_int_equal(rig_start(&rig), -ENODEV);
	assert_says(&rig, "net0", "vhost-caps", "vhc_dev_open");
	assert_int_equal(vhc_dev_get_fd(rig.dev, 0), -EINVAL);
	free(caps);
	rig_free(&rig);
	return json;
}

static struct json_object *operations(struct json_object *tree)
{
	struct json_object *list;

	assert_string_equal(text_of(tree, "kind"), "vhost-plan");
	assert_string_equal(text_of(tree, "device"), "net0");
	assert_true(json_object_object_get_ex(tree, "operations", &list));
	return list;
}

/* The files are of a little-endian host; any other has one operation more. */
static char *as_little_endian(char *json)
{
	struct json_object *tree = json_tokener_parse(json), *list = operations(tree);
	size_t i = 0;

	while (strcmp(text_of(json_object_array_get_idx(list, i), "operation"), "TUNSETVNETLE"))
		assert_true(++i < json_object_array_length(list));
	json_object_array_del_idx(list, i, 1);
	free(json);
	json = strdup(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PRETTY |
								   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(tree);
	return json;
}

static void compare(const char *name, char *json)
{
	static char kept[65536];
	char path[4096];
	size_t n;
	FILE *file;

	if (BIG)
		json = as_little_endian(json);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, rewrite ? "w" : "r");
	assert_non_null(file);
	if (rewrite) {
		fprintf(file, "%s\n", json);
	} else {
		n = fread(kept, 1, sizeof(kept) - 1, file);
		kept[n] = 0;
		assert_true(n > 0);
		kept[n - 1] = 0; /* its newline */
		assert_string_equal(kept, json);
	}
	fclose(file);
	free(json);
}

static void plan_on_6_1_matches_golden(void **state)
{
	compare("plan-6.1-1.json", plan_elsewhere("6.1", 1, false, false));
	compare("plan-6.1-4.json", plan_elsewhere("6.1", 4, false, false));
}

static void plan_on_7_2_with_128_bits_matches_golden(void **state)
{
	compare("plan-7.2-1.json", plan_elsewhere("7.2", 1, true, false));
}

static void plan_behind_iommu_matches_golden(void **state)
{
	compare("plan-6.12-iommu.json", plan_elsewhere("6.12", 1, false, true));
}

/* --------------------------------------------------------------------------- planned and done */

/* The next call to vhost or the tap from here on. */
static const struct fake_call *next_call(struct fake *fake, uint32_t *at)
{
	while (*at < fake_calls(fake)) {
		const struct fake_call *call = fake_call(fake, (*at)++);

		if (!strncmp(call->name, "VHOST_", 6) || !strncmp(call->name, "TUN", 3))
			return call;
	}
	return NULL;
}

static void check_row(struct json_object *row, const struct fake_call *call)
{
	unsigned int ring;

	assert_non_null(call);
	/* the same step, by the call for more bits where they are needed */
	if (strncmp(call->name, text_of(row, "operation"), strlen(text_of(row, "operation"))))
		fail_msg("planned %s, done %s", text_of(row, "operation"), call->name);
	if (sscanf(text_of(row, "on"), "ring %u", &ring) == 1)
		assert_int_equal(ring % 2, call->index);
}

/* Asks, starts, and compares; returns the number of operations. */
static size_t plan_and_start(struct rig *rig)
{
	struct json_object *tree, *list;
	char *json = NULL, *again = NULL;
	uint32_t at = 0;
	size_t count;

	assert_ok(rig, vhc_dev_plan(rig->dev, &json));
	assert_ok(rig, vhc_dev_plan(rig->dev, &again));
	assert_string_equal(json, again);
	assert_null(strstr(json, "0x7f")); /* no address of this process */
	tree = json_tokener_parse(json);
	assert_non_null(tree);
	list = operations(tree);
	count = json_object_array_length(list);
	fake_forget_calls(rig->fake);
	assert_ok(rig, rig_start(rig));
	for (size_t i = 0; i < count; i++)
		check_row(json_object_array_get_idx(list, i), next_call(rig->fake, &at));
	assert_null(next_call(rig->fake, &at));
	json_object_put(tree);
	free(json);
	free(again);
	return count;
}

static void start_does_what_plan_lists(void **state)
{
	static const uint32_t pairs[] = { 1, 4 };

	for (size_t i = 0; i < 2; i++) {
		struct rig rig;

		rig_new(&rig, "7.2", pairs[i]);
		rig.array = true;
		rig.acked = rig_acked(true);
		rig_prepare(&rig);
		/* two of the tap, and its byte order; the minimum without GET_FEATURES, and the ERR eventfds */
		assert_int_equal(plan_and_start(&rig), 2 + BIG + 3 * pairs[i] + 6 * 2 * pairs[i]);
		assert_int_equal(plan_and_start(&rig), 0);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, vhc_ring_set_size(rig.dev, 1, 128));
		/* the backends, and the one size */
		assert_int_equal(plan_and_start(&rig), 2 * pairs[i] + 1);
		rig_free(&rig);
	}
}

/* The undo of each row is what really is done when a later step fails. */
static void failed_start_undoes_as_planned(void **state)
{
	struct json_object *tree, *list;
	char *json = NULL;
	uint32_t failed;
	struct rig *rig = *state;

	rig_prepare(rig);
	assert_ok(rig, vhc_dev_plan(rig->dev, &json));
	tree = json_tokener_parse(json);
	list = operations(tree);
	fake_forget_calls(rig->fake);
	fake_fail(rig->fake, "VHOST_NET_SET_BACKEND", 3, ENOTSOCK);
	assert_int_equal(rig_start(rig), -ENOTSOCK);
	assert_says(rig, "ring 2", "VHOST_NET_SET_BACKEND", "ENOTSOCK", "tap");
	for (failed = 0; fake_call(rig->fake, failed)->result != -ENOTSOCK; failed++)
		;
	failed++;
	for (size_t i = json_object_array_length(list); i--;) {
		struct json_object *row = json_object_array_get_idx(list, i);
		const char *undo = text_of(row, "undo");
		const struct fake_call *call;
		unsigned int ring;

		/* rings 2 and 3 were not started */
		if (!*undo || (sscanf(text_of(row, "on"), "ring %u", &ring) == 1 && ring >= 2 &&
			       !strcmp(text_of(row, "operation"), "VHOST_NET_SET_BACKEND")))
			continue;
		do {
			call = next_call(rig->fake, &failed);
			assert_non_null(call);
		} while (!strcmp(call->name, "VHOST_GET_VRING_BASE"));
		if (strncmp(undo, call->name, strlen(call->name)))
			fail_msg("undo planned %s, done %s", undo, call->name);
	}
	json_object_put(tree);
	free(json);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_on_6_1_matches_golden),
		cmocka_unit_test(plan_on_7_2_with_128_bits_matches_golden),
		cmocka_unit_test(plan_behind_iommu_matches_golden),
		cmocka_unit_test(start_does_what_plan_lists),
		RIG_TEST(failed_start_undoes_as_planned, "6.12", 2),
	};

	folder = argc > 1 ? argv[1] : getenv("GOLDEN");
	rewrite = argc > 1;
	return folder ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}
