/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layout - rings in memory: sizes, alignment, placement, and where they resume.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <linux/virtio_ring.h>

#include "random.h"
#include "ring/base.h"
#include "ring/layout.h"

#define PAGE	  ((uint64_t)VHC_PAGE_SIZE)
#define USER	  UINT64_C(0x7f0000000000)
#define TOP	  UINT64_C(0xfffffffffffff000)
#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

typedef unsigned __int128 u128;

static void layout_check_size_of_each_format(void **state)
{
	static const struct {
		uint32_t num;
		bool split, packed;
	} cases[] = {
		{ 0, false, false },
		{ 1, true, true },
		{ 2, true, true },
		{ 3, false, true },
		{ 255, false, true },
		{ 256, true, true },
		{ 257, false, true },
		{ 1024, true, true },
		{ 32767, false, true },
		{ 32768, true, true },
		{ 32769, false, false },
		{ 65535, false, false },
		{ 65536, false, false },
		{ 0x80000000, false, false },
		{ UINT32_MAX, false, false },
	};
	struct vhi_refusal err;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(vhi_layout_check_size(VHI_SPLIT, cases[i].num, &err),
				 cases[i].split ? 0 : -EINVAL);
		assert_int_equal(vhi_layout_check_size(VHI_PACKED, cases[i].num, &err),
				 cases[i].packed ? 0 : -EINVAL);
	}
	vhi_layout_check_size(VHI_SPLIT, 65536, &err);
	assert_string_equal(err.text, "ring size 65536 is not within 1 to 32768");
	vhi_layout_check_size(VHI_SPLIT, 255, &err);
	assert_string_equal(err.text, "ring size 255 is not a power of two");
}

/* Against what the kernel's own header says of a split ring. */
static void layout_sizes_match_kernel_header(void **state)
{
	static char start[1 << 20] __attribute__((aligned(4096)));

	for (uint32_t num = 1; num <= 32768; num *= 2) {
		struct vhi_layout split = vhi_layout_get(VHI_SPLIT, num);
		struct vhi_layout packed = vhi_layout_get(VHI_PACKED, num);
		struct vring vring;

		vring_init(&vring, num, start, 4096);
		assert_int_equal(split.size[VHI_DESC], (char *)vring.avail - start);
		assert_int_equal(split.size[VHI_AVAIL],
				 (char *)(&vring_used_event(&vring) + 1) - (char *)vring.avail);
		assert_int_equal(split.size[VHI_USED],
				 (char *)((__virtio16 *)&vring_avail_event(&vring) + 1) -
					 (char *)vring.used);
		assert_int_equal(split.align[VHI_DESC], VRING_DESC_ALIGN_SIZE);
		assert_int_equal(split.align[VHI_AVAIL], VRING_AVAIL_ALIGN_SIZE);
		assert_int_equal(split.align[VHI_USED], VRING_USED_ALIGN_SIZE);
		assert_int_equal(packed.size[VHI_DESC], sizeof(struct vring_packed_desc) * num);
		assert_int_equal(packed.size[VHI_AVAIL], sizeof(struct vring_packed_desc_event));
		assert_int_equal(packed.size[VHI_USED], sizeof(struct vring_packed_desc_event));
		assert_int_equal(packed.align[VHI_DESC], 16);
		assert_int_equal(packed.align[VHI_AVAIL], 4);
		assert_int_equal(packed.align[VHI_USED], 4);
	}
}

static void layout_check_align_of_each_part(void **state)
{
	static const uint64_t align[2][VHI_PARTS] = { { 16, 2, 4 }, { 16, 4, 4 } };
	struct vhi_refusal err;

	for (int format = VHI_SPLIT; format <= VHI_PACKED; format++)
		for (int part = 0; part < VHI_PARTS; part++)
			for (uint64_t off = 0; off < 64; off++) {
				uint64_t addr[VHI_PARTS] = { PAGE, TOP, 0 };

				addr[part] += off;
				assert_int_equal(
					vhi_layout_check_align((enum vhi_format)format, addr, &err),
					off % align[format][part] ? -EINVAL : 0);
			}
	vhi_layout_check_align(VHI_SPLIT, (uint64_t[]){ 8, 0, 0 }, &err);
	assert_string_equal(err.text, "descriptor table at 0x8 is not a multiple of 16 bytes");
	vhi_layout_check_align(VHI_PACKED, (uint64_t[]){ 16, 6, 0 }, &err);
	assert_string_equal(err.text, "driver area at 0x6 is not a multiple of 4 bytes");
	assert_string_equal(vhi_layout_part_name(VHI_SPLIT, VHI_AVAIL), "avail ring");
	assert_string_equal(vhi_layout_part_name(VHI_PACKED, VHI_USED), "device area");
}

