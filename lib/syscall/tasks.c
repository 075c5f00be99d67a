/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tasks - threads as /proc shows them, their CPU affinity and their scheduling policy.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall/linux.h"

#define PF_KTHREAD 0x00200000ul /* include/linux/sched.h; as /proc/PID/stat shows it */

int32_t vhi_linux_pid(void *data)
{
	return getpid();
}

int32_t vhi_linux_tid(void *data)
{
	return gettid();
}

/* Is /proc mounted for our own PID namespace?  Otherwise its thread IDs are not ours. */
static int check_proc(void)
{
	char self[16];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;
	self[n] = 0;
	return atoi(self) == getpid() ? 0 : -ENOENT;
}

/* 0 bytes when the task has exited, or is hidden by /proc's mount option hidepid. */
static int read_task_file(const char *dir, const char *task, const char *file, char *buf,
			  size_t size)
{
	char path[64];
	int n;

	snprintf(path, sizeof(path), "%s/%.16s/%s", dir, task, file);
	n = vhi_sys_linux.read(NULL, path, buf, size);
	return n == -ENOENT || n == -ESRCH || n == -EPERM || n == -EACCES ? 0 : n;
}

/* Returns 1 with the task filled in when its name begins with @prefix, 0, or an error. */
static int match_task(const char *dir, const char *number, const char *prefix, bool kernel,
		      struct vhi_task *ret)
{
	char name[64], stat[512], *flags;
	int n = read_task_file(dir, number, "comm", name, sizeof(name));

	if (n <= 0 || strncmp(name, prefix, strlen(prefix)))
		return n < 0 ? n : 0;
	*ret = (struct vhi_task){ .tid = atoi(number), .kernel = kernel };
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)strcspn(name, "\n"), name);
	if (!kernel)
		return 1;
	n = read_task_file(dir, number, "stat", stat, sizeof(stat));
	if (n <= 0)
		return n;
	/* PID (NAME) state ppid pgrp session tty_nr tpgid flags; NAME may contain any byte, even ')' */
	flags = strrchr(stat, ')');
	for (int i = 0; i < 7 && flags; i++)
		flags = strchr(flags + 1, ' ');
	return flags && strtoul(flags, NULL, 10) & PF_KTHREAD ? 1 : 0;
}

/* Add the tasks of a directory to those already found.  @count may exceed @room. */
static int list_tasks(const char *dir, const char *prefix, bool kernel, struct vhi_task *ret,
		      uint32_t room, uint32_t *count)
{
	int fd = vhi_sys_linux.open(NULL, dir, O_RDONLY | O_DIRECTORY), r = 0;
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct vhi_task task;

	if (!stream) {
		r = fd < 0 ? fd : -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (r >= 0 && (errno = 0, entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		r = match_task(dir, entry->d_name, prefix, kernel, &task);
		if (r > 0 && (*count)++ < room)
			ret[*count - 1] = task;
	}
	if (r >= 0)
		r = -errno;
	closedir(stream);
	return r;
}

int vhi_linux_tasks(void *data, const char *prefix, bool kernel, struct vhi_task *ret,
		    uint32_t room)
{
	uint32_t count = 0;
	int r = check_proc() ?: list_tasks("/proc/self/task", prefix, false, ret, room, &count);

	if (!r && kernel)
		r = list_tasks("/proc", prefix, true, ret, room, &count);
	return r ? r : (int)count;
}

int vhi_linux_set_cpus(void *data, int32_t tid, const uint64_t *cpus, uint32_t words)
{
	size_t size = CPU_ALLOC_SIZE((size_t)words * 64);
	cpu_set_t *set = calloc(1, size);
	int r;

	if (!set)
		return -ENOMEM;
	for (uint32_t i = 0; i < words * 64; i++)
		if (cpus[i / 64] >> (i % 64) & 1)
			CPU_SET_S(i, size, set);
	r = sched_setaffinity(tid, size, set) ? -errno : 0;
	free(set);
	return r;
}

int vhi_linux_set_sched(void *data, int32_t tid, int32_t policy, int32_t priority)
{
	struct sched_param param = { .sched_priority = priority };

	/* musl's sched_setscheduler() always fails with ENOSYS */
	return syscall(SYS_sched_setscheduler, tid, policy, &param) ? -errno : 0;
}
