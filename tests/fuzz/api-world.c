/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api-world - two devices of one guest: made, looked at, and ended.
 */
#include <linux/vhost.h>

#include "api-world.h"
#include "memory/mem.h"
#include "sound.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --------------------------------------------------------------------------------- dirty pages */

static void set_bit(uint64_t *words, uint64_t page)
{
	words[page / 64] |= UINT64_C(1) << page % 64;
}

static uint32_t below(struct world *world, uint32_t n)
{
	world->seed = world->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(world->seed >> 33) % n;
}

static bool logs(const struct fake_ring *ring)
{
	return ring->backend && ring->features[0] >> VHOST_F_LOG_ALL & 1;
}

/* A page of a region that the device has. */
static void write_page(struct world *world, const struct fake_vhost *vhost,
		       const struct fake_ring *ring)
{
	const struct fake_region *region = &vhost->region[below(world, vhost->regions)];
	uint64_t page = region->guest / VHC_PAGE_SIZE;

	page += below(world, (uint32_t)(region->size / VHC_PAGE_SIZE));
	set_bit((uint64_t *)(uintptr_t)ring->log_base, page);
	set_bit(world->owed, page);
}

void world_write(struct world *world)
{
	const struct fake_vhost *vhost;

	for (uint32_t fd = 0; (vhost = fake_vhost(world->rig.fake, fd)) != NULL; fd++)
		for (uint32_t i = 0; i < FAKE_RINGS; i++)
			if (logs(&vhost->ring[i]) && vhost->regions && below(world, 2))
				write_page(world, vhost, &vhost->ring[i]);
}

void world_forget(struct world *world, bool all)
{
	const struct vhi_table *table = vhi_mem_table(world->rig.mem);
	uint64_t words = !all && table ? vhi_table_log_size(table) / sizeof(uint64_t) : 0;

	if (words < WORLD_WORDS)
		memset(&world->owed[words], 0, (WORLD_WORDS - words) * sizeof(uint64_t));
}

/* Everything that was written before must be read in the pass that begins. */
int world_sync(struct world *world)
{
	int r;

	memcpy(world->due, world->owed, sizeof(world->due));
	r = vhc_dirty_sync(world->rig.mem);
	if (r)
		memset(world->due, 0, sizeof(world->due));
	return r;
}

/* Of one word of the log: which pages were asked for, and which were read? */
static void settle(struct world *world, uint64_t word, uint64_t asked, uint64_t is_read)
{
	uint64_t lost;

	if (word >= WORLD_WORDS)
		return;
	lost = world->due[word] & asked & ~is_read;
	if (lost && !world->doubled)
		FUZZ_FAIL("page 0x%" PRIx64 " is lost",
			  word * 64 + (unsigned)__builtin_ctzll(lost));
	world->due[word] &= ~asked;
	world->owed[word] &= ~is_read;
}

int world_read(struct world *world, uint64_t first, uint64_t pages)
{
	uint64_t count = 0, shift = first % 64, end = shift + pages;
	/* after a word of zeros, because a word of the log is in two of the bitmap */
	uint64_t *words = calloc(pages / 64 + 4, sizeof(*words));
	int r = vhc_dirty_read(world->rig.mem, first * VHC_PAGE_SIZE, pages * VHC_PAGE_SIZE,
			       words + 1, below(world, 2) ? VHC_DIRTY_PRIVATE : 0, &count);

	for (uint64_t i = 0; i * 64 < end && !r; i++) {
		uint64_t asked = i ? UINT64_MAX : UINT64_MAX << shift;
		uint64_t is_read = words[i + 1] << shift | (shift ? words[i] >> (64 - shift) : 0);

		asked &= end - i * 64 < 64 ? UINT64_MAX >> (64 - (end - i * 64)) : UINT64_MAX;
		FUZZ_CHECK(!(is_read & ~asked));
		count -= (unsigned)__builtin_popcountll(is_read);
		settle(world, first / 64 + i, asked, is_read);
	}
	FUZZ_CHECK(!count);
	free(words);
	return r;
}

/* ------------------------------------------------------------------------- what must always be so */

static bool is_ours(const struct rig *rig, const struct fake_region *region)
{
	uint64_t ram = (uintptr_t)rig->ram, more = (uintptr_t)rig->more;

	return (region->user - ram < rig->ram_size &&
		region->size <= rig->ram_size - (region->user - ram)) ||
	       (region->user - more < RIG_MORE_SIZE &&
		region->size <= RIG_MORE_SIZE - (region->user - more));
}

static const char *find_broken(struct world *world)
{
	const struct fake_vhost *vhost;

	for (uint32_t fd = 0; (vhost = fake_vhost(world->rig.fake, fd)) != NULL; fd++)
		for (uint32_t i = 0; i < vhost->regions; i++)
			if (!is_ours(&world->rig, &vhost->region[i]))
				return "a memory table has what is not the guest's";
	return sound_check(world->rig.fake) ? NULL : "the kernel has what is wrong";
}

