/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file-rig - a rig whose guest's memory is in a file that the library maps.  Once it is up, every call is
 * followed by a look at whether rings run in memory that is mapped.
 */
#ifndef TESTS_FILE_RIG_H
#define TESTS_FILE_RIG_H

#include "rig.h"

#define FD_MAP	  (VHC_REGION_FD | VHC_REGION_MAP)
#define PAGE	  4096ull
#define FILE_SIZE 0x40000ull /* of each file */

struct file_rig {
	struct rig rig;
	int fd;	     /* the memory with the rings is at the beginning of this file */
	bool broken; /* a ring ran in memory that was not mapped */
};

/** file_rig_prepare() - a device that is ready to start, with its rings in a file. */
void file_rig_prepare(struct file_rig *f, const char *kernel, uint32_t pairs);
/** file_rig_up() - the same, started and watched. */
void file_rig_up(struct file_rig *f, const char *kernel, uint32_t pairs);
/** file_rig_down() - nothing may be left, and no ring may have run in memory that was not mapped. */
void file_rig_down(struct file_rig *f);

/** file_rig_new() - another file. */
int file_rig_new(struct file_rig *f);
/** file_rig_add() - stage a region that is a part of a file. */
int file_rig_add(struct file_rig *f, int fd, uint64_t guest, uint64_t size, uint64_t offset);
/** file_rig_set() - stage a table of only the region that the rings are in, from any file. */
int file_rig_set(struct file_rig *f, int fd);

/** file_rig_mapped() - are its running rings, and all memory that this vhost fd has, mapped in this process? */
bool file_rig_mapped(const struct fake_vhost *vhost);
/** file_rig_maps() - how many mappings the library has. */
uint32_t file_rig_maps(const struct file_rig *f);
/** file_rig_region() - a region that the kernel has of a pair; it must be there. */
const struct fake_region *file_rig_region(struct file_rig *f, uint32_t pair, uint32_t n);

#endif
