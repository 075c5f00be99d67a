/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start-refused - what a start would do and the kernel accept in silence: refused before the first ioctl,
 * and nothing is made.
 */
#include "rig.h"

static void no_size(struct rig *rig)
{
	/* a new device has none */
	vhc_dev_close(rig->dev);
	rig->dev = NULL;
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
	assert_ok(rig, rig_features(rig));
	for (uint32_t i = 0; i < rig->rings; i++) {
		struct vhc_ring_addr addr = rig_addr(i);

		assert_ok(rig, vhc_ring_set_addr(rig->dev, i, &addr));
		assert_ok(rig, vhc_ring_get_kick(rig->dev, i));
	}
}

/* All is set up but for one size. */
static void one_size_missing(struct rig *rig)
{
	no_size(rig);
	assert_ok(rig, vhc_ring_set_size(rig->dev, 0, RIG_SIZE));
}

static void no_kick(struct rig *rig)
{
	assert_ok(rig, vhc_ring_set_kick(rig->dev, 1, -1));
}

static void no_features(struct rig *rig)
{
	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_ok(rig, rig_rings(rig));
}

static void empty_memory(struct rig *rig)
{
	vhc_mem_clear(rig->mem);
	assert_ok(rig, vhc_mem_commit(rig->mem));
}

static void nothing_but_features(struct rig *rig)
{
	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_ok(rig, rig_features(rig));
}

static void no_memory(struct rig *rig)
{
	vhc_dev_close(rig->dev);
	rig->dev = NULL;
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
}

static void move_ring(struct rig *rig, uint32_t ring, uint64_t desc, uint64_t avail, uint64_t used)
{
	assert_ok(rig, vhc_ring_set_addr(
			       rig->dev, ring,
			       VHC_ARG(vhc_ring_addr, .desc = desc, .avail = avail, .used = used)));
}

static void outside(struct rig *rig)
{
	move_ring(rig, 0, 0x1000, 0x2000, 0x3000);
}

static void at_null(struct rig *rig)
{
	move_ring(rig, 0, 0, 0, 0);
}

static void kernel_pointer(struct rig *rig)
{
	move_ring(rig, 0, 0xffff888000000000, 0xffff888000001000, 0xffff888000002000);
}

static void all_the_same(struct rig *rig)
{
	move_ring(rig, 0, RIG_GUEST, RIG_GUEST, RIG_GUEST);
}

static void used_over_avail(struct rig *rig)
{
	/* avail has 6 + 2 * 256 bytes */
	move_ring(rig, 0, RIG_GUEST, RIG_GUEST + 0x1000, RIG_GUEST + 0x1200);
}

static void over_another_ring(struct rig *rig)
{
	move_ring(rig, 1, RIG_GUEST + RIG_RING_ROOM, RIG_GUEST + RIG_RING_ROOM + 0x1000,
		  RIG_GUEST + 0x800);
}

/* One that does not start, but would be in a document. */
static void over_stopped_ring(struct rig *rig)
{
	assert_ok(rig, vhc_ring_stop(rig->dev, 1));
	over_another_ring(rig);
}

static void ends_behind_memory(struct rig *rig)
{
	uint64_t end = RIG_GUEST + rig->ram_size;

	/* used has 6 + 8 * 256 bytes: two of them are past the end */
	move_ring(rig, 1, RIG_GUEST + RIG_RING_ROOM, RIG_GUEST + RIG_RING_ROOM + 0x1000,
		  end - 2052);
}

static void user_address(struct rig *rig)
{
	uint64_t ram = (uintptr_t)rig->ram;

	move_ring(rig, 0, ram, ram + 0x1000, ram + 0x2000);
}

static void over_two_regions(struct rig *rig)
{
	uint64_t ram = (uintptr_t)rig->ram;

	/* side by side for the guest, apart here: the kernel would write into what is between */
	vhc_mem_clear(rig->mem);
	assert_ok(rig, vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .guest_addr = RIG_GUEST,
						     .size = 0x1000, .user_addr = ram + 0x2000)));
	assert_ok(rig, vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .guest_addr = RIG_GUEST + 0x1000,
						     .size = 0x1000, .user_addr = ram)));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_ok(rig, vhc_ring_set_size(rig->dev, 0, 2));
	assert_ok(rig, vhc_ring_set_size(rig->dev, 1, 2));
	move_ring(rig, 0, RIG_GUEST + 0xff0, RIG_GUEST, RIG_GUEST + 0x100);
	move_ring(rig, 1, RIG_GUEST + 0x1100, RIG_GUEST + 0x1200, RIG_GUEST + 0x1300);
}

static void base_behind_avail(struct rig *rig)
{
	rig_set_index(rig, 0, 'a', 10);
	rig_set_index(rig, 0, 'u', 5);
	assert_ok(rig, vhc_ring_set_base(rig->dev, 0, 11));
}

