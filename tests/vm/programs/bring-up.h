/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bring-up - a device with rings in this process's memory, for the programs that test it on a real
 * kernel.  Every failure is returned; nothing is printed.
 */
#ifndef BRING_UP_H
#define BRING_UP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vhostconfig.h"
#include "virtqueue.h"

#define BRING_UP_RING	256u
#define BRING_UP_BUFFER 2048u

struct bring_up {
	struct vhc_ctx *ctx;
	struct vhc_mem *mem;
	struct vhc_tap *tap;
	struct vhc_dev *dev;
	void *ram;
	size_t size;
	const char *features; /* to request; NULL is BRING_UP_FEATURES */
	struct vhc_features acked;
};

#define BRING_UP_FEATURES "version_1,mrg_rxbuf,csum"

/* Entries of a folder; "." and ".." are two of them. */
static inline unsigned int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* fds that this process has open, the directory's own not counted. */
static inline unsigned int count_fds(void)
{
	unsigned int count = count_entries("/proc/self/fd");

	return count ? count - 3 : 0;
}

static inline unsigned int count_threads(void)
{
	unsigned int count = count_entries("/proc/self/task");

	return count ? count - 2 : 0;
}

/* A joined thread stays visible for a moment: wait for it, but not forever. */
static inline bool threads_are(unsigned int count)
{
	for (int i = 0; i < 5000 && count_threads() != count; i++)
		usleep(1000);
	return count_threads() == count;
}

static inline int bring_up_rings(struct bring_up *b, uint32_t rings)
{
	int r = 0;

	for (uint32_t i = 0; i < rings && !r; i++) {
		size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);
		struct virtqueue queue;
		int kick = vhc_ring_get_kick(b->dev, i), call = vhc_ring_get_call(b->dev, i);

		if (kick < 0 || call < 0)
			return kick < 0 ? kick : call;
		virtqueue_init(&queue, (char *)b->ram + i * bytes, i * bytes, BRING_UP_RING,
			       BRING_UP_BUFFER, kick, call);
		r = vhc_ring_set_size(b->dev, i, BRING_UP_RING);
		if (!r)
			r = vhc_ring_set_addr(b->dev, i,
					      VHC_ARG(vhc_ring_addr, VIRTQUEUE_ADDR(&queue)));
	}
	return r;
}

/* Memory for @pairs queue pairs.  Needed once; bring_up() uses it. */
static inline int bring_up_memory(struct bring_up *b, uint32_t pairs)
{
	b->size = 2 * pairs * virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);
	b->ram = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return b->ram == MAP_FAILED ? -1 : 0;
}

/* From an open tap and device to running rings. */
static inline int bring_up_start(struct bring_up *b, uint32_t pairs)
{
	struct vhc_features want;
	int r = vhc_mem_new(b->ctx, &b->mem);

	if (!r)
		r = vhc_mem_add(b->mem, VHC_ARG(vhc_region, .size = b->size,
						.user_addr = (uintptr_t)b->ram));
	if (!r)
		r = vhc_mem_commit(b->mem);
	if (!r)
		r = vhc_dev_set_mem(b->dev, b->mem);
	if (!r)
		r = vhc_dev_set_tap(b->dev, b->tap);
	if (!r)
		r = vhc_features_parse(b->ctx, VHC_TYPE_NET,
				       b->features ? b->features : BRING_UP_FEATURES, &want);
	if (!r)
		r = vhc_dev_offer_features(b->dev, &want, NULL, &b->acked);
	if (!r)
		r = vhc_dev_set_features(b->dev, &b->acked, 0);
	if (!r)
		r = bring_up_rings(b, 2 * pairs);
	return r ? r : vhc_dev_start(b->dev);
}

/* Everything, from a new tap and /dev/vhost-net. */
static inline int bring_up(struct bring_up *b, uint32_t pairs)
{
	int r = vhc_ctx_new(&b->ctx);

	if (!r)
		r = vhc_tap_open(b->ctx, NULL, VHC_ARG(vhc_tap_args, .queues = pairs), &b->tap);
	if (!r)
		r = vhc_dev_open(b->ctx, "net0", NULL,
				 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = pairs),
				 &b->dev);
	return r ? r : bring_up_start(b, pairs);
}

static inline void bring_down(struct bring_up *b)
{
	vhc_dev_close(b->dev);
	vhc_tap_close(b->tap);
	vhc_mem_free(b->mem);
	vhc_ctx_free(b->ctx);
	b->dev = NULL;
	b->tap = NULL;
	b->mem = NULL;
	b->ctx = NULL;
}

#endif
