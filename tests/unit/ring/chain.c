/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain - chains of descriptors that vhost can take, and each kind that it cannot; in the byte order
 * of the host and in the other one.
 */
#include <errno.h>
#include <linux/virtio_ring.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ring/chain.h"

#define NUM   8u
#define DESC  0x1000u /* the ring's table */
#define TABLE 0x2000u /* an indirect one */
#define END   0x4000u /* of memory; the last page may only be read */
#define NEXT  VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

static unsigned char memory[END];
static int read_error;
static uint32_t reads, most_at_once; /* most_at_once: bytes that are in one piece */

static int read_memory(void *data, uint64_t addr, void *buf, size_t size)
{
	reads++;
	if (read_error)
		return read_error;
	if (size > most_at_once)
		return -ENOENT;
	assert_true(addr + size <= END);
	memcpy(buf, memory + addr, size);
	return 0;
}

static int reach_memory(void *data, uint64_t addr, uint64_t size, bool write, uint32_t *pieces,
			char *text, size_t len)
{
	*pieces += size != 0;
	if (addr + size > END)
		snprintf(text, len, "is nowhere");
	else if (write && size && addr + size > 0x3000)
		snprintf(text, len, "is read-only");
	else
		return 0;
	return -EFAULT;
}

static struct vhi_chain_memory all = { read_memory, reach_memory, NULL, false };

static void put(uint64_t table, uint32_t i, uint64_t addr, uint32_t len, uint16_t flags,
		uint16_t next)
{
	struct vring_desc desc = { addr, len, flags, next };

	if (all.swapped)
		desc = (struct vring_desc){ __builtin_bswap64(addr), __builtin_bswap32(len),
					    __builtin_bswap16(flags), __builtin_bswap16(next) };

	memcpy(memory + table + i * sizeof(desc), &desc, sizeof(desc));
}

static void clear(void)
{
	memset(memory, 0, sizeof(memory));
	read_error = 0;
	reads = 0;
	most_at_once = UINT32_MAX;
}

static void good(uint16_t head, bool writes)
{
	struct vhi_refusal err = { "" };

	if (vhi_chain_check(NUM, DESC, head, writes, &all, &err))
		fail_msg("%s", err.text);
}

static void bad(uint16_t head, bool writes, const char *says)
{
	struct vhi_refusal err = { "" };

	assert_int_equal(vhi_chain_check(NUM, DESC, head, writes, &all, &err), -EINVAL);
	if (!strstr(err.text, says))
		fail_msg("\"%s\" is not in: %s", says, err.text);
}

static void chain_check_of_valid_chain_is_ok(void **state)
{
	clear();
	put(DESC, 7, 0, 100, 0, 99); /* without NEXT the link is nothing */
	good(7, false);
	put(DESC, 0, END - 1, 1, NEXT, 3);
	put(DESC, 3, END, 0, NEXT, 1);
	put(DESC, 1, 0, 0x3000, 0, 0);
	good(0, false);
	put(DESC, 2, 0, 0x3000, WRITE, 0);
	good(2, true);
	/* all of them in one */
	for (uint16_t i = 0; i < NUM; i++)
		put(DESC, i, 0, 1, i + 1u < NUM ? NEXT : 0, (uint16_t)(i + 1));
	good(0, false);
	/* what is not mapped yet is not known */
	read_error = -ENOENT;
	good(0, true);
}

static void chain_check_of_bad_head_or_link_says_which(void **state)
{
	clear();
	bad(NUM, false, "avail ring has descriptor 8, and there are 8");
	bad(65535, false, "descriptor 65535");
	put(DESC, 0, 0, 1, NEXT, NUM);
	bad(0, false, "continues at descriptor 8, and there are 8");
	put(DESC, 0, 0, 1, NEXT, 0);
	bad(0, false, "is a loop");
	for (uint16_t i = 0; i < NUM; i++)
		put(DESC, i, 0, 1, NEXT, (uint16_t)((i + 1) % NUM));
	bad(3, false, "comes to 3 again");
}

