/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/commands - every command and every option there is.
 *
 * Static data only: parsing, help, and the tests of man pages and completions are read from here.
 */
#include "cli.h"
#include "host.h"
#include "loop.h"

#define OPTIONS(table) .options = (table), .count = DOC_COUNT(table)
#define ANY	       -1

/* The order is known to cli_parse(). */
const struct cli_option cli_globals[] = {
	{ "help", 'h', NULL, CLI_FLAG, .help = "say how it is used" },
	{ "version", 'V', NULL, CLI_FLAG, .help = "say which version this is" },
	{ "json", 'j', NULL, CLI_FLAG, .help = "print one JSON document, not tables" },
	{ "quiet", 'q', NULL, CLI_FLAG, .help = "no warnings and no progress on stderr" },
	{ "verbose", 'v', NULL, CLI_FLAG, .help = "the library's log on stderr; -vv: each step" },
};
const size_t cli_global_count = DOC_COUNT(cli_globals);

static const struct cli_option setup_options[] = {
	{ "user", 'u', "USER", CLI_USER, .help = "run the launcher as this user" },
	{ "no-new-privs", 'n', NULL, CLI_FLAG, .help = "the launcher can gain no privileges" },
	{ "report", 'r', "FILE", CLI_FILE, .help = "write what was set up to FILE, as JSON" },
};

static const struct cli_option plan_options[] = {
	{ "user", 'u', "USER", CLI_USER, .help = "as 'setup' with this option" },
	{ "caps", 'c', "FILE", CLI_FILE,
	  .help = "check against this host: what 'caps' wrote there" },
};

static const struct cli_option doctor_options[] = {
	{ "user", 'u', "USER", CLI_USER, .help = "answer for this user" },
};

static const struct cli_option check_options[] = {
	{ "host", 'H', "CAPS", CLI_FILE,
	  .help = "the host that 'caps --json' wrote CAPS on, not this one" },
};

static const struct cli_option loop_options[] = {
	{ "frames", 'n', "N", CLI_NUMBER, 1, 100000000, 100000, "frames each way" },
	{ "queues", 'Q', "N", CLI_NUMBER, 1, LOOP_PAIRS_MAX, 1, "queue pairs" },
	{ "size", 's', "BYTES", CLI_NUMBER, FRAME_MIN, FRAME_MAX, FRAME_MIN, "bytes of a frame" },
};

static const char *const setup_help[] = {
	"Makes the links and opens the devices of a vhost-setup document, then becomes the launcher,",
	"which gets the fds and nothing else.  All or nothing: when a step fails, those before it are",
	"undone.  In the launcher's arguments '@ID.netdev@', '@ID.device@', '@ID.tapfds@',",
	"'@ID.vhostfds@' and '@ID.mac@' stand for those of device ID.  CONFIG '-' is standard input.",
	NULL,
};

static const char *const plan_help[] = {
	"Prints the steps of 'setup' and makes none.  With a launcher its command line is printed,",
	"too, with the fds in their places.  CONFIG '-' is standard input.",
	NULL,
};

static const char *const validate_help[] = {
	"Prints the document with all that it left to defaults.  CONFIG '-' is standard input.",
	NULL,
};

static const char *const caps_help[] = {
	"Opens every vhost device, asks a scratch tap, and changes nothing.  With --json it is a",
	"vhost-caps document, for 'plan --caps' here or on another host.",
	NULL,
};

static const char *const doctor_help[] = {
	"Opens each device that vhost needs and looks at the limits; for what is missing, the one",
	"command that mends it.  The answer is no when vhost-net cannot be used.",
	NULL,
};

static const char *const set_help[] = {
	"A set is written as names or constants ('mrg_rxbuf', 'VIRTIO_F_VERSION_1'), numbers of",
	"bits ('40', 'bit 40'), a mask ('0x10130bfffa7', up to 256 bits), the 64-bit words of a",
	"mask, the lowest first ('0x10b3d008000 0xa'), or the row of 0 and 1 that sysfs shows in",
	"/sys/bus/virtio/devices/.../features.  Commas and blanks separate.",
	NULL,
};

static const char *const state_show_help[] = {
	"Prints what a vhost-state document says, when it is right; with --json the document itself.",
	"FILE '-' is standard input.",
	NULL,
};

static const char *const state_check_help[] = {
	"Looks at the form, the checksum, and whether any device could be so.  Asks no host: that is",
	"'check'.  FILE '-' is standard input.",
	NULL,
};

static const char *const state_diff_help[] = {
	"Compares what the documents mean, not how they are written.  The answer is no when they",
	"differ.  One of them may be '-', standard input.",
	NULL,
};

static const char *const check_help[] = {
	"From the vhost-state document of a device, running or stopped, says whether a host has all",
	"that its guest has negotiated.  STATE or CAPS may be '-', standard input.  The answer is no",
	"also where there is no vhost-net.",
	NULL,
};

static const char *const loop_help[] = {
	"Makes a tap and a vhost-net device in a scratch network namespace, and drives the rings",
	"from this process.  Every frame has a number and is checked byte by byte at the other end.",
	"The answer is no when one is lost, duplicated or changed.",
	NULL,
};

const struct cli_command cli_commands[] = {
	{ "setup", "CONFIG -- LAUNCHER [ARGUMENT]...",
	  "Bring devices up, and run a launcher on them", setup_help, OPTIONS(setup_options), 1, 1,
	  true, host_setup_help, cli_setup },
	{ "plan", "CONFIG [-- LAUNCHER [ARGUMENT]...]", "Say what 'setup' would do", plan_help,
	  OPTIONS(plan_options), 1, 1, true, NULL, cli_plan },
	{ "validate", "CONFIG", "Say whether a vhost-setup document is right", validate_help, NULL,
	  0, 1, 1, false, host_setup_help, cli_validate },
	{ "caps", "", "Say what this host can do", caps_help, .run = cli_caps },
	{ "doctor", "", "Say what is missing here, and what mends it", doctor_help,
	  OPTIONS(doctor_options), .run = cli_doctor },
	{ "features list", "", "Every feature bit that has a name", .run = cli_features_list },
	{ "features decode", "SET...", "Say which features a mask means", set_help, NULL, 0, 1, ANY,
	  .run = cli_features_decode },
	{ "features encode", "SET...", "Say which mask features are", set_help, NULL, 0, 1, ANY,
	  .run = cli_features_encode },
	{ "features check", "SET...", "Say whether each feature has what it requires", set_help,
	  NULL, 0, 1, ANY, .run = cli_features_check },
	{ "features diff", "SET SET", "Say how two sets differ", set_help, NULL, 0, 2, 2,
	  .run = cli_features_diff },
	{ "state show", "FILE", "Say what a vhost-state document has", state_show_help, NULL, 0, 1,
	  1, .run = cli_state_show },
	{ "state check", "FILE", "Say whether a vhost-state document is right", state_check_help,
	  NULL, 0, 1, 1, .run = cli_state_check },
	{ "state diff", "FILE FILE", "Say how two of them differ", state_diff_help, NULL, 0, 2, 2,
	  .run = cli_state_diff },
	{ "check", "STATE", "Say whether a guest can move to a host", check_help,
	  OPTIONS(check_options), 1, 1, .run = cli_check },
	{ "loop", "", "Send frames through a scratch device, and count them", loop_help,
	  OPTIONS(loop_options), .run = cli_loop },
};
const size_t cli_command_count = DOC_COUNT(cli_commands);
