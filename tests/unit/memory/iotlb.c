/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - mappings at the edges: the end of all addresses, a full table of 2048; and the messages
 * to and from vhost, byte by byte.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/iotlb-msg.h"

#define PAGE ((uint64_t)VHC_PAGE_SIZE)
#define USER UINT64_C(0x7f0000000000)
#define RW   (VHC_PERM_READ | VHC_PERM_WRITE)

static bool out_of_memory;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	return out_of_memory ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
	return out_of_memory ? NULL : __real_malloc(size);
}

/* All up to this address stays. */
static bool pin_low(const void *data, uint32_t n, uint64_t *ret_iova, uint64_t *ret_size)
{
	*ret_iova = 0;
	*ret_size = *(const uint64_t *)data;
	return !n;
}

static const uint64_t no_pins = 0, all_pins = UINT64_MAX;

static int map(struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size, uint64_t guest, uint32_t perm,
	       const uint64_t *pins)
{
	struct vhi_mapping mapping = { iova, size, guest, USER + guest, perm };
	struct vhi_iotlb_edit edit;
	int r = vhi_iotlb_plan_map(iotlb, &mapping, size, pin_low, pins, &edit);

	if (!r)
		vhi_iotlb_apply(iotlb, &edit);
	return r;
}

static int unmap(struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size, const uint64_t *pins)
{
	struct vhi_iotlb_edit edit;
	int r = vhi_iotlb_plan_unmap(iotlb, iova, size, pin_low, pins, &edit);

	if (!r)
		vhi_iotlb_apply(iotlb, &edit);
	return r;
}

static void assert_mapping(const struct vhi_iotlb *iotlb, uint32_t n, uint64_t iova, uint64_t size,
			   uint64_t guest)
{
	const struct vhi_mapping *mapping = vhi_iotlb_at(iotlb, n);

	assert_int_equal(mapping->iova, iova);
	assert_int_equal(mapping->size, size);
	assert_int_equal(mapping->guest, guest);
	assert_int_equal(mapping->user, USER + guest);
}

static void iotlb_unmap_of_middle_splits_mapping(void **state)
{
	struct vhi_iotlb *iotlb;

	assert_int_equal(vhi_iotlb_new(VHI_IOTLB_MAX, &iotlb), 0);
	assert_null(vhi_iotlb_find(iotlb, 0));
	assert_int_equal(map(iotlb, 0x10000, 0x10000, 0x5000, RW, &no_pins), 0);
	assert_int_equal(unmap(iotlb, 0x14000, 0x1000, &no_pins), 0);
	assert_int_equal(vhi_iotlb_count(iotlb), 2);
	assert_mapping(iotlb, 0, 0x10000, 0x4000, 0x5000);
	assert_mapping(iotlb, 1, 0x15000, 0xb000, 0xa000);
	assert_null(vhi_iotlb_find(iotlb, 0x14000));
	assert_int_equal(vhi_iotlb_reach(iotlb, 0x10000, 0x10000, RW), 0x4000);
	assert_int_equal(map(iotlb, 0x14000, 0x1000, 0x9000, VHC_PERM_READ, &no_pins), 0);
	assert_int_equal(vhi_iotlb_reach(iotlb, 0x10000, 0x10000, RW), 0x4000);
	assert_int_equal(vhi_iotlb_reach(iotlb, 0x10000, 0x10000, VHC_PERM_READ), 0x10000);
	/* single bytes are as good as pages */
	assert_int_equal(unmap(iotlb, 0x10001, 1, &no_pins), 0);
	assert_mapping(iotlb, 0, 0x10000, 1, 0x5000);
	assert_mapping(iotlb, 1, 0x10002, 0x3ffe, 0x5002);
	assert_int_equal(unmap(iotlb, 0x30000, 0x1000, &no_pins), 0);
	assert_int_equal(vhi_iotlb_count(iotlb), 4);
	vhi_iotlb_free(iotlb);
}

static void iotlb_map_at_last_address_works(void **state)
{
	struct vhi_iotlb *iotlb;

	assert_int_equal(vhi_iotlb_new(VHI_IOTLB_MAX, &iotlb), 0);
	assert_int_equal(map(iotlb, 0 - PAGE, PAGE, 0x5000, RW, &no_pins), 0);
	assert_int_equal(map(iotlb, 0, PAGE, 0x9000, RW, &no_pins), 0);
	assert_int_equal(vhi_iotlb_count(iotlb), 2);
	assert_ptr_equal(vhi_iotlb_find(iotlb, UINT64_MAX), vhi_iotlb_at(iotlb, 1));
	assert_ptr_equal(vhi_iotlb_find(iotlb, 0), vhi_iotlb_at(iotlb, 0));
	assert_int_equal(vhi_iotlb_reach(iotlb, 0 - PAGE, PAGE, RW), PAGE);
	/* all but the last byte */
	assert_int_equal(unmap(iotlb, 0, UINT64_MAX, &no_pins), 0);
	assert_int_equal(vhi_iotlb_count(iotlb), 1);
	assert_mapping(iotlb, 0, UINT64_MAX, 1, 0x5fff);
	assert_int_equal(unmap(iotlb, UINT64_MAX, 1, &no_pins), 0);
	assert_int_equal(vhi_iotlb_count(iotlb), 0);
	vhi_iotlb_free(iotlb);
}

