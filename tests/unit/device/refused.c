/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * refused - what the kernel takes without a word, and then stalls, corrupts or stays silent on, is
 * refused before any vhost ioctl, with the value and the rule.  What else is wrong is refused there
 * too.
 */
#include <limits.h>
#include <sys/mman.h>

#include "rig.h"

#define PAGE 4096ull

/* Four pages with nothing around them. */
#define ALONE 0x200000000000ull

/* ------------------------------------------------------------------------------ memory tables */

/* Guest and user addresses are given from their beginnings, unless they are absolute. */
struct span {
	uint64_t guest, size, user;
	bool absolute;
};

static const struct {
	const char *name;
	struct span span[2];
	const char *says[3];
} tables[] = {
	{ "size 0", { { 0, 0, 0 } }, { "size", "0" } },
	{ "size 0 at address 0", { { 0, 0, 0x7000, true } }, { "size is 0" } },
	{ "unaligned guest address", { { 1, PAGE, 0 } }, { "4096" } },
	{ "unaligned size", { { 0, PAGE - 1, 0 } }, { "4096" } },
	{ "unaligned user address", { { 0, PAGE, 8 } }, { "4096" } },
	{ "guest addresses wrap",
	  { { UINT64_MAX - PAGE + 1, 2 * PAGE, 0x7000, true } },
	  { "2^64" } },
	{ "user addresses wrap",
	  { { 0, 2 * PAGE, UINT64_MAX - PAGE + 1, true } },
	  { "last address that a process can have" } },
	{ "the kernel's addresses",
	  { { 0, PAGE, 0xffff888000000000, true } },
	  { "0xffff888000000000", "last address that a process can have" } },
	{ "all of the address space", { { 0, UINT64_MAX - PAGE + 1, PAGE, true } }, { "last" } },
	{ "NULL", { { 0, PAGE, 0, true } }, { "NULL" } },
	{ "nothing mapped there", { { 0, PAGE, ALONE + 8 * PAGE, true } }, { "not mapped" } },
	{ "mapped at the beginning only", { { 0, 5 * PAGE, ALONE, true } }, { "not mapped" } },
	{ "the same region twice", { { 0, PAGE, 0 }, { 0, PAGE, 0 } }, { "overlap", "guest" } },
	{ "the same guest addresses",
	  { { 0, PAGE, 0 }, { 0, PAGE, PAGE } },
	  { "overlap", "guest addresses", "0x40000000" } },
	{ "guest addresses overlap by a page",
	  { { 0, 2 * PAGE, 0 }, { PAGE, PAGE, 3 * PAGE } },
	  { "overlap", "guest addresses", "0x40001000" } },
	{ "one inside the other",
	  { { 0, 3 * PAGE, 0 }, { PAGE, PAGE, 3 * PAGE } },
	  { "overlap", "guest addresses" } },
	{ "user addresses overlap",
	  { { 0, 2 * PAGE, 0 }, { 8 * PAGE, PAGE, PAGE } },
	  { "overlap", "user addresses" } },
};

static int add(struct rig *rig, const struct span *span)
{
	uint64_t guest = span->absolute ? 0 : RIG_GUEST;
	uint64_t user = span->absolute ? 0 : (uintptr_t)rig->ram;

	return vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .guest_addr = guest + span->guest,
					     .size = span->size, .user_addr = user + span->user));
}

static void mem_add_of_bad_region_is_einval(void **state)
{
	void *alone = mmap((void *)ALONE, 4 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	struct rig rig;

	assert_ptr_equal(alone, (void *)ALONE);
	rig_new(&rig, "6.1", 1);
	assert_int_equal(vhc_mem_new(rig.ctx, &rig.mem), 0);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		bool two = tables[i].span[1].size;
		int r;

		print_message("    %s\n", tables[i].name);
		vhc_mem_clear(rig.mem);
		if (two)
			assert_ok(&rig, add(&rig, &tables[i].span[0]));
		r = add(&rig, &tables[i].span[two]);
		assert_int_equal(r, -EINVAL);
		for (size_t j = 0; j < 3 && tables[i].says[j]; j++)
			assert_says(&rig, tables[i].says[j]);
		/* the edit that failed spoils the commit, and the commit drops all edits */
		assert_int_equal(vhc_mem_add(rig.mem, &(struct vhc_region){ 0 }), -EINVAL);
		assert_int_equal(vhc_mem_commit(rig.mem), -EINVAL);
		assert_says(&rig, tables[i].says[0]);
		assert_int_equal(vhc_mem_count_spare(rig.mem), 64);
	}
	assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
	rig_free(&rig);
	munmap(alone, 4 * PAGE);
}

/* Regions apart from each other, so that none can be merged. */
static int add_many(struct rig *rig, uint32_t count)
{
	int r = 0;

	vhc_mem_clear(rig->mem);
	for (uint32_t i = 0; i < count && !r; i++)
		r = add(rig, &(struct span){ i * 2 * PAGE, PAGE, i * 2 * PAGE });
	return r ? r : vhc_mem_commit(rig->mem);
}

