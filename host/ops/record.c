/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a link's record is written, used and removed.  What a set-up has finished, well or undone, is nothing
 * to restore; so the record is there from before the first change until then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errname.h"
#include "log.h"
#include "ops/op.h"

static int write_record(const struct host_run *run, const struct host_op *op,
			const struct host_link *bridge)
{
	const struct host_device_run *device = &run->devices[op->device];
	struct host_record record = {
		.link = device->before,
		.port = device->existing->port,
		.addresses = device->existing->addresses,
		.added = host_tap_of(run, op)->address,
	};
	char *text;
	int r;

	memcpy(record.bridge, bridge->name, sizeof(record.bridge));
	text = host_record_format(&record);
	r = text ? host_record_write(HOST_RECORD_DIR, device->record, text) : -ENOMEM;
	free(text);
	return r;
}

/*
 * Only with each step: an unprivileged caller cannot have one, and can change little.  -EEXIST: an earlier one
 * could not be used, and is kept until somebody has restored by hand what is in it.
 */
static void say(const struct host_run *run, const struct host_op *op, int code)
{
	char number[DOC_ERRNO_MAX];

	host_log(VHC_LEVEL_INFO,
		 "%s: no record in " HOST_RECORD_DIR
		 " (%s): teardown could not restore %s if this set-up "
		 "were killed",
		 host_device(run->plan->setup, op->device)->id, doc_errno(number, code),
		 run->devices[op->device].before.name);
}

void host_record_begin(struct host_run *run, const struct host_op *op)
{
	struct host_device_run *device = host_run_of(run, op);
	struct host_link bridge = { 0 };
	struct host_netlink netlink;
	int r = host_netlink_open(&netlink);

	if (r == 0 && device->before.master)
		r = host_link_get_index(&netlink, device->before.master, &bridge);
	host_netlink_close(&netlink);
	host_record_name(run->plan->setup, host_device(run->plan->setup, op->device),
			 device->record);
	device->record_lock = r < 0 ? r : write_record(run, op, &bridge);
	if (device->record_lock < 0) {
		say(run, op, device->record_lock);
		device->record[0] = '\0';
	}
}

void host_record_drop(struct host_device_run *device)
{
	if (!device->record[0])
		return;
	host_record_remove(HOST_RECORD_DIR, device->record);
	close(device->record_lock);
	device->record[0] = '\0';
}

void host_forget_records(struct host_run *run)
{
	for (size_t i = 0; i < run->plan->setup->devices.count; i++)
		host_record_drop(&run->devices[i]);
}

/* ------------------------------------------------------------------------------------------ using it */

static int fail_record(struct host_error *err, int code, const char *name, const char *why)
{
	char hint[HOST_RECORD_NAME_MAX + 60], number[DOC_ERRNO_MAX];

	if (code == -EBUSY)
		return host_fail(err, code, "end it first", "a set-up of this device is running");
	if (code == -EMFILE)
		return host_fail_fds(err, "the record of a set-up that was killed");
	snprintf(hint, sizeof(hint), "restore the link by hand, and remove it");
	return host_fail(err, code, hint,
			 "cannot use the record %s/%s of a set-up that was killed: %s",
			 HOST_RECORD_DIR, name, why ? why : doc_errno(number, code));
}

/* 0: @record is filled; -ESTALE: it says nothing of this host now. */
static int parse(const char *name, const char *text, size_t len, struct host_record *record,
		 struct host_error *err)
{
	struct doc_error why;
	int r = host_record_parse(text, len, record, &why);

	if (r == -ENOMEM)
		return host_fail_memory(err);
	return r == 0 || r == -ESTALE ? r : fail_record(err, r, name, why.text);
}

int host_record_restore(struct host_run *run, const struct host_op *op,
			char ret_name[HOST_LINK_NAME_MAX], struct host_error *err)
{
	char name[HOST_RECORD_NAME_MAX], *text = NULL;
	struct host_record record;
	size_t len;
	int lock, r;

	host_record_name(run->plan->setup, host_device(run->plan->setup, op->device), name);
	lock = host_record_read(HOST_RECORD_DIR, name, &text, &len);
	if (lock == -ENOTDIR)
		host_warn(run, op,
			  HOST_RECORD_DIR
			  " is not used: it is not a folder that root alone may write "
			  "to, so what a set-up that was killed changed is not restored; "
			  "remove it");
	if (lock == -ENOENT || lock == -ENOTDIR)
		return 0;
	if (lock < 0)
		return fail_record(err, lock, name, NULL);
	r = parse(name, text, len, &record, err);
	free(text);
	if (r == 0) {
		r = host_restore_recorded(run, op, &record, ret_name, err);
		host_record_clear(&record);
		r = r == 0 ? 1 : r;
	}
	/* what cannot be restored now will not be later */
	if (r != -EBUSY && r != -EPERM && r != -ENOMEM && r != -EINVAL)
		host_record_remove(HOST_RECORD_DIR, name);
	close(lock);
	return r == -ESTALE || r == -ENODEV ? 0 : r;
}
