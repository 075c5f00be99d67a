/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control - what a broker tells of its devices, and is told to do with them: varlink, the interface
 * io.vhostctl.
 *
 * One table of methods, and one table of fields for what each takes and replies (interface.c): the
 * two ends, the description of the interface and its manual page cannot disagree.  On the socket a
 * message is a JSON object and a NUL.  Messages have a largest size and a deadline, and what is not
 * read by the other end is kept up to a limit; after an error of a stream its connection is to be
 * closed.
 *
 * This room includes doc/ and the clock of wire/, knows no device, and has no loop.  Functions return 0 or a negative
 * errno.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doc.h"

#define CONTROL_INTERFACE "io.vhostctl"
#define CONTROL_SERVICE	  "org.varlink.service"
#define CONTROL_TIMEOUT	  5000 /* ms, for a message in either direction */

/* ---------------------------------------------------------------------------------- the interface */

/* A launcher that is connected. */
struct control_launcher {
	uint64_t pid, uid;
	uint64_t features, protocol_features; /* as it sent them */
	uint64_t status;		      /* of the guest's driver */
	uint64_t regions, memory;	      /* how many, and bytes */
	bool log;			      /* dirty pages are logged */
};

struct control_device {
	char *id, *type;
	char *link; /* NULL: it is no net device */
	uint64_t queue_pairs;
	uint64_t offered;   /* features */
	char *mac;	    /* NULL: the guest chooses its own */
	uint64_t mtu;	    /* 0: the guest is not told one */
	uint64_t guest_cid; /* 0: it is no vsock device */
	bool link_up, stopped, running;
	uint64_t ring_errors;
	struct control_launcher *launcher; /* NULL: there is none */
};

struct control_ring {
	uint64_t index;
	bool enabled, running, relayed;
	uint64_t errors;
};

enum control_event {
	CONTROL_PRESENT,
	CONTROL_CONNECTED,
	CONTROL_DISCONNECTED,
	CONTROL_FEATURES,
	CONTROL_STARTED,
	CONTROL_STOPPED,
	CONTROL_RESUMED,
	CONTROL_RING_ERROR,
	CONTROL_LINK
};

/* Parameters: of a method that takes a device, and of SetLink. */
struct control_target {
	char *device;
};

struct control_set_link {
	char *device;
	bool up;
};

/* Replies. */
struct control_list {
	char *name; /* of the configuration; NULL: none */
	uint64_t pid;
	struct doc_list devices; /* of struct control_device */
};

struct control_status {
	struct control_device device;
	struct doc_list rings; /* of struct control_ring */
};

struct control_change {
	uint32_t event; /* enum control_event */
	struct control_device device;
};

/* Errors. */
struct control_failure {
	char *message;
};

extern const struct doc_table control_target_table, control_set_link_table, control_list_table,
	control_status_table, control_change_table, control_failure_table;

enum control_method {
	CONTROL_LIST,
	CONTROL_STATUS,
	CONTROL_DUMP, /* replies {"state": the vhost-state document} */
	CONTROL_SET_LINK,
	CONTROL_STOP,
	CONTROL_RESUME,
	CONTROL_MONITOR, /* with "more": a reply for each device, then one for each change */
	CONTROL_METHODS
};

/* A row of the table of methods. */
struct control_method_row {
	const char *name, *help;
	const struct doc_table *parameters, *reply;
};

extern const struct control_method_row control_methods[CONTROL_METHODS];

#define CONTROL_ERROR(name) CONTROL_INTERFACE "." name

/** control_describe() - the interface in varlink's language, for free(3).  NULL: no memory. */
char *control_describe(void);
/** control_describe_service() - the same of org.varlink.service. */
const char *control_describe_service(void);

/* --------------------------------------------------------------------------------------- messages */

/* A call.  All of it is part of root. */
struct control_call {
	struct json_object *root;
	const char *method;		/* "io.vhostctl.List" */
	struct json_object *parameters; /* NULL: none */
	bool more, oneway, upgrade;
};

