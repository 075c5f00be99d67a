/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring - rings and descriptor chains in memory that a hostile guest wrote: checked, started, and checked
 * again while they run, against a model of vhost_get_vq_desc() in drivers/vhost/vhost.c.  The work of a
 * check is bounded, whatever is in the memory.
 */
#include <linux/virtio_ring.h>

#include "fuzz.h"
#include "rig.h"

#define RING	  1u	/* transmits: its buffers are read */
#define MAX_CALLS 4096u /* to the kernel, in one check */

struct guest {
	struct rig rig;
	uint32_t size;
	bool iommu;
};

/* ------------------------------------------------------------------------- what the guest writes */

static uint8_t *ring_at(struct guest *guest, uint32_t offset)
{
	return guest->rig.ram + RING * RIG_RING_ROOM + offset % RIG_RING_ROOM;
}

/* Inside the memory, at its ends, over them, or anywhere. */
static uint64_t any_addr(struct guest *guest, struct fuzz *fuzz)
{
	uint64_t ram = guest->iommu ? RIG_IOVA : RIG_GUEST;
	uint8_t kind = fuzz_u8(fuzz);

	switch (kind % 4) {
	case 0:
		return ram + fuzz_u16(fuzz);
	case 1:
		return ram + guest->rig.ram_size - fuzz_u8(fuzz);
	case 2:
		return RIG_MORE + 16ull * fuzz_below(fuzz, RIG_MORE_SIZE / 16 / 256 * 256);
	default:
		return fuzz_u64(fuzz);
	}
}

static void write_desc(struct guest *guest, struct fuzz *fuzz, uint8_t *at)
{
	struct vring_desc desc = { .addr = any_addr(guest, fuzz) };

	desc.len = fuzz_u16(fuzz);
	if (desc.len & 1)
		desc.len <<= 12;
	desc.flags = fuzz_u8(fuzz) & 7;
	desc.next = fuzz_u16(fuzz);
	memcpy(at, &desc, sizeof(desc));
}

