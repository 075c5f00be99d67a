/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of a QMP connection: a JSON text each, until one deadline.
 */
#ifndef HOST_QMP_LINE_H
#define HOST_QMP_LINE_H

#include "doc.h"

#define HOST_QMP_LINE_MAX DOC_MAX_SIZE

struct host_qmp_line {
	int fd;
	int64_t deadline;  /* in ms of CLOCK_MONOTONIC */
	char *text;	   /* what has been received: */
	size_t used, room; /* bytes of it */
	size_t taken;	   /* of these, a line that has been read */
};

/* host_qmp_line_open() - connect until the deadline, which is set.  -ETIMEDOUT: its backlog is full. */
int host_qmp_line_open(struct host_qmp_line *line, const char *path, unsigned int seconds);
void host_qmp_line_close(struct host_qmp_line *line);

/* host_qmp_line_deadline() - until when what follows may take. */
void host_qmp_line_deadline(struct host_qmp_line *line, unsigned int seconds);

/*
 * host_qmp_line_read() - the next line.
 * Errors: -ETIMEDOUT, -ECONNRESET: it was closed, -E2BIG: it is too long, -EINVAL: it is no JSON, with
 * @doc filled; -ENOMEM, and what recv(2) has.
 */
int host_qmp_line_read(struct host_qmp_line *line, struct json_object **ret, struct doc_error *doc);

/* host_qmp_line_write() - a line, and with its first byte the fd, unless it is -1. */
int host_qmp_line_write(struct host_qmp_line *line, struct json_object *message, int fd);

/* host_qmp_text() - a string that an object has; NULL: it has none. */
static inline const char *host_qmp_text(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

#endif
