/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu - addresses that a launcher's IOMMU translates: what is asked of the front-end, and what it may answer.
 */
#include <errno.h>

#include "channel.h"

/* ------------------------------------------------------------------------------ negotiation */

static void access_platform_needs_the_channel(void **state)
{
	uint64_t offered = front_ask(&served.front, WIRE_GET_FEATURES) & ~BIT(WIRE_F_LOG_ALL);

	assert_true(offered & BIT(33));
	assert_told(&served.front, front_u64(&served.front, WIRE_SET_PROTOCOL_FEATURES,
					     WIRE_P(REPLY_ACK) | WIRE_P(MQ)));
	assert_int_equal(front_u64(&served.front, WIRE_SET_FEATURES, offered), -EINVAL);
	channel_expect_error("access_platform (bit 33) without protocol feature BACKEND_REQ (5)");
	assert_told(&served.front, front_u64(&served.front, WIRE_SET_FEATURES, offered & ~BIT(33)));
}

/* Such as of QEMU, whose guest has no IOMMU. */
static void without_access_platform_addresses_are_as_ever(void **state)
{
	uint64_t offered = front_ask(&served.front, WIRE_GET_FEATURES) & ~BIT(WIRE_F_LOG_ALL);

	assert_told(&served.front, front_u64(&served.front, WIRE_SET_PROTOCOL_FEATURES,
					     front_ask(&served.front, WIRE_GET_PROTOCOL_FEATURES)));
	assert_told(&served.front, front_u64(&served.front, WIRE_SET_FEATURES, offered & ~BIT(33)));
	channel_open();
	assert_told(&served.front, front_table(&served.front, served.front.memory, FRONT_SIZE));
	for (uint32_t i = 0; i < 2; i++) {
		assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_ENABLE, i, 1));
		front_set_ring(&served.front, i);
	}
	assert_true(front_runs(&served.front, 0));
	assert_false(channel_kernel()->has_iotlb);
	assert_int_equal(channel_next(RW), 0);
	assert_int_equal(channel_update(IOVA, PAGE, FRONT_USER), -EOPNOTSUPP);
	channel_expect_error("access_platform was not accepted");
	assert_told(&served.front, channel_invalidate(0, UINT64_MAX));
}

/* ---------------------------------------------------------------------------- what is asked */

/* The kernel starts no ring without it, and QEMU tells its first page alone. */
static void used_rings_are_asked_for_and_then_rings_start(void **state)
{
	channel_prepare();
	assert_false(front_runs(&served.front, 0) || front_runs(&served.front, 1));
	assert_int_equal(channel_next(RW), IOVA + 0x2000);
	assert_int_equal(channel_next(RW), IOVA + 0x8000 + 0x2000);
	assert_int_equal(channel_next(RW), 0);
	/* what the front-end was about to answer may be no longer so */
	assert_told(&served.front, channel_invalidate(IOVA, FRONT_SIZE));
	assert_int_equal(channel_next(RW), IOVA + 0x2000);
	assert_int_equal(channel_next(RW), IOVA + 0x8000 + 0x2000);
	assert_told(&served.front, channel_update(IOVA + 0x2000, PAGE, FRONT_USER + 0x2000));
	assert_true(front_runs(&served.front, 0));
	assert_false(front_runs(&served.front, 1));
	assert_int_equal(channel_next(RW), 0); /* once */
	assert_told(&served.front, channel_update(IOVA + 0xa000, PAGE, FRONT_USER + 0xa000));
	assert_true(front_runs(&served.front, 1));
	assert_int_equal(channel_kernel()->ring[0].used, IOVA + 0x2000);
	channel_expect_inside();
}

static void each_page_of_a_used_ring_is_asked_for(void **state)
{
	front_negotiate(&served.front);
	channel_open();
	assert_told(&served.front, front_table(&served.front, served.front.memory, FRONT_SIZE));
	assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_ENABLE, 0, 1));
	assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_NUM, 0, 1024));
	served.front.message = (struct wire_message){ .size = 40 };
	served.front.message.payload.addr.desc = IOVA;
	served.front.message.payload.addr.avail = IOVA + 0x4000;
	served.front.message.payload.addr.used = IOVA + 0x5800;
	assert_told(&served.front, front_tell(&served.front, WIRE_SET_VRING_ADDR));
	assert_told(&served.front,
		    front_fd(&served.front, WIRE_SET_VRING_KICK, 0, served.front.kick[0]));
	assert_int_equal(channel_next(RW), IOVA + 0x5800);
	assert_int_equal(channel_next(RW), IOVA + 0x6000);
	assert_int_equal(channel_next(RW), IOVA + 0x7000);
	assert_int_equal(channel_next(RW), 0);
	for (uint64_t at = 0x5000; at < 0x8000; at += PAGE) {
		assert_false(front_runs(&served.front, 0));
		assert_told(&served.front, channel_update(IOVA + at, PAGE, FRONT_USER + at));
	}
	assert_true(front_runs(&served.front, 0));
}

