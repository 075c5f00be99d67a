/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * handover - which fds a launcher finds open.
 */
#ifndef HOST_HANDOVER_H
#define HOST_HANDOVER_H

#include <stdbool.h>

/*
 * host_hold_fds() - open /dev/null at each of the fds 0 to @room - 1 that is closed.
 * @ours: of @room; those that were.  Returns -EMFILE when RLIMIT_NOFILE is below @room.
 */
int host_hold_fds(bool *ours, int room);

/* host_close_on_exec() - mark every fd from 3 on. */
int host_close_on_exec(void);

#endif
