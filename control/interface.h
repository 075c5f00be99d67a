/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interface - the names that io.vhostctl has for its types and errors.
 */
#ifndef CONTROL_INTERFACE_H
#define CONTROL_INTERFACE_H

#include "control.h"

struct control_type {
	const char *name;
	const struct doc_table *table;
};

struct control_error_row {
	const char *name, *help;
	const struct doc_table *parameters;
};

/* These end with a row without a name. */
extern const struct control_type control_types[];
extern const struct control_error_row control_errors[];

#endif
