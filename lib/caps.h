/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * caps - what a host can do, as the vhost-caps document has it.
 */
#ifndef LIB_CAPS_H
#define LIB_CAPS_H

#include "doc.h"
#include "vhostconfig.h"

struct vhc_caps_node {
	char *path;
	bool opens;
	char *error, *reason, *remedy; /* "" when it opens */
	struct doc_list words;	       /* of features */
	struct doc_list features;      /* of struct vhc_feature_row */
	uint64_t backend_features;
	struct doc_list ioctls; /* the newer ones that it has */
};

struct vhc_caps_tap {
	bool probed;
	char *reason; /* "" when it was */
	uint64_t offloads;
	struct doc_list words, features;
};

struct vhc_caps_parameter {
	char *name, *value;
};

struct vhc_caps {
	char *kernel;
	struct doc_list nodes;
	struct vhc_caps_tap tap;
	uint64_t max_mem_regions, max_tap_queues;
	struct doc_list parameters;
};

struct vhc_dev;

/** vhc_caps_read() - make a device that is not there one of the host that a document describes. */
int vhc_caps_read(struct vhc_dev *dev, const char *json);

#endif
