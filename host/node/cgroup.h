/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device cgroup that refuses a node, and what lets it through.
 */
#ifndef HOST_CGROUP_H
#define HOST_CGROUP_H

#include <stddef.h>

/* host_cgroup_explain() - which cgroup of this process it is, as far as can be known; @fix: "" if none works here. */
void host_cgroup_explain(const char *path, char *text, char *fix, size_t size);

#endif
