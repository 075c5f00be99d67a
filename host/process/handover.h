/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which fds a launcher inherits.
 */
#ifndef HOST_HANDOVER_H
#define HOST_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * host_hold_fds() - open /dev/null as each of the fds 0 to @room - 1 that is closed.
 * @ours: @room entries; set for those that were closed.  Returns -EMFILE when RLIMIT_NOFILE is
 * below @room.
 */
int host_hold_fds(bool *ours, int room);

/* host_close_on_exec() - mark every fd from 3 on, except those in @keep. */
int host_close_on_exec(const int *keep, size_t count);

/* host_close_others() - close every fd from 3 on, except those in @keep. */
void host_close_others(const int *keep, size_t count);

#endif
