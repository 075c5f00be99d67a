/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * adopt - the fake kernel's operations, for a process that is sent real fds: memory and eventfds that the fake kernel
 * does not know become its own, with the real ones behind them.
 */
#ifndef TESTS_BROKER_ADOPT_H
#define TESTS_BROKER_ADOPT_H

#include "fake.h"

extern struct vhi_sys_ops adopt_sys; /* its data is a struct fake */

/** adopt_begin() - before the first call.  adopt_end() - what was adopted is let go. */
void adopt_begin(void);
void adopt_end(struct fake *fake);

#endif
