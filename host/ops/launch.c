/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations that end in the launcher: it is looked up first, its fds are put in place,
 * privileges are dropped, and the process executes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/child.h"
#include "errname.h"
#include "process/handover.h"
#include "ops/plan.h"

/* ----------------------------------------------------------------------------- find the launcher */

/* May the effective user execute this file?  0, -ENOENT, -EACCES ... */
static int try_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return host_traced(faccessat(AT_FDCWD, path, X_OK, AT_EACCESS),
			   "faccessat(\"%s\", X_OK, AT_EACCESS)", path) < 0
		       ? -errno
		       : 0;
}

/* Searches where execvp() will.  @answer: an int, 0 or a negative errno. */
static void find_program(void *answer, const void *question)
{
	const char *name = question, *dir = getenv("PATH");
	int *result = answer;

	if (strchr(name, '/')) {
		*result = try_file(name);
		return;
	}
	*result = -ENOENT;
	for (dir = dir ? dir : "/bin:/usr/bin"; *result < 0; dir++) {
		size_t len = strcspn(dir, ":");
		char path[PATH_MAX];
		int r = -ENOENT;

		if (snprintf(path, sizeof(path), "%.*s%s%s", (int)len, dir, len ? "/" : "", name) <
		    (int)sizeof(path))
			r = try_file(path);
		/* Report one that may not be executed if no other is found. */
		if (r == 0 || r == -EACCES)
			*result = r;
		dir += len;
		if (!*dir)
			break;
	}
}

static int fail_launcher(struct host_error *err, int code, const char *name, const char *user)
{
	char number[DOC_ERRNO_MAX];
	bool absent = code == -ENOENT;

	return host_fail_status(err, absent ? HOST_NOT_FOUND : HOST_CANNOT_RUN, code,
				absent && !strchr(name, '/') ? "install it, or give its path"
							     : NULL,
				"cannot execute %s%s%s: %s", name, user ? " as " : "",
				user ? user : "", doc_errno(number, code));
}

/* Before anything is created: the most common reason why a launcher does not start. */
int host_find_launcher(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const char *name = run->plan->options->launcher[0];
	const char *user = host_plan_user(run->plan);
	int answer = 0, r;

	if (user) {
		r = host_user_find(user, &run->user, err);
		if (r < 0)
			return r;
	}
	r = host_user_ask(user ? &run->user : NULL, find_program, name, &answer, sizeof(answer),
			  err);
	if (r < 0)
		return r;
	return answer < 0 ? fail_launcher(err, answer, name, user) : 0;
}

/* ----------------------------------------------------------------------------------- fds' places */

/* Enough for the launcher's fds, for ours beside them, for namespaces, and for temporary ones. */
static int need_fds(const struct host_setup *setup, int first, int count)
{
	int need = first + 3 * count + 32;

	for (size_t i = 0; i < setup->devices.count; i++)
		need += host_device(setup, i)->tap.netns != NULL;
	return need;
}

static void raise_limit(struct host_run *run, int room)
{
	rlim_t need = (rlim_t)room;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return;
	run->nofile.soft = limit.rlim_cur;
	limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
	run->nofile.raised =
		host_traced(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit(RLIMIT_NOFILE, %llu)",
			    (unsigned long long)limit.rlim_cur) == 0;
}

