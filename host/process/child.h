/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running the launcher as a child, where something has to be done when it ends.
 */
#ifndef HOST_CHILD_H
#define HOST_CHILD_H

#include <sys/types.h>

/*
 * host_child_start() - fork.  The child waits until host_child_go().
 * @go: an fd for host_child_go().  Returns 0 in the child, its number in the parent, or a negative errno.
 */
pid_t host_child_start(int *go);
void host_child_go(int go);

/* host_child_tie() - in the child, before it executes a program: it is killed when its parent is. */
void host_child_tie(pid_t parent);

/*
 * host_child_wait() - pass signals on to the child until it ends.
 * Returns its exit status; 128 plus the number of the signal that ended it.
 */
int host_child_wait(pid_t child);

#endif
