/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where this process runs: what decides which remedy can work here.
 */
#ifndef HOST_HERE_H
#define HOST_HERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* In one, root may neither make nodes nor load modules, and other ids than its own have no names. */
bool host_in_user_namespace(void);

/* Is there such a program, and does systemd manage this host? */
bool host_has_program(const char *name);
bool host_has_systemd(void);

/* Has this process that capability, by its number? */
bool host_has_capability(unsigned int number);

/* Is that group one of this process's? */
bool host_in_group(gid_t group);

/* Is it under a seccomp filter? */
bool host_has_filter(void);

/*
 * host_kernel_lacks() - was this kernel built without that option, such as "CONFIG_TUN"?  False if neither it nor
 * a file beside it says so.
 */
bool host_kernel_lacks(const char *option);

/* host_line_of() - the first line of a small file, without its end; "": it cannot be read. */
const char *host_line_of(const char *path, char *buf, size_t size);

/* A kind of container, and how it is given a device: words before the node's path, and behind it. */
struct host_container {
	const char *name, *before, *after;
};

/* host_container() - the one that this is; NULL: it is none, as far as can be known. */
const struct host_container *host_container(void);

#endif
