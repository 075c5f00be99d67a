/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is missing on this host for vhost devices, and the command that fixes each problem.  Does what
 * set-up does first: opens device nodes, asks their drivers and creates a tap, which goes at once; that a
 * node exists proves nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "errname.h"
#include "error.h"

/* ---------------------------------------------------------------------------------------- texts */

void host_doctor_add(struct doctor *doctor, const char *check, bool needed, const char *result,
		     const char *text, const char *fix)
{
	static const char *const bad[] = { "missing", "wrong", "busy" };
	struct doc_list *list = doctor->at_links ? &doctor->link_findings : &doctor->findings;
	struct host_finding *finding = doc_append(list, sizeof(*finding));

	for (size_t i = 0; i < DOC_COUNT(bad); i++)
		if (needed && strcmp(result, bad[i]) == 0)
			doctor->ok = false;
	if (!finding) {
		doctor->no_memory = true;
		return;
	}
	*finding = (struct host_finding){ strdup(check), needed, strdup(result), strdup(text),
					  strdup(fix) };
	if (!finding->check || !finding->result || !finding->text || !finding->fix)
		doctor->no_memory = true;
}

/* ---------------------------------------------------------------------------------------- checks */

struct tried {
	struct host_node_answer nodes[HOST_NODES];
	int tap;
};

/* Runs in a child, as the user: what set-up does first. */
static void try_all(void *answer, const void *question)
{
	struct tried *tried = answer;

	for (size_t i = 0; i < HOST_NODES; i++) {
		host_log(VHC_LEVEL_INFO, "open %s, and ask its driver", host_nodes[i].path);
		tried->nodes[i] = host_node_try(&host_nodes[i]);
	}
	host_log(VHC_LEVEL_INFO, "create a tap, which goes at once");
	tried->tap = host_tap_try();
}

/* Without the node, the reason is the node's. */
static void check_tap(struct doctor *doctor, int error)
{
	char text[300], fix[300] = "", number[DOC_ERRNO_MAX];

	if (error == 0) {
		host_doctor_add(doctor, "new tap", true, "ok", "one was created, and is gone again",
				"");
		return;
	}
	if (error == -EPERM) {
		snprintf(
			text, sizeof(text),
			"user %s has no CAP_NET_ADMIN in this network namespace: root runs vhostctl setup "
			"(with --user), or makes a tap for it, which the config names with \"existing\": true",
			doctor->user);
		snprintf(fix, sizeof(fix), "ip tuntap add dev NAME mode tap vnet_hdr user %s",
			 doctor->user);
	} else {
		snprintf(text, sizeof(text), "/dev/net/tun makes none: %s",
			 doc_errno(number, error));
	}
	host_doctor_add(doctor, "new tap", true, "missing", text, fix);
}

static void check_nodes(struct doctor *doctor, const struct tried *tried)
{
	for (size_t i = 0; i < HOST_NODES; i++) {
		const struct host_node *node = &host_nodes[i];
		char text[HOST_NODE_TEXT], fix[HOST_NODE_TEXT];

		if (tried->nodes[i].error == 0) {
			host_doctor_add(doctor, node->path, node->needed, "ok",
					"it opens, and its driver answers", "");
			continue;
		}
		host_node_explain(node, &tried->nodes[i], doctor->user, text, fix);
		host_doctor_add(doctor, node->path, node->needed, "missing", text, fix);
	}
	check_tap(doctor, tried->tap);
}

/* There is another way for who has neither. */
static void check_passt(struct doctor *doctor, const struct tried *tried)
{
	bool missing = tried->tap != 0;

	for (size_t i = 0; i < HOST_NODES; i++)
		missing = missing || (host_nodes[i].needed && tried->nodes[i].error);
	if (missing)
		host_doctor_add(
			doctor, "vhost-user", false, "info",
			"without vhost or a tap vhostctl serves nothing: passt(1) serves "
			"vhost-user without any privilege, and moves the frames in userspace",
			HOST_PASST);
}

/* A user who may open nothing still gets it all from root's set-up. */
static int check_setup_by_root(struct doctor *doctor, struct host_error *err)
{
	struct tried tried = { 0 };
	char text[300] = "";
	int r = host_user_ask(NULL, try_all, NULL, &tried, sizeof(tried), err);

	for (size_t i = 0; i < HOST_NODES; i++)
		if (tried.nodes[i].error && host_nodes[i].needed)
			snprintf(text, sizeof(text),
				 "this user cannot use %s either: vhostctl doctor says why",
				 host_nodes[i].path);
	if (!*text && tried.tap)
		snprintf(text, sizeof(text),
			 "this user cannot create a tap either: vhostctl doctor says why");
	if (r == 0 && *text)
		host_doctor_add(doctor, "setup --user", false, "missing", text, "vhostctl doctor");
	else if (r == 0)
		host_doctor_add(
			doctor, "setup --user", false, "ok",
			"vhostctl setup --user opens all of it now and hands it on: nothing above is needed, "
			"unless the launcher opens /dev/vhost-net by itself, as those of \"attach\": "
			"\"name\", crosvm and kvmtool do",
			"");
	return r;
}

static void free_findings(struct doc_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct host_finding *finding = (struct host_finding *)list->items + i;

		free(finding->check);
		free(finding->result);
		free(finding->text);
		free(finding->fix);
	}
	free(list->items);
}

static struct json_object *write_report(struct doctor *doctor)
{
	struct host_doctor_report report = { .ok = doctor->ok };
	struct json_object *tree = NULL;

	/* Borrowed while writing. */
	report.command = (char *)(uintptr_t) "doctor";
	report.user = doctor->user;
	report.checks = doctor->findings;
	report.link_checks = doctor->link_findings;
	if (!doctor->no_memory)
		tree = doc_write(&host_doctor_table, &report);
	free_findings(&doctor->findings);
	free_findings(&doctor->link_findings);
	return tree;
}

int host_doctor(const char *user, const char *link, uint32_t pairs, struct json_object **ret,
		bool *ret_ok, struct host_error *err)
{
	struct doctor doctor = { .ok = true };
	struct json_object *tree;
	struct tried tried = { 0 };
	struct host_user found;
	int r = 0;

	if (user)
		r = host_user_find(user, &found, err);
	if (r < 0)
		return r;
	doctor.as = user ? &found : NULL;
	if (user)
		snprintf(doctor.user, sizeof(doctor.user), "%s", found.name);
	else
		host_self_name(doctor.user);
	if (user)
		host_log(VHC_LEVEL_INFO, "become %s, in a child process", found.name);
	r = host_user_ask(user ? &found : NULL, try_all, NULL, &tried, sizeof(tried), err);
	if (r == 0)
		check_nodes(&doctor, &tried);
	if (r == 0 && user) {
		host_log(VHC_LEVEL_INFO, "the same without becoming %s", found.name);
		r = check_setup_by_root(&doctor, err);
	}
	if (r == 0) {
		check_passt(&doctor, &tried);
		host_doctor_limits(&doctor, user != NULL);
		host_doctor_brokers(&doctor);
		r = host_doctor_links(&doctor, link, pairs, err);
	}
	tree = write_report(&doctor);
	if (r == 0 && !tree)
		r = host_fail_memory(err);
	if (r < 0) {
		json_object_put(tree);
		return r;
	}
	*ret = tree;
	*ret_ok = doctor.ok;
	return 0;
}
