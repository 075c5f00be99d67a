/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * yes - the real kernel, with devices that say yes to everything: for tests of the system calls that are made.  It is
 * asked for real before; what a list of calls forbids is refused.
 */
#ifndef TESTS_BROKER_YES_H
#define TESTS_BROKER_YES_H

#include "syscall/sys.h"

/** yes_sys() - its operations; their data is NULL. */
const struct vhi_sys_ops *yes_sys(void);

#endif
