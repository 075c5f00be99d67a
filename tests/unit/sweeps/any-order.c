/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * any-order - the rules of setters and transitions: any order, any number of times, and what stays over
 * a stop, a start and a reset.
 */
#include "rig.h"

/* ---------------------------------------------------------------------------------- any order */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

/* The setters of two pairs; each but the first two with a wrong value too, which comes before. */
enum setter { MEM, TAP, FEATURES, SIZE, ADDR, KICK, CALL, BASE, SETTERS };

struct item {
	enum setter setter;
	uint32_t ring;
	bool done;
};

static void set_wrong(struct rig *rig, const struct item *item)
{
	struct vhc_ring_addr addr = rig_addr((item->ring + 1) % rig->rings);
	struct vhc_features legacy = { { 0 } };
	int fd;

	switch (item->setter) {
	case FEATURES: /* without a tap it is not yet known what may be accepted */
		if (vhc_dev_set_features(rig->dev, &legacy, 0) != -EAGAIN)
			assert_ok(rig, vhc_dev_set_features(rig->dev, &legacy, 0));
		break;
	case SIZE:
		assert_ok(rig, vhc_ring_set_size(rig->dev, item->ring, 1u << below(16)));
		break;
	case ADDR:
		assert_ok(rig, vhc_ring_set_addr(rig->dev, item->ring, &addr));
		break;
	case KICK:
		fd = fake_eventfd(rig->fake);
		assert_ok(rig, vhc_ring_set_kick(rig->dev, item->ring, fd));
		fake_close(rig->fake, fd);
		break;
	case CALL:
		assert_ok(rig, vhc_ring_set_call(rig->dev, item->ring, -1));
		break;
	case BASE:
		assert_ok(rig, vhc_ring_set_base(rig->dev, item->ring, below(65536)));
		break;
	default:
		break;
	}
}

/* Returns false when it is not its turn yet: features come behind the tap. */
static bool set_right(struct rig *rig, const struct item *item, const int kick[4],
		      const int call[4])
{
	struct vhc_ring_addr addr = rig_addr(item->ring);
	int r;

	switch (item->setter) {
	case MEM:
		assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
		break;
	case TAP:
		assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
		break;
	case FEATURES:
		r = rig_features(rig);
		if (r == -EAGAIN)
			return false;
		assert_ok(rig, r);
		break;
	case SIZE:
		assert_ok(rig, vhc_ring_set_size(rig->dev, item->ring, 32u << item->ring));
		break;
	case ADDR:
		assert_ok(rig, vhc_ring_set_addr(rig->dev, item->ring, &addr));
		break;
	case KICK:
		assert_ok(rig, vhc_ring_set_kick(rig->dev, item->ring, kick[item->ring]));
		break;
	case CALL:
		assert_ok(rig, vhc_ring_set_call(rig->dev, item->ring, call[item->ring]));
		break;
	default:
		assert_ok(rig, vhc_ring_set_base(rig->dev, item->ring, 0));
		break;
	}
	return true;
}

static uint32_t make_items(struct item *items)
{
	uint32_t count = 0;

	for (enum setter i = 0; i < SETTERS; i++)
		for (uint32_t ring = 0; ring < (i < SIZE ? 1u : 4u); ring++)
			items[count++] = (struct item){ .setter = i, .ring = ring };
	return count;
}

/* Everything is set in a random order, wrong values between; a start that is too early is -EAGAIN. */
static void set_all(struct rig *rig, const int kick[4], const int call[4])
{
	struct item items[64];
	uint32_t count = make_items(items), left = count;
	bool early = true; /* as long as there are no features, whatever else there is */

	while (left) {
		struct item *item = &items[below(count)];

		if (!item->done && below(2))
			set_wrong(rig, item);
		if (item->setter == FEATURES)
			early = false;
		if (early && !below(8))
			assert_int_equal(vhc_dev_start(rig->dev), -EAGAIN);
		if (!set_right(rig, item, kick, call) || item->done)
			continue;
		item->done = true;
		left--;
	}
}