static void commit_of_too_many_regions_is_e2big(void **state)
{
	struct rig *rig = *state;
	struct vhc_mem *big;

	rig_prepare(rig);
	fake_forget_calls(rig->fake);
	assert_ok(rig, add_many(rig, 64));
	assert_int_equal(vhc_mem_count_spare(rig->mem), 0);
	assert_int_equal(add_many(rig, 65), -E2BIG);
	assert_says(rig, "65", "64", "max_mem_regions");
	/* what is committed is what was */
	assert_int_equal(vhc_mem_count_spare(rig->mem), 0);
	/* the same of a table that a device is attached to */
	big = rig->mem;
	rig->mem = NULL;
	assert_int_equal(vhc_mem_new(rig->ctx, &rig->mem), 0);
	assert_ok(rig, add_many(rig, 65));
	assert_int_equal(vhc_dev_set_mem(rig->dev, rig->mem), -E2BIG);
	assert_says(rig, "net0", "65", "64", "max_mem_regions");
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
	vhc_mem_free(big);
}

static void commit_uses_kernel_region_limit(void **state)
{
	struct rig *rig = *state;

	fake_profile(rig->fake)->max_regions = 65;
	rig_prepare(rig);
	assert_ok(rig, add_many(rig, 65));
	assert_int_equal(add_many(rig, 66), -E2BIG);
}

/* Beyond it the kernel would silently drop the first regions, and rings in them. */
static void commit_past_iotlb_limit_is_e2big(void **state)
{
	struct vhc_dev_info info = { .sz = sizeof(info) };
	struct rig *rig = *state;

	fake_profile(rig->fake)->max_regions = 512;
	fake_profile(rig->fake)->max_mappings = 65;
	rig_prepare(rig);
	assert_ok(rig, vhc_dev_get_info(rig->dev, &info));
	assert_int_equal(info.max_regions, 65);
	assert_ok(rig, add_many(rig, 65));
	assert_int_equal(vhc_mem_count_spare(rig->mem), 0);
	assert_int_equal(add_many(rig, 66), -E2BIG);
	assert_says(rig, "net0", "66", "keeps 65", "max_mem_regions", "max_iotlb_entries");
}

static void commit_without_iotlb_limit_uses_region_limit(void **state)
{
	struct rig *rig = *state;

	fake_profile(rig->fake)->max_regions = 66;
	fake_profile(rig->fake)->max_mappings = 0;
	rig_prepare(rig);
	assert_ok(rig, add_many(rig, 66));
	assert_int_equal(add_many(rig, 67), -E2BIG);
}

/* ------------------------------------------------------------------------------------- setters */

static void set_size_of_bad_value_is_einval(void **state)
{
	static const uint32_t bad[] = { 0, 3, 255, 257, 32767, 65536, 0x80000000, UINT32_MAX };
	struct rig *rig = *state;

	rig_prepare(rig);
	fake_forget_calls(rig->fake);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char value[16];

		snprintf(value, sizeof(value), "%u", bad[i]);
		assert_int_equal(vhc_ring_set_size(rig->dev, 0, bad[i]), -EINVAL);
		assert_says(rig, "net0", "ring 0", value);
	}
	for (uint32_t size = 1; size <= 32768; size *= 2)
		assert_ok(rig, vhc_ring_set_size(rig->dev, 0, size));
	assert_int_equal(vhc_ring_set_size(rig->dev, 2, 256), -EINVAL);
	assert_says(rig, "ring 2", "2");
	assert_int_equal(fake_calls(rig->fake), 0);
}

static void set_addr_unaligned_is_einval(void **state)
{
	static const struct {
		uint64_t desc, avail, used;
		const char *says[2];
	} bad[] = {
		{ 1, 0, 0, { "descriptor table", "16" } },
		{ 8, 0, 0, { "descriptor table", "16" } },
		{ 0, 1, 0, { "avail ring", "2" } },
		{ 0, 0, 1, { "used ring", "4" } },
		{ 0, 0, 2, { "used ring", "4" } },
	};
	struct vhc_ring_addr addr;
	struct rig *rig = *state;

	rig_prepare(rig);
	fake_forget_calls(rig->fake);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		addr = rig_addr(1);
		addr.desc += bad[i].desc;
		addr.avail += bad[i].avail;
		addr.used += bad[i].used;
		assert_int_equal(vhc_ring_set_addr(rig->dev, 1, &addr), -EINVAL);
		assert_says(rig, "net0", "ring 1", bad[i].says[0], bad[i].says[1]);
	}
	addr = rig_addr(1);
	addr.flags = 2;
	assert_int_equal(vhc_ring_set_addr(rig->dev, 1, &addr), -EINVAL);
	assert_int_equal(vhc_ring_set_addr(rig->dev, 5, &addr), -EINVAL);
	assert_int_equal(fake_calls(rig->fake), 0);
	/* the addresses of before are still the ones */
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_kernel_ring(rig, 1)->desc, (uintptr_t)rig->ram + RIG_RING_ROOM);
}

