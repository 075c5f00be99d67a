/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of the host room share.
 */
#ifndef HOST_TEST_H
#define HOST_TEST_H

#include <stdarg.h>
#include <setjmp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ops/plan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A config: its devices, and its launcher. */
#define CONFIG(devices, launcher)                                       \
	"{\"kind\":\"vhost-setup\",\"version\":1,\"devices\":[" devices \
	"],\"launcher\":{" launcher "}}"

static inline struct host_setup *read_setup(struct vhc_ctx *ctx, const char *text)
{
	struct host_setup *setup = NULL;
	struct host_error err;

	if (host_setup_read(ctx, text, strlen(text), NULL, &setup, &err) < 0)
		fail_msg("%s\n%s: %s", text, err.where, err.text);
	return setup;
}

/* The exit status of a group of tests, which have a context. */
static inline int run_with_context(struct vhc_ctx **ctx, const struct CMUnitTest *tests,
				   size_t count)
{
	int r;

	if (vhc_ctx_new(ctx) < 0)
		return 1;
	r = _cmocka_run_group_tests("host", tests, count, NULL, NULL);
	vhc_ctx_free(*ctx);
	return r;
}

/* A whole file, NUL-terminated; for free(3). */
static inline char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	char *text = malloc((1 << 21) + 1);
	size_t len;

	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	len = fread(text, 1, 1 << 21, file);
	text[len] = '\0';
	fclose(file);
	if (ret_len)
		*ret_len = len;
	return text;
}

/* Lines that host_options.say() was given, one behind the other. */
struct said {
	char text[4096];
};

static inline void say(void *data, const char *line)
{
	struct said *said = data;
	size_t used = strlen(said->text);

	snprintf(said->text + used, sizeof(said->text) - used, "%s\n", line);
}

#endif
