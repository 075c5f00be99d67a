/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * baseline - what the hosts of a set have in common, and how they differ.
 */
#ifndef LIB_CAPS_BASELINE_H
#define LIB_CAPS_BASELINE_H

#include "caps/document.h"
#include "ctx.h"

enum vhi_standing {
	VHI_THERE,
	VHI_UNKNOWN, /* it could not be asked */
	VHI_ABSENT
};

/* A part of a host that has features: the node of a kind, or its taps. */
struct vhi_host_part {
	enum vhi_standing standing;
	struct vhc_features set;
};

/* What is compared of a host. */
struct vhi_profile {
	struct vhi_host_part nodes[VHI_KINDS], tap; /* by the index of a kind */
};

struct vhi_caps_host {
	const char *name; /* the caller's */
	char *kernel;
	struct vhi_profile profile;
};

/* What the set has, and its hosts. */
struct vhi_caps_set {
	struct vhi_profile common;
	struct vhi_caps_host *hosts;
	size_t count;
};

/** vhi_caps_node_standing() - is it there? */
enum vhi_standing vhi_caps_node_standing(const struct vhi_caps *caps,
					 const struct vhi_caps_node *node);
enum vhi_standing vhi_caps_tap_standing(const struct vhi_caps *caps);

/** vhi_caps_set_profile() - what is compared of a host: from its document. */
void vhi_caps_set_profile(struct vhi_caps_host *host, const struct vhi_caps *caps);

/**
 * vhi_caps_put_groups() - the rows on how the hosts of a set differ: groups, lacking.
 * Errors: -ENOMEM; doc_clear() frees what there is by then.
 */
int vhi_caps_put_groups(const struct vhi_caps_set *set, struct vhi_caps *ret);

#endif
