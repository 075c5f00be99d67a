/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - whole vhost-user sessions on the fake kernel: the orders in which front-ends send, rings that go on
 * where they were, front-ends that go and come.
 */
#include "front-end.h"
#include "ring/endian.h"

static struct front_end front;

static void qemu_order_runs(void **state)
{
	front_new(&front, 2);
	assert_int_equal(front_say(&front, GET_QUEUE_NUM, 0, 0), 2);
	assert_int_equal(front_say(&front, GET_MAX_MEM_SLOTS, 0, 0), 64);
	front_start(&front, 0);
	for (uint32_t i = 0; i < 4; i++) {
		const struct fake_region *region = &fake_vhost(front.rig.fake, i / 2)->region[0];

		assert_int_equal(rig_kernel_ring(&front.rig, i)->used,
				 region->user + i * FRONT_ROOM + 0x2000);
		assert_int_equal(rig_kernel_ring(&front.rig, i)->log_addr, 0);
	}
	/* what it says again costs nothing */
	fake_forget_calls(front.rig.fake);
	front_say(&front, SET_FEATURES, 0, front_acked(&front));
	front_send(&front, front_table(&front, 1));
	for (uint32_t i = 0; i < 4; i++) {
		front_say(&front, SET_VRING_ENABLE, i, 1);
		front_set_addr(&front, i, FRONT_PEER, 0);
	}
	assert_true(calls_are(front.rig.fake, ""));
	front_close(&front);
}

/* User Mode Linux: the log's address is not one, and rings are enabled last. */
static void uml_order_runs(void **state)
{
	front_new(&front, 1);
	front_say(&front, GET_FEATURES, 0, 0);
	front_say(&front, SET_OWNER, 0, 0);
	front_say(&front, SET_FEATURES, 0, front_acked(&front));
	front_send(&front, front_table(&front, 2));
	for (uint32_t i = 0; i < 2; i++) {
		front_say(&front, SET_VRING_NUM, i, RIG_SIZE);
		front_say(&front, SET_VRING_BASE, i, 0);
		front_set_addr(&front, i, FRONT_PEER, UINT64_MAX);
		front_give_and_close(&front, SET_VRING_CALL, i);
		front_give_and_close(&front, SET_VRING_KICK, i);
	}
	assert_true(front_none_runs(&front));
	front_say(&front, SET_VRING_ENABLE, 0, 1);
	front_say(&front, SET_VRING_ENABLE, 1, 1);
	assert_true(front_all_run(&front));
	assert_int_equal(rig_kernel_ring(&front.rig, 1)->log_addr, 0);
	front_say(&front, SET_VRING_ENABLE, 0, 0);
	assert_false(rig_kernel_ring(&front.rig, 0)->runs);
	assert_true(rig_kernel_ring(&front.rig, 1)->runs);
	front_close(&front);
}

/* Without protocol features rings are enabled from the beginning. */
static void ring_without_enable_runs(void **state)
{
	front_new(&front, 1);
	front_say(&front, SET_FEATURES, 0, front.rig.acked.w[0]);
	front_send(&front, front_table(&front, 1));
	front_qemu_ring(&front, 0, 0);
	front_qemu_ring(&front, 1, 0);
	front_close(&front);
}

/* A ring that another host has run, and the base that this one tells. */
static void ring_goes_on_where_it_was(void **state)
{
	uint16_t index;
	uint8_t *content;

	front_new(&front, 1);
	index = vhi_ring_get16(vhi_ring_swapped(&front.rig.acked), 300);
	content = fake_content(front.rig.fake, front.ram);
	for (uint32_t i = 0; i < 2; i++) {
		memcpy(content + i * FRONT_ROOM + 0x1000 + 2, &index, sizeof(index));
		memcpy(content + i * FRONT_ROOM + 0x2000 + 2, &index, sizeof(index));
	}
	front_say(&front, SET_FEATURES, 0, front_acked(&front));
	front_send(&front, front_table(&front, 1));
	for (uint32_t i = 0; i < 2; i++) {
		front_say(&front, SET_VRING_ENABLE, i, 1);
		front_qemu_ring(&front, i, 300);
		assert_int_equal(rig_kernel_ring(&front.rig, i)->base, 300);
	}
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(front_say(&front, GET_VRING_BASE, i, 0), 300);
	/* it runs again only with a new kick */
	front_say(&front, SET_VRING_ENABLE, 0, 1);
	assert_true(front_none_runs(&front));
	front_close(&front);
}

static void nothing_of_front_end_stays(void **state)
{
	struct fake_left first = { 0 }, left;

	front_new(&front, 2);
	for (uint32_t i = 0; i < 4; i++) {
		front_start(&front, 0);
		front_set_log(&front);
		front_say(&front, SET_FEATURES, 0, front_acked(&front) | SESSION_F_LOG);
		fake_raise_error(front.rig.fake, fake_vhost(front.rig.fake, 0), 1, 2);
		assert_ok(&front.rig, session_event(&front.session));
		assert_int_equal(front.session.errors, 2 * (i + 1));
		if (i % 2)
			front_say(&front, RESET_DEVICE, 0, 0);
		assert_ok(&front.rig, session_hang_up(&front.session));
		assert_true(front_none_runs(&front));
		/* the guest's memory and its eventfds go at once, while the device is kept */
		left = fake_left(front.rig.fake);
		assert_int_equal(left.maps, 0);
		if (!i)
			first = left;
		assert_true(left_equal(&first, &left));
		fake_close(front.rig.fake, front.ram);
		front.ram = fake_memfd(front.rig.fake, FRONT_RAM_SIZE, 0);
	}
	front_close(&front);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_order_runs),
		cmocka_unit_test(uml_order_runs),
		cmocka_unit_test(ring_without_enable_runs),
		cmocka_unit_test(ring_goes_on_where_it_was),
		cmocka_unit_test(nothing_of_front_end_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
