/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a vhost fd has an owner.
 */
#ifndef CLI_OWNER_H
#define CLI_OWNER_H

enum cli_owner { CLI_OWNER_NONE, CLI_OWNER_SOME, CLI_OWNER_UNKNOWN };

/* cli_find_owner() - has this vhost fd, of another process or none, an owner?  Changes nothing. */
enum cli_owner cli_find_owner(int fd);

#endif