static void chain_check_of_bad_buffer_says_which(void **state)
{
	clear();
	put(DESC, 5, END - 1, 2, 0, 0);
	bad(5, false, "the buffer of descriptor 5 (2 bytes at 0x3fff) is nowhere");
	put(DESC, 5, 0x2fff, 2, WRITE, 0);
	bad(5, true, "is read-only");
	put(DESC, 5, 0, 2, WRITE, 0);
	bad(5, false, "descriptor 5 is to be written, and the device reads");
	put(DESC, 5, 0, 2, WRITE | NEXT, 6);
	bad(5, true, "descriptor 6 is to be read, and the device writes");
}

static void chain_check_of_indirect_table_follows_its_rules(void **state)
{
	const uint16_t flags = VRING_DESC_F_INDIRECT;

	clear();
	put(DESC, 0, TABLE, 2 * 16, flags, 0);
	/* one behind the other, whatever the links say */
	put(TABLE, 0, 0, 1, NEXT, 77);
	put(TABLE, 1, 0, 1, 0, 0);
	good(0, false);
	put(TABLE, 1, END, 1, 0, 0);
	bad(0, false, "the buffer of indirect descriptor 1 (1 bytes at 0x4000) is nowhere");
	put(TABLE, 1, 0, 1, WRITE, 0);
	bad(0, false, "indirect descriptor 1 is to be written");
	put(TABLE, 1, 0, 1, NEXT, 0);
	bad(0, false, "continues at indirect descriptor 2, and there are 2");
	put(TABLE, 1, TABLE, 16, flags, 0);
	bad(0, false, "indirect descriptor 1 is indirect itself");
	/* of the ring's chain one more may follow */
	put(TABLE, 1, 0, 1, 0, 0);
	put(DESC, 0, TABLE, 2 * 16, flags | NEXT, 4);
	put(DESC, 4, END, 1, 0, 0);
	bad(0, false, "descriptor 4 (1 bytes at 0x4000)");
	put(DESC, 0, TABLE, 2 * 16 + 1, flags, 0);
	bad(0, false, "33 bytes");
	put(DESC, 0, TABLE, 0, flags, 0);
	bad(0, false, "continues at indirect descriptor 0, and there are 0");
	put(DESC, 0, END - 16, 32, flags, 0);
	bad(0, false, "the table of indirect descriptor 0 (32 bytes at 0x3ff0) is nowhere");
	put(DESC, 0, 0, 65537u * 16, flags, 0);
	bad(0, false, "at most 65536");
	put(DESC, 0, 0, 65536u * 16, flags, 0);
	bad(0, false, "is nowhere");
}

static void bad_of(uint32_t num, const char *says, uint32_t reads_most)
{
	struct vhi_refusal err = { "" };

	reads = 0;
	assert_int_equal(vhi_chain_check(num, DESC, 0, false, &all, &err), -EINVAL);
	if (!strstr(err.text, says))
		fail_msg("\"%s\" is not in: %s", says, err.text);
	if (reads > reads_most)
		fail_msg("%u reads, at most %u expected", reads, reads_most);
}

/* Buffers of no bytes cost vhost nothing, and would keep the walk going for hours. */
static void chain_check_of_chain_longer_than_ring_is_einval(void **state)
{
	const uint16_t flags = VRING_DESC_F_INDIRECT | NEXT;
	const uint32_t num = 256;

	clear();
	for (uint16_t i = 0; i < 512; i++)
		put(TABLE, i, 0, 0, i < 511 ? NEXT : 0, 0);
	put(DESC, 0, TABLE, 512 * 16, VRING_DESC_F_INDIRECT, 0);
	bad_of(num, "more than 256 descriptors, at indirect descriptor 255", 8);
	/* the last one that fits */
	put(TABLE, 254, 0, 0, 0, 0);
	assert_int_equal(vhi_chain_check(num, DESC, 0, false, &all, &(struct vhi_refusal){ "" }),
			 0);
	/* many tables of one descriptor, in an order that no block helps with */
	for (uint32_t i = 0; i < num; i++)
		put(DESC, i, TABLE + 254 * 16, 16, flags, (uint16_t)((i + 101) % num));
	bad_of(num, "more than 256 descriptors", 2 * 256);
	/* Linux puts up to 19 buffers into one table, also of a small ring */
	for (uint16_t i = 0; i < 19; i++)
		put(TABLE, i, 0, 1, i < 18 ? NEXT : 0, 0);
	put(DESC, 0, TABLE, 19 * 16, VRING_DESC_F_INDIRECT, 0);
	good(0, false);
	/* also a large ring's chain has an end */
	most_at_once = 16;
	for (uint32_t i = 0; i < num; i++)
		put(DESC, i, TABLE + 100 * 16, 64 * 16, flags, (uint16_t)(i + 1));
	for (uint16_t i = 100; i < 164; i++)
		put(TABLE, i, 0, 0, i < 163 ? NEXT : 0, 0);
	bad_of(32768, "more than 1024 descriptors", 2 * VHI_CHAIN_MAX + 2);
}

