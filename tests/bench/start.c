/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start ROUNDS COMMAND [ARGUMENT]... -- OTHER [ARGUMENT]... - the cost of two commands from start to
 * end, run alternately with their output discarded.  Prints medians of the time in ms and of
 * the largest resident set in KiB: OURS-MS THEIRS-MS OURS-KIB THEIRS-KIB.  A child's resident set is
 * at least its parent's at the start, so this program stays small.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench.h"

#define MOST_ROUNDS 2001

extern char **environ;

struct cost {
	double ms[MOST_ROUNDS], kib[MOST_ROUNDS];
};

static struct cost costs[2];

static int run(char **argv, double *ms, double *kib)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	double begin;
	int r, status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	begin = now_ns();
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (r == 0 && wait4(pid, &status, 0, &usage) != pid)
		r = errno;
	*ms = (now_ns() - begin) / 1e6;
	posix_spawn_file_actions_destroy(&actions);
	if (r) {
		fprintf(stderr, "start: %s: %s\n", argv[0], strerror(r));
		return -1;
	}
	*kib = (double)usage.ru_maxrss;
	if (status)
		fprintf(stderr, "start: %s: wait status 0x%x\n", argv[0], status);
	return status ? -1 : 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0, split = 2;

	while (split < argc && strcmp(argv[split], "--"))
		split++;
	if (rounds < 1 || rounds > MOST_ROUNDS || split <= 2 || split + 1 >= argc) {
		fprintf(stderr, "usage: start ROUNDS COMMAND... -- OTHER...\n");
		return 2;
	}
	argv[split] = NULL;
	for (int i = 0; i < rounds; i++)
		for (int other = 0; other < 2; other++)
			if (run(argv + (other ? split + 1 : 2), &costs[other].ms[i],
				&costs[other].kib[i]) < 0)
				return 1;
	printf("%.4f %.4f %.0f %.0f\n", median(costs[0].ms, (size_t)rounds),
	       median(costs[1].ms, (size_t)rounds), median(costs[0].kib, (size_t)rounds),
	       median(costs[1].kib, (size_t)rounds));
	return 0;
}
