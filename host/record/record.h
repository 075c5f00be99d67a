/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a link had before a set-up changed it, kept outside the process that may be killed: a file of its own
 * in /run/vhostctl for each such link, from before the first change until the set-up has ended, well or
 * undone.  Changes no link.
 */
#ifndef HOST_RECORD_H
#define HOST_RECORD_H

#include "doc.h"
#include "links/link.h"
#include "links/port.h"
#include "setup/setup.h"

struct host_record {
	struct host_link link;
	char bridge[sizeof(((struct host_link *)0)->name)]; /* "": it was no port */
	struct host_port port;
	struct nl_cache *addresses; /* of this link, and perhaps of others */
	struct doc_list added;	    /* what the set-up adds: "10.0.0.1/24" */
};

/* document.c */

extern const struct doc_table host_record_table;

/* host_record_format() - as a vhost-record document, for free(3).  NULL: no memory. */
char *host_record_format(const struct host_record *record);
/*
 * host_record_parse() - what host_record_format() wrote; pass it to host_record_clear().
 * Errors: -EINVAL, -E2BIG, @err filled; -ENOMEM; -ESTALE: written before this host was booted.
 */
int host_record_parse(const char *text, size_t len, struct host_record *ret, struct doc_error *err);
void host_record_clear(struct host_record *record);

/* folder.c */

#define HOST_RECORD_DIR "/run/vhostctl"
#define HOST_FOLDER_MAX 108u

/*
 * host_folder_path() - where brokers of this user have their control sockets: root's where records are, and
 * others' in the folder that they have while they are logged in.  Returns @buf; NULL: there is none.
 */
const char *host_folder_path(char buf[HOST_FOLDER_MAX]);
/*
 * host_folder_open() - open it, after making it if asked to.
 * Returns its fd, or a negative errno: -EPERM, others may write to it; -EACCES: it is root's, and this user is not.
 */
int host_folder_open(const char *path, bool make);

/* file.c */

#define HOST_RECORD_NAME_MAX 110

/*
 * host_record_name() - the file of a device: each network namespace has its own.  Returns @buf.
 */
const char *host_record_name(const struct host_setup *setup, const struct host_device *device,
			     char buf[HOST_RECORD_NAME_MAX]);

/*
 * host_record_write() - write a file that is not there yet, and keep it locked.
 * Returns its fd, which holds the lock, or a negative errno: -EPERM, others may write to the folder; -EEXIST.
 */
int host_record_write(const char *name, const char *text);
/*
 * host_record_read() - the text, for free(3), of a file that is there, which gets locked.
 * Returns its fd as above.  Errors: -ENOENT: there is none; -EBUSY: the set-up that wrote it still runs;
 * -ENOTDIR: what is in the folder's place is none, or others may write to it.
 */
int host_record_read(const char *name, char **ret, size_t *ret_len);
/* host_record_remove() - remove the file. */
int host_record_remove(const char *name);

#endif
