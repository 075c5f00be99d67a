/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removing what a config made and left: its broker, and links with its mark, in the network namespaces that it names.
 * A link that was there before gets back what a set-up that was killed changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document.h"
#include "errname.h"
#include "links/holder.h"
#include "links/macvtap.h"
#include "kind.h"
#include "ops/mark.h"
#include "ops/op.h"

static int fail_delete(struct host_error *err, const struct host_netlink *netlink, int code,
		       const char *name)
{
	char number[DOC_ERRNO_MAX];

	return host_fail(err, code, code == -EPERM ? "run it as root (CAP_NET_ADMIN)" : NULL,
			 "cannot delete the link %s: %s%s%s", name, doc_errno(number, code),
			 netlink->text[0] ? ": " : "", netlink->text);
}

/* A tap has carrier while a process has a queue of it; a macvtap has that of its lower link. */
static int remove_link(struct host_netlink *netlink, const struct host_link *link,
		       struct host_error *err)
{
	char holder[HOST_HOLDER_MAX];
	int r;

	if (link->carrier && strcmp(link->kind, "macvtap") != 0)
		return host_fail(err, -EBUSY, "end it first", "the link \"%s\" is in use by %s",
				 link->name, host_holder_find(link->name, holder));
	host_log(VHC_LEVEL_INFO, "delete the link %s", link->name);
	r = host_link_delete(netlink, link->index);
	/* it may just have gone with its last fd */
	return r < 0 && r != -ENODEV ? fail_delete(err, netlink, r, link->name) : 0;
}

/* A link with this mark, or a macvtap that a set-up was killed before it could mark. */
static int find_link(struct host_netlink *netlink, const char *mark, struct host_link *ret)
{
	char name[HOST_LINK_NAME_MAX];
	int r = host_alias_find(netlink, mark, ret);

	return r == -ENODEV ? host_macvtap_find_unmarked(netlink, host_mark_name(mark, name), ret)
			    : r;
}

static int add_row(struct doc_list *rows, const struct host_device *device, const char *link,
		   struct host_error *err)
{
	struct host_removed_link *row = doc_append(rows, sizeof(*row));

	if (!row)
		return host_fail_memory(err);
	row->device = strdup(device->id);
	row->link = strdup(link);
	row->netns = device->tap.netns ? strdup(device->tap.netns) : NULL;
	return row->device && row->link && (row->netns || !device->tap.netns)
		       ? 0
		       : host_fail_memory(err);
}

/* All links of the device, in this namespace. */
static int remove_links(const struct host_setup *setup, const struct host_device *device,
			struct doc_list *removed, struct host_error *err)
{
	struct host_netlink netlink;
	char mark[HOST_MARK_MAX];
	struct host_link link;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	host_mark(setup, device, mark);
	host_log(VHC_LEVEL_INFO, "look for links with the alias %s", mark);
	while (r == 0) {
		r = find_link(&netlink, mark, &link);
		if (r == -ENODEV)
			break;
		r = r < 0 ? host_fail_link(err, &netlink, r, "find the links", device->id, NULL)
			  : remove_link(&netlink, &link, err);
		if (r == 0)
			r = add_row(removed, device, link.name, err);
	}
	host_netlink_close(&netlink);
	return r == -ENODEV ? 0 : r;
}

/* What a set-up that was killed changed on a link that was there before. */
static int restore_link(struct host_run *run, const struct host_op *op, struct doc_list *restored,
			struct host_error *err)
{
	const struct host_device *device = host_device(run->plan->setup, op->device);
	char name[HOST_LINK_NAME_MAX];
	int r = host_record_restore(run, op, name, err);

	return r > 0 ? add_row(restored, device, name, err) : r;
}

/* A namespace that has gone took its links along. */
static int remove_device(struct host_run *run, const struct host_op *op,
			 struct host_teardown_report *report, struct host_error *err)
{
	const struct host_setup *setup = run->plan->setup;
	const struct host_device *device = host_device(setup, op->device);
	struct host_error second;
	int r = 0, left;

	if (device->tap.netns)
		r = host_enter_netns(run, op, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = restore_link(run, op, &report->restored, err);
	if (r == 0)
		r = remove_links(setup, device, &report->removed, err);
	if (!device->tap.netns)
		return r;
	left = host_leave_netns(run, op, &second);
	if (left < 0 && r == 0)
		*err = second;
	return r < 0 ? r : left < 0 ? left : 0;
}

static int add_socket(struct doc_list *rows, const struct host_served *socket,
		      struct host_error *err)
{
	struct host_removed_socket *row = doc_append(rows, sizeof(*row));