static struct vhi_table *new_table(const struct vhi_mem_region *spans, uint32_t count)
{
	struct vhi_refusal err;
	struct vhi_table *table;

	if (vhi_table_new(spans, count, &table, &err) != 0)
		fail_msg("%s", err.text);
	return table;
}

/* 256 descriptors: 4096, 518 and 2054 bytes. */
static void layout_check_places_at_edges(void **state)
{
	static const struct vhi_mem_region spans[] = {
		{ 0, 4 * PAGE, USER },
		{ 4 * PAGE, PAGE, USER + 8 * PAGE }, /* touches, but is elsewhere here */
		{ 16 * PAGE, 4 * PAGE, USER + 16 * PAGE },
		{ TOP, PAGE, USER + 32 * PAGE },
	};
	static const struct {
		uint64_t addr[VHI_PARTS];
		const char *part; /* of the message; NULL: it fits */
	} cases[] = {
		{ { 0, PAGE, 2 * PAGE }, NULL },       /* guest address 0 */
		{ { 3 * PAGE, 0, PAGE }, NULL },       /* ends where the region ends */
		{ { TOP, 0, PAGE }, NULL },	       /* ends at 2^64 */
		{ { 0, 4 * PAGE, 16 * PAGE }, NULL },  /* three regions */
		{ { 0, PAGE, PAGE + 518 + 2 }, NULL }, /* side by side */
		{ { PAGE, PAGE - 518, 2 * PAGE }, NULL },
		{ { 0, 4 * PAGE - 518, PAGE }, NULL },
		{ { 0, 4 * PAGE - 516, PAGE },
		  "avail ring (518 bytes at guest address 0x3dfc) starts in region 0 "
		  "(0x0-0x3fff) and ends 2 bytes past its end: all of it must be in one region" },
		{ { 3 * PAGE + 16, 0, PAGE }, "ends 16 bytes past its end" },
		{ { 0, PAGE, 20 * PAGE - 2052 },
		  "used ring (2054 bytes at guest address 0x137fc)" },
		{ { 16 * PAGE - 16, 0, PAGE }, "starts 16 bytes before region 2" },
		{ { 8 * PAGE, 0, PAGE },
		  "descriptor table (4096 bytes at guest address 0x8000) is "
		  "between region 1" },
		{ { 0, TOP + PAGE - 516, PAGE }, "ends 2 bytes past its end" },
		{ { 0, 0, PAGE },
		  "descriptor table (4096 bytes at guest address 0x0) and avail "
		  "ring (518 bytes at 0x0) overlap" },
		{ { 0, PAGE - 2, 2 * PAGE },
		  "descriptor table (4096 bytes at guest address 0x0) and "
		  "avail" },
		{ { PAGE, 2 * PAGE, PAGE - 2052 }, "and used ring (2054 bytes at 0x7fc) overlap" },
		{ { 0, PAGE, PAGE + 516 },
		  "avail ring (518 bytes at guest address 0x1000) and used" },
		{ { 0, PAGE, PAGE }, "overlap" },
		{ { 0, 0, 0 }, "overlap" },
		{ { TOP, TOP + PAGE - 518, 0 }, "overlap" }, /* both end at 2^64 */
	};
	struct vhi_table *table = new_table(spans, COUNT(spans)), *empty = new_table(NULL, 0);
	uint64_t user[VHI_PARTS];
	struct vhi_refusal err;

	assert_int_equal(table->count, COUNT(spans));
	for (size_t i = 0; i < COUNT(cases); i++) {
		int r = vhi_layout_place(VHI_SPLIT, 256, cases[i].addr, table, user, &err);

		if (r != (cases[i].part ? -EINVAL : 0))
			fail_msg("case %zu: %d, %s", i, r, err.text);
		if (cases[i].part && !strstr(err.text, cases[i].part))
			fail_msg("case %zu: %s", i, err.text);
	}
	memset(user, 7, sizeof(user));
	assert_int_equal(vhi_layout_place(VHI_SPLIT, 256, cases[0].addr, empty, user, &err),
			 -EINVAL);
	assert_int_equal(user[0], 0x0707070707070707);
	assert_int_equal(vhi_layout_place(VHI_SPLIT, 256, cases[3].addr, table, user, &err), 0);
	assert_int_equal(user[VHI_DESC], USER);
	assert_int_equal(user[VHI_AVAIL], USER + 8 * PAGE);
	assert_int_equal(user[VHI_USED], USER + 16 * PAGE);
	vhi_table_unref(table);
	vhi_table_unref(empty);
}

