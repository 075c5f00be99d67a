/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations on vhost devices.  The library opens and queries them but never owns them: an
 * owned vhost fd is of no use to the launcher.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "node/node.h"
#include "ops/op.h"

/* The library's texts begin with the device, which a reader knows by then. */
static const char *without_id(const char *text, const char *id)
{
	size_t len = strlen(id);

	return strncmp(text, id, len) == 0 && strncmp(text + len, ": ", 2) == 0 ? text + len + 2
										: text;
}

static int fall_back(struct host_run *run, const struct host_op *op, const struct host_error *why)
{
	const struct host_options *options = run->plan->options;
	struct host_device_run *device = &run->devices[op->device];
	const char *id = host_device(run->plan->setup, op->device)->id;
	const char *text = without_id(why->text, id);
	char line[sizeof(why->text) + 100];

	device->fell_back = true;
	snprintf(device->why, sizeof(device->why), "%s", text);
	snprintf(line, sizeof(line), "%s: continuing without vhost, as the config allows: %s", id,
		 text);
	if (options->say)
		options->say(options->data, line);
	return 0;
}

static void add_hint(struct host_error *err, const char *hint)
{
	size_t used = strlen(err->hint);

	if (used + strlen(hint) + sizeof("; ") < sizeof(err->hint))
		snprintf(err->hint + used, sizeof(err->hint) - used, "%s%s", used ? "; " : "",
			 hint);
}

/* There is no vhost: an error, unless it was only preferred. */
static int refuse(struct host_run *run, const struct host_op *op, int code, struct host_error *err)
{
	if (!host_lacks(code))
		return code;
	if (host_device(run->plan->setup, op->device)->vhost == HOST_VHOST_PREFER)
		return fall_back(run, op, err);
	if (!host_is_served(host_device(run->plan->setup, op->device)))
		add_hint(err, "or set \"vhost\" to \"prefer\" to continue without it");
	else if (code != -ENOTTY) /* it did open */
		add_hint(
			err,
			"without vhost, passt(1) serves vhost-user, and needs no privilege: " HOST_PASST);
	return code;
}

struct vhc_dev_args host_dev_args(const struct host_device *device)
{
	static const uint32_t flags[] = { 0, VHC_DEV_TASK, VHC_DEV_KTHREAD };
	const struct host_kind *kind = host_kind_of(device);
	struct vhc_dev_args args = {
		.sz = sizeof(args),
		.flags = flags[device->worker.mode],
		.type = kind->type,
		.backend = VHC_BACKEND_KERNEL,
	};

	kind->fill_args(device, &args);
	return args;
}

/* Which threads run the rings is a lesser wish than vhost, so it never costs vhost where that is preferred. */
static int open_preferred(struct host_run *run, const struct host_device *config,
			  struct vhc_dev_args *args, struct vhc_dev **ret)
{
	const struct host_options *options = run->plan->options;
	char line[sizeof(((struct host_error *)0)->text) + 100];
	int r = vhc_dev_open(options->ctx, config->id, NULL, args, ret);

	if (r != -ENOTTY || !args->flags || config->vhost != HOST_VHOST_PREFER)
		return r;
	snprintf(line, sizeof(line), "%s: worker.mode is left to the kernel: %s", config->id,
		 vhc_ctx_get_error(options->ctx)->text);
	args->flags = 0;
	r = vhc_dev_open(options->ctx, config->id, NULL, args, ret);
	if (r == 0 && options->say)
		options->say(options->data, line);
	return r;
}

/* What the library cannot know: whether its remedy works here. */
int host_fail_vhost(struct host_error *err, struct vhc_ctx *ctx, const char *path, int code)
{
	static const int of_open[] = { ENOENT, ENODEV, ENXIO, EACCES, EPERM };
	char text[HOST_NODE_TEXT], fix[HOST_NODE_TEXT], user[HOST_SELF_MAX];
	struct host_node_answer answer = { code, host_node_refusal(path, code) };

	host_fail_library(err, ctx, code);
	for (size_t i = 0; i < DOC_COUNT(of_open); i++) {
		if (code != -of_open[i])
			continue;
		host_node_explain(host_node_find(path), &answer, host_self_name(user), text, fix);
		snprintf(err->hint, sizeof(err->hint), "%s", *fix ? fix : text);
	}
	return code;
}

int host_open_vhost(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_device *config = host_device(run->plan->setup, op->device);
	struct vhc_dev_args args = host_dev_args(config);
	struct vhc_ctx *ctx = run->plan->options->ctx;
	int r;

	r = open_preferred(run, config, &args, &run->devices[op->device].vhost);
	if (r == 0)
		return 1;
	host_fail_vhost(err, ctx, host_nodes[0].path, r);
	return refuse(run, op, r, err);
}

int host_close_vhost(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	vhc_dev_close(run->devices[op->device].vhost);
	run->devices[op->device].vhost = NULL;
	return 0;
}

static void try_node(void *answer, const void *question)
{
	*(struct host_node_answer *)answer = host_node_try(question);
}

/* Does it open for the launcher's user, too?  Otherwise the launcher would find out, when it runs already. */
int host_try_vhost(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_node *node = &host_nodes[0];
	char text[HOST_NODE_TEXT], fix[HOST_NODE_TEXT];
	struct host_node_answer answer = { 0 };
	int r;

	if (!run->devices[op->device].vhost)
		return 0;
	r = host_user_ask(&run->user, try_node, node, &answer, sizeof(answer), err);
	if (r < 0 || answer.error == 0)
		return r;
	host_node_explain(node, &answer, run->user.name, text, fix);
	host_fail(err, answer.error, fix, "the launcher opens %s by itself, as user %s: %s",
		  node->path, run->user.name, text);
	r = refuse(run, op, answer.error, err);
	if (r == 0)
		host_close_vhost(run, op, err);
	return r;
}

/* Can the required features be offered to the guest with this host's device and tap? */
int host_check_features(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_device *config = host_device(run->plan->setup, op->device);
	const struct host_options *options = run->plan->options;
	struct host_device_run *device = &run->devices[op->device];
	struct vhc_features want, offered;
	char line[200];
	int r;

	if (!device->vhost) {
		snprintf(
			line, sizeof(line),
			"%s: features.require is not checked: without vhost, features depend on the "
			"launcher alone",
			config->id);
		if (options->say)
			options->say(options->data, line);
		return 0;
	}
	host_features_wanted(config, &want);
	r = device->tap ? vhc_dev_set_tap(device->vhost, device->tap) : 0;
	if (r == 0)
		r = vhc_dev_offer_features(device->vhost, &want, &config->require, &offered);
	return r < 0 ? host_fail_library(err, options->ctx, r) : 0;
}
