/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer - rings and mappings that are told at the addresses of the guest's launcher, another process: where
 * they are here, what is refused, and what follows when the memory table changes.
 */
#include "iommu-rig.h"

#define PEER 0x7f1200000000ull

static struct rig rig;

static int add(uint64_t guest, uint64_t size, const void *at, uint64_t peer)
{
	return vhc_mem_add(rig.mem, VHC_ARG(vhc_region, .guest_addr = guest, .size = size,
					    .user_addr = (uintptr_t)at, .peer_addr = peer,
					    .flags = VHC_REGION_PEER));
}

/* The memory with the rings, and the one beside it far above: for the guest, and at the peer's. */
static int set_memory(uint64_t peer)
{
	vhc_mem_clear(rig.mem);
	add(RIG_GUEST, rig.ram_size, rig.ram, peer);
	add(RIG_MORE, RIG_MORE_SIZE, rig.more, peer + (1ull << 33));
	return vhc_mem_commit(rig.mem);
}

static int set_ring(uint32_t ring, uint64_t desc, uint64_t avail, uint64_t used)
{
	return vhc_ring_set_addr(rig.dev, ring,
				 VHC_ARG(vhc_ring_addr, .desc = desc, .avail = avail, .used = used,
					 .flags = VHC_RING_USER_ADDR));
}

static int set_ring_at(uint32_t ring, uint64_t at)
{
	return set_ring(ring, at, at + 0x1000, at + 0x2000);
}

static void prepare(const char *kernel)
{
	rig_new(&rig, kernel, 1);
	assert_ok(&rig, vhc_mem_new(rig.ctx, &rig.mem));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, rig_features(&rig));
	for (uint32_t i = 0; i < 2; i++) {
		assert_ok(&rig, vhc_ring_set_size(rig.dev, i, RIG_SIZE));
		assert_ok(&rig, vhc_ring_get_kick(rig.dev, i));
		assert_ok(&rig, vhc_ring_get_call(rig.dev, i));
	}
}

static void up_peer(void)
{
	prepare("6.12");
	assert_ok(&rig, set_memory(PEER));
	for (uint32_t i = 0; i < 2; i++)
		assert_ok(&rig, set_ring_at(i, PEER + i * RIG_RING_ROOM));
	assert_ok(&rig, rig_start(&rig));
	fake_forget_calls(rig.fake);
}

static bool ring_is_at(uint32_t ring, const uint8_t *at)
{
	const struct fake_ring *kernel = rig_kernel_ring(&rig, ring);

	return kernel->runs && kernel->desc == (uintptr_t)at &&
	       kernel->avail == (uintptr_t)at + 0x1000 && kernel->used == (uintptr_t)at + 0x2000;
}

/* ---------------------------------------------------------------------------------------- rings */

/* Before the memory is known or after it: the start translates. */
static void rings_start_where_peer_has_them(void **state)
{
	for (uint32_t later = 0; later < 2; later++) {
		prepare("6.12");
		if (!later)
			assert_ok(&rig, set_memory(PEER));
		for (uint32_t i = 0; i < 2; i++)
			assert_ok(&rig, set_ring_at(i, PEER + i * RIG_RING_ROOM));
		if (later) {
			assert_int_equal(rig_start(&rig), -EAGAIN);
			assert_says(&rig, "no memory", "vhc_mem_commit");
			assert_ok(&rig, set_memory(PEER));
		}
		assert_ok(&rig, rig_start(&rig));
		for (uint32_t i = 0; i < 2; i++) {
			assert_true(ring_is_at(i, rig.ram + i * RIG_RING_ROOM));
			/* without a log it is 0, whatever a peer says */
			assert_int_equal(rig_kernel_ring(&rig, i)->log_addr, 0);
		}
		/* the dirty log is of guest addresses */
		assert_ok(&rig, vhc_dirty_start(rig.mem));
		assert_int_equal(rig_kernel_ring(&rig, 1)->log_addr, rig_addr(1).used);
		rig_free(&rig);
	}
}

