/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device cgroups.  Those of version 1 have a list that root may write to; those of version 2 have BPF
 * programs, of which the kernel tells root how many there are at each cgroup, and not what they allow.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "node/cgroup.h"
#include "node/here.h"

#define CGROUP2_MAGIC 0x63677270
#define CGROUP_MAX    400u

struct advice {
	const char *path;
	char *text, *fix;
	size_t size;
};

/* The cgroup of this process in a hierarchy, as /proc/self/cgroup has it: @name is "::" or ":devices:". */
static bool get_own(const char *name, char own[CGROUP_MAX])
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[CGROUP_MAX + 40], *at;
	bool found = false;

	while (!found && file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		at = strstr(line, name);
		found = at && strlen(at + strlen(name)) < CGROUP_MAX;
		if (found)
			snprintf(own, CGROUP_MAX, "%s", at + strlen(name));
	}
	if (file)
		fclose(file);
	return found;
}

static const char *get_mount(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_MAGIC)
			return places[i];
	return NULL;
}

/* The device programs at a cgroup itself; negative: not to be known, without privilege for one. */
static int count_programs(const char *folder)
{
	union bpf_attr attr = { 0 };
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = -1;

	if (fd < 0)
		return -1;
	attr.query.target_fd = (uint32_t)fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	r = host_traced((int)syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)),
			"bpf(BPF_PROG_QUERY, {%s, BPF_CGROUP_DEVICE})", folder);
	close(fd);
	return r < 0 ? -1 : (int)attr.query.prog_cnt;
}

/* Can processes be in it?  Not where it hands controllers to the cgroups below, unless it is the first. */
static bool takes_processes(const char *folder, bool first)
{
	char path[CGROUP_MAX + 100], line[100];

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", folder);
	if (!first && *host_line_of(path, line, sizeof(line)))
		return false;
	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	return access(path, W_OK) == 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

/* Let systemd change its unit's rules, of which the cgroup has the name. */
static bool advise_unit(const struct advice *advice, const char *cgroup)
{
	static const char *const kinds[] = { ".service", ".scope", ".slice" };
	const char *unit = strrchr(cgroup, '/');

	for (size_t i = 0; unit && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!ends_with(unit, kinds[i]) || !host_has_systemd())
			continue;
		snprintf(advice->fix, advice->size,
			 "systemctl set-property %s DeviceAllow=\"%s rw\"", unit + 1, advice->path);
		return true;
	}
	return false;
}

/* The outermost cgroup of this process that has a program, and the one above it. */
static bool advise_version_2(const struct advice *advice)
{
	char own[CGROUP_MAX], folder[CGROUP_MAX + 60], above[CGROUP_MAX + 60] = "";
	const char *mount = get_mount();
	size_t n, len = strlen(mount ? mount : "");
	int count;

	if (!mount || !get_own("0::", own))
		return false;
	snprintf(folder, sizeof(folder), "%s%s", mount, strcmp(own, "/") == 0 ? "" : own);
	n = strlen(folder);
	for (size_t at = len; at <= n; at++) {
		char next = folder[at];

		if (next != '/' && next != '\0')
			continue;
		folder[at] = '\0';
		count = count_programs(folder);
		if (count > 0) {
			size_t used = strlen(advice->text);

			snprintf(advice->text + used, advice->size - used,
				 ", by a BPF program at %s", folder);
			if (advise_unit(advice, folder))
				return true;
			if (*above)
				snprintf(advice->fix, advice->size, "echo $$ > %s/cgroup.procs",
					 above);
			return true;
		}
		if (count == 0 && takes_processes(folder, at == len))
			snprintf(above, sizeof(above), "%s", folder);
		folder[at] = next;
	}
	return false;
}

/* An entry has no effect where a cgroup above has none: all of them get it, the outermost first. */
static bool advise_version_1(const struct advice *advice)
{
	char own[CGROUP_MAX], list[CGROUP_MAX + 60];
	struct stat st;
	size_t n;

	if (!get_own(":devices:", own) || strcmp(own, "/") == 0 || stat(advice->path, &st) < 0)
		return false;
	if (advise_unit(advice, own))
		return true;
	snprintf(list, sizeof(list), "/sys/fs/cgroup/devices%s/devices.allow", own);
	if (access(list, W_OK) < 0)
		return false;
	n = (size_t)snprintf(advice->fix, advice->size, "echo c %u:%u rw | tee", major(st.st_rdev),
			     minor(st.st_rdev));
	for (const char *at = strchr(own + 1, '/');; at = strchr(at + 1, '/')) {
		if (n < advice->size)
			n += (size_t)snprintf(advice->fix + n, advice->size - n,
					      " /sys/fs/cgroup/devices%.*s/devices.allow",
					      at ? (int)(at - own) : (int)strlen(own), own);
		if (!at)
			break;
	}
	if (n >= advice->size)
		*advice->fix = '\0';
	return true;
}

void host_cgroup_explain(const char *path, char *text, char *fix, size_t size)
{
	const struct advice advice = { path, text, fix, size };
	const struct host_container *container = host_container();
	char own[CGROUP_MAX];
	size_t n;

	n = (size_t)snprintf(text, size, "its mode permits it, but the device cgroup does not");
	if (container) {
		snprintf(text + n, size - n, "; in this container%s%s: %s%s%s",
			 *container->name ? " of " : "", container->name, container->before, path,
			 container->after);
		return;
	}
	if (host_in_user_namespace() || advise_version_2(&advice) || advise_version_1(&advice))
		return;
	if (!get_own("0::", own) || !advise_unit(&advice, own))
		snprintf(text + n, size - n, "; which one is known to root alone");
}
