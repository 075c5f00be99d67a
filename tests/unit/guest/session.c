/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - whole vhost-user sessions on the fake kernel: the orders in which front-ends send, memory that
 * changes while rings run, a migration, front-ends that go and come.
 */
#include <fcntl.h>
#include <linux/vhost.h>

#include "ring/endian.h"
#include "session.h"
#include "sound.h"

#define PEER	  0x7f0000000000ull
#define RAM_SIZE  0x100000ull
#define ROOM	  0x4000ull
#define LOG_SIZE  0x10000ull
#define IOVA_PAGE 0x1000ull

static struct rig rig;
static struct session session;
static int ram, log_file;
static bool broken;

static void watch(void *data, const struct fake_call *call)
{
	broken = broken || !sound_check(rig.fake);
}

static void new_session(uint32_t pairs)
{
	rig_new(&rig, "6.12", pairs);
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, session_open(&session, rig.ctx, rig.tap, pairs));
	ram = fake_memfd(rig.fake, RAM_SIZE, 0);
	log_file = fake_memfd(rig.fake, LOG_SIZE, F_SEAL_SHRINK);
	broken = false;
	fake_watch(rig.fake, watch, NULL);
}

static void end_session(void)
{
	fake_watch(rig.fake, NULL, NULL);
	assert_false(broken);
	session_close(&session);
	fake_close(rig.fake, ram);
	fake_close(rig.fake, log_file);
	rig_free(&rig);
}

/* ------------------------------------------------------------------------------- the front-end */

static uint64_t send_message(struct session_message message)
{
	int r = session_handle(&session, &message);

	if (r)
		fail_msg("message %d: %d: %s", (int)message.request, r, rig_text(&rig));
	return message.value;
}

static uint64_t say(enum session_request request, uint32_t ring, uint64_t value)
{
	return send_message((struct session_message){
		.request = request, .ring = ring, .value = value, .fd = -1 });
}

/* The front-end keeps no eventfd after it has sent it. */
static int give(enum session_request request, uint32_t ring)
{
	int fd = fake_eventfd(rig.fake);

	send_message((struct session_message){ .request = request, .ring = ring, .fd = fd });
	return fd;
}

static void give_and_close(enum session_request request, uint32_t ring)
{
	fake_close(rig.fake, give(request, ring));
}

static struct session_message table(uint32_t regions)
{
	return (struct session_message){
		.request = SET_MEM_TABLE,
		.regions = regions,
		.region = { { RIG_GUEST, RAM_SIZE / 2, PEER, 0, ram },
			    { RIG_MORE, RAM_SIZE / 2, PEER + (1ull << 33), RAM_SIZE / 2, ram } },
	};
}

static void set_addr(uint32_t ring, uint64_t base, uint64_t log)
{
	uint64_t at = base + ring * ROOM;

	send_message((struct session_message){ .request = SET_VRING_ADDR,
					       .ring = ring,
					       .addr = { at, at + 0x2000, at + 0x1000, log } });
}

static uint64_t acked(void)
{
	return rig.acked.w[0] | SESSION_F_PROTOCOL;
}

static const struct fake_ring *kernel_ring(uint32_t ring)
{
	return rig_kernel_ring(&rig, ring);
}

static bool all_run(void)
{
	for (uint32_t i = 0; i < rig.rings; i++)
		if (!kernel_ring(i)->runs)
			return false;
	return true;
}

static bool none_runs(void)
{
	for (uint32_t i = 0; i < rig.rings; i++)
		if (kernel_ring(i)->runs)
			return false;
	return true;
}

/* What QEMU sends of a ring when it starts the device: the call that counts comes last. */
static void qemu_ring(uint32_t ring, uint32_t base)
{
	int call;

	say(SET_VRING_NUM, ring, RIG_SIZE);
	say(SET_VRING_BASE, ring, base);
	set_addr(ring, PEER, 0);
	give_and_close(SET_VRING_KICK, ring);
	assert_true(kernel_ring(ring)->runs);
	/* an interrupt that went to the one before must not be lost */
	call = give(SET_VRING_CALL, ring);
	assert_true(fake_counter(rig.fake, call) > 0);
	fake_close(rig.fake, call);
}

static void qemu_starts(uint64_t more)
{
	uint64_t offered = say(GET_FEATURES, 0, 0);

	assert_int_equal(offered & acked(), acked());
	say(SET_OWNER, 0, 0);
	for (uint32_t i = 0; i < rig.rings; i++) {
		give_and_close(SET_VRING_CALL, i);
		give_and_close(SET_VRING_ERR, i);
	}
	for (uint32_t i = 0; i < rig.rings; i++)
		say(SET_VRING_ENABLE, i, 1);
	for (uint32_t i = 0; i < rig.pairs; i++)
		say(SET_FEATURES, 0, acked() | more);
	send_message(table(1));
	for (uint32_t i = 0; i < rig.rings; i++)
		qemu_ring(i, 0);
	for (uint32_t i = 0; i < rig.rings; i++)
		say(SET_VRING_ENABLE, i, 1);
	assert_true(all_run());
}

/* ------------------------------------------------------------------------------------- orders */

