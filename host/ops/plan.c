/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a config to the operations that implement it.  Pure: no system call, so a plan can be
 * printed and compared before anything happens.
 */
#include <errno.h>
#include <stdlib.h>

#include "kind.h"
#include "launcher/style.h"
#include "ops/plan.h"

const char *host_plan_user(const struct host_plan *plan)
{
	return plan->options->user ? plan->options->user : plan->setup->launcher.user;
}

int host_plan_fd_count(const struct host_plan *plan)
{
	int count = 0;

	for (size_t i = 0; i < plan->setup->devices.count; i++) {
		const struct host_device *device = host_device(plan->setup, i);

		count += host_tap_fds(device) +
			 host_vhost_fds(plan->setup, device, device->vhost != HOST_VHOST_OFF);
	}
	return count;
}

/* Those that are served are set up by the process that serves them. */
static bool is_ours(const struct host_options *options, const struct host_device *device)
{
	return host_is_served(device) ? !options->served : !options->serve;
}

static void add_devices(struct host_plan *plan, enum host_phase phase)
{
	for (uint32_t i = 0; i < plan->setup->devices.count; i++) {
		const struct host_device *device = host_device(plan->setup, i);

		if (!is_ours(plan->options, device))
			continue;
		host_kind_of(device)->plan(plan, i, phase);
		if (phase == HOST_OPEN && device->features.require.count)
			host_plan_add(plan, HOST_OP_CHECK_FEATURES, i, 0);
	}
}

/*
 * A link that the launcher opens by its name stays when it ends, unless someone removes it; and who serves it is to end
 * with it.
 */
static bool has_to_wait(const struct host_setup *setup)
{
	for (size_t i = 0; i < setup->devices.count; i++)
		if (host_tap_is_removed(host_device(setup, i)) ||
		    host_is_served(host_device(setup, i)))
			return true;
	return false;
}

bool host_setup_has_served(const struct host_setup *setup)
{
	for (size_t i = 0; i < setup->devices.count; i++)
		if (host_is_served(host_device(setup, i)))
			return true;
	return false;
}

/* Some operations of a device occur in several phases. */
static size_t count_room(const struct host_setup *setup)
{
	size_t room = HOST_OP_COUNT;

	for (size_t i = 0; i < setup->devices.count; i++)
		room += 2 * HOST_OP_COUNT + host_device(setup, i)->tap.address.count;
	return room;
}

/*
 * A wrong argument is found before anything is done, with the fds that the devices get if all wishes are
 * granted.  Warnings are for what is really told.
 */
static int check_launcher(const struct host_setup *setup, const struct host_options *options,
			  struct host_error *err)
{
	struct host_options quiet = *options;
	struct host_launch *launch;
	int r;

	quiet.say = NULL;
	r = host_launch_new(options, setup, NULL, &launch, err);
	if (r < 0)
		return r;
	r = host_launch_arguments(launch, &quiet, err);
	host_launch_free(launch);
	return r;
}

/* ------------------------------------------------------------------------------- for a running QEMU */

/* Only a QEMU can be given devices while it runs, and only as fds. */
static int check_attach(const struct host_setup *setup, struct host_error *err)
{
	for (size_t i = 0; i < setup->devices.count; i++)
		if (host_device(setup, i)->attach != HOST_ATTACH_FD)
			return host_fail_status(
				err, HOST_DOCUMENT, -EINVAL, "set it to \"fd\", or leave it out",
				"a running QEMU takes fds only: \"attach\" of device \"%s\" is not \"fd\"",
				host_device(setup, i)->id);
	if (setup->launcher.style == HOST_STYLE_QEMU)
		return 0;
	return host_fail_status(
		err, HOST_DOCUMENT, -EINVAL, "set it to \"qemu\", or leave it out",
		"only a QEMU that runs can be given devices: \"style\" of \"launcher\" is \"%s\"",
		host_style_of(setup)->name);
}

static void add_attach(struct host_plan *plan)
{
	for (uint32_t i = 0; i < plan->setup->devices.count; i++) {
		host_plan_add(plan, HOST_OP_GIVE_FDS, i, 0);
		if (host_kind_of(host_device(plan->setup, i))->tap)
			host_plan_add(plan, HOST_OP_ADD_NETDEV, i, 0);
		host_plan_add(plan, HOST_OP_ADD_DEVICE, i, 0);
	}
}

int host_plan_make(const struct host_setup *setup, const struct host_options *options,
		   struct host_plan *ret, struct host_error *err)
{
	struct host_plan plan = { .setup = setup, .options = options };
	int r = options->qmp ? check_attach(setup, err) : 0;

	if (r == 0 && options->launcher)
		r = check_launcher(setup, options, err);
	if (r < 0)
		return r;

	plan.ops = calloc(count_room(setup), sizeof(*plan.ops));
	if (!plan.ops)
		return host_fail_memory(err);
	if (options->launcher) {
		host_plan_add(&plan, HOST_OP_FIND_LAUNCHER, HOST_NO_DEVICE, 0);
		host_plan_add(&plan, HOST_OP_RESERVE_FDS, HOST_NO_DEVICE, 0);
	}
	if (options->qmp)
		host_plan_add(&plan, HOST_OP_CONNECT_QMP, HOST_NO_DEVICE, 0);
	if (setup->name && host_setup_has_served(setup) && !options->served)
		host_plan_add(&plan, HOST_OP_RECORD_BROKER, HOST_NO_DEVICE, 0);
	for (int phase = HOST_LOOK; phase <= HOST_GIVE; phase++)
		add_devices(&plan, (enum host_phase)phase);
	if (options->qmp)
		add_attach(&plan);
	if (options->launcher) {
		host_plan_add(&plan, HOST_OP_HAND_OVER, HOST_NO_DEVICE, 0);
		if (has_to_wait(setup))
			host_plan_add(&plan, HOST_OP_START, HOST_NO_DEVICE, 0);
		if (host_plan_user(&plan) || options->no_new_privs || setup->launcher.no_new_privs)
			host_plan_add(&plan, HOST_OP_BECOME_USER, HOST_NO_DEVICE, 0);
		host_plan_add(&plan, HOST_OP_EXEC, HOST_NO_DEVICE, 0);
	}
	*ret = plan;
	return 0;
}

void host_plan_clear(struct host_plan *plan)
{
	free(plan->ops);
	*plan = (struct host_plan){ 0 };
}
