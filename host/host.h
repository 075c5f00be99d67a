/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host - this machine around a device: the vhost-setup document, links, the fds that a launcher
 * gets, its command line and its privileges.  This is all of the room that vhostctl sees.
 *
 * The room makes no vhost call: devices are opened by the library, never owned, and given away.
 * Functions return 0 or a negative errno, and then the error is filled.  What is made is not
 * touched on failure.  They are for one thread of a program that has no other: they change the
 * network namespace of the thread, and host_setup_run() the fds and the identity of the process.
 */
#ifndef HOST_H
#define HOST_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "vhostconfig.h"

struct doc_table;

/* How vhostctl ends. */
enum host_status {
	HOST_USAGE = 2,	       /* the launcher's arguments do not fit the config */
	HOST_DOCUMENT = 3,     /* the config is wrong */
	HOST_LACKS = 4,	       /* this host lacks something that was asked for */
	HOST_FAILED = 5,       /* it failed, and was undone */
	HOST_CANNOT_RUN = 126, /* the launcher is there and cannot be executed; as env(1) */
	HOST_NOT_FOUND = 127   /* there is no such launcher */
};

struct host_error {
	enum host_status status;
	char text[1024]; /* one sentence, with what failed to be undone */
	char where[320]; /* "line 12, /devices/0/tap/mtu", or "step 5 of 12: set mtu"; or "" */
	char hint[512];	 /* what to do; or "" */
};

struct host_setup;

/**
 * host_setup_read() - read and check a vhost-setup document.
 * Errors: -EINVAL, -E2BIG: it is wrong; -ENOMEM.
 */
int host_setup_read(struct vhc_ctx *ctx, const char *text, size_t len, struct host_setup **ret,
		    struct host_error *err);
void host_setup_free(struct host_setup *setup);

/** host_setup_write() - the document again, with everything that it left to defaults. */
struct json_object *host_setup_write(const struct host_setup *setup);

/** host_setup_help() - its fields, as doc_help() gives them.  host_setup_schema(): its schema. */
struct json_object *host_setup_help(void);
struct json_object *host_setup_schema(void);

struct host_options {
	struct vhc_ctx *ctx;
	const char
		*user; /* run the launcher as this user, instead of the config's; NULL: that one */
	bool no_new_privs; /* also when the config does not say so */
	char **launcher;   /* its command line, with tokens, NULL-terminated; NULL: none, to plan */
	/* A line for people: what was not an error, but should be known.  May be NULL. */
	void (*say)(void *data, const char *line);
	/* Everything is up and the launcher comes next.  @report: borrowed.  May be NULL. */
	void (*ready)(void *data, struct json_object *report);
	void *data;
};

/**
 * host_setup_plan() - what host_setup_run() would do, as a vhost-plan document.  Looks at nothing
 * on the host; a vhost device that is only preferred is taken to be there.
 * Errors: -EINVAL the launcher's arguments do not fit.
 */
int host_setup_plan(const struct host_setup *setup, const struct host_options *options,
		    struct json_object **ret, struct host_error *err);

/**
 * host_setup_check_caps() - could the host that wrote a vhost-caps document bring all of it up?
 * Touches no host.
 * Errors: status HOST_DOCUMENT: it is no such document; HOST_LACKS: that host lacks something.
 */
int host_setup_check_caps(const struct host_setup *setup, const struct host_options *options,
			  const char *caps, struct host_error *err);

/**
 * host_setup_run() - bring the devices up and become the launcher.
 * Returns on failure only, and then everything was undone, or the text says what was not (once
 * privileges are given up, an adopted link cannot be put back).  Fds from 3 on are the launcher's:
 * hold none there that is needed after a failure.  Without a launcher everything comes up and is
 * taken down again, and 0 is returned.
 */
int host_setup_run(const struct host_setup *setup, const struct host_options *options,
		   struct host_error *err);

/* The tables of the reports of host_setup_run() and host_doctor(). */
extern const struct doc_table host_report_table, host_doctor_table;

/**
 * host_doctor() - what is missing on this host for vhost devices, as a vhost-report document with
 * the command that mends it.  @user: answer for that user; NULL: for the caller.  @ret_ok: is
 * everything there that a vhost-net device needs?
 */
int host_doctor(const char *user, struct json_object **ret, bool *ret_ok, struct host_error *err);

#endif
