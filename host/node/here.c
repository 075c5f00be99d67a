/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where this process runs.  Only what the kernel and the managers of containers tell is used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/here.h"

#define FIRST_PID_NAMESPACE 0xeffffffcu /* the inode of the host's own, in every kernel */

bool host_in_user_namespace(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int inside = 0, outside = 0, count = UINT32_MAX;

	if (file && fscanf(file, "%u %u %u", &inside, &outside, &count) != 3)
		count = 0;
	if (file)
		fclose(file);
	return inside != 0 || outside != 0 || count != UINT32_MAX;
}

bool host_has_program(const char *name)
{
	static const char *const folders[] = { "/usr/bin", "/bin", "/usr/sbin", "/sbin" };
	char path[64];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

bool host_has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0 && host_has_program("systemctl");
}

const char *host_line_of(const char *path, char *buf, size_t size)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(buf, (int)size, file))
		*buf = '\0';
	if (file)
		fclose(file);
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

/* A number of /proc/self/status; 0: it is not there. */
static uint64_t get_status(const char *name, int base)
{
	FILE *file = fopen("/proc/self/status", "re");
	size_t len = strlen(name);
	uint64_t number = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			number = strtoull(line + len + 1, NULL, base);
	if (file)
		fclose(file);
	return number;
}

bool host_has_capability(unsigned int number)
{
	return get_status("CapEff", 16) >> number & 1;
}

bool host_in_group(gid_t group)
{
	gid_t groups[1024];
	int count = getgroups((int)(sizeof(groups) / sizeof(groups[0])), groups);

	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return group == getegid();
}

bool host_has_filter(void)
{
	return get_status("Seccomp", 10) == 2;
}

/* ----------------------------------------------------------------------------------- containers */

struct sign {
	const char *path, *line; /* it exists, and has this line unless NULL */
	struct host_container container;
};

#define SOME                                                                                     \
	{                                                                                        \
		"", "whatever started it has to give it ", ", and allow it in the device cgroup" \
	}

/* A pod has the files of its container runtime, too: first what says more. */
static const struct sign signs[] = {
	{ "/run/secrets/kubernetes.io",
	  NULL,
	  { "Kubernetes", "give the pod a resource of a device plugin that has ",
	    ", or make it privileged" } },
	{ "/run/.containerenv", NULL, { "podman", "start it with podman run --device ", "" } },
	{ "/.dockerenv", NULL, { "docker", "start it with docker run --device ", "" } },
	{ "/run/systemd/container",
	  "podman",
	  { "podman", "start it with podman run --device ", "" } },
	{ "/run/systemd/container",
	  "docker",
	  { "docker", "start it with docker run --device ", "" } },
	{ "/run/systemd/container",
	  "systemd-nspawn",
	  { "systemd-nspawn",
	    "start it with --bind=", ", in a unit whose DeviceAllow= has that node" } },
	{ "/run/systemd/container", NULL, SOME },
};

const struct host_container *host_container(void)
{
	static const struct host_container some = SOME;
	struct stat st;
	char line[64];

	/* Such files are in images, too, and an image can be a host's or a VM's whole system. */
	if (stat("/proc/self/ns/pid", &st) < 0 || st.st_ino == FIRST_PID_NAMESPACE)
		return NULL;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (access(signs[i].path, F_OK) == 0 &&
		    (!signs[i].line ||
		     strcmp(host_line_of(signs[i].path, line, sizeof(line)), signs[i].line) == 0))
			return &signs[i].container;
	return &some;
}
