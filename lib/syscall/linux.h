/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux - what linux.c, memory.c, same.c and tasks.c share.  For this room alone.
 */
#ifndef LIB_SYSCALL_LINUX_H
#define LIB_SYSCALL_LINUX_H

#include <pthread.h>
#include <signal.h>

#include "syscall/sys.h"

/* Never reuse the number of a standard stream that the caller closed. */
#define VHI_LOWEST_FD 3

/** vhi_linux_lift() - the same fd at 3 or above; -errno when @fd is -1. */
int vhi_linux_lift(int fd);

/** vhi_linux_block_signals() - all of them, in this thread; pthread_sigmask() with *ret unblocks them. */
void vhi_linux_block_signals(sigset_t *ret);

/** vhi_linux_start_thread() - with all signals blocked.  Returns 0 or a positive errno, as pthread_create(). */
int vhi_linux_start_thread(pthread_t *thread, void *(*run)(void *), void *arg);

/* memory.c */
int vhi_linux_mapped(void *data, uint64_t addr, uint64_t size);
int vhi_linux_peek(void *data, uint64_t addr, void *buf, size_t size);
int vhi_linux_map(void *data, int fd, uint64_t offset, uint64_t size, void **ret);
void vhi_linux_unmap(void *data, void *addr, uint64_t size);
int vhi_linux_map_blocks(void *data, int fd, uint64_t offset, uint64_t size, void **ret);
void vhi_linux_unmap_blocks(void *data, void *addr, uint64_t size);

/* same.c */
int vhi_linux_same(void *data, int a, int b);

/* link.c */
int vhi_linux_link_get(void *data, const char *name, struct vhi_link *ret);
int vhi_linux_link_delete(void *data, uint32_t index);
int vhi_linux_link_watch(void *data, const char *name);

/* tasks.c */
int32_t vhi_linux_pid(void *data);
int32_t vhi_linux_tid(void *data);
int vhi_linux_tasks(void *data, const char *prefix, bool kernel, struct vhi_task *ret,
		    uint32_t room);
int vhi_linux_set_cpus(void *data, int32_t tid, const uint64_t *cpus, uint32_t words);
int vhi_linux_set_sched(void *data, int32_t tid, int32_t policy, int32_t priority);

#endif
