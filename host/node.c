/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device nodes.  A remedy has to work where it is read: in a container there may be no modules of the
 * kernel, no systemd and no right to make nodes, and the ids of another user namespace have no names.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/vhost.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "errname.h"
#include "log.h"
#include "node.h"

#define MISC_MAJOR 10u

#define REQUEST(name) name, #name

const struct host_node host_nodes[HOST_NODES] = {
	{ "/dev/vhost-net", "vhost_net", true, REQUEST(VHOST_GET_FEATURES) },
	{ "/dev/vhost-vsock", "vhost_vsock", false, REQUEST(VHOST_GET_FEATURES) },
	{ "/dev/vhost-scsi", "vhost_scsi", false, REQUEST(VHOST_GET_FEATURES) },
	{ "/dev/net/tun", "tun", true, REQUEST(TUNGETFEATURES) },
	{ "/dev/kvm", "kvm", false, REQUEST(KVM_GET_API_VERSION) },
};

/* -------------------------------------------------------------------------------- what is here */

/* The minor number of the node's driver, as /proc/misc lists it; -1 if no such driver is loaded. */
static int driver_minor(const struct host_node *node)
{
	const char *name = strrchr(node->path, '/') + 1;
	FILE *file = fopen("/proc/misc", "re");
	char listed[64];
	int minor, found = -1;

	while (file && found < 0 && fscanf(file, "%d %63s", &minor, listed) == 2)
		if (strcmp(listed, name) == 0)
			found = minor;
	if (file)
		fclose(file);
	return found;
}

/* In one, root may neither make nodes nor load modules, and other ids than its own have no names. */
static bool in_user_namespace(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int inside = 0, outside = 0, count = UINT32_MAX;

	if (file && fscanf(file, "%u %u %u", &inside, &outside, &count) != 3)
		count = 0;
	if (file)
		fclose(file);
	return inside != 0 || outside != 0 || count != UINT32_MAX;
}

static bool has_program(const char *name)
{
	static const char *const folders[] = { "/usr/bin", "/bin", "/usr/sbin", "/sbin" };
	char path[64];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* The service of this process, "" if systemd does not run it as one. */
static void get_unit(char *unit, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[300], *at;

	*unit = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		at = strrchr(line, '/');
		if (at && strlen(at) > 8 && strcmp(at + strlen(at) - 8, ".service") == 0)
			snprintf(unit, size, "%.100s", at + 1);
	}
	if (file)
		fclose(file);
}

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

/* --------------------------------------------------------------------------------------- trying */

int host_node_try(const struct host_node *node)
{
	uint64_t answer = 0;
	struct stat st;
	int minor = driver_minor(node), r = 0;
	int fd = host_traced(open(node->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
			     "open(\"%s\", O_RDWR|O_NONBLOCK)", node->path);

	if (fd < 0)
		return -errno;
	if (host_traced(ioctl(fd, node->request, &answer), "ioctl(%d<%s>, %s)", fd, node->path,
			node->request_name) < 0 &&
	    errno == ENOTTY)
		r = -ENOTTY;
	if (fstat(fd, &st) < 0 ||
	    (minor >= 0 && st.st_rdev != makedev(MISC_MAJOR, (unsigned int)minor)))
		r = -ENOTTY;
	close(fd);
	return r;
}

int host_tap_try(void)
{
	struct ifreq link = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = host_traced(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK),
			     "open(\"/dev/net/tun\", O_RDWR|O_NONBLOCK)");
	int r = fd < 0 || host_traced(ioctl(fd, TUNSETIFF, &link),
				      "ioctl(%d</dev/net/tun>, TUNSETIFF, {\"\", "
				      "IFF_TAP|IFF_NO_PI|IFF_VNET_HDR})",
				      fd) < 0
			? -errno
			: 0;

	if (fd >= 0)
		close(fd);
	return r;
}

/* ------------------------------------------------------------------------------------ explaining */

struct advice {
	const struct host_node *node;
	const char *user;
	char *text, *fix;
	size_t size;
};

/* The command that loads the module, after @first, which makes room for the node. */
static void advise_module(const struct advice *advice, const char *why, const char *first)
{
	const char *module = module_of(advice->node);
	struct utsname kernel;
	char path[100];

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s", kernel.release);
	if (in_user_namespace())
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
	int minor = driver_minor(node);
	char text[300];

	if (minor < 0) {
		snprintf(text, sizeof(text), "%s: the module %s is not loaded", why,
			 module_of(node));
		advise_module(advice, text, first);
		return;
	}
	snprintf(advice->text, advice->size, "%s, though the kernel has its driver%s", why,
		 in_user_namespace() ? "; it has to be given to this user namespace from outside"
				     : "");
	if (!in_user_namespace())
		snprintf(advice->fix, advice->size, "%s%smknod -m 0660 %s c %u %d", first,
			 strcmp(node->path, "/dev/net/tun") == 0 ? "mkdir -p /dev/net && " : "",
			 node->path, MISC_MAJOR, minor);
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
	if (in_user_namespace()) {
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
		 "user %s cannot open it: it belongs to %s:%s and has mode %04o", user, owner_name,
		 group_name, st.st_mode & 07777u);
	/* Membership in the group "root" would grant far more than one device. */
	if (group && st.st_gid != 0 && (st.st_mode & 060) == 060)
		snprintf(advice->fix, advice->size, "usermod -aG %s %s", group_name, user);
	else if (has_program("setfacl"))
		snprintf(advice->fix, advice->size, "setfacl -m u:%s:rw %s", user, path);
	else
		snprintf(advice->fix, advice->size, "chown %s %s", user, path);
}

static void explain_forbidden(const struct advice *advice)
{
	char unit[128];

	get_unit(unit, sizeof(unit));
	snprintf(
		advice->text, advice->size,
		"its mode permits it, but a device cgroup, a security module or a sandbox does not");
	if (*unit && !in_user_namespace() && has_program("systemctl"))
		snprintf(advice->fix, advice->size,
			 "systemctl set-property %s DeviceAllow=\"%s rw\"", unit,
			 advice->node->path);
}

void host_node_explain(const struct host_node *node, int error, const char *user, char *text,
		       char *fix, size_t size)
{
	const struct advice advice = { node, user, text, fix, size };
	char number[DOC_ERRNO_MAX];
	struct stat st;

	fix[0] = '\0';
	if (error == -ENOENT) {
		advise_new_node(&advice, "there is no such node", "");
	} else if (stat(node->path, &st) == 0 && (error == -ENOTTY || !S_ISCHR(st.st_mode))) {
		explain_other(&advice, &st);
	} else if (error == -ENODEV || error == -ENXIO) {
		advise_module(&advice, "the node exists but has no driver", "");
	} else if (error == -EACCES) {
		explain_denied(&advice);
	} else if (error == -EPERM) {
		explain_forbidden(&advice);
	} else {
		snprintf(text, size, "it cannot be opened: %s", doc_errno(number, error));
	}
}

const struct host_node *host_node_find(const char *path)
{
	for (size_t i = 0; i < HOST_NODES; i++)
		if (strcmp(host_nodes[i].path, path) == 0)
			return &host_nodes[i];
	return NULL;
}

const char *host_self_name(char buf[HOST_SELF_MAX])
{
	const struct passwd *self = getpwuid(geteuid());

	snprintf(buf, HOST_SELF_MAX, "%s", self ? self->pw_name : "this user");
	return buf;
}
