/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errname - an errno by its name, which is what people search for.
 */
#ifndef LIB_ERRNAME_H
#define LIB_ERRNAME_H

#include <string.h>

static inline const char *vhc_errname(int error)
{
#ifdef __GLIBC__
	const char *name = strerrorname_np(error);

	return name ? name : "unknown errno";
#else
	return strerror(error);
#endif
}

#endif
