/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests of links that are really made share: a config is applied in a sandbox, and undone.
 */
#ifndef APPLIED_H
#define APPLIED_H

#include "host_test.h"
#include "sandbox.h"

/* What the last apply() warned of. */
extern struct said said;

/* Everything up to the hand-over. */
int apply(const char *config, struct host_plan *plan, struct host_run **ret,
	  struct host_error *err);

void expect_undo(struct host_plan *plan, struct host_run *run);

void tear_down(const char *config);

void get_link(const char *name, struct host_link *ret);

/* Refused with this status and these words, and nothing is left. */
void expect_failure(const char *config, enum host_status status, const char *where,
		    const char *words);

/* Runs a group of tests in a sandbox; the exit status of the program. */
int run_in_sandbox(int (*tests)(void));

#endif
