/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers the fds that the launcher gets and fills its environment.  Opens and moves nothing, so a
 * plan can show the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kind.h"
#include "launcher/style.h"

/* Features that depend on a masked one.  Features without a name are never offered. */
static int find_implied(struct vhc_ctx *ctx, struct host_view *view, struct host_error *err)
{
	struct vhc_features rest;
	int r;

	host_features_wanted(view->device, &rest);
	r = vhc_features_check(ctx, host_kind_of(view->device)->type, &rest, &view->implied);
	if (r < 0 && r != -EOPNOTSUPP)
		return host_fail_library(err, ctx, r);
	return 0;
}

int host_tap_fds(const struct host_device *device)
{
	bool tap = host_kind_of(device)->tap && device->attach == HOST_ATTACH_FD;

	return tap ? (int)device->queue_pairs : 0;
}

int host_vhost_fds(const struct host_setup *setup, const struct host_device *device, bool vhost)
{
	return vhost && host_style_takes_vhost(setup, device) ? (int)device->queue_pairs : 0;
}

static void number_fds(const struct host_setup *setup, struct host_view *view, int *next)
{
	view->tap_fds = host_tap_fds(view->device);
	view->vhost_fds = host_vhost_fds(setup, view->device, view->result.vhost);
	view->first_tap_fd = view->tap_fds ? *next : -1;
	*next += view->tap_fds;
	view->first_vhost_fd = view->vhost_fds ? *next : -1;
	*next += view->vhost_fds;
}

static void shift_fds(struct host_view *view, int first)
{
	view->first_tap_fd += view->tap_fds ? first : 0;
	view->first_vhost_fd += view->vhost_fds ? first : 0;
}

int host_first_fd(const struct host_options *options, int count)
{
	int first = HOST_FIRST_FD;

	for (size_t i = 0; i < options->keep_count;) {
		if (options->keep[i] >= first && options->keep[i] < first + count) {
			first = options->keep[i] + 1;
			i = 0;
		} else {
			i++;
		}
	}
	return first;
}

/* The protocol has no other numbers. */
static int check_listen_fds(const struct host_launch *launch, struct host_error *err)
{
	if (launch->setup->launcher.style != HOST_STYLE_LISTEN_FDS ||
	    launch->first_fd == HOST_FIRST_FD)
		return 0;
	return host_fail_status(
		err, HOST_USAGE, -EINVAL, "give it another number",
		"fd %d cannot be kept: with LISTEN_FDS the launcher takes %d to %d for "
		"the devices'",
		launch->first_fd - 1, HOST_FIRST_FD, HOST_FIRST_FD + launch->fd_count - 1);
}

static struct host_result as_requested(const struct host_device *device)
{
	return (struct host_result){ .vhost = device->vhost != HOST_VHOST_OFF,
				     .tap_name = device->tap.name,
				     .cid = device->cid };
}

int host_launch_new(const struct host_options *options, const struct host_setup *setup,
		    const struct host_result *results, struct host_launch **ret,
		    struct host_error *err)
{
	struct host_launch *launch = calloc(1, sizeof(*launch));
	int fd = 0, r = 0;

	if (launch)
		launch->views = calloc(setup->devices.count, sizeof(*launch->views));
	if (!launch || !launch->views) {
		free(launch);
		return host_fail_memory(err);
	}
	launch->setup = setup;
	for (size_t i = 0; i < setup->devices.count && r == 0; i++) {
		struct host_view *view = &launch->views[i];

		view->device = host_device(setup, i);
		view->result = results ? results[i] : as_requested(view->device);
		if (host_is_served(view->device))
			view->result.vhost = true;
		else if (!(host_style_of(setup)->options & HOST_TOLD_VHOST))
			view->result.vhost = false;
		number_fds(setup, view, &fd);
		if (!host_is_empty(&view->device->mask))
			r = find_implied(options->ctx, view, err);
	}
	launch->fd_count = fd;
	launch->first_fd = host_first_fd(options, fd);
	for (size_t i = 0; i < setup->devices.count; i++)
		shift_fds(&launch->views[i], launch->first_fd);
	if (r == 0)
		r = check_listen_fds(launch, err);
	if (r < 0) {
		host_launch_free(launch);
		return r;
	}
	*ret = launch;
	return 0;
}

