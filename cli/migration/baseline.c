/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl baseline': what every host of a set supports, and how they differ.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program/cli.h"

/* The hosts: their names are those of their files. */
struct hosts {
	char **names, **documents;
	uint32_t count, room;
};

static void free_hosts(struct hosts *hosts)
{
	for (uint32_t i = 0; i < hosts->count; i++) {
		free(hosts->names[i]);
		free(hosts->documents[i]);
	}
	free(hosts->names);
	free(hosts->documents);
}

static int make_room(struct hosts *hosts)
{
	uint32_t room = hosts->room ? 2 * hosts->room : 64;
	char **names = realloc(hosts->names, room * sizeof(*names));
	char **documents;

	if (!names)
		return -ENOMEM;
	hosts->names = names;
	documents = realloc(hosts->documents, room * sizeof(*documents));
	if (!documents)
		return -ENOMEM;
	hosts->documents = documents;
	hosts->room = room;
	return 0;
}

static int add_host(struct hosts *hosts, const char *path)
{
	char *name, *text;
	int status = cli_read_text(path, &text);

	if (status)
		return status;
	name = strdup(path);
	if (!name || (hosts->count == hosts->room && make_room(hosts))) {
		free(name);
		free(text);
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	}
	hosts->names[hosts->count] = name;
	hosts->documents[hosts->count++] = text;
	return CLI_YES;
}

/* The names of the files, one a line. */
static int add_listed(struct hosts *hosts)
{
	char *text, *at, *line;
	int status = cli_read_text("-", &text);

	if (status)
		return status;
	if (strlen(text) > DOC_MAX_SIZE)
		status = cli_fail(CLI_INPUT, NULL,
				  "standard input: the list of files is longer than %u bytes",
				  DOC_MAX_SIZE);
	at = text;
	while (!status && (line = strsep(&at, "\n")))
		if (*line)
			status = add_host(hosts, line);
	free(text);
	return status;
}

static int run(struct cli_call *call)
{
	struct hosts hosts = { .count = 0 };
	bool listed = false;
	char *json = NULL;
	int status = CLI_YES;

	for (int i = 0; i < call->argc && !status; i++) {
		bool list = !strcmp(call->argv[i], "-");

		if (list && listed)
			status = cli_fail(CLI_USAGE, NULL, "'-' is given twice");
		else
			status = list ? add_listed(&hosts) : add_host(&hosts, call->argv[i]);
		listed |= list;
	}
	if (!status && !hosts.count)
		status = cli_fail(CLI_INPUT, NULL, "standard input: the list of files is empty");
	if (!status) {
		int r = vhc_caps_baseline(call->ctx, hosts.count, (const char *const *)hosts.names,
					  (const char *const *)hosts.documents, &json);

		status = r == -EINVAL || r == -E2BIG
				 ? cli_fail(CLI_INPUT, vhc_ctx_get_error(call->ctx)->hint, "%s",
					    vhc_ctx_get_error(call->ctx)->text)
			 : r ? cli_fail_library(call)
			     : CLI_YES;
	}
	free_hosts(&hosts);
	if (!status && !(call->result = json_tokener_parse(json)))
		status = cli_fail(CLI_FAILED, NULL, "out of memory");
	free(json);
	return status;
}

static const struct cli_option options[] = {
	CLI_HTML_OPTION,
};

static const char *const titles[CLI_LACKS + 1] = {
	[CLI_YES] = "What every host of the set supports",
};

static const char *const more[] = {
	"Takes the vhost-caps document of each host, which 'caps --json' wrote there, and shows what all",
	"of them support, which hosts differ, and for each feature that not all have, why.  '-' is a list",
	"of files on standard input, one a line.  With --json the result is a vhost-caps document itself,",
	"for 'plan --caps', 'check --host' and 'mask --baseline'.",
	NULL,
};

const struct cli_command cli_command_baseline = {
	.name = "baseline",
	.arguments = "CAPS...",
	.text = "Show what every host of a set supports",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = CLI_ANY,
	.takes = CLI_FILE,
	.titles = titles,
	.run = run,
};
