/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * front-end - what a vhost-user front-end sends.
 */
#include <fcntl.h>

#include "front-end.h"
#include "sound.h"

static void watch(void *data, const struct fake_call *call)
{
	struct front_end *front = data;

	front->broken = front->broken || !sound_check(front->rig.fake);
}

void front_new(struct front_end *front, uint32_t pairs)
{
	struct rig *rig = &front->rig;

	rig_new(rig, "6.12", pairs);
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, session_open(&front->session, rig->ctx, rig->tap, pairs));
	front->ram = fake_memfd(rig->fake, FRONT_RAM_SIZE, 0);
	front->log = fake_memfd(rig->fake, FRONT_LOG_SIZE, F_SEAL_SHRINK);
	front->broken = false;
	fake_watch(rig->fake, watch, front);
}

void front_close(struct front_end *front)
{
	fake_watch(front->rig.fake, NULL, NULL);
	assert_false(front->broken);
	session_close(&front->session);
	fake_close(front->rig.fake, front->ram);
	fake_close(front->rig.fake, front->log);
	rig_free(&front->rig);
}

/* ------------------------------------------------------------------------------------- messages */

uint64_t front_send(struct front_end *front, struct session_message message)
{
	int r = session_handle(&front->session, &message);

	if (r)
		fail_msg("message %d: %d: %s", (int)message.request, r, rig_text(&front->rig));
	return message.value;
}

uint64_t front_say(struct front_end *front, enum session_request request, uint32_t ring,
		   uint64_t value)
{
	return front_send(front,
			  (struct session_message){
				  .request = request, .ring = ring, .value = value, .fd = -1 });
}

int front_give(struct front_end *front, enum session_request request, uint32_t ring)
{
	int fd = fake_eventfd(front->rig.fake);

	front_send(front, (struct session_message){ .request = request, .ring = ring, .fd = fd });
	return fd;
}

void front_give_and_close(struct front_end *front, enum session_request request, uint32_t ring)
{
	fake_close(front->rig.fake, front_give(front, request, ring));
}

struct session_message front_table(const struct front_end *front, uint32_t regions)
{
	const uint64_t half = FRONT_RAM_SIZE / 2;

	return (struct session_message){
		.request = SET_MEM_TABLE,
		.regions = regions,
		.region = { { RIG_GUEST, half, FRONT_PEER, 0, front->ram },
			    { RIG_MORE, half, FRONT_PEER + (1ull << 33), half, front->ram } },
	};
}

void front_set_addr(struct front_end *front, uint32_t ring, uint64_t base, uint64_t log)
{
	uint64_t at = base + ring * FRONT_ROOM;

	front_send(front,
		   (struct session_message){ .request = SET_VRING_ADDR,
					     .ring = ring,
					     .addr = { at, at + 0x2000, at + 0x1000, log } });
}

void front_set_log(struct front_end *front)
{
	front_send(front, (struct session_message){ .request = SET_LOG_BASE,
						    .fd = front->log,
						    .value = FRONT_LOG_SIZE });
}

uint64_t front_acked(const struct front_end *front)
{
	return front->rig.acked.w[0] | SESSION_F_PROTOCOL;
}

/* ---------------------------------------------------------------------------------------- QEMU */

void front_qemu_ring(struct front_end *front, uint32_t ring, uint32_t base)
{
	int call;

	front_say(front, SET_VRING_NUM, ring, RIG_SIZE);
	front_say(front, SET_VRING_BASE, ring, base);
	front_set_addr(front, ring, FRONT_PEER, 0);
	front_give_and_close(front, SET_VRING_KICK, ring);
	assert_true(rig_kernel_ring(&front->rig, ring)->runs);
	/* an interrupt that went to the one before must not be lost */
	call = front_give(front, SET_VRING_CALL, ring);
	assert_true(fake_counter(front->rig.fake, call) > 0);
	fake_close(front->rig.fake, call);
}

void front_start(struct front_end *front, uint64_t more)
{
	uint64_t offered = front_say(front, GET_FEATURES, 0, 0), acked = front_acked(front);
	uint32_t rings = front->rig.rings;

	assert_int_equal(offered & acked, acked);
	front_say(front, SET_OWNER, 0, 0);
	for (uint32_t i = 0; i < rings; i++) {
		front_give_and_close(front, SET_VRING_CALL, i);
		front_give_and_close(front, SET_VRING_ERR, i);
	}
	for (uint32_t i = 0; i < rings; i++)
		front_say(front, SET_VRING_ENABLE, i, 1);
	for (uint32_t i = 0; i < front->rig.pairs; i++)
		front_say(front, SET_FEATURES, 0, acked | more);
	front_send(front, front_table(front, 1));
	for (uint32_t i = 0; i < rings; i++)
		front_qemu_ring(front, i, 0);
	for (uint32_t i = 0; i < rings; i++)
		front_say(front, SET_VRING_ENABLE, i, 1);
	assert_true(front_all_run(front));
}

/* --------------------------------------------------------------------------- what became of it */

bool front_all_run(struct front_end *front)
{
	for (uint32_t i = 0; i < front->rig.rings; i++)
		if (!rig_kernel_ring(&front->rig, i)->runs)
			return false;
	return true;
}

bool front_none_runs(struct front_end *front)
{
	for (uint32_t i = 0; i < front->rig.rings; i++)
		if (rig_kernel_ring(&front->rig, i)->runs)
			return false;
	return true;
}
