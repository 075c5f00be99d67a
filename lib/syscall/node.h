/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * node - why a device node does not open, and the one command that fixes it.
 */
#ifndef LIB_SYSCALL_NODE_H
#define LIB_SYSCALL_NODE_H

#include <stddef.h>

#include "syscall/sys.h"

struct vhi_node_failure {
	char reason[256];
	char remedy[160]; /* one command line, or "" */
};

/** vhi_node_explain() - what an errno of open(2) means for this node. */
void vhi_node_explain(const struct vhi_sys *sys, const char *path, int error,
		      struct vhi_node_failure *ret);

#endif
