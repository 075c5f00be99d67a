/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-base - where a ring that was stopped alone resumes: kept, lost and asked for again, or read from its
 * memory; and the interrupt that may be due when it resumes.
 */
#include "rig.h"

static struct rig rig;

static int setup(void **state)
{
	rig_new(&rig, "6.12", 2);
	rig_up(&rig);
	fake_forget_calls(rig.fake);
	return 0;
}

static int teardown(void **state)
{
	rig_free(&rig);
	return 0;
}

static void set_indices(uint32_t ring, uint16_t used, uint16_t avail)
{
	rig_set_index(&rig, ring, 'u', used);
	rig_set_index(&rig, ring, 'a', avail);
}

/* What a device does: take and use buffers that the driver made available. */
static void work(uint32_t ring, uint16_t buffers)
{
	struct fake_ring *kernel = rig_kernel_ring(&rig, ring);

	kernel->base = (uint16_t)(kernel->base + buffers);
	set_indices(ring, (uint16_t)kernel->base, (uint16_t)(kernel->base + 20));
}

static int64_t base_of(uint32_t ring)
{
	uint32_t base = UINT32_MAX;
	int r = vhc_ring_get_base(rig.dev, ring, &base);

	assert_true((r == 0) == (base != UINT32_MAX));
	return r ? r : (int64_t)base;
}

static void ring_stop_keeps_base(void **state)
{
	for (uint32_t round = 1; round <= 100; round++) {
		work(1, 1000);
		work(0, 3);
		assert_int_equal(base_of(1), -EBUSY);
		assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
		assert_int_equal(base_of(1), (uint16_t)(1000 * round));
		assert_int_equal(base_of(0), -EBUSY);
		fake_forget_calls(rig.fake);
		assert_ok(&rig, vhc_ring_start(rig.dev, 1));
		assert_true(calls_are(rig.fake, "VHOST_NET_SET_BACKEND"));
		assert_int_equal(rig_kernel_ring(&rig, 1)->base, (uint16_t)(1000 * round));
	}
	/* one that is set counts instead, once */
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	set_indices(1, 40, 60);
	assert_ok(&rig, vhc_ring_set_base(rig.dev, 1, 50));
	assert_int_equal(base_of(1), 50);
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_int_equal(rig_kernel_ring(&rig, 1)->base, 50);
	assert_int_equal(vhc_ring_set_base(rig.dev, 1, 50), -EBUSY);
	work(1, 1);
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_int_equal(base_of(1), 51);
}

/* The kernel did not say: the library does not guess, and asks again. */
static void get_base_after_failed_stop_is_enodata(void **state)
{
	work(1, 9);
	fake_fail(rig.fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(vhc_ring_stop(rig.dev, 1), -EIO);
	assert_says(&rig, "ring 1", "VHOST_GET_VRING_BASE", "EIO");
	assert_int_equal(base_of(1), -ENODATA);
	assert_int_equal(vhc_ring_start(rig.dev, 1), -EAGAIN);
	assert_says(&rig, "ring 1", "vhc_ring_set_base");
	/* a stop of another ring is none of this one; its own asks, and nothing else */
	assert_ok(&rig, vhc_ring_stop(rig.dev, 0));
	assert_int_equal(base_of(1), -ENODATA);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_true(calls_are(rig.fake, "VHOST_GET_VRING_BASE"));
	assert_int_equal(base_of(1), 9);
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	/* or the caller sets it; then it is not asked for */
	work(1, 1);
	fake_fail(rig.fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(vhc_ring_stop(rig.dev, 1), -EIO);
	assert_ok(&rig, vhc_ring_set_base(rig.dev, 1, 10));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_true(calls_are(rig.fake, ""));
	rig_kernel_ring(&rig, 1)->base = 1234;
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_int_equal(rig_kernel_ring(&rig, 1)->base, 10);
	/* or its memory does */
	work(1, 5);
	fake_fail(rig.fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(vhc_ring_stop(rig.dev, 1), -EIO);
	assert_ok(&rig, vhc_ring_recover_base(rig.dev, 1));
	assert_int_equal(base_of(1), 15);
}

/* What is read of a ring that would not stop is not where it will stop. */
static void get_base_of_ring_that_would_not_stop_is_ebusy(void **state)
{
	work(1, 9);
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 1, EIO);
	assert_int_equal(vhc_ring_stop(rig.dev, 1), -EIO);
	assert_non_null(rig_kernel_ring(&rig, 1)->backend);
	assert_int_equal(base_of(1), -EBUSY);
	work(1, 1);
	fake_fail(rig.fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(vhc_ring_stop(rig.dev, 1), -EIO);
	assert_int_equal(base_of(1), -ENODATA);
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_int_equal(base_of(1), 10);
}

/* ------------------------------------------------------------------------- an interrupt is due */

static void ring_start_that_resumes_signals_call(void **state)
{
	int fd = fake_eventfd(rig.fake);

	/* a fresh ring is not; one that stopped where it began may have come round to there */
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, i), 'c'), 0);
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 1), 'c'), 1);
	/* an interrupt for used buffers may be lost: one signal, to the eventfd that it has now */
	work(1, 1);
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 1, fd));
	assert_int_equal(fake_counter(rig.fake, fd), 0);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_int_equal(fake_counter(rig.fake, fd), 1);
	assert_int_equal(fake_count(rig.fake, "signal"), 1);
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_int_equal(fake_counter(rig.fake, fd), 1);
	/* no signal when it does not start, or has no call */
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 1, EIO);
	assert_int_equal(vhc_ring_start(rig.dev, 1), -EIO);
	assert_int_equal(fake_counter(rig.fake, fd), 1);
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 1, -1));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_int_equal(fake_count(rig.fake, "signal"), 0);
	/* of a whole device: rings that resume */
	work(2, 5);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 1, fd));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_counter(rig.fake, fd), 2);
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 0), 'c'), 1);
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 2), 'c'), 1);
	/* another device's ring, whose base was given */
	assert_ok(&rig, vhc_ring_reset(rig.dev, 3));
	assert_ok(&rig, rig_ring(&rig, 3));
	set_indices(3, 7, 7);
	assert_ok(&rig, vhc_ring_set_base(rig.dev, 3, 7));
	assert_ok(&rig, vhc_ring_start(rig.dev, 3));
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 3), 'c'), 1);
	/* those that ran all the time were not */
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 2), 'c'), 1);
	fake_close(rig.fake, fd);
}

