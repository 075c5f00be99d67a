/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of reading the vhost devices of a running QEMU, on what real ones answered (qemu/), on what they
 * never should answer, and on peers that do not answer at all.
 */
#include "fake-qemu.h"
#include "host_test.h"

static struct vhc_ctx *ctx;

#define BIT(bit) (UINT64_C(1) << (bit))

static struct json_object *recorded(const char *name)
{
	char path[400];
	struct json_object *list;

	snprintf(path, sizeof(path), RECORDED "/%s.json", name);
	list = json_object_from_file(path);
	if (!list)
		fail_msg("%s: %s", path, json_util_get_last_err());
	return list;
}

/* @answers: put by the call; NULL: the fake's own. */
static int look_at(struct fake_qemu *qemu, struct json_object *answers, const char *id,
		   struct host_qemu_reading *ret, struct host_error *err)
{
	struct host_options options = { .ctx = ctx, .qmp = qemu->path, .seconds = 1 };
	int r;

	*ret = (struct host_qemu_reading){ NULL, 0 };
	*err = (struct host_error){ 0 };
	qemu->recorded = answers;
	fake_qemu_start(qemu);
	r = host_look_qemu(id, &options, ret, err);
	fake_qemu_stop(qemu);
	json_object_put(answers);
	return r;
}

/* The device "net0" of a recorded QEMU. */
static struct host_qemu_device *net0(const char *name, struct host_qemu_reading *reading)
{
	struct fake_qemu qemu = { 0 };
	struct host_error err;

	if (look_at(&qemu, recorded(name), "net0", reading, &err))
		fail_msg("%s: %s", name, err.text);
	assert_int_equal(reading->count, 1);
	assert_string_equal(reading->devices[0].id, "net0");
	return &reading->devices[0];
}

static void expect_fail(struct json_object *answers, const char *id, int code,
			enum host_status status, const char *words)
{
	struct fake_qemu qemu = { 0 };
	struct host_qemu_reading reading;
	struct host_error err;
	int r = look_at(&qemu, answers, id, &reading, &err);

	if (r != code || err.status != status || !strstr(err.text, words) ||
	    !strstr(err.text, qemu.path) || reading.devices)
		fail_msg("%d (not %d), status %d: %s", r, code, err.status, err.text);
}

/* ------------------------------------------------------------------------------------- real answers */

static void look_running_reads_features_by_number(void **state)
{
	struct host_qemu_reading reading;
	struct host_qemu_device *device = net0("7.2-one-pair", &reading);

	/* what this guest's own sysfs showed */
	assert_int_equal(device->look.accepted[0], 0x10130afffaf);
	/* bit 40 has no name in QEMU 7.2 */
	assert_int_equal(device->look.vhost_features[0],
			 BIT(15) | BIT(28) | BIT(29) | BIT(32) | BIT(40));
	assert_int_equal(device->look.backend_features, 2);
	assert_int_equal(device->look.known, LOOK_FEATURES | LOOK_BACKEND_FEATURES | LOOK_ACCEPTED |
						     LOOK_IOMMU | LOOK_PAIRS | LOOK_RUNNING |
						     LOOK_RINGS);
	assert_false(device->look.iommu);
	assert_string_equal(device->mac, "52:54:00:12:34:56");
	assert_int_equal(device->mtu, 1400);
	host_qemu_clear(&reading);
}

static void look_running_reads_rings_but_no_base(void **state)
{
	struct host_qemu_reading reading;
	struct look_device *look = &net0("7.2-one-pair", &reading)->look;

	assert_int_equal(look->kind, LOOK_NET);
	assert_int_equal(look->fd_count, 1);
	assert_int_equal(look->ring_count, 2);
	assert_int_equal(look->rings[0].size, 256);
	assert_int_equal(look->rings[0].guest_desc, 98304000);
	assert_int_equal(look->rings[0].guest_avail, 98308096);
	assert_int_equal(look->rings[0].guest_used, 98308672);
	assert_int_equal(look->rings[1].guest_desc, 98328576);
	assert_true(look->rings[0].running && look->rings[1].running && look->rings[1].translated);
	assert_false(look->known & (LOOK_BASES | LOOK_INDICES | LOOK_MEMORY));
	host_qemu_clear(&reading);
}

