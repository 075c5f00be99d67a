/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device nodes that guests' devices need: whether one can be used, and what helps if not.
 */
#ifndef HOST_NODE_H
#define HOST_NODE_H

#include <stdbool.h>
#include <stddef.h>

struct host_node {
	const char *path, *module;
	bool needed;	       /* by a vhost-net device */
	unsigned long request; /* an ioctl that its driver answers */
	const char *request_name;
};

#define HOST_NODES 5u
extern const struct host_node host_nodes[HOST_NODES];

/*
 * host_node_try() - open it and ask its driver.  -ENOTTY: what opens is something else; otherwise as
 * open(2) has it.
 */
int host_node_try(const struct host_node *node);

/* host_tap_try() - create a tap, as set-up does, which goes when the call returns.  A negative errno. */
int host_tap_try(void);

/*
 * host_node_explain() - why @user got that error, and the command that helps.  @fix is empty where none
 * would: @text says then where to look.
 */
void host_node_explain(const struct host_node *node, int error, const char *user, char *text,
		       char *fix, size_t size);

/* host_node_find() - by its path; NULL: it is another. */
const struct host_node *host_node_find(const char *path);

/* host_self_name() - the user of this process, for texts. */
#define HOST_SELF_MAX 64
const char *host_self_name(char buf[HOST_SELF_MAX]);

#endif
