/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errname - the names of errnos, for messages of the library and of the command.
 */
#ifndef DOC_ERRNAME_H
#define DOC_ERRNAME_H

/** doc_errname() - "EFAULT" of 14, and so on; "unknown errno" of a number that Linux does not have. */
const char *doc_errname(int error);

#endif