static void qemu_order_runs(void **state)
{
	new_session(2);
	assert_int_equal(say(GET_QUEUE_NUM, 0, 0), 2);
	assert_int_equal(say(GET_MAX_MEM_SLOTS, 0, 0), 64);
	qemu_starts(0);
	for (uint32_t i = 0; i < 4; i++) {
		const struct fake_region *region = &fake_vhost(rig.fake, i / 2)->region[0];

		assert_int_equal(kernel_ring(i)->used, region->user + i * ROOM + 0x2000);
		assert_int_equal(kernel_ring(i)->log_addr, 0);
	}
	/* what it says again costs nothing */
	fake_forget_calls(rig.fake);
	say(SET_FEATURES, 0, acked());
	send_message(table(1));
	for (uint32_t i = 0; i < 4; i++) {
		say(SET_VRING_ENABLE, i, 1);
		set_addr(i, PEER, 0);
	}
	assert_true(calls_are(rig.fake, ""));
	end_session();
}

/* User Mode Linux: the log's address is not one, and rings are enabled last. */
static void uml_order_runs(void **state)
{
	new_session(1);
	say(GET_FEATURES, 0, 0);
	say(SET_OWNER, 0, 0);
	say(SET_FEATURES, 0, acked());
	send_message(table(2));
	for (uint32_t i = 0; i < 2; i++) {
		say(SET_VRING_NUM, i, RIG_SIZE);
		say(SET_VRING_BASE, i, 0);
		set_addr(i, PEER, UINT64_MAX);
		give_and_close(SET_VRING_CALL, i);
		give_and_close(SET_VRING_KICK, i);
	}
	assert_true(none_runs());
	say(SET_VRING_ENABLE, 0, 1);
	say(SET_VRING_ENABLE, 1, 1);
	assert_true(all_run());
	assert_int_equal(kernel_ring(1)->log_addr, 0);
	say(SET_VRING_ENABLE, 0, 0);
	assert_false(kernel_ring(0)->runs);
	assert_true(kernel_ring(1)->runs);
	end_session();
}

/* Without protocol features rings are enabled from the beginning. */
static void ring_without_enable_runs(void **state)
{
	new_session(1);
	say(SET_FEATURES, 0, rig.acked.w[0]);
	send_message(table(1));
	qemu_ring(0, 0);
	qemu_ring(1, 0);
	end_session();
}

/* --------------------------------------------------------------------------- memory that changes */

static void memory_changes_under_running_rings(void **state)
{
	struct session_message message;
	uint64_t at;

	new_session(2);
	qemu_starts(0);
	at = fake_vhost(rig.fake, 0)->region[0].user;
	fake_forget_calls(rig.fake);
	/* the whole table again, with one more */
	send_message(table(2));
	assert_true(calls_are(rig.fake, "VHOST_SET_MEM_TABLE,VHOST_SET_MEM_TABLE"));
	send_message(table(1));
	/* and as single regions */
	message = table(2);
	message.region[0] = message.region[1];
	message.request = ADD_MEM_REG;
	send_message(message);
	assert_int_equal(fake_vhost(rig.fake, 1)->regions, 2);
	message.request = REM_MEM_REG;
	send_message(message);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(fake_vhost(rig.fake, i)->regions, 1);
		assert_int_equal(fake_vhost(rig.fake, i)->region[0].user, at);
	}
	/* one that is wrong changes nothing, and the next is not in its way */
	message = table(2);
	message.region[1].size = RAM_SIZE;
	assert_int_equal(session_handle(&session, &message), -EINVAL);
	assert_true(all_run());
	assert_int_equal(fake_vhost(rig.fake, 0)->regions, 1);
	send_message(table(2));
	assert_int_equal(fake_left(rig.fake).maps, 2);
	end_session();
}

/* As a front-end that sends regions merged: the rings' region is another one, of the same memory. */
static void region_grows_under_running_rings(void **state)
{
	struct session_message message = table(1);

	new_session(2);
	qemu_starts(0);
	/* for a moment the rings are where they were, and the table is not */
	fake_watch(rig.fake, NULL, NULL);
	message.region[0].size = RAM_SIZE;
	send_message(message);
	assert_true(all_run());
	assert_true(sound_check(rig.fake));
	assert_int_equal(fake_vhost(rig.fake, 1)->region[0].size, RAM_SIZE);
	assert_int_equal(fake_left(rig.fake).maps, 1);
	send_message(table(1));
	assert_true(sound_check(rig.fake));
	end_session();
}

/* ---------------------------------------------------------------------------------- migration */

static void set_log(void)
{
	send_message((struct session_message){
		.request = SET_LOG_BASE, .fd = log_file, .value = LOG_SIZE });
}