static void check_kernel(struct rig *rig, const int kick[4], const int call[4])
{
	for (uint32_t i = 0; i < 4; i++) {
		const struct fake_ring *ring = rig_kernel_ring(rig, i);
		uint64_t at = (uintptr_t)rig->ram + i * RIG_RING_ROOM;

		assert_int_equal(ring->num, 32u << i);
		assert_int_equal(ring->base, 0);
		assert_int_equal(ring->desc, at);
		assert_int_equal(ring->avail, at + 0x1000);
		assert_int_equal(ring->used, at + 0x2000);
		assert_int_equal(ring->features[0], 1ull << VHI_F_MRG_RXBUF |
							    1ull << VHI_F_EVENT_IDX |
							    1ull << VHI_F_VERSION_1);
		assert_non_null(ring->backend);
		/* an fd of the test's is what the ring has */
		fake_sys.signal(rig->fake, kick[i]);
		fake_sys.signal(rig->fake, call[i]);
		assert_int_equal(fake_ring_counter(ring, 'k'), fake_counter(rig->fake, kick[i]));
		assert_int_equal(fake_ring_counter(ring, 'c'), fake_counter(rig->fake, call[i]));
		assert_int_equal(fake_ring_counter(ring, 'e'), 0);
	}
}

static void calls_in_any_order_match_model(void **state)
{
	struct rig *rig = *state;

	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_tap(rig));
	for (seed = 1; seed <= 10000; seed++) {
		uint64_t round = seed;
		int kick[4], call[4];

		for (uint32_t i = 0; i < 4; i++) {
			kick[i] = fake_eventfd(rig->fake);
			call[i] = fake_eventfd(rig->fake);
		}
		assert_ok(rig, rig_dev(rig));
		fake_forget_calls(rig->fake);
		set_all(rig, kick, call);
		assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
		assert_ok(rig, rig_start(rig));
		/* what is set to the same value at last costs the same; base 0 is a fresh ring's */
		assert_int_equal(fake_count(rig->fake, "VHOST_"), 3 * 2 + 6 * 4);
		check_kernel(rig, kick, call);
		vhc_dev_close(rig->dev);
		rig->dev = NULL;
		for (uint32_t i = 0; i < 4; i++) {
			fake_close(rig->fake, kick[i]);
			fake_close(rig->fake, call[i]);
		}
		seed = round;
	}
}

/* ------------------------------------------------------------------------- stop, start and reset */

/* What a device does: take and use buffers that the driver made available. */
static void work(struct rig *rig, uint32_t ring, uint16_t buffers)
{
	struct fake_ring *kernel = rig_kernel_ring(rig, ring);

	kernel->base = (uint16_t)(kernel->base + buffers);
	rig_set_index(rig, ring, 'a', (uint16_t)(kernel->base + 20));
	rig_set_index(rig, ring, 'u', (uint16_t)kernel->base);
}

static uint32_t base_of(struct rig *rig, uint32_t ring)
{
	uint32_t base = UINT32_MAX;

	assert_ok(rig, vhc_ring_get_base(rig->dev, ring, &base));
	return base;
}

static void start_resumes_where_stop_was(void **state)
{
	struct rig *rig = *state;

	/* over the end of 16 bits too */
	for (uint32_t round = 1; round <= 100; round++) {
		work(rig, 0, 1000);
		work(rig, 3, 7);
		assert_ok(rig, vhc_dev_stop(rig->dev));
		assert_int_equal(base_of(rig, 0), (uint16_t)(round * 1000));
		assert_int_equal(base_of(rig, 3), round * 7);
		assert_int_equal(base_of(rig, 1), 0);
		fake_forget_calls(rig->fake);
		assert_ok(rig, rig_start(rig));
		assert_int_equal(rig_kernel_ring(rig, 0)->base, (uint16_t)(round * 1000));
		/* the kernel knows it: nothing is said twice */
		assert_int_equal(fake_count(rig->fake, "VHOST_SET_VRING_BASE"), 0);
	}
}

