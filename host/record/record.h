/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a link had before a set-up changed it, kept outside the process that may be killed: a file of its own
 * in /run/vhostctl for each such link, from before the first change until the set-up has ended, well or
 * undone.  Changes no link.
 */
#ifndef HOST_RECORD_H
#define HOST_RECORD_H

#include "doc.h"
#include "error.h"
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
 * host_record_write() - write a file that is not there yet in the folder @path, and keep it locked.
 * Returns its fd, which holds the lock, or a negative errno: -EPERM, others may write to the folder; -EEXIST.
 */
int host_record_write(const char *path, const char *name, const char *text);
/*
 * host_record_read() - the text, for free(3), of a file that is there, which gets locked.
 * Returns its fd as above.  Errors: -ENOENT: there is none; -EBUSY: the set-up that wrote it still runs;
 * -ENOTDIR: what is in the folder's place is none, or others may write to it.
 */
int host_record_read(const char *path, const char *name, char **ret, size_t *ret_len);
/* host_record_peek() - the same of one that may be locked by the process that wrote it: @ret_busy. */
int host_record_peek(const char *path, const char *name, bool *ret_busy, char **ret,
		     size_t *ret_len);
/* host_record_remove() - remove the file. */
int host_record_remove(const char *path, const char *name);

/* broker.c */

/* A broker: who it is, and what it serves.  While its process lives, the file is locked. */
struct host_broker_record {
	uint64_t pid;
	char *setup; /* the vhost-setup document, without variables */
	bool runs;
};

/* host_broker_record_write() - for this process.  Results: as host_record_write(). */
int host_broker_record_write(const char *name, const char *setup);
/*
 * host_broker_record_read() - pass it to host_broker_record_clear().
 * Returns the file's fd, which holds the lock unless the broker runs.  Errors: as host_record_peek(); -EINVAL: it is
 * damaged.
 */
int host_broker_record_read(const char *name, struct host_broker_record *ret);
void host_broker_record_clear(struct host_broker_record *record);
int host_broker_record_remove(const char *name);
/*
 * host_broker_record_find() - the process that has this file open: one of that number may be another by now.
 * Returns a pidfd.  Errors: -ESRCH: it is not that process; what pidfd_open(2) says.
 */
int host_broker_record_find(const struct host_broker_record *record, int fd);

/* end.c */

/* host_broker_record_settle() - as host_broker_record_read(), but not while the broker is ending. */
int host_broker_record_settle(const char *name, struct host_broker_record *ret);
/*
 * host_broker_record_end() - end the broker of this name, if it runs, and wait for that.  @ret_pid: who it
 * was; it is not written if none ran.
 * Returns the locked record of one that was killed, with @ret; -ENOENT, -ENOTDIR, -EINVAL as
 * host_broker_record_read(), and another negative errno with the error filled.
 */
int host_broker_record_end(const char *name, uint64_t *ret_pid, struct host_broker_record *ret,
			   struct host_error *err);

#endif
