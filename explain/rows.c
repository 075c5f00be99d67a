/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All parts of the table, in the order in which they are tried.
 */
#include "rows.h"

static const struct explain_rows *const parts[] = {
	&explain_migration, &explain_open,	&explain_fds,	 &explain_qemu,
	&explain_user,	    &explain_launchers, &explain_kernel,
};

const struct explain_row *explain_rows(size_t index)
{
	for (size_t i = 0; i < DOC_COUNT(parts); i++) {
		if (index < parts[i]->count)
			return &parts[i]->rows[index];
		index -= parts[i]->count;
	}
	return NULL;
}
