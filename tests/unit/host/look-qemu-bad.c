/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of reading a running QEMU that must not be asked, on answers that it never should give, and on peers
 * that do not answer at all.
 */
#include "look-qemu.h"

/* --------------------------------------------------------------------------------------- refused */

static void set_version(struct json_object *answers, int major, int minor)
{
	struct json_object *qemu =
		json_object_object_get(returned(answers, "query-version"), "qemu");

	json_object_object_add(qemu, "major", json_object_new_int(major));
	json_object_object_add(qemu, "minor", json_object_new_int(minor));
}

/* QEMU 11.1 ends with its guest when it is asked: it must not be. */
static void look_at_version_that_would_abort_asks_nothing(void **state)
{
	static const struct {
		int major, minor;
		const char *words;
	} versions[] = {
		{ 7, 1, "QEMU 7.1 cannot tell" },
		{ 2, 12, "QEMU 2.12 cannot tell" },
		{ 11, 0, "QEMU 11.0 is not asked" },
		{ 11, 1, "QEMU 11.1 is not asked" },
	};

	for (size_t i = 0; i < COUNT(versions); i++) {
		struct fake_qemu qemu = { .recorded = NULL };
		struct json_object *answers = recorded("7.2-one-pair");
		struct host_qemu_reading reading;
		struct host_error err;

		set_version(answers, versions[i].major, versions[i].minor);
		assert_int_equal(look_at(&qemu, answers, NULL, &reading, &err), -ENOTSUP);
		assert_int_equal(err.status, HOST_LACKS);
		assert_non_null(strstr(err.text, versions[i].words));
		assert_null(strstr(qemu.log, "x-query"));
	}
}

static struct json_object *vhost_part(struct json_object *answers, const char *key)
{
	return json_object_object_get(
		json_object_object_get(returned(answers, "x-query-virtio-status"), "vhost-dev"),
		key);
}

/* A queue behind vhost-user would stop if its state was asked for. */
static void look_at_vhost_user_asks_for_no_queue(void **state)
{
	struct fake_qemu qemu = { 0 };
	struct json_object *answers = recorded("7.2-one-pair");
	struct host_qemu_reading reading;
	struct host_error err;

	json_object_array_add(
		json_object_object_get(vhost_part(answers, "features"), "dev-features"),
		json_object_new_string(
			"VHOST_USER_F_PROTOCOL_FEATURES: Vhost-user protocol features"));
	assert_int_equal(look_at(&qemu, json_object_get(answers), "net0", &reading, &err),
			 -ENOTSUP);
	assert_non_null(strstr(err.text, "vhost-user runs it"));
	assert_null(strstr(qemu.log, "queue-status"));
	expect_fail(answers, NULL, -ENODEV, HOST_FAILED, "no net or vsock device that vhost runs");
}

static void look_at_device_that_qemu_runs_is_refused(void **state)
{
	expect_fail(recorded("7.2-vhost-off"), "net0", -ENOTSUP, HOST_LACKS,
		    "vhost does not run the device \"net0\"");
	expect_fail(recorded("7.2-vhost-off"), NULL, -ENODEV, HOST_FAILED,
		    "no net or vsock device that vhost runs");
}

/* ---------------------------------------------------------------------------------------- garbage */

static const char *const needed[] = {
	"started",	  "vm-running",	 "vhost-started",
	"guest-features", "transports",	 "dev-features",
	"num-vqs",	  "vhost-dev",	 "features",
	"acked-features", "backend-cap", "log-enabled",
	"vring-num",	  "vring-desc",	 "vring-avail",
	"vring-used",	  "base-memory", "qemu",
	"major",	  "minor",	 "unknown-dev-features",
};

/* Puts the value in the place of each member of this name; a NULL takes the member away.  How many? */
static int spoil(struct json_object *value, const char *key, struct json_object *instead)
{
	int count = 0;

	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			count += spoil(json_object_array_get_idx(value, i), key, instead);
	if (!json_object_is_type(value, json_type_object))
		return count;
	json_object_object_foreach(value, name, member)
	{
		if (strcmp(name, key) != 0)
			count += spoil(member, key, instead);
	}
	if (!json_object_object_get_ex(value, key, NULL))
		return count;
	json_object_object_del(value, key);
	if (instead)
		json_object_object_add(value, key, json_object_get(instead));
	return count + 1;
}

static void look_at_member_that_is_wrong_says_which(void **state)
{
	static const char *const others[] = { "-1",	      "\"0\"", "1.5",
					      "null",	      "[[]]",  "{}",
					      "[0]",	      "true",  "18446744073709551615",
					      "\"a\\u0000b\"" };

	for (size_t i = 0; i < COUNT(needed); i++)
		for (size_t j = 0; j < COUNT(others); j++) {
			struct json_object *answers = recorded("7.2-one-pair");
			struct json_object *instead = json_tokener_parse(others[j]);
			struct fake_qemu qemu = { 0 };
			struct host_qemu_reading reading;
			struct host_error err;
			int r;

			assert_true(spoil(answers, needed[i], instead));
			json_object_put(instead);
			r = look_at(&qemu, answers, "net0", &reading, &err);
			/* some of them are values that it may have */
			if (r == 0)
				host_qemu_clear(&reading);
			else if (r != -EPROTO && r != -ENOTSUP)
				fail_msg("%s: %s: %d, %s", needed[i], others[j], r, err.text);
		}
}

