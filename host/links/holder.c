/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel says of a tap only that it is busy; /proc/PID/fdinfo says who has it.  Of processes of other
 * users it says so to root alone.
 */
#include <dirent.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "links/holder.h"

#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

/* Does this line of /proc name the link?  "iff:\tvnet0" (drivers/net/tun.c). */
static bool has_line(const char *path, const char *link)
{
	FILE *file = fopen(path, "re");
	char line[128];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strncmp(line, "iff:\t", 5) && !strcmp(line + 5, link);
	}
	fclose(file);
	return found;
}

/*
 * Is this tap of our network namespace?  Others may have links of the same name.  True if that cannot be
 * told (before Linux 5.6, or when the process may not be looked into).
 */
static bool is_here(const char *pid, const char *fd)
{
	struct stat ours, its;
	int process = (int)syscall(SYS_pidfd_open, atoi(pid), 0u), tap = -1, netns = -1;
	bool here = true;

	if (process >= 0)
		tap = (int)syscall(SYS_pidfd_getfd, process, atoi(fd), 0u);
	if (tap >= 0)
		netns = ioctl(tap, TUNGETDEVNETNS);
	if (netns >= 0 && fstat(netns, &its) == 0 && stat("/proc/thread-self/ns/net", &ours) == 0)
		here = its.st_ino == ours.st_ino && its.st_dev == ours.st_dev;
	if (netns >= 0)
		close(netns);
	if (tap >= 0)
		close(tap);
	if (process >= 0)
		close(process);
	return here;
}

static bool holds(const char *pid, const char *link)
{
	char path[300];
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	for (struct dirent *fd; !found && (fd = readdir(dir));) {
		if (*fd->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd->d_name);
		found = has_line(path, link) && is_here(pid, fd->d_name);
	}
	closedir(dir);
	return found;
}

static void describe(struct host_holder *holder)
{
	char path[64], name[17] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", holder->pid);
	file = fopen(path, "re");
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	snprintf(holder->text, sizeof(holder->text), "process %d%s%s%s", holder->pid,
		 *name ? " (" : "", name, *name ? ")" : "");
}

void host_holder_search(const char *link, struct host_holder *ret)
{
	DIR *dir = opendir("/proc");

	*ret = (struct host_holder){ 0, "another process" };
	if (!dir)
		return;
	for (struct dirent *entry; !ret->pid && (entry = readdir(dir));)
		if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name) &&
		    holds(entry->d_name, link))
			ret->pid = atoi(entry->d_name);
	closedir(dir);
	if (ret->pid)
		describe(ret);
}

const char *host_holder_find(const char *link, char buf[HOST_HOLDER_MAX])
{
	struct host_holder holder;

	host_holder_search(link, &holder);
	memcpy(buf, holder.text, sizeof(holder.text));
	return buf;
}
