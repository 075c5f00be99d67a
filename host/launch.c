/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers the fds that the launcher gets and fills its environment.  Opens and moves nothing, so a
 * plan can show the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"

char *host_close_text(FILE *out, char **text)
{
	bool bad;

	if (!out)
		return NULL;
	bad = ferror(out);
	if (fclose(out) == 0 && !bad)
		return *text;
	free(*text);
	*text = NULL;
	return NULL;
}

/* Features that depend on a masked one.  Features without a name are never offered. */
static int find_implied(struct vhc_ctx *ctx, struct host_view *view, struct host_error *err)
{
	struct vhc_features rest;
	int r;

	host_features_wanted(view->device, &rest);
	r = vhc_features_check(ctx, VHC_TYPE_NET, &rest, &view->implied);
	if (r < 0 && r != -EOPNOTSUPP)
		return host_fail_library(err, ctx, r);
	return 0;
}

int host_launch_new(struct vhc_ctx *ctx, const struct host_setup *setup, const bool *vhost,
		    const char *const *tap_names, struct host_launch **ret, struct host_error *err)
{
	struct host_launch *launch = calloc(1, sizeof(*launch));
	int fd = HOST_FIRST_FD, r = 0;

	if (launch)
		launch->views = calloc(setup->devices.count, sizeof(*launch->views));
	if (!launch || !launch->views) {
		free(launch);
		return host_fail_memory(err);
	}
	launch->setup = setup;
	for (size_t i = 0; i < setup->devices.count && r == 0; i++) {
		struct host_view *view = &launch->views[i];
		int pairs;

		view->device = host_device(setup, i);
		view->tap_name = tap_names ? tap_names[i] : view->device->tap.name;
		view->vhost = vhost ? vhost[i] : view->device->vhost != HOST_VHOST_OFF;
		pairs = (int)view->device->queue_pairs;
		view->first_tap_fd = fd;
		fd += pairs;
		view->first_vhost_fd = view->vhost ? fd : -1;
		fd += view->vhost ? pairs : 0;
		if (!host_is_empty(&view->device->mask))
			r = find_implied(ctx, view, err);
	}
	if (r < 0) {
		host_launch_free(launch);
		return r;
	}
	launch->fd_count = fd - HOST_FIRST_FD;
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

int host_launch_fd_name(const struct host_launch *launch, int fd, char *buf, size_t size)
{
	for (size_t i = 0; i < launch->setup->devices.count; i++) {
		const struct host_view *view = &launch->views[i];
		int pairs = (int)view->device->queue_pairs;

		if (fd >= view->first_tap_fd && fd < view->first_tap_fd + pairs)
			return snprintf(buf, size, "%s.tap.%d", view->device->id,
					fd - view->first_tap_fd);
		if (view->vhost && fd >= view->first_vhost_fd && fd < view->first_vhost_fd + pairs)
			return snprintf(buf, size, "%s.vhost.%d", view->device->id,
					fd - view->first_vhost_fd);
	}
	return -1;
}

/* ----------------------------------------------------------------------------------- environment */

/*
 * Variables that are set here, or would be wrong: they describe fds that the launcher does not
 * get.
 */
static const char *const own_variables[] = {
	"LISTEN_PID=",	   "LISTEN_FDS=",   "LISTEN_FDNAMES=",
	"LISTEN_PIDFDID=", "VHOSTCTL_FDS=", "VHOSTCTL_VHOST="
};

static bool is_own(const char *variable)
{
	for (size_t i = 0; i < sizeof(own_variables) / sizeof(own_variables[0]); i++)
		if (strncmp(variable, own_variables[i], strlen(own_variables[i])) == 0)
			return true;
	return false;
}

/* The names of all fds; @numbers: "name=fd" separated by commas, else names separated by colons. */
static char *fd_names(const struct host_launch *launch, const char *variable, bool numbers)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(variable, out);
	for (size_t i = 0; i < launch->setup->devices.count; i++) {
		const struct host_view *view = &launch->views[i];
		int count = (int)view->device->queue_pairs * (view->vhost ? 2 : 1);

		for (int n = 0; n < count; n++) {
			int fd = view->first_tap_fd + n, queue = n % (int)view->device->queue_pairs;

			fprintf(out, "%s%s.%s.%d",
				fd == HOST_FIRST_FD ? ""
				: numbers	    ? ","
						    : ":",
				view->device->id, n == queue ? "tap" : "vhost", queue);
			if (numbers)
				fprintf(out, "=%d", fd);
		}
	}
	return host_close_text(out, &text);
}

static bool all_vhost(const struct host_launch *launch)
{
	for (size_t i = 0; i < launch->setup->devices.count; i++)
		if (!launch->views[i].vhost)
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
	env = calloc(count + 6, sizeof(*env));
	if (!env)
		return host_fail_memory(err);
	launch->env = env;
	env[at++] = fd_names(launch, "VHOSTCTL_FDS=", true);
	env[at++] = strdup(all_vhost(launch) ? "VHOSTCTL_VHOST=on" : "VHOSTCTL_VHOST=off");
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
