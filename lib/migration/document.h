/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * saved - a device as the vhost-state document has it: what another host needs to go on with it, and
 * nothing of this one.
 */
#ifndef LIB_SAVED_H
#define LIB_SAVED_H

#include "doc.h"
#include "features/rows.h"
#include "ring/layout.h"
#include "vhostconfig.h"

/* An address that is not given. */
#define VHC_SAVED_NO_ADDR UINT64_MAX

#define VHC_SAVED_MAX_PAIRS 256u /* drivers/net/tun.c, MAX_TAP_QUEUES */

/* A ring that was set up, if only in part: all three addresses, or none. */
struct vhc_saved_ring {
	uint64_t index, size;
	uint32_t format; /* enum vhc_format */
	uint64_t desc, avail, used, base;
	bool enabled;
};

struct vhc_saved_region {
	uint64_t guest_addr, size;
};

struct vhc_saved_guest {
	bool iommu;
};

struct vhc_saved {
	char *device;
	uint32_t type; /* 0: net */
	bool running;
	uint64_t queue_pairs;
	struct doc_list words, features; /* as struct vhc_feature_row */
	uint64_t backend_features;
	struct vhc_saved_guest guest;
	uint64_t header_bytes;
	uint64_t mtu; /* 0: not given */
	char *mac;    /* NULL: not given */
	struct doc_list rings, memory;
	uint64_t checksum;
};

/* Whose bits the acked features are. */
extern const struct vhc_feature_names vhc_saved_names;

/* IOTLB messages of the second form, as a mask: what an IOMMU's guest needs of a back end. */
#define VHC_SAVED_IOTLB_V2 2u

/**
 * vhc_saved_read() - read a whole document: form, checksum, and everything that vhc_saved_check()
 * looks at.
 * @device: whose error it is; NULL for nobody's.  Give @ret to vhc_saved_clear() after success.
 * Errors: -EINVAL with the JSON pointer and the line; -E2BIG; -ENOMEM.
 */
int vhc_saved_read(struct vhc_ctx *ctx, const char *device, const char *json,
		   struct vhc_saved *ret);
/** vhc_saved_parse() - the same with @err, and nobody's last error. */
int vhc_saved_parse(const char *json, struct vhc_saved *ret, struct doc_error *err);
void vhc_saved_clear(struct vhc_saved *saved);

/** vhc_saved_fail() - the document is wrong at @pointer: -EINVAL, as vhc_saved_read() says it. */
int vhc_saved_fail(struct vhc_ctx *ctx, const char *device, const char *json, const char *pointer,
		   const char *format, ...) __attribute__((format(printf, 5, 6)));

/** vhc_saved_write() - the document, with the checksum made anew.  For free(3); NULL: no memory. */
char *vhc_saved_write(struct vhc_saved *saved);

/**
 * vhc_saved_sum() - the checksum: CRC-32 of the document without it, as doc_write() makes it, in one
 * line without blanks.  Errors: -ENOMEM.
 */
int vhc_saved_sum(const struct vhc_saved *saved, uint32_t *ret);

/**
 * vhc_saved_check() - what no table of fields can say: do the values agree with each other, and could
 * any device be so?  state-check.c.
 * @text, @len: the document, to find a line; may be NULL.
 * Errors: -EINVAL with @err; -ENOMEM.
 */
int vhc_saved_check(const struct vhc_saved *saved, const char *text, size_t len,
		    struct doc_error *err);

/** vhc_saved_memory() - the guest's memory, merged.  NULL: no memory of our own. */
struct vhc_table *vhc_saved_memory(const struct vhc_saved *saved);

/** vhc_saved_addr() - the ring's addresses by part; false when they are not given. */
bool vhc_saved_addr(const struct vhc_saved_ring *ring, uint64_t ret[VHC_PARTS]);

#endif
