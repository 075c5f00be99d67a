/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What refuses a process to open a node, when open(2) says no more than EACCES or EPERM.
 *
 * The kernel asks mode and ACL first, then the device cgroup, then those security modules that judge the
 * inode: access(2) asks the same without opening.  The modules that judge the opened file, and seccomp
 * filters, come into play with open(2) alone.  Mode, ACL and cgroup have errnos of their own, and what is left
 * is told apart by what is in force.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "node/here.h"
#include "node/node.h"

#define READ_WRITE 6u

/* The form of an ACL as an extended attribute: a version, then entries, all in little endian. */
#define ACL_NAME	"system.posix_acl_access"
#define ACL_VERSION	2u
#define ACL_ENTRIES_MAX 128u

enum acl_tag {
	ACL_OWNER = 1,
	ACL_USER = 2,
	ACL_GROUP_OWNER = 4,
	ACL_GROUP = 8,
	ACL_MASK = 16,
	ACL_OTHER = 32
};

struct acl_entry {
	uint16_t tag, rights;
	uint32_t id;
};

struct acl {
	uint32_t version;
	struct acl_entry entries[ACL_ENTRIES_MAX];
};

/* The mask is there if there is an entry that it limits. */
static bool by_acl(const struct stat *st, const struct acl *acl, size_t count)
{
	unsigned int user = READ_WRITE, other = 0, mask = READ_WRITE;
	bool named = false, grouped = false, by_group = false;

	for (size_t i = 0; i < count; i++) {
		unsigned int tag = le16toh(acl->entries[i].tag);
		unsigned int rights = le16toh(acl->entries[i].rights);
		uint32_t id = le32toh(acl->entries[i].id);

		if (tag == ACL_OWNER && st->st_uid == geteuid())
			return (rights & READ_WRITE) == READ_WRITE;
		if (tag == ACL_MASK)
			mask = rights;
		if (tag == ACL_OTHER)
			other = rights;
		if (tag == ACL_USER && id == geteuid()) {
			named = true;
			user = rights;
		}
		if ((tag == ACL_GROUP_OWNER && host_in_group(st->st_gid)) ||
		    (tag == ACL_GROUP && host_in_group(id))) {
			grouped = true;
			by_group = by_group || (rights & READ_WRITE) == READ_WRITE;
		}
	}
	if (named)
		return (user & mask & READ_WRITE) == READ_WRITE;
	if (grouped)
		return by_group && (mask & READ_WRITE) == READ_WRITE;
	return (other & READ_WRITE) == READ_WRITE;
}

/* Do mode, owner and ACL let this process read and write? */
static bool is_permitted(const char *path, const struct stat *st)
{
	unsigned int shift = st->st_uid == geteuid() ? 6 : host_in_group(st->st_gid) ? 3 : 0;
	struct acl acl;
	ssize_t size;

	/* The ids of another user namespace's nodes may look like ours, and no capability is for them. */
	if (host_in_user_namespace())
		return (st->st_mode & READ_WRITE) == READ_WRITE;
	if (host_has_capability(CAP_DAC_OVERRIDE))
		return true;
	size = getxattr(path, ACL_NAME, &acl, sizeof(acl));
	if (size >= (ssize_t)sizeof(acl.version) && le32toh(acl.version) == ACL_VERSION)
		return by_acl(st, &acl,
			      ((size_t)size - sizeof(acl.version)) / sizeof(acl.entries[0]));
	return (st->st_mode >> shift & READ_WRITE) == READ_WRITE;
}

enum host_refusal host_node_refusal(const char *path, int error)
{
	struct statvfs fs;
	struct stat st;

	if (error != -EACCES && error != -EPERM)
		return HOST_REFUSED_NOT;
	if (stat(path, &st) < 0)
		return HOST_REFUSED_BY_MODE;
	if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) < 0) {
		if (errno == EPERM)
			return HOST_REFUSED_BY_CGROUP;
		return is_permitted(path, &st) ? HOST_REFUSED_BY_SECURITY : HOST_REFUSED_BY_MODE;
	}
	if (error == -EPERM)
		return host_has_filter() ? HOST_REFUSED_BY_FILTER : HOST_REFUSED_BY_SECURITY;
	if (statvfs(path, &fs) == 0 && fs.f_flag & ST_NODEV)
		return HOST_REFUSED_BY_MOUNT;
	return HOST_REFUSED_BY_SECURITY;
}
