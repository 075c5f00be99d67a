/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter - the parameters of the module vhost.
 */
#ifndef LIB_SYSCALL_PARAMETER_H
#define LIB_SYSCALL_PARAMETER_H

#include "syscall/sys.h"

#define VHI_DEFAULT_MAX_REGIONS 64u /* drivers/vhost/vhost.c, max_mem_regions */

/* For errors about too many regions: which parameters, and what to do. */
#define VHI_REGION_PARAMETERS \
	"the smaller of max_mem_regions and max_iotlb_entries in /sys/module/vhost/parameters"
#define VHI_REGION_HINT "raise vhost's module parameters max_mem_regions and max_iotlb_entries"

/**
 * vhi_parameter_max_mappings() - the most mappings of an IOTLB that the kernel keeps; 0 is no limit.
 * Without the module, or if /sys cannot be read, it is the kernel's default.
 * Errors: -EMFILE, -ENFILE, -ENOMEM: this process ran out of a resource.
 */
int vhi_parameter_max_mappings(const struct vhi_sys *sys, uint32_t *ret);

/**
 * vhi_parameter_max_regions() - the most regions of a memory table that the kernel keeps: a table has the
 * limit of an IOTLB too, beyond which the kernel silently drops the first regions
 * (drivers/vhost/iotlb.c, vhost_iotlb_add_range()).
 * Errors: as vhi_parameter_max_mappings().
 */
int vhi_parameter_max_regions(const struct vhi_sys *sys, uint32_t *ret);

#endif
