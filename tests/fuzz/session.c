/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - a front-end from its first message: whatever it sends in whatever order, rings run only in the memory
 * that it gave, the kernel keeps nothing of it when it has gone, and the next one is served.
 *
 * Input: the number of queue pairs, then for each message the request, how its form is spoilt, and its payload:
 * in small numbers, so that a valid session is near, or as raw bytes.
 */
#include <fcntl.h>

#include "form.h"
#include "front.h"
#include "fuzz.h"
#include "sound.h"

#define MESSAGES 200u

enum { RAW = 1, ACK = 2, SPOIL_SIZE = 4, SPOIL_FDS = 8, SPOIL_FLAGS = 16, LEAVE = 32, MISS = 64 };

struct world {
	struct front front;
	struct fake_left left;
	int log;
	struct fuzz *fuzz;
};

/* An address near the memory's, or its ends. */
static uint64_t address(struct fuzz *fuzz, uint64_t of)
{
	return of + ((uint64_t)fuzz_u16(fuzz) << 4);
}

static void fill_region(struct fuzz *fuzz, struct wire_region *region)
{
	uint32_t which = fuzz_below(fuzz, 4);

	region->guest = FRONT_GUEST + which * FRONT_SIZE;
	region->user = FRONT_USER + which * FRONT_SIZE;
	region->size = FRONT_SIZE >> fuzz_below(fuzz, 4);
	region->offset = (uint64_t)fuzz_below(fuzz, 4) * 0x1000;
}

static void fill_payload(struct world *world, enum wire_form form, union wire_payload *payload)
{
	struct fuzz *fuzz = world->fuzz;

	switch (form) {
	case WIRE_FORM_U64:
		fuzz_bytes(fuzz, payload, 8);
		payload->u64 &= world->front.device->offered | 0x3ffff;
		break;
	case WIRE_FORM_RING:
		payload->ring.index = fuzz_below(fuzz, 5);
		payload->ring.value =
			fuzz_below(fuzz, 2) ? 1u << fuzz_below(fuzz, 10) : fuzz_u8(fuzz);
		break;
	case WIRE_FORM_RING_FD:
		payload->u64 = fuzz_below(fuzz, 5);
		break;
	case WIRE_FORM_ADDR:
		payload->addr.index = fuzz_below(fuzz, 5);
		payload->addr.flags = fuzz_below(fuzz, 2);
		payload->addr.desc = address(fuzz, FRONT_USER);
		payload->addr.avail = address(fuzz, FRONT_USER);
		payload->addr.used = address(fuzz, FRONT_USER);
		break;
	case WIRE_FORM_TABLE:
		payload->table.count = fuzz_below(fuzz, 3);
		for (uint32_t i = 0; i < payload->table.count; i++)
			fill_region(fuzz, &payload->table.region[i]);
		break;
	case WIRE_FORM_SLOT:
	case WIRE_FORM_SLOT_FD:
		fill_region(fuzz, &payload->slot.region);
		break;
	case WIRE_FORM_LOG:
		payload->log.size = 0x1000u << fuzz_below(fuzz, 6);
		payload->log.offset = (uint64_t)fuzz_below(fuzz, 3) * 0x800;
		break;
	case WIRE_FORM_CONFIG:
		payload->config.offset = fuzz_u8(fuzz);
		payload->config.size = fuzz_below(fuzz, 32);
		break;
	case WIRE_FORM_IOTLB:
		payload->iotlb.iova = address(fuzz, FRONT_USER);
		payload->iotlb.size = 1u << fuzz_below(fuzz, 22);
		payload->iotlb.user = address(fuzz, FRONT_USER);
		payload->iotlb.perm = (uint8_t)fuzz_below(fuzz, 5);
		payload->iotlb.type = (uint8_t)fuzz_below(fuzz, 5);
		break;
	default:
		break;
	}
}

/* Those that the form has, each of a kind that may be wrong for it. */
static void fill_fds(struct world *world, struct wire_message *message, uint32_t count)
{
	struct front *front = &world->front;

	for (message->fds = 0; message->fds < count && message->fds < WIRE_FDS; message->fds++) {
		const int fds[] = { front->memory,
				    front->kick[0],
				    front->call[0],
				    front->kick[1],
				    front->call[1],
				    world->log,
				    998,
				    front->memory };

		message->fd[message->fds] = fds[fuzz_below(world->fuzz, 8)];
	}
}

