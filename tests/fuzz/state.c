/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state - vhost-state documents.  One that is valid is loaded into a device on the fake kernel, with the
 * guest's memory as the document says; started, stopped and saved, the device gives the same document.
 *
 * The checksum of an input is not looked at: hardly any input would get past it.
 */
#include <sys/mman.h>

#include "fuzz.h"
#include "migration/document.h"
#include "rig.h"

#define MAX_PAIRS  4u
#define MAX_MEMORY (UINT64_C(1) << 30)

struct host {
	struct rig rig; /* of which the device, its memory and tap are used */
	const struct vhi_saved *saved;
};

static bool is_split(const struct vhi_saved_ring *ring)
{
	return ring->format == VHI_SPLIT && ring->desc != VHI_SAVED_NO_ADDR;
}

static const struct vhi_saved_ring *ring_of(const struct vhi_saved *saved, size_t i)
{
	return (const struct vhi_saved_ring *)saved->rings.items + i;
}

/* ------------------------------------------------------------------------------ the guest's memory */

static uint64_t memory_size(const struct vhi_saved *saved)
{
	const struct vhi_saved_region *regions = saved->memory.items;
	uint64_t sum = 0;

	for (size_t i = 0; i < saved->memory.count; i++) {
		if (regions[i].size > MAX_MEMORY - sum)
			return UINT64_MAX;
		sum += regions[i].size;
	}
	return sum;
}

/* All regions, one behind the other. */
static void add_memory(struct host *host)
{
	const struct vhi_saved_region *regions = host->saved->memory.items;
	struct rig *rig = &host->rig;
	uint64_t at = 0;

	munmap(rig->ram, rig->ram_size);
	rig->ram_size = memory_size(host->saved) ?: VHC_PAGE_SIZE;
	rig->ram = mmap(NULL, rig->ram_size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	FUZZ_CHECK(rig->ram != MAP_FAILED);
	assert_ok(rig, vhc_mem_new(rig->ctx, &rig->mem));
	for (size_t i = 0; i < host->saved->memory.count; i++) {
		assert_ok(rig,
			  vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .size = regions[i].size,
							.guest_addr = regions[i].guest_addr,
							.user_addr = (uintptr_t)rig->ram + at)));
		at += regions[i].size;
	}
	assert_ok(rig, vhc_mem_commit(rig->mem));
}

/* An index, where the guest has it. */
static void set_index(struct host *host, uint64_t addr, uint16_t value)
{
	const struct vhi_saved_region *regions = host->saved->memory.items;
	uint64_t at = 0;

	for (size_t i = 0; i < host->saved->memory.count; at += regions[i++].size)
		if (addr - regions[i].guest_addr < regions[i].size)
			memcpy(host->rig.ram + at + (addr - regions[i].guest_addr), &value,
			       sizeof(value));
}

/* Everything is used up to where each ring resumes. */
static void set_indices(struct host *host)
{
	for (size_t i = 0; i < host->saved->rings.count; i++) {
		const struct vhi_saved_ring *ring = ring_of(host->saved, i);

		if (!is_split(ring))
			continue;
		set_index(host, ring->avail + 2, (uint16_t)ring->base);
		set_index(host, ring->used + 2, (uint16_t)ring->base);
	}
}

/* ------------------------------------------------------------------------------------ the device */

static void open_device(struct host *host)
{
	struct rig *rig = &host->rig;
	const struct vhi_saved *saved = host->saved;
	enum vhc_type type = vhi_saved_kind(saved)->type;

	assert_ok(rig,
		  vhc_dev_open(rig->ctx, saved->device, NULL,
			       VHC_ARG(vhc_dev_args, .type = type, .queue_pairs = rig->pairs,
				       .guest_cid = type == VHC_TYPE_VSOCK ? saved->guest_cid : 0),
			       &rig->dev));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	if (type != VHC_TYPE_NET)
		return;
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
}

/* Behind an IOMMU each ring's used part is somewhere in memory. */
static void map_ring(struct host *host, const struct vhi_saved_ring *ring)
{
	const struct vhi_saved_region *region = host->saved->memory.items;
	uint64_t size =
		vhi_layout_get((enum vhi_format)ring->format, (uint32_t)ring->size).size[VHI_USED];

	if (ring->desc != VHI_SAVED_NO_ADDR && host->saved->memory.count)
		rig_map_at(&host->rig, ring->used, size, region->guest_addr, RIG_RW);
}