/* A caller that has pointers only. */
static void without_peer_address_it_is_the_users(void **state)
{
	prepare("6.1");
	assert_ok(&rig, rig_mem(&rig));
	for (uint32_t i = 0; i < 2; i++)
		assert_ok(&rig, set_ring_at(i, (uintptr_t)rig.ram + i * RIG_RING_ROOM));
	assert_ok(&rig, rig_start(&rig));
	assert_true(ring_is_at(1, rig.ram + RIG_RING_ROOM));
	rig_free(&rig);
}

static const struct {
	const char *name;
	uint64_t desc, avail, used;
	const char *says[3];
} outside[] = {
	{ "nowhere", 0x1000, 0x2000, 0x3000, { "descriptor table", "0x1000", "in no region" } },
	{ "past the end",
	  PEER,
	  PEER + 0x1000,
	  PEER + 0x7800,
	  { "used ring", "2054 bytes", "6 bytes past its end" } },
	{ "at its guest address",
	  RIG_GUEST,
	  RIG_GUEST + 0x1000,
	  RIG_GUEST + 0x2000,
	  { "0x40000000", "in no region" } },
	{ "wraps", PEER, PEER + 0x1000, -4ull, { "used ring", "0xfffffffffffffffc" } },
};

static void ring_outside_peers_memory_is_refused(void **state)
{
	prepare("6.12");
	assert_ok(&rig, set_memory(PEER));
	assert_ok(&rig, set_ring_at(1, PEER));
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		print_message("    %s\n", outside[i].name);
		assert_ok(&rig, set_ring(0, outside[i].desc, outside[i].avail, outside[i].used));
		assert_int_equal(vhc_ring_start(rig.dev, 0), -EINVAL);
		assert_says(&rig, "ring 0", "peer's address");
		for (size_t j = 0; j < 3 && outside[i].says[j]; j++)
			assert_says(&rig, outside[i].says[j]);
	}
	assert_int_equal(set_ring(0, PEER + 4, PEER, PEER), -EINVAL);
	assert_says(&rig, "multiple of 16");
	rig_free(&rig);
}

