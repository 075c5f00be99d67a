/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * caps - what a host supports, as described by a vhost-caps document.
 */
#ifndef LIB_CAPS_DOCUMENT_H
#define LIB_CAPS_DOCUMENT_H

#include "doc.h"
#include "vhostconfig.h"

struct vhi_caps_node {
	char *path;
	bool opens;
	char *error, *reason, *remedy; /* "" when it opens */
	struct doc_list words;	       /* of features */
	struct doc_list features;      /* of struct vhi_feature_row */
	uint64_t backend_features;     /* or VHI_CAPS_NOT_ASKED, in a probe */
	struct doc_list ioctls;	       /* the newer ones that it has */
};

#define VHI_CAPS_NOT_ASKED UINT64_MAX

/*
 * How long the lists may be: those of two hosts are compared row by row, and of 1,000 hosts.  Of what is not
 * known, a set has the rows of all its hosts, half of this at most, and one for each node and the taps.
 */
#define VHI_CAPS_MAX_NODES	32u
#define VHI_CAPS_MAX_CALLS	64u
#define VHI_CAPS_MAX_PARAMETERS 64u
#define VHI_CAPS_MAX_UNKNOWN	256u

struct vhi_caps_tap {
	bool probed;
	char *reason; /* "" when it was */
	uint64_t offloads;
	struct doc_list words, features;
};

struct vhi_caps_parameter {
	char *name, *value;
};

/* What could not be asked: nothing in the document may be taken for an answer to it. */
struct vhi_caps_unknown {
	char *what; /* a node's path, VHI_CAPS_TAP, VHI_CAPS_REGIONS, "/dev/vhost-net, busyloop_timeout" */
	char *reason, *remedy;
};

#define VHI_CAPS_TAP	 "tap"
#define VHI_CAPS_REGIONS "max_mem_regions"

/* Hosts of a set that do not differ. */
struct vhi_caps_group {
	char *kernel;
	uint64_t count;
	struct doc_list hosts, lacks, unknown; /* of char * */
};

/* A feature that some hosts of a set have, and not all. */
struct vhi_caps_lacking {
	char *type; /* of device */
	uint64_t bit;
	char *name, *lacking, *since; /* "" when it is not known */
	char *hosts;		      /* the first that lack it, and how many more do */
};

struct vhi_caps {
	char *kernel;
	struct doc_list nodes;
	struct vhi_caps_tap tap;
	uint64_t max_mem_regions, max_tap_queues;
	struct doc_list parameters;
	struct doc_list unknown;
	struct doc_list groups, lacking; /* of a set of hosts */
};

/** vhi_caps_find() - the node with this path, or NULL. */
const struct vhi_caps_node *vhi_caps_find(const struct vhi_caps *caps, const char *path);

/** vhi_caps_why_unknown() - why it could not be asked; NULL: it was. */
const struct vhi_caps_unknown *vhi_caps_why_unknown(const struct vhi_caps *caps, const char *what);

/** vhi_caps_add_unknown() - a row, from the probe or of a set.  Errors: -ENOMEM. */
int vhi_caps_add_unknown(struct vhi_caps *caps, const char *what, const char *reason,
			 const char *remedy);

/**
 * vhi_caps_parse() - read a document.  The caller clears @ret with doc_clear() after success.
 * @device: the id that errors name; NULL for none.
 * Errors: -EINVAL with the JSON pointer and the line; -ENOMEM.
 */
int vhi_caps_parse(struct vhc_ctx *ctx, const char *device, const char *json, struct vhi_caps *ret);

/* vhost-caps */
extern const struct doc_table vhi_caps_doc;

#endif