/*
 * A device that can neither be stopped nor reset is closed all the same: everything is taken from it while it
 * runs, until the close of its fds ends it.
 */
static bool is_given_up(const struct world *world)
{
	return world->closing && fake_failed(world->rig.fake) > world->failed + 1;
}

/* After each call to the kernel. */
static void watch(void *data, const struct fake_call *call)
{
	struct world *world = data;

	if (strncmp(call->name, "VHOST_", 6) || world->broken || is_given_up(world))
		return;
	world->broken = find_broken(world);
	if (world->broken)
		fprintf(stderr, "after %s: %d\n", call->name, call->result);
	else
		world_write(world);
}

/* vhost asks for an address that is not mapped, and not for a permission. */
static bool is_usable(const struct fake_vhost *vhost, uint64_t iova)
{
	return !fake_translate(vhost, iova, 0) || fake_translate(vhost, iova, RIG_RW);
}

/* While a call is under way, mappings are removed to be replaced; not so after it. */
static void check_mappings(const struct fake_vhost *vhost)
{
	for (uint32_t i = 0; i < FAKE_RINGS; i++) {
		const struct fake_ring *ring = &vhost->ring[i];

		FUZZ_CHECK(!ring->backend ||
			   (is_usable(vhost, ring->used) &&
			    is_usable(vhost, ring->used + 4 + 8ull * ring->num - 1)));
	}
	for (uint32_t i = 0; i < vhost->mappings && vhost->ring[0].backend; i++)
		FUZZ_CHECK(sound_in_memory(vhost, vhost->mapping[i].user, vhost->mapping[i].size));
}

void world_check(struct world *world)
{
	const struct fake_vhost *vhost;

	if (!world->broken)
		world->broken = find_broken(world);
	if (world->broken)
		FUZZ_FAIL("%s", world->broken);
	for (uint32_t fd = 0; (vhost = fake_vhost(world->rig.fake, fd)) != NULL; fd++)
		if (vhost->has_iotlb)
			check_mappings(vhost);
}

void world_save(struct world *world, struct world_state *ret)
{
	const struct fake_vhost *vhost;

	memset(ret, 0, sizeof(*ret));
	ret->left = fake_left(world->rig.fake);
	for (uint32_t fd = 0; (vhost = fake_vhost(world->rig.fake, fd)) != NULL; fd++)
		for (uint32_t i = 0; i < FAKE_RINGS; i++) {
			struct world_ring *ring = &ret->rings[fd * FAKE_RINGS + i];

			FUZZ_CHECK(fd * FAKE_RINGS + i < COUNT(ret->rings));
			ring->runs = vhost->ring[i].backend;
			if (ring->runs)
				ring->ring = vhost->ring[i];
		}
}

void world_compare(struct world *world, const struct world_state *before, const char *call)
{
	struct world_state now;

	world_save(world, &now);
	/* who owns a device owns it */
	now.left.workers = before->left.workers;
	/* a ring that is stopped may have had the last reference to an eventfd that was replaced */
	if (now.left.files < before->left.files)
		now.left.files = before->left.files;
	if (!left_equal(&before->left, &now.left))
		FUZZ_FAIL("%s failed, and something is left", call);
	for (uint32_t i = 0; i < COUNT(now.rings); i++)
		if (memcmp(&now.rings[i], &before->rings[i], sizeof(now.rings[i])))
			FUZZ_FAIL("%s failed, and ring %u is not as it was", call, i);
}

/* --------------------------------------------------------------------------------- life and death */

struct vhc_ring_addr world_ring_addr(const struct world *world, uint32_t dev, uint32_t ring)
{
	uint32_t n = dev * WORLD_RINGS + ring % WORLD_RINGS;

	return world->iommu[dev] ? rig_io_addr(n) : rig_addr(n);
}

struct vhc_region world_region(const struct world *world, uint32_t n)
{
	uint64_t more = (uintptr_t)world->rig.more + (n - 1) * WORLD_MORE_SIZE;

	if (n)
		return (struct vhc_region){ sizeof(struct vhc_region), WORLD_MORE(n - 1),
					    WORLD_MORE_SIZE, more };
	return (struct vhc_region){ sizeof(struct vhc_region), RIG_GUEST, world->rig.ram_size,
				    (uintptr_t)world->rig.ram };
}

int world_open(struct world *world, uint32_t dev)
{
	char id[8] = "net0", tap[8] = "tap0";
	int r = 0;

	id[3] = tap[3] = (char)('0' + dev);
	if (!world->tap[dev])
		r = vhc_tap_open(world->rig.ctx, tap,
				 VHC_ARG(vhc_tap_args, .queues = world->pairs[dev]),
				 &world->tap[dev]);
	if (r || world->dev[dev])
		return r;
	return vhc_dev_open(
		world->rig.ctx, id, NULL,
		VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = world->pairs[dev]),
		&world->dev[dev]);
}

