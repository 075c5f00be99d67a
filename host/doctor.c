/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is missing on this host for vhost devices, and the command that fixes each problem.  Opens
 * device nodes and closes them again, since their existence alone proves nothing.  Changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "document.h"
#include "errname.h"
#include "user.h"

static const struct node {
	const char *path, *module;
	bool needed; /* by a vhost-net device */
} nodes[] = {
	{ "/dev/vhost-net", "vhost_net", true },
	{ "/dev/vhost-vsock", "vhost_vsock", false },
	{ "/dev/vhost-scsi", "vhost_scsi", false },
	{ "/dev/net/tun", "tun", true },
	{ "/dev/kvm", "kvm", false },
};

#define NODES	   (sizeof(nodes) / sizeof(nodes[0]))
#define CHECKS_MAX (NODES + 4)

#define DEFAULT_REGIONS 64u

struct doctor {
	char user[64]; /* the user it is for */
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

/* The name of KVM's module depends on the CPU. */
static const char *module_of(const struct node *node)
{
	FILE *file;
	char word[64] = "";
	const char *module = node->module;

	if (strcmp(node->module, "kvm") != 0)
		return node->module;
	file = fopen("/proc/cpuinfo", "re");
	while (file && fscanf(file, "%63s", word) == 1) {
		if (strcmp(word, "vmx") == 0)
			module = "kvm_intel";
		else if (strcmp(word, "svm") == 0)
			module = "kvm_amd";
		else
			continue;
		break;
	}
	if (file)
		fclose(file);
	return module;
}

/* "root:kvm, mode 0660", and the command that grants the user access. */
static void explain_denied(const struct node *node, const char *user, char *text, char *fix,
			   size_t size)
{
	struct stat st;
	struct group *group;
	struct passwd *owner;
	char owner_name[40], group_name[40];

	snprintf(fix, size, "setfacl -m u:%s:rw %s", user, node->path);
	if (stat(node->path, &st) < 0) {
		snprintf(text, size, "user %s can neither open nor stat it", user);
		return;
	}
	owner = getpwuid(st.st_uid);
	group = getgrgid(st.st_gid);
	snprintf(owner_name, sizeof(owner_name), "%s", owner ? owner->pw_name : "?");
	snprintf(group_name, sizeof(group_name), "%s", group ? group->gr_name : "?");
	snprintf(text, size, "user %s cannot open it: it belongs to %s:%s and has mode %04o", user,
		 owner_name, group_name, st.st_mode & 07777u);
	/* Membership in the group "root" would grant far more than one device. */
	if (group && st.st_gid != 0 && (st.st_mode & 060) == 060)
		snprintf(fix, size, "usermod -aG %s %s", group_name, user);
}

/* Each reason for a failed open has its own text. */
static void explain(const struct node *node, int error, const char *user, char *text, char *fix,
		    size_t size)
{
	const char *module = module_of(node);
	char number[DOC_ERRNO_MAX];
	struct stat st;

	snprintf(fix, size, "modprobe %s", module);
	switch (error) {
	case -ENOENT:
		snprintf(
			text, size,
			"there is no such node: the module %s is not loaded, or this container does "
			"not have the node",
			module);
		break;
	case -ENODEV:
		snprintf(text, size,
			 "the node exists but has no driver: the kernel could not load the module "
			 "%s",
			 module);
		break;
	case -ENXIO:
		snprintf(text, size, "no driver is registered for the node's device number");
		if (stat(node->path, &st) == 0 && !S_ISCHR(st.st_mode))
			snprintf(text, size, "it is not a device node");
		break;
	case -EACCES:
		explain_denied(node, user, text, fix, size);
		break;
	case -EPERM:
		snprintf(text, size,
			 "its mode permits it, but a device cgroup, a security module or a sandbox "
			 "does not");
		snprintf(fix, size, "systemctl set-property UNIT DeviceAllow=\"%s rw\"",
			 node->path);
		break;
	default:
		snprintf(text, size, "it cannot be opened: %s", doc_errno(number, error));
		snprintf(fix, size, "dmesg | tail");
		break;
	}
}

/* ---------------------------------------------------------------------------------------- checks */

/* Runs in a child, as the user: the result of each open. */
static void open_nodes(void *answer, const void *question)
{
	int *results = answer;

	for (size_t i = 0; i < NODES; i++) {
		int fd = open(nodes[i].path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

		results[i] = fd < 0 ? -errno : 0;
		if (fd >= 0)
			close(fd);
	}
}

static int check_nodes(struct doctor *doctor, const struct host_user *user, struct host_error *err)
{
	int results[NODES] = { 0 };
	int r = host_user_ask(user, open_nodes, NULL, results, sizeof(results), err);

	for (size_t i = 0; r == 0 && i < NODES; i++) {
		char text[300], fix[300];

		if (results[i] == 0) {
			add(doctor, nodes[i].path, nodes[i].needed, "ok", "it opens", "");
			continue;
		}
		explain(&nodes[i], results[i], doctor->user, text, fix, sizeof(text));
		add(doctor, nodes[i].path, nodes[i].needed, "missing", text, fix);
		if (nodes[i].needed)
			doctor->ok = false;
	}
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
		const char *what, *fix;
	} limits[] = {
		{ "RLIMIT_NOFILE", RLIMIT_NOFILE, 1024,
		  "open files; a queue pair takes two, plus some eventfds in the launcher",
		  "ulimit -n 4096" },
		{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 0,
		  "bytes of locked memory; vhost-net needs none, vDPA all of the guest's memory",
		  "ulimit -l unlimited" },
		{ "RLIMIT_NPROC", RLIMIT_NPROC, 256,
		  "processes and threads of the user; each vhost worker counts as one",
		  "ulimit -u 4096" },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		char soft[32], hard[32], text[300];
		struct rlimit limit;
		bool low;

		if (getrlimit(limits[i].resource, &limit) < 0)
			continue;
		low = limit.rlim_cur < limits[i].least;
		print_limit(soft, sizeof(soft), limit.rlim_cur);
		print_limit(hard, sizeof(hard), limit.rlim_max);
		snprintf(text, sizeof(text), "%s (at most %s) %s%s", soft, hard, limits[i].what,
			 other ? "; of this process, inherited by a launcher" : "");
		add(doctor, limits[i].name, false, low ? "low" : "ok", text,
		    low ? limits[i].fix : "");
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
	struct passwd *self = getpwuid(geteuid());
	struct json_object *tree;
	struct host_user found;
	int r = 0;

	if (user)
		r = host_user_find(user, &found, err);
	if (r < 0)
		return r;
	snprintf(doctor.user, sizeof(doctor.user), "%s",
		 user	? found.name
		 : self ? self->pw_name
			: "this user");
	r = check_nodes(&doctor, user ? &found : NULL, err);
	if (r == 0) {
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