static void set_eventfds(struct host *host)
{
	for (size_t i = 0; i < host->saved->rings.count; i++) {
		const struct vhi_saved_ring *ring = ring_of(host->saved, i);

		FUZZ_CHECK(vhc_ring_get_kick(host->rig.dev, (uint32_t)ring->index) >= 0);
		FUZZ_CHECK(vhc_ring_get_call(host->rig.dev, (uint32_t)ring->index) >= 0);
		if (host->saved->guest.iommu)
			map_ring(host, ring);
	}
}

static void check_save(struct host *host, const char *document)
{
	char *json = NULL;

	assert_ok(&host->rig, vhc_dev_save(host->rig.dev, &json));
	if (strcmp(json, document))
		FUZZ_FAIL("loaded:\n%s\nsaved:\n%s", document, json);
	free(json);
}

static void check_running(struct host *host)
{
	char *json = NULL;

	assert_ok(&host->rig, vhc_dev_save(host->rig.dev, &json));
	assert_ok(&host->rig, vhc_state_check(host->rig.ctx, json));
	FUZZ_CHECK(vhc_dev_load(host->rig.dev, json) == -EINVAL);
	free(json);
	for (size_t i = 0; i < host->saved->rings.count; i++)
		if (is_split(ring_of(host->saved, i)))
			assert_ok(&host->rig,
				  vhc_ring_check(host->rig.dev,
						 (uint32_t)ring_of(host->saved, i)->index));
}

static void check_life(struct host *host, const char *document)
{
	int r = vhc_dev_load(host->rig.dev, document);

	if (r) {
		/* this host lacks a feature, or the rings' indices are within other parts of rings */
		FUZZ_CHECK(r == -EOPNOTSUPP || r == -EINVAL);
		fuzz_check_error(host->rig.ctx, r);
		return;
	}
	check_save(host, document);
	set_eventfds(host);
	r = vhc_dev_start(host->rig.dev);
	if (!r) {
		check_running(host);
		assert_ok(&host->rig, vhc_dev_stop(host->rig.dev));
	} else {
		fuzz_check_error(host->rig.ctx, r);
		FUZZ_CHECK(r == -EAGAIN || r == -EINVAL);
	}
	check_save(host, document);
}

static void check_load(const struct vhi_saved *saved, const char *document)
{
	struct host host = { .saved = saved };

	if (saved->running || saved->queue_pairs > MAX_PAIRS || memory_size(saved) > MAX_MEMORY)
		return;
	rig_new(&host.rig, "7.2", (uint32_t)saved->queue_pairs);
	add_memory(&host);
	set_indices(&host);
	open_device(&host);
	check_life(&host, document);
	rig_free(&host.rig);
}

/* ---------------------------------------------------------------------------------- the document */

/* Written again it stays the same. */
static void check_document(const char *document)
{
	struct vhi_saved saved;
	struct doc_error err;
	char *again;

	if (vhi_saved_parse(document, &saved, &err))
		FUZZ_FAIL("%s: %s: %s", err.pointer, err.text, document);
	again = vhi_saved_write(&saved);
	FUZZ_CHECK(!strcmp(again, document));
	free(again);
	check_load(&saved, document);
	vhi_saved_clear(&saved);
}

static void check_text(struct vhc_ctx *ctx, const char *text)
{
	int r = vhc_state_check(ctx, text);

	FUZZ_CHECK(!r || r == -EINVAL || r == -E2BIG);
	if (r)
		fuzz_check_error(ctx, r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *document;
	struct vhi_saved saved;
	struct doc_error err;
	struct vhc_ctx *ctx;

	FUZZ_CHECK(!vhc_ctx_new(&ctx));
	check_text(ctx, text);
	if (!doc_read(&vhi_state_doc, text, strlen(text), &saved, &err)) {
		document = vhi_saved_write(&saved);
		check_text(ctx, document);
		if (!vhc_state_check(ctx, document))
			check_document(document);
		free(document);
		vhi_saved_clear(&saved);
	}
	vhc_ctx_free(ctx);
	free(text);
	return 0;
}
