/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oom - the n-th allocation of the library fails.
 */
#ifndef TESTS_OOM_H
#define TESTS_OOM_H

#include "life.h"

/** oom_arm() - fail the n-th allocation from now on, counted from 1; 0: none. */
void oom_arm(uint32_t n);
/** oom_suspend() - fail none until oom_resume().  Returns what to give it. */
uint32_t oom_suspend(void);
void oom_resume(uint32_t n);
/** oom_failed() - has the allocation failed? */
bool oom_failed(void);

/**
 * oom_run() - run an act.  When the allocation fails in it, the act returns -ENOMEM, nothing is left
 * open, and the act works when it is made again.  @n: the allocation, for messages.
 * Returns what the act returned at first.
 */
int oom_run(struct rig *rig, const struct act *act, uint32_t n);

#endif