/* All of a part must continue at the peer's, for the guest and here. */
static void ring_over_border_must_continue(void **state)
{
	static const struct {
		const char *name;
		uint64_t guest, peer, at; /* of the second page; @at: in rig.ram */
		int error;
	} cases[] = {
		{ "everywhere", PAGE, PAGE, PAGE, 0 },
		{ "not for the guest", 9 * PAGE, PAGE, PAGE, -EINVAL },
		{ "not at the peer's", PAGE, 9 * PAGE, PAGE, -EINVAL },
		{ "not here", PAGE, PAGE, 2 * PAGE, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("    %s\n", cases[i].name);
		prepare("6.12");
		assert_ok(&rig, add(RIG_GUEST, PAGE, rig.ram, PEER));
		assert_ok(&rig, add(RIG_GUEST + cases[i].guest, PAGE, rig.ram + cases[i].at,
				    PEER + cases[i].peer));
		assert_ok(&rig, add(RIG_MORE, RIG_MORE_SIZE, rig.more, PEER + 0x100000));
		assert_ok(&rig, vhc_mem_commit(rig.mem));
		assert_ok(&rig, set_ring(0, PEER + 0x800, PEER + 0x100000, PEER + 0x101000));
		assert_int_equal(vhc_ring_start(rig.dev, 0), cases[i].error);
		if (cases[i].error)
			assert_says(&rig, "ring 0", "descriptor table");
		rig_free(&rig);
	}
}

/* What a guest has left is no reason against where its next driver puts a ring. */
static void ring_without_kick_is_not_in_the_way(void **state)
{
	up_peer();
	for (uint32_t i = 0; i < 2; i++) {
		assert_ok(&rig, vhc_ring_stop(rig.dev, i));
		assert_ok(&rig, vhc_ring_set_kick(rig.dev, i, -1));
	}
	assert_ok(&rig, set_ring_at(0, PEER + RIG_RING_ROOM));
	assert_ok(&rig, vhc_ring_get_kick(rig.dev, 0));
	assert_ok(&rig, vhc_ring_start(rig.dev, 0));
	assert_ok(&rig, vhc_ring_get_kick(rig.dev, 1));
	assert_int_equal(vhc_ring_start(rig.dev, 1), -EINVAL);
	assert_says(&rig, "ring 0", "ring 1", "overlap");
	rig_free(&rig);
}

/* ------------------------------------------------------------------------------- another table */

static void running_ring_is_known_by_new_addresses(void **state)
{
	up_peer();
	/* the peer sends what it sent, as QEMU does to switch the log */
	assert_ok(&rig, set_ring_at(0, PEER));
	assert_int_equal(set_ring_at(0, PEER + RIG_RING_ROOM), -EBUSY);
	/* it has moved the guest's memory, which is where it was for everybody else */
	assert_ok(&rig, set_memory(PEER + 0x10000000));
	assert_ok(&rig, set_ring_at(0, PEER + 0x10000000));
	assert_int_equal(set_ring_at(0, PEER), -EBUSY);
	assert_ok(&rig, set_ring_at(0, PEER + 0x10000000));
	assert_true(calls_are(rig.fake, ""));
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	/* a ring that stops and starts needs its new address */
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_int_equal(vhc_ring_start(rig.dev, 1), -EINVAL);
	assert_ok(&rig, vhc_ring_start(rig.dev, 0));
	assert_ok(&rig, set_ring_at(1, PEER + 0x10000000 + RIG_RING_ROOM));
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_true(ring_is_at(1, rig.ram + RIG_RING_ROOM));
	rig_free(&rig);
}

static void stopped_ring_is_translated_again(void **state)
{
	up_peer();
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	vhc_mem_clear(rig.mem);
	assert_ok(&rig, add(RIG_MORE, RIG_MORE_SIZE, rig.more, PEER));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_ok(&rig, rig_start(&rig));
	assert_true(ring_is_at(0, rig.more));
	assert_true(ring_is_at(1, rig.more + RIG_RING_ROOM));
	rig_free(&rig);
}

static void peer_addresses_of_table_are_checked(void **state)
{
	prepare("6.12");
	assert_ok(&rig, add(RIG_GUEST, rig.ram_size, rig.ram, PEER));
	assert_int_equal(add(RIG_MORE, PAGE, rig.more, PEER + rig.ram_size - 1), -EINVAL);
	assert_says(&rig, "overlap in peer addresses", "peer 0x7f1200000000-0x7f1200007fff");
	vhc_mem_clear(rig.mem);
	assert_int_equal(add(RIG_MORE, 2 * PAGE, rig.more, -PAGE), -EINVAL);
	assert_says(&rig, "last peer address");
	/* the last page of all is one */
	vhc_mem_clear(rig.mem);
	assert_ok(&rig, add(RIG_MORE, PAGE, rig.more, -PAGE));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	rig_free(&rig);
}

/* ------------------------------------------------------------------------------ behind an IOMMU */

static int map_user(uint64_t iova, uint64_t size, uint64_t peer)
{
	return vhc_dev_map(rig.dev, VHC_ARG(vhc_map, .iova = iova, .size = size, .addr = peer,
					    .perm = RIG_RW, .flags = VHC_MAP_USER));
}

/* Rings have I/O virtual addresses then, whatever the caller says that they are. */
static void prepare_iommu(void)
{
	rig_new(&rig, "6.12", 1);
	rig.iommu = true;
	assert_ok(&rig, vhc_mem_new(rig.ctx, &rig.mem));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, rig_rings(&rig));
	for (uint32_t i = 0; i < 2; i++)
		assert_ok(&rig, set_ring_at(i, RIG_IOVA + i * RIG_RING_ROOM));
	assert_ok(&rig, rig_features(&rig));
	assert_int_equal(map_user(RIG_IOVA, PAGE, PEER), -EAGAIN);
	assert_says(&rig, "peer's address 0x7f1200000000", "vhc_mem_commit");
	assert_ok(&rig, set_memory(PEER));
}

