/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running the launcher as a child, where something has to be done when it ends.
 */
#ifndef HOST_CHILD_H
#define HOST_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct host_child {
	pid_t pid;  /* 0 in the child */
	int go;	    /* the end of a pipe that is the parent's: a byte lets the child go */
	int failed; /* the end of a pipe that is the parent's or the child's */
};

/* host_child_start() - fork.  The child waits until host_child_go().  Returns 0 or a negative errno. */
int host_child_start(struct host_child *ret);
void host_child_go(const struct host_child *child);

/* host_child_fail() - in the child: tell the parent that it executes no program. */
void host_child_fail(const struct host_child *child);
/* host_child_failed() - in the parent, once, when the child has ended: did it tell so? */
bool host_child_failed(const struct host_child *child);

/* host_child_tie() - in the child, before it executes a program: it is killed when its parent is. */
void host_child_tie(pid_t parent);

/*
 * host_child_wait() - pass signals on to the child until it ends.
 * Returns its exit status; 128 plus the number of the signal that ended it.
 */
int host_child_wait(pid_t child);

#endif
