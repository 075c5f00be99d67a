/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errname - the names of errnos, for messages of the library and of the command.
 */
#ifndef DOC_ERRNAME_H
#define DOC_ERRNAME_H

/** doc_errname() - "EFAULT" of 14, and so on; "unknown errno" of a number that Linux does not have. */
const char *doc_errname(int error);

/** doc_errno() - "Bad address (EFAULT)" of -14: how every message shows a negative errno.  Returns @buf. */
#define DOC_ERRNO_MAX 96
const char *doc_errno(char buf[DOC_ERRNO_MAX], int code);

#endif
