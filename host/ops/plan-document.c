/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan as a vhost-plan document.  No system call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "ops/plan.h"

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

	host_log(VHC_LEVEL_INFO, "check the launcher's arguments, and list the steps");
	r = host_plan_make(setup, options, &plan, err);
	if (r < 0)
		return r;
	r = host_launch_new(options, setup, NULL, &launch, err);
	if (r == 0 && options->launcher)
		r = host_launch_arguments(launch, options, err);
	if (r == 0)
		r = write_plan(&plan, launch, ret, err);
	host_launch_free(launch);
	host_plan_clear(&plan);
	return r;
}
