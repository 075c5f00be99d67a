/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-log - start and stop the dirty log of a guest, in the caller's file or in memory of the library's
 * own, as long as the memory table needs it.
 */
#include <errno.h>
#include <string.h>

#include "guest/guest.h"
#include "memory/mem.h"
#include "dev.h"

static int check_file_size(struct vhc_mem *mem, const struct vhi_dirty_log *log,
			   const struct vhi_table *table)
{
	uint64_t need = vhi_table_log_size(table);

	if (log->size >= need)
		return 0;
	return vhi_fail_at(mem->ctx, &(struct vhi_place){ .hint = "give a longer file" }, -E2BIG,
			   "the dirty log's file has %llu bytes, and memory up to guest address "
			   "0x%llx needs %llu: the kernel would write past its end",
			   (unsigned long long)log->size,
			   (unsigned long long)(table->guest[table->count - 1] +
						(table->size[table->count - 1] - 1)),
			   (unsigned long long)need);
}

/* A dirty log for this table: the caller's file, or a new one. */
static int get_log(struct vhc_mem *mem, const struct vhi_table *table, struct vhi_dirty_log **ret)
{
	struct vhi_dirty_log *file = mem->dirty.file;
	int r;

	if (!file)
		return vhi_dirty_log_new(mem->ctx, vhi_table_log_size(table), ret);
	r = check_file_size(mem, file, table);
	if (!r)
		*ret = vhi_dirty_log_ref(file);
	return r;
}

int vhi_guest_resize_dirty_log(struct vhc_mem *mem, const struct vhi_table *table,
			       struct vhi_dirty_log **ret)
{
	struct vhi_dirty *dirty = &mem->dirty;
	uint64_t need = vhi_table_log_size(table);

	*ret = NULL;
	if (dirty->file)
		return table->count ? check_file_size(mem, dirty->file, table) : 0;
	/* an empty table keeps the log: there are no empty ones */
	if (!dirty->on || !need || need == dirty->live->size)
		return 0;
	return vhi_dirty_log_new(mem->ctx, need, ret);
}

/* Does each running device log what it writes? */
static int check_devices(const struct vhc_mem *mem)
{
	int r = 0;

	for (uint32_t i = 0; i < mem->devs_count && !r; i++)
		if (vhi_dev_runs(mem->devs[i]))
			r = vhi_dev_check_logs(mem->devs[i], "stop it before vhc_dirty_start()");
	return r;
}

VHC_EXPORT int vhc_dirty_start(struct vhc_mem *mem)
{
	struct vhi_dirty *dirty = &mem->dirty;
	int r;

	if (dirty->on)
		return 0;
	if (!mem->table || !mem->table->count)
		return vhi_fail_at(
			mem->ctx, &(struct vhi_place){ .hint = "call vhc_mem_commit()" }, -EAGAIN,
			"no memory is committed, and the dirty log's size follows from it");
	r = check_devices(mem);
	if (r)
		return r;
	r = get_log(mem, mem->table, &dirty->live);
	if (r)
		return r;
	dirty->on = true;
	r = vhi_guest_update(mem);
	if (r) {
		dirty->on = false;
		vhi_dirty_log_unref(dirty->live);
		dirty->live = NULL;
	}
	return r;
}

VHC_EXPORT int vhc_dirty_stop(struct vhc_mem *mem)
{
	struct vhi_dirty *dirty = &mem->dirty;
	int r;

	if (dirty->on) {
		dirty->on = false;
		r = vhi_guest_update(mem);
		if (r) {
			dirty->on = true;
			return r;
		}
		vhi_mem_free_spare_log(mem);
		vhi_dirty_log_unmap(dirty->live);
		dirty->live = NULL;
	}
	vhi_dirty_log_unref(dirty->file);
	dirty->file = NULL;
	return 0;
}

/* While the dirty log is on: switch every device to another one, with the pages of the one before. */
static int switch_log(struct vhc_mem *mem, struct vhi_dirty_log *log)
{
	struct vhi_dirty *dirty = &mem->dirty;
	struct vhi_dirty_log *before = dirty->live;
	int r;

	dirty->live = log;
	r = vhi_guest_update(mem);
	dirty->live = before;
	if (r)
		vhi_mem_merge_dirty_log(mem, log);
	else
		vhi_mem_replace_dirty_log(mem, vhi_dirty_log_ref(log));
	return r;
}

VHC_EXPORT int vhc_dirty_set_file(struct vhc_mem *mem, int fd, uint64_t offset, uint64_t size)
{
	struct vhi_dirty *dirty = &mem->dirty;
	struct vhi_dirty_log *file = NULL, *log = NULL, *before = dirty->file;
	int r = 0;

	if (fd < 0 && !before)
		return 0;
	if (fd >= 0)
		r = vhi_dirty_log_open(mem->ctx, fd, offset, size, &file);
	if (!r && file && mem->table && mem->table->count)
		r = check_file_size(mem, file, mem->table);
	if (!r && dirty->on) {
		/* even for an empty table */
		if (file)
			log = vhi_dirty_log_ref(file);
		else
			r = vhi_dirty_log_new(
				mem->ctx, vhi_table_log_size(mem->table) ?: sizeof(uint64_t), &log);
		r = r ?: switch_log(mem, log);
	}
	vhi_dirty_log_unref(log);
	if (r) {
		vhi_dirty_log_unref(file);
		return r;
	}
	vhi_dirty_log_unref(before);
	dirty->file = file;
	return 0;
}

/* A stopped device's `have` still names this fd: forget it before the number is reused. */
static void forget_event(struct vhc_mem *mem, int event)
{
	for (uint32_t i = 0; i < mem->devs_count; i++)
		vhi_dev_forget_log_event(mem->devs[i], event);
}

VHC_EXPORT int vhc_dirty_set_event(struct vhc_mem *mem, int fd)
{
	struct vhi_dirty *dirty = &mem->dirty;
	int copy = VHI_FD_NONE, before = dirty->event, r;

	if (fd >= 0 && before >= 0 && vhi_sys_same(&mem->ctx->sys, fd, before))
		return 0;
	if (fd >= 0) {
		copy = vhi_sys_dup(&mem->ctx->sys, fd);
		if (copy < 0)
			return vhi_fail_errno(mem->ctx, NULL, copy,
					      "dirty log eventfd %d cannot be duplicated", fd);
	}
	dirty->event = copy;
	r = vhi_guest_update(mem);
	if (r) {
		dirty->event = before;
		vhi_sys_close(&mem->ctx->sys, &copy);
		return r;
	}
	forget_event(mem, before);
	vhi_sys_close(&mem->ctx->sys, &before);
	return 0;
}
