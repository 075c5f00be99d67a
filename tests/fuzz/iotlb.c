/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - mappings of a device behind an IOMMU, its misses, and any bytes that a vhost fd may be read: what
 * the kernel translates is what a model says that goes through a small part of the addresses cell by cell.
 *
 * Input: how many mappings the kernel can have, then a byte for each step with its arguments.
 */
#include "fuzz.h"
#include "rig.h"

#define CELL	  0x400u /* so that no range must begin at a page */
#define CELLS	  256u	 /* the mapped part of the I/O virtual addresses */
#define MAX_CALLS 4096u	 /* to the kernel, in one call of the library */

/* What an I/O virtual address leads to. */
struct cell {
	uint64_t guest; /* 0: it is not mapped */
	uint32_t perm;
};

struct host {
	struct rig rig;
	bool may_drop; /* the kernel has room for fewer mappings than there may be */
	struct cell cells[CELLS];
};

static uint64_t iova_of(uint32_t cell)
{
	return RIG_IOVA + (uint64_t)cell * CELL;
}

static struct fake_vhost *vhost_of(struct host *host)
{
	return rig_vhost(&host->rig, 0);
}

/* ------------------------------------------------------------------------------------ the model */

static uint64_t user_of(struct host *host, uint64_t guest)
{
	if (guest - RIG_GUEST < host->rig.ram_size)
		return (uintptr_t)host->rig.ram + (guest - RIG_GUEST);
	return (uintptr_t)host->rig.more + (guest - RIG_MORE);
}

static bool is_used_ring(struct host *host, uint32_t cell)
{
	for (uint32_t i = 0; i < host->rig.rings; i++) {
		uint64_t used = rig_io_addr(i).used;

		if (iova_of(cell) + CELL > used && iova_of(cell) < used + 4 + 8 * RIG_SIZE)
			return true;
	}
	return false;
}

static void check_cell(struct host *host, const struct fake_vhost *vhost, uint32_t i,
		       uint64_t offset)
{
	const struct cell *cell = &host->cells[i];
	uint64_t right = cell->guest ? user_of(host, cell->guest) + offset : 0;

	for (uint8_t perm = VHC_PERM_READ; perm <= VHC_PERM_WRITE; perm++) {
		uint64_t is = fake_translate(vhost, iova_of(i) + offset, perm);
		uint64_t expected = cell->perm & perm ? right : 0;

		if (!is && host->may_drop && !is_used_ring(host, i))
			continue;
		if (is != expected)
			FUZZ_FAIL("0x%" PRIx64 " is translated to 0x%" PRIx64
				  " instead of 0x%" PRIx64 " for %d",
				  iova_of(i) + offset, is, expected, perm);
	}
}

static void check_cells(struct host *host)
{
	const struct fake_vhost *vhost = vhost_of(host);

	for (uint32_t i = 0; i < CELLS; i++) {
		check_cell(host, vhost, i, 0);
		check_cell(host, vhost, i, CELL - 1);
	}
}

/* Up to the end of the region of the first cell; what was mapped there before is gone. */
static void map_cells(struct host *host, uint32_t first, uint32_t count, const struct vhc_map *map)
{
	uint64_t end =
		map->addr < RIG_MORE ? RIG_GUEST + host->rig.ram_size : RIG_MORE + RIG_MORE_SIZE;

	for (uint32_t i = 0; i < count && first + i < CELLS; i++) {
		uint64_t guest = map->addr + (uint64_t)i * CELL;

		host->cells[first + i] = (struct cell){ 0 };
		if (guest < end)
			host->cells[first + i] = (struct cell){ guest, map->perm };
	}
}

/* ------------------------------------------------------------------------------------- the steps */

static int map(struct host *host, struct fuzz *fuzz)
{
	uint32_t first = fuzz_u8(fuzz), count = 1 + fuzz_below(fuzz, 64);
	uint64_t at = (uint64_t)fuzz_u8(fuzz) * CELL;
	uint8_t what = fuzz_u8(fuzz);
	struct vhc_map args = { .sz = sizeof(args), .iova = iova_of(first), .perm = what % 5 };
	int r;

	count = first + count > CELLS ? CELLS - first : count;
	args.size = (uint64_t)count * CELL;
	args.addr = what & 0x80 ? RIG_MORE + at : RIG_GUEST + at;
	r = vhc_dev_map(host->rig.dev, &args);
	if (!r)
		map_cells(host, first, count, &args);
	return r;
}

static int unmap(struct host *host, struct fuzz *fuzz)
{
	uint32_t first = fuzz_u8(fuzz), count = fuzz_below(fuzz, 64);
	int r;

	count = first + count > CELLS ? CELLS - first : count;
	r = vhc_dev_unmap(host->rig.dev, iova_of(first), (uint64_t)count * CELL);
	if (!r)
		memset(&host->cells[first], 0, count * sizeof(host->cells[0]));
	return r;
}

