/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A launcher in a sandbox.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launched.h"

static struct vhc_ctx *ctx;

static void keep_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &header, caps) < 0)
		_exit(95);
	for (int i = 0; i < 2; i++)
		caps[i].inheritable = caps[i].permitted;
	if (syscall(SYS_capset, &header, caps) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) < 0 ||
	    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		_exit(94);
}

static const struct launch_case *ready_case;

static int raise_signal(void *data, struct json_object *report, struct host_error *err)
{
	return raise(ready_case->signal) ? -errno : 0;
}

static void launch(const void *arg)
{
	const struct launch_case *c = arg;
	struct host_options options = { .ctx = ctx,
					.user = c->user,
					.no_new_privs = c->no_new_privs,
					.launcher = (char **)(uintptr_t)c->arguments };
	struct host_setup *setup = read_setup(ctx, c->config);
	struct rlimit limit;
	struct said said = { "" };
	struct host_error err;

	options.say = say;
	options.data = &said;
	options.keep = c->keep;
	for (; options.keep_count < COUNT(c->keep) && c->keep[options.keep_count];
	     options.keep_count++)
		if (c->keep[options.keep_count] < 500)
			dup2(0, c->keep[options.keep_count]);
	ready_case = c;
	options.ready = c->signal ? raise_signal : NULL;
	if (c->signal)
		signal(c->signal,
		       SIG_DFL); /* a shell's background jobs have SIGINT and SIGQUIT ignored */
	for (int i = 0; i < c->junk; i++)
		if (dup(0) < 0)
			_exit(98);
	if ((c->as || c->group) && setgroups(c->group ? 1 : 0, &c->group) < 0)
		_exit(93);
	if (c->as && (setresgid(c->as, c->as, c->as) < 0 || setresuid(c->as, c->as, c->as) < 0))
		_exit(97);
	if (c->closed)
		close(0);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (c->nofile)
		limit = (struct rlimit){ c->nofile, c->nofile };
	if (c->soft)
		limit.rlim_cur = c->soft;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(96);
	if (c->inherits)
		keep_capabilities();
	host_setup_run(setup, &options, &err);
	dprintf(2, "%s: %s\n%s%s", err.where, err.text, said.text, err.hint);
	_exit((int)err.status);
}

int run_launch(const struct launch_case *c, char *out, size_t size)
{
	return sandbox_run(launch, c, out, size);
}

void expect_launch(const struct launch_case *c, int status, const char *words)
{
	sandbox_expect(launch, c, status, words);
}

int launch_in_sandbox(int (*tests)(void))
{
	return sandbox_main(&ctx, tests);
}