/*
 * A few regions on 16 pages, with holes, and rings of a size that often just fits: the verdict must
 * be the one of 128-bit arithmetic on each.
 */
static void layout_check_places_match_oracle(void **state)
{
	static const uint64_t sizes[2][VHI_PARTS][2] = { { { 16, 0 }, { 2, 6 }, { 8, 6 } },
							 { { 16, 0 }, { 0, 4 }, { 0, 4 } } };
	struct random random = random_new("ring placements");
	unsigned int right = 0, overlaps = 0, outside = 0;
	struct vhi_table *table = NULL;
	struct vhi_mem_region spans[4];
	uint32_t count = 0;
	uint64_t base = 0;

	for (int n = 0; n < 1000000; n++) {
		int format = (int)random_below(&random, 2);
		uint32_t num = format ? 1 + (uint32_t)random_below(&random, 600)
				      : 1u << random_below(&random, 10);
		uint64_t addr[VHI_PARTS], size[VHI_PARTS], user[VHI_PARTS], expected[VHI_PARTS];
		bool whole = true, over = false;
		struct vhi_refusal err;

		if (n % 64 == 0) { /* another table: never two that merge */
			uint64_t page = 0;

			vhi_table_unref(table);
			base = random_once_in(&random, 2) ? 0 : TOP - 15 * PAGE;
			for (count = 0; count < 4 && page < 16; count++) {
				uint64_t pages = 1 + random_below(&random, 5);

				pages = pages > 16 - page ? 16 - page : pages;
				spans[count] =
					(struct vhi_mem_region){ base + page * PAGE, pages * PAGE,
								 USER + 32 * count * PAGE };
				page += pages + random_below(&random, 3);
			}
			table = new_table(spans, count);
			assert_int_equal(table->count, count);
		}
		for (int i = 0; i < VHI_PARTS; i++) {
			size[i] = sizes[format][i][0] * num + sizes[format][i][1];
			addr[i] = base + random_below(&random, 17 * PAGE);
			/* Near an end of another part or of a region, on one side or the other. */
			if (random_once_in(&random, 2) && i)
				addr[i] = addr[i - 1] + size[i - 1] + random_below(&random, 5) - 2;
			else if (random_once_in(&random, 2) && i)
				addr[i] = addr[0] - size[i] + random_below(&random, 5) - 2;
			else if (random_once_in(&random, 2))
				addr[i] = spans[0].guest + spans[0].size - size[i] +
					  random_below(&random, 5) - 2;
		}
		for (int i = 0; i < VHI_PARTS; i++) {
			bool inside = false;

			for (uint32_t j = 0; j < count; j++)
				if (addr[i] >= spans[j].guest &&
				    (u128)addr[i] + size[i] <=
					    (u128)spans[j].guest + spans[j].size) {
					inside = true;
					expected[i] = spans[j].user + (addr[i] - spans[j].guest);
				}
			whole &= inside;
			for (int j = 0; j < i; j++)
				over |= (u128)addr[i] < (u128)addr[j] + size[j] &&
					(u128)addr[j] < (u128)addr[i] + size[i];
		}
		if (vhi_layout_place((enum vhi_format)format, num, addr, table, user, &err) !=
		    (whole && !over ? 0 : -EINVAL))
			fail_msg("case %d: %s", n, whole && !over ? err.text : "taken, but wrong");
		if (whole && !over)
			assert_memory_equal(user, expected, sizeof(user));
		right += whole && !over;
		overlaps += whole && over;
		outside += !whole;
	}
	vhi_table_unref(table);
	printf("ring placements: %u right, %u overlap, %u outside\n", right, overlaps, outside);
	assert_true(right > 50000 && overlaps > 50000 && outside > 50000);
}

/* ---------------------------------------------------------------------------------- where they resume */