	if (!row)
		return host_fail_memory(err);
	row->device = strdup(socket->id);
	row->socket = strdup(socket->path);
	return row->device && row->socket ? 0 : host_fail_memory(err);
}

/* A broker that was killed has left its sockets. */
static int remove_sockets(const struct host_setup *setup, const struct host_options *options,
			  struct host_teardown_report *report, struct host_error *err)
{
	int r = 0;

	for (uint32_t i = 0; i < setup->devices.count && options->remove_socket && r >= 0; i++) {
		const struct host_device *device = host_device(setup, i);
		struct host_served socket = { .id = device->id,
					      .path = device->socket.path,
					      .owner = HOST_NOBODY };
		struct host_error unused;

		if (!host_is_served(device))
			continue;
		if (device->socket.owner) /* who may have gone */
			host_uid_find(device->socket.owner, &socket.owner, &unused);
		r = options->remove_socket(options->data, &socket, err);
		if (r > 0)
			r = add_socket(&report->sockets, &socket, err);
	}
	return r;
}

static int remove_all(const struct host_setup *setup, const struct host_options *options,
		      struct host_teardown_report *report, struct host_error *err)
{
	const struct host_plan plan = { .setup = setup, .options = options };
	struct host_run run = { .plan = &plan, .home_netns = -1 };
	int r = remove_sockets(setup, options, report, err);

	if (r < 0)
		return r;
	run.devices = calloc(setup->devices.count, sizeof(*run.devices));
	if (!run.devices)
		return host_fail_memory(err);
	for (uint32_t i = 0; i < setup->devices.count && r == 0; i++) {
		const struct host_op op = { .device = i };

		if (host_kind_of(host_device(setup, i))->tap)
			r = remove_device(&run, &op, report, err);
	}
	free(run.devices);
	return r;
}

static int remove_control(const struct host_setup *setup, const struct host_options *options,
			  struct host_error *err)
{
	struct host_served socket = { .id = "control socket", .owner = HOST_NOBODY };
	char path[HOST_CONTROL_MAX];
	int r = 0;

	socket.path = path;
	if (options->remove_socket && host_control_path(setup, path) == 0)
		r = options->remove_socket(options->data, &socket, err);
	return r < 0 ? r : 0;
}

static int read_recorded(struct vhc_ctx *ctx, const struct host_broker_record *record,
			 struct host_setup **ret, struct host_error *err)
{
	return host_setup_read(ctx, record->setup, strlen(record->setup), NULL, ret, err);
}

/* What it set up may be another config by now. */
static int remove_recorded(const struct host_broker_record *record,
			   const struct host_options *options, struct host_teardown_report *report,
			   struct host_error *err)
{
	struct host_setup *setup;
	int r = read_recorded(options->ctx, record, &setup, err);

	if (r < 0)
		return r;
	r = remove_all(setup, options, report, err);
	if (r == 0)
		r = remove_control(setup, options, err);
	host_setup_free(setup);
	return r;
}

/* A broker that ends removes all by itself; of one that was killed there is a record. */
static int end_broker(const char *name, const struct host_options *options,
		      struct host_teardown_report *report, struct host_error *err)
{
	struct host_broker_record record;
	int lock = host_broker_record_end(name, &report->ended, &record, err), r;

	if (lock == -ENOENT || lock == -ENOTDIR)
		return 0;
	if (lock == -EINVAL)
		return host_broker_record_remove(name);
	if (lock < 0)
		return lock;
	r = remove_recorded(&record, options, report, err);
	if (r == 0)
		host_broker_record_remove(name);
	host_broker_record_clear(&record);
	close(lock);
	return r;
}

int host_teardown(const struct host_setup *setup, const struct host_options *options,
		  struct json_object **ret, struct host_error *err)
{
	struct host_teardown_report report = { 0 };
	int r = 0;

	if (setup->name && host_setup_has_served(setup))
		r = end_broker(setup->name, options, &report, err);
	if (r == 0)
		r = remove_all(setup, options, &report, err);
	report.command = strdup("teardown");
	*ret = r == 0 && report.command ? doc_write(&host_teardown_table, &report) : NULL;
	doc_clear(&host_teardown_table, &report);
	return r < 0 ? r : *ret ? 0 : host_fail_memory(err);
}

int host_broker_setup(struct vhc_ctx *ctx, const char *name, struct host_setup **ret,
		      struct host_error *err)
{
	struct host_broker_record record;
	int fd = host_broker_record_read(name, &record), r;

	if (fd < 0)
		return -ENOENT;
	close(fd);
	r = read_recorded(ctx, &record, ret, err);
	host_broker_record_clear(&record);
	return r;
}
