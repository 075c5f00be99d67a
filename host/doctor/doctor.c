/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is missing on this host for vhost devices, and the command that fixes each problem.  Does what
 * set-up does first: opens device nodes, asks their drivers and creates a tap, which goes at once; that a
 * node exists proves nothing.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "document.h"
#include "errname.h"
#include "node/node.h"
#include "process/user.h"

#define CHECKS_MAX (HOST_NODES + 6)

#define DEFAULT_REGIONS 64u

struct doctor {
	char user[HOST_SELF_MAX]; /* the user it is for */
	bool ok;
	struct host_finding findings[CHECKS_MAX];
	size_t count;
	bool no_memory;
};

/* ---------------------------------------------------------------------------------------- texts */

static void add(struct doctor *doctor, const char *check, bool needed, const char *result,
		const char *text, const char *fix)
{
	struct host_finding *finding = &doctor->findings[doctor->count++];

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
		add(doctor, "new tap", true, "ok", "one was created, and is gone again", "");
		return;
	}
	doctor->ok = false;
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
	add(doctor, "new tap", true, "missing", text, fix);
}

static void check_nodes(struct doctor *doctor, const struct tried *tried)
{
	for (size_t i = 0; i < HOST_NODES; i++) {
		const struct host_node *node = &host_nodes[i];
		char text[HOST_NODE_TEXT], fix[HOST_NODE_TEXT];

		if (tried->nodes[i].error == 0) {
			add(doctor, node->path, node->needed, "ok",
			    "it opens, and its driver answers", "");
			continue;
		}
		host_node_explain(node, &tried->nodes[i], doctor->user, text, fix);
		add(doctor, node->path, node->needed, "missing", text, fix);
		if (node->needed)
			doctor->ok = false;
	}
	check_tap(doctor, tried->tap);
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
		add(doctor, "setup --user", false, "missing", text, "vhostctl doctor");
	else if (r == 0)
		add(doctor, "setup --user", false, "ok",
		    "vhostctl setup --user opens all of it now and hands it on: nothing above is needed, "
		    "unless the launcher opens /dev/vhost-net by itself, as those of \"attach\": "
		    "\"name\", crosvm and kvmtool do",
		    "");
	return r;
}

static bool read_parameter(const char *name, unsigned int *ret)
{
	char path[96];
	bool found;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/vhost/parameters/%s", name);
	file = fopen(path, "re");
	found = file && fscanf(file, "%u", ret) == 1;
	if (file)
		fclose(file);
	return found;
}

/* The kernel keeps no more than the smaller of two parameters, of which 0 is no limit for the second. */
static void check_regions(struct doctor *doctor)
{
	unsigned int limit, mappings = 0;
	char text[240];
	bool low;

	if (!read_parameter("max_mem_regions", &limit)) {
		add(doctor, "memory regions", false, "info",
		    "unknown: the module vhost is not loaded (the kernel's default is 64)", "");
		return;
	}
	if (read_parameter("max_iotlb_entries", &mappings) && mappings && mappings < limit)
		limit = mappings;
	low = limit < DEFAULT_REGIONS;
	snprintf(text, sizeof(text),
		 "a guest's memory may have %u; each hot-plugged piece of memory adds one "
		 "(the smaller of vhost.max_mem_regions, up to 509, and vhost.max_iotlb_entries)%s",
		 limit, low ? "; the fix takes effect when vhost is loaded again" : "");
	add(doctor, "memory regions", false, low ? "low" : "ok", text,
	    low ? "echo options vhost max_mem_regions=509 max_iotlb_entries=2048 > "
		  "/etc/modprobe.d/vhostctl.conf"
		: "");
}

static void print_limit(char *buf, size_t size, rlim_t value)
{
	if (value == RLIM_INFINITY)
		snprintf(buf, size, "unlimited");
	else
		snprintf(buf, size, "%llu", (unsigned long long)value);
}

/* The limits are those of this process, which a launcher inherits as any user: the text says so. */
static void check_limits(struct doctor *doctor, bool other)
{
	static const struct {
		const char *name;
		unsigned int resource;
		rlim_t least; /* below is low */
		rlim_t fixed; /* what the fix raises it to */
		const char *what, *fix;
	} limits[] = {
		{ "RLIMIT_NOFILE", RLIMIT_NOFILE, 1024, 4096,
		  "open files; a queue pair takes two, plus some eventfds in the launcher",
		  "ulimit -n 4096" },
		{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 0, RLIM_INFINITY,
		  "bytes of locked memory; vhost-net needs none, vDPA all of the guest's memory",
		  "ulimit -l unlimited" },
		{ "RLIMIT_NPROC", RLIMIT_NPROC, 256, 4096,
		  "processes and threads of the user; each vhost worker counts as one",
		  "ulimit -u 4096" },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		char soft[32], hard[32], text[300];
		struct rlimit limit;
		bool low, stuck;

		if (getrlimit(limits[i].resource, &limit) < 0)
			continue;
		low = limit.rlim_cur < limits[i].least;
		stuck = low && limit.rlim_max < limits[i].fixed && geteuid() != 0;
		print_limit(soft, sizeof(soft), limit.rlim_cur);
		print_limit(hard, sizeof(hard), limit.rlim_max);
		snprintf(
			text, sizeof(text), "%s (at most %s) %s%s%s", soft, hard, limits[i].what,
			other ? "; of this process, inherited by a launcher" : "",
			stuck ? "; only root can raise it, in /etc/security/limits.conf or the unit"
			      : "");
		add(doctor, limits[i].name, false, low ? "low" : "ok", text,
		    low && !stuck ? limits[i].fix : "");
	}
}

static struct json_object *write_report(struct doctor *doctor)
{
	struct host_doctor_report report = { .ok = doctor->ok };
	struct json_object *tree = NULL;

	/* Borrowed while writing. */
	report.command = (char *)(uintptr_t) "doctor";
	report.user = doctor->user;
	report.checks = (struct doc_list){ doctor->findings, doctor->count };
	if (!doctor->no_memory)
		tree = doc_write(&host_doctor_table, &report);
	for (size_t i = 0; i < doctor->count; i++) {
		free(doctor->findings[i].check);
		free(doctor->findings[i].result);
		free(doctor->findings[i].text);
		free(doctor->findings[i].fix);
	}
	return tree;
}

int host_doctor(const char *user, struct json_object **ret, bool *ret_ok, struct host_error *err)
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
		host_log(VHC_LEVEL_INFO, "read the limits of vhost and of this process");
		check_regions(&doctor);
		check_limits(&doctor, user != NULL);
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
