/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api-guest - calls on the memory of a guest, and on its dirty log.
 */
#include "api-calls.h"

/* -------------------------------------------------------------------------------------- memory */

static int mem_add(struct call *call)
{
	struct vhc_region region = world_region(call->world, fuzz_below(call->fuzz, 3));
	uint8_t wrong = fuzz_u8(call->fuzz);

	if (wrong >= 0xf0)
		region.size -= (wrong & 3u) * VHC_PAGE_SIZE / 2;
	return vhc_mem_add(call->world->rig.mem, &region);
}

static int mem_del(struct call *call)
{
	struct vhc_region region = world_region(call->world, fuzz_below(call->fuzz, 3));

	return vhc_mem_del(call->world->rig.mem, region.guest_addr, region.size);
}

static int mem_clear(struct call *call)
{
	vhc_mem_clear(call->world->rig.mem);
	return 0;
}

static int mem_commit(struct call *call)
{
	int r = vhc_mem_commit(call->world->rig.mem);

	world_forget(call->world, false);
	memset(call->world->due, 0, sizeof(call->world->due));
	return r;
}

/* ----------------------------------------------------------------------------------- dirty pages */

static int dirty_start(struct call *call)
{
	int r = vhc_dirty_start(call->world->rig.mem);

	call->world->logs |= !r;
	if (!call->world->logs)
		world_forget(call->world, true);
	return r;
}

/* When it fails, all pages count as dirty once. */
static int dirty_stop(struct call *call)
{
	int r = vhc_dirty_stop(call->world->rig.mem);

	world_forget(call->world, true);
	memset(call->world->due, 0, sizeof(call->world->due));
	if (!r)
		call->world->logs = call->world->file = false;
	return r;
}

static int dirty_mode(struct call *call)
{
	return vhc_dirty_set_mode(call->world->rig.mem, fuzz_below(call->fuzz, 3));
}

static int dirty_sync(struct call *call)
{
	return world_sync(call->world);
}

static int dirty_read(struct call *call)
{
	struct vhc_region region = world_region(call->world, fuzz_below(call->fuzz, 4) % 3);
	uint8_t part = fuzz_u8(call->fuzz);
	uint64_t first = region.guest_addr / VHC_PAGE_SIZE, pages = region.size / VHC_PAGE_SIZE;

	if (part & 1)
		return world_read(call->world, 0, WORLD_WORDS * 64);
	return world_read(call->world, first + part % 8, pages - part % 8);
}

static int dirty_event(struct call *call)
{
	int fd = fuzz_u8(call->fuzz) & 1 ? fake_eventfd(call->world->rig.fake) : -1;
	int r = vhc_dirty_set_event(call->world->rig.mem, fd);

	fake_close(call->world->rig.fake, fd);
	return r;
}

/* Pages that are carried over between files and logs are owed all the same. */
static int dirty_file(struct call *call)
{
	struct fake *fake = call->world->rig.fake;
	uint64_t size = fuzz_u8(call->fuzz) & 3 ? 16 * VHC_PAGE_SIZE : VHC_PAGE_SIZE;
	int fd = fuzz_u8(call->fuzz) & 1 ? fake_memfd(fake, size, 2 /* F_SEAL_SHRINK */) : -1;
	int r = vhc_dirty_set_file(call->world->rig.mem, fd, 0, fd < 0 ? 0 : size);

	if (!r) {
		call->world->file = fd >= 0;
		memset(call->world->due, 0, sizeof(call->world->due));
	}
	fake_close(fake, fd);
	return r;
}

const struct op guest_ops[] = {
	{ "mem_add", mem_add, 0 },	   { "mem_del", mem_del, 0 },
	{ "mem_clear", mem_clear, 0 },	   { "mem_commit", mem_commit, 0 },
	{ "dirty_start", dirty_start, 0 }, { "dirty_stop", dirty_stop, 0 },
	{ "dirty_mode", dirty_mode, 0 },   { "dirty_sync", dirty_sync, 0 },
	{ "dirty_read", dirty_read, 0 },   { "dirty_event", dirty_event, 0 },
	{ "dirty_file", dirty_file, 0 },   { 0 },
};
