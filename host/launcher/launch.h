/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the launcher gets: fds by number, arguments with the tokens replaced, environment.
 */
#ifndef HOST_LAUNCH_H
#define HOST_LAUNCH_H

#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "setup/setup.h"

#define HOST_FIRST_FD 3
/* In a plan, the name of a link that the kernel chooses. */
#define HOST_NAME_UNKNOWN "(chosen by the kernel)"

/* What a run set up for a device, or what a plan assumes. */
struct host_result {
	bool vhost;
	const char *tap_name; /* NULL: unknown yet */
	const char *why;      /* vhost is off although it was preferred */
	uint64_t cid;	      /* HOST_CID_AUTO: unknown yet */
};

/* One device as the launcher sees it. */
struct host_view {
	const struct host_device *device;
	struct host_result result;
	int first_tap_fd, first_vhost_fd; /* in the launcher */
	int tap_fds, vhost_fds;		  /* how many */
	/* Also to be masked, since they depend on masked features. */
	struct vhc_features implied;
	unsigned int told; /* by tokens: bits of enum host_told */
};

struct host_launch {
	const struct host_setup *setup;
	struct host_view *views; /* one for each device */
	int first_fd, fd_count;	 /* of the devices: numbers in a row */
	char **argv;		 /* NULL without a launcher */
	char **env;		 /* the whole environment */
};

/*
 * host_first_fd() - the first of so many numbers in a row, from 3 on, none of which is kept for an
 * fd of the caller.
 */
int host_first_fd(const struct host_options *options, int count);

/* How many fds the launcher gets of a device that has vhost or not. */
int host_tap_fds(const struct host_device *device);
int host_vhost_fds(const struct host_setup *setup, const struct host_device *device, bool vhost);

/*
 * host_launch_new() - number the fds.
 * @results: one for each device, whose texts are borrowed; NULL: as the config requests.
 */
int host_launch_new(const struct host_options *options, const struct host_setup *setup,
		    const struct host_result *results, struct host_launch **ret,
		    struct host_error *err);
void host_launch_free(struct host_launch *launch);

/*
 * host_launch_arguments() - fill argv: tokens by the config's style.  What the config requests and
 * nothing tells the launcher is an error; what it only prefers, a warning.
 */
int host_launch_arguments(struct host_launch *launch, const struct host_options *options,
			  struct host_error *err);

/* host_launch_environment() - fill env: that of this process plus the variables about the fds. */
int host_launch_environment(struct host_launch *launch, struct host_error *err);

/* Close a stream of open_memstream() and return its text; NULL if there was no memory. */
static inline char *host_close_text(FILE *out, char **text)
{
	bool bad = !out || ferror(out);

	bad = (out && fclose(out)) || bad;
	if (!bad)
		return *text;
	if (out)
		free(*text);
	*text = NULL;
	return NULL;
}

#endif