static void mapping_is_of_peers_address(void **state)
{
	prepare_iommu();
	assert_int_equal(map_user(RIG_IOVA, PAGE, RIG_GUEST), -EINVAL);
	assert_says(&rig, "peer's address 0x40000000", "in no region");
	assert_int_equal(vhc_dev_start(rig.dev), -EAGAIN);
	assert_ok(&rig, map_user(RIG_IOVA, rig.ram_size, PEER));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	assert_int_equal(rig_kernel_ring(&rig, 1)->used, RIG_IOVA + RIG_RING_ROOM + 0x2000);
	assert_int_equal(fake_translate(rig_vhost(&rig, 0), RIG_IOVA + 0x4123, RIG_RW),
			 (uintptr_t)rig.ram + 0x4123);
	assert_int_equal(set_ring_at(0, RIG_IOVA + 0x100), -EBUSY);
	assert_ok(&rig, set_ring_at(0, RIG_IOVA));
	/* more than there is of it is not mapped */
	assert_ok(&rig, map_user(0x5000, 4 * PAGE, PEER + rig.ram_size - PAGE));
	assert_int_equal(fake_translate(rig_vhost(&rig, 0), 0x5fff, RIG_RW),
			 (uintptr_t)rig.ram + rig.ram_size - 1);
	assert_int_equal(fake_translate(rig_vhost(&rig, 0), 0x6000, VHC_PERM_READ), 0);
	assert_int_equal(vhc_dev_map(rig.dev, VHC_ARG(vhc_map, .iova = 0x5000, .size = PAGE,
						      .addr = PEER, .perm = RIG_RW, .flags = 2)),
			 -EINVAL);
	assert_says(&rig, "VHC_MAP_USER");
	rig_free(&rig);
}

/* The peer's memory is in one piece, and the guest's is not, and neither is ours. */
static void mapping_is_split_at_borders(void **state)
{
	prepare_iommu();
	assert_ok(&rig, map_user(RIG_IOVA, rig.ram_size, PEER));
	assert_ok(&rig, vhc_mem_del(rig.mem, RIG_MORE, RIG_MORE_SIZE));
	assert_ok(&rig, add(0x100000, 2 * PAGE, rig.more + 4 * PAGE, PEER - 2 * PAGE));
	assert_ok(&rig, add(0x102000, PAGE, rig.more, PEER - 3 * PAGE));
	assert_ok(&rig, vhc_mem_commit(rig.mem));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	/* with a ring that runs in the last piece */
	assert_ok(&rig, map_user(RIG_IOVA - 3 * PAGE, rig.ram_size + 3 * PAGE, PEER - 3 * PAGE));
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(
			fake_translate(rig_vhost(&rig, 0), RIG_IOVA + i * PAGE - 3 * PAGE, RIG_RW),
			i == 0	? (uintptr_t)rig.more
			: i < 3 ? (uintptr_t)rig.more + (i + 3) * PAGE
				: (uintptr_t)rig.ram + (i - 3) * PAGE);
	rig_free(&rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings_start_where_peer_has_them),
		cmocka_unit_test(without_peer_address_it_is_the_users),
		cmocka_unit_test(ring_outside_peers_memory_is_refused),
		cmocka_unit_test(ring_over_border_must_continue),
		cmocka_unit_test(ring_without_kick_is_not_in_the_way),
		cmocka_unit_test(running_ring_is_known_by_new_addresses),
		cmocka_unit_test(stopped_ring_is_translated_again),
		cmocka_unit_test(peer_addresses_of_table_are_checked),
		cmocka_unit_test(mapping_is_of_peers_address),
		cmocka_unit_test(mapping_is_split_at_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
