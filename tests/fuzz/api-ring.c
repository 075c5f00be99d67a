/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api-ring - calls on a ring, and on what binds it to a VM.
 */
#include "api-calls.h"

static int ring_set(struct call *call)
{
	int r = world_ring(call->world, call->n, call->ring);

	return r < 0 ? r : 0;
}

static int ring_size(struct call *call)
{
	uint8_t size = fuzz_u8(call->fuzz);

	return vhc_ring_set_size(call->dev, call->ring, size & 1 ? size : 1u << size / 2 % 17);
}

/* Another ring's address, or part of one is anywhere. */
static int ring_addr(struct call *call)
{
	struct vhc_ring_addr addr =
		world_ring_addr(call->world, fuzz_u8(call->fuzz) & 1, fuzz_u8(call->fuzz));
	uint64_t *parts[] = { &addr.desc, &addr.avail, &addr.used };
	uint8_t part = fuzz_u8(call->fuzz) % 8;

	if (part < COUNT(parts))
		*parts[part] += 0x100ull * fuzz_u16(call->fuzz);
	return vhc_ring_set_addr(call->dev, call->ring, &addr);
}

static int ring_base(struct call *call)
{
	return vhc_ring_set_base(call->dev, call->ring, fuzz_u16(call->fuzz));
}

static int ring_recover(struct call *call)
{
	return vhc_ring_recover_base(call->dev, call->ring);
}

static int ring_indices(struct call *call)
{
	uint32_t n = call->n * WORLD_RINGS + call->ring % WORLD_RINGS;
	uint16_t used = fuzz_u8(call->fuzz);

	rig_set_index(&call->world->rig, n, 'u', used);
	rig_set_index(&call->world->rig, n, 'a', (uint16_t)(used + fuzz_u8(call->fuzz)));
	return 0;
}

static int ring_eventfd(struct call *call)
{
	uint8_t what = fuzz_u8(call->fuzz);
	int fd = what & 1 ? fake_eventfd(call->world->rig.fake) : -1, r;

	r = what & 2 ? vhc_ring_set_kick(call->dev, call->ring, fd)
		     : vhc_ring_set_call(call->dev, call->ring, fd);
	fake_close(call->world->rig.fake, fd);
	return r;
}

static int ring_mask(struct call *call)
{
	vhc_ring_is_pending(call->dev, call->ring);
	return vhc_ring_set_masked(call->dev, call->ring, fuzz_u8(call->fuzz) & 1);
}

static int ring_busyloop(struct call *call)
{
	return vhc_ring_set_busyloop(call->dev, call->ring, fuzz_u8(call->fuzz));
}

static int ring_start(struct call *call)
{
	return vhc_ring_start(call->dev, call->ring);
}

static int ring_stop(struct call *call)
{
	return vhc_ring_stop(call->dev, call->ring);
}

static int ring_reset(struct call *call)
{
	return vhc_ring_reset(call->dev, call->ring);
}

static int ring_check(struct call *call)
{
	return vhc_ring_check(call->dev, call->ring);
}

static int kvm(struct call *call)
{
	uint8_t what = fuzz_u8(call->fuzz);
	struct vhc_ioeventfd bell = { .sz = sizeof(bell), .addr = 0xc050 + what / 8 % 4, .len = 2 };
	struct vhc_irqfd irq = { .sz = sizeof(irq), .gsi = what / 8 % 8 };
	struct rig *rig = &call->world->rig;

	switch (what % 4) {
	case 0:
		return vhc_ring_add_ioeventfd(call->dev, call->ring, rig->vm, &bell);
	case 1:
		return vhc_ring_del_ioeventfd(call->dev, call->ring, &bell);
	case 2:
		return vhc_ring_set_irqfd(call->dev, call->ring, rig->vm, &irq);
	default:
		return vhc_ring_set_irqfd(call->dev, call->ring, -1, NULL);
	}
}

const struct op ring_ops[] = {
	{ "ring_set", ring_set, NEEDS_DEV | SEVERAL },
	{ "ring_size", ring_size, NEEDS_DEV },
	{ "ring_addr", ring_addr, NEEDS_DEV },
	{ "ring_base", ring_base, NEEDS_DEV },
	{ "ring_recover", ring_recover, NEEDS_DEV },
	{ "ring_indices", ring_indices, NEEDS_DEV },
	{ "ring_eventfd", ring_eventfd, NEEDS_DEV },
	{ "ring_mask", ring_mask, NEEDS_DEV },
	{ "ring_busyloop", ring_busyloop, NEEDS_DEV },
	{ "ring_start", ring_start, NEEDS_DEV },
	{ "ring_stop", ring_stop, NEEDS_DEV | STOPS },
	{ "ring_reset", ring_reset, NEEDS_DEV | STOPS },
	{ "ring_check", ring_check, NEEDS_DEV },
	{ "kvm", kvm, NEEDS_DEV },
	{ 0 },
};
