/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mem - the guest's memory object, as the files that make it up see it: mem.c (devices, table and
 * edits), commit.c (another table), logging.c (the dirty log on and off), harvest.c (pages taken out
 * of it).
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include "dirty/log.h"
#include "memory/table.h"

/* The one dirty log of a guest.  Without logging all of it is empty but file, event and mode. */
struct vhc_dirty {
	bool on;
	struct vhc_dirty_log *live;  /* that the devices write to */
	struct vhc_dirty_log *spare; /* of the same size: clean, or what the last swap took */
	bool taken;		     /* spare has pages that the pass at hand hands out */
	uint8_t *unread; /* for each VHC_CHUNK of spare: may have pages that were not read */
	struct vhc_dirty_log *file; /* that vhc_dirty_set_file() gave; instead of one of our own */
	int event;		    /* that vhc_dirty_set_event() gave, or VHC_FD_NONE */
	enum vhc_dirty_mode mode;
};

struct vhc_dev;

struct vhc_mem {
	struct vhc_ctx *ctx;
	uint32_t refs;
	struct vhc_mem_region *staged;
	uint32_t count, room;
	struct vhc_mem_region *committed; /* as they were staged, not merged: to go back to */
	uint32_t committed_count;
	bool edited;
	int error; /* of the first edit that failed; the commit tells it again */
	char why[320];
	struct vhc_table *table;
	struct vhc_dirty dirty;
	struct vhc_dev **devs;
	uint32_t devs_count;
};

/** vhc_mem_dirty_log() - the log that the devices are to write to; NULL: none. */
struct vhc_dirty_log *vhc_mem_dirty_log(const struct vhc_mem *mem);

/**
 * vhc_guest_resize_dirty_log() - a log for this table, when it needs another than there is: *ret, or NULL.
 * Errors: -E2BIG it needs more than the caller's file has; -ENOMEM and what memfd and mmap say.
 */
int vhc_guest_resize_dirty_log(struct vhc_mem *mem, const struct vhc_table *table,
			       struct vhc_dirty_log **ret);

/**
 * vhc_mem_replace_dirty_log() - the devices write to @log from now on: what the log before had, and what was
 * taken and not read, is in it then.  Takes the reference over.
 */
void vhc_mem_replace_dirty_log(struct vhc_mem *mem, struct vhc_dirty_log *log);

/**
 * vhc_mem_merge_dirty_log() - devices wrote to @from for a while, and are to write to the log that there
 * was and is: what came into the one is in the other then.
 */
void vhc_mem_merge_dirty_log(struct vhc_mem *mem, struct vhc_dirty_log *from);

/** vhc_mem_free_spare_log() - let go of the spare log, and of what was not read. */
void vhc_mem_free_spare_log(struct vhc_mem *mem);

#define CHUNK_WORDS 512u /* 4096 bytes of log: 128 MiB of the guest */
#define CHUNK_PAGES (CHUNK_WORDS * 64u)
void vhc_dirty_log_merge(struct vhc_dirty_log *from, struct vhc_dirty_log *to);
uint64_t vhc_dirty_log_words(const struct vhc_dirty_log *log);
uint64_t vhc_mem_count_chunks(const struct vhc_dirty_log *log);
void vhc_mem_return_unread(struct vhc_dirty *dirty);

/* The memory object, as devices see it. */
struct vhc_mem *vhc_mem_ref(struct vhc_mem *mem);
void vhc_mem_unref(struct vhc_mem *mem);
/** vhc_mem_table() - the committed table, NULL when there is none yet. */
struct vhc_table *vhc_mem_table(struct vhc_mem *mem);
struct vhc_ctx *vhc_mem_ctx(struct vhc_mem *mem);
int vhc_mem_attach(struct vhc_mem *mem, struct vhc_dev *dev);
void vhc_mem_detach(struct vhc_mem *mem, struct vhc_dev *dev);

#endif
