/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Brokers that run, and what confines them, as the kernel shows it to everybody.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"

#define COMM "vhostctl-broker"

/* The fields of /proc/PID/status that say it, and what they have then. */
static const struct {
	const char *field, *wanted, *lack;
} rules[] = {
	{ "CapEff:", "0000000000000000", "it has capabilities (CapEff %s)" },
	{ "CapBnd:", "0000000000000000", "it could gain capabilities (CapBnd %s)" },
	{ "NoNewPrivs:", "1", "it may gain privileges (NoNewPrivs %s)" },
	{ "Seccomp:", "2", "it may make any system call (Seccomp %s)" },
};

/* One of its files; false: it has gone. */
static bool read_file(const char *pid, const char *name, char *buf, size_t size)
{
	char path[64];
	size_t used;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	used = fread(buf, 1, size - 1, file);
	fclose(file);
	buf[used] = '\0';
	return used > 0;
}

static bool is_broker(const char *pid)
{
	char comm[32];

	return pid[0] >= '1' && pid[0] <= '9' && read_file(pid, "comm", comm, sizeof(comm)) &&
	       strcmp(comm, COMM "\n") == 0;
}

/* The word after a field's name, which begins a line; "": the kernel does not have it. */
static void find_value(const char *status, const char *field, char value[32])
{
	const char *at = status;

	value[0] = '\0';
	while (at && strncmp(at, field, strlen(field)) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (at)
		sscanf(at + strlen(field), " %31s", value);
}

static void check_one(struct doctor *doctor, const char *pid, const char *status)
{
	char check[32], text[400] = "", value[32];
	size_t used = 0;

	snprintf(check, sizeof(check), "broker %.10s", pid);
	for (size_t i = 0; i < DOC_COUNT(rules); i++) {
		find_value(status, rules[i].field, value);
		if (strcmp(value, rules[i].wanted) == 0)
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", used ? "; " : "");
		/* the formats are constants of the table above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		used += (size_t)snprintf(text + used, sizeof(text) - used, rules[i].lack,
					 *value ? value : "?");
#pragma GCC diagnostic pop
	}
	if (used) {
		host_doctor_add(doctor, check, false, "low", text, "");
		return;
	}
	host_doctor_add(
		doctor, check, false, "ok",
		"it has no capability, no_new_privs, and a list of system calls (seccomp); the "
		"kernel does not show whether it has Landlock",
		"");
}

void host_doctor_brokers(struct doctor *doctor)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	char status[4096];

	while (proc && (entry = readdir(proc)) != NULL)
		if (is_broker(entry->d_name) &&
		    read_file(entry->d_name, "status", status, sizeof(status)))
			check_one(doctor, entry->d_name, status);
	if (proc)
		closedir(proc);
}
