/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of QMP, the JSON protocol with which a running QEMU is controlled.
 *
 * The peer is not trusted: every wait has a deadline, every message a limit and strict types.  An error
 * names the socket, the command, and QEMU's own text.
 */
#ifndef HOST_QMP_H
#define HOST_QMP_H

#include "error.h"

struct host_qmp;

/*
 * host_qmp_open() - connect to the socket, and wait for QEMU's greeting.
 * @seconds: how long this call may take, and each later one.
 * Errors: -ETIMEDOUT: QEMU serves another client, or hangs; -EPROTO: it is no QMP socket.
 */
int host_qmp_open(const char *path, unsigned int seconds, struct host_qmp **ret,
		  struct host_error *err);
void host_qmp_close(struct host_qmp *qmp);

/*
 * host_qmp_execute() - execute a command and wait for its answer; events in between go to the listener.
 * @arguments: may be NULL; put by the call.  @fd: passed along, not closed; -1: none.
 * @ret: what the command returns, to be put by the caller; may be NULL.
 * Errors: -EREMOTEIO: QEMU refuses it, -ENODEV: since it has no such device, -ENOTTY: since it has no such
 * command; -ETIMEDOUT, -EPROTO, -ECONNRESET: nothing can be executed any more.
 */
int host_qmp_execute(struct host_qmp *qmp, const char *command, struct json_object *arguments,
		     int fd, struct json_object **ret, struct host_error *err);

/* host_qmp_execute_on() - the same with one argument, a text, and a result that does not matter. */
int host_qmp_execute_on(struct host_qmp *qmp, const char *command, const char *key,
			const char *text, int fd, struct host_error *err);

/*
 * host_qmp_listen() - call @fn with each event, during any other call; NULL: with none.
 * @details: the event's "data"; NULL if it has none.
 */
typedef void host_qmp_event_fn(void *data, const char *event, struct json_object *details);
void host_qmp_listen(struct host_qmp *qmp, host_qmp_event_fn *fn, void *data);

/*
 * host_qmp_wait() - take events until the listener has set *@done.
 * Errors: -ETIME, with the error not filled: it has not in time, and nothing is wrong with the connection.
 */
int host_qmp_wait(struct host_qmp *qmp, const bool *done, struct host_error *err);

/* host_qmp_is_closed() - has QEMU closed the connection?  It does when it ends. */
bool host_qmp_is_closed(const struct host_qmp *qmp);
const char *host_qmp_path(const struct host_qmp *qmp);

#endif