/* The log before its feature, or after it and even before there is memory. */
static void dirty_pages_are_in_peers_log(void **state)
{
	const uint64_t page = RIG_GUEST / 4096 + 5;

	for (uint32_t early = 0; early < 2; early++) {
		const uint64_t *bits;

		new_session(1);
		if (early) {
			set_log();
			qemu_starts(SESSION_F_LOG);
		} else {
			qemu_starts(0);
			set_log();
			say(SET_FEATURES, 0, acked() | SESSION_F_LOG);
			for (uint32_t i = 0; i < 2; i++)
				set_addr(i, PEER, RIG_GUEST);
		}
		assert_int_equal(kernel_ring(1)->log_addr, RIG_GUEST + ROOM + 0x2000);
		((uint64_t *)(uintptr_t)kernel_ring(0)->log_base)[page / 64] |= 1ull << page % 64;
		bits = fake_content(rig.fake, log_file);
		assert_true(bits[page / 64] >> page % 64 & 1);
		/* it takes the last pages itself, and stops without switching the log off */
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(say(GET_VRING_BASE, i, 0), 0);
			assert_false(kernel_ring(i)->runs);
		}
		assert_true(none_runs());
		/* the migration was cancelled */
		say(SET_FEATURES, 0, acked());
		qemu_ring(0, 0);
		qemu_ring(1, 0);
		assert_int_equal(kernel_ring(1)->log_addr, 0);
		end_session();
	}
}

/* A ring that another host has run, and the base that this one tells. */
static void ring_goes_on_where_it_was(void **state)
{
	uint16_t index;
	uint8_t *content;

	new_session(1);
	index = vhi_ring_get16(vhi_ring_swapped(&rig.acked), 300);
	content = fake_content(rig.fake, ram);
	for (uint32_t i = 0; i < 2; i++) {
		memcpy(content + i * ROOM + 0x1000 + 2, &index, sizeof(index));
		memcpy(content + i * ROOM + 0x2000 + 2, &index, sizeof(index));
	}
	say(SET_FEATURES, 0, acked());
	send_message(table(1));
	for (uint32_t i = 0; i < 2; i++) {
		say(SET_VRING_ENABLE, i, 1);
		qemu_ring(i, 300);
		assert_int_equal(kernel_ring(i)->base, 300);
	}
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(say(GET_VRING_BASE, i, 0), 300);
	/* it runs again only with a new kick */
	say(SET_VRING_ENABLE, 0, 1);
	assert_true(none_runs());
	end_session();
}

/* ------------------------------------------------------------------------------------- IOMMU */

static void rings_wait_for_iotlb(void **state)
{
	const uint64_t iova = 0x4000000;
	struct session_message map = { .request = IOTLB_MSG,
				       .iotlb = { iova, 2 * ROOM, PEER, 3, 2 } };

	new_session(1);
	say(SET_FEATURES, 0, acked() | 1ull << VHI_F_ACCESS_PLATFORM);
	send_message(table(1));
	for (uint32_t i = 0; i < 2; i++) {
		say(SET_VRING_ENABLE, i, 1);
		say(SET_VRING_NUM, i, RIG_SIZE);
		set_addr(i, iova, UINT64_MAX);
		give_and_close(SET_VRING_KICK, i);
	}
	assert_true(none_runs());
	send_message(map);
	assert_true(all_run());
	fake_raise_miss(rig.fake, fake_vhost(rig.fake, 0), 1, 0x77000, 1);
	assert_ok(&rig, session_event(&session));
	assert_int_equal(session.misses, 1);
	assert_int_equal(session.miss, 0x77000);
	map.iotlb.iova = 0x77000;
	map.iotlb.size = IOVA_PAGE;
	send_message(map);
	map.iotlb.type = 3;
	send_message(map);
	/* under a running ring it stays */
	map.iotlb.iova = iova;
	map.iotlb.size = 2 * ROOM;
	assert_int_equal(session_handle(&session, &map), -EBUSY);
	end_session();
}

/* ------------------------------------------------------------------------- front-ends come and go */

static void nothing_of_front_end_stays(void **state)
{
	struct fake_left first = { 0 }, left;

	new_session(2);
	for (uint32_t i = 0; i < 4; i++) {
		qemu_starts(0);
		set_log();
		say(SET_FEATURES, 0, acked() | SESSION_F_LOG);
		fake_raise_error(rig.fake, fake_vhost(rig.fake, 0), 1, 2);
		assert_ok(&rig, session_event(&session));
		assert_int_equal(session.errors, 2 * (i + 1));
		if (i % 2)
			say(RESET_DEVICE, 0, 0);
		assert_ok(&rig, session_hang_up(&session));
		assert_true(none_runs());
		/* the guest's memory and its eventfds go at once, while the device is kept */
		left = fake_left(rig.fake);
		assert_int_equal(left.maps, 0);
		if (!i)
			first = left;
		assert_true(left_equal(&first, &left));
		fake_close(rig.fake, ram);
		ram = fake_memfd(rig.fake, RAM_SIZE, 0);
	}
	end_session();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_order_runs),
		cmocka_unit_test(uml_order_runs),
		cmocka_unit_test(ring_without_enable_runs),
		cmocka_unit_test(memory_changes_under_running_rings),
		cmocka_unit_test(region_grows_under_running_rings),
		cmocka_unit_test(dirty_pages_are_in_peers_log),
		cmocka_unit_test(ring_goes_on_where_it_was),
		cmocka_unit_test(rings_wait_for_iotlb),
		cmocka_unit_test(nothing_of_front_end_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
