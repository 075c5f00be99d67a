/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confine - the parts of broker_confine(), for it and for the tests.
 */
#ifndef BROKER_CONFINE_H
#define BROKER_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one argument of a call must be: value under mask.  A mask of 0: anything. */
struct confine_arg {
	uint8_t index;
	uint64_t mask, value;
};

#define CONFINE_ARGS 2

/* A row of the allow-list. */
struct confine_rule {
	const char *call;
	const char
		*why; /* NULL: another call for what the row before is for, in other C libraries */
	struct confine_arg arg[CONFINE_ARGS];
	uint8_t own; /* so many arguments, from the first, are this process's id */
};

extern const struct confine_rule confine_rules[];
extern const size_t confine_rule_count;

/** confine_prepare() - make the calls that are made once, and are not in the list. */
void confine_prepare(void);

#define CONFINE_ALL SIZE_MAX

/**
 * confine_calls() - allow the calls of the list from now on.
 * @without: the index of a row to leave out, with those that belong to it; CONFINE_ALL: none.
 * @kill: any other call ends the process; else it fails with EPERM.
 * Errors: -ENOTSUP: built without libseccomp; what the kernel says.
 */
int confine_calls(size_t without, bool kill);

/**
 * confine_access() - Landlock: open, create, remove and rename no file, use no TCP port.
 * Returns its version in this kernel.  Errors: -ENOSYS: it has none, or it is switched off.
 */
int confine_access(void);

#endif
