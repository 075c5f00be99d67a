/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which security module may refuse a node, and where it says so.
 */
#ifndef HOST_SECURITY_H
#define HOST_SECURITY_H

#include <stddef.h>

/* host_security_explain() - what is known of the one that is in force, and the command that shows the denial. */
void host_security_explain(const char *path, char *text, size_t size);

#endif