static void set_base_of_bad_value_is_einval(void **state)
{
	struct rig *rig = *state;

	rig_prepare(rig);
	fake_forget_calls(rig->fake);
	assert_int_equal(vhc_ring_set_base(rig->dev, 0, 0x10000), -EINVAL);
	assert_says(rig, "65536", "16 bits");
	assert_int_equal(vhc_ring_set_base(rig->dev, 0, 0x80008000), -EINVAL);
	assert_int_equal(vhc_ring_set_base(rig->dev, 9, 0), -EINVAL);
	assert_int_equal(fake_calls(rig->fake), 0);
}

static void set_kick_and_call_of_bad_fd_is_refused(void **state)
{
	struct rig *rig = *state;
	int fd;

	rig_prepare(rig);
	fd = fake_eventfd(rig->fake);
	assert_ok(rig, vhc_ring_set_kick(rig->dev, 0, fd));
	assert_int_equal(vhc_ring_set_call(rig->dev, 0, fd), -EINVAL);
	assert_says(rig, "ring 0", "kick", "call");
	assert_int_equal(vhc_ring_set_kick(rig->dev, 0, vhc_ring_get_call(rig->dev, 0)), -EINVAL);
	assert_says(rig, "ring 0", "kick", "call");
	/* of two rings it may be one */
	assert_ok(rig, vhc_ring_set_kick(rig->dev, 1, fd));
	assert_int_equal(vhc_ring_set_kick(rig->dev, 1, 900), -EBADF);
	assert_says(rig, "ring 1", "kick", "900", "EBADF");
	assert_int_equal(vhc_ring_set_call(rig->dev, 7, fd), -EINVAL);
	assert_int_equal(vhc_ring_get_kick(rig->dev, 7), -EINVAL);
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_VRING"), 0);
	fake_close(rig->fake, fd);
}

/* ------------------------------------------------------------------------------------ features */

static void set_features_of_bad_set_is_refused(void **state)
{
	static const struct {
		struct vhc_features set;
		int error;
		const char *says[3];
	} bad[] = {
		{ { { 1ull << 26 } }, -EINVAL, { "26" } },
		{ { { 1ull << 30 } }, -EINVAL, { "30" } },
		{ { { 1ull << 7 } }, -EINVAL, { "guest_tso4", "guest_csum" } },
		{ { { 1ull << 34 } }, -EOPNOTSUPP, { "ring_packed", "vhost" } },
		{ { { 1ull << 57 } }, -EOPNOTSUPP, { "hash_report", "vhost" } },
		{ { { 1ull << 40 } }, -EOPNOTSUPP, { "ring_reset", "vhost", "newer kernel" } },
		{ { { 1ull << 56 | 1 } }, -EOPNOTSUPP, { "host_uso", "tap" } },
		{ { { 0, 2 } }, -EOPNOTSUPP, { "guest_udp_tunnel_gso" } },
		{ { { 1ull << 22 } }, -EINVAL, { "mq", "ctrl_vq" } },
	};
	struct vhc_features offered;
	struct rig *rig = *state;

	rig_prepare(rig);
	fake_forget_calls(rig->fake);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(vhc_dev_set_features(rig->dev, &bad[i].set, 0), bad[i].error);
		assert_says(rig, "net0");
		for (size_t j = 0; j < 3 && bad[i].says[j]; j++)
			assert_says(rig, bad[i].says[j]);
	}
	assert_int_equal(vhc_dev_set_features(rig->dev, &rig->acked, VHC_GUEST_IOMMU), -EINVAL);
	assert_says(rig, "net0", "access_platform", "33");
	assert_int_equal(vhc_dev_set_features(rig->dev, &rig->acked, 2), -EINVAL);
	assert_says(rig, "net0", "0x2");
	assert_int_equal(vhc_tap_set_features(rig->tap, &rig->acked, 2), -EINVAL);
	assert_ok(rig, vhc_tap_set_features(rig->tap, &rig->acked, VHC_GUEST_IOMMU));
	assert_int_equal(vhc_dev_offer_features(rig->dev, &rig->acked, &bad[5].set, &offered),
			 -EOPNOTSUPP);
	assert_says(rig, "ring_reset", "required");
	assert_int_equal(fake_count(rig->fake, "VHOST_SET"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mem_add_of_bad_region_is_einval),
		RIG_TEST(commit_of_too_many_regions_is_e2big, "6.12", 70),
		RIG_TEST(commit_uses_kernel_region_limit, "6.12", 70),
		RIG_TEST(commit_past_iotlb_limit_is_e2big, "7.2", 70),
		RIG_TEST(commit_without_iotlb_limit_uses_region_limit, "6.1", 70),
		RIG_TEST(set_size_of_bad_value_is_einval, "6.1", 1),
		RIG_TEST(set_addr_unaligned_is_einval, "6.1", 1),
		RIG_TEST(set_base_of_bad_value_is_einval, "6.1", 1),
		RIG_TEST(set_kick_and_call_of_bad_fd_is_refused, "6.1", 1),
		RIG_TEST(set_features_of_bad_set_is_refused, "6.1", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
