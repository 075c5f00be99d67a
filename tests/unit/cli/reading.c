/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reading.h"

static struct look_fd net_fds[] = { { 12, 0, false, 1 }, { 13, 1, true, 1 } };
static struct look_fd vsock_fds[] = { { 15, LOOK_NO_RING, false, 1 } };
static struct look_fd stopped_fds[] = { { 7, LOOK_NO_RING, false, 2 } };

static struct look_worker workers[] = {
	{ 4321, "vhost-4320", 1700, "0-3", 2 },
};

#define RING(index_)                                                                               \
	{                                                                                          \
		.index = index_, .size = 256, .desc = 0x7f0000001000, .avail = 0x7f0000002000,     \
		.used = 0x7f0000003000, .guest_desc = 0x1000, .guest_avail = 0x2000,               \
		.guest_used = 0x3000, .translated = true, .last_avail = 65000, .last_used = 65000, \
		.avail_index = 65001, .running = true, .kick = 30, .call = 31, .err = LOOK_NO_ID,  \
		.kicks = 5, .worker = 4321                                                         \
	}

static struct look_ring rings[] = { RING(0), RING(1), RING(2), RING(3) };
static struct look_region memory[] = { { 0, 0x80000000, 0x7f1000000000 },
				       { 0x100000000, 0x180000000, 0x7f1080000000 } };

#define NET_KNOWN                                                                          \
	(LOOK_OWNER | LOOK_LINK | LOOK_PAIRS | LOOK_RUNNING | LOOK_FEATURES | LOOK_IOMMU | \
	 LOOK_RINGS | LOOK_BASES | LOOK_INDICES | LOOK_EVENTFDS | LOOK_MEMORY | LOOK_LOG | \
	 LOOK_WORKERS | LOOK_RING_WORKERS | LOOK_HEADER)

static struct look_device devices[] = {
	{
		.kind = LOOK_NET,
		.known = NET_KNOWN,
		.owned = true,
		.pid = 4320,
		.comm = READING_NAME,
		.link = { "tap0", 5, 1500, READING_NETNS },
		.fds = net_fds,
		.fd_count = 2,
		.vhost_features = { 0x130008000 },
		.header_bytes = 12,
		.rings = rings,
		.ring_count = 4,
		.memory = memory,
		.memory_count = 2,
		.log = { false, 0, LOOK_NO_ID },
		.workers = workers,
		.worker_count = 1,
	},
	{
		.kind = LOOK_VSOCK,
		.known = LOOK_OWNER | LOOK_RUNNING | LOOK_CID | LOOK_WORKERS,
		.owned = true,
		.pid = 4320,
		.comm = READING_NAME,
		.fds = vsock_fds,
		.fd_count = 1,
		.guest_cid = 3,
		.rings = rings,
		.ring_count = 2,
		.workers = workers,
		.worker_count = 1,
	},
	{
		.kind = LOOK_NET,
		.known = LOOK_PAIRS | LOOK_RUNNING | LOOK_WORKERS,
		.pid = 99,
		.comm = "crosvm",
		.fds = stopped_fds,
		.fd_count = 1,
	},
};

const struct look_reading *reading_of_guests(void)
{
	static const struct look_reading reading = { .devices = devices,
						     .count = sizeof(devices) / sizeof(*devices) };

	return &reading;
}
