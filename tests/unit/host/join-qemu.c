/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of a device that the kernel and QEMU show.
 */
#include "look-qemu.h"

/* What the kernel would say of this device. */
static struct look_device as_kernel(const struct host_qemu_device *device,
				    struct look_ring rings[2])
{
	struct look_device look = device->look;

	memcpy(rings, device->look.rings, 2 * sizeof(*rings));
	look.rings = rings;
	look.known = LOOK_FEATURES | LOOK_BACKEND_FEATURES | LOOK_PAIRS | LOOK_RUNNING |
		     LOOK_RINGS | LOOK_BASES | LOOK_MEMORY;
	memset(look.accepted, 0, sizeof(look.accepted));
	return look;
}

static void join_of_equal_readings_adds_accepted_features(void **state)
{
	struct host_qemu_reading reading;
	struct host_qemu_device *device = net0("7.2-one-pair", &reading);
	struct look_device *found = NULL;
	struct look_ring rings[2];
	struct look_device look = as_kernel(device, rings);
	struct host_error err;

	assert_int_equal(host_qemu_join(device, &look, 1, &found, &err), 0);
	assert_ptr_equal(found, &look);
	assert_int_equal(look.accepted[0], 0x10130afffaf);
	assert_true(look.known & LOOK_ACCEPTED);
	assert_true(look.known & LOOK_MEMORY);
	host_qemu_clear(&reading);
}

#define DIFFERS(statement, text_)                                                          \
	do {                                                                               \
		struct look_ring rings[2];                                                 \
		struct look_device look = as_kernel(device, rings);                        \
		struct host_error err;                                                     \
                                                                                           \
		statement;                                                                 \
		assert_int_equal(host_qemu_join(device, &look, 1, &found, &err), -EAGAIN); \
		if (!strstr(err.text, text_))                                              \
			fail_msg("%s: %s", text_, err.text);                               \
		assert_false(look.known &LOOK_ACCEPTED);                                   \
	} while (0)

static void join_of_different_readings_says_what_differs(void **state)
{
	struct host_qemu_reading reading;
	struct host_qemu_device *device = net0("7.2-one-pair", &reading);
	struct look_device *found = NULL;

	DIFFERS(look.fd_count = 4, "queue pairs is 0x4 in the kernel, 0x1 in QEMU");
	DIFFERS(look.vhost_features[0] ^= BIT(15), "features 0 to 63");
	DIFFERS(look.vhost_features[1] ^= BIT(1), "features 64 to 127");
	DIFFERS(look.backend_features = 0, "back-end features is 0x0 in the kernel, 0x2 in QEMU");
	DIFFERS(rings[1].running = false, "running of ring 1 is 0x0");
	DIFFERS(rings[1].size = 512, "size of ring 1 is 0x200 in the kernel, 0x100 in QEMU");
	DIFFERS(rings[0].guest_desc += 4096, "descriptors of ring 0");
	DIFFERS(rings[0].guest_avail += 4096, "available ring of ring 0");
	DIFFERS(rings[1].guest_used += 4096, "used ring of ring 1");
	host_qemu_clear(&reading);
}

/* Two devices of a process are told apart by where their rings are. */
static void join_with_several_devices_goes_by_the_address(void **state)
{
	struct host_qemu_reading reading;
	struct host_qemu_device *device = net0("7.2-one-pair", &reading);
	struct look_device *found = NULL, looks[2];
	struct look_ring rings[2][2];
	struct host_error err;

	looks[0] = as_kernel(device, rings[0]);
	looks[1] = as_kernel(device, rings[1]);
	rings[0][0].guest_desc += 4096;
	assert_int_equal(host_qemu_join(device, looks, 2, &found, &err), 0);
	assert_ptr_equal(found, &looks[1]);
	rings[1][0].guest_desc += 8192;
	assert_int_equal(host_qemu_join(device, looks, 2, &found, &err), -ENODEV);
	assert_non_null(strstr(
		err.text, "none of the 2 vhost devices of the process is QEMU's device \"net0\""));
	looks[0].kind = looks[1].kind = LOOK_VSOCK;
	assert_int_equal(host_qemu_join(device, looks, 2, &found, &err), -ENODEV);
	assert_int_equal(host_qemu_join(device, looks, 0, &found, &err), -ENODEV);
	host_qemu_clear(&reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(join_of_equal_readings_adds_accepted_features),
		cmocka_unit_test(join_of_different_readings_says_what_differs),
		cmocka_unit_test(join_with_several_devices_goes_by_the_address),
	};

	return run_look(tests, COUNT(tests));
}
