/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look - what check.c (where a ring lies) and window.c (where it stands) share: one ring, looked at.
 */
#ifndef LIB_LOOK_H
#define LIB_LOOK_H

#include "dev.h"

struct vhc_look {
	struct vhc_dev *dev;
	uint32_t ring;
	enum vhc_format format;
	bool iommu;		      /* its addresses are I/O virtual */
	struct vhc_ring_state *state; /* the values to look at; gets the user addresses */
	const char *hint;	      /* what to do about a base that its memory contradicts */
};

/** vhc_look_fail() - "ring 3: ..." */
int vhc_look_fail(const struct vhc_look *look, int code, const char *hint, const char *text);

/** vhc_look_settings() - is set what must be before anything can be looked at?  -EAGAIN. */
int vhc_look_settings(const struct vhc_look *look);

/** vhc_look_place() - size, alignment, and where the parts are; writes their user addresses. */
int vhc_look_place(const struct vhc_look *look);

/** vhc_look_window() - the indices in its memory: of a ring that stands, or of one that runs. */
int vhc_look_window(const struct vhc_look *look);

#endif
