/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * no-bpf - in place of bpf.c in a build without BPF.
 */
#include <errno.h>

#include "raw.h"

const bool look_bpf_built = false;

int look_bpf_read(struct raw_list *ret)
{
	return -ENOSYS;
}

void look_raw_clear(struct raw_list *list)
{
}
