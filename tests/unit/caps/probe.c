/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - what a host can do: the document of each kernel, asked with GETs alone on throw-away fds.
 */
#include "probed.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_of_each_kernel_matches_it),
		cmocka_unit_test(since_of_each_feature_matches_kernels),
		RIG_TEST(probe_changes_nothing, "7.2", 1),
		cmocka_unit_test(probe_of_failing_node_says_why),
		RIG_TEST(probe_twice_is_same, "7.2", 1),
		RIG_TEST(probe_writes_smaller_region_limit, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