static void base_before_used(struct rig *rig)
{
	rig_set_index(rig, 0, 'a', 3);
	rig_set_index(rig, 0, 'u', 0xfffe);
	assert_ok(rig, vhc_ring_set_base(rig->dev, 0, 0xfffd));
}

static void base_forgotten(struct rig *rig)
{
	/* a ring that another device used already */
	rig_set_index(rig, 1, 'a', 700);
	rig_set_index(rig, 1, 'u', 690);
}

static void not_a_ring(struct rig *rig)
{
	rig_set_index(rig, 0, 'a', 400);
	rig_set_index(rig, 0, 'u', 0);
}

static const struct {
	const char *name;
	void (*spoil)(struct rig *rig);
	int error;
	const char *says[4];
} starts[] = {
	{ "no size", no_size, -EAGAIN, { "size", "vhc_ring_set_size" } },
	{ "one size missing",
	  one_size_missing,
	  -EAGAIN,
	  { "ring 1", "size", "vhc_ring_set_size" } },
	{ "no kick", no_kick, -EAGAIN, { "ring 1", "kick", "silently" } },
	{ "no features", no_features, -EAGAIN, { "features", "header" } },
	{ "no memory", no_memory, -EAGAIN, { "memory", "vhc_dev_set_mem" } },
	{ "an empty table", empty_memory, -EAGAIN, { "memory", "empty" } },
	{ "no ring at all", nothing_but_features, -EAGAIN, { "no ring" } },
	{ "outside memory", outside, -EINVAL, { "ring 0", "0x1000", "below the first region" } },
	{ "at NULL", at_null, -EINVAL, { "ring 0", "0x0" } },
	{ "a kernel pointer", kernel_pointer, -EINVAL, { "ring 0", "0xffff888000000000" } },
	{ "a user address", user_address, -EINVAL, { "ring 0", "region" } },
	{ "all three the same", all_the_same, -EINVAL, { "ring 0", "overlap" } },
	{ "over another ring",
	  over_another_ring,
	  -EINVAL,
	  { "the descriptor table of ring 0", "used ring of ring 1", "0x40000800", "overlap" } },
	{ "over a stopped ring",
	  over_stopped_ring,
	  -EINVAL,
	  { "the descriptor table of ring 0", "used ring of ring 1", "0x40000800", "overlap" } },
	{ "used over avail", used_over_avail, -EINVAL, { "ring 0", "overlap", "avail", "used" } },
	{ "ends behind memory", ends_behind_memory, -EINVAL, { "ring 1", "used", "2 bytes past" } },
	{ "over two regions", over_two_regions, -EINVAL, { "ring 0", "one region" } },
	{ "base behind avail", base_behind_avail, -EINVAL, { "ring 0", "11", "10", "5" } },
	{ "base before used", base_before_used, -EINVAL, { "ring 0", "65533", "65534", "3" } },
	{ "base forgotten", base_forgotten, -EINVAL, { "ring 1", "base 0", "690", "700" } },
	{ "not a ring", not_a_ring, -EINVAL, { "ring 0", "400", "256" } },
};

static void start_that_only_kernel_accepts_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct fake_left before, after;
		char *json = NULL;
		struct rig rig;
		int r;

		print_message("    %s\n", starts[i].name);
		rig_new(&rig, "7.2", 1);
		rig_prepare(&rig);
		starts[i].spoil(&rig);
		fake_forget_calls(rig.fake);
		before = fake_left(rig.fake);
		r = vhc_dev_start(rig.dev);
		if (r != starts[i].error)
			fail_msg("%s: %d: %s", starts[i].name, r, r ? rig_text(&rig) : "started");
		assert_says(&rig, "net0");
		for (size_t j = 0; j < 4 && starts[i].says[j]; j++)
			assert_says(&rig, starts[i].says[j]);
		assert_int_equal(vhc_dev_plan(rig.dev, &json), starts[i].error);
		assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
		assert_int_equal(fake_count(rig.fake, "TUN"), 0);
		after = fake_left(rig.fake);
		assert_true(left_equal(&before, &after));
		rig_free(&rig);
	}
}

static void start_without_tap_is_eagain(void **state)
{
	struct vhc_features offered;
	struct rig *rig = *state;

	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	assert_ok(rig, rig_rings(rig));
	assert_int_equal(vhc_dev_offer_features(rig->dev, NULL, NULL, &offered), -EAGAIN);
	assert_says(rig, "tap", "vhc_dev_set_tap");
	assert_int_equal(rig_features(rig), -EAGAIN);
	assert_int_equal(rig_start(rig), -EAGAIN);
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_that_only_kernel_accepts_is_refused),
		RIG_TEST(start_without_tap_is_eagain, "7.2", 2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