/* ---------------------------------------------------------------------------- read from memory */

static const struct {
	uint16_t used, avail;
	int error;
	const char *says[3];
} indices[] = {
	{ 0, 0, 0, { NULL } },
	{ 0, RIG_SIZE, 0, { NULL } },
	{ 12345, 12345, 0, { NULL } },
	{ 65535, 65535, 0, { NULL } },
	{ 65535, 0, 0, { NULL } },
	{ 65530, RIG_SIZE - 6, 0, { NULL } },
	{ 0, RIG_SIZE + 1, -EINVAL, { "used index 0", "available index 257", "257 apart" } },
	{ 65535, RIG_SIZE, -EINVAL, { "used index 65535", "available index 256", "257 apart" } },
	{ 10, 9, -EINVAL, { "used index 10", "available index 9", "65535 apart" } },
	{ 0, 32768, -EINVAL, { "32768 apart", "256 descriptors" } },
};

static void recover_base_reads_used_index(void **state)
{
	assert_int_equal(vhc_ring_recover_base(rig.dev, 1), -EBUSY);
	assert_says(&rig, "ring 1", "running");
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_ok(&rig, vhc_ring_set_base(rig.dev, 1, 4711));
	for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
		int64_t before = base_of(1);

		set_indices(1, indices[i].used, indices[i].avail);
		fake_forget_calls(rig.fake);
		assert_int_equal(vhc_ring_recover_base(rig.dev, 1), indices[i].error);
		assert_true(calls_are(rig.fake, ""));
		for (size_t j = 0; j < 3 && indices[i].says[j]; j++)
			assert_says(&rig, "ring 1", indices[i].says[j]);
		assert_int_equal(base_of(1), indices[i].error ? before : indices[i].used);
		if (indices[i].error)
			continue;
		assert_ok(&rig, vhc_ring_start(rig.dev, 1));
		assert_int_equal(rig_kernel_ring(&rig, 1)->base, indices[i].used);
		assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	}
	assert_int_equal(vhc_ring_recover_base(rig.dev, 4), -EINVAL);
	fake_fail(rig.fake, "peek", 1, EFAULT);
	assert_int_equal(vhc_ring_recover_base(rig.dev, 1), -EINVAL);
	assert_says(&rig, "ring 1", "cannot be read", "EFAULT");
}

/* Another process ran it and died: here it is only set up, and may lack its eventfds. */
static void recover_base_on_new_device_needs_addresses_only(void **state)
{
	struct vhc_ring_addr addr = rig_addr(1), outside = addr;

	vhc_dev_close(rig.dev);
	rig.dev = NULL;
	set_indices(1, 700, 710);
	assert_ok(&rig, rig_dev(&rig));
	assert_int_equal(vhc_ring_recover_base(rig.dev, 1), -EAGAIN);
	assert_says(&rig, "ring 1", "size");
	assert_ok(&rig, vhc_ring_set_size(rig.dev, 1, RIG_SIZE));
	assert_int_equal(vhc_ring_recover_base(rig.dev, 1), -EAGAIN);
	assert_says(&rig, "ring 1", "addresses");
	assert_ok(&rig, vhc_ring_set_addr(rig.dev, 1, &addr));
	assert_int_equal(vhc_ring_recover_base(rig.dev, 1), -EAGAIN);
	assert_says(&rig, "ring 1", "memory", "vhc_dev_set_mem");
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, rig.mem));
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) {
		assert_int_equal(vhc_ring_recover_base(rig.dev, 1), -EAGAIN);
		assert_says(&rig, "ring 1", "byte order", "vhc_dev_set_features");
		assert_ok(&rig, vhc_dev_set_tap(rig.dev, rig.tap));
		assert_ok(&rig, rig_features(&rig));
	}
	assert_ok(&rig, vhc_ring_recover_base(rig.dev, 1));
	assert_int_equal(base_of(1), 700);
	outside.used += 0x10000000;
	assert_ok(&rig, vhc_ring_set_addr(rig.dev, 1, &outside));
	assert_int_equal(vhc_ring_recover_base(rig.dev, 1), -EINVAL);
	assert_says(&rig, "ring 1", "used ring", "region");
	assert_int_equal(base_of(1), 700);
	assert_ok(&rig, vhc_dev_set_tap(rig.dev, rig.tap));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_ring(&rig, 1));
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_int_equal(rig_kernel_ring(&rig, 1)->base, 700);
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 1), 'c'), 1);
}

