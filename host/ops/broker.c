/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operation that records this process as the broker of a config, before it changes anything: whatever ends it, what
 * it made is found.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errname.h"
#include "ops/op.h"

static void say_killed(const struct host_run *run, const char *what)
{
	const struct host_options *options = run->plan->options;
	char line[200];

	snprintf(line, sizeof(line), "a broker of \"%s\" was killed: %s", run->plan->setup->name,
		 what);
	if (options->say)
		options->say(options->data, line);
}

static int fail_busy(struct host_error *err, const char *name, unsigned long long pid)
{
	char hint[80];

	snprintf(hint, sizeof(hint), "vhostctl teardown %s ends it", name);
	return host_fail(err, -EBUSY, hint, "a broker of \"%s\" runs already, as process %llu",
			 name, pid);
}

/* What another config made is not what this one would remove. */
static int tear_down_other(const struct host_run *run, const char *text, struct host_error *err)
{
	const struct host_options *options = run->plan->options;
	struct host_setup *other;
	struct json_object *report;
	int r = host_setup_read(options->ctx, text, strlen(text), NULL, &other, err);

	if (r < 0)
		return r;
	r = host_teardown(other, options, &report, err);
	host_setup_free(other);
	if (r < 0)
		return r;
	json_object_put(report);
	say_killed(run, "what it left is removed, as this one cannot use it");
	return 0;
}

/* Only a tap can be used again. */
static bool has_macvtap(const struct host_setup *setup)
{
	for (size_t i = 0; i < setup->devices.count; i++)
		if (host_device(setup, i)->tap.kind == HOST_MACVTAP)
			return true;
	return false;
}

/* One of this name that was killed. */
static int follow(const struct host_run *run, const char *name, const char *text,
		  struct host_error *err)
{
	struct host_broker_record record;
	char number[DOC_ERRNO_MAX];
	int fd = host_broker_record_settle(name, &record), r = 0;

	if (fd == -EINVAL)
		return host_broker_record_remove(name);
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR
			       ? 0
			       : host_fail(err, fd, NULL,
					   "cannot read the record of the broker: %s",
					   doc_errno(number, fd));
	if (record.runs) {
		r = fail_busy(err, name, (unsigned long long)record.pid);
		close(fd);
	} else if (strcmp(record.setup, text) == 0 && !has_macvtap(run->plan->setup)) {
		host_broker_record_remove(name);
		close(fd);
		say_killed(run, "this one continues with what it left");
	} else {
		close(fd);
		r = tear_down_other(run, record.setup, err);
	}
	host_broker_record_clear(&record);
	return r;
}

static int fail_write(struct host_error *err, int code)
{
	char buf[HOST_FOLDER_MAX], number[DOC_ERRNO_MAX];
	const char *folder = host_folder_path(buf);

	if (!folder)
		return host_fail(err, code, "set XDG_RUNTIME_DIR, or run it as root",
				 "there is no folder of this user where a broker is recorded");
	return host_fail(err, code, "run vhostctl serve, which stays in the foreground",
			 "cannot write to %s, where a broker is recorded: %s", folder,
			 doc_errno(number, code));
}

/* Without a name nobody could ask for it, but in the foreground it is worth having all the same. */
static int record(struct host_run *run, const char *text, struct host_error *err)
{
	const char *name = run->plan->setup->name;
	char number[DOC_ERRNO_MAX];
	int r = follow(run, name, text, err);

	if (r < 0)
		return r;
	r = host_broker_record_write(name, text);
	if (r >= 0) {
		run->record_lock = r;
		return 1;
	}
	if (r == -EEXIST) /* it has just begun */
		return host_fail(err, -EBUSY, NULL, "a broker of \"%s\" runs already", name);
	if (run->plan->options->recorded)
		return fail_write(err, r);
	host_log(VHC_LEVEL_INFO, "the broker is not recorded: %s", doc_errno(number, r));
	return 0;
}

int host_record_broker(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	char *text = doc_text(&host_setup_table, run->plan->setup, DOC_PRETTY);
	int r = text ? record(run, text, err) : host_fail_memory(err);

	free(text);
	return r;
}

int host_unrecord_broker(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	host_broker_record_remove(run->plan->setup->name);
	if (run->record_lock >= 0)
		close(run->record_lock);
	run->record_lock = -1;
	return 0;
}
