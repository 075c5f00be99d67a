/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - what a host can do: the document of each kernel, asked with GETs alone on throw-away fds;
 * and devices made from documents, good and bad.
 */
#include <json-c/json.h>

#include "rig.h"

static struct json_object *probe(struct rig *rig)
{
	struct json_object *tree;
	char *json = NULL;

	assert_ok(rig, vhc_caps_probe(rig->ctx, &json));
	tree = json_tokener_parse(json);
	assert_non_null(tree);
	free(json);
	return tree;
}

/* "tap.offloads", "nodes[0].opens" */
static struct json_object *at(struct json_object *tree, const char *path)
{
	char key[32];
	int used, index;

	while (*path) {
		if (sscanf(path, "[%d]%n", &index, &used) == 1) {
			tree = json_object_array_get_idx(tree, (size_t)index);
		} else {
			assert_int_equal(sscanf(path, "%31[a-z_]%n", key, &used), 1);
			assert_true(json_object_object_get_ex(tree, key, &tree));
		}
		path += used;
		path += *path == '.';
	}
	return tree;
}

static const char *text_at(struct json_object *tree, const char *path)
{
	return json_object_get_string(at(tree, path));
}

static uint64_t number_at(struct json_object *tree, const char *path)
{
	struct json_object *value = at(tree, path);

	return json_object_is_type(value, json_type_string)
		       ? strtoull(json_object_get_string(value), NULL, 0)
		       : json_object_get_uint64(value);
}

/* As measured: the features of each kernel's vhost-net, without vhost's own LOG_ALL. */
static const struct {
	const char *kernel;
	uint64_t words[2], offloads;
	const char *ioctls, *scsi_ioctls;
} hosts[] = {
	{ "6.1",
	  { 0x33d008000 & ~(3ull << 26), 0 },
	  0x1f,
	  "[ \"busyloop_timeout\" ]",
	  "[ \"busyloop_timeout\" ]" },
	{ "6.12",
	  { 0x1033d008000 & ~(3ull << 26), 0 },
	  0x7f,
	  "[ \"fork_from_owner\", \"busyloop_timeout\" ]",
	  "[ \"fork_from_owner\", \"busyloop_timeout\", \"vring_worker\" ]" },
	{ "7.2",
	  { 0x10b3d008000 & ~(3ull << 26), 0xa },
	  0x1ff,
	  "[ \"features_array\", \"fork_from_owner\", \"busyloop_timeout\" ]",
	  "[ \"fork_from_owner\", \"busyloop_timeout\", \"vring_worker\" ]" },
};

static void probe_of_each_kernel_matches_it(void **state)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct json_object *tree;
		struct rig rig;

		rig_new(&rig, hosts[i].kernel, 1);
		tree = probe(&rig);
		assert_string_equal(text_at(tree, "kind"), "vhost-caps");
		assert_string_equal(text_at(tree, "kernel"), fake_profile(rig.fake)->release);
		assert_string_equal(text_at(tree, "nodes[0].path"), "/dev/vhost-net");
		assert_true(json_object_get_boolean(at(tree, "nodes[0].opens")));
		assert_string_equal(text_at(tree, "nodes[0].error"), "");
		assert_int_equal(number_at(tree, "nodes[0].words[0]"), hosts[i].words[0]);
		assert_int_equal(number_at(tree, "nodes[0].words[1]"), hosts[i].words[1]);
		assert_int_equal(number_at(tree, "nodes[0].backend_features"), 2);
		assert_string_equal(text_at(tree, "nodes[0].ioctls"), hosts[i].ioctls);
		assert_string_equal(text_at(tree, "nodes[0].features[0].name"), "mrg_rxbuf");
		assert_string_equal(text_at(tree, "nodes[0].features[0].origin"), "vhost");
		assert_string_equal(text_at(tree, "nodes[1].path"), "/dev/vhost-vsock");
		assert_string_equal(text_at(tree, "nodes[2].path"), "/dev/vhost-scsi");
		assert_string_equal(text_at(tree, "nodes[2].ioctls"), hosts[i].scsi_ioctls);
		assert_int_equal(number_at(tree, "nodes[2].backend_features"), 0);
		assert_int_equal(number_at(tree, "tap.offloads"), hosts[i].offloads);
		assert_int_equal(number_at(tree, "max_mem_regions"), 64);
		assert_int_equal(number_at(tree, "max_tap_queues"), 256);
		assert_string_equal(text_at(tree, "parameters[0].name"), "vhost.max_mem_regions");
		assert_string_equal(text_at(tree, "parameters[0].value"), "64");
		json_object_put(tree);
		assert_true(fake_is_clean(rig.fake));
		rig_free(&rig);
	}
}

