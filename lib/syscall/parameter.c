/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter - the parameters of the module vhost.
 */
#include <errno.h>
#include <stdlib.h>

#include "syscall/parameter.h"

#define PARAMETERS	     "/sys/module/vhost/parameters/"
#define DEFAULT_MAX_MAPPINGS 2048u /* drivers/vhost/vhost.c, max_iotlb_entries */

static int read_number(const struct vhi_sys *sys, const char *path, uint32_t preset, uint32_t *ret)
{
	char text[32], *end;
	unsigned long n;
	int r = vhi_sys_read(sys, path, text, sizeof(text));

	*ret = preset;
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
		return r;
	if (r <= 0)
		return 0;
	n = strtoul(text, &end, 10);
	if (end != text && n <= UINT32_MAX)
		*ret = (uint32_t)n;
	return 0;
}

int vhi_parameter_max_mappings(const struct vhi_sys *sys, uint32_t *ret)
{
	return read_number(sys, PARAMETERS "max_iotlb_entries", DEFAULT_MAX_MAPPINGS, ret);
}

int vhi_parameter_max_regions(const struct vhi_sys *sys, uint32_t *ret)
{
	uint32_t regions, mappings;
	int r = read_number(sys, PARAMETERS "max_mem_regions", VHI_DEFAULT_MAX_REGIONS, &regions);

	r = r ?: vhi_parameter_max_mappings(sys, &mappings);
	if (!r)
		*ret = mappings && mappings < regions ? mappings : regions;
	return r;
}
