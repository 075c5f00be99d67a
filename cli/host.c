/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/host - the commands that look at this host: caps, doctor.
 */
#include <stdlib.h>

#include "cli.h"
#include "config.h"

int cli_caps(struct cli_call *call)
{
	char *text;

	if (vhc_caps_probe(call->ctx, &text))
		return cli_fail_library(call);
	call->result = json_tokener_parse(text);
	free(text);
	if (!call->result)
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	return CLI_YES;
}

int cli_doctor(struct cli_call *call)
{
	struct host_error error = { 0 };
	bool ok = false;

	if (host_doctor(cli_option(call, "user")->text, &call->result, &ok, &error))
		return cli_fail_host("", &error);
	return ok ? CLI_YES : CLI_NO;
}