static unsigned int release(const char *text)
{
	unsigned int major = 0, minor = 0;

	assert_int_equal(sscanf(text, "%u.%u", &major, &minor), 2);
	return major * 1000 + minor;
}

/* Has a kernel of this release what the table says of it? */
static bool has_by_table(const struct vhc_feature *feature, const char *kernel)
{
	return !feature->since || (*feature->since && release(feature->since) <= release(kernel));
}

/* The words of a node or of the tap. */
static bool has_by_probe(struct json_object *tree, const char *path, uint32_t bit)
{
	char word[40];

	snprintf(word, sizeof(word), "%s[%u]", path, bit / 64);
	return bit / 64 < json_object_array_length(at(tree, path)) &&
	       (number_at(tree, word) >> bit % 64) & 1;
}

/* The first release that has a feature, held against the kernels as they were measured. */
static void since_of_each_feature_matches_kernels(void **state)
{
	static const enum vhc_type types[] = { VHC_TYPE_NET, VHC_TYPE_VSOCK };
	static const char *const nodes[] = { "nodes[0].words", "nodes[1].words" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct json_object *tree;
		struct rig rig;

		rig_new(&rig, hosts[i].kernel, 1);
		tree = probe(&rig);
		for (uint32_t n = 0; n < 2 * 128; n++) {
			const struct vhc_feature *feature =
				vhc_feature_get(types[n / 128], n % 128);
			bool has = true;

			/* of the bits of every type it is that of net devices */
			if (!feature || feature->origin == VHC_ORIGIN_MODEL ||
			    (types[n / 128] != VHC_TYPE_NET && n % 128 >= 24))
				continue;
			if (feature->origin & VHC_ORIGIN_VHOST)
				has = has_by_probe(tree, nodes[n / 128], n % 128);
			if (feature->origin & VHC_ORIGIN_TAP)
				has &= has_by_probe(tree, "tap.words", n % 128);
			if (has != has_by_table(feature, hosts[i].kernel))
				fail_msg("Linux %s: %s", hosts[i].kernel, feature->name);
		}
		json_object_put(tree);
		rig_free(&rig);
	}
}

/* Nothing that changes anything: GETs, an owner for a fd that is thrown away, a scratch tap. */
static void probe_changes_nothing(void **state)
{
	static const char *const harmless[] = {
		"open",	     "close",		"read",	     "release",	      "open_in_new_netns",
		"VHOST_GET", "VHOST_SET_OWNER", "TUNSETIFF", "TUNSETOFFLOAD",
	};
	struct rig *rig = *state;

	json_object_put(probe(rig));
	for (uint32_t i = 0; i < fake_calls(rig->fake); i++) {
		const char *name = fake_call(rig->fake, i)->name;
		bool found = false;

		for (size_t j = 0; j < sizeof(harmless) / sizeof(harmless[0]); j++)
			found |= !strncmp(name, harmless[j], strlen(harmless[j]));
		if (!found)
			fail_msg("%s to look at a host", name);
	}
	assert_int_equal(fake_count(rig->fake, "open_in_new_netns"), 1);
}

