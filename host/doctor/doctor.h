/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by the files of doctor: the report that grows, and a link that is looked at.
 */
#ifndef HOST_DOCTOR_H
#define HOST_DOCTOR_H

#include "document.h"
#include "links/holder.h"
#include "links/link.h"
#include "node/node.h"
#include "process/user.h"

struct doctor {
	char user[HOST_SELF_MAX];   /* the user it is for */
	const struct host_user *as; /* the same; NULL: the caller */
	bool ok, no_memory;
	bool at_links;				 /* links are checked now; false: the host is */
	struct doc_list findings, link_findings; /* of struct host_finding */
};

/*
 * host_doctor_add() - a check with its result: "ok", "info", "low", "missing", "wrong" or "busy".  With one of
 * the last three, the answer is no if it is @needed.
 */
void host_doctor_add(struct doctor *doctor, const char *check, bool needed, const char *result,
		     const char *text, const char *fix);

/* host_doctor_limits() - of vhost and of this process.  @other: it is not for the caller. */
void host_doctor_limits(struct doctor *doctor, bool other);

/* host_doctor_links() - the taps of running vhost devices, and @link, unless it is NULL, for that many queue pairs. */
int host_doctor_links(struct doctor *doctor, const char *link, uint32_t pairs,
		      struct host_error *err);

/* host_doctor_brokers() - what confines those that run. */
void host_doctor_brokers(struct doctor *doctor);

#define HOST_SHELL_MAX 72

struct doctor_link {
	struct doctor *doctor;
	struct host_link link;
	char shell[HOST_SHELL_MAX]; /* its name as a word of a shell */
	struct host_link bridge;    /* whose port it is; index 0: of none */
	struct host_holder holder;
	uint64_t queue_drops; /* of its queueing discipline */
	uint32_t pairs;	      /* that it is to have; 0: not known */
	bool named; /* by the caller: what is right is shown, too, and the answer depends on it */
	bool vhost; /* a running vhost device has it */
	bool open;  /* some process has a queue of it */
};

/* host_doctor_link() - check one that is there. */
void host_doctor_link(const struct doctor_link *link);

#endif
