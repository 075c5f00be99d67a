/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is told while it happens: steps, and calls into the kernel.
 */
#ifndef HOST_LOG_H
#define HOST_LOG_H

#include <stdbool.h>

#include "vhostconfig.h"

/**
 * host_set_log() - the function that is told of each step before it is executed, at VHC_LEVEL_INFO, and of
 * each call into the kernel, at VHC_LEVEL_TRACE, with its arguments and its result.  For the whole process,
 * and for its children that check as another user.  @fn: NULL, as it is at first: nobody is told.
 */
void host_set_log(enum vhc_level max, vhc_log_fn *fn, void *data);

/** host_log() - tell it a line.  host_log_wants(): would it be told? */
void host_log(enum vhc_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool host_log_wants(enum vhc_level level);

/**
 * host_traced() - tell it of a call that was made: "setns(5, CLONE_NEWNET)" becomes a line with the result.
 * @result: as the call returns it, with errno if it is negative.  Returns it, and errno stays.
 */
int host_traced(int result, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
