/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/config - what the commands that go to host/ share.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli.h"
#include "host.h"

/* Says a host's error; @document is the file that was read.  Returns its exit status. */
int cli_fail_host(const char *document, const struct host_error *error);

/* Reads the vhost-setup document that is the first argument.  An exit status. */
int cli_read_setup(struct cli_call *call, struct host_setup **ret);

/* The options of the command line, with warnings to stderr. */
struct host_options cli_host_options(struct cli_call *call);

#endif
