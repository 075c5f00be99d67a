/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users, and dropping privileges.  Every change is read back: a launcher that runs with more
 * privileges than requested is worse than one that does not run.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errname.h"
#include "process/user.h"

#define LOOKUP_ROOM 65536u /* bytes of a database entry; groups with many members are long */

/* The number in @text; false if it is a name.  UINT32_MAX means "do not change" to system calls. */
static bool parse_id(const char *text, uint32_t *ret)
{
	unsigned long long id = 0;

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 10)
		return false;
	id = strtoull(text, NULL, 10);
	*ret = (uint32_t)id;
	return id < UINT32_MAX;
}

int host_user_find(const char *text, struct host_user *ret, struct host_error *err)
{
	struct passwd entry, *found = NULL;
	char *room = malloc(LOOKUP_ROOM), number[DOC_ERRNO_MAX];
	uint32_t uid;
	int r;

	if (!room)
		return host_fail_memory(err);
	r = getpwnam_r(text, &entry, room, LOOKUP_ROOM, &found);
	if (!found && parse_id(text, &uid))
		r = getpwuid_r(uid, &entry, room, LOOKUP_ROOM, &found);
	if (found) {
		snprintf(ret->name, sizeof(ret->name), "%s", entry.pw_name);
		ret->uid = entry.pw_uid;
		ret->gid = entry.pw_gid;
		r = strcmp(ret->name, entry.pw_name) == 0 ? 0 : -ENAMETOOLONG;
	} else {
		r = -(r ? r : ENOENT);
	}
	free(room);
	ret->group_count = HOST_GROUPS_MAX;
	if (r == 0 && getgrouplist(ret->name, ret->gid, ret->groups, &ret->group_count) < 0)
		r = -E2BIG;
	if (r == -ENOENT || r == -ESRCH)
		return host_fail(err, -ENOENT, "choose a user listed by `getent passwd`",
				 "there is no user \"%s\" on this host", text);
	if (r < 0)
		return host_fail(err, r, NULL, "cannot look up the user \"%s\": %s", text,
				 doc_errno(number, r));
	return 0;
}

/* A number need not be in the password database, if only the number is asked for. */
int host_uid_find(const char *text, uint32_t *ret_uid, struct host_error *err)
{
	struct host_user user;
	struct host_error unused;
	int r = host_user_find(text, &user, &unused);

	if (r == 0)
		*ret_uid = user.uid;
	else if (parse_id(text, ret_uid))
		r = 0;
	else
		*err = unused;
	return r;
}

int host_group_find(const char *text, uint32_t *ret_gid, struct host_error *err)
{
	struct group entry, *found = NULL;
	char *room = malloc(LOOKUP_ROOM), number[DOC_ERRNO_MAX];
	int r;

	if (!room)
		return host_fail_memory(err);
	r = getgrnam_r(text, &entry, room, LOOKUP_ROOM, &found);
	if (found)
		*ret_gid = entry.gr_gid;
	free(room);
	if (found || parse_id(text, ret_gid))
		return 0;
	if (r && r != ENOENT && r != ESRCH)
		return host_fail(err, -r, NULL, "cannot look up the group \"%s\": %s", text,
				 doc_errno(number, -r));
	return host_fail(err, -ENOENT, "choose a group listed by `getent group`",
			 "there is no group \"%s\" on this host", text);
}

static bool has_group(const gid_t *groups, int count, gid_t group)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* Does the process have exactly the user's groups?  The gid may be listed or not. */
static bool has_groups_of(const struct host_user *user)
{
	gid_t have[HOST_GROUPS_MAX];
	int count = getgroups(HOST_GROUPS_MAX, have);

	for (int i = 0; i < count; i++)
		if (have[i] != user->gid && !has_group(user->groups, user->group_count, have[i]))
			return false;
	for (int i = 0; count >= 0 && i < user->group_count; i++)
		if (user->groups[i] != user->gid && !has_group(have, count, user->groups[i]))
			return false;
	return count >= 0;
}

/* Needs no privilege if they are already right. */
static int set_groups(const struct host_user *user)
{
	if (has_groups_of(user))
		return 0;
	if (host_traced(setgroups((size_t)user->group_count, user->groups), "setgroups(%d, ...)",
			user->group_count) < 0)
		return -errno;
	return has_groups_of(user) ? 0 : -EPERM;
}

/*
 * What remains in the bounding set can be regained through a program with file capabilities.
 * Without CAP_SETPCAP it cannot be changed, which vhostctl-setup(1) documents: EPERM means only
 * that.
 */
static int drop_bounding(struct host_error *err)
{
	char number[DOC_ERRNO_MAX];
	unsigned long cap;
	int left;

	for (cap = 0; (left = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++) {
		if (left == 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			if (errno == EPERM)
				return 0;
			return host_fail(err, -errno, NULL,
					 "cannot drop capability %lu from the bounding set: %s",
					 cap, doc_errno(number, -errno));
		}
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0)
			return host_fail(
				err, -EPERM, NULL,
				"capability %lu is still in the bounding set after dropping it",
				cap);
	}
	host_traced(0, "prctl(PR_CAPBSET_DROP, each of %lu)", cap);
	return 0;
}