int world_attach(struct world *world, uint32_t dev)
{
	return vhc_dev_set_mem(world->dev[dev], world->rig.mem)
		       ?: vhc_dev_set_tap(world->dev[dev], world->tap[dev]);
}

int world_features(struct world *world, uint32_t dev)
{
	struct vhc_features acked = world->rig.acked;

	if (world->iommu[dev])
		vhc_features_add(&acked, VHI_F_ACCESS_PLATFORM);
	return vhc_dev_set_features(world->dev[dev], &acked,
				    world->iommu[dev] ? VHC_GUEST_IOMMU : 0);
}

int world_map(struct world *world, uint32_t dev)
{
	return vhc_dev_map(world->dev[dev],
			   VHC_ARG(vhc_map, .iova = RIG_IOVA, .size = world->rig.ram_size,
				   .addr = RIG_GUEST, .perm = RIG_RW));
}

int world_ring(struct world *world, uint32_t dev, uint32_t ring)
{
	struct vhc_ring_addr addr = world_ring_addr(world, dev, ring);
	int r = vhc_ring_set_size(world->dev[dev], ring, RIG_SIZE);

	r = r ?: vhc_ring_set_addr(world->dev[dev], ring, &addr);
	r = r ?: vhc_ring_get_kick(world->dev[dev], ring);
	return r < 0 ? r : vhc_ring_get_call(world->dev[dev], ring);
}

static void bring_up(struct world *world, uint32_t dev)
{
	struct rig *rig = &world->rig;

	assert_ok(rig, world_open(world, dev));
	assert_ok(rig, world_attach(world, dev));
	assert_ok(rig, world_features(world, dev));
	if (world->iommu[dev])
		assert_ok(rig, world_map(world, dev));
	for (uint32_t i = 0; i < 2 * world->pairs[dev]; i++)
		assert_ok(rig, world_ring(world, dev, i));
	assert_ok(rig, vhc_dev_start(world->dev[dev]));
}

void world_new(struct world *world, struct fuzz *fuzz)
{
	uint8_t kind = fuzz_u8(fuzz), up = fuzz_u8(fuzz);

	memset(world, 0, sizeof(*world));
	rig_new(&world->rig, fake_profile_name(kind % 3), WORLD_DEVS * WORLD_PAIRS);
	world->rig.vm = fake_vm(world->rig.fake, true);
	world->rig.acked = rig_acked(kind % 3 == 2);
	world->seed = kind + 1u;
	for (uint32_t i = 0; i < WORLD_DEVS; i++) {
		world->pairs[i] = 1 + (kind >> (3 + i) & 1);
		world->iommu[i] = kind >> (5 + i) & 1;
	}
	assert_ok(&world->rig, rig_mem(&world->rig));
	for (uint32_t i = 0; i < WORLD_DEVS; i++)
		if (up >> i & 1)
			bring_up(world, i);
	fake_watch(world->rig.fake, watch, world);
}

void world_close(struct world *world, uint32_t dev)
{
	world->closing = true;
	vhc_dev_close(world->dev[dev]);
	world->closing = false;
	vhc_tap_close(world->tap[dev]);
	world->dev[dev] = NULL;
	world->tap[dev] = NULL;
}

/* A device that cannot be stopped can be reset. */
static void stop_all(struct world *world)
{
	struct world_state state;

	for (uint32_t i = 0; i < WORLD_DEVS; i++) {
		int r = world->dev[i] ? vhc_dev_stop(world->dev[i]) : 0;

		FUZZ_CHECK(!r || r == -ESTALE);
		if (r)
			assert_ok(&world->rig, vhc_dev_reset(world->dev[i]));
	}
	world_check(world);
	world_save(world, &state);
	for (uint32_t i = 0; i < COUNT(state.rings); i++)
		FUZZ_CHECK(!state.rings[i].runs);
}

void world_free(struct world *world)
{
	struct rig *rig = &world->rig;

	fake_forget_failures(rig->fake);
	stop_all(world);
	/* -ESTALE has said that pages may be missing */
	if (world->logs && !world->file && !world->doubled) {
		assert_ok(rig, world_sync(world));
		assert_ok(rig, world_read(world, 0, WORLD_WORDS * 64));
		for (size_t i = 0; i < WORLD_WORDS; i++)
			FUZZ_CHECK(!world->owed[i]);
	}
	for (uint32_t i = 0; i < WORLD_DEVS; i++)
		world_close(world, i);
	fake_watch(rig->fake, NULL, NULL);
	/* an ioeventfd that cannot be taken off outlives its device */
	rig->stuck = fake_vm_bindings(fake_vm_of(rig->fake, rig->vm));
	free(world->saved);
	rig_free(rig);
}
