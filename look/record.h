/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record - what the BPF program writes for each vhost fd that it sees, one after another: a device, up to
 * RECORD_RINGS of its rings, up to RECORD_REGIONS of its memory's regions, and an end.
 *
 * One file may write 32 KiB at most; so what is beyond these numbers comes in a further pass, with all of
 * the rest once more.  Both sides are built together: this is no format that outlives a build.
 */
#ifndef LOOK_RECORD_H
#define LOOK_RECORD_H

#define RECORD_RINGS   24u
#define RECORD_REGIONS 512u
#define RECORD_NAME    16u

enum record_type { RECORD_DEVICE = 1, RECORD_RING, RECORD_REGION, RECORD_END };

/* The kinds of nodes, in the order of enum look_kind. */
enum record_node { RECORD_NET, RECORD_VSOCK, RECORD_SCSI, RECORD_VDPA, RECORD_OTHER };

struct record_device {
	uint32_t type; /* of every record the first */
	uint32_t node;
	uint64_t dev; /* the kernel's address, for comparing */
	int32_t pid;  /* in the namespace of the reader */
	uint32_t fd;
	uint32_t owned, owner; /* somebody owns it; this process does */
	char comm[RECORD_NAME];
	uint32_t rings, regions; /* it has this many */
	uint64_t memory;	 /* the table's address; 0: none */
	uint32_t iommu, iotlb_entries, iotlb_limit;
	uint32_t busy;	     /* an ioctl was under way */
	int32_t log_eventfd; /* id; -1: none */
	uint32_t unused;     /* no padding: records are compared as bytes */
	uint64_t guest_cid;
};

struct record_link {
	char name[RECORD_NAME];
	uint32_t index, mtu, netns;
	uint32_t queue, detached;
	uint32_t tap; /* it has the offloads below */
	uint64_t offloads;
};

struct record_ring {
	uint32_t type;
	uint32_t index;
	uint32_t size, running;
	uint64_t desc, avail, used;
	uint64_t features[2], backend_features;
	uint64_t log_addr, log_base;
	uint64_t kicks, calls;
	int32_t kick, call, err; /* ids; -1: none */
	uint32_t last_avail, last_used, avail_index, signalled;
	uint32_t log_used, busyloop;
	uint32_t header;
	int32_t worker;	 /* in the namespace of the reader; 0: none */
	uint32_t unused; /* as above */
	struct record_link link;
};

struct record_region {
	uint32_t type;
	uint32_t perm;
	uint64_t start, size, addr;
};

struct record_end {
	uint32_t type;
	uint32_t walked;  /* regions, from the first of all */
	uint32_t regions; /* and the table again, after that */
	uint32_t busy;
	uint64_t memory;
};

/* What the program is told. */
struct record_request {
	uint32_t pass;
	uint32_t scsi; /* the node's number, as the kernel has it; 0: there is none */
	uint32_t vdpa; /* its major number; 0: none */
};

#endif