static void free_texts(char **texts)
{
	for (size_t i = 0; texts && texts[i]; i++)
		free(texts[i]);
	free(texts);
}

void host_launch_free(struct host_launch *launch)
{
	if (!launch)
		return;
	free_texts(launch->argv);
	free_texts(launch->env);
	free(launch->views);
	free(launch);
}

/* ----------------------------------------------------------------------------------- environment */

/*
 * Variables that are set here, or would be wrong: they describe fds that the launcher does not
 * get.
 */
static const char *const own_variables[] = { "LISTEN_PID=",	 "LISTEN_FDS=",	  "LISTEN_FDNAMES=",
					     "LISTEN_PIDFDID=",	 "VHOSTCTL_FDS=", "VHOSTCTL_VHOST=",
					     "VHOSTCTL_DEVICES=" };

static bool is_own(const char *variable)
{
	for (size_t i = 0; i < sizeof(own_variables) / sizeof(own_variables[0]); i++)
		if (strncmp(variable, own_variables[i], strlen(own_variables[i])) == 0)
			return true;
	return false;
}

static void put_names(FILE *out, const struct host_view *view, const char *what, int first,
		      int count, bool numbers, bool *later)
{
	const char *listen_name = numbers ? NULL : host_kind_of(view->device)->listen_name;

	for (int n = 0; n < count; n++) {
		if (*later)
			fputc(numbers ? ',' : ':', out);
		*later = true;
		if (listen_name)
			fputs(listen_name, out);
		else
			fprintf(out, "%s.%s.%d", view->device->id, what, n);
		if (numbers)
			fprintf(out, "=%d", first + n);
	}
}

/* The names of all fds; @numbers: "name=fd" separated by commas, else names separated by colons. */
static char *fd_names(const struct host_launch *launch, const char *variable, bool numbers)
{
	char *text = NULL;
	bool later = false;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(variable, out);
	for (size_t i = 0; i < launch->setup->devices.count; i++) {
		const struct host_view *view = &launch->views[i];

		put_names(out, view, "tap", view->first_tap_fd, view->tap_fds, numbers, &later);
		put_names(out, view, "vhost", view->first_vhost_fd, view->vhost_fds, numbers,
			  &later);
	}
	return host_close_text(out, &text);
}

/* What was requested of all devices and has a value. */
static char *device_values(const struct host_launch *launch, const char *variable)
{
	char *text = NULL;
	const char *between = "";
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct host_error unused;

	if (!out)
		return NULL;
	fputs(variable, out);
	for (size_t i = 0; i < launch->setup->devices.count; i++)
		host_told_put(out, launch, &launch->views[i], &between, &unused);
	return host_close_text(out, &text);
}

static bool all_vhost(const struct host_launch *launch)
{
	for (size_t i = 0; i < launch->setup->devices.count; i++)
		if (!launch->views[i].result.vhost)
			return false;
	return true;
}

static char *number_variable(const char *variable, long number)
{
	char *text;

	return asprintf(&text, "%s%ld", variable, number) < 0 ? NULL : text;
}

int host_launch_environment(struct host_launch *launch, struct host_error *err)
{
	size_t count = 0, at = 0;
	bool missing = false;
	char **env;

	while (environ && environ[count])
		count++;
	env = calloc(count + 7, sizeof(*env));
	if (!env)
		return host_fail_memory(err);
	launch->env = env;
	env[at++] = fd_names(launch, "VHOSTCTL_FDS=", true);
	env[at++] = strdup(all_vhost(launch) ? "VHOSTCTL_VHOST=on" : "VHOSTCTL_VHOST=off");
	env[at++] = device_values(launch, "VHOSTCTL_DEVICES=");
	if (launch->setup->launcher.style == HOST_STYLE_LISTEN_FDS) {
		env[at++] = number_variable("LISTEN_PID=", getpid());
		env[at++] = number_variable("LISTEN_FDS=", launch->fd_count);
		env[at++] = fd_names(launch, "LISTEN_FDNAMES=", false);
	}
	for (size_t i = 0; i < count; i++)
		if (!is_own(environ[i]))
			env[at++] = strdup(environ[i]);
	for (size_t i = 0; i < at; i++)
		missing = missing || !env[i];
	if (!missing)
		return 0;
	for (size_t i = 0; i < at; i++)
		free(env[i]);
	free(env);
	launch->env = NULL;
	return host_fail_memory(err);
}
