/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serving devices, in this process or in one of its own.
 */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include <sys/types.h>

#include "setup/config.h"

/* ---- sockets.c: those of LISTEN_FDS */

#define CLI_SOCKETS_MAX 256u

struct cli_sockets {
	char *names;			      /* where the ids are */
	const char *ids[CLI_SOCKETS_MAX + 1]; /* NULL-terminated: of the fds from 3 on */
	size_t count;
};

/* cli_take_sockets() - give them to cli_free_sockets(), also after an error.  Returns an exit status. */
int cli_take_sockets(const struct host_setup *setup, struct cli_sockets *ret);
/* cli_find_socket() - the fd of a device; -1: there is none. */
int cli_find_socket(const struct cli_sockets *sockets, const char *id);
void cli_free_sockets(struct cli_sockets *sockets);

/* ---- serve.c */

#define CLI_SERVE_TIMEOUT_OPTION(of)                                              \
	{                                                                         \
		"timeout", 't', "SECONDS", CLI_NUMBER,                            \
			.min = 1, .max = 3600, .preset = 5,                       \
			.help = of "how long each message of a launcher may take" \
	}

/* How to serve. */
struct cli_serving {
	bool recorded; /* it is of no use without its record */
	/* Just before this process can do nothing but serve.  May be NULL. */
	void (*settle)(void *data);
	/* All sockets accept connections; takes over the report.  Not 0: an exit status, and it ends.  May be NULL. */
	int (*ready)(void *data, struct json_object *report);
	void *data;
	const struct cli_sockets *sockets; /* that are there already; may be NULL */
	bool background;		   /* from then on messages are the system's log's */
	int seconds;			   /* that each message of a launcher may take; 0: 5 */
};

/* cli_serve() - until a signal comes.  Returns an exit status. */
int cli_serve(struct cli_call *call, const struct host_setup *setup,
	      const struct cli_serving *serving);

/* cli_remove_socket() - of host_options: one that a killed broker has left.  @data: the call. */
int cli_remove_socket(void *data, const struct host_served *socket, struct host_error *err);

/* ---- served.c: 'vhostctl setup' without a launcher */

int cli_set_up_served(struct cli_call *call);
int cli_fail_no_launcher(void);

/* ---- background.c */

/* A process that serves the devices of a config that are attached by vhost-user. */
struct cli_broker {
	pid_t pid, parent;
	struct json_object *report; /* of what it set up */
};

/*
 * cli_broker_start() - start one, and wait until its sockets accept connections.  What fails is said.
 * @stays: when this process ends, however that is; else it ends along.  Returns an exit status.
 */
int cli_broker_start(struct cli_call *call, const struct host_setup *setup, bool stays,
		     struct cli_broker *ret);
/* cli_broker_end() - end it, and wait for that.  In a child of its parent: do nothing. */
void cli_broker_end(const struct cli_call *call, struct cli_broker *broker);

/* ---- tell.c: sockets are -1 where nobody listens */

int cli_tell_systemd(void);
int cli_tell_syslog(void);
void cli_tell(int fd, const char *text);
void cli_tell_log(int fd, bool warning, const char *line);

#endif
