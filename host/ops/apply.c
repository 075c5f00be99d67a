/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loop that executes a plan, and undoes it in reverse if a step fails.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/child.h"
#include "process/handover.h"
#include "errname.h"
#include "ops/op.h"
#include "qmp/qmp.h"

static void free_netns(struct host_run *run)
{
	for (size_t i = 0; run->netns && i < run->plan->setup->devices.count; i++)
		if (run->netns[i] >= 0)
			close(run->netns[i]);
	free(run->netns);
}

void host_run_free(struct host_run *run)
{
	free_netns(run);
	host_signals_release(&run->signals);
	host_qmp_close(run->qmp);
	host_launch_free(run->launch);
	free(run->devices);
	free(run->changed);
	free(run->ours);
	free(run);
}

static struct host_run *new_run(const struct host_plan *plan)
{
	size_t count = plan->setup->devices.count;
	struct host_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->plan = plan;
	run->home_netns = run->record_lock = -1;
	host_signals_hold(&run->signals);
	run->devices = calloc(count, sizeof(*run->devices));
	run->changed = calloc(plan->count, sizeof(*run->changed));
	run->netns = calloc(count, sizeof(*run->netns));
	for (size_t i = 0; run->netns && i < count; i++)
		run->netns[i] = -1;
	if (run->devices && run->changed && run->netns)
		return run;
	host_run_free(run);
	return NULL;
}

/* "step 5 of 12: set mtu, device net0"; how many bytes that would be. */
static int format_where(const struct host_run *run, size_t step, char *buf, size_t size)
{
	const struct host_op *op = &run->plan->ops[step];
	bool device = op->device != HOST_NO_DEVICE;

	return snprintf(buf, size, "step %zu of %zu: %s%s%s", step + 1, run->plan->count,
			host_op_table[op->kind].name, device ? ", device " : "",
			device ? host_device(run->plan->setup, op->device)->id : "");
}

/* The same with what the step is about to do. */
static void say_step(const struct host_run *run)
{
	const struct host_op *op = &run->plan->ops[run->done];
	char where[sizeof(((struct host_error *)0)->where)];
	struct host_arguments arguments = { 0 };
	struct json_object *tree;
	char *text;

	if (!host_log_wants(VHC_LEVEL_INFO))
		return;
	host_op_table[op->kind].describe(run->plan, op, &arguments);
	tree = doc_write(&host_arguments_table, &arguments);
	text = tree ? host_plan_text(tree) : NULL;
	format_where(run, run->done, where, sizeof(where));
	host_log(VHC_LEVEL_INFO, "%s%s%s", where, text && *text ? ": " : "", text ? text : "");
	json_object_put(tree);
	free(text);
}

/* The text reports the first error, then what could not be undone. */
static void add_text(struct host_error *err, const struct host_error *second, const char *name)
{
	size_t used = strlen(err->text);

	snprintf(err->text + used, sizeof(err->text) - used, "; and undoing \"%s\" failed: %s",
		 name, second->text);
}

static void say_undo(const struct host_run *run, size_t step)
{
	char where[sizeof(((struct host_error *)0)->where)];

	if (!host_log_wants(VHC_LEVEL_INFO))
		return;
	format_where(run, step, where, sizeof(where));
	host_log(VHC_LEVEL_INFO, "undo %s", where);
}

static int undo_steps(struct host_run *run, struct host_error *err)
{
	int result = 0;

	while (run->done > 0) {
		size_t i = --run->done;
		const struct host_op_info *info = &host_op_table[run->plan->ops[i].kind];
		struct host_error second;
		int r;

		if (!run->changed[i] || !info->undo)
			continue;
		run->changed[i] = false;
		say_undo(run, i);
		r = info->undo(run, &run->plan->ops[i], &second);
		if (r < 0) {
			add_text(err, &second, info->name);
			result = r;
		}
	}
	return result;
}

int host_fail_signal(struct host_error *err, int number)
{
	return host_fail_status(err, (enum host_status)(HOST_SIGNAL + number), -EINTR, NULL,
				"ended by signal %d (%s)", number, strsignal(number));
}

