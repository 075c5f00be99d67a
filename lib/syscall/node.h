/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * node - why a device node does not open, and the one command that fixes it.
 */
#ifndef LIB_SYSCALL_NODE_H
#define LIB_SYSCALL_NODE_H

#include <stddef.h>

struct vhc_node {
	const char *path;
	const char *name;   /* "vhost-net" */
	const char *module; /* the kernel module behind it */
};

/*
 * Ends with a path of NULL.  Only nodes that can be opened without a side effect: opening a vhost-vdpa
 * node resets the device.
 */
extern const struct vhc_node vhc_nodes[];

struct vhc_node_failure {
	char reason[256];
	char remedy[160]; /* one command line */
};

/** vhc_node_explain() - what an errno of open(2) means for this node. */
void vhc_node_explain(const char *path, int error, struct vhc_node_failure *ret);

#endif
