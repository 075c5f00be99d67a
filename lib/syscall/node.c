/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * node - the device nodes that a guest's devices need, and why one of them does not open.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "syscall/node.h"

/*
 * %s is the module in the reason; in the remedy it is the module ('m') or the node's path ('p'), or is
 * not there.
 */
static const struct {
	int error;
	const char *reason;
	const char *remedy;
	char argument;
} failures[] = {
	{ ENOENT,
	  "there is no such node: the module %s is not loaded, or this container does not have the "
	  "node",
	  "modprobe %s", 'm' },
	{ ENODEV, "the node exists but has no driver: the module %s is missing or not loaded",
	  "modprobe %s", 'm' },
	{ ENXIO, "the node exists but has no driver: the module %s is missing or not loaded",
	  "modprobe %s", 'm' },
	{ EACCES, "the node's owner and mode do not let this user open it (module %s)",
	  "setfacl -m u:$USER:rw %s", 'p' },
	{ EPERM,
	  "a device cgroup, a security module or seccomp forbids it, not the node's mode (module %s)",
	  "systemctl set-property UNIT DeviceAllow='%s rw'", 'p' },
	{ EMFILE,
	  "this process has as many fds open as RLIMIT_NOFILE allows (opening the node of %s)",
	  "ulimit -n 4096", 0 },
};

/* The module is named as the node, with underscores. */
static void get_module(const char *path, char *module, size_t size)
{
	const char *name = strrchr(path, '/');

	snprintf(module, size, "%s", name ? name + 1 : path);
	for (char *at = module; *at; at++)
		if (*at == '-')
			*at = '_';
}

void vhi_node_explain(const char *path, int error, struct vhi_node_failure *ret)
{
	char module[32];

	get_module(path, module, sizeof(module));
	snprintf(ret->reason, sizeof(ret->reason), "the kernel refused it");
	snprintf(ret->remedy, sizeof(ret->remedy), "ls -l %s", path);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (failures[i].error != error)
			continue;
			/* the formats are constants of the table above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(ret->reason, sizeof(ret->reason), failures[i].reason, module);
		snprintf(ret->remedy, sizeof(ret->remedy), failures[i].remedy,
			 failures[i].argument == 'm' ? module : path);
#pragma GCC diagnostic pop
	}
}
