/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room: host.  From a config to the operations that make it so.  Pure: no system call, so it can be
 * printed and compared before anything happens.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "plan.h"

const char *host_plan_user(const struct host_plan *plan)
{
	return plan->options->user ? plan->options->user : plan->setup->launcher.user;
}

int host_plan_fd_count(const struct host_plan *plan)
{
	int count = 0;

	for (size_t i = 0; i < plan->setup->devices.count; i++) {
		const struct host_device *device = host_device(plan->setup, i);

		count += (int)device->queue_pairs * (device->vhost == HOST_VHOST_OFF ? 1 : 2);
	}
	return count;
}

/* There is room: host_plan_make() has counted. */
static void add(struct host_plan *plan, enum host_op_kind kind, uint32_t device, uint32_t item)
{
	plan->ops[plan->count++] = (struct host_op){ kind, device, item };
}

/*
 * The address before the link is up, so that no other is ever seen; the bridge before too, so that a
 * port starts with its first frame.
 */
static void add_tap(struct host_plan *plan, uint32_t device)
{
	const struct host_tap *tap = &host_device(plan->setup, device)->tap;

	if (tap->netns)
		add(plan, HOST_OP_ENTER_NETNS, device, 0);
	if (tap->existing)
		add(plan, HOST_OP_FIND_LINK, device, 0);
	add(plan, HOST_OP_OPEN_TAP, device, 0);
	if (tap->mac)
		add(plan, HOST_OP_SET_MAC, device, 0);
	if (tap->mtu)
		add(plan, HOST_OP_SET_MTU, device, 0);
	for (uint32_t i = 0; i < tap->address.count; i++)
		add(plan, HOST_OP_ADD_ADDRESS, device, i);
	if (tap->bridge)
		add(plan, HOST_OP_SET_BRIDGE, device, 0);
	if (tap->up)
		add(plan, HOST_OP_SET_UP, device, 0);
	if (tap->netns)
		add(plan, HOST_OP_LEAVE_NETNS, device, 0);
}

static void add_device(struct host_plan *plan, uint32_t index)
{
	const struct host_device *device = host_device(plan->setup, index);

	add_tap(plan, index);
	if (device->vhost != HOST_VHOST_OFF)
		add(plan, HOST_OP_OPEN_VHOST, index, 0);
	if (device->features.require.count)
		add(plan, HOST_OP_CHECK_FEATURES, index, 0);
}

int host_plan_make(const struct host_setup *setup, const struct host_options *options,
		   struct host_plan *ret, struct host_error *err)
{
	struct host_plan plan = { .setup = setup, .options = options };
	size_t room = HOST_OP_COUNT;

	for (size_t i = 0; i < setup->devices.count; i++)
		room += HOST_OP_COUNT + host_device(setup, i)->tap.address.count;
	plan.ops = calloc(room, sizeof(*plan.ops));
	if (!plan.ops)
		return host_fail_memory(err);
	if (options->launcher) {
		add(&plan, HOST_OP_FIND_LAUNCHER, HOST_NO_DEVICE, 0);
		add(&plan, HOST_OP_RESERVE_FDS, HOST_NO_DEVICE, 0);
	}
	for (uint32_t i = 0; i < setup->devices.count; i++)
		add_device(&plan, i);
	if (options->launcher) {
		add(&plan, HOST_OP_HAND_OVER, HOST_NO_DEVICE, 0);
		if (host_plan_user(&plan) || options->no_new_privs || setup->launcher.no_new_privs)
			add(&plan, HOST_OP_BECOME_USER, HOST_NO_DEVICE, 0);
		add(&plan, HOST_OP_EXEC, HOST_NO_DEVICE, 0);
	}
	*ret = plan;
	return 0;
}

void host_plan_clear(struct host_plan *plan)
{
	free(plan->ops);
	*plan = (struct host_plan){ 0 };
}

/* The plan as its document has it. */
static int write_rows(const struct host_plan *plan, struct host_plan_document *document)
{
	struct host_plan_row *rows = calloc(plan->count, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	document->operations = (struct doc_list){ rows, plan->count };
	for (size_t i = 0; i < plan->count; i++) {
		const struct host_op *op = &plan->ops[i];
		const struct host_op_info *info = &host_op_table[op->kind];
		char argument[HOST_ARGUMENT_MAX] = "", undo[HOST_UNDO_MAX] = "";

		info->describe(plan, op, argument, undo);
		rows[i].on = strdup(op->device == HOST_NO_DEVICE
					    ? "launcher"
					    : host_device(plan->setup, op->device)->id);
		rows[i].operation = strdup(info->name);
		rows[i].argument = strdup(argument);
		rows[i].undo = strdup(undo);
		if (!rows[i].on || !rows[i].operation || !rows[i].argument || !rows[i].undo)
			return -ENOMEM;
	}
	return 0;
}

static int write_plan(const struct host_plan *plan, struct host_launch *launch,
		      struct json_object **ret, struct host_error *err)
{
	struct host_plan_document document = { 0 };
	int r = write_rows(plan, &document);

	if (r == 0 && plan->setup->name) {
		document.name = strdup(plan->setup->name);
		r = document.name ? 0 : -ENOMEM;
	}
	if (r == 0 && launch->argv)
		r = host_copy_texts(launch->argv, &document.launcher);
	if (r == 0) {
		*ret = doc_write(&host_plan_table, &document);
		r = *ret ? 0 : -ENOMEM;
	}
	doc_clear(&host_plan_table, &document);
	return r < 0 ? host_fail_memory(err) : 0;
}

int host_setup_plan(const struct host_setup *setup, const struct host_options *options,
		    struct json_object **ret, struct host_error *err)
{
	struct host_launch *launch = NULL;
	struct host_plan plan;
	int r;

	r = host_plan_make(setup, options, &plan, err);
	if (r < 0)
		return r;
	r = host_launch_new(options->ctx, setup, NULL, NULL, &launch, err);
	if (r == 0 && options->launcher)
		r = host_launch_arguments(launch, options, err);
	if (r == 0)
		r = write_plan(&plan, launch, ret, err);
	host_launch_free(launch);
	host_plan_clear(&plan);
	return r;
}
