/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process holds a tap.
 */
#ifndef HOST_HOLDER_H
#define HOST_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * host_holder_find() - "process 4711 (qemu-system-x86)", the first that has a queue of the tap open;
 * "another process" if none can be seen.  Returns @buf.
 */
#define HOST_HOLDER_MAX 48
const char *host_holder_find(const char *link, char buf[HOST_HOLDER_MAX]);

#endif
