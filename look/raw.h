/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw - readings before they are put together: of single vhost fds, one device each; and the ways to get
 * them.  Private to the room.
 */
#ifndef LOOK_RAW_H
#define LOOK_RAW_H

#include "look.h"
#include "record.h"

/* A vhost fd as the kernel has it. */
struct raw {
	struct record_device device;
	struct record_ring *rings;
	struct record_region *regions;
	size_t ring_count, region_count;
	bool flagged;  /* it changed while it was read */
	bool unsteady; /* never twice the same */
};

struct raw_list {
	struct raw *items;
	size_t count;
};

/**
 * look_bpf_read() - all vhost fds of all processes, each read until it was twice the same.
 *
 * Errors: what the kernel said to the program; -ENOSYS: built without it.
 */
int look_bpf_read(struct raw_list *ret);
extern const bool look_bpf_built;
void look_raw_clear(struct raw_list *list);

/** look_raw_device() - a fd as a device of its own.  Errors: -ENOMEM. */
int look_raw_device(const struct raw *raw, struct look_device *ret);

/** look_append() - one more device at the end of a reading.  Errors: -ENOMEM, and it is freed. */
int look_append(struct look_reading *reading, struct look_device *device);

/** look_proc_read() - what /proc says of one process, or of all: a device for each fd. */
int look_proc_read(pid_t pid, struct look_reading *reading);
/** look_proc_links() - the links of devices that have none now, where their process has one only. */
int look_proc_links(struct look_reading *reading);
/** look_proc_number() - a decimal number in a file; @missing: there is none. */
int64_t look_proc_number(const char *path, int64_t missing);
/** look_proc_value() - what follows "@key:" in a file, without blanks.  False: it is not there. */
bool look_proc_value(const char *path, const char *key, char *buf, size_t size);

/** look_add_worker() - the thread's line in the device, unless it has one.  Errors: -ENOMEM. */
int look_add_worker(struct look_device *device, pid_t pid);
/** look_find_workers() - of devices that say none: by the names of threads.  Errors: -ENOMEM. */
int look_find_workers(struct look_reading *reading);

/** look_join() - fds of one owner on one link become one device; sorts.  Errors: -ENOMEM. */
int look_join(struct look_reading *reading);

/** look_offloads() - receive offloads as feature bits, of the kernel's bits of a link.  False: not known. */
bool look_offloads(uint64_t netdev_bits, uint64_t *ret);

/** look_why() - why the kernel refused with this errno. */
enum look_lack look_why(int code);

#endif