/**
 * control_call_read() - read a message that is to be a call; give it to control_call_clear().
 * Errors: -EINVAL: it is none; -E2BIG: it has too many values; -ENOMEM.
 */
int control_call_read(const char *text, size_t len, struct control_call *ret);
void control_call_clear(struct control_call *call);

/*
 * These make a message, for free(3), and take over the parameters.  NULL: no memory.
 */
char *control_call_text(const char *method, struct json_object *parameters, bool more);
char *control_reply_text(struct json_object *parameters, bool continues);
char *control_error_text(const char *error, struct json_object *parameters);

/* ---------------------------------------------------------------------------------------- service */

/* What a caller is replied. */
struct control_reply {
	const char *error; /* NULL: none */
	struct json_object *parameters;
	bool stream; /* more replies follow */
};

/* Sets the reply's members.  An error that is none of the interface: -ENOMEM alone. */
typedef int control_handler(void *data, const void *parameters, struct control_reply *reply);

struct control_service {
	control_handler *const *handlers; /* CONTROL_METHODS of them */
	void *data;
	const char *version;
};

/** control_serve() - do what a call says.  Errors: -ENOMEM. */
int control_serve(const struct control_service *service, const struct control_call *call,
		  struct control_reply *reply);

/** control_reply_error() - an error with one parameter that is text.  Returns 0, or -ENOMEM. */
int control_reply_error(struct control_reply *reply, const char *error, const char *key,
			const char *text);

/* ---------------------------------------------------------------------------------------- streams */

struct control_limits {
	size_t in, out; /* bytes of the largest message, and of all that waits to be read */
};

extern const struct control_limits control_server_limits, control_client_limits;

/* A connection.  fd does not block. */
struct control_stream {
	int fd;
	const struct control_limits *limits;
	char *in, *out;
	size_t in_size, in_used, in_taken; /* taken: of the message that was returned last */
	size_t out_size, out_used;
	uint64_t in_since, out_since; /* by wire_now(); 0: there is nothing */
};

/** control_stream_close() - close it, and free what it has. */
void control_stream_close(struct control_stream *stream);

/**
 * control_stream_next() - the next message, as far as it has arrived.
 * @ret: NUL-terminated, of @ret_len bytes, until the next call.  Returns 1, or 0: not yet.
 * Errors: -EMSGSIZE: it is too long; -ECONNRESET: the other end has closed; -EPROTO: in a message.
 */
int control_stream_next(struct control_stream *stream, const char **ret, size_t *ret_len);

/** control_stream_put() - send, now or later.  Errors: -ENOBUFS: the other end does not read. */
int control_stream_put(struct control_stream *stream, const char *text);

/** control_stream_flush() - send what waits.  Returns 1: all of it; 0: not all. */
int control_stream_flush(struct control_stream *stream);

/** control_stream_left() - ms until a message is overdue, in either direction; -1: none is on its way. */
int control_stream_left(const struct control_stream *stream, int timeout);

/* ----------------------------------------------------------------------------------------- client */

#define CONTROL_TEXT_MAX 320u

/**
 * control_ask() - call a method, and wait for its reply.
 * @parameters: of the method's table; NULL: none.  @ret: a struct of the reply's table, for
 * doc_clear().
 * Errors, with @text: -EREMOTEIO: the broker says what is wrong; -ENOENT: it has no such device;
 * -EAGAIN: not yet; -EPROTO; -ETIMEDOUT; -ECONNRESET.
 */
int control_ask(struct control_stream *stream, enum control_method method, const void *parameters,
		void *ret, char text[CONTROL_TEXT_MAX]);

/** control_ask_tree() - the same, with the reply as it is, for json_object_put(). */
int control_ask_tree(struct control_stream *stream, enum control_method method,
		     const void *parameters, struct json_object **ret, char text[CONTROL_TEXT_MAX]);

#endif
