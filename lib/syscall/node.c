/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * node - the device nodes that a guest's devices need, and why one of them does not open.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "syscall/node.h"

/*
 * %s is the module.  A remedy is one command that works as it is: where that depends on more than is known
 * here, there is none, and the reason says what to look at.
 */
static const struct {
	int error;
	const char *reason;
	enum { NO_REMEDY, LOAD, GRANT } remedy;
} failures[] = {
	{ ENOENT,
	  "there is no such node: the module %s is not loaded, or this container does not have the "
	  "node",
	  LOAD },
	{ ENODEV, "the node exists but has no driver: the module %s is missing or not loaded",
	  LOAD },
	{ ENXIO, "the node exists but has no driver: the module %s is missing or not loaded",
	  LOAD },
	{ EACCES, "the node's owner and mode do not let this user open it (module %s)", GRANT },
	{ EPERM,
	  "a device cgroup, a security module or seccomp forbids it, not the node's mode (module "
	  "%s): see DeviceAllow= of its unit",
	  NO_REMEDY },
	{ EMFILE,
	  "this process has as many fds open as RLIMIT_NOFILE allows (opening the node of %s)",
	  NO_REMEDY },
};

#define COUNT (sizeof(failures) / sizeof(failures[0]))

/* The module is named as the node, with underscores and without the device's number. */
static void get_module(const char *path, char *module, size_t size)
{
	const char *name = strrchr(path, '/');

	snprintf(module, size, "%s", name ? name + 1 : path);
	for (char *end = module + strlen(module); end > module && strchr("-0123456789", end[-1]);
	     end--)
		end[-1] = '\0';
	for (char *at = module; *at; at++)
		if (*at == '-')
			*at = '_';
}

static size_t find(int error)
{
	size_t i = 0;

	while (i < COUNT && failures[i].error != error)
		i++;
	return i;
}

bool vhi_node_reason(const char *path, int error, char *text, size_t size)
{
	const size_t i = find(error);
	char module[32];

	if (i == COUNT)
		return false;
	get_module(path, module, sizeof(module));
	/* the formats are constants of the table above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, size, failures[i].reason, module);
#pragma GCC diagnostic pop
	return true;
}

void vhi_node_explain(const struct vhi_sys *sys, const char *path, int error,
		      struct vhi_node_failure *ret)
{
	const size_t i = find(error);
	char module[32];

	ret->remedy[0] = '\0';
	if (!vhi_node_reason(path, error, ret->reason, sizeof(ret->reason))) {
		snprintf(ret->reason, sizeof(ret->reason), "the kernel refused it");
		return;
	}
	get_module(path, module, sizeof(module));
	if (failures[i].remedy == LOAD)
		snprintf(ret->remedy, sizeof(ret->remedy), "modprobe %s", module);
	if (failures[i].remedy == GRANT)
		snprintf(ret->remedy, sizeof(ret->remedy), "setfacl -m u:%u:rw %s",
			 vhi_sys_user(sys), path);
}
