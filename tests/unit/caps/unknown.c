/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unknown - what a probe could not ask is said to be unknown, and why; what a host lacks is not.
 */
#include "probed.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_tells_unknown_from_missing),
		RIG_TEST(probe_without_threads_says_so, "7.2", 1),
		RIG_TEST(probe_without_sys_says_so, "7.2", 1),
		RIG_TEST(probe_without_privileges_says_so, "6.12", 1),
		RIG_TEST(probe_without_fds_is_emfile, "6.12", 1),
		RIG_TEST(probe_with_failing_call_writes_no_document, "7.2", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
