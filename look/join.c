/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * join - vhost fds become devices: those of one owner on one link are its queue pairs.
 *
 * The kernel does not know which fds make a device.  A fd without a link stays a device of its own: a
 * launcher takes the back ends away when its guest stops.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"

static bool is_one_device(const struct look_device *a, const struct look_device *b)
{
	return a->kind == LOOK_NET && b->kind == LOOK_NET && a->pid == b->pid &&
	       (a->known & b->known & LOOK_LINK) && a->link.name[0] &&
	       !strcmp(a->link.name, b->link.name) && a->link.netns == b->link.netns &&
	       a->link.index == b->link.index;
}

/* All items of @from at the end of @to, which has room for them with what it has. */
static int append(void **to, size_t *count, const void *from, size_t from_count, size_t size)
{
	char *items = reallocarray(*to, *count + from_count + 1, size);

	if (!items)
		return -ENOMEM;
	*to = items;
	if (from_count)
		memcpy(items + *count * size, from, from_count * size);
	*count += from_count;
	return 0;
}

static bool is_same_memory(const struct look_device *a, const struct look_device *b)
{
	return a->memory_count == b->memory_count &&
	       (!a->memory_count ||
		!memcmp(a->memory, b->memory, a->memory_count * sizeof(*a->memory)));
}

static int add_pair(struct look_device *to, const struct look_device *from)
{
	int r = append((void **)&to->fds, &to->fd_count, from->fds, from->fd_count,
		       sizeof(*to->fds));

	if (!r)
		r = append((void **)&to->rings, &to->ring_count, from->rings, from->ring_count,
			   sizeof(*to->rings));
	for (size_t i = 0; !r && i < from->worker_count; i++)
		r = look_add_worker(to, from->workers[i].pid);
	/* a launcher gives all its fds the same; in between it is changing them */
	if (!is_same_memory(to, from) ||
	    memcmp(to->vhost_features, from->vhost_features, sizeof(to->vhost_features)))
		to->unsteady = true;
	to->known &= from->known;
	to->unsteady = to->unsteady || from->unsteady;
	to->owned = to->owned && from->owned;
	to->iotlb_entries += from->iotlb_entries;
	return r;
}

/* Attached queues of the link in their order, detached ones behind: the number of theirs is an old one. */
static int by_queue(const void *a, const void *b)
{
	const struct look_device *of_a = a, *of_b = b;
	const struct look_fd *fd_a = of_a->fds, *fd_b = of_b->fds;

	if (of_a->pid != of_b->pid)
		return of_a->pid < of_b->pid ? -1 : 1;
	if (fd_a->detached != fd_b->detached)
		return fd_a->detached ? 1 : -1;
	if (!fd_a->detached && fd_a->queue != fd_b->queue)
		return fd_a->queue < fd_b->queue ? -1 : 1;
	return (fd_a->fd > fd_b->fd) - (fd_a->fd < fd_b->fd);
}

static int by_fd(const void *a, const void *b)
{
	const struct look_device *of_a = a, *of_b = b;

	if (of_a->pid != of_b->pid)
		return of_a->pid < of_b->pid ? -1 : 1;
	return (of_a->fds->fd > of_b->fds->fd) - (of_a->fds->fd < of_b->fds->fd);
}

static void number_rings(struct look_device *device)
{
	for (size_t i = 0; device->kind == LOOK_NET && i < device->ring_count; i++)
		device->rings[i].index = (uint32_t)i;
}

static void remove_at(struct look_reading *reading, size_t i)
{
	look_free_device(&reading->devices[i]);
	memmove(&reading->devices[i], &reading->devices[i + 1],
		(reading->count - i - 1) * sizeof(*reading->devices));
	reading->count--;
}

int look_join(struct look_reading *reading)
{
	if (!reading->count)
		return 0;
	qsort(reading->devices, reading->count, sizeof(*reading->devices), by_queue);
	for (size_t i = 0; i < reading->count; i++) {
		struct look_device *device = &reading->devices[i];

		for (size_t j = i + 1; j < reading->count;) {
			int r;

			if (!is_one_device(device, &reading->devices[j])) {
				j++;
				continue;
			}
			r = add_pair(device, &reading->devices[j]);
			if (r)
				return r;
			remove_at(reading, j);
		}
		number_rings(device);
		look_translate(device);
		if (device->kind != LOOK_NET || device->known & LOOK_LINK)
			device->known |= LOOK_PAIRS;
	}
	qsort(reading->devices, reading->count, sizeof(*reading->devices), by_fd);
	return 0;
}