static void probe_of_failing_node_says_why(void **state)
{
	static const struct {
		int error;
		const char *name, *reason, *remedy;
	} cases[] = {
		{ ENOENT, "ENOENT", "no such node", "modprobe vhost_net" },
		{ ENODEV, "ENODEV", "no driver", "modprobe vhost_net" },
		{ EACCES, "EACCES", "owner and mode", "setfacl -m u:0:rw /dev/vhost-net" },
		{ EPERM, "EPERM", "cgroup", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *tree;
		struct rig rig;

		rig_new(&rig, "6.12", 1);
		fake_set_node(rig.fake, "/dev/vhost-net", cases[i].error);
		tree = probe(&rig);
		assert_false(json_object_get_boolean(at(tree, "nodes[0].opens")));
		assert_string_equal(text_at(tree, "nodes[0].error"), cases[i].name);
		assert_non_null(strstr(text_at(tree, "nodes[0].reason"), cases[i].reason));
		assert_non_null(strstr(text_at(tree, "nodes[0].remedy"), cases[i].remedy));
		assert_true(json_object_get_boolean(at(tree, "nodes[1].opens")));
		/* a device of such a host says the same */
		assert_int_equal(
			vhc_dev_open_caps(rig.ctx, "net0", json_object_to_json_string(tree),
					  VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &rig.dev),
			-ENODEV);
		assert_says(&rig, "net0", cases[i].name, cases[i].reason, cases[i].remedy);
		json_object_put(tree);
		rig_free(&rig);
	}
}

/* The row of what is not known; NULL: it is. */
static struct json_object *unknown_of(struct json_object *tree, const char *what)
{
	struct json_object *rows;

	if (!json_object_object_get_ex(tree, "unknown", &rows))
		return NULL;
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (!strcmp(text_at(row, "what"), what))
			return row;
	}
	return NULL;
}

static void assert_unknown(struct json_object *tree, const char *what, const char *reason,
			   const char *remedy)
{
	struct json_object *row = unknown_of(tree, what);

	if (!row)
		fail_msg("%s is not said to be unknown", what);
	assert_non_null(strstr(text_at(row, "reason"), reason));
	assert_non_null(strstr(text_at(row, "remedy"), remedy));
}