/* No kernel has packed rings for vhost-net; if one had, their memory would not say it. */
static void recover_base_of_packed_ring_is_eopnotsupp(void **state)
{
	struct rig packed;

	rig_new(&packed, "6.12", 1);
	fake_profile(packed.fake)->features[0] |= 1ull << VHI_F_RING_PACKED;
	vhc_features_add(&packed.acked, VHI_F_RING_PACKED);
	rig_prepare(&packed);
	assert_int_equal(vhc_ring_recover_base(packed.dev, 1), -EOPNOTSUPP);
	assert_says(&packed, "ring 1", "packed");
	rig_free(&packed);
}

/* With the features first, or last: the setters of its rings take the same, and a start checks the rest. */
static void packed_ring_is_set_in_any_order(void **state)
{
	for (int last = 0; last < 2; last++) {
		struct rig packed;

		rig_new(&packed, "6.12", 1);
		fake_profile(packed.fake)->features[0] |= 1ull << VHI_F_RING_PACKED;
		vhc_features_add(&packed.acked, VHI_F_RING_PACKED);
		if (last) {
			assert_ok(&packed, rig_mem(&packed));
			assert_ok(&packed, rig_tap(&packed));
			assert_ok(&packed, rig_dev(&packed));
			assert_ok(&packed, rig_attach(&packed));
			assert_ok(&packed, rig_rings(&packed));
		} else {
			rig_prepare(&packed);
		}
		assert_int_equal(vhc_ring_set_size(packed.dev, 0, 32769), -EINVAL);
		assert_ok(&packed, vhc_ring_set_size(packed.dev, 0, 100));
		assert_int_equal(vhc_ring_set_base(packed.dev, 0, 0x80648064), -EINVAL);
		assert_ok(&packed, vhc_ring_set_base(packed.dev, 0, 0x80638063));
		/* a smaller ring, and the base is past its end */
		assert_ok(&packed, vhc_ring_set_size(packed.dev, 0, 99));
		if (last)
			assert_ok(&packed, rig_features(&packed));
		fake_forget_calls(packed.fake);
		assert_int_equal(rig_start(&packed), -EINVAL);
		assert_says(&packed, "ring 0", "0x80638063", "99", "set the base");
		assert_int_equal(fake_count(packed.fake, "VHOST_"), 0);
		assert_ok(&packed, vhc_ring_set_base(packed.dev, 0, 0x80628062));
		assert_ok(&packed, vhc_ring_check(packed.dev, 0));
		rig_free(&packed);
	}
}

/* A size or a base of a packed ring, and then the driver does not accept them. */
static void split_ring_with_packed_values_is_einval(void **state)
{
	struct rig split;

	rig_new(&split, "6.12", 1);
	assert_ok(&split, rig_mem(&split));
	assert_ok(&split, rig_tap(&split));
	assert_ok(&split, rig_dev(&split));
	assert_ok(&split, rig_attach(&split));
	assert_ok(&split, rig_rings(&split));
	assert_ok(&split, vhc_ring_set_size(split.dev, 1, 100));
	assert_ok(&split, rig_features(&split));
	assert_int_equal(rig_start(&split), -EINVAL);
	assert_says(&split, "ring 1", "100", "power of two");
	assert_int_equal(vhc_ring_set_size(split.dev, 1, 101), -EINVAL);
	rig_free(&split);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ring_stop_keeps_base),
		TEST(get_base_after_failed_stop_is_enodata),
		TEST(get_base_of_ring_that_would_not_stop_is_ebusy),
		TEST(ring_start_that_resumes_signals_call),
		TEST(recover_base_reads_used_index),
		TEST(recover_base_on_new_device_needs_addresses_only),
		cmocka_unit_test(recover_base_of_packed_ring_is_eopnotsupp),
		cmocka_unit_test(packed_ring_is_set_in_any_order),
		cmocka_unit_test(split_ring_with_packed_values_is_einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
