/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sys-linux - what the files of the border (sys.c, sys-*.c) share: the operations of vhc_sys_linux
 * that are not in sys.c.  For nobody else.
 */
#ifndef LIB_SYS_LINUX_H
#define LIB_SYS_LINUX_H

#include "syscall/sys.h"

/** vhc_linux_lift() - the same fd at 3 or above; an errno of the call that made it when it is -1. */
int vhc_linux_lift(int fd);

/* sys-memory.c */
int vhc_linux_mapped(void *data, uint64_t addr, uint64_t size);
int vhc_linux_peek(void *data, uint64_t addr, void *buf, size_t size);
int vhc_linux_memfd(void *data, const char *name, uint64_t size);
int vhc_linux_map(void *data, int fd, uint64_t offset, uint64_t size, void **ret);
void vhc_linux_unmap(void *data, void *addr, uint64_t size);

/* sys-tasks.c */
int32_t vhc_linux_pid(void *data);
int32_t vhc_linux_tid(void *data);
int vhc_linux_tasks(void *data, const char *prefix, bool kernel, struct vhc_task *ret,
		    uint32_t room);
int vhc_linux_set_cpus(void *data, int32_t tid, const uint64_t *cpus, uint32_t words);
int vhc_linux_set_sched(void *data, int32_t tid, int32_t policy, int32_t priority);

#endif
