/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operation that makes a new link stay when its fds are closed, and the check of one that an earlier
 * set-up of the config left.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errname.h"
#include "ops/mark.h"
#include "ops/op.h"

/* ------------------------------------------------------------------------------------ one of ours */

/* One thing that is not as the config has it; appended to the text. */
__attribute__((format(printf, 3, 4))) static void differ(char *text, size_t size,
							 const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	used += (size_t)snprintf(text + used, size - used, "%s", used ? ", " : "");
	va_start(args, format);
	if (used < size)
		vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

static void differ_id(char *text, size_t size, const char *what, uint32_t have, uint32_t want)
{
	if (have == want)
		return;
	if (have == HOST_NOBODY)
		differ(text, size, "it has no %s instead of %u", what, want);
	else if (want == HOST_NOBODY)
		differ(text, size, "it has the %s %u instead of none", what, have);
	else
		differ(text, size, "it has the %s %u instead of %u", what, have, want);
}

/* Who may open a new link, as the library makes it. */
static int find_owner(const struct host_tap *tap, uint32_t *ret_owner, uint32_t *ret_group,
		      struct host_error *err)
{
	int r = 0;

	*ret_group = HOST_NOBODY;
	*ret_owner = tap->group ? HOST_NOBODY : geteuid();
	if (tap->owner)
		r = host_uid_find(tap->owner, ret_owner, err);
	if (r == 0 && tap->group)
		r = host_group_find(tap->group, ret_group, err);
	return r;
}

int host_check_ours(const struct host_plan *plan, const struct host_device *config,
		    const struct host_link *link, struct host_error *err)
{
	const struct host_tap tap = host_tap_wanted(plan, config);
	const char *name = link->name;
	char mark[HOST_MARK_MAX], text[300] = "";
	uint32_t owner, group;
	int r;

	if (strcmp(link->alias, host_mark(plan->setup, config, mark)) != 0)
		return host_fail(
			err, -EEXIST, "set \"existing\": true to use it, or choose another name",
			"the link \"%s\" exists, and no earlier set-up of this config left it: "
			"its alias is \"%s\", not \"%s\"",
			name, link->alias, mark);
	r = find_owner(&tap, &owner, &group, err);
	if (r < 0 || !link->tun.known)
		return r;
	differ_id(text, sizeof(text), "owner", link->tun.owner, owner);
	differ_id(text, sizeof(text), "group", link->tun.group, group);
	if (config->queue_pairs > 1 && !link->tun.multi_queue)
		differ(text, sizeof(text), "it was created for one queue pair instead of %llu",
		       (unsigned long long)config->queue_pairs);
	if (!*text)
		return 0;
	return host_fail(
		err, -EEXIST, "vhostctl teardown removes it, and setup then creates it anew",
		"the link \"%s\" was left by an earlier set-up that differs: %s", name, text);
}

/* ----------------------------------------------------------------------------------------- keeping */

static int mark(const struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_device_run *device = &run->devices[op->device];
	struct host_netlink netlink;
	char text[HOST_MARK_MAX];
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	host_mark(run->plan->setup, host_device(run->plan->setup, op->device), text);
	r = host_alias_set(&netlink, device->before.index, NULL, text);
	host_netlink_close(&netlink);
	return r < 0 ? host_fail_link(err, &netlink, r, "set the alias", device->name, text) : 0;
}

static int persist(const struct host_device_run *device, unsigned long on, const char *what,
		   struct host_error *err)
{
	char number[DOC_ERRNO_MAX];
	int r = vhc_tap_get_fd(device->tap, 0);

	if (r >= 0 &&
	    host_traced(ioctl(r, TUNSETPERSIST, on), "ioctl(%d, TUNSETPERSIST, %lu)", r, on) < 0)
		r = -errno;
	return r < 0 ? host_fail(err, r, NULL, "cannot %s the tap %s: %s", what, device->name,
				 doc_errno(number, r))
		     : 0;
}

/* The mark first: whatever ends this process, no link stays that teardown does not know. */
int host_keep(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_device_run *device = host_run_of(run, op);
	int r;

	if (device->adopted)
		return 0;
	r = mark(run, op, err);
	if (r == 0)
		r = persist(device, 1, "keep", err);
	return r < 0 ? r : 1;
}

/* Without an fd of it. */
static int delete (const struct host_device_run *device, struct host_error *err)
{
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_delete(&netlink, device->before.index);
	host_netlink_close(&netlink);
	return r < 0 && r != -ENODEV
		       ? host_fail_link(err, &netlink, r, "delete the link", device->name, NULL)
		       : 0;
}

void host_end_links(struct host_run *run)
{
	const struct host_plan *plan = run->plan;

	for (size_t i = 0; i < plan->count; i++) {
		const struct host_op *op = &plan->ops[i];
		bool makes = op->kind == HOST_OP_MAKE_MACVTAP || op->kind == HOST_OP_KEEP;
		const struct host_device *config;

		if (op->device == HOST_NO_DEVICE || op->kind < HOST_OP_MAKE_MACVTAP ||
		    op->kind > HOST_OP_KEEP)
			continue;
		config = host_device(plan->setup, op->device);
		if (!host_tap_is_kept(config))
			continue;
		run->changed[i] = makes && host_tap_is_removed(config);
		host_run_of(run, op)->adopted = false;
	}
}

/* It is deleted when its fds are closed.  Needs no privilege, unlike deleting it by name. */
int host_unkeep(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	if (!host_run_of(run, op)->tap)
		return delete (host_run_of(run, op), err);
	return persist(host_run_of(run, op), 0, "delete", err);
}
