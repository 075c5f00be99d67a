/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setup - vhost-setup documents, with all their rules: one that is valid is the same when it is written
 * and read again, and can be planned, with the arguments of any launcher, and checked against hosts.
 *
 * Input: the document; after a NUL, one argument of the launcher.
 */
#include <errno.h>

#include "fuzz.h"
#include "host.h"
#include "setup/setup.h"

static const char *const tokens[] = { "netdev", "device", "mask", "tapfds", "vhostfds",
				      "vhost",	"id",	  "tap",  "mac",    "mtu",
				      "queues", "cid",	  "fd",	  "none" };

static void check_error(const struct host_error *err)
{
	FUZZ_CHECK(err->text[0] && err->status >= HOST_USAGE && err->status <= HOST_FAILED);
	fuzz_check_text(err->text);
	fuzz_check_text(err->where);
	fuzz_check_text(err->hint);
}

static void check_same(struct vhc_ctx *ctx, const struct host_setup *setup)
{
	struct json_object *tree = host_setup_write(setup), *again;
	const char *text = json_object_to_json_string(tree);
	struct host_setup *same;
	struct host_error err;

	if (host_setup_read(ctx, text, strlen(text), NULL, &same, &err))
		FUZZ_FAIL("%s: %s", err.text, text);
	again = host_setup_write(same);
	FUZZ_CHECK(!strcmp(text, json_object_to_json_string(again)));
	json_object_put(again);
	json_object_put(tree);
	host_setup_free(same);
}

static void check_plan(const struct host_setup *setup, struct host_options *options, char *argument)
{
	static char name[] = "launcher";
	char *launcher[] = { name, argument, NULL };
	struct json_object *tree;
	struct host_error err;
	int r;

	options->launcher = argument ? launcher : NULL;
	r = host_setup_plan(setup, options, &tree, &err);
	if (r) {
		FUZZ_CHECK(argument && r == -EINVAL && err.status == HOST_USAGE);
		check_error(&err);
		return;
	}
	FUZZ_CHECK(json_object_to_json_string(tree));
	json_object_put(tree);
}

static void check_tokens(const struct host_setup *setup, struct host_options *options)
{
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		char argument[128];

		snprintf(argument, sizeof(argument), "x@%s.%s@y", host_device(setup, 0)->id,
			 tokens[i]);
		check_plan(setup, options, argument);
	}
}

static void say(void *data, const char *line)
{
	fuzz_check_text(line);
}

static void check_hosts(const struct host_setup *setup, const struct host_options *options)
{
	static char *hosts[2];
	struct host_error err;

	if (!hosts[0]) {
		hosts[0] = fuzz_caps("6.1");
		hosts[1] = fuzz_caps("7.2");
	}
	for (int i = 0; i < 2; i++)
		if (host_setup_check_caps(setup, options, hosts[i], &err)) {
			FUZZ_CHECK(err.status == HOST_LACKS);
			check_error(&err);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	size_t len = end ? (size_t)(end - data) : size;
	char *argument = end ? fuzz_text(end + 1, size - len - 1) : NULL;
	struct host_options options = { .say = say };
	struct host_setup *setup;
	struct host_error err;
	int r;

	FUZZ_CHECK(!vhc_ctx_new(&options.ctx));
	r = host_setup_read(options.ctx, (const char *)data, len, NULL, &setup, &err);
	if (r) {
		FUZZ_CHECK((r == -EINVAL || r == -E2BIG) && err.status == HOST_DOCUMENT);
		check_error(&err);
	} else {
		check_same(options.ctx, setup);
		check_plan(setup, &options, NULL);
		check_plan(setup, &options, argument);
		check_tokens(setup, &options);
		check_hosts(setup, &options);
		host_setup_free(setup);
	}
	vhc_ctx_free(options.ctx);
	free(argument);
	return 0;
}