static void write_word(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void write_index(struct guest *guest, struct fuzz *fuzz, char which)
{
	rig_set_index(&guest->rig, RING, which, fuzz_u16(fuzz));
}

static void write_memory(struct guest *guest, struct fuzz *fuzz)
{
	uint32_t count = fuzz_below(fuzz, 64), n;

	for (; count && fuzz->left; count--)
		switch (fuzz_u8(fuzz) % 6) {
		case 0:
			write_desc(guest, fuzz, ring_at(guest, 16 * fuzz_below(fuzz, 256)));
			break;
		case 1:
			n = fuzz_below(fuzz, 256);
			write_word(ring_at(guest, 0x1004 + 2 * n), fuzz_u8(fuzz));
			break;
		case 2: /* of an indirect table */
			n = fuzz_below(fuzz, RIG_MORE_SIZE / 16);
			write_desc(guest, fuzz, guest->rig.more + 16 * n);
			break;
		case 3:
			write_index(guest, fuzz, 'a');
			break;
		case 4:
			write_index(guest, fuzz, 'u');
			break;
		default:
			n = fuzz_u16(fuzz) & ~1u;
			write_word(ring_at(guest, n), fuzz_u16(fuzz));
		}
}

/* ------------------------------------------------------------------------------- what vhost does */

enum answer { FINE, WRONG, EITHER };

/* Where a guest address is, or NULL.  Both regions are apart, so no range is in both. */
static uint8_t *user_of(struct guest *guest, uint64_t addr, uint64_t size)
{
	uint64_t ram = guest->iommu ? RIG_IOVA : RIG_GUEST;

	if (addr - ram < guest->rig.ram_size && size <= guest->rig.ram_size - (addr - ram))
		return guest->rig.ram + (addr - ram);
	if (addr - RIG_MORE < RIG_MORE_SIZE && size <= RIG_MORE_SIZE - (addr - RIG_MORE))
		return guest->rig.more + (addr - RIG_MORE);
	return NULL;
}

/* A range that is not mapped is missed, not wrong. */
static enum answer use_buffer(struct guest *guest, const struct vring_desc *desc)
{
	bool inside = !desc->len || user_of(guest, desc->addr, desc->len);

	if (!inside)
		return guest->iommu ? EITHER : WRONG;
	if (desc->flags & VRING_DESC_F_WRITE)
		return desc->len ? WRONG : EITHER;
	return FINE;
}

static enum answer use_table(struct guest *guest, const struct vring_desc *indirect, uint32_t *sum)
{
	uint32_t count = indirect->len / 16, i = 0;
	const uint8_t *table = user_of(guest, indirect->addr, indirect->len);
	struct vring_desc desc = { .flags = VRING_DESC_F_NEXT };
	enum answer answer = FINE;

	if (indirect->len % 16 || count > 65536)
		return WRONG;
	if (indirect->len && !table)
		return guest->iommu ? EITHER : WRONG;
	for (; answer == FINE && desc.flags & VRING_DESC_F_NEXT; i++) {
		if (i >= count)
			return WRONG;
		memcpy(&desc, table + 16 * i, sizeof(desc));
		answer = desc.flags & VRING_DESC_F_INDIRECT ? WRONG : use_buffer(guest, &desc);
		++*sum;
	}
	return answer;
}

static enum answer use_chain(struct guest *guest, uint32_t head)
{
	struct vring_desc desc = { .flags = VRING_DESC_F_NEXT, .next = (uint16_t)head };
	uint32_t found = 0, sum = 0;
	enum answer answer = FINE;

	while (answer == FINE && desc.flags & VRING_DESC_F_NEXT) {
		if (desc.next >= guest->size || ++found > guest->size)
			return WRONG;
		memcpy(&desc, ring_at(guest, 16u * desc.next), sizeof(desc));
		answer = desc.flags & VRING_DESC_F_INDIRECT ? use_table(guest, &desc, &sum)
							    : use_buffer(guest, &desc);
		/* longer than the ring: vhost takes it, the specification does not */
		if (++sum > guest->size)
			return EITHER;
	}
	return answer;
}

static uint16_t word_at(struct guest *guest, uint32_t offset)
{
	uint16_t value;

	memcpy(&value, ring_at(guest, offset), sizeof(value));
	return value;
}

static enum answer use_ring(struct guest *guest, uint16_t base)
{
	uint16_t avail = word_at(guest, 0x1002), used = word_at(guest, 0x2002);

	if ((uint16_t)(avail - base) > guest->size)
		return WRONG;
	if ((uint16_t)(base - used) > guest->size || (uint16_t)(avail - used) > guest->size)
		return EITHER;
	if (avail == base)
		return FINE;
	return use_chain(guest, word_at(guest, 0x1004 + 2 * (base & (guest->size - 1))));
}

/* ------------------------------------------------------------------------------------- one guest */

static int check(struct guest *guest)
{
	uint32_t before = fake_calls(guest->rig.fake);
	int r = vhc_ring_check(guest->rig.dev, RING);

	FUZZ_CHECK(fake_calls(guest->rig.fake) - before <= MAX_CALLS);
	if (r) {
		fuzz_check_error(guest->rig.ctx, r);
		FUZZ_CHECK(r == -EINVAL);
	}
	return r;
}

static void set_up(struct guest *guest, struct fuzz *fuzz)
{
	struct rig *rig = &guest->rig;
	uint8_t flags = fuzz_u8(fuzz);

	rig_new(rig, "6.12", 1);
	guest->iommu = rig->iommu = flags & 1;
	guest->size = 1u << flags / 2 % 9;
	if (flags & 0x40)
		vhc_features_remove(&rig->acked, VHI_F_EVENT_IDX);
	vhc_features_add(&rig->acked, VHI_F_INDIRECT_DESC);
	rig_prepare(rig);
	assert_ok(rig, rig_more(rig));
	if (guest->iommu)
		assert_ok(rig, rig_map_at(rig, RIG_MORE, RIG_MORE_SIZE, RIG_MORE, VHC_PERM_READ));
	assert_ok(rig, vhc_ring_set_size(rig->dev, RING, guest->size));
}

/* Where the ring resumes: where its memory says that it stopped, or anywhere. */
static void set_base(struct guest *guest, struct fuzz *fuzz)
{
	int r = vhc_ring_recover_base(guest->rig.dev, RING);

	FUZZ_CHECK(!r || r == -EINVAL);
	if (r)
		assert_ok(&guest->rig, vhc_ring_set_base(guest->rig.dev, RING, fuzz_u16(fuzz)));
}

static void run(struct guest *guest, struct fuzz *fuzz)
{
	for (int turn = 0; turn < 3; turn++) {
		uint16_t base = (uint16_t)rig_kernel_ring(&guest->rig, RING)->base;
		enum answer answer = use_ring(guest, base);
		int r = check(guest);

		if (answer == FINE ? r : answer == WRONG && !r)
			FUZZ_FAIL("the check says %d: %s", r, r ? rig_text(&guest->rig) : "fine");
		write_memory(guest, fuzz);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct guest guest;
	int r;

	set_up(&guest, &fuzz);
	write_memory(&guest, &fuzz);
	set_base(&guest, &fuzz);
	r = check(&guest);
	FUZZ_CHECK(!r == !rig_start(&guest.rig));
	if (!r)
		run(&guest, &fuzz);
	rig_free(&guest.rig);
	return 0;
}
