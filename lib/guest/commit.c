/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commit - the staged regions become the memory of a guest: every device switches to the new table, with
 * a dirty log that fits it, or none does.
 */
#include <errno.h>
#include <stdlib.h>

#include "guest/guest.h"
#include "memory/mem.h"
#include "device/device.h"
#include "syscall/parameter.h"

static int check_devs(struct vhc_mem *mem, struct vhi_table *table)
{
	int r = 0;

	for (uint32_t i = 0; i < mem->devs_count && !r; i++)
		r = vhi_dev_check_table(mem->devs[i], table)
			    ?: vhi_dev_check_regions(mem->devs[i], table, mem->count);
	return r;
}

/* Switch every device to another table, with a dirty log that fits it. */
static int switch_table(struct vhc_mem *mem, struct vhi_table *table)
{
	struct vhi_dirty_log *log = NULL, *log_before = mem->dirty.live;
	struct vhi_table *before = mem->table;
	int r = check_devs(mem, table) ?: vhi_guest_resize_dirty_log(mem, table, &log);

	if (r)
		return r;
	mem->table = table;
	if (log)
		mem->dirty.live = log;
	r = vhi_guest_update(mem);
	mem->dirty.live = log_before;
	if (r) {
		mem->table = before;
		vhi_mem_merge_dirty_log(mem, log);
		vhi_dirty_log_unref(log);
		return r;
	}
	if (log)
		vhi_mem_replace_dirty_log(mem, log);
	vhi_table_ref(table);
	/* every device that runs has the new one */
	if (before)
		vhi_table_release_files(before);
	vhi_table_unref(before);
	return 0;
}

/* Record the staged regions, in @copy, as the committed ones. */
static void record_committed(struct vhc_mem *mem, struct vhi_mem_region *copy)
{
	vhi_mem_copy_regions(copy, mem->staged, mem->count);
	vhi_mem_drop_regions(mem->committed, mem->committed_count);
	free(mem->committed);
	mem->committed = copy;
	mem->committed_count = mem->count;
	mem->edited = false;
}

static int commit_regions(struct vhc_mem *mem)
{
	struct vhi_mem_region *copy = calloc(mem->count ?: 1, sizeof(*copy));
	struct vhi_table *table = NULL;
	struct vhi_refusal err;
	int r = copy ? vhi_table_new(mem->staged, mem->count, &table, &err) : -ENOMEM;

	if (r)
		vhi_fail(mem->ctx, r, "%s", r == -ENOMEM ? "no memory for the table" : err.text);
	else if (!mem->table || !vhi_table_equal(table, mem->table) ||
		 !vhi_peers_equal(table->peers, mem->table->peers))
		r = switch_table(mem, table);
	vhi_table_unref(table);
	if (r)
		free(copy);
	else
		record_committed(mem, copy);
	return r;
}

/* Drop the edits: stage the committed regions again.  They fit, since they were staged before. */
static void revert_staged(struct vhc_mem *mem)
{
	vhi_mem_drop_regions(mem->staged, mem->count);
	vhi_mem_copy_regions(mem->staged, mem->committed, mem->committed_count);
	mem->count = mem->committed_count;
	mem->edited = false;
	mem->error = 0;
}

VHC_EXPORT int vhc_mem_commit(struct vhc_mem *mem)
{
	int r = 0;

	if (mem->error)
		r = vhi_fail(mem->ctx, mem->error, "%s", mem->why);
	else if (mem->edited)
		r = commit_regions(mem);
	if (r)
		revert_staged(mem);
	return r;
}

VHC_EXPORT uint32_t vhc_mem_count_spare(const struct vhc_mem *mem)
{
	uint32_t limit = UINT32_MAX, used = mem->count;
	struct vhi_refusal err;
	struct vhi_table *table;

	for (uint32_t i = 0; i < mem->devs_count; i++) {
		uint32_t max = vhi_dev_max_regions(mem->devs[i]);

		limit = max < limit ? max : limit;
	}
	if (limit == UINT32_MAX)
		limit = VHI_DEFAULT_MAX_REGIONS;
	if (!vhi_table_new(mem->staged, mem->count, &table, &err)) {
		used = table->count;
		vhi_table_unref(table);
	}
	return used < limit ? limit - used : 0;
}
