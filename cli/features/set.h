/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets of features on the command line.
 */
#ifndef CLI_SET_H
#define CLI_SET_H

#include "program/cli.h"

/* cli_type_choices - what --type takes; the first is the default. */
extern const char *const cli_type_choices[];

/* cli_read_type() - the device type given with --type; net without it. */
enum vhc_type cli_read_type(const struct cli_call *call);

/*
 * cli_read_set() - read a set from arguments: names of a device type, numbers of bits, one mask, or
 * its words, the lowest first.  An exit status.
 */
int cli_read_set(const struct cli_call *call, enum vhc_type type, char **arguments, int count,
		 struct vhc_features *ret);

/* cli_set_hex() - the set as one hexadecimal number.  Returns @buf. */
#define CLI_SET_HEX_MAX 67
const char *cli_set_hex(const struct vhc_features *set, char buf[CLI_SET_HEX_MAX]);

#endif
