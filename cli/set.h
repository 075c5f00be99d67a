/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets of features on the command line.
 */
#ifndef CLI_SET_H
#define CLI_SET_H

#include "cli.h"

/*
 * cli_read_set() - read a set from arguments: names, numbers of bits, one mask, or its words, the
 * lowest first.  An exit status.
 */
int cli_read_set(const struct cli_call *call, char **arguments, int count,
		 struct vhc_features *ret);

#endif
