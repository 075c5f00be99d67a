/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

#define HOST_CPU     0u
#define LAUNCHER_CPU 1u

static void each_task(const char *folder, void (*visit)(const char *task, void *data), void *data)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[300];

	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		visit(path, data);
	}
	if (dir)
		closedir(dir);
}

static void read_line(const char *task, const char *name, char *line, int size)
{
	char path[320];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", task, name);
	file = fopen(path, "re");
	if (!file || !fgets(line, size, file))
		line[0] = '\0';
	if (file)
		fclose(file);
}

static int owner_of(const char *task)
{
	char name[32];
	int owner = 0;

	read_line(task, "comm", name, sizeof(name));
	return sscanf(name, "vhost-%d", &owner) == 1 ? owner : 0;
}

struct visit {
	int pid;
	void (*visit)(const char *task, void *data);
	void *data;
};

static void visit_worker(const char *process, void *data)
{
	const struct visit *visit = data;

	if (owner_of(process) == visit->pid)
		visit->visit(process, visit->data);
}

static void each_task_of(int pid, void (*visit)(const char *task, void *data), void *data)
{
	char folder[32];

	if (!pid)
		return;
	snprintf(folder, sizeof(folder), "/proc/%d/task", pid);
	each_task(folder, visit, data);
	each_task("/proc", visit_worker, &(struct visit){ pid, visit, data });
}

static void add_ns(const char *task, void *data)
{
	char line[64];

	read_line(task, "schedstat", line, sizeof(line));
	*(double *)data += strtod(line, NULL);
}

double cpu_ns(const struct cpu_user *user)
{
	double ns = 0;

	each_task_of(user->launcher, add_ns, &ns);
	each_task_of(user->broker, add_ns, &ns);
	return ns;
}

static void pin_to(int tid, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(tid, sizeof(set), &set))
		fprintf(stderr, "bench: thread %d is not pinned\n", tid);
}

static void pin(const char *task, void *data)
{
	const char *tid = strrchr(task, '/') + 1;

	pin_to(atoi(tid), owner_of(task) ? HOST_CPU : *(unsigned int *)data);
}

void cpu_pin(const struct cpu_user *user)
{
	unsigned int launcher = LAUNCHER_CPU, broker = HOST_CPU;

	each_task_of(user->launcher, pin, &launcher);
	each_task_of(user->broker, pin, &broker);
	pin_to(0, HOST_CPU);
}