static void set_base_overrides_kernel_base(void **state)
{
	struct rig *rig = *state;

	rig_prepare(rig);
	rig_set_index(rig, 1, 'a', 510);
	rig_set_index(rig, 1, 'u', 500);
	assert_ok(rig, vhc_ring_set_base(rig->dev, 1, 505));
	assert_int_equal(base_of(rig, 1), 505);
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_kernel_ring(rig, 1)->base, 505);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_int_equal(base_of(rig, 1), 505);
	assert_ok(rig, vhc_ring_set_base(rig->dev, 1, 500));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_kernel_ring(rig, 1)->base, 500);
	/* once: where the ring stops next counts again */
	work(rig, 1, 6);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_int_equal(base_of(rig, 1), 506);
}

static void reset_clears_settings(void **state)
{
	struct fake_left before, after;
	struct rig *rig = *state;

	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
	before = fake_left(rig->fake);
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, rig_start(rig));
	for (uint32_t i = 0; i < 4; i++)
		work(rig, i, 100);
	assert_ok(rig, vhc_dev_reset(rig->dev));
	after = fake_left(rig->fake);
	/* the owner stays, and no eventfd */
	before.workers += 2;
	assert_true(left_equal(&before, &after));
	for (uint32_t i = 0; i < 4; i++) {
		const struct fake_ring *ring = rig_kernel_ring(rig, i);

		assert_true(!ring->kick && !ring->call && !ring->err && !ring->backend);
		assert_int_equal(base_of(rig, i), 0);
		rig_set_index(rig, i, 'a', 0);
		rig_set_index(rig, i, 'u', 0);
	}
	assert_int_equal(rig_start(rig), -EAGAIN);
	assert_says(rig, "features");
	assert_ok(rig, rig_features(rig));
	assert_int_equal(rig_start(rig), -EAGAIN);
	assert_says(rig, "size");
	/* memory, tap and owner are still there; a driver begins again at 0 */
	assert_ok(rig, rig_rings(rig));
	fake_forget_calls(rig->fake);
	assert_ok(rig, rig_start(rig));
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_OWNER"), 0);
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_MEM_TABLE"), 0);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(rig_kernel_ring(rig, i)->base, 0);
}

/* The kernel did not tell where a ring stopped: that is not taken for the beginning. */
static void start_after_failed_get_base_is_eagain(void **state)
{
	uint32_t base = 77;
	struct rig *rig = *state;

	work(rig, 0, 9);
	fake_fail(rig->fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(vhc_dev_stop(rig->dev), -EIO);
	assert_says(rig, "ring 0", "VHOST_GET_VRING_BASE", "EIO");
	assert_int_equal(vhc_ring_get_base(rig->dev, 0, &base), -ENODATA);
	assert_int_equal(base, 77);
	assert_int_equal(rig_start(rig), -EAGAIN);
	assert_says(rig, "ring 0", "vhc_ring_set_base");
	/* asked again, it tells */
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_int_equal(base_of(rig, 0), 9);
	assert_ok(rig, rig_start(rig));
	/* or the caller sets it, be it the value that the kernel had before */
	work(rig, 0, 1);
	fake_fail(rig->fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(vhc_dev_stop(rig->dev), -EIO);
	assert_int_equal(vhc_ring_get_base(rig->dev, 0, &base), -ENODATA);
	rig_kernel_ring(rig, 0)->base = 1234;
	rig_set_index(rig, 0, 'u', 9);
	assert_ok(rig, vhc_ring_set_base(rig->dev, 0, 9));
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_kernel_ring(rig, 0)->base, 9);
	/* or it is a new driver's ring */
	fake_fail(rig->fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(vhc_dev_reset(rig->dev), -EIO);
	assert_ok(rig, vhc_dev_reset(rig->dev));
	rig_set_index(rig, 0, 'a', 0);
	rig_set_index(rig, 0, 'u', 0);
	rig_kernel_ring(rig, 0)->base = 1234;
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_kernel_ring(rig, 0)->base, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(calls_in_any_order_match_model, "6.12", 2),
		RIG_TEST_UP(start_resumes_where_stop_was, "6.1", 2),
		RIG_TEST(set_base_overrides_kernel_base, "6.1", 1),
		RIG_TEST(reset_clears_settings, "7.2", 2),
		RIG_TEST_UP(start_after_failed_get_base_is_eagain, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
