/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files - regions that the library maps from files: where they are mapped, and what is refused.
 */
#include "file-rig.h"

static struct file_rig f;

static void rings_run_in_file(void **state)
{
	uint64_t at;

	file_rig_up(&f, "6.12", 2);
	assert_int_equal(file_rig_maps(&f), 1);
	at = file_rig_region(&f, 0, 0)->user;
	assert_int_equal(at, file_rig_region(&f, 1, 0)->user);
	assert_int_equal(rig_kernel_ring(&f.rig, 3)->used, at + 3 * RIG_RING_ROOM + 0x2000);
	/* it is the file, to which the other process writes */
	((uint8_t *)fake_content(f.rig.fake, f.fd))[0x123] = 77;
	assert_int_equal(*(uint8_t *)(uintptr_t)(at + 0x123), 77);
	/* the test's fd is the only one */
	assert_int_equal(fake_count(f.rig.fake, "dup"), 0);
	file_rig_down(&f);
}

/* A peer that sends its whole table again sends its files again, by other fds. */
static void same_memory_stays_where_it_is(void **state)
{
	int more;

	file_rig_up(&f, "6.12", 1);
	more = file_rig_new(&f);
	assert_ok(&f.rig, file_rig_add(&f, more, RIG_MORE, 0x10000, 0x8000));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_true(calls_are(f.rig.fake, "VHOST_SET_MEM_TABLE"));
	assert_int_equal(file_rig_maps(&f), 2);
	fake_forget_calls(f.rig.fake);
	assert_ok(&f.rig, file_rig_set(&f, f.fd));
	assert_ok(&f.rig, file_rig_add(&f, more, RIG_MORE, 0x10000, 0x8000));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_true(calls_are(f.rig.fake, ""));
	assert_int_equal(fake_count(f.rig.fake, "map_blocks"), 0);
	/* a part of it stays, too, and then another */
	assert_ok(&f.rig, file_rig_set(&f, f.fd));
	assert_ok(&f.rig, file_rig_add(&f, more, RIG_MORE, 0x2000, 0x8000));
	assert_ok(&f.rig, file_rig_add(&f, more, RIG_MORE + 0x4000, 0xc000, 0xc000));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_int_equal(fake_count(f.rig.fake, "map_blocks"), 0);
	assert_int_equal(file_rig_maps(&f), 2);
	assert_int_equal(file_rig_region(&f, 0, 2)->user, file_rig_region(&f, 0, 1)->user + 0x4000);
	/* at another guest address it is other memory, and so it is when it has grown */
	assert_ok(&f.rig, file_rig_set(&f, f.fd));
	assert_ok(&f.rig, file_rig_add(&f, more, RIG_MORE + 0x1000, 0x2000, 0x8000));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_int_equal(fake_count(f.rig.fake, "map_blocks"), 1);
	assert_int_equal(file_rig_maps(&f), 2);
	assert_ok(&f.rig, file_rig_set(&f, f.fd));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_int_equal(file_rig_maps(&f), 1);
	fake_close(f.rig.fake, more);
	file_rig_down(&f);
}

static const struct {
	const char *name;
	uint64_t offset, size, block, first, length;
} parts[] = {
	{ "whole pages", 0x3000, 0x2000, 0, 0x3000, 0x2000 },
	{ "offset within a page", 0x3010, 0x2000, 0, 0x3000, 0x3000 },
	{ "offset within a huge page", 0x1c000, 0x3000, 0x10000, 0x10000, 0x10000 },
	{ "over two huge pages", 0x1f000, 0x2000, 0x10000, 0x10000, 0x20000 },
	{ "to the end", 0x3f000, 0x1000, 0x10000, 0x30000, 0x10000 },
};

static void part_of_file_need_not_be_aligned(void **state)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint8_t *content;
		int part;
		uint64_t at;

		print_message("    %s\n", parts[i].name);
		file_rig_up(&f, "6.12", 1);
		part = file_rig_new(&f);
		fake_set_block(f.rig.fake, part, parts[i].block);
		assert_ok(&f.rig, file_rig_add(&f, part, RIG_MORE, parts[i].size, parts[i].offset));
		assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
		at = file_rig_region(&f, 0, 1)->user;
		assert_int_equal(fake_map_size(f.rig.fake, at - (parts[i].offset - parts[i].first)),
				 parts[i].length);
		content = fake_content(f.rig.fake, part);
		content[parts[i].offset] = 11;
		content[parts[i].offset + parts[i].size - 1] = 22;
		assert_int_equal(*(uint8_t *)(uintptr_t)at, 11);
		assert_int_equal(*(uint8_t *)(uintptr_t)(at + parts[i].size - 1), 22);
		fake_close(f.rig.fake, part);
		file_rig_down(&f);
	}
}

