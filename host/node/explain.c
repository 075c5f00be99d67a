/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device nodes.  A remedy has to work where it is read: in a container there may be no modules of the
 * kernel, no systemd and no right to make nodes, and the ids of another user namespace have no names.
 */
#include <errno.h>
#include <grp.h>
#include <mntent.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "errname.h"
#include "node/cgroup.h"
#include "node/here.h"
#include "node/node.h"
#include "node/security.h"

/* The name of KVM's module depends on the CPU. */
static const char *module_of(const struct host_node *node)
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

struct advice {
	const struct host_node *node;
	const char *user;
	char *text, *fix;
	size_t size;
};

/* "CONFIG_VHOST_NET" of "vhost_net": the kernel calls it so for each of these modules. */
static const char *option_of(const char *module, char option[40])
{
	size_t length = (size_t)snprintf(option, 40, "CONFIG_%s", module);

	for (size_t i = 0; i < length && i < 40; i++)
		if (option[i] >= 'a' && option[i] <= 'z')
			option[i] = (char)(option[i] - 'a' + 'A');
	return option;
}

/* The command that loads the module, after @first, which makes room for the node. */
static void advise_module(const struct advice *advice, const char *why, const char *first)
{
	const char *module = module_of(advice->node);
	struct utsname kernel;
	char path[100], option[40];

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s", kernel.release);
	if (host_kernel_lacks(option_of(module, option)))
		snprintf(
			advice->text, advice->size,
			"%s, as this kernel, %s, was built without %s: boot one that has it, as the standard "
			"kernels of distributions do (Debian's packages linux-image-ARCHITECTURE)",
			why, kernel.release, option);
	else if (host_in_user_namespace())
		snprintf(advice->text, advice->size,
			 "%s; only root outside this user namespace can load %s", why, module);
	else if (access(path, F_OK) < 0)
		snprintf(advice->text, advice->size,
			 "%s, and %s is not here: install the modules of this kernel, or, in a "
			 "container, load %s on its host",
			 why, path, module);
	else {
		snprintf(advice->text, advice->size, "%s", why);
		snprintf(advice->fix, advice->size, "%smodprobe %s", first, module);
	}
}

/* There is no node for the driver, or something else in its place. */
static void advise_new_node(const struct advice *advice, const char *why, const char *first)
{
	const struct host_node *node = advice->node;
	int minor = host_node_minor(node);
	char text[300];

	if (minor < 0) {
		snprintf(text, sizeof(text), "%s: the module %s is not loaded", why,
			 module_of(node));
		advise_module(advice, text, first);
		return;
	}
	snprintf(advice->text, advice->size, "%s, though the kernel has its driver%s", why,
		 host_in_user_namespace()
			 ? "; it has to be given to this user namespace from outside"
			 : "");
	if (!host_in_user_namespace())
		snprintf(advice->fix, advice->size, "%s%smknod -m 0660 %s c %u %d", first,
			 strcmp(node->path, "/dev/net/tun") == 0 ? "mkdir -p /dev/net && " : "",
			 node->path, HOST_MISC_MAJOR, minor);
}

/* What is mounted over the node cannot be removed from here. */
static bool is_mounted(const struct host_node *node, const struct stat *st)
{
	char parent[64];
	struct stat above;

	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(node->path, '/') - node->path),
		 node->path);
	return stat(parent, &above) == 0 && above.st_dev != st->st_dev;
}

static void explain_other(const struct advice *advice, const struct stat *st)
{
	const char *remove = S_ISDIR(st->st_mode) ? "rmdir" : "rm";
	char why[100], first[64];

	if (S_ISCHR(st->st_mode))
		snprintf(why, sizeof(why), "it is another device, %u:%u", major(st->st_rdev),
			 minor(st->st_rdev));
	else
		snprintf(why, sizeof(why), "it is %s and no device node",
			 S_ISDIR(st->st_mode) ? "a directory" : "a file");
	snprintf(first, sizeof(first), "%s %s && ", remove, advice->node->path);
	advise_new_node(advice, why, first);
	if (is_mounted(advice->node, st)) {
		snprintf(advice->text, advice->size,
			 "%s, which was mounted there by whoever made this container", why);
		advice->fix[0] = '\0';
	}
}

