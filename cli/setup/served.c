/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl setup' without a launcher: a broker in the background, and how to reach its devices.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "setup/serve.h"

int cli_fail_no_launcher(void)
{
	return cli_fail(CLI_USAGE, "vhostctl setup CONFIG -- LAUNCHER [ARGUMENT]...",
			"no launcher given");
}

/* ----------------------------------------------------------------------------------------- shell */

/* A '-' cannot be in the name of a variable. */
static void put_name(FILE *out, const char *id)
{
	fputs("VHOSTCTL_", out);
	for (const char *c = id; *c; c++)
		fputc(*c == '-' ? '_' : *c, out);
}

static void put_device(FILE *out, struct json_object *device)
{
	static const char *const keys[] = { "socket", "tap", "netns", "queue_pairs", "mac", "cid" };
	const char *id = json_object_get_string(json_object_object_get(device, "device"));

	for (size_t i = 0; i < DOC_COUNT(keys); i++) {
		struct json_object *value;

		if (!json_object_object_get_ex(device, keys[i], &value))
			continue;
		put_name(out, id);
		fprintf(out, "_%s=", keys[i]);
		cli_put_word(out, json_object_get_string(value));
		fputc('\n', out);
	}
}

static const char *id_of(struct json_object *devices, size_t i)
{
	return json_object_get_string(
		json_object_object_get(json_object_array_get_idx(devices, i), "id"));
}

static bool have_one_name(const char *a, const char *b)
{
	while (*a && (*a == *b || (strchr("-_", *a) && *b && strchr("-_", *b)))) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Two ids may differ in '-' and '_' only. */
static int check_names(const struct host_setup *setup)
{
	struct json_object *document = cli_need(host_setup_write(setup));
	struct json_object *devices = json_object_object_get(document, "devices");
	int status = CLI_YES;

	for (size_t i = 0; i < json_object_array_length(devices); i++)
		for (size_t j = 0; j < i && !status; j++)
			if (have_one_name(id_of(devices, i), id_of(devices, j)))
				status = cli_fail(CLI_USAGE, "use --json",
						  "--shell: the variables of devices \"%s\" and "
						  "\"%s\" would have the same names",
						  id_of(devices, j), id_of(devices, i));
	json_object_put(document);
	return status;
}

static void add_shell(struct cli_call *call)
{
	struct json_object *devices = json_object_object_get(call->result, "devices"), *pid;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		cli_need(NULL);
	if (json_object_object_get_ex(call->result, "pid", &pid))
		fprintf(out, "VHOSTCTL_pid=%s\n", json_object_get_string(pid));
	for (size_t i = 0; i < json_object_array_length(devices); i++)
		put_device(out, json_object_array_get_idx(devices, i));
	cli_need(fclose(out) == 0 ? text : NULL);
	cli_add(call->result, "shell", cli_text(text));
	call->alone = "shell";
	free(text);
}

/* ---------------------------------------------------------------------------------------- set-up */

/* Is this option of no use here? */
static int check_options(const struct cli_call *call)
{
	static const char *const of_launchers[] = { "user", "no-new-privs", "report", "keep-fd" };

	for (size_t i = 0; i < DOC_COUNT(of_launchers); i++)
		if (cli_option(call, of_launchers[i])->count)
			return cli_fail(CLI_USAGE, "leave it out, or give a launcher after --",
					"--%s is for a launcher, and none is given",
					of_launchers[i]);
	if (call->json && cli_option(call, "shell")->count)
		return cli_fail(CLI_USAGE, "leave one of them out",
				"--json and --shell are two formats of one result");
	return CLI_YES;
}

static int check_setup(const struct cli_call *call, const struct host_setup *setup)
{
	struct host_error error = { 0 };

	if (!host_setup_has_served(setup))
		return cli_fail(
			CLI_USAGE,
			"vhostctl setup CONFIG -- LAUNCHER [ARGUMENT]..., or set \"attach\" of "
			"its devices to \"vhost-user\"",
			"no launcher given");
	if (host_setup_check_served(setup, &error))
		return cli_fail_host(call->argv[0], &error);
	if (!host_setup_name(setup))
		return cli_fail(
			CLI_INPUT, "add \"name\" to it",
			"%s: a broker in the background needs a name, and the config has none",
			cli_document(call->argv[0]));
	return cli_option(call, "shell")->count ? check_names(setup) : CLI_YES;
}

/* Until its result was written. */
static struct cli_broker broker;

static void end_broker(struct cli_call *call)
{
	cli_broker_end(call, &broker);
}

static int set_up(struct cli_call *call, const struct host_setup *setup)
{
	int status = cli_broker_start(call, setup, true, &broker);

	if (status)
		return status;
	signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error of write() */
	call->result = broker.report;
	broker.report = NULL;
	call->unheard = end_broker;
	if (!cli_option(call, "shell")->count)
		return CLI_YES;
	add_shell(call);
	return CLI_YES;
}

int cli_set_up_served(struct cli_call *call)
{
	struct host_setup *setup;
	int status = cli_read_setup(call, &setup);

	if (status)
		return status;
	status = check_setup(call, setup);
	if (!status)
		status = check_options(call);
	if (!status)
		status = set_up(call, setup);
	host_setup_free(setup);
	return status;
}
