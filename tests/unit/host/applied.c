/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applied.h"

struct said said;

static struct vhc_ctx *ctx;

/* Everything up to the hand-over. */
int apply(const char *config, struct host_plan *plan, struct host_run **ret, struct host_error *err)
{
	static struct host_options options;
	static struct host_setup *setup;

	host_setup_free(setup);
	setup = read_setup(ctx, config);
	said.text[0] = '\0';
	options = (struct host_options){ .ctx = ctx, .say = say, .data = &said };
	assert_int_equal(host_plan_make(setup, &options, plan, err), 0);
	return host_run_apply(plan, HOST_OP_HAND_OVER, ret, err);
}

void expect_undo(struct host_plan *plan, struct host_run *run)
{
	struct host_error err;

	if (host_run_undo(run, &err) < 0)
		fail_msg("%s", err.text);
	host_plan_clear(plan);
}

void tear_down(const char *config)
{
	const struct host_options options = { 0 };
	struct host_setup *setup = read_setup(ctx, config);
	struct json_object *report;
	struct host_error err;

	if (host_teardown(setup, &options, &report, &err) < 0)
		fail_msg("%s", err.text);
	json_object_put(report);
	host_setup_free(setup);
}

void get_link(const char *name, struct host_link *ret)
{
	struct host_netlink netlink;

	assert_int_equal(host_netlink_open(&netlink), 0);
	assert_int_equal(host_link_get(&netlink, name, ret), 0);
	host_netlink_close(&netlink);
}

/* Refused with this status and these words, and nothing is left. */
void expect_failure(const char *config, enum host_status status, const char *where,
		    const char *words)
{
	struct snapshot before;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_look(&before);
	if (apply(config, &plan, &run, &err) >= 0)
		fail_msg("%s: succeeds", config);
	host_plan_clear(&plan);
	if (err.status != status || !strstr(err.where, where) || !strstr(err.text, words))
		fail_msg("%s\n%d %s: %s", config, err.status, err.where, err.text);
	sandbox_expect_same(&before);
}

int run_in_sandbox(int (*tests)(void))
{
	return sandbox_main(&ctx, tests);
}
