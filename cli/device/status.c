/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl status': everything that is known of one vhost device.
 */
#include "device/device.h"

#define WATCH_MAX 86400u /* a day */

static int run(struct cli_call *call)
{
	const struct cli_value *watch = cli_option(call, "watch");
	struct cli_found found;
	int status;

	if (watch->count && cli_page_path(call))
		return cli_fail(CLI_USAGE, "leave one of them out",
				"--html writes one result, --watch makes many");
	if (watch->count)
		return cli_watch(call, (unsigned int)watch->number);
	status = cli_find_device(call, &found);
	if (status)
		return status;
	status = cli_device_report(call, found.device, NULL, &found.served);
	cli_found_clear(&found);
	return status;
}

static const struct cli_option options[] = {
	{ "watch", 'w', "SECONDS", CLI_NUMBER, .min = 1, .max = WATCH_MAX, .preset = 1,
	  .help = "show it again and again, with what has moved meanwhile, until it is gone" },
	CLI_FD_OPTION,
	CLI_HTML_OPTION,
};

static const char *const titles[CLI_LACKS + 1] = {
	[CLI_YES] = "What is known of a running device",
};

static const char *const more[] = {
	"Takes the pid of the owner, or the link of the device: what vhost has of it, read from the",
	"kernel, and what is not known.  Needs CAP_BPF and CAP_PERFMON, as root has them; without, it",
	"shows what /proc tells and says what is missing.  A device of 'vhostctl serve' may be named by",
	"its id, or by the pid of its launcher: its broker is asked what it knows of it.",
	NULL,
};

const struct cli_command cli_command_status = {
	.name = "status",
	.arguments = "PID|LINK|ID",
	.text = "Show what is known of a running device",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_DEVICE,
	.report = &cli_status_table,
	.titles = titles,
	.run = run,
};
