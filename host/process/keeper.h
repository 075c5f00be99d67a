/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that keeps this one's privileges, to undo at its end what this one can no longer undo.
 */
#ifndef HOST_KEEPER_H
#define HOST_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct host_keeper {
	int fd;	   /* leads to the other process */
	bool here; /* this one is the keeper */
};

/* host_keeper_start() - fork.  Returns 0 in both processes, or a negative errno. */
int host_keeper_start(struct host_keeper *ret, struct host_error *err);

/*
 * host_keeper_run() - in the keeper: wait for the end of the first process, and exit.  @undo is called if that
 * asks for it by host_keeper_end(); if it is killed instead, nothing is done.  No signal but SIGKILL ends it.
 */
_Noreturn void host_keeper_run(const struct host_keeper *keeper,
			       int (*undo)(void *data, uint32_t argument, struct host_error *err),
			       void *data);

/*
 * host_keeper_end() - let the keeper undo, and end; closes the fd.  Returns what @undo does.
 * Errors: -ESRCH: the keeper was killed.
 */
int host_keeper_end(struct host_keeper *keeper, uint32_t argument, struct host_error *err);

#endif
