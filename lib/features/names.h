/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names - what is known of each feature bit: name, origin, requirement.
 * For this room alone.
 */
#ifndef LIB_FEATURES_NAMES_H
#define LIB_FEATURES_NAMES_H

#include "vhostconfig.h"

/* A bit and what is required with it: all of @all, and one of @any unless that is empty. */
struct vhi_bit {
	struct vhc_feature feature;
	struct vhc_features all, any;
};

/** vhi_bit_get() - what is known of one bit; NULL for one without a name. */
const struct vhi_bit *vhi_bit_get(enum vhc_type type, uint32_t bit);

/** vhi_name_is() - compare ASCII letters without case, whatever the locale. */
bool vhi_name_is(const char *name, const char *word, size_t len);

/**
 * vhi_bit_find() - a bit by its name, its constant or another name in use, in any case; private bits
 * too.  Returns the bit or -ENOENT.
 */
int vhi_bit_find(enum vhc_type type, const char *word, size_t len);

/** vhi_bit_device() - what messages call a device of this type: "a vsock device". */
const char *vhi_bit_device(enum vhc_type type);

/**
 * vhi_bit_private() - the constant of a bit that is between vhost and its user, and never a guest's;
 * NULL for any other bit.
 */
const char *vhi_bit_private(uint32_t bit);

#endif