static void look_stopped_reads_bases_but_not_what_vhost_had(void **state)
{
	struct host_qemu_reading reading;
	struct look_device *look = &net0("7.2-stopped", &reading)->look;

	assert_int_equal(look->accepted[0], 0x10130afffaf);
	assert_int_equal(look->known & (LOOK_BASES | LOOK_FEATURES | LOOK_BACKEND_FEATURES),
			 LOOK_BASES);
	assert_int_equal(look->rings[0].last_avail, 18);
	assert_int_equal(look->rings[1].last_avail, 16);
	assert_false(look->rings[0].running);
	host_qemu_clear(&reading);
}

static void look_without_driver_reads_no_features_and_no_addresses(void **state)
{
	struct host_qemu_reading reading;
	struct look_device *look = &net0("7.2-no-driver", &reading)->look;

	assert_int_equal(look->accepted[0], 0);
	assert_int_equal(look->rings[0].size, 256);
	assert_false(look->rings[0].translated);
	host_qemu_clear(&reading);
}

/* Without an id, all of them: there are two, of which one has no id, and a source of entropy. */
static void look_without_id_reads_all_but_other_devices(void **state)
{
	struct fake_qemu qemu = { 0 };
	struct host_qemu_reading reading;
	struct host_error err;

	assert_int_equal(look_at(&qemu, recorded("7.2-no-driver"), NULL, &reading, &err), 0);
	assert_int_equal(reading.count, 2);
	assert_string_equal(reading.devices[0].id, "device[0]");
	assert_string_equal(reading.devices[1].id, "net0");
	assert_null(strstr(qemu.log, "/rng/"));
	host_qemu_clear(&reading);
	expect_fail(recorded("7.2-no-driver"), "rng", -ENODEV, HOST_FAILED,
		    "no net or vsock device \"rng\"");
}

/* ------------------------------------------------------------------------------------ other answers */

/* What the recorded QEMU returns for this command. */
static struct json_object *returned(struct json_object *answers, const char *command)
{
	for (size_t i = 0; i < json_object_array_length(answers); i++) {
		struct json_object *item = json_object_array_get_idx(answers, i);

		if (strcmp(json_object_get_string(json_object_object_get(item, "execute")),
			   command) == 0)
			return json_object_object_get(item, "return");
	}
	fail_msg("%s is not recorded", command);
	return NULL;
}

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
	struct json_object *answers = recorded("7.2-one-pair");
	struct json_object *status = returned(answers, "x-query-virtio-status");

	json_object_object_add(status, "vhost-started", json_object_new_boolean(false));
	json_object_object_del(status, "vhost-dev");
	expect_fail(answers, "net0", -ENOTSUP, HOST_LACKS,
		    "vhost does not run the device \"net0\"");
}

/* Reads with this text, instead of an accepted feature of the recorded guest, and returns the result. */
static int look_with_text(const char *text, uint64_t word, uint64_t accepted[2],
			  struct host_error *err)
{
	struct fake_qemu qemu = { 0 };
	struct json_object *answers = recorded("7.2-one-pair");
	struct json_object *set = json_object_object_get(returned(answers, "x-query-virtio-status"),
							 "guest-features");
	struct host_qemu_reading reading;
	int r;

	json_object_array_add(json_object_object_get(set, "dev-features"),
			      json_object_new_string(text));
	if (word)
		json_object_object_add(set, "unknown-dev-features2", json_object_new_uint64(word));
	r = look_at(&qemu, answers, "net0", &reading, err);
	if (r == 0)
		memcpy(accepted, reading.devices[0].look.accepted, 2 * sizeof(*accepted));
	host_qemu_clear(&reading);
	return r;
}