/* "root:kvm, mode 0660", and the command that grants the user access. */
static void explain_denied(const struct advice *advice)
{
	const char *path = advice->node->path, *user = advice->user;
	struct passwd *owner;
	struct group *group;
	char owner_name[40], group_name[40];
	struct stat st;

	if (stat(path, &st) < 0) {
		snprintf(advice->text, advice->size, "user %s can neither open nor stat it", user);
		return;
	}
	if (host_in_user_namespace()) {
		snprintf(
			advice->text, advice->size,
			"user %s cannot open it: it has mode %04o, and only its owner outside this user "
			"namespace can change that",
			user, st.st_mode & 07777u);
		return;
	}
	owner = getpwuid(st.st_uid);
	group = getgrgid(st.st_gid);
	snprintf(owner_name, sizeof(owner_name), "%s", owner ? owner->pw_name : "?");
	snprintf(group_name, sizeof(group_name), "%s", group ? group->gr_name : "?");
	snprintf(advice->text, advice->size,
		 "user %s cannot open it: it belongs to %s:%s and has mode %04o%s", user,
		 owner_name, group_name, st.st_mode & 07777u,
		 getxattr(path, "system.posix_acl_access", NULL, 0) > 0 ? " and an ACL" : "");
	/* Membership in the group "root" would grant far more than one device. */
	if (group && st.st_gid != 0 && (st.st_mode & 060) == 060)
		snprintf(advice->fix, advice->size, "usermod -aG %s %s", group_name, user);
	else if (host_has_program("setfacl"))
		snprintf(advice->fix, advice->size, "setfacl -m u:%s:rw %s", user, path);
	else
		snprintf(advice->fix, advice->size, "chown %s %s", user, path);
}

/* Where the file system that a node is on is mounted. */
static void explain_mount(const struct advice *advice)
{
	FILE *file = setmntent("/proc/self/mounts", "re");
	struct mntent *entry, *found = NULL;
	char place[100] = "";
	size_t len;

	while (file && (entry = getmntent(file))) {
		len = strlen(entry->mnt_dir);
		if (len < sizeof(place) && len >= strlen(place) &&
		    strncmp(advice->node->path, entry->mnt_dir, len) == 0 &&
		    (advice->node->path[len] == '/' || advice->node->path[len] == '\0')) {
			snprintf(place, sizeof(place), "%s", entry->mnt_dir);
			found = entry;
		}
	}
	snprintf(advice->text, advice->size, "%s is mounted with nodev",
		 found ? place : "its folder");
	if (found && geteuid() == 0 && !host_in_user_namespace())
		snprintf(advice->fix, advice->size, "mount -o remount,bind,dev %s", place);
	if (file)
		endmntent(file);
}

static void explain_filter(const struct advice *advice)
{
	snprintf(
		advice->text, advice->size,
		"its mode and the device cgroup permit it, but a seccomp filter, which this process is "
		"under, or a security module does not: whatever started it has to leave that out");
}

static void explain_security(const struct advice *advice)
{
	host_security_explain(advice->node->path, advice->text, advice->size);
}

static void explain_cgroup(const struct advice *advice)
{
	host_cgroup_explain(advice->node->path, advice->text, advice->fix, advice->size);
}

void host_node_explain(const struct host_node *node, const struct host_node_answer *answer,
		       const char *user, char text[HOST_NODE_TEXT], char fix[HOST_NODE_TEXT])
{
	static void (*const refused[])(const struct advice *advice) = {
		[HOST_REFUSED_BY_MODE] = explain_denied,
		[HOST_REFUSED_BY_MOUNT] = explain_mount,
		[HOST_REFUSED_BY_CGROUP] = explain_cgroup,
		[HOST_REFUSED_BY_SECURITY] = explain_security,
		[HOST_REFUSED_BY_FILTER] = explain_filter,
	};
	const struct advice advice = { node, user, text, fix, HOST_NODE_TEXT };
	const int error = answer->error;
	char number[DOC_ERRNO_MAX];
	struct stat st;

	fix[0] = '\0';
	if (error == -ENOENT) {
		advise_new_node(&advice, "there is no such node", "");
	} else if (stat(node->path, &st) == 0 && (error == -ENOTTY || !S_ISCHR(st.st_mode))) {
		explain_other(&advice, &st);
	} else if (error == -ENODEV || error == -ENXIO) {
		advise_module(&advice, "the node exists but has no driver", "");
	} else if (refused[answer->by]) {
		refused[answer->by](&advice);
	} else {
		snprintf(text, HOST_NODE_TEXT, "it cannot be opened: %s", doc_errno(number, error));
	}
}