static const struct {
	const char *name;
	struct vhc_region region;
	int error;
	const char *says[3];
} wrong[] = {
	{ "past the end of the file",
	  { .guest_addr = RIG_MORE, .size = FILE_SIZE, .fd_offset = PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "0x40000", "0x1000", "the file has" } },
	{ "begins past the end",
	  { .guest_addr = RIG_MORE, .size = PAGE, .fd_offset = FILE_SIZE + PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "0x41000" } },
	{ "offset and size wrap",
	  { .guest_addr = RIG_MORE, .size = 2 * PAGE, .fd_offset = -PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "0xfffffffffffff000" } },
	{ "size 0", { .guest_addr = RIG_MORE, .flags = FD_MAP }, -EINVAL, { "its size is 0" } },
	{ "size of no pages",
	  { .guest_addr = RIG_MORE, .size = 0x1800, .flags = FD_MAP },
	  -EINVAL,
	  { "multiples of 4096", "0x1800" } },
	{ "guest addresses wrap",
	  { .guest_addr = -PAGE, .size = 2 * PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "2^64" } },
	{ "overlaps",
	  { .guest_addr = RIG_GUEST + PAGE, .size = PAGE, .flags = FD_MAP },
	  -EINVAL,
	  { "overlap", "guest" } },
	{ "fd alone",
	  { .guest_addr = RIG_MORE, .size = PAGE, .flags = VHC_REGION_FD },
	  -EINVAL,
	  { "VHC_REGION_MAP", "0x1" } },
	{ "mapped from nothing",
	  { .guest_addr = RIG_MORE, .size = PAGE, .flags = VHC_REGION_MAP },
	  -EINVAL,
	  { "VHC_REGION_FD", "0x2" } },
	{ "two places",
	  { .guest_addr = RIG_MORE, .size = PAGE, .user_addr = 0x10000, .flags = FD_MAP },
	  -EINVAL,
	  { "user address 0x10000" } },
	{ "unknown flag",
	  { .guest_addr = RIG_MORE, .size = PAGE, .flags = FD_MAP | 1u << 31 },
	  -EINVAL,
	  { "0x80000003" } },
};

/* Each of them, and the commit tells it again; nothing of it stays. */
static void unsuitable_part_is_refused(void **state)
{
	int file;

	file_rig_up(&f, "6.12", 1);
	file = file_rig_new(&f);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct vhc_region region = wrong[i].region;
		struct fake_left before = fake_left(f.rig.fake), after;

		print_message("    %s\n", wrong[i].name);
		region.sz = sizeof(region);
		region.fd = file;
		assert_int_equal(vhc_mem_add(f.rig.mem, &region), wrong[i].error);
		for (size_t j = 0; j < 3 && wrong[i].says[j]; j++)
			assert_says(&f.rig, wrong[i].says[j]);
		assert_int_equal(vhc_mem_commit(f.rig.mem), wrong[i].error);
		after = fake_left(f.rig.fake);
		assert_true(left_equal(&before, &after));
	}
	assert_int_equal(file_rig_add(&f, 999, RIG_MORE, PAGE, 0), -EBADF);
	assert_says(&f.rig, "fd 999", "EBADF");
	assert_int_equal(file_rig_add(&f, vhc_tap_get_fd(f.rig.tap, 0), RIG_MORE, PAGE, 0),
			 -EINVAL);
	assert_int_equal(vhc_mem_commit(f.rig.mem), -EBADF);
	fake_fail(f.rig.fake, "map_blocks", 1, EACCES);
	assert_int_equal(file_rig_add(&f, file, RIG_MORE, PAGE, 0), -EACCES);
	assert_says(&f.rig, "0x1000 bytes", "EACCES", "writing");
	assert_int_equal(vhc_mem_commit(f.rig.mem), -EACCES);
	assert_true(calls_are(f.rig.fake, ""));
	fake_close(f.rig.fake, file);
	file_rig_down(&f);
}

/* A peer cannot use up what a process may map. */
static void too_many_mappings_are_e2big(void **state)
{
	file_rig_prepare(&f, "6.12", 1);
	for (uint64_t i = 1; i < 512; i++)
		assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_MORE + 2 * i * PAGE, PAGE, 0));
	assert_int_equal(file_rig_add(&f, f.fd, RIG_MORE, PAGE, 0), -E2BIG);
	assert_says(&f.rig, "512");
	assert_int_equal(vhc_mem_commit(f.rig.mem), -E2BIG);
	assert_int_equal(file_rig_maps(&f), 1);
	file_rig_down(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings_run_in_file),
		cmocka_unit_test(same_memory_stays_where_it_is),
		cmocka_unit_test(part_of_file_need_not_be_aligned),
		cmocka_unit_test(unsuitable_part_is_refused),
		cmocka_unit_test(too_many_mappings_are_e2big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
