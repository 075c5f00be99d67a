/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * node - why a device node does not open, and the one command that fixes it.
 */
#ifndef LIB_SYSCALL_NODE_H
#define LIB_SYSCALL_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "syscall/sys.h"

struct vhi_node_failure {
	char reason[256];
	char remedy[160]; /* one command line, or "" */
};

/** vhi_node_reason() - the reason alone.  Returns false if there is none beyond the errno's name. */
bool vhi_node_reason(const char *path, int error, char *text, size_t size);

/** vhi_node_explain() - what an errno of open(2) means for this node. */
void vhi_node_explain(const struct vhi_sys *sys, const char *path, int error,
		      struct vhi_node_failure *ret);

#endif