static int drop_capabilities(struct host_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 }, have[2];
	char number[DOC_ERRNO_MAX];

	/* Kernels without ambient capabilities have none to clear. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return host_fail(err, -errno, NULL, "cannot clear the ambient capabilities: %s",
				 doc_errno(number, -errno));
	if (host_traced((int)syscall(SYS_capset, &header, none), "capset(none)") < 0 ||
	    syscall(SYS_capget, &header, have) < 0)
		return host_fail(err, -errno, NULL, "cannot drop the capabilities: %s",
				 doc_errno(number, -errno));
	if (memcmp(have, none, sizeof(none)) != 0)
		return host_fail(err, -EPERM, NULL,
				 "capabilities remain after dropping all of them");
	return 0;
}

static int check_identity(const struct host_user *user, struct host_error *err)
{
	char number[DOC_ERRNO_MAX];
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		return host_fail(err, -errno, NULL, "cannot read the identity back: %s",
				 doc_errno(number, -errno));
	for (int i = 0; i < 3; i++)
		if (uid[i] != user->uid || gid[i] != user->gid)
			return host_fail(err, -EPERM, NULL,
					 "the identity is not that of %s after setting it",
					 user->name);
	return 0;
}

int host_user_become(const struct host_user *user, struct host_error *err)
{
	static const char hint[] = "run it as root, or omit \"user\"";
	bool other = getuid() != user->uid || geteuid() != user->uid || getgid() != user->gid;
	char number[DOC_ERRNO_MAX];
	int r = 0;

	if (user->uid != 0) {
		r = drop_bounding(err);
		if (r < 0)
			return r;
	}
	r = set_groups(user);
	if (r < 0)
		return host_fail(err, r, hint, "cannot set the groups of %s: %s", user->name,
				 doc_errno(number, r));
	if (other && host_traced(setresgid(user->gid, user->gid, user->gid),
				 "setresgid(%u, %u, %u)", user->gid, user->gid, user->gid) < 0)
		return host_fail(err, -errno, hint, "cannot set the group of %s: %s", user->name,
				 doc_errno(number, -errno));
	if (other && host_traced(setresuid(user->uid, user->uid, user->uid),
				 "setresuid(%u, %u, %u)", user->uid, user->uid, user->uid) < 0)
		return host_fail(err, -errno, hint, "cannot become %s: %s", user->name,
				 doc_errno(number, -errno));
	r = check_identity(user, err);
	if (r == 0 && user->uid != 0)
		r = drop_capabilities(err);
	return r;
}

int host_drop_privileges(struct host_error *err)
{
	int r = drop_bounding(err);

	return r < 0 ? r : drop_capabilities(err);
}

int host_user_no_new_privs(struct host_error *err)
{
	char number[DOC_ERRNO_MAX];

	if (host_traced(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS, 1)") <
	    0)
		return host_fail(err, -errno, NULL, "cannot set no_new_privs: %s",
				 doc_errno(number, -errno));
	return 0;
}

/* From the child: the answer, or the error. */
struct reply {
	int code;
	struct host_error err;
};

/* All of it, from the pipe or into it. */
static int move_all(int fd, void *data, size_t size, bool out)
{
	char *at = data;

	while (size > 0) {
		ssize_t n = out ? write(fd, at, size) : read(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static void answer_as(const struct host_user *user, void (*ask)(void *, const void *),
		      const void *question, void *answer, size_t size, int fd)
{
	struct reply reply = { 0 };

	if (user)
		reply.code = host_user_become(user, &reply.err);
	if (reply.code == 0)
		ask(answer, question);
	if (move_all(fd, &reply, sizeof(reply), true) < 0 || move_all(fd, answer, size, true) < 0)
		_exit(1);
	_exit(0);
}

int host_user_ask(const struct host_user *user, void (*ask)(void *answer, const void *question),
		  const void *question, void *answer, size_t size, struct host_error *err)
{
	char number[DOC_ERRNO_MAX];
	struct reply reply;
	int fds[2], r;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return host_fail(err, -errno, NULL, "cannot create a pipe: %s",
				 doc_errno(number, -errno));
	host_log(VHC_LEVEL_TRACE, "fork()");
	child = fork();
	if (child == 0)
		answer_as(user, ask, question, answer, size, fds[1]);
	r = child < 0 ? -errno : 0;
	close(fds[1]);
	if (child > 0 && (move_all(fds[0], &reply, sizeof(reply), false) < 0 ||
			  move_all(fds[0], answer, size, false) < 0))
		r = -EIO;
	close(fds[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return host_fail(err, r, NULL, "a child that checks as another user failed: %s",
				 doc_errno(number, r));
	if (reply.code < 0)
		*err = reply.err;
	return reply.code;
}
