/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by the commands that use host/.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "program/cli.h"
#include "host.h"

/* Report an error of host/; @document is the file that was read.  Returns its exit status. */
int cli_fail_host(const char *document, const struct host_error *error);

/* Read the vhost-setup document named by the first argument.  Returns an exit status. */
int cli_read_setup(struct cli_call *call, struct host_setup **ret);
/* The same of another one. */
int cli_read_setup_of(struct cli_call *call, const char *path, struct host_setup **ret);

/* A warning on stderr.  @data: the call. */
void cli_say(void *data, const char *line);

/* The options from the command line, with such warnings. */
struct host_options cli_host_options(struct cli_call *call);

/* dump-qemu.c: what the QEMU of --qmp says of the device @id, or of all if NULL.  An exit status. */
int cli_look_qemu(struct cli_call *call, const char *id, struct host_qemu_reading *ret);

/* Of the commands that ask a running QEMU. */
#define CLI_QMP_SECONDS 5
#define CLI_QMP_OPTIONS                                                                 \
	{ "qmp", 'm', "SOCKET", CLI_FILE, .help = "the socket of QEMU's -qmp option" }, \
	{                                                                               \
		"timeout", 't', "SECONDS", CLI_NUMBER, 1, 3600, CLI_QMP_SECONDS,        \
			"how long each answer of QEMU may take"                         \
	}

/* Of every command that reads a config. */
#define CLI_SET_OPTION                                                  \
	{                                                               \
		"set", 's', "NAME=VALUE", CLI_VARIABLE,                 \
			.help = "what ${NAME} in the config stands for" \
	}

/* Of the commands that give a launcher its fds. */
#define CLI_KEEP_OPTION                                                     \
	{                                                                   \
		"keep-fd", 'k', "N[,N]...", CLI_FDS,                        \
			.help = "fds of the caller that the launcher keeps" \
	}

#endif
