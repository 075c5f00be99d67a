/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem - the memory of a guest.
 *
 * This room has the guest's memory object with its regions and its one dirty log (mem.h), the tables
 * that addresses are looked up in (table.h) and the mappings of an IOMMU (iotlb.h).  It does not ask or
 * change the devices that are attached to the object: a commit and the dirty log's start and stop are
 * changes to all devices of a guest, and are in guest/.
 */
#ifndef LIB_MEMORY_MEM_H
#define LIB_MEMORY_MEM_H

#include "dirty/log.h"
#include "memory/table.h"

#define VHI_CHUNK_WORDS 512u /* 4096 bytes of log: 128 MiB of the guest */
#define VHI_CHUNK_PAGES (VHI_CHUNK_WORDS * 64u)

/* The one dirty log of a guest.  While it is off, only file, event and mode may be set. */
struct vhi_dirty {
	bool on;
	struct vhi_dirty_log *live;  /* devices write to it */
	struct vhi_dirty_log *spare; /* of the same size: clean, or what the last swap took */
	bool taken;		     /* spare has pages for the current pass to read */
	uint8_t *unread;	     /* for each chunk of spare: may it have pages not yet read? */
	struct vhi_dirty_log *file; /* of vhc_dirty_set_file(); replaces one of the library's own */
	int event;		    /* of vhc_dirty_set_event(), or VHI_FD_NONE */
	enum vhc_dirty_mode mode;
};

struct vhc_dev;

struct vhc_mem {
	struct vhc_ctx *ctx;
	uint32_t refs;
	struct vhi_mem_region *staged;
	uint32_t count, room;
	struct vhi_mem_region *committed; /* as they were staged, not merged: to revert to */
	uint32_t committed_count;
	bool edited;
	int error; /* of the first edit that failed; the commit fails with it */
	char why[320];
	struct vhi_table *table;
	struct vhi_dirty dirty;
	struct vhc_dev **devs;
	uint32_t devs_count;
};

struct vhc_mem *vhi_mem_ref(struct vhc_mem *mem);
void vhi_mem_unref(struct vhc_mem *mem);
struct vhc_ctx *vhi_mem_ctx(struct vhc_mem *mem);
/** vhi_mem_table() - the committed table; NULL before the first commit. */
struct vhi_table *vhi_mem_table(struct vhc_mem *mem);
int vhi_mem_attach(struct vhc_mem *mem, struct vhc_dev *dev);
void vhi_mem_detach(struct vhc_mem *mem, struct vhc_dev *dev);

/* region.c */

/**
 * vhi_mem_map_region() - read what a caller gave, and map it if it is a part of a file.
 * @ret: has a reference to the file, if any, even if this failed.
 * Errors: -EINVAL, -E2BIG, -ENOMEM; those of fstat() and mmap().
 */
int vhi_mem_map_region(struct vhc_mem *mem, const struct vhc_region *region,
		       struct vhi_mem_region *ret);

/** vhi_mem_copy_regions() - with a reference to each file. */
void vhi_mem_copy_regions(struct vhi_mem_region *to, const struct vhi_mem_region *from,
			  uint32_t count);
/** vhi_mem_drop_regions() - drop the references of an array that is about to be overwritten or freed. */
void vhi_mem_drop_regions(struct vhi_mem_region *regions, uint32_t count);

/**
 * vhi_mem_keeps() - is the memory at these guest addresses the same in the staged table as it is in the
 * committed one, if perhaps mapped elsewhere?  False if the caller has mapped it: that cannot be told.
 */
bool vhi_mem_keeps(const struct vhc_mem *mem, uint64_t guest, uint64_t size);

/* dirty-log.c */

/** vhi_mem_dirty_log() - the log that devices are to write to; NULL while it is off. */
struct vhi_dirty_log *vhi_mem_dirty_log(const struct vhc_mem *mem);

/** vhi_dirty_count_chunks() - the length of `unread` for this log. */
uint64_t vhi_dirty_count_chunks(const struct vhi_dirty_log *log);

/**
 * vhi_mem_replace_dirty_log() - the devices now write to @log: it gets the pages of the log before and
 * those taken but not read.  Takes over the reference.
 */
void vhi_mem_replace_dirty_log(struct vhc_mem *mem, struct vhi_dirty_log *log);

/**
 * vhi_mem_merge_dirty_log() - devices wrote to @from for a while, and are back at the live log: move
 * the pages there.
 */
void vhi_mem_merge_dirty_log(struct vhc_mem *mem, struct vhi_dirty_log *from);

/** vhi_mem_return_unread() - move the unread pages of the last pass back to the live log. */
void vhi_mem_return_unread(struct vhc_mem *mem);

/** vhi_mem_free_spare_log() - and drop the pages in it that were not read. */
void vhi_mem_free_spare_log(struct vhc_mem *mem);

#endif