static void look_reads_names_that_qemu_has_wrong(void **state)
{
	static const struct {
		const char *text;
		unsigned int bit;
	} texts[] = {
		{ "VIRTIO_NET_F_GUEST_USO4: Driver can receive USOv4", 54 },
		{ "VIRTIO_NET_F_GUEST_USO4: Driver can receive USOv6", 55 },
		{ "VIRTIO_NET_F_GUEST_USO6: Driver can receive USOv6", 55 },
		{ "VIRTIO_F_IOMMU_PLATFORM: ...", 33 },
		{ "VIRTIO_F_RING_RESET: ...", 40 + 256 }, /* the recorded word has it, too */
		{ "VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO: GSO over UDP", 65 },
		{ "VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO: with checksum of the outer header", 66 },
		{ "VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM: with the outer header", 68 },
		{ "VIRTIO_NET_F_RSC_EXT: ...", 61 },
		{ "VIRTIO_NET_F_SPEED_DUPLEX: ...", 63 },
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		uint64_t set[2] = { 0 };
		unsigned int bit = texts[i].bit % 256;
		struct host_error err;

		if (look_with_text(texts[i].text, BIT(5), set, &err))
			fail_msg("%s: %s", texts[i].text, err.text);
		if (!(set[bit / 64] & BIT(bit % 64)) || !(set[1] & BIT(5)))
			fail_msg("%s: %lx %lx", texts[i].text, (long)set[0], (long)set[1]);
	}
}

static void look_at_text_that_stands_for_no_bit_fails(void **state)
{
	static const char *const texts[] = { "VIRTIO_NET_F_TELEPORT: Device can", "", ":",
					     "VIRTIO_NET_F_CSUM", "host_uso: Device can",
					     "csum,mac: ",
					     /* the recorded guest has it */
					     "VIRTIO_NET_F_CSUM: something new" };
	uint64_t set[2];
	struct host_error err;

	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(look_with_text(texts[i], 0, set, &err), -ENOTSUP);
		assert_non_null(strstr(err.text, "which bit QEMU means by the feature \""));
	}
}

/* ---------------------------------------------------------------------------------------- garbage */

static const char *const needed[] = {
	"started",	"vm-running",  "vhost-started", "guest-features", "transports",
	"dev-features", "num-vqs",     "vhost-dev",	"features",	  "acked-features",
	"backend-cap",	"log-enabled", "vring-num",	"vring-desc",	  "vring-avail",
	"vring-used",	"qemu",	       "major",		"minor",	  "unknown-dev-features",
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

	for (size_t i = 0; i < COUNT(kinds); i++)
		for (int at = 0; at < 7; at++) {
			struct fake_qemu qemu = { .bad = kinds[i].bad, .bad_at = at };
			struct host_qemu_reading reading;
			struct host_error err;
			int r;

			if (at == 0 && kinds[i].bad == FAKE_WRONG_ID)
				continue;
			r = look_at(&qemu, recorded("7.2-one-pair"), "net0", &reading, &err);
			if (r != kinds[i].code || reading.devices)
				fail_msg("%d at %d: %d, %s", kinds[i].bad, at, r, err.text);
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
		assert_non_null(strstr(err.text, at ? "no answer to x-query-virtio within 1 s"
						    : "QEMU serves one client at a time"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look_running_reads_features_by_number),
		cmocka_unit_test(look_running_reads_rings_but_no_base),
		cmocka_unit_test(look_stopped_reads_bases_but_not_what_vhost_had),
		cmocka_unit_test(look_without_driver_reads_no_features_and_no_addresses),
		cmocka_unit_test(look_without_id_reads_all_but_other_devices),
		cmocka_unit_test(look_at_version_that_would_abort_asks_nothing),
		cmocka_unit_test(look_at_vhost_user_asks_for_no_queue),
		cmocka_unit_test(look_at_device_that_qemu_runs_is_refused),
		cmocka_unit_test(look_reads_names_that_qemu_has_wrong),
		cmocka_unit_test(look_at_text_that_stands_for_no_bit_fails),
		cmocka_unit_test(look_at_member_that_is_wrong_says_which),
		cmocka_unit_test(look_at_member_that_is_missing_says_which),
		cmocka_unit_test(look_at_list_of_garbage_finds_nothing),
		cmocka_unit_test(look_at_bad_peer_fails_at_each_command),
		cmocka_unit_test(look_at_peer_that_hangs_has_a_deadline),
	};
	int r;

	if (vhc_ctx_new(&ctx))
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	vhc_ctx_free(ctx);
	return r;
}
