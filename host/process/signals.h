/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals that end a process.  They are held while a plan is executed and looked at between its steps,
 * so that what was done until then is undone.
 */
#ifndef HOST_SIGNALS_H
#define HOST_SIGNALS_H

#include <signal.h>

struct host_signals {
	sigset_t before, held;
};

/*
 * host_signals_hold() - hold INT, TERM, HUP and QUIT, unless they are ignored; and PIPE and XFSZ, since a
 * message that nobody reads and a file over RLIMIT_FSIZE must not end a plan half way.
 */
void host_signals_hold(struct host_signals *ret);
/* host_signals_release() - deliver them again; except those two, what is still held ends the process. */
void host_signals_release(const struct host_signals *signals);
/* host_signals_take() - the number of one that has come and is gone with this call; 0: none. */
int host_signals_take(const struct host_signals *signals);

/*
 * host_signals_exec() - execvpe() with the signals of before.  One that comes before the new program
 * runs is returned; later ones are that program's.
 * Returns a negative errno, or the number of a signal.
 */
int host_signals_exec(const struct host_signals *signals, const char *file, char *const argv[],
		      char *const env[]);

#endif
