/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker - the threads in which vhost works: what /proc says of them.
 *
 * Since Linux 6.4 they are threads of the owner, before that threads of the kernel; both are called
 * "vhost-" and the owner's pid.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raw.h"

static void trim(char *line)
{
	size_t length = strlen(line);

	while (length && isspace((unsigned char)line[length - 1]))
		line[--length] = '\0';
}

bool look_proc_value(const char *path, const char *key, char *buf, size_t size)
{
	char line[4096];
	size_t length = strlen(key);
	bool found = false;
	FILE *file = fopen(path, "re");

	while (file && !found && fgets(line, sizeof(line), file)) {
		const char *value = line + length + 1;

		if (strncmp(line, key, length) || line[length] != ':')
			continue;
		while (isspace((unsigned char)*value))
			value++;
		snprintf(buf, size, "%s", value);
		trim(buf);
		found = true;
	}
	if (file)
		fclose(file);
	return found;
}

int64_t look_proc_number(const char *path, int64_t missing)
{
	long long number;
	FILE *file = fopen(path, "re");

	if (!file || fscanf(file, "%lld", &number) != 1)
		number = missing;
	if (file)
		fclose(file);
	return number;
}

static void read_name(pid_t pid, char name[LOOK_NAME])
{
	char path[64], line[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (file) {
		if (!fgets(line, sizeof(line), file))
			line[0] = '\0';
		fclose(file);
	}
	trim(line);
	snprintf(name, LOOK_NAME, "%.*s", (int)LOOK_NAME - 1, line);
}

/* Of /proc/PID/stat, by the numbers of proc(5).  The name comes second, and may have anything in it. */
#define STAT_FIRST 3u
#define STAT_UTIME 14u
#define STAT_STIME 15u
#define STAT_CPU   39u

static void read_time(pid_t pid, struct look_worker *worker)
{
	char path[64], line[1024];
	unsigned long long values[STAT_CPU + 1] = { 0 };
	long ticks = sysconf(_SC_CLK_TCK);
	char *rest = NULL, *word;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(line, sizeof(line), file) && (word = strrchr(line, ')'))) {
		word = strtok_r(word + 1, " ", &rest);
		for (unsigned int i = STAT_FIRST; word && i <= STAT_CPU; i++) {
			values[i] = strtoull(word, NULL, 10);
			word = strtok_r(NULL, " ", &rest);
		}
	}
	fclose(file);
	worker->cpu_ms = (values[STAT_UTIME] + values[STAT_STIME]) * 1000 /
			 (unsigned long long)(ticks > 0 ? ticks : 100);
	worker->last_cpu = (uint32_t)values[STAT_CPU];
}

int look_add_worker(struct look_device *device, pid_t pid)
{
	struct look_worker *workers, *worker;
	char path[64];

	for (size_t i = 0; i < device->worker_count; i++)
		if (device->workers[i].pid == pid)
			return 0;
	workers = reallocarray(device->workers, device->worker_count + 1, sizeof(*workers));
	if (!workers)
		return -ENOMEM;
	device->workers = workers;
	worker = &workers[device->worker_count++];
	*worker = (struct look_worker){ .pid = pid };
	read_name(pid, worker->name);
	read_time(pid, worker);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	look_proc_value(path, "Cpus_allowed_list", worker->cpus, sizeof(worker->cpus));
	return 0;
}

/* ---------------------------------------------------------------------------------------- by their names */

static bool is_worker_of(pid_t thread, pid_t owner)
{
	char name[LOOK_NAME], wanted[LOOK_NAME + 16];

	snprintf(wanted, sizeof(wanted), "vhost-%d", (int)owner);
	read_name(thread, name);
	return !strncmp(name, wanted, LOOK_NAME - 1);
}

/* Kernel threads have no memory, hence no program. */
static bool is_kernel_thread(pid_t pid)
{
	char path[64], text[8];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return readlink(path, text, sizeof(text)) < 0 && errno == ENOENT;
}

static int add_named(struct look_device *device, const char *folder, bool kernel)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int r = 0;

	while (dir && !r && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && is_worker_of(pid, device->pid) && (!kernel || is_kernel_thread(pid)))
			r = look_add_worker(device, pid);
	}
	if (dir)
		closedir(dir);
	return r;
}

/* Which device a worker serves is only clear where the process has one. */
static bool is_alone(const struct look_reading *reading, const struct look_device *device)
{
	for (size_t i = 0; i < reading->count; i++)
		if (&reading->devices[i] != device && reading->devices[i].pid == device->pid)
			return false;
	return true;
}

int look_find_workers(struct look_reading *reading)
{
	int r = 0;

	for (size_t i = 0; i < reading->count && !r; i++) {
		struct look_device *device = &reading->devices[i];
		char folder[64];

		if (device->known & LOOK_WORKERS || !is_alone(reading, device))
			continue;
		snprintf(folder, sizeof(folder), "/proc/%d/task", (int)device->pid);
		r = add_named(device, folder, false);
		if (!r && !device->worker_count)
			r = add_named(device, "/proc", true);
		device->known |= LOOK_WORKERS;
	}
	return r;
}