static void fill(struct vhi_iotlb *iotlb)
{
	for (uint64_t i = 0; i < VHI_IOTLB_MAX; i++)
		assert_int_equal(map(iotlb, i * 4 * PAGE, 3 * PAGE, i * 4 * PAGE, RW, &no_pins), 0);
	assert_int_equal(vhi_iotlb_count(iotlb), VHI_IOTLB_MAX);
}

static void iotlb_map_past_limit_drops_oldest(void **state)
{
	const uint64_t far = VHI_IOTLB_MAX * 4 * PAGE, two = 2 * 4 * PAGE;
	struct vhi_iotlb *iotlb;

	/* a limit above ours is ours */
	assert_int_equal(vhi_iotlb_new(UINT32_MAX, &iotlb), 0);
	fill(iotlb);
	assert_int_equal(map(iotlb, far, PAGE, 0, RW, &no_pins), 0);
	assert_int_equal(vhi_iotlb_count(iotlb), VHI_IOTLB_MAX);
	assert_null(vhi_iotlb_find(iotlb, 0));
	assert_non_null(vhi_iotlb_find(iotlb, 4 * PAGE));
	/* the two oldest have a ring, so the third goes */
	assert_int_equal(map(iotlb, 0, PAGE, 0, RW, &no_pins), 0);
	assert_null(vhi_iotlb_find(iotlb, 4 * PAGE));
	assert_int_equal(map(iotlb, far + PAGE, PAGE, 0, RW, &(uint64_t){ two + 1 }), 0);
	assert_non_null(vhi_iotlb_find(iotlb, two));
	assert_null(vhi_iotlb_find(iotlb, two + 4 * PAGE));
	/* into the middle of the youngest: two more, so two go */
	assert_int_equal(map(iotlb, far - 3 * PAGE, PAGE, 0, RW, &no_pins), 0);
	assert_int_equal(vhi_iotlb_count(iotlb), VHI_IOTLB_MAX);
	assert_null(vhi_iotlb_find(iotlb, two));
	assert_null(vhi_iotlb_find(iotlb, two + 8 * PAGE));
	assert_int_equal(vhi_iotlb_reach(iotlb, far - 4 * PAGE, 3 * PAGE, RW), 3 * PAGE);
	vhi_iotlb_free(iotlb);
}

static void iotlb_map_past_limit_with_pins_is_e2big(void **state)
{
	struct vhi_iotlb *iotlb, *copy;
	struct vhi_iotlb_edit edit;

	assert_int_equal(vhi_iotlb_new(VHI_IOTLB_MAX, &iotlb), 0);
	fill(iotlb);
	assert_int_equal(vhi_iotlb_copy(iotlb, &copy), 0);
	assert_int_equal(map(iotlb, 3 * PAGE, PAGE, 0, RW, &all_pins), -E2BIG);
	/* a hole makes one more too */
	assert_int_equal(unmap(iotlb, PAGE, PAGE, &all_pins), -E2BIG);
	for (uint32_t i = 0; i < VHI_IOTLB_MAX; i++)
		assert_memory_equal(vhi_iotlb_at(iotlb, i), vhi_iotlb_at(copy, i),
				    sizeof(struct vhi_mapping));
	/* a whole one, or its end, makes none */
	assert_int_equal(unmap(iotlb, 2 * PAGE, PAGE, &all_pins), 0);
	assert_int_equal(map(iotlb, 4 * PAGE, 3 * PAGE, 0, RW, &all_pins), 0);
	/* without a ring in the others the oldest of them goes, and both pieces of a hole stay */
	assert_int_equal(vhi_iotlb_plan_unmap(copy, PAGE, PAGE, pin_low, &no_pins, &edit), 0);
	assert_int_equal(edit.evicts, 1);
	assert_int_equal(edit.evict[0].iova, 4 * PAGE);
	assert_int_equal(edit.adds, 2);
	assert_int_equal(edit.add[0].iova, 0);
	assert_int_equal(edit.add[1].iova, 2 * PAGE);
	vhi_iotlb_free(iotlb);
	vhi_iotlb_free(copy);
}

static void iotlb_without_memory_is_enomem(void **state)
{
	struct vhi_iotlb *iotlb = NULL, *copy = NULL;

	out_of_memory = true;
	assert_int_equal(vhi_iotlb_new(1, &iotlb), -ENOMEM);
	out_of_memory = false;
	assert_null(iotlb);
	assert_int_equal(vhi_iotlb_new(1, &iotlb), 0);
	out_of_memory = true;
	assert_int_equal(vhi_iotlb_copy(iotlb, &copy), -ENOMEM);
	out_of_memory = false;
	assert_null(copy);
	vhi_iotlb_free(iotlb);
	vhi_iotlb_free(NULL);
}