/* Where the last address is, it does not begin again with the first. */
static void used_ring_at_the_end_of_all_addresses(void **state)
{
	static const uint64_t used[] = { 0 - PAGE, UINT64_MAX - 7, UINT64_MAX - 3 };

	front_negotiate(&served.front);
	channel_open();
	assert_told(&served.front, front_table(&served.front, served.front.memory, FRONT_SIZE));
	assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_ENABLE, 0, 1));
	assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_NUM, 0, 256));
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
		served.front.message = (struct wire_message){ .size = 40 };
		served.front.message.payload.addr.desc = IOVA;
		served.front.message.payload.addr.avail = IOVA + 0x1000;
		served.front.message.payload.addr.used = used[i];
		front_tell(&served.front, WIRE_SET_VRING_ADDR);
		front_fd(&served.front, WIRE_SET_VRING_KICK, 0, served.front.kick[0]);
		assert_false(front_runs(&served.front, 0));
		assert_true(channel_session()->misses <= 2);
	}
}

static void miss_is_asked_and_answered(void **state)
{
	channel_up();
	channel_miss(IOVA - PAGE + 0x123, VHC_PERM_READ);
	assert_int_equal(channel_next(VHC_PERM_READ), IOVA - PAGE + 0x123);
	assert_int_equal(channel_kernel()->waiting, 1);
	assert_told(&served.front, channel_tell(WIRE_IOTLB_UPDATE, IOVA - PAGE, PAGE,
						FRONT_USER + 0x7000, VHC_PERM_READ));
	assert_int_equal(channel_kernel()->waiting, 0);
	assert_int_equal(fake_translate(channel_kernel(), IOVA - PAGE + 0x123, VHC_PERM_READ),
			 fake_translate(channel_kernel(), IOVA + 0x7123, VHC_PERM_READ));
	assert_int_equal(fake_translate(channel_kernel(), IOVA - PAGE + 0x123, VHC_PERM_WRITE), 0);
	/* what is mapped is answered without the front-end */
	channel_miss(IOVA + 0x3000, RW);
	assert_int_equal(channel_next(RW), 0);
}

/* ---------------------------------------------------------------------- what may be answered */

static void update_outside_memory_is_refused(void **state)
{
	static const struct {
		uint64_t iova, size, user;
		uint8_t perm, type;
	} wrong[] = {
		{ 0x1000, PAGE, FRONT_USER - PAGE, RW, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, FRONT_USER - 1, RW, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, FRONT_USER + FRONT_SIZE, RW, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, FRONT_GUEST, RW, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, 0, RW, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, 0 - PAGE, RW, WIRE_IOTLB_UPDATE },
		{ 0 - PAGE, 2 * PAGE, FRONT_USER, RW, WIRE_IOTLB_UPDATE },
		{ UINT64_MAX, 2, FRONT_USER, RW, WIRE_IOTLB_UPDATE },
		{ 0x1000, 0, FRONT_USER, RW, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, FRONT_USER, 0, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, FRONT_USER, 4, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, FRONT_USER, 0xff, WIRE_IOTLB_UPDATE },
		{ 0x1000, PAGE, FRONT_USER, RW, 0 },
		{ 0x1000, PAGE, FRONT_USER, RW, WIRE_IOTLB_MISS },
		{ 0x1000, PAGE, FRONT_USER, RW, WIRE_IOTLB_FAIL },
		{ 0x1000, PAGE, FRONT_USER, RW, 5 },
		{ 0x1000, PAGE, FRONT_USER, RW, 0xff },
		{ 0x1000, 0, 0, 0, WIRE_IOTLB_INVALIDATE },
		{ UINT64_MAX, 2, 0, 0, WIRE_IOTLB_INVALIDATE },
	};
	uint32_t mappings;

	channel_up();
	mappings = channel_kernel()->mappings;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (channel_tell(wrong[i].type, wrong[i].iova, wrong[i].size, wrong[i].user,
				 wrong[i].perm) >= 0)
			fail_msg("row %zu is accepted", i);
		assert_int_equal(channel_kernel()->mappings, mappings);
		assert_int_equal(fake_translate(channel_kernel(), 0x1000, VHC_PERM_READ), 0);
	}
	assert_true(front_runs(&served.front, 0));
}

