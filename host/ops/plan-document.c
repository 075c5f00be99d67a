/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan as a vhost-plan document.  No system call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "ops/plan.h"

/* "net0, mtu 1400, existing": what is done first is said without its key. */
char *host_plan_text(struct json_object *arguments)
{
	static const char *const plain[] = { "program", "path", "socket", "link", "id" };
	const char *between = "";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	json_object_object_foreach(arguments, key, value)
	{
		bool named = true;

		if (!out)
			return NULL;
		for (size_t i = 0; i < DOC_COUNT(plain); i++)
			named = named && strcmp(key, plain[i]) != 0;
		fprintf(out, "%s%s", between, named ? key : "");
		between = ", ";
		if (json_object_is_type(value, json_type_array))
			for (size_t i = 0; i < json_object_array_length(value); i++)
				fprintf(out, " %s",
					json_object_get_string(
						json_object_array_get_idx(value, i)));
		else if (!json_object_is_type(value, json_type_boolean))
			fprintf(out, "%s%s", named ? " " : "", json_object_get_string(value));
	}
	return host_close_text(out, &text);
}

/* The rows of a plan, whose texts are all borrowed.  NULL: no memory. */
static struct host_plan_row *describe(const struct host_plan *plan)
{
	struct host_plan_row *rows = calloc(plan->count ? plan->count : 1, sizeof(*rows));

	for (size_t i = 0; rows && i < plan->count; i++) {
		const struct host_op *op = &plan->ops[i];
		const struct host_op_info *info = &host_op_table[op->kind];

		rows[i].on = op->device == HOST_NO_DEVICE
				     ? "launcher"
				     : host_device(plan->setup, op->device)->id;
		rows[i].operation = info->name;
		rows[i].undo = info->describe(plan, op, &rows[i].arguments);
	}
	return rows;
}

/* The socket of each device that is served.  NULL: no memory. */
static struct host_plan_socket *list_sockets(const struct host_setup *setup, size_t *ret_count)
{
	struct host_plan_socket *sockets = calloc(setup->devices.count + 1, sizeof(*sockets));
	size_t count = 0;

	for (size_t i = 0; sockets && i < setup->devices.count; i++) {
		const struct host_device *device = host_device(setup, i);

		if (host_is_served(device))
			sockets[count++] =
				(struct host_plan_socket){ device->id, device->socket.path };
	}
	*ret_count = count;
	return sockets;
}

static size_t count_words(char *const *words)
{
	size_t count = 0;

	while (words && words[count])
		count++;
	return count;
}

static int write_plan(const struct host_plan *plan, const struct host_launch *launch,
		      struct json_object **ret, struct host_error *err)
{
	struct host_plan_row *rows = describe(plan);
	size_t served;
	struct host_plan_socket *sockets = list_sockets(plan->setup, &served);
	struct host_plan_document document = {
		.name = plan->setup->name,
		.operations = { rows, plan->count },
		.sockets = { sockets, served },
		.launcher = { launch->argv, count_words(launch->argv) },
	};

	*ret = rows && sockets ? doc_write(&host_plan_table, &document) : NULL;
	free(rows);
	free(sockets);
	return *ret ? 0 : host_fail_memory(err);
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
