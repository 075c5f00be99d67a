/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process holds a tap.
 */
#ifndef HOST_HOLDER_H
#define HOST_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * host_holder_search() - "process 4711 (qemu-system-x86)", the first that has a queue of the tap open;
 * "another process" if none can be seen.  host_holder_find(): the text alone; returns @buf.
 */
#define HOST_HOLDER_MAX 48
struct host_holder {
	int pid; /* 0: none can be seen */
	char text[HOST_HOLDER_MAX];
};

void host_holder_search(const char *link, struct host_holder *ret);
const char *host_holder_find(const char *link, char buf[HOST_HOLDER_MAX]);

#endif
