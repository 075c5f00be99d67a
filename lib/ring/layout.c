/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layout - a virtqueue in memory.
 *
 * The kernel accepts rings outside the memory table, rings that overlap and descriptors at odd addresses,
 * and then stalls or writes where it should not.  So all of that is refused here.
 */
#include "ring/layout.h"

#include <inttypes.h>

/* size = each * descriptors + fixed; split: avail and used have flags, index and EVENT_IDX's word. */
static const struct {
	const char *name;
	uint8_t each, fixed, align;
} parts[][VHI_PARTS] = {
	[VHI_SPLIT] = {
		[VHI_DESC] = { "descriptor table", 16, 0, 16 },
		[VHI_AVAIL] = { "avail ring", 2, 6, 2 },
		[VHI_USED] = { "used ring", 8, 6, 4 },
	},
	[VHI_PACKED] = {
		[VHI_DESC] = { "descriptor ring", 16, 0, 16 },
		[VHI_AVAIL] = { "driver area", 0, 4, 4 },
		[VHI_USED] = { "device area", 0, 4, 4 },
	},
};

const char *vhi_layout_part_name(enum vhi_format format, enum vhi_part part)
{
	return parts[format][part].name;
}

int vhi_layout_check_size(enum vhi_format format, uint32_t num, struct vhi_refusal *err)
{
	if (num < 1 || num > VHI_RING_MAX)
		return vhi_refuse(err, "ring size %" PRIu32 " is not within 1 to %u", num,
				  VHI_RING_MAX);
	if (format == VHI_SPLIT && num & (num - 1))
		return vhi_refuse(err, "ring size %" PRIu32 " is not a power of two", num);
	return 0;
}

struct vhi_layout vhi_layout_get(enum vhi_format format, uint32_t num)
{
	struct vhi_layout layout;

	for (int i = 0; i < VHI_PARTS; i++) {
		layout.size[i] = (uint64_t)num * parts[format][i].each + parts[format][i].fixed;
		layout.align[i] = parts[format][i].align;
	}
	return layout;
}

int vhi_layout_check_align(enum vhi_format format, const uint64_t addr[VHI_PARTS],
			   struct vhi_refusal *err)
{
	for (int i = 0; i < VHI_PARTS; i++)
		if (addr[i] % parts[format][i].align)
			return vhi_refuse(err, "%s at 0x%" PRIx64 " is not a multiple of %u bytes",
					  parts[format][i].name, addr[i], parts[format][i].align);
	return 0;
}

static int refuse_place(const char *name, uint64_t addr, uint64_t size,
			const struct vhi_table *table, struct vhi_refusal *err)
{
	char how[160];

	vhi_table_describe(table, addr, size, how, sizeof(how));
	return vhi_refuse(err,
			  "%s (%" PRIu64 " bytes at guest address 0x%" PRIx64
			  ") %s: all of it must be in one region",
			  name, size, addr, how);
}

/* The last address of a part; of a ring that was not checked yet it may be past 2^64. */
static uint64_t last_of(const struct vhi_layout *layout, const uint64_t addr[VHI_PARTS], int part)
{
	uint64_t more = layout->size[part] - 1;

	return more > UINT64_MAX - addr[part] ? UINT64_MAX : addr[part] + more;
}

static bool overlap(const struct vhi_layout *layout, const uint64_t addr[VHI_PARTS], int i,
		    const struct vhi_layout *other_layout, const uint64_t other[VHI_PARTS], int j)
{
	return addr[i] <= last_of(other_layout, other, j) && other[j] <= last_of(layout, addr, i);
}

static int check_apart(enum vhi_format format, const struct vhi_layout *layout,
		       const uint64_t addr[VHI_PARTS], const char *space, struct vhi_refusal *err)
{
	for (int i = 0; i < VHI_PARTS; i++)
		for (int j = 0; j < i; j++)
			if (overlap(layout, addr, i, layout, addr, j))
				return vhi_refuse(
					err,
					"%s (%" PRIu64 " bytes at %s 0x%" PRIx64
					") and %s (%" PRIu64 " bytes at 0x%" PRIx64 ") overlap",
					parts[format][j].name, layout->size[j], space, addr[j],
					parts[format][i].name, layout->size[i], addr[i]);
	return 0;
}

int vhi_layout_check_pair(enum vhi_format format, const struct vhi_ring_place *a,
			  const struct vhi_ring_place *b, struct vhi_refusal *err)
{
	struct vhi_layout one = vhi_layout_get(format, a->num);
	struct vhi_layout other = vhi_layout_get(format, b->num);

	for (int i = 0; i < VHI_PARTS; i++)
		for (int j = 0; j < VHI_PARTS; j++)
			if (overlap(&one, a->addr, i, &other, b->addr, j))
				return vhi_refuse(err,
						  "the %s of ring %" PRIu32 " (0x%" PRIx64
						  "-0x%" PRIx64 ") and the %s of ring %" PRIu32
						  " (0x%" PRIx64 "-0x%" PRIx64 ") overlap",
						  parts[format][i].name, a->ring, a->addr[i],
						  last_of(&one, a->addr, i), parts[format][j].name,
						  b->ring, b->addr[j], last_of(&other, b->addr, j));
	return 0;
}

int vhi_layout_check_virtual(enum vhi_format format, uint32_t num, const uint64_t addr[VHI_PARTS],
			     struct vhi_refusal *err)
{
	struct vhi_layout layout = vhi_layout_get(format, num);

	for (int i = 0; i < VHI_PARTS; i++)
		if (layout.size[i] - 1 > UINT64_MAX - addr[i])
			return vhi_refuse(err,
					  "%s (%" PRIu64 " bytes at I/O virtual address 0x%" PRIx64
					  ") ends past the last address, 2^64 - 1",
					  parts[format][i].name, layout.size[i], addr[i]);
	return check_apart(format, &layout, addr, "I/O virtual address", err);
}

int vhi_layout_place(enum vhi_format format, uint32_t num, const uint64_t addr[VHI_PARTS],
		     struct vhi_table *table, uint64_t ret_user[VHI_PARTS], struct vhi_refusal *err)
{
	struct vhi_layout layout = vhi_layout_get(format, num);
	uint64_t user[VHI_PARTS];

	for (int i = 0; i < VHI_PARTS; i++)
		if (vhi_table_find(table, addr[i], layout.size[i], &user[i]) < 0)
			return refuse_place(parts[format][i].name, addr[i], layout.size[i], table,
					    err);
	if (check_apart(format, &layout, addr, "guest address", err))
		return -EINVAL;
	for (int i = 0; i < VHI_PARTS; i++)
		ret_user[i] = user[i];
	return 0;
}
