/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * document - the vhost-state document: what another host needs to continue a device, and nothing of this
 * one.
 *
 * This room saves a device as a document (save.c), loads one (load.c), checks the rules that documents
 * must keep (rules.c, ring-rules.c), and whether another host can take a device (host.c).  It asks the
 * kernel, but changes a device only by what load.c stores in its wanted state.
 */
#ifndef LIB_MIGRATION_DOCUMENT_H
#define LIB_MIGRATION_DOCUMENT_H

#include "doc.h"
#include "features/rows.h"
#include "kind/kind.h"
#include "ring/layout.h"
#include "vhostconfig.h"

/* vhost-state */
extern const struct doc_table vhi_state_doc;
/* The report of vhc_caps_check(). */
extern const struct doc_table vhi_check_doc;

/* No address. */
#define VHI_SAVED_NO_ADDR UINT64_MAX
/* No base; only in a partial document. */
#define VHI_SAVED_NO_BASE UINT64_MAX

#define VHI_SAVED_MAX_PAIRS 256u /* drivers/net/tun.c, MAX_TAP_QUEUES */
#define VHI_SAVED_MAX_RINGS 512u

/* A ring that is set up at least in part: with all three addresses, or none. */
struct vhi_saved_ring {
	uint64_t index, size;
	uint32_t format; /* enum vhi_format */
	uint64_t desc, avail, used, base;
	bool enabled;
};

struct vhi_saved_region {
	uint64_t guest_addr, size;
};

struct vhi_saved_guest {
	bool iommu;
};

struct vhi_saved {
	uint32_t minor;
	char *device;
	uint32_t type; /* index of a kind */
	bool running;
	uint64_t queue_pairs;
	struct doc_list words, features; /* as struct vhi_feature_row */
	uint64_t backend_features;
	struct vhi_saved_guest guest;
	uint64_t guest_cid;    /* vsock */
	uint64_t header_bytes; /* net */
	uint64_t mtu;	       /* 0: not given */
	char *mac;	       /* NULL: not given */
	/* since minor 1, what the driver said on the control queue: offloads are words like those of
	 * the features, none if it did not say; so is active_pairs 0 */
	struct doc_list offloads;
	uint64_t active_pairs;
	/* since minor 1, of a document that was read from outside: what is not known of the features,
	 * as words; none of any other document */
	struct doc_list partial;
	struct doc_list rings, memory;
	uint64_t checksum;
};

/** vhi_saved_kind() - the kind of device. */
const struct vhi_kind *vhi_saved_kind(const struct vhi_saved *saved);

/** vhi_saved_names() - whose bits the accepted features are. */
struct vhi_feature_names vhi_saved_names(const struct vhi_kind *kind);

/* VHOST_BACKEND_F_IOTLB_MSG_V2 as a mask: with an IOMMU the back end must have it. */
#define VHI_SAVED_IOTLB_V2 2u

/**
 * vhi_saved_read() - read a document: its form, its checksum, and the rules of vhi_saved_check().
 * @device: for the error; NULL for none.  Give @ret to vhi_saved_clear() after success.
 * Errors: -EINVAL with the JSON pointer and the line; -E2BIG; -ENOMEM.
 */
int vhi_saved_read(struct vhc_ctx *ctx, const char *device, const char *json,
		   struct vhi_saved *ret);
/** vhi_saved_parse() - vhi_saved_read() without a context: the error is in @err. */
int vhi_saved_parse(const char *json, struct vhi_saved *ret, struct doc_error *err);
void vhi_saved_clear(struct vhi_saved *saved);

/** vhi_saved_fail() - the document is wrong at @pointer: -EINVAL, with the text of vhi_saved_read(). */
int vhi_saved_fail(struct vhc_ctx *ctx, const char *device, const char *json, const char *pointer,
		   const char *format, ...) __attribute__((format(printf, 5, 6)));

/** vhi_saved_write() - the document with a new checksum, for free(3).  NULL: no memory. */
char *vhi_saved_write(struct vhi_saved *saved);

/**
 * vhi_saved_sum() - the checksum: CRC-32 of the document without it, as doc_write() writes it, on one line
 * without blanks.  Errors: -ENOMEM.
 */
int vhi_saved_sum(const struct vhi_saved *saved, uint32_t *ret);

/**
 * vhi_saved_check() - what the table of fields cannot express: do the values agree with each other, and
 * can a device be in this state?  rules.c.
 * @text, @len: the document, to find the line; may be NULL.
 * Errors: -EINVAL with @err; -ENOMEM.
 */
int vhi_saved_check(const struct vhi_saved *saved, const char *text, size_t len,
		    struct doc_error *err);

/** vhi_saved_memory() - the guest's memory, merged.  NULL: no memory for it. */
struct vhi_table *vhi_saved_memory(const struct vhi_saved *saved);

/** vhi_saved_addr() - the ring's addresses by part; false when it has none. */
bool vhi_saved_addr(const struct vhi_saved_ring *ring, uint64_t ret[VHI_PARTS]);

#endif
