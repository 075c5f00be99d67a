/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * region - regions as callers give them: those that are parts of files are mapped; and which of them are
 * the same memory as before.
 */
#include <errno.h>

#include "memory/file.h"
#include "memory/mem.h"

void vhi_mem_copy_regions(struct vhi_mem_region *to, const struct vhi_mem_region *from,
			  uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		to[i] = from[i];
		vhi_mem_file_ref(to[i].file);
	}
}

void vhi_mem_drop_regions(struct vhi_mem_region *regions, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		vhi_mem_file_unref(regions[i].file);
}

/* Which flags go together, and with which fields. */
static int check_flags(struct vhc_mem *mem, const struct vhc_region *region)
{
	const uint32_t file = VHC_REGION_FD | VHC_REGION_MAP;
	uint32_t from = region->flags & ~(uint32_t)VHC_REGION_PEER;
	bool mapped = region->flags & VHC_REGION_MAP;

	if ((!from || from == file) && !(mapped && region->user_addr))
		return 0;
	return vhi_fail(mem->ctx, -EINVAL,
			"vhc_region has flags 0x%x and user address 0x%llx: VHC_REGION_FD and "
			"VHC_REGION_MAP (0x%x) go together, without a user address; the only other "
			"flag is VHC_REGION_PEER",
			region->flags, (unsigned long long)region->user_addr, file);
}

/* Memory that stays at its guest address stays where it is mapped: rings that run there need not stop. */
static struct vhi_mem_file *find_file(const struct vhc_mem *mem, const struct vhc_region *region,
				      const struct vhi_file *stat)
{
	for (uint32_t i = 0; i < mem->committed_count; i++) {
		const struct vhi_mem_region *old = &mem->committed[i];

		if (old->file &&
		    vhi_mem_file_has(old->file, stat, region->fd_offset, region->size) &&
		    vhi_mem_file_user(old->file, region->fd_offset) - region->guest_addr ==
			    old->user - old->guest)
			return vhi_mem_file_ref(old->file);
	}
	return NULL;
}

static int check_count(struct vhc_mem *mem)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < mem->count; i++)
		count += mem->staged[i].mapped;
	if (count < VHI_MEM_FILES_MAX)
		return 0;
	return vhi_fail(mem->ctx, -E2BIG, "%u regions are mapped from files; no more are accepted",
			count);
}

static int map_region(struct vhc_mem *mem, const struct vhc_region *region,
		      struct vhi_mem_region *add)
{
	uint64_t offset = region->fd_offset, size = region->size;
	struct vhi_file stat;
	struct vhi_refusal err;
	int r = vhi_mem_region_check(add, &err);

	if (r)
		return vhi_fail(mem->ctx, r, "%s", err.text);
	r = check_count(mem) ?: vhi_mem_file_check(mem->ctx, region->fd, offset, size, &stat);
	if (r)
		return r;
	add->file = find_file(mem, region, &stat);
	if (!add->file)
		r = vhi_mem_file_map(mem->ctx, region->fd, offset, size, &stat, &add->file);
	if (!r)
		add->user = vhi_mem_file_user(add->file, offset);
	return r;
}

int vhi_mem_map_region(struct vhc_mem *mem, const struct vhc_region *region,
		       struct vhi_mem_region *ret)
{
	bool peer = region->flags & VHC_REGION_PEER;
	int r = check_flags(mem, region);

	*ret = (struct vhi_mem_region){ .guest = region->guest_addr,
					.size = region->size,
					.user = region->user_addr,
					.mapped = region->flags & VHC_REGION_MAP };
	/* no other process knows where the library maps a file */
	ret->has_peer = peer || !ret->mapped;
	ret->peer = peer ? region->peer_addr : region->user_addr;
	return r || !ret->mapped ? r : map_region(mem, region, ret);
}

static const struct vhi_mem_region *find_region(const struct vhi_mem_region *regions,
						uint32_t count, uint64_t guest)
{
	for (uint32_t i = 0; i < count; i++)
		if (guest - regions[i].guest < regions[i].size)
			return &regions[i];
	return NULL;
}

static uint64_t offset_of(const struct vhi_mem_region *region, uint64_t guest)
{
	return vhi_mem_file_offset(region->file, region->user + (guest - region->guest));
}

bool vhi_mem_keeps(const struct vhc_mem *mem, uint64_t guest, uint64_t size)
{
	while (size) {
		const struct vhi_mem_region *old =
			find_region(mem->committed, mem->committed_count, guest);
		const struct vhi_mem_region *new = find_region(mem->staged, mem->count, guest);
		uint64_t left, more;

		if (!old || !new || !old->file || !new->file ||
		    old->file->inode != new->file->inode ||
		    old->file->device != new->file->device ||
		    offset_of(old, guest) != offset_of(new, guest))
			return false;
		left = old->size - (guest - old->guest);
		more = new->size - (guest - new->guest);
		left = left < more ? left : more;
		left = left < size ? left : size;
		guest += left;
		size -= left;
	}
	return true;
}
