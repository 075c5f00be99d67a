/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of reading the vhost devices of a running QEMU, on what real ones answered.
 */
#include "look-qemu.h"

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
	assert_int_equal(reading.memory, 192 << 20);
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

static void look_of_other_version_reads_the_same(void **state)
{
	struct host_qemu_reading reading;
	struct host_qemu_device *device = net0("10.0-one-pair", &reading);

	/* with USO, which QEMU 7.2 does not have */
	assert_int_equal(device->look.accepted[0], 0x1c0010130bfffaf);
	assert_int_equal(device->offered[0] & ~device->look.accepted[0],
			 BIT(6) | BIT(24) | BIT(27));
	assert_int_equal(device->look.vhost_features[0],
			 BIT(15) | BIT(28) | BIT(29) | BIT(32) | BIT(40));
	assert_true(device->look.rings[1].running);
	assert_int_equal(device->mtu, 1400);
	host_qemu_clear(&reading);
}

/* Of the other pairs vhost's part of QEMU tells nothing, and with them the last queue is not vhost's. */
static void look_with_several_pairs_reads_all_their_rings(void **state)
{
	struct host_qemu_reading reading;
	struct look_device *look = &net0("7.2-four-pairs", &reading)->look;

	assert_int_equal(look->fd_count, 4);
	assert_true(look->known & LOOK_PAIRS);
	assert_int_equal(look->ring_count, 8);
	assert_int_equal(look->rings[7].index, 7);
	assert_int_equal(look->rings[7].size, 256);
	assert_int_equal(look->rings[7].guest_desc, 18612224);
	assert_true(look->rings[7].running);
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

/* ----------------------------------------------------------------------------------------- names */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look_running_reads_features_by_number),
		cmocka_unit_test(look_running_reads_rings_but_no_base),
		cmocka_unit_test(look_of_other_version_reads_the_same),
		cmocka_unit_test(look_with_several_pairs_reads_all_their_rings),
		cmocka_unit_test(look_stopped_reads_bases_but_not_what_vhost_had),
		cmocka_unit_test(look_without_driver_reads_no_features_and_no_addresses),
		cmocka_unit_test(look_without_id_reads_all_but_other_devices),
		cmocka_unit_test(look_reads_names_that_qemu_has_wrong),
		cmocka_unit_test(look_at_text_that_stands_for_no_bit_fails),
	};

	return run_look(tests, COUNT(tests));
}