/* The size and the number of fds that the form has with this payload. */
static void fill_counts(struct world *world, enum wire_form form, struct wire_message *message)
{
	static const uint32_t sizes[] = {
		[WIRE_FORM_U64] = 8,   [WIRE_FORM_RING] = 8,   [WIRE_FORM_RING_FD] = 8,
		[WIRE_FORM_ADDR] = 40, [WIRE_FORM_SLOT] = 40,  [WIRE_FORM_SLOT_FD] = 40,
		[WIRE_FORM_LOG] = 16,  [WIRE_FORM_IOTLB] = 32, [WIRE_FORM_CONFIG] = 12,
	};
	const union wire_payload *payload = &message->payload;
	bool one = form == WIRE_FORM_EMPTY_FD || form == WIRE_FORM_SLOT_FD ||
		   form == WIRE_FORM_LOG ||
		   (form == WIRE_FORM_RING_FD && !(payload->u64 & WIRE_NO_FD));

	message->size = sizes[form];
	if (form == WIRE_FORM_CONFIG)
		message->size += payload->config.size & 0xff;
	if (form == WIRE_FORM_TABLE)
		message->size = 8 + 32 * (payload->table.count & 7);
	fill_fds(world, message, form == WIRE_FORM_TABLE ? payload->table.count & 7 : one);
}

/* The worker uses what a mapping says, and the kernel does not look at it. */
static void check_mappings(struct world *world)
{
	const struct fake_vhost *vhost;

	for (uint32_t i = 0; (vhost = fake_vhost(world->front.fake, i)) != NULL; i++)
		for (uint32_t j = 0; j < vhost->mappings; j++)
			FUZZ_CHECK(sound_in_memory(vhost, vhost->mapping[j].user,
						   vhost->mapping[j].size));
}

/* A guest behind an IOMMU misses an address now and then, which is asked for where there is somebody to ask. */
static void miss_one(struct world *world, uint32_t how)
{
	struct fake_vhost *vhost = fake_vhost(world->front.fake, 0);

	if (vhost && vhost->has_iotlb && vhost->unread < FAKE_MESSAGES - 2)
		fake_raise_miss(world->front.fake, vhost, how & 1, FRONT_USER + how * 0x100, 1);
	session_event(&world->front.device->session);
	FUZZ_CHECK(world->front.device->session.misses <= SESSION_MISSES);
}

static void check_world(struct world *world)
{
	FUZZ_CHECK(sound_check(world->front.fake));
	check_mappings(world);
}

/* It goes, and all is as it was. */
static void leave(struct world *world)
{
	struct fake_left now;

	front_disconnect(&world->front);
	now = fake_left(world->front.fake);
	/* the worker stays, for the next one */
	now.workers = world->left.workers;
	FUZZ_CHECK(left_equal(&world->left, &now));
	for (uint32_t i = 0; i < world->front.pairs; i++)
		FUZZ_CHECK(sound_stopped(fake_vhost(world->front.fake, i)));
}

static void send_one(struct world *world)
{
	struct fuzz *fuzz = world->fuzz;
	uint32_t request = fuzz_u8(fuzz), how = fuzz_u8(fuzz);
	const struct wire_kind *kind = wire_kind(WIRE_FRONT, request);
	struct wire_message message = { .request = request, .flags = WIRE_VERSION };
	enum wire_form form = kind ? (enum wire_form)kind->form : WIRE_FORM_EMPTY;
	int r;

	if (how & RAW)
		fuzz_bytes(fuzz, &message.payload, 48);
	else
		fill_payload(world, form, &message.payload);
	fill_counts(world, form, &message);
	message.flags |= how & ACK ? WIRE_NEED_REPLY : 0;
	if (how & SPOIL_SIZE)
		message.size = fuzz_u16(fuzz) % sizeof(message.payload);
	if (how & SPOIL_FDS)
		fill_fds(world, &message, fuzz_below(fuzz, WIRE_FDS + 1));
	if (how & SPOIL_FLAGS)
		message.flags ^= 1u << fuzz_below(fuzz, 32);
	r = session_message(&world->front.device->session, &message);
	FUZZ_CHECK(r <= 1);
	FUZZ_CHECK(r != 1 || (message.flags == (WIRE_VERSION | WIRE_REPLY) && !message.fds));
	FUZZ_CHECK(r >= 0 || world->front.device->session.error.text[0]);
	if (how & MISS)
		miss_one(world, request);
	check_world(world);
	if (r < 0 || how & LEAVE)
		leave(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct world world = { .fuzz = &fuzz };

	uint8_t kind = fuzz_u8(&fuzz);

	if (kind < 192)
		front_new(&world.front, "6.12", 1 + kind % 2);
	else
		front_new_iommu(&world.front, "6.12");
	world.log = fake_memfd(world.front.fake, 0x20000, F_SEAL_SHRINK);
	world.left = fake_left(world.front.fake);
	for (uint32_t i = 0; i < MESSAGES && fuzz.left; i++)
		send_one(&world);
	leave(&world);
	if (!world.front.iommu)
		front_up(&world.front);
	check_world(&world);
	fake_close(world.front.fake, world.log);
	front_free(&world.front);
	return 0;
}
