/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* args - VHC_ARG with no field, and with some; strict C99 as well. */
#include <vhostconfig.h>

int main(void)
{
	const struct vhc_tap_args *none = VHC_ARG(vhc_tap_args);
	const struct vhc_tap_args *some = VHC_ARG(vhc_tap_args, .queues = 2, .owner = 7);
	const struct vhc_region *long_list =
		VHC_ARG(vhc_region, .guest_addr = 4096, .size = 8192, .user_addr = 12288);

	return !(none->sz == sizeof(*none) && none->queues == 0 && none->owner == 0 &&
		 some->sz == sizeof(*some) && some->queues == 2 && some->owner == 7 &&
		 long_list->sz == sizeof(*long_list) && long_list->user_addr == 12288);
}
