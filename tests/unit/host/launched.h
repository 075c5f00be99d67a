/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests of launchers share: one is executed in a sandbox, as its config and its caller are given.
 */
#ifndef LAUNCHED_H
#define LAUNCHED_H

#include <sys/types.h>

#include "host_test.h"
#include "sandbox.h"

struct launch_case {
	const char *config;
	char *arguments[8];
	const char *user;
	bool no_new_privs;
	int keep[3];	     /* opened, unless above 500, and kept by the launcher; 0: no more */
	int junk;	     /* so many fds are open that the launcher must not get */
	bool closed;	     /* 0 is closed when it starts */
	uid_t as;	     /* the caller's; 0: root */
	gid_t group;	     /* that the caller has besides; 0: none */
	unsigned int nofile; /* hard and soft limit; 0: as it is */
	unsigned int soft;   /* soft limit alone */
	int signal;	     /* that comes when everything is set up; 0: none */
	bool inherits;	     /* the caller has capabilities that survive a change of user */
};

#define SHELL(script)                                                                            \
	{                                                                                        \
		(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)(script), \
			NULL                                                                     \
	}
#define ENV "\"style\":\"env\""
/* The fds of the shell itself; ls has more. */
#define FDS "echo fds; ls -m -w 0 /proc/$$/fd; true"

/* It ends with this status, these words are in its output or its error, and nothing is left. */
void expect_launch(const struct launch_case *c, int status, const char *words);

/* The same, for what may leave something: its status, and its output. */
int run_launch(const struct launch_case *c, char *out, size_t size);

/* Runs a group of tests in a sandbox; the exit status of the program. */
int launch_in_sandbox(int (*tests)(void));

#endif