/* What is missing is known to be missing. */
static void probe_tells_unknown_from_missing(void **state)
{
	static const struct {
		int error;
		const char *reason, *remedy;
	} cases[] = {
		{ EACCES, "owner and mode do not let this user open it (module vhost_net) (EACCES)",
		  "setfacl" },
		{ EPERM, "(EPERM)", "" },
		{ EIO, "the kernel refused it (EIO)", "" },
		{ ENOENT, NULL, NULL },
		{ ENODEV, NULL, NULL },
		{ ENXIO, NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *tree;
		struct rig rig;

		rig_new(&rig, "6.12", 1);
		fake_set_node(rig.fake, "/dev/vhost-net", cases[i].error);
		tree = probe(&rig);
		if (cases[i].reason)
			assert_unknown(tree, "/dev/vhost-net", cases[i].reason, cases[i].remedy);
		else
			assert_null(json_object_object_get(tree, "unknown"));
		json_object_put(tree);
		rig_free(&rig);
	}
}

/* The other parts of the document are those of a probe that could ask everything. */
static void probe_without_threads_says_so(void **state)
{
	struct json_object *tree, *all;
	struct rig *rig = *state;

	all = probe(rig);
	fake_fail(rig->fake, "VHOST_SET_OWNER", 1, ENOMEM);
	tree = probe(rig);
	assert_unknown(tree, "/dev/vhost-net, busyloop_timeout", "RLIMIT_NPROC", "threads");
	assert_unknown(tree, "/dev/vhost-net, vring_worker", "(ENOMEM)", "threads");
	assert_null(unknown_of(tree, "/dev/vhost-vsock, busyloop_timeout"));
	assert_string_equal(text_at(tree, "nodes[0].ioctls"),
			    "[ \"features_array\", \"fork_from_owner\" ]");
	json_object_object_del(tree, "unknown");
	json_object_object_add(at(tree, "nodes[0]"), "ioctls",
			       json_object_get(at(all, "nodes[0].ioctls")));
	assert_true(json_object_equal(tree, all));
	assert_true(fake_is_clean(rig->fake));
	json_object_put(tree);
	json_object_put(all);
}

static void probe_without_sys_says_so(void **state)
{
	struct json_object *tree;
	struct rig *rig = *state;

	fake_fail(rig->fake, "read", 3, EACCES); /* after the two that make the limit */
	tree = probe(rig);
	assert_unknown(tree, "max_mem_regions", "(EACCES)", "/sys");
	assert_int_equal(number_at(tree, "max_mem_regions"), 64);
	json_object_put(tree);
}

static void probe_twice_is_same(void **state)
{
	struct rig *rig = *state;
	char *first, *second;

	assert_ok(rig, vhc_caps_probe(rig->ctx, &first));
	assert_ok(rig, vhc_caps_probe(rig->ctx, &second));
	assert_string_equal(first, second);
	assert_null(strstr(first, "unknown"));
	free(first);
	free(second);
}

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

static void probe_without_privileges_says_so(void **state)
{
	struct json_object *tree;
	struct rig *rig = *state;

	fake_set_user(rig->fake, 1000, 1000);
	tree = probe(rig);
	assert_false(json_object_get_boolean(at(tree, "tap.probed")));
	assert_non_null(strstr(text_at(tree, "tap.reason"), "EPERM"));
	assert_unknown(tree, "tap", "(EPERM)", "as root");
	assert_int_equal(number_at(tree, "tap.offloads"), 0);
	json_object_put(tree);
}

/* To have run out is no property of the host. */
static void probe_without_fds_is_emfile(void **state)
{
	char *json = NULL;
	struct rig *rig = *state;

	for (uint32_t n = 1; n < 7; n++) {
		fake_fail(rig->fake, "open", n, EMFILE);
		assert_int_equal(vhc_caps_probe(rig->ctx, &json), -EMFILE);
		assert_null(json);
		assert_true(fake_is_clean(rig->fake));
	}
}

/* No document rather than one that says that the host lacks what could not be asked. */
static void probe_with_failing_call_writes_no_document(void **state)
{
	static const int errors[] = { ENOMEM, EIO };
	uint32_t calls;
	char *json = NULL;
	struct rig *rig = *state;

	json_object_put(probe(rig));
	calls = fake_count(rig->fake, "VHOST_");
	calls -= fake_count(rig->fake, "VHOST_SET_OWNER");
	for (uint32_t n = 1; n <= calls; n++)
		for (size_t i = 0; i < 2; i++) {
			fake_fail(rig->fake, "VHOST_GET_", n, errors[i]);
			assert_int_equal(vhc_caps_probe(rig->ctx, &json), -errors[i]);
			assert_null(json);
			assert_says(rig, "/dev/vhost-", "VHOST_", i ? "EIO" : "ENOMEM");
			assert_true(fake_is_clean(rig->fake));
		}
	for (uint32_t n = 1; n < 5; n++) {
		fake_fail(rig->fake, "read", n, ENFILE);
		assert_int_equal(vhc_caps_probe(rig->ctx, &json), -ENFILE);
		assert_null(json);
	}
}

static void probe_writes_smaller_region_limit(void **state)
{
	struct json_object *tree;
	struct rig *rig = *state;

	fake_profile(rig->fake)->max_regions = 509;
	fake_profile(rig->fake)->max_mappings = 100;
	tree = probe(rig);
	assert_int_equal(number_at(tree, "max_mem_regions"), 100);
	assert_string_equal(text_at(tree, "parameters[0].value"), "509");
	json_object_put(tree);
}

/* ------------------------------------------------------------------------- devices of documents */

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
		cmocka_unit_test(probe_of_each_kernel_matches_it),
		cmocka_unit_test(since_of_each_feature_matches_kernels),
		RIG_TEST(probe_changes_nothing, "7.2", 1),
		cmocka_unit_test(probe_of_failing_node_says_why),
		cmocka_unit_test(probe_tells_unknown_from_missing),
		RIG_TEST(probe_without_threads_says_so, "7.2", 1),
		RIG_TEST(probe_without_sys_says_so, "7.2", 1),
		RIG_TEST(probe_twice_is_same, "7.2", 1),
		RIG_TEST(open_caps_error_has_no_control_characters, "6.12", 1),
		RIG_TEST(probe_without_privileges_says_so, "6.12", 1),
		RIG_TEST(probe_without_fds_is_emfile, "6.12", 1),
		RIG_TEST(probe_with_failing_call_writes_no_document, "7.2", 1),
		RIG_TEST(probe_writes_smaller_region_limit, "6.12", 1),
		RIG_TEST(open_caps_of_bad_document_is_einval, "6.12", 1),
		RIG_TEST(open_caps_uses_limits_of_other_host, "6.12", 1),
		RIG_TEST(open_caps_offers_link_of_other_host, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