/* One step, unless a signal has come. */
static int apply_step(struct host_run *run, struct host_error *err)
{
	const struct host_op *op = &run->plan->ops[run->done];
	int number = host_signals_take(&run->signals), r;

	if (number)
		return host_fail_signal(err, number);
	say_step(run);
	r = host_op_table[op->kind].apply(run, op, err);
	number = r == -EINTR ? host_signals_take(&run->signals) : 0;
	return number ? host_fail_signal(err, number) : r;
}

static int apply_steps(struct host_run *run, enum host_op_kind until, struct host_error *err)
{
	while (run->done < run->plan->count && run->plan->ops[run->done].kind != until) {
		int r = apply_step(run, err);

		if (r < 0) {
			format_where(run, run->done, err->where, sizeof(err->where));
			return r;
		}
		run->changed[run->done++] = r > 0;
	}
	return 0;
}

int host_run_apply(const struct host_plan *plan, enum host_op_kind until, struct host_run **ret,
		   struct host_error *err)
{
	struct host_run *run = new_run(plan);
	int r;

	if (!run)
		return host_fail_memory(err);
	r = apply_steps(run, until, err);
	if (r < 0) {
		undo_steps(run, err);
		host_run_free(run);
		return r;
	}
	*ret = run;
	return 0;
}

int host_run_undo(struct host_run *run, struct host_error *err)
{
	int r;

	memset(err, 0, sizeof(*err));
	err->status = HOST_FAILED;
	r = undo_steps(run, err);
	host_run_free(run);
	return r;
}

/* The rest of the plan, in the child: whatever has to be undone is for the parent to do. */
static int apply_rest(struct host_run *run, const struct host_child *child, struct host_error *err)
{
	int r;

	memset(run->changed, 0, run->plan->count * sizeof(*run->changed));
	run->done++;
	r = apply_steps(run, HOST_OP_COUNT, err);
	host_child_fail(child);
	host_run_free(run);
	return r;
}

/* The child has said why it did not become the launcher; this process still has all its privileges. */
static void undo_for_child(struct host_run *run)
{
	const struct host_options *options = run->plan->options;
	struct host_error err = { 0 };

	if (undo_steps(run, &err) < 0 && options->say)
		options->say(options->data, err.text + strspn(err.text, "; "));
}

/* The launcher opens the taps, and nobody else has a queue of them. */
/* The launcher's, once it has them; to undo, the namespaces are needed. */
static void close_others(const struct host_run *run, const struct host_child *child)
{
	size_t count = run->plan->setup->devices.count;
	int keep[HOST_MAX_DEVICES + 2] = { child->go, child->failed };

	memcpy(keep + 2, run->netns, count * sizeof(*keep));
	host_close_others(keep, count + 2);
}

static int run_child(struct host_run *run, struct host_error *err)
{
	char number[DOC_ERRNO_MAX];
	struct host_child child;
	int r;

	say_step(run);
	run->parent = getpid(); /* read before it may have been killed */
	r = host_child_start(&child);
	if (r == 0 && child.pid == 0)
		return apply_rest(run, &child, err);
	if (r < 0) {
		host_fail(err, r, NULL, "cannot start a process for the launcher: %s",
			  doc_errno(number, r));
		undo_steps(run, err);
		host_run_free(run);
		return r;
	}
	host_close_devices(run);
	close_others(run, &child);
	host_child_go(&child);
	*err = (struct host_error){ .status = (enum host_status)host_child_wait(child.pid) };
	if (host_child_failed(&child))
		undo_for_child(run);
	host_remove_links(run);
	host_run_free(run);
	return 0;
}

void host_run_end(struct host_run *run)
{
	host_forget_records(run);
	host_close_devices(run);
	for (size_t i = 0; i < run->plan->setup->devices.count; i++) {
		struct host_existing *existing = run->devices[i].existing;

		if (existing)
			host_addresses_free(existing->addresses);
		free(existing);
	}
	host_run_free(run);
}

int host_setup_run(const struct host_setup *setup, const struct host_options *options,
		   struct host_error *err)
{
	struct host_plan plan;
	struct host_run *run;
	int r;

	r = host_plan_make(setup, options, &plan, err);
	if (r < 0)
		return r;
	r = host_run_apply(&plan, HOST_OP_START, &run, err);
	if (r == 0 && run->done < plan.count)
		r = run_child(run, err);
	else if (r == 0) /* without a launcher the plan ends */
		r = host_run_undo(run, err);
	host_plan_clear(&plan);
	return r;
}
