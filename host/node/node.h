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

/* What refuses to open a node, as far as it can be known. */
enum host_refusal {
	HOST_REFUSED_NOT,	  /* EACCES and EPERM are not the reason */
	HOST_REFUSED_BY_MODE,	  /* mode, owner or ACL, or a folder on the way */
	HOST_REFUSED_BY_MOUNT,	  /* mounted with nodev */
	HOST_REFUSED_BY_CGROUP,	  /* the device cgroup */
	HOST_REFUSED_BY_SECURITY, /* a security module */
	HOST_REFUSED_BY_FILTER	  /* a seccomp filter, or a security module */
};

struct host_node_answer {
	int error; /* 0: it can be used; or a negative errno */
	enum host_refusal by;
};

/*
 * host_node_try() - open it and ask its driver.  -ENOTTY: what opens is something else; otherwise as
 * open(2) has it.  host_node_refusal(): what refuses this process to open it, after open(2) failed so.
 */
struct host_node_answer host_node_try(const struct host_node *node);
enum host_refusal host_node_refusal(const char *path, int error);

/* host_tap_try() - create a tap, as set-up does, which goes when the call returns.  A negative errno. */
int host_tap_try(void);

/*
 * host_node_explain() - why @user got that answer, and the command that helps.  @fix is empty where none
 * would: @text says then where to look.
 */
/* What serves vhost-user without any of these, in userspace. */
#define HOST_PASST "passt --vhost-user --socket PATH"

#define HOST_NODE_TEXT 500u /* bytes of each */
void host_node_explain(const struct host_node *node, const struct host_node_answer *answer,
		       const char *user, char text[HOST_NODE_TEXT], char fix[HOST_NODE_TEXT]);

/* host_node_find() - by its path; NULL: it is another. */
const struct host_node *host_node_find(const char *path);

/* host_node_minor() - of the node's driver, as /proc/misc lists it; -1: no such driver is loaded. */
#define HOST_MISC_MAJOR 10u
int host_node_minor(const struct host_node *node);

/* host_self_name() - the user of this process, for texts. */
#define HOST_SELF_MAX 64
const char *host_self_name(char buf[HOST_SELF_MAX]);

#endif
