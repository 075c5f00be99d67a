/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The documents that host writes, as structs and tables.
 */
#ifndef HOST_DOCUMENT_H
#define HOST_DOCUMENT_H

#include "doc.h"
#include "host.h"

#define HOST_ALIAS_TEXT_MAX 80

/* What an operation is done with: each has some of them.  The texts are borrowed when it is written. */
struct host_arguments {
	const char *program, *path, *socket, *link, *id, *name;
	const char *user, *netns, *bridge, *lower, *mode, *owner, *group, *mac, *guest_mac, *mtu_of,
		*address, *alias, *vhost, *worker, *bus;
	uint64_t first_fd, fds, queues, tap_fds, vhost_fds, txqueuelen, mtu, vlan, cid;
	struct doc_list vlans, features, environment;
	/* enum doc_maybe: DOC_TRUE or absent */
	uint32_t existing, isolated, persistent, auto_cid, no_new_privs;
	/* Where those texts are that the config does not have. */
	char mac_text[18], alias_text[HOST_ALIAS_TEXT_MAX];
	const char *variables[2];
};

struct host_plan_row {
	const char *on, *operation;
	struct host_arguments arguments;
	const char *undo;
};

/* Of a device that is served. */
struct host_plan_socket {
	const char *device, *path;
};

struct host_plan_document {
	char *name;
	struct doc_list operations; /* of struct host_plan_row */
	struct doc_list sockets;    /* of struct host_plan_socket */
	struct doc_list launcher;   /* of strings */
};

struct host_report_device {
	char *device, *tap, *netns, *socket, *mac;
	uint64_t queue_pairs, cid;
	bool vhost;
	char *why;			    /* vhost is off though it was preferred */
	struct doc_list tap_fds, vhost_fds; /* of uint64_t */
};

struct host_report {
	char *command;
	char *name;
	uint64_t pid;		 /* of a broker in the background; 0: there is none */
	struct doc_list devices; /* of struct host_report_device */
	struct doc_list launcher;
};

struct host_detach_report {
	char *command;
	char *device;
	bool removed_device, removed_netdev;
};

struct host_removed_link {
	char *device, *link, *netns;
};

struct host_removed_socket {
	char *device, *socket;
};

struct host_teardown_report {
	char *command;
	uint64_t ended;
	struct doc_list sockets;	   /* of struct host_removed_socket */
	struct doc_list removed, restored; /* of struct host_removed_link */
};

struct host_finding {
	char *check;
	bool needed; /* by a vhost-net device */
	char *result, *text, *fix;
};

struct host_doctor_report {
	char *command;
	char *user;
	bool ok;
	struct doc_list checks, link_checks; /* of struct host_finding */
};

extern const struct doc_table host_plan_table, host_arguments_table;

/* host_copy_texts() - a NULL-terminated array of strings as a list.  -ENOMEM. */
int host_copy_texts(char *const *texts, struct doc_list *ret);

#endif
