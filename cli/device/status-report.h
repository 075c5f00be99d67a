/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report of 'vhostctl status' as structs, between its tables and what fills them.
 */
#ifndef CLI_STATUS_REPORT_H
#define CLI_STATUS_REPORT_H

#include "device/device.h"

#define STATUS_UNKNOWN UINT64_MAX

struct feature_row {
	uint64_t bit;
	const char *name, *origin;
};

struct fd_row {
	uint64_t fd, queue, holders;
	uint32_t detached;
};

struct ring_row {
	uint64_t index, size;
	uint32_t running;
	uint64_t base, used, avail, moved, busyloop_us, worker;
};

/* 0 is never the address of a ring's part that is set up, but for a guest. */
struct address_row {
	uint64_t index;
	uint64_t desc, avail, used, guest_desc, guest_avail, guest_used;
};

struct eventfd_row {
	uint64_t index, kick, call, err, kicks, calls;
};

struct worker_row {
	uint64_t pid;
	const char *name;
	uint64_t cpu_ms;
	const char *cpus;
	uint64_t last_cpu;
};

struct status_report {
	const char *command, *type;
	uint64_t pid;
	const char *name;
	uint32_t owned, owner;
	const char *link;
	uint64_t link_index, link_mtu, netns, queue_pairs;
	uint32_t running, steady;
	uint64_t guest_cid, header_bytes, backend_features;
	uint32_t iommu;
	uint64_t iotlb_entries, iotlb_limit;
	uint32_t log;
	uint64_t log_addr, log_eventfd;
	/* of a device of a broker */
	const char *id, *broker;
	uint64_t launcher, user, sent_features, protocol_features, driver_status;
	uint32_t link_up, stopped;
	uint64_t ring_errors;
	struct doc_list unknown; /* of strings */
	struct doc_list features, fds, rings, addresses, eventfds, memory, workers, served_rings;
};

#endif
