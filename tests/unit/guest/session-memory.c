/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session-memory - memory in whole vhost-user sessions on the fake kernel: a table that changes while rings
 * run, the dirty log of a migration, an IOTLB.
 */
#include "front-end.h"
#include "sound.h"

#define IOVA_PAGE 0x1000ull

static struct front_end front;

static void memory_changes_under_running_rings(void **state)
{
	struct session_message message;
	uint64_t at;

	front_new(&front, 2);
	front_start(&front, 0);
	at = fake_vhost(front.rig.fake, 0)->region[0].user;
	fake_forget_calls(front.rig.fake);
	/* the whole table again, with one more */
	front_send(&front, front_table(&front, 2));
	assert_true(calls_are(front.rig.fake, "VHOST_SET_MEM_TABLE,VHOST_SET_MEM_TABLE"));
	front_send(&front, front_table(&front, 1));
	/* and as single regions */
	message = front_table(&front, 2);
	message.region[0] = message.region[1];
	message.request = ADD_MEM_REG;
	front_send(&front, message);
	assert_int_equal(fake_vhost(front.rig.fake, 1)->regions, 2);
	message.request = REM_MEM_REG;
	front_send(&front, message);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(fake_vhost(front.rig.fake, i)->regions, 1);
		assert_int_equal(fake_vhost(front.rig.fake, i)->region[0].user, at);
	}
	/* one that is wrong changes nothing, and the next is not in its way */
	message = front_table(&front, 2);
	message.region[1].size = FRONT_RAM_SIZE;
	assert_int_equal(session_handle(&front.session, &message), -EINVAL);
	assert_true(front_all_run(&front));
	assert_int_equal(fake_vhost(front.rig.fake, 0)->regions, 1);
	front_send(&front, front_table(&front, 2));
	assert_int_equal(fake_left(front.rig.fake).maps, 2);
	front_close(&front);
}

/* As a front-end that sends regions merged: the rings' region is another one, of the same memory. */
static void region_grows_under_running_rings(void **state)
{
	struct session_message message;

	front_new(&front, 2);
	front_start(&front, 0);
	message = front_table(&front, 1);
	/* for a moment the rings are where they were, and the table is not */
	fake_watch(front.rig.fake, NULL, NULL);
	message.region[0].size = FRONT_RAM_SIZE;
	front_send(&front, message);
	assert_true(front_all_run(&front));
	assert_true(sound_check(front.rig.fake));
	assert_int_equal(fake_vhost(front.rig.fake, 1)->region[0].size, FRONT_RAM_SIZE);
	assert_int_equal(fake_left(front.rig.fake).maps, 1);
	front_send(&front, front_table(&front, 1));
	assert_true(sound_check(front.rig.fake));
	front_close(&front);
}

/* The log before its feature, or after it and even before there is memory. */
static void dirty_pages_are_in_peers_log(void **state)
{
	const uint64_t page = RIG_GUEST / 4096 + 5;

	for (uint32_t early = 0; early < 2; early++) {
		const uint64_t *bits;

		front_new(&front, 1);
		if (early) {
			front_set_log(&front);
			front_start(&front, SESSION_F_LOG);
		} else {
			front_start(&front, 0);
			front_set_log(&front);
			front_say(&front, SET_FEATURES, 0, front_acked(&front) | SESSION_F_LOG);
			for (uint32_t i = 0; i < 2; i++)
				front_set_addr(&front, i, FRONT_PEER, RIG_GUEST);
		}
		assert_int_equal(rig_kernel_ring(&front.rig, 1)->log_addr,
				 RIG_GUEST + FRONT_ROOM + 0x2000);
		((uint64_t *)(uintptr_t)rig_kernel_ring(&front.rig, 0)->log_base)[page / 64] |=
			1ull << page % 64;
		bits = fake_content(front.rig.fake, front.log);
		assert_true(bits[page / 64] >> page % 64 & 1);
		/* it takes the last pages itself, and stops without switching the log off */
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(front_say(&front, GET_VRING_BASE, i, 0), 0);
			assert_false(rig_kernel_ring(&front.rig, i)->runs);
		}
		assert_true(front_none_runs(&front));
		/* the migration was cancelled */
		front_say(&front, SET_FEATURES, 0, front_acked(&front));
		front_qemu_ring(&front, 0, 0);
		front_qemu_ring(&front, 1, 0);
		assert_int_equal(rig_kernel_ring(&front.rig, 1)->log_addr, 0);
		front_close(&front);
	}
}

static void rings_wait_for_iotlb(void **state)
{
	const uint64_t iova = 0x4000000;
	struct session_message map = { .request = IOTLB_MSG,
				       .iotlb = { iova, 2 * FRONT_ROOM, FRONT_PEER, 3, 2 } };

	front_new(&front, 1);
	front_say(&front, SET_FEATURES, 0, front_acked(&front) | 1ull << VHI_F_ACCESS_PLATFORM);
	front_send(&front, front_table(&front, 1));
	for (uint32_t i = 0; i < 2; i++) {
		front_say(&front, SET_VRING_ENABLE, i, 1);
		front_say(&front, SET_VRING_NUM, i, RIG_SIZE);
		front_set_addr(&front, i, iova, UINT64_MAX);
		front_give_and_close(&front, SET_VRING_KICK, i);
	}
	assert_true(front_none_runs(&front));
	front_send(&front, map);
	assert_true(front_all_run(&front));
	fake_raise_miss(front.rig.fake, fake_vhost(front.rig.fake, 0), 1, 0x77000, 1);
	assert_ok(&front.rig, session_event(&front.session));
	assert_int_equal(front.session.misses, 1);
	assert_int_equal(front.session.miss, 0x77000);
	map.iotlb.iova = 0x77000;
	map.iotlb.size = IOVA_PAGE;
	front_send(&front, map);
	map.iotlb.type = 3;
	front_send(&front, map);
	/* under a running ring, too */
	map.iotlb.iova = iova;
	map.iotlb.size = 2 * FRONT_ROOM;
	front_send(&front, map);
	assert_true(front_all_run(&front));
	front_close(&front);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_changes_under_running_rings),
		cmocka_unit_test(region_grows_under_running_rings),
		cmocka_unit_test(dirty_pages_are_in_peers_log),
		cmocka_unit_test(rings_wait_for_iotlb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