/* Read in blocks, or one by one where a block is not in one piece. */
static void chain_check_reads_blocks(void **state)
{
	clear();
	for (uint16_t i = 0; i < 256; i++)
		put(DESC, i, 0, 1, i < 255 ? NEXT : 0, (uint16_t)(i + 1));
	for (most_at_once = UINT32_MAX; most_at_once; most_at_once = most_at_once > 16 ? 16 : 0) {
		struct vhi_refusal err;

		reads = 0;
		put(DESC, 255, 0, 1, 0, 0);
		assert_int_equal(vhi_chain_check(256, DESC, 0, false, &all, &err), 0);
		assert_in_range(reads, 1, most_at_once > 16 ? 4 : 2 * 256);
		put(DESC, 255, END, 1, 0, 0);
		bad_of(256, "descriptor 255 (1 bytes at 0x4000) is nowhere", 2 * 256);
	}
}

static int reach_pieces(void *data, uint64_t addr, uint64_t size, bool write, uint32_t *pieces,
			char *text, size_t len)
{
	*pieces += (uint32_t)size;
	return 0;
}

static void chain_check_of_buffers_in_many_pieces_is_einval(void **state)
{
	const struct vhi_chain_memory fragments = { read_memory, reach_pieces, NULL, all.swapped };
	struct vhi_refusal err;

	clear();
	put(DESC, 0, 0, 1000, NEXT, 1);
	put(DESC, 1, 0, 24, 0, 0);
	assert_int_equal(vhi_chain_check(NUM, DESC, 0, false, &fragments, &err), 0);
	put(DESC, 1, 0, 25, 0, 0);
	assert_int_equal(vhi_chain_check(NUM, DESC, 0, false, &fragments, &err), -EINVAL);
	assert_non_null(strstr(err.text, "descriptor 1, are in more than 1024 pieces"));
}

/* Each is looked for piece by piece: a guest with small mappings would keep the walk going. */
static void chain_check_of_tables_in_many_pieces_is_einval(void **state)
{
	const struct vhi_chain_memory fragments = { read_memory, reach_pieces, NULL, all.swapped };
	const uint16_t flags = VRING_DESC_F_INDIRECT | NEXT;
	struct vhi_refusal err;

	clear();
	put(DESC, 0, TABLE, 512, flags, 1);
	put(DESC, 1, TABLE, 512, VRING_DESC_F_INDIRECT, 0);
	assert_int_equal(vhi_chain_check(NUM, DESC, 0, false, &fragments, &err), 0);
	put(DESC, 1, TABLE, 528, VRING_DESC_F_INDIRECT, 0);
	assert_int_equal(vhi_chain_check(NUM, DESC, 0, false, &fragments, &err), -EINVAL);
	assert_non_null(strstr(err.text, "indirect descriptor 1, are in more than 1024 pieces"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_check_of_valid_chain_is_ok),
		cmocka_unit_test(chain_check_of_bad_head_or_link_says_which),
		cmocka_unit_test(chain_check_of_bad_buffer_says_which),
		cmocka_unit_test(chain_check_of_indirect_table_follows_its_rules),
		cmocka_unit_test(chain_check_of_chain_longer_than_ring_is_einval),
		cmocka_unit_test(chain_check_reads_blocks),
		cmocka_unit_test(chain_check_of_buffers_in_many_pieces_is_einval),
		cmocka_unit_test(chain_check_of_tables_in_many_pieces_is_einval),
	};

	int failed = cmocka_run_group_tests_name("host order", tests, NULL, NULL);

	all.swapped = true;
	return failed + cmocka_run_group_tests_name("other order", tests, NULL, NULL);
}