static void look_at_member_that_is_missing_says_which(void **state)
{
	for (size_t i = 0; i < COUNT(needed); i++) {
		struct json_object *answers = recorded("7.2-one-pair");
		char words[64];

		spoil(answers, needed[i], NULL);
		if (strstr(needed[i], "dev-features")) { /* it need not be there */
			json_object_put(answers);
			continue;
		}
		snprintf(words, sizeof(words), "\"%s\" is missing or wrong", needed[i]);
		expect_fail(answers, "net0", -EPROTO, HOST_FAILED, words);
	}
}

static void look_at_list_of_garbage_finds_nothing(void **state)
{
	static const char *const lists[] = {
		"{}",
		"[]",
		"[1, null, \"a\", [], {}]",
		"[{\"name\": \"virtio-net\", \"path\": 1}]",
		"[{\"name\": \"virtio-net\", \"path\": \"\"}]",
		"[{\"name\": 1, \"path\": \"/machine/peripheral/net0\"}]"
	};

	for (size_t i = 0; i < COUNT(lists); i++) {
		struct json_object *answers = recorded("7.2-one-pair");

		for (size_t j = 0; j < json_object_array_length(answers); j++) {
			struct json_object *item = json_object_array_get_idx(answers, j);

			if (strcmp(json_object_get_string(json_object_object_get(item, "execute")),
				   "x-query-virtio") == 0)
				json_object_object_add(item, "return",
						       json_tokener_parse(lists[i]));
		}
		expect_fail(answers, NULL, -ENODEV, HOST_FAILED, "no net or vsock device");
	}
}

static void look_at_backends_that_are_no_list_says_so(void **state)
{
	static const char *const others[] = { "null", "{}", "0", "\"\"" };

	for (size_t i = 0; i < COUNT(others); i++) {
		struct json_object *answers = recorded("7.2-one-pair");
		struct json_object *item = json_object_new_object();

		json_object_object_add(item, "execute", json_object_new_string("query-memdev"));
		json_object_object_add(item, "return", json_tokener_parse(others[i]));
		json_object_array_add(answers, item);
		expect_fail(answers, "net0", -EPROTO, HOST_FAILED,
			    "the answer to query-memdev is not what QEMU 7.2 says");
	}
}

/* A peer that is bad at any of the commands ends it with the peer's error, and never hangs. */
static void look_at_bad_peer_fails_at_each_command(void **state)
{
	static const struct {
		enum fake_bad bad;
		int code;
	} kinds[] = { { FAKE_CLOSE, -ECONNRESET },
		      { FAKE_GARBAGE, -EPROTO },
		      { FAKE_HALF, -ECONNRESET },
		      { FAKE_WRONG_ID, -EPROTO },
		      { FAKE_HUGE, -EPROTO } };

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct host_qemu_reading reading = { 0 };
		int at = kinds[i].bad == FAKE_WRONG_ID, r;

		do {
			struct fake_qemu qemu = { .bad = kinds[i].bad, .bad_at = at };
			struct host_error err;

			r = look_at(&qemu, recorded("7.2-one-pair"), "net0", &reading, &err);
			if (r == 0 && at > qemu.commands)
				break;
			if (r != kinds[i].code || reading.devices)
				fail_msg("%d at %d: %d, %s", kinds[i].bad, at, r, err.text);
		} while (++at);
		host_qemu_clear(&reading);
		assert_true(at > 7);
	}
}

static void look_at_peer_that_hangs_has_a_deadline(void **state)
{
	for (int at = 0; at < 4; at += 3) {
		struct fake_qemu qemu = { .bad = FAKE_SILENT, .bad_at = at };
		struct host_qemu_reading reading;
		struct host_error err;

		assert_int_equal(look_at(&qemu, recorded("7.2-one-pair"), "net0", &reading, &err),
				 -ETIMEDOUT);
		assert_non_null(strstr(err.text, at ? "no answer to x-query-virtio within 5 s"
						    : "QEMU serves one client at a time"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look_at_version_that_would_abort_asks_nothing),
		cmocka_unit_test(look_at_vhost_user_asks_for_no_queue),
		cmocka_unit_test(look_at_device_that_qemu_runs_is_refused),
		cmocka_unit_test(look_at_member_that_is_wrong_says_which),
		cmocka_unit_test(look_at_member_that_is_missing_says_which),
		cmocka_unit_test(look_at_list_of_garbage_finds_nothing),
		cmocka_unit_test(look_at_backends_that_are_no_list_says_so),
		cmocka_unit_test(look_at_bad_peer_fails_at_each_command),
		cmocka_unit_test(look_at_peer_that_hangs_has_a_deadline),
	};

	return run_look(tests, COUNT(tests));
}
