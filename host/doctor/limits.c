/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The limits of vhost, which are parameters of its module, and of this process.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "doctor/doctor.h"

#define DEFAULT_REGIONS 64u

static bool read_parameter(const char *name, unsigned int *ret)
{
	char path[96];
	bool found;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/vhost/parameters/%s", name);
	file = fopen(path, "re");
	found = file && fscanf(file, "%u", ret) == 1;
	if (file)
		fclose(file);
	return found;
}

/* The kernel keeps no more than the smaller of two parameters, of which 0 is no limit for the second. */
static void check_regions(struct doctor *doctor)
{
	unsigned int limit, mappings = 0;
	char text[240];
	bool low;

	if (!read_parameter("max_mem_regions", &limit)) {
		host_doctor_add(
			doctor, "memory regions", false, "info",
			"unknown: the module vhost is not loaded (the kernel's default is 64)", "");
		return;
	}
	if (read_parameter("max_iotlb_entries", &mappings) && mappings && mappings < limit)
		limit = mappings;
	low = limit < DEFAULT_REGIONS;
	snprintf(text, sizeof(text),
		 "a guest's memory may have %u; each hot-plugged piece of memory adds one "
		 "(the smaller of vhost.max_mem_regions, up to 509, and vhost.max_iotlb_entries)%s",
		 limit, low ? "; the fix takes effect when vhost is loaded again" : "");
	host_doctor_add(doctor, "memory regions", false, low ? "low" : "ok", text,
			low ? "echo options vhost max_mem_regions=509 max_iotlb_entries=2048 > "
			      "/etc/modprobe.d/vhostctl.conf"
			    : "");
}

static void print_limit(char *buf, size_t size, rlim_t value)
{
	if (value == RLIM_INFINITY)
		snprintf(buf, size, "unlimited");
	else
		snprintf(buf, size, "%llu", (unsigned long long)value);
}

/* The limits are those of this process, which a launcher inherits as any user: the text says so. */
static void check_limits(struct doctor *doctor, bool other)
{
	static const struct {
		const char *name;
		unsigned int resource;
		rlim_t least; /* below is low */
		rlim_t fixed; /* what the fix raises it to */
		const char *what, *fix;
	} limits[] = {
		{ "RLIMIT_NOFILE", RLIMIT_NOFILE, 1024, 4096,
		  "open files; a queue pair takes two, plus some eventfds in the launcher",
		  "ulimit -n 4096" },
		{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 0, RLIM_INFINITY,
		  "bytes of locked memory; vhost-net needs none, vDPA all of the guest's memory",
		  "ulimit -l unlimited" },
		{ "RLIMIT_NPROC", RLIMIT_NPROC, 256, 4096,
		  "processes and threads of the user; each vhost worker counts as one",
		  "ulimit -u 4096" },
	};

	for (size_t i = 0; i < DOC_COUNT(limits); i++) {
		char soft[32], hard[32], text[300];
		struct rlimit limit;
		bool low, stuck;

		if (getrlimit(limits[i].resource, &limit) < 0)
			continue;
		low = limit.rlim_cur < limits[i].least;
		stuck = low && limit.rlim_max < limits[i].fixed && geteuid() != 0;
		print_limit(soft, sizeof(soft), limit.rlim_cur);
		print_limit(hard, sizeof(hard), limit.rlim_max);
		snprintf(
			text, sizeof(text), "%s (at most %s) %s%s%s", soft, hard, limits[i].what,
			other ? "; of this process, inherited by a launcher" : "",
			stuck ? "; only root can raise it, in /etc/security/limits.conf or the unit"
			      : "");
		host_doctor_add(doctor, limits[i].name, false, low ? "low" : "ok", text,
				low && !stuck ? limits[i].fix : "");
	}
}

void host_doctor_limits(struct doctor *doctor, bool other)
{
	host_log(VHC_LEVEL_INFO, "read the limits of vhost and of this process");
	check_regions(doctor);
	check_limits(doctor, other);
}