static void restore_limit(struct host_run *run)
{
	struct rlimit limit;

	if (!run->nofile.raised || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = run->nofile.soft;
	setrlimit(RLIMIT_NOFILE, &limit);
	run->nofile.raised = false;
}

int host_release_fds(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	for (int fd = 0; fd < run->fd_room; fd++)
		if (run->ours[fd])
			close(fd);
	free(run->ours);
	run->ours = NULL;
	run->fd_room = 0;
	restore_limit(run);
	return 0;
}

/* What a program inherits is open and not close-on-exec: our own fds are. */
static int check_kept(const struct host_options *options, struct host_error *err)
{
	for (size_t i = 0; i < options->keep_count; i++) {
		int flags = fcntl(options->keep[i], F_GETFD);
		char hint[40];

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			continue;
		snprintf(hint, sizeof(hint), "a shell opens it with %d<FILE", options->keep[i]);
		return host_fail_status(err, HOST_USAGE, -EBADF, hint,
					"fd %d cannot be kept: it is not open", options->keep[i]);
	}
	return 0;
}

/*
 * Reserve the fds from 3 on, so that everything opened later gets higher numbers and can be moved
 * there at the end without conflicts.  Also reserve 0 to 2 if they are closed: a message on stderr
 * must not end up in a tap.
 */
int host_reserve_fds(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	int count = host_plan_fd_count(run->plan), first, need, r;
	char hint[40], number[DOC_ERRNO_MAX];

	r = check_kept(run->plan->options, err);
	if (r < 0)
		return r;
	first = host_first_fd(run->plan->options, count);
	need = need_fds(run->plan->setup, first, count);
	raise_limit(run, need);
	run->fd_room = first + count;
	run->ours = calloc((size_t)run->fd_room, sizeof(*run->ours));
	r = run->ours ? host_hold_fds(run->ours, run->fd_room) : -ENOMEM;
	if (r == 0)
		return 1;
	host_release_fds(run, op, err);
	snprintf(hint, sizeof(hint), "ulimit -n %d", need);
	if (r == -EMFILE)
		return host_fail(
			err, r, hint,
			"the set-up needs %d fds at once, %d of them for the launcher: RLIMIT_NOFILE "
			"does not allow that many",
			need, count);
	return host_fail(err, r, NULL, "cannot reserve the launcher's fds: %s",
			 doc_errno(number, r));
}

/* ------------------------------------------------------------------------------------- hand over */

/* What the process that serves it tells of it; NULL: nothing. */
static struct json_object *served_row(const struct host_plan *plan, const char *id)
{
	struct json_object *devices;

	if (!json_object_object_get_ex(plan->options->served, "devices", &devices))
		return NULL;
	for (size_t i = 0; i < json_object_array_length(devices); i++) {
		struct json_object *row = json_object_array_get_idx(devices, i);

		if (strcmp(json_object_get_string(json_object_object_get(row, "device")), id) == 0)
			return row;
	}
	return NULL;
}

/* What it chose by itself. */
static void fill_served(struct host_run *run)
{
	const struct host_plan *plan = run->plan;

	for (size_t i = 0; i < plan->setup->devices.count && plan->options->served; i++) {
		const struct host_device *device = host_device(plan->setup, i);
		struct json_object *row = NULL, *value;

		if (host_is_served(device))
			row = served_row(plan, device->id);
		if (json_object_object_get_ex(row, "tap", &value))
			snprintf(run->devices[i].name, sizeof(run->devices[i].name), "%s",
				 json_object_get_string(value));
		if (json_object_object_get_ex(row, "cid", &value))
			run->devices[i].cid = json_object_get_uint64(value);
	}
}

int host_number_fds(struct host_run *run, struct host_error *err)
{
	const struct host_plan *plan = run->plan;
	size_t count = plan->setup->devices.count;
	struct host_result *results = calloc(count, sizeof(*results));
	int r;

	if (!results)
		return host_fail_memory(err);
	fill_served(run);
	for (size_t i = 0; i < count; i++)
		results[i] =
			(struct host_result){ .vhost = run->devices[i].vhost,
					      .tap_name = run->devices[i].name,
					      .why = run->devices[i].fell_back ? run->devices[i].why
									       : NULL,
					      .cid = run->devices[i].cid };
	r = host_launch_new(plan->options, plan->setup, results, &run->launch, err);
	free(results);
	return r;
}

static int make_launch(struct host_run *run, struct host_error *err)
{
	int r = host_number_fds(run, err);

	if (r == 0)
		r = host_launch_arguments(run->launch, run->plan->options, err);
	if (r == 0)
		r = host_launch_environment(run->launch, err);
	return r;
}

static int place_fd(struct host_run *run, int from, int to, struct host_error *err)
{
	char number[DOC_ERRNO_MAX];

	if (from < 0)
		return host_fail_library(err, run->plan->options->ctx, from);
	if (host_traced(dup2(from, to), "dup2(%d, %d)", from, to) < 0)
		return host_fail(err, -errno, NULL, "cannot place fd %d: %s", to,
				 doc_errno(number, -errno));
	return 0;
}

/* Put each fd in its place. */
static int place_fds(struct host_run *run, struct host_error *err)
{
	int r = 0;

	for (size_t i = 0; i < run->plan->setup->devices.count; i++) {
		const struct host_view *view = &run->launch->views[i];
		struct host_device_run *device = &run->devices[i];

		for (int n = 0; n < view->tap_fds && r == 0; n++)
			r = place_fd(run, vhc_tap_get_fd(device->tap, (uint32_t)n),
				     view->first_tap_fd + n, err);
		for (int n = 0; n < view->vhost_fds && r == 0; n++)
			r = place_fd(run, vhc_dev_get_fd(device->vhost, (uint32_t)n),
				     view->first_vhost_fd + n, err);
	}
	return r;
}

/* Before anything else is undone: as long as one of a tap's queues is open, its flags cannot be restored. */
int host_take_back(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_launch *launch = run->launch;

	for (int i = 0; run->ours && i < launch->fd_count; i++) {
		close(launch->first_fd + i);
		run->ours[launch->first_fd + i] = false;
	}
	return 0;
}

int host_hand_over(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_options *options = run->plan->options;
	struct json_object *report;
	char number[DOC_ERRNO_MAX];
	int r;

	r = make_launch(run, err);
	if (r < 0)
		return r;
	report = host_run_report(run, "setup");
	if (!report)
		return host_fail_memory(err);
	if (options->ready)
		r = options->ready(options->data, report, err);
	json_object_put(report);
	if (r < 0)
		return r;
	/* from here on these fds are ours, whoever had them */
	for (int fd = 0; fd < run->launch->fd_count; fd++)
		run->ours[run->launch->first_fd + fd] = true;
	r = host_close_on_exec(options->keep, options->keep_count);
	if (r < 0)
		return host_fail(err, r, NULL, "cannot mark other fds close-on-exec: %s",
				 doc_errno(number, r));
	r = place_fds(run, err);
	if (r < 0) {
		host_take_back(run, op, err);
		return r;
	}
	host_forget_records(run);
	return 1;
}

int host_become_user(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_plan *plan = run->plan;
	int r = 0;

	if (host_plan_user(plan))
		r = host_user_become(&run->user, err);
	if (r == 0 && (plan->options->no_new_privs || plan->setup->launcher.no_new_privs))
		r = host_user_no_new_privs(err);
	return r;
}

int host_exec(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	int r;

	restore_limit(run);
	if (run->parent)
		host_child_tie(run->parent);
	r = host_signals_exec(&run->signals, run->launch->argv[0], run->launch->argv,
			      run->launch->env);
	if (r > 0)
		return host_fail_signal(err, r);
	if (r == -ENOENT) /* it was found before, so it is its interpreter */
		return host_fail_status(err, HOST_NOT_FOUND, r, NULL,
					"cannot execute %s: its interpreter does not exist",
					run->launch->argv[0]);
	return fail_launcher(err, r, run->launch->argv[0], NULL);
}