static int raise_miss(struct host *host, struct fuzz *fuzz)
{
	uint64_t iova = iova_of(fuzz_u8(fuzz)) + fuzz_u8(fuzz);
	uint8_t perm = fuzz_u8(fuzz);

	if (vhost_of(host)->unread < FAKE_MESSAGES - 2)
		fake_raise_miss(host->rig.fake, vhost_of(host), perm & 1, iova, 1 + perm / 2 % 2);
	return 0;
}

static int raise_message(struct host *host, struct fuzz *fuzz)
{
	uint32_t size = fuzz_u8(fuzz) % 73;
	uint8_t bytes[72];

	fuzz_bytes(fuzz, bytes, sizeof(bytes));
	if (fuzz_u8(fuzz) & 1)
		size = 72;
	if (vhost_of(host)->unread < FAKE_MESSAGES - 2)
		fake_raise_message(host->rig.fake, vhost_of(host), bytes, size);
	return 0;
}

/* What is mapped is answered without the caller. */
static void check_event(struct host *host, const struct vhc_event *event)
{
	uint64_t i = (event->iova - RIG_IOVA) / CELL;

	if (event->kind == VHC_EVENT_RING_ERROR)
		return;
	FUZZ_CHECK(event->kind == VHC_EVENT_MISS && event->ring < host->rig.rings);
	FUZZ_CHECK(event->perm && event->perm <= RIG_RW);
	if (!host->may_drop && i < CELLS)
		FUZZ_CHECK(!host->cells[i].guest ||
			   (event->perm & host->cells[i].perm) != event->perm);
}

static int next_event(struct host *host, struct fuzz *fuzz)
{
	struct vhc_event event = { .sz = sizeof(event) };
	int r = vhc_dev_next_event(host->rig.dev, &event);

	FUZZ_CHECK(r <= 1);
	if (r > 0)
		check_event(host, &event);
	return r < 0 ? r : 0;
}

static int stop_and_start(struct host *host, struct fuzz *fuzz)
{
	int r = vhc_dev_stop(host->rig.dev);

	return r ? r : vhc_dev_start(host->rig.dev);
}

/* The second region comes, or goes with what is mapped to it. */
static int change_memory(struct host *host, struct fuzz *fuzz)
{
	bool more = fuzz_u8(fuzz) & 1;
	int r = more ? rig_more(&host->rig) : rig_less(&host->rig);

	for (uint32_t i = 0; i < CELLS && !r && !more; i++)
		if (host->cells[i].guest >= RIG_MORE)
			host->cells[i] = (struct cell){ 0 };
	return r;
}

static int (*const steps[])(struct host *host, struct fuzz *fuzz) = {
	map, map, map, unmap, raise_miss, raise_message, next_event, stop_and_start, change_memory,
};

/* One of them, in which a call to the kernel may fail: then nothing has changed. */
static void step(struct host *host, struct fuzz *fuzz)
{
	struct fake *fake = host->rig.fake;
	uint8_t what = fuzz_u8(fuzz);
	int r;

	fake_forget_calls(fake);
	if (what >= 0xc0)
		fake_fail(fake, what & 1 ? "VHOST_IOTLB_" : "VHOST_", 1 + what / 2 % 8, EIO);
	r = steps[what % (sizeof(steps) / sizeof(steps[0]))](host, fuzz);
	if (getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "%u: %d %s\n", what, r, r ? rig_text(&host->rig) : "");
	FUZZ_CHECK(fake_calls(fake) <= MAX_CALLS);
	if (r) {
		fuzz_check_error(host->rig.ctx, r);
		FUZZ_CHECK(r == -EINVAL || r == -EBUSY || r == -E2BIG || r == -EAGAIN ||
			   fake_failed(fake));
	}
	fake_forget_failures(fake);
	/* the kernel lacks the mapping until the miss is answered again, and the caller's event fd tells */
	if (r && steps[what % (sizeof(steps) / sizeof(steps[0]))] == next_event)
		FUZZ_CHECK(!next_event(host, fuzz));
	if (!rig_kernel_ring(&host->rig, 0)->backend)
		vhc_dev_start(host->rig.dev);
	if (rig_kernel_ring(&host->rig, 0)->backend)
		check_cells(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	static struct host host;
	uint8_t kind = fuzz_u8(&fuzz);

	memset(&host, 0, sizeof(host));
	rig_new(&host.rig, fake_profile_name(kind % 3), 1);
	host.rig.iommu = true;
	host.may_drop = kind & 4;
	if (host.may_drop)
		fake_profile(host.rig.fake)->max_mappings = 4 + kind / 8;
	rig_up(&host.rig);
	map_cells(&host, 0, (uint32_t)host.rig.ram_size / CELL,
		  VHC_ARG(vhc_map, .addr = RIG_GUEST, .perm = RIG_RW));
	for (int i = 0; i < 100 && fuzz.left; i++)
		step(&host, &fuzz);
	rig_free(&host.rig);
	return 0;
}
