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
} parts[][VHC_PARTS] = {
	[VHC_SPLIT] = {
		[VHC_DESC] = { "descriptor table", 16, 0, 16 },
		[VHC_AVAIL] = { "avail ring", 2, 6, 2 },
		[VHC_USED] = { "used ring", 8, 6, 4 },
	},
	[VHC_PACKED] = {
		[VHC_DESC] = { "descriptor ring", 16, 0, 16 },
		[VHC_AVAIL] = { "driver area", 0, 4, 4 },
		[VHC_USED] = { "device area", 0, 4, 4 },
	},
};

const char *vhc_layout_part_name(enum vhc_format format, enum vhc_part part)
{
	return parts[format][part].name;
}

int vhc_layout_check_size(enum vhc_format format, uint32_t num, struct vhc_refusal *err)
{
	if (num < 1 || num > VHC_RING_MAX)
		return vhc_refuse(err, "ring size %" PRIu32 " is not within 1 to %u", num,
				  VHC_RING_MAX);
	if (format == VHC_SPLIT && num & (num - 1))
		return vhc_refuse(err, "ring size %" PRIu32 " is not a power of two", num);
	return 0;
}

struct vhc_layout vhc_layout_get(enum vhc_format format, uint32_t num)
{
	struct vhc_layout layout;

	for (int i = 0; i < VHC_PARTS; i++) {
		layout.size[i] = (uint64_t)num * parts[format][i].each + parts[format][i].fixed;
		layout.align[i] = parts[format][i].align;
	}
	return layout;
}

int vhc_layout_check_align(enum vhc_format format, const uint64_t addr[VHC_PARTS],
			   struct vhc_refusal *err)
{
	for (int i = 0; i < VHC_PARTS; i++)
		if (addr[i] % parts[format][i].align)
			return vhc_refuse(err, "%s at 0x%" PRIx64 " is not a multiple of %u bytes",
					  parts[format][i].name, addr[i], parts[format][i].align);
	return 0;
}

static int refuse_place(const char *name, uint64_t addr, uint64_t size,
			const struct vhc_table *table, struct vhc_refusal *err)
{
	char how[160];

	vhc_table_describe(table, addr, size, how, sizeof(how));
	return vhc_refuse(err,
			  "%s (%" PRIu64 " bytes at guest address 0x%" PRIx64
			  ") %s: all of it must be in one region",
			  name, size, addr, how);
}

/* The sums do not wrap: callers have checked that each part ends at 2^64 at most. */
static int check_apart(enum vhc_format format, const struct vhc_layout *layout,
		       const uint64_t addr[VHC_PARTS], const char *space, struct vhc_refusal *err)
{
	for (int i = 0; i < VHC_PARTS; i++)
		for (int j = 0; j < i; j++)
			if (addr[i] <= addr[j] + (layout->size[j] - 1) &&
			    addr[j] <= addr[i] + (layout->size[i] - 1))
				return vhc_refuse(
					err,
					"%s (%" PRIu64 " bytes at %s 0x%" PRIx64
					") and %s (%" PRIu64 " bytes at 0x%" PRIx64 ") overlap",
					parts[format][j].name, layout->size[j], space, addr[j],
					parts[format][i].name, layout->size[i], addr[i]);
	return 0;
}

int vhc_layout_check_virtual(enum vhc_format format, uint32_t num, const uint64_t addr[VHC_PARTS],
			     struct vhc_refusal *err)
{
	struct vhc_layout layout = vhc_layout_get(format, num);

	for (int i = 0; i < VHC_PARTS; i++)
		if (layout.size[i] - 1 > UINT64_MAX - addr[i])
			return vhc_refuse(err,
					  "%s (%" PRIu64 " bytes at I/O virtual address 0x%" PRIx64
					  ") ends past the last address, 2^64 - 1",
					  parts[format][i].name, layout.size[i], addr[i]);
	return check_apart(format, &layout, addr, "I/O virtual address", err);
}

int vhc_layout_place(enum vhc_format format, uint32_t num, const uint64_t addr[VHC_PARTS],
		     struct vhc_table *table, uint64_t ret_user[VHC_PARTS], struct vhc_refusal *err)
{
	struct vhc_layout layout = vhc_layout_get(format, num);
	uint64_t user[VHC_PARTS];

	for (int i = 0; i < VHC_PARTS; i++)
		if (vhc_table_find(table, addr[i], layout.size[i], &user[i]) < 0)
			return refuse_place(parts[format][i].name, addr[i], layout.size[i], table,
					    err);
	if (check_apart(format, &layout, addr, "guest address", err))
		return -EINVAL;
	for (int i = 0; i < VHC_PARTS; i++)
		ret_user[i] = user[i];
	return 0;
}