/* ------------------------------------------------------------------------------------- messages */

static const struct vhi_mapping mapping = { 0x1122334455667788, 0x99aabbccddeeff00, 0x42,
					    0x7f5544332211, VHC_PERM_WRITE };

static void iotlb_msg_encode_matches_bytes(void **state)
{
	for (uint8_t version = 1; version <= 2; version++) {
		/* type, ASID; iova, size, the user's address; perm, type: numbers in the host's order */
		const uint32_t head[2] = { version, 0 };
		const uint64_t body[3] = { mapping.iova, mapping.size, mapping.user };
		uint8_t update[72] = { [32] = VHC_PERM_WRITE, VHOST_IOTLB_UPDATE };
		struct vhi_uapi_iotlb_msg msg =
			vhi_iotlb_msg_encode(version == 2, VHI_IOTLB_UPDATE, &mapping);

		memcpy(update, head, sizeof(head));
		memcpy(update + 8, body, sizeof(body));
		assert_int_equal(sizeof(msg), sizeof(update));
		assert_memory_equal(&msg, update, sizeof(msg));
		memset(&update[24], 0, 8); /* nothing of ours that is not asked for */
		update[32] = 0;
		update[33] = 3;
		msg = vhi_iotlb_msg_encode(version == 2, VHI_IOTLB_INVALIDATE, &mapping);
		assert_memory_equal(&msg, update, sizeof(msg));
	}
}

static struct vhi_uapi_iotlb_msg a_miss(bool v2)
{
	return (struct vhi_uapi_iotlb_msg){ .version = v2 ? 2 : 1,
					    .iova = 0x123456789,
					    .perm = VHC_PERM_READ,
					    .type = VHOST_IOTLB_MISS };
}

static void iotlb_msg_decode_of_miss_works(void **state)
{
	for (int v2 = 0; v2 < 2; v2++)
		for (uint8_t perm = 1; perm <= 3; perm++) {
			struct vhi_uapi_iotlb_msg msg = a_miss(v2);
			struct vhi_iotlb_miss miss;

			msg.perm = perm;
			assert_null(vhi_iotlb_msg_decode(v2, &msg, sizeof(msg), &miss));
			assert_int_equal(miss.iova, 0x123456789);
			assert_int_equal(miss.perm, perm);
			/* what a miss does not need may be anything */
			msg.size = msg.uaddr = 77;
			memset(msg.padding, 0xff, sizeof(msg.padding));
			assert_null(vhi_iotlb_msg_decode(v2, &msg, sizeof(msg), &miss));
		}
}

static void iotlb_msg_decode_of_damaged_miss_says_why(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct vhi_iotlb_miss miss = { 7, 7 };
		struct vhi_uapi_iotlb_msg msg = a_miss(v2);
		const char *why;

		for (size_t size = 0; size < 100; size++)
			if (size != sizeof(msg))
				assert_non_null(vhi_iotlb_msg_decode(v2, &msg, size, &miss));
		assert_non_null(vhi_iotlb_msg_decode(!v2, &msg, sizeof(msg), &miss));
		for (uint32_t version = 0; version < 70000; version++) {
			msg.version = version;
			why = vhi_iotlb_msg_decode(v2, &msg, sizeof(msg), &miss);
			assert_int_equal(why == NULL, version == (v2 ? 2u : 1u));
			if (why)
				assert_string_equal(why, "it is of another version");
			else
				miss = (struct vhi_iotlb_miss){ 7, 7 };
		}
		msg = a_miss(v2);
		for (uint32_t type = 0; type < 256; type++) {
			msg.type = (uint8_t)type;
			why = vhi_iotlb_msg_decode(v2, &msg, sizeof(msg), &miss);
			assert_int_equal(why == NULL, type == VHOST_IOTLB_MISS);
		}
		msg = a_miss(v2);
		for (uint32_t perm = 0; perm < 256; perm++) {
			msg.perm = (uint8_t)perm;
			why = vhi_iotlb_msg_decode(v2, &msg, sizeof(msg), &miss);
			assert_int_equal(why == NULL, perm >= 1 && perm <= 3);
		}
		/* an address space is nothing to the first version, where it is padding */
		msg = a_miss(v2);
		msg.asid = 1;
		why = vhi_iotlb_msg_decode(v2, &msg, sizeof(msg), &miss);
		assert_int_equal(why == NULL, !v2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iotlb_unmap_of_middle_splits_mapping),
		cmocka_unit_test(iotlb_map_at_last_address_works),
		cmocka_unit_test(iotlb_map_past_limit_drops_oldest),
		cmocka_unit_test(iotlb_map_past_limit_with_pins_is_e2big),
		cmocka_unit_test(iotlb_without_memory_is_enomem),
		cmocka_unit_test(iotlb_msg_encode_matches_bytes),
		cmocka_unit_test(iotlb_msg_decode_of_miss_works),
		cmocka_unit_test(iotlb_msg_decode_of_damaged_miss_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
