/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open - devices made from documents of other hosts, good and bad.
 */
#include "probed.h"

static void log_is_printable(void *data, enum vhc_level level, const char *line)
{
	if (strpbrk(line, "\x1b\x07\n\x7f") || strstr(line, "\xc2\x9b"))
		fail_msg("a control character is in a log line");
	++*(uint32_t *)data;
}

/* A document is somebody else's, and messages go to terminals. */
static void open_caps_error_has_no_control_characters(void **state)
{
	struct rig *rig = *state;
	const struct vhc_error *error = vhc_ctx_get_error(rig->ctx);
	struct json_object *tree;
	uint32_t lines = 0;

	fake_set_node(rig->fake, "/dev/vhost-net", ENOENT);
	tree = probe(rig);
	json_object_object_add(at(tree, "nodes[0]"), "reason",
			       json_object_new_string("\x1b]0;owned\x07 \xc2\x9b"
						      "2J \xc3\xa4"));
	json_object_object_add(at(tree, "nodes[0]"), "remedy",
			       json_object_new_string("run\x1b[8m rm\n\x7f"));
	vhc_ctx_set_log(rig->ctx, VHC_LEVEL_DEBUG, log_is_printable, &lines);
	assert_int_equal(vhc_dev_open_caps(rig->ctx, "net0", json_object_to_json_string(tree),
					   VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &rig->dev),
			 -ENODEV);
	assert_non_null(strstr(error->text, "\\u001b]0;owned\\u0007 \\u009b2J \xc3\xa4"));
	assert_string_equal(error->hint, "run\\u001b[8m rm\\u000a\\u007f");
	assert_int_equal(lines, 1);
	json_object_put(tree);
}

#define NODE                                                                                          \
	"{\"path\":\"/dev/vhost-net\",\"opens\":true,\"error\":\"\",\"reason\":\"\",\"remedy\":\"\"," \
	"\"words\":[],\"features\":[],\"ioctls\":[]}"

static void open_caps_of_bad_document_is_einval(void **state)
{
	static const struct {
		const char *json, *says;
	} bad[] = {
		{ "", "wrong" },
		{ "{", "wrong" },
		{ "[]", "wrong" },
		{ "{}", "wrong" },
		{ "{\"kind\":\"vhost-plan\",\"version\":1}", "kind" },
		{ "{\"kind\":\"vhost-caps\",\"version\":2}", "version" },
		{ "{\"kind\":\"vhost-caps\",\"version\":1,\"kernel\":3}", "kernel" },
		{ "{\"kind\":\"vhost-caps\",\"version\":1,\"kernel\":\"\",\"nodes\":[" NODE "," NODE
		  "],\"tap\":{"
		  "\"probed\":true,\"reason\":\"\",\"offloads\":\"0x0\",\"words\":[],\"features\":[]},"
		  "\"max_mem_regions\":64,\"max_tap_queues\":256,\"parameters\":[]}",
		  "\"/dev/vhost-net\" is there twice" },
		{ "{\"kind\":\"vhost-caps\",\"version\":1,\"kernel\":\"\",\"nodes\":[],\"tap\":{"
		  "\"probed\":true,\"reason\":\"\",\"offloads\":\"0x0\",\"words\":[],\"features\":[]},"
		  "\"max_mem_regions\":64,\"max_tap_queues\":256,\"parameters\":[]}",
		  "/dev/vhost-net" },
		{ "{\"kind\":\"vhost-caps\",\"version\":1,\"kernel\":\"\",\"nodes\":[],\"tap\":{"
		  "\"probed\":true,\"reason\":\"\",\"offloads\":\"0x0\",\"words\":[1,2,3,4,5],"
		  "\"features\":[]},\"max_mem_regions\":64,\"max_tap_queues\":256,\"parameters\":[]}",
		  "words" },
		{ "{\"kind\":\"vhost-caps\",\"version\":1,\"kernel\":\"\",\"nodes\":[],\"tap\":{"
		  "\"probed\":true,\"reason\":\"\",\"offloads\":\"0x0\",\"words\":[],\"features\":[]},"
		  "\"max_mem_regions\":0,\"max_tap_queues\":256,\"parameters\":[]}",
		  "max_mem_regions" },
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int r = vhc_dev_open_caps(rig->ctx, "net0", bad[i].json,
					  VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &rig->dev);

		assert_int_equal(r, -EINVAL);
		assert_null(rig->dev);
		assert_says(rig, "net0", bad[i].says);
		if (strstr(bad[i].says, "twice"))
			assert_string_equal(vhc_ctx_get_error(rig->ctx)->where, "/nodes/1/path");
		if (strcmp(bad[i].says, "version") == 0)
			assert_non_null(strstr(vhc_ctx_get_error(rig->ctx)->hint, "is as new as"));
	}
}

static void open_caps_uses_limits_of_other_host(void **state)
{
	struct json_object *tree;
	struct vhc_dev_info info = { .sz = sizeof(info) };
	struct rig *rig = *state;

	tree = probe(rig);
	json_object_object_add(tree, "max_mem_regions", json_object_new_int(3));
	json_object_object_add(tree, "max_tap_queues", json_object_new_int(2));
	assert_int_equal(
		vhc_dev_open_caps(rig->ctx, "net0", json_object_to_json_string(tree),
				  VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = 3),
				  &rig->dev),
		-EINVAL);
	assert_says(rig, "3 queue pairs", "2 queues");
	assert_ok(rig,
		  vhc_dev_open_caps(rig->ctx, "net0", json_object_to_json_string(tree),
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = 2),
				    &rig->dev));
	assert_ok(rig, vhc_dev_get_info(rig->dev, &info));
	assert_int_equal(info.max_regions, 3);
	assert_int_equal(info.rings, 4);
	json_object_put(tree);
}

/* Also with a tap of this host, which may have less. */
static void open_caps_offers_link_of_other_host(void **state)
{
	struct vhc_features there, with_tap;
	struct rig *rig = *state;
	char *json;

	assert_ok(rig, vhc_caps_probe(rig->ctx, &json));
	assert_ok(rig, vhc_dev_open_caps(rig->ctx, "net0", json,
					 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &rig->dev));
	free(json);
	assert_ok(rig, vhc_dev_offer_features(rig->dev, NULL, NULL, &there));
	assert_true(vhc_features_has(&there, VHI_F_GUEST_TSO4));
	fake_profile(rig->fake)->offloads = 0;
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
	assert_ok(rig, vhc_dev_offer_features(rig->dev, NULL, NULL, &with_tap));
	assert_memory_equal(&there, &with_tap, sizeof(there));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(open_caps_error_has_no_control_characters, "6.12", 1),
		RIG_TEST(open_caps_of_bad_document_is_einval, "6.12", 1),
		RIG_TEST(open_caps_uses_limits_of_other_host, "6.12", 1),
		RIG_TEST(open_caps_offers_link_of_other_host, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
