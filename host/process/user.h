/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users by name, and switching to one irrevocably.
 */
#ifndef HOST_USER_H
#define HOST_USER_H

#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define HOST_GROUPS_MAX 1024

struct host_user {
	char name[64]; /* as the password database has it */
	uint32_t uid, gid;
	gid_t groups[HOST_GROUPS_MAX];
	int group_count;
};

/*
 * host_user_find() - by name or number, with the user's groups: nothing else is ever looked
 * up, since a lookup may leave a socket open.  -ENOENT: no such user.
 */
int host_user_find(const char *text, struct host_user *ret, struct host_error *err);
int host_uid_find(const char *text, uint32_t *ret_uid, struct host_error *err);
int host_group_find(const char *text, uint32_t *ret_gid, struct host_error *err);

/*
 * host_user_become() - switch groups, group and user, verify them, and drop all capabilities unless
 * root.  Cannot be undone, and stops half way on failure.
 */
int host_user_become(const struct host_user *user, struct host_error *err);

/* host_user_no_new_privs() - let no later execve gain privileges. */
int host_user_no_new_privs(struct host_error *err);

/*
 * host_user_ask() - call @ask as that user in a child process and copy the @size bytes that it
 * writes to
 * @answer back.  @user: NULL: as the caller, but still in a child.
 */
int host_user_ask(const struct host_user *user, void (*ask)(void *answer, const void *question),
		  const void *question, void *answer, size_t size, struct host_error *err);

#endif
