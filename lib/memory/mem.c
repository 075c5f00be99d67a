/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem - the memory object: its life, its devices, and the edits that wait for a commit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "memory/file.h"
#include "memory/mem.h"
#include "syscall/sys.h"

VHC_EXPORT int vhc_mem_new(struct vhc_ctx *ctx, struct vhc_mem **ret)
{
	struct vhc_mem *mem = calloc(1, sizeof(*mem));

	if (!mem)
		return vhi_fail(ctx, -ENOMEM, "no memory for a memory table");
	mem->ctx = vhi_ctx_ref(ctx);
	mem->refs = 1;
	mem->dirty.event = VHI_FD_NONE;
	*ret = mem;
	return 0;
}

struct vhc_mem *vhi_mem_ref(struct vhc_mem *mem)
{
	mem->refs++;
	return mem;
}

void vhi_mem_unref(struct vhc_mem *mem)
{
	if (!mem || --mem->refs)
		return;
	vhi_mem_free_spare_log(mem);
	vhi_dirty_log_unref(mem->dirty.live);
	vhi_dirty_log_unref(mem->dirty.file);
	vhi_sys_close(&mem->ctx->sys, &mem->dirty.event);
	/* a device that is attached to another memory by now may still have the table */
	if (mem->table)
		vhi_table_release_files(mem->table);
	vhi_table_unref(mem->table);
	vhi_mem_drop_regions(mem->staged, mem->count);
	vhi_mem_drop_regions(mem->committed, mem->committed_count);
	vhi_ctx_unref(mem->ctx);
	free(mem->staged);
	free(mem->committed);
	free(mem->devs);
	free(mem);
}

VHC_EXPORT void vhc_mem_free(struct vhc_mem *mem)
{
	vhi_mem_unref(mem);
}

struct vhi_table *vhi_mem_table(struct vhc_mem *mem)
{
	return mem->table;
}

struct vhc_ctx *vhi_mem_ctx(struct vhc_mem *mem)
{
	return mem->ctx;
}

VHC_EXPORT void vhc_mem_clear(struct vhc_mem *mem)
{
	vhi_mem_drop_regions(mem->staged, mem->count);
	mem->count = 0;
	mem->error = 0;
	mem->edited = true;
}

/* An edit failed, with the text in the context: the commit will fail with both. */
static int fail_edit(struct vhc_mem *mem, int code)
{
	if (!mem->error) {
		mem->error = code;
		snprintf(mem->why, sizeof(mem->why), "%s", mem->ctx->error.text);
	}
	return code;
}

static int check_region(struct vhc_mem *mem, const struct vhi_mem_region *add)
{
	struct vhi_refusal err;
	int r = vhi_mem_region_check(add, &err);

	for (uint32_t i = 0; i < mem->count && !r; i++)
		r = vhi_mem_region_conflict(&mem->staged[i], add, &err);
	if (r)
		return vhi_fail(mem->ctx, r, "%s", err.text);
	if (add->mapped)
		return 0;
	r = vhi_sys_mapped(&mem->ctx->sys, add->user, add->size);
	if (r == -ENOMEM)
		return vhi_fail(mem->ctx, -EINVAL,
				"region [0x%llx, +0x%llx): its user addresses from 0x%llx are not "
				"mapped here",
				(unsigned long long)add->guest, (unsigned long long)add->size,
				(unsigned long long)add->user);
	return 0;
}

static int grow_staged(struct vhc_mem *mem)
{
	uint32_t room = mem->room ? 2 * mem->room : 16;
	struct vhi_mem_region *staged;

	if (mem->count < mem->room)
		return 0;
	staged = realloc(mem->staged, room * sizeof(*staged));
	if (!staged)
		return vhi_fail(mem->ctx, -ENOMEM, "no memory for a region");
	mem->staged = staged;
	mem->room = room;
	return 0;
}

VHC_EXPORT int vhc_mem_add(struct vhc_mem *mem, const struct vhc_region *region)
{
	struct vhc_region copy;
	struct vhi_mem_region add;
	int r = VHI_COPY_ARGS(mem->ctx, vhc_region, &copy, region);

	if (r)
		return fail_edit(mem, r);
	r = vhi_mem_map_region(mem, &copy, &add);
	r = r ?: check_region(mem, &add) ?: grow_staged(mem);
	if (r) {
		vhi_mem_file_unref(add.file);
		return fail_edit(mem, r);
	}
	mem->staged[mem->count++] = add;
	mem->edited = true;
	return 0;
}

VHC_EXPORT int vhc_mem_del(struct vhc_mem *mem, uint64_t guest_addr, uint64_t size)
{
	for (uint32_t i = 0; i < mem->count; i++)
		if (mem->staged[i].guest == guest_addr && mem->staged[i].size == size) {
			vhi_mem_file_unref(mem->staged[i].file);
			mem->staged[i] = mem->staged[--mem->count];
			mem->edited = true;
			return 0;
		}
	return fail_edit(
		mem, vhi_fail_at(mem->ctx,
				 &(struct vhi_place){ .hint = "give its exact address and size" },
				 -EINVAL, "no region [0x%llx, +0x%llx) is staged",
				 (unsigned long long)guest_addr, (unsigned long long)size));
}

int vhi_mem_attach(struct vhc_mem *mem, struct vhc_dev *dev)
{
	struct vhc_dev **devs = realloc(mem->devs, (mem->devs_count + 1) * sizeof(*devs));

	if (!devs)
		return -ENOMEM;
	mem->devs = devs;
	mem->devs[mem->devs_count++] = dev;
	vhi_mem_ref(mem);
	return 0;
}

void vhi_mem_detach(struct vhc_mem *mem, struct vhc_dev *dev)
{
	for (uint32_t i = 0; i < mem->devs_count; i++)
		if (mem->devs[i] == dev) {
			mem->devs[i] = mem->devs[--mem->devs_count];
			vhi_mem_unref(mem);
			return;
		}
}
