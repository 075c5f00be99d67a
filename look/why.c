/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * why - why the kernel refuses the program, and what to do.
 *
 * Its error numbers do not tell: one EINVAL stands for a kernel without type information, modules without
 * it, a kernel that is locked down, and on 7.2 for a missing capability.  So the host is asked.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raw.h"

#define CAP_SYS_ADMIN 21u
#define CAP_PERFMON   38u
#define CAP_BPF	      39u

static bool exists(const char *pattern)
{
	glob_t found;
	bool any = !glob(pattern, 0, NULL, &found);

	globfree(&found);
	return any;
}

static bool has_right(void)
{
	char text[32];
	uint64_t caps;

	if (!look_proc_value("/proc/self/status", "CapEff", text, sizeof(text)))
		return true; /* nobody says that it is missing */
	caps = strtoull(text, NULL, 16);
	return caps >> CAP_SYS_ADMIN & 1 || (caps >> CAP_BPF & 1 && caps >> CAP_PERFMON & 1);
}

/* Every user and group of the host has its own number in the first user namespace, and only there. */
static bool is_first_user_namespace(void)
{
	unsigned long long first, outer, count;
	FILE *file = fopen("/proc/self/uid_map", "re");
	bool is = !file || (fscanf(file, "%llu %llu %llu", &first, &outer, &count) == 3 &&
			    first == 0 && outer == 0 && count == UINT32_MAX);

	if (file)
		fclose(file);
	return is;
}

static bool is_locked_down(void)
{
	char text[128] = "";
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	bool is = file && fgets(text, sizeof(text), file) && strstr(text, "[confidentiality]");

	if (file)
		fclose(file);
	return is;
}

enum look_lack look_why(int code)
{
	if (!look_bpf_built)
		return LOOK_NOT_BUILT;
	if (!is_first_user_namespace())
		return LOOK_CONTAINER;
	if (!has_right())
		return LOOK_NO_RIGHT;
	if (is_locked_down())
		return LOOK_LOCKDOWN;
	if (exists("/sys/kernel") && !exists("/sys/kernel/btf/vmlinux"))
		return LOOK_NO_BTF;
	if (exists("/sys/kernel/btf") && !exists("/sys/kernel/btf/vhost*"))
		return LOOK_NO_MODULE_BTF;
	if (code == -EPERM || code == -EACCES)
		return LOOK_FORBIDDEN;
	return code == -ENOSYS ? LOOK_NO_BPF : LOOK_REFUSED;
}

static const struct {
	const char *missing, *remedy;
} texts[] = {
	[LOOK_ALL] = { NULL, NULL },
	[LOOK_NOT_BUILT] = { "this vhostctl was built without BPF",
			     "build it where clang, bpftool and libbpf's headers are installed" },
	[LOOK_NO_BTF] = { "the kernel has no type information, /sys/kernel/btf/vmlinux",
			  "use a kernel with CONFIG_DEBUG_INFO_BTF=y" },
	[LOOK_NO_MODULE_BTF] = { "the kernel has no type information of vhost's modules, "
				 "/sys/kernel/btf/vhost",
				 "use a kernel with CONFIG_DEBUG_INFO_BTF_MODULES=y" },
	[LOOK_NO_RIGHT] = { "this process has not the capabilities CAP_BPF and CAP_PERFMON",
			    "run it as root, or with these two" },
	[LOOK_CONTAINER] = { "this is a user namespace, where the kernel refuses BPF whatever the "
			     "capabilities are",
			     "run it on the host, as root" },
	[LOOK_LOCKDOWN] = { "the kernel is locked down for confidentiality, and lets nobody read "
			    "its memory",
			    "boot with lockdown=integrity, or ask the launcher instead" },
	[LOOK_FORBIDDEN] = { "the kernel or the container's filter of system calls forbids bpf(2)",
			     "run it on the host, or let the container have bpf(2)" },
	[LOOK_NO_BPF] = { "the kernel has no bpf(2)", "use a kernel with CONFIG_BPF_SYSCALL=y" },
	[LOOK_REFUSED] = { "the kernel refused the BPF program", "use Linux 5.17 or newer" },
};

const char *look_missing(const struct look_reading *reading)
{
	return texts[reading->lack].missing;
}

const char *look_remedy(const struct look_reading *reading)
{
	return texts[reading->lack].remedy;
}