static void base_encode_and_decode_round_trip(void **state)
{
	struct vhi_packed_base base = { .avail = 5, .used = 3, .avail_wrap = true };
	struct vhi_refusal err;

	assert_int_equal(vhi_base_encode(&base), 0x00038005);
	assert_int_equal(vhi_base_fresh(VHI_SPLIT), 0);
	assert_int_equal(vhi_base_fresh(VHI_PACKED), 0x80008000);
	base = vhi_base_decode(0x80008000);
	assert_true(base.avail_wrap && base.used_wrap && base.avail == 0 && base.used == 0);
	base = vhi_base_decode(0xffff7ffe);
	assert_true(!base.avail_wrap && base.used_wrap && base.avail == 32766 &&
		    base.used == 32767);
	for (uint32_t i = 0; i < 0x10000; i++) {
		uint32_t value = i << 16 | (i * 40503 & 0xffff);

		base = vhi_base_decode(value);
		assert_int_equal(vhi_base_encode(&base), value);
	}

	assert_int_equal(vhi_base_check(VHI_SPLIT, 256, 0, &err), 0);
	assert_int_equal(vhi_base_check(VHI_SPLIT, 256, 65535, &err), 0);
	assert_int_equal(vhi_base_check(VHI_SPLIT, 256, 65536, &err), -EINVAL);
	assert_string_equal(err.text, "base 65536 of a split ring is more than 16 bits (65535)");
	assert_int_equal(vhi_base_check(VHI_SPLIT, 256, 0x80008000, &err), -EINVAL);
	assert_int_equal(vhi_base_check(VHI_PACKED, 256, 0x80008000, &err), 0);
	assert_int_equal(vhi_base_check(VHI_PACKED, 256, 0x00ff80ff, &err), 0);
	assert_int_equal(vhi_base_check(VHI_PACKED, 256, 0x00ff8100, &err), -EINVAL);
	assert_int_equal(vhi_base_check(VHI_PACKED, 256, 0x010080ff, &err), -EINVAL);
	assert_string_equal(
		err.text,
		"base 0x010080ff of a packed ring: available index 255 and used index 256 "
		"must be below its size of 256 descriptors");
	assert_int_equal(vhi_base_check(VHI_PACKED, 32768, 0xffffffff, &err), 0);
	assert_int_equal(vhi_base_check(VHI_PACKED, 1, 0, &err), 0);
	assert_int_equal(vhi_base_check(VHI_PACKED, 1, 1, &err), -EINVAL);
}

/* Step from used to avail one by one: base must be met on the way, within @num steps. */
static bool window_slowly(uint32_t num, uint16_t used, uint16_t base, uint16_t avail)
{
	bool met = false;
	uint16_t at = used;

	for (uint32_t steps = 0; steps <= num; steps++, at++) {
		met |= at == base;
		if (at == avail)
			return met;
	}
	return false;
}

static void base_window_of_each_index_matches_oracle(void **state)
{
	static const uint16_t near[] = { 0,	1,     2,     7,     8,	    9,	   255,
					 256,	257,   32767, 32768, 32769, 65279, 65280,
					 65281, 65527, 65528, 65529, 65534, 65535 };
	static const uint32_t nums[] = { 1, 2, 8, 256, 32768 };
	struct vhi_refusal err;

	for (size_t n = 0; n < COUNT(nums); n++)
		for (size_t u = 0; u < COUNT(near); u++)
			for (size_t b = 0; b < COUNT(near); b++)
				for (size_t a = 0; a < COUNT(near); a++)
					assert_int_equal(
						vhi_window_check(nums[n], near[u], near[b], near[a],
								 &err),
						window_slowly(nums[n], near[u], near[b], near[a])
							? 0
							: -EINVAL);
	assert_int_equal(vhi_window_check(256, 65500, 10, 20, &err), 0);
	assert_int_equal(vhi_window_check(256, 100, 99, 110, &err), -EINVAL);
	assert_string_equal(
		err.text, "base 99 is not within used index 100 and available index 110 of its "
			  "memory: the device would stall, or use buffers that are not available");
	assert_int_equal(vhi_window_check(8, 100, 100, 109, &err), -EINVAL);
	assert_string_equal(err.text, "its memory has used index 100 and available index 109: 9 "
				      "apart, more than its 8 descriptors; this is not the ring's "
				      "memory, or not yet");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_check_size_of_each_format),
		cmocka_unit_test(layout_sizes_match_kernel_header),
		cmocka_unit_test(layout_check_align_of_each_part),
		cmocka_unit_test(layout_check_places_at_edges),
		cmocka_unit_test(layout_check_places_match_oracle),
		cmocka_unit_test(base_encode_and_decode_round_trip),
		cmocka_unit_test(base_window_of_each_index_matches_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
