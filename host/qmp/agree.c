/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One device as the kernel and as QEMU see it: is it the same, do they agree, and what only QEMU knows.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

/* A value that both have. */
struct pair {
	const char *what;
	int ring; /* -1: of the device */
	uint64_t kernel, qemu;
};

static int fail_pair(const struct pair *pair, struct host_error *err)
{
	char where[24] = "";

	if (pair->ring >= 0)
		snprintf(where, sizeof(where), " of ring %d", pair->ring);
	return host_fail_status(err, HOST_FAILED, -EAGAIN,
				"the guest may have changed it between the two readings: try again",
				"the kernel and QEMU disagree: %s%s is 0x%" PRIx64
				" in the kernel, 0x%" PRIx64 " in QEMU",
				pair->what, where, pair->kernel, pair->qemu);
}

static int check_pairs(const struct pair *pairs, size_t count, struct host_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (pairs[i].kernel != pairs[i].qemu)
			return fail_pair(&pairs[i], err);
	return 0;
}

/* Rings that do not run may be set up in QEMU and not yet, or no longer, in the kernel. */
static int check_ring(const struct look_ring *kernel, const struct look_ring *qemu,
		      struct host_error *err)
{
	const int ring = (int)kernel->index;
	const struct pair running = { "running", ring, kernel->running, qemu->running };
	const struct pair pairs[] = {
		{ "size", ring, kernel->size, qemu->size },
		{ "the address of the descriptors", ring, kernel->guest_desc, qemu->guest_desc },
		{ "the address of the available ring", ring, kernel->guest_avail,
		  qemu->guest_avail },
		{ "the address of the used ring", ring, kernel->guest_used, qemu->guest_used },
	};
	int r = check_pairs(&running, 1, err);

	if (r < 0 || !kernel->running)
		return r;
	return check_pairs(pairs, kernel->translated && qemu->translated ? DOC_COUNT(pairs) : 1,
			   err);
}

static int check_device(const struct look_device *kernel, const struct look_device *qemu,
			struct host_error *err)
{
	const struct {
		uint32_t needs;
		struct pair pair;
	} rows[] = {
		{ 0, { "its kind", -1, kernel->kind, qemu->kind } },
		{ LOOK_PAIRS,
		  { "the number of queue pairs", -1, kernel->fd_count, qemu->fd_count } },
		{ LOOK_FEATURES,
		  { "the word of features 0 to 63 that vhost has", -1, kernel->vhost_features[0],
		    qemu->vhost_features[0] } },
		{ LOOK_FEATURES,
		  { "the word of features 64 to 127 that vhost has", -1, kernel->vhost_features[1],
		    qemu->vhost_features[1] } },
		{ LOOK_BACKEND_FEATURES,
		  { "the set of back-end features", -1, kernel->backend_features,
		    qemu->backend_features } },
		{ LOOK_CID, { "the CID", -1, kernel->guest_cid, qemu->guest_cid } },
	};
	const uint32_t known = kernel->known & qemu->known;
	int r = 0;

	for (size_t i = 0; i < DOC_COUNT(rows) && r == 0; i++)
		if ((known & rows[i].needs) == rows[i].needs)
			r = check_pairs(&rows[i].pair, 1, err);
	if ((known & (LOOK_RINGS | LOOK_RUNNING)) != (LOOK_RINGS | LOOK_RUNNING))
		return r;
	for (size_t i = 0; i < kernel->ring_count && i < qemu->ring_count && r == 0; i++)
		r = check_ring(&kernel->rings[i], &qemu->rings[i], err);
	return r;
}

static bool is_same(const struct look_device *kernel, const struct look_device *qemu)
{
	return kernel->ring_count && qemu->ring_count && kernel->rings[0].translated &&
	       kernel->rings[0].guest_desc == qemu->rings[0].guest_desc;
}

/* Two devices of a guest never have a ring at the same address; a single one is taken for it. */
static struct look_device *find(struct look_device *devices, size_t count,
				const struct look_device *qemu)
{
	struct look_device *only = NULL;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (devices[i].kind != qemu->kind)
			continue;
		if (is_same(&devices[i], qemu))
			return &devices[i];
		only = &devices[i];
		found++;
	}
	return found == 1 ? only : NULL;
}

int host_qemu_join(const struct host_qemu_device *qemu, struct look_device *devices, size_t count,
		   struct look_device **ret, struct host_error *err)
{
	struct look_device *found = find(devices, count, &qemu->look);
	int r;

	if (!found)
		return host_fail_status(
			err, HOST_FAILED, -ENODEV, "is this the process of that QEMU?",
			"none of the %zu vhost devices of the process is QEMU's device \"%s\"",
			count, qemu->id);
	r = check_device(found, &qemu->look, err);
	if (r < 0)
		return r;
	memcpy(found->accepted, qemu->look.accepted, sizeof(found->accepted));
	found->known |= qemu->look.known & LOOK_ACCEPTED;
	*ret = found;
	return 0;
}