/* What it says that there is, and there is not, is not mapped. */
static void update_is_cut_at_the_end_of_memory(void **state)
{
	channel_up();
	assert_told(&served.front, channel_update(0, UINT64_MAX, FRONT_USER + FRONT_SIZE - PAGE) < 0
					   ? 0
					   : served.front.result);
	channel_expect_inside();
	assert_told(&served.front,
		    channel_update(0x10000, 16 * PAGE, FRONT_USER + FRONT_SIZE - 2 * PAGE));
	assert_int_not_equal(fake_translate(channel_kernel(), 0x11fff, RW), 0);
	assert_int_equal(fake_translate(channel_kernel(), 0x12000, VHC_PERM_READ), 0);
	channel_expect_inside();
}

/* The front-end has them in one piece, and neither the guest nor this process. */
static void update_over_two_regions_is_split(void **state)
{
	int more = fake_memfd(served.front.fake, FRONT_SIZE, 0);
	uint64_t first, second;

	channel_up();
	served.front.message = (struct wire_message){ .size = 40, .fds = 1, .fd = { more } };
	served.front.message.payload.slot.region =
		(struct wire_region){ .guest = FRONT_GUEST + 16 * FRONT_SIZE,
				      .size = FRONT_SIZE,
				      .user = FRONT_USER + FRONT_SIZE };
	assert_told(&served.front, front_tell(&served.front, WIRE_ADD_MEM_REG));
	assert_told(&served.front,
		    channel_update(0x100000, 4 * PAGE, FRONT_USER + FRONT_SIZE - 2 * PAGE));
	first = fake_translate(channel_kernel(), 0x101000, RW);
	second = fake_translate(channel_kernel(), 0x102000, RW);
	assert_int_equal(first, fake_translate(channel_kernel(), IOVA + FRONT_SIZE - PAGE, RW));
	assert_int_not_equal(second, 0);
	assert_int_equal(fake_map_size(served.front.fake, second), FRONT_SIZE);
	channel_expect_inside();
	/* with its memory it goes */
	served.front.message.fds = 0;
	served.front.message.size = 40;
	served.front.message.payload.slot.region =
		(struct wire_region){ .guest = FRONT_GUEST + 16 * FRONT_SIZE,
				      .size = FRONT_SIZE,
				      .user = FRONT_USER + FRONT_SIZE };
	served.front.message.flags = 0;
	assert_told(&served.front, front_tell(&served.front, WIRE_REM_MEM_REG));
	assert_int_equal(fake_translate(channel_kernel(), 0x102000, RW), 0);
	channel_expect_inside();
	fake_close(served.front.fake, more);
}

/* A guest that frees one buffer may flush all that it has, while rings run. */
static void invalidation_of_all_leaves_rings_running(void **state)
{
	static const uint64_t size[] = { UINT64_MAX, 0 }; /* 0: 2^64 of them */

	channel_up();
	for (size_t i = 0; i < 2; i++) {
		assert_told(&served.front, channel_update(UINT64_MAX - PAGE + 1, PAGE, FRONT_USER));
		assert_told(&served.front, channel_invalidate(0, size[i]));
		assert_int_equal(channel_kernel()->mappings, size[i] ? 1 : 0);
		assert_true(front_runs(&served.front, 0) && front_runs(&served.front, 1));
		channel_miss(IOVA + 0x2000, VHC_PERM_WRITE);
		assert_int_equal(channel_next(VHC_PERM_WRITE), IOVA + 0x2000);
		assert_told(&served.front, channel_update(IOVA, FRONT_SIZE, FRONT_USER));
		assert_int_equal(channel_kernel()->waiting, 0);
	}
	/* and one that was stopped meanwhile asks before it starts */
	assert_told(&served.front, front_ring(&served.front, WIRE_GET_VRING_BASE, 0, 0));
	assert_told(&served.front, channel_invalidate(0, 0));
	assert_told(&served.front,
		    front_fd(&served.front, WIRE_SET_VRING_KICK, 0, served.front.kick[0]));
	assert_int_equal(channel_next(RW), IOVA + 0x2000);
	assert_false(front_runs(&served.front, 0));
	assert_told(&served.front, channel_update(IOVA, FRONT_SIZE, FRONT_USER));
	assert_true(front_runs(&served.front, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHANNEL_TEST(access_platform_needs_the_channel),
		CHANNEL_TEST(without_access_platform_addresses_are_as_ever),
		CHANNEL_TEST(used_rings_are_asked_for_and_then_rings_start),
		CHANNEL_TEST(each_page_of_a_used_ring_is_asked_for),
		CHANNEL_TEST(used_ring_at_the_end_of_all_addresses),
		CHANNEL_TEST(miss_is_asked_and_answered),
		CHANNEL_TEST(update_outside_memory_is_refused),
		CHANNEL_TEST(update_is_cut_at_the_end_of_memory),
		CHANNEL_TEST(update_over_two_regions_is_split),
		CHANNEL_TEST(invalidation_of_all_leaves_rings_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
