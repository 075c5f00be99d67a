/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bpf - loads the program, and reads what it writes.
 *
 * The kernel changes devices while they are read.  So all are read again until each was twice the same,
 * neither time flagged: a table that was replaced may have the address of the one before, and an ioctl
 * may be under way.  What moves all the time, indices and counts, is not compared.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raw.h"

/* Generated: its conversions are not ours. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include "program.lskel.h"
#pragma GCC diagnostic pop

#define READINGS_MAX 8
#define PASSES_MAX   2048u /* of RECORD_REGIONS each: a million regions */
#define BUFFER	     (64u << 10)

const bool look_bpf_built = true;

/* ---------------------------------------------------------------------------------------- one reading */

void look_raw_clear(struct raw_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].rings);
		free(list->items[i].regions);
	}
	free(list->items);
	*list = (struct raw_list){ NULL, 0 };
}

static bool is_same_fd(const struct record_device *a, const struct record_device *b)
{
	return a->dev == b->dev && a->pid == b->pid && a->fd == b->fd;
}

static struct raw *find(const struct raw_list *list, const struct record_device *device)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_same_fd(&list->items[i].device, device))
			return &list->items[i];
	return NULL;
}

/* One more item of @size bytes at the end; the array grows by doubling. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

static int add_device(struct raw_list *list, const struct record_device *device, struct raw **ret)
{
	void *items = grow(list->items, list->count, sizeof(*list->items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	*ret = &list->items[list->count++];
	**ret = (struct raw){ .device = *device, .flagged = device->busy };
	return 0;
}

static int add_ring(struct raw *raw, const struct record_ring *ring)
{
	void *rings = grow(raw->rings, raw->ring_count, sizeof(*raw->rings));

	if (!rings)
		return -ENOMEM;
	raw->rings = rings;
	raw->rings[raw->ring_count++] = *ring;
	return 0;
}

static int add_region(struct raw *raw, const struct record_region *region)
{
	void *regions = grow(raw->regions, raw->region_count, sizeof(*raw->regions));

	if (!regions)
		return -ENOMEM;
	raw->regions = regions;
	raw->regions[raw->region_count++] = *region;
	return 0;
}

/*
 * The device that the records after this one belong to; NULL: they are not wanted.  The threads of a
 * process whose first one has ended each show the same fd.
 */
static int begin(struct raw_list *list, uint32_t pass, const struct record_device *device,
		 struct raw **ret)
{
	struct raw *raw = find(list, device);

	*ret = NULL;
	if (pass == 0)
		return raw ? 0 : add_device(list, device, ret);
	if (!raw || raw->ring_count > (size_t)pass * RECORD_RINGS ||
	    raw->region_count > (size_t)pass * RECORD_REGIONS)
		return 0;
	if (device->busy || device->memory != raw->device.memory ||
	    device->regions != raw->device.regions)
		raw->flagged = true;
	*ret = raw;
	return 0;
}

static size_t record_size(uint32_t type)
{
	static const size_t sizes[] = {
		[RECORD_DEVICE] = sizeof(struct record_device),
		[RECORD_RING] = sizeof(struct record_ring),
		[RECORD_REGION] = sizeof(struct record_region),
		[RECORD_END] = sizeof(struct record_end),
	};

	return type < sizeof(sizes) / sizeof(sizes[0]) ? sizes[type] : 0;
}

static void finish(struct raw *raw, const struct record_end *end)
{
	if (end->busy || end->memory != raw->device.memory || end->regions != raw->device.regions ||
	    end->walked != raw->device.regions)
		raw->flagged = true;
}

static int take(struct raw_list *list, uint32_t pass, const void *record, struct raw **current)
{
	struct raw *raw = *current;
	uint32_t type;

	memcpy(&type, record, sizeof(type));
	if (type == RECORD_DEVICE)
		return begin(list, pass, record, current);
	if (!raw)
		return 0;
	if (type == RECORD_RING)
		return add_ring(raw, record);
	if (type == RECORD_REGION)
		return add_region(raw, record);
	finish(raw, record);
	*current = NULL;
	return 0;
}

/* All that one pass writes.  Records may be cut where the buffer ends. */
static int read_pass(int fd, uint32_t pass, struct raw_list *list, char *buffer)
{
	struct raw *current = NULL;
	size_t have = 0;

	while (1) {
		ssize_t n = read(fd, buffer + have, BUFFER - have);
		size_t at = 0;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue; /* a million files without a device */
		if (n <= 0)
			return n ? -errno : 0;
		have += (size_t)n;
		while (have - at >= sizeof(uint32_t)) {
			uint32_t type;
			size_t size;
			int r;

			memcpy(&type, buffer + at, sizeof(type));
			size = record_size(type);
			if (!size)
				return -EPROTO;
			if (have - at < size)
				break;
			r = take(list, pass, buffer + at, &current);
			if (r)
				return r;
			at += size;
		}
		have -= at;
		memmove(buffer, buffer + at, have);
	}
}

static bool is_more(const struct raw_list *list, uint32_t passes)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct record_device *device = &list->items[i].device;

		if (device->rings > passes * RECORD_RINGS ||
		    device->regions > passes * RECORD_REGIONS)
			return true;
	}
	return false;
}

static int new_pass(int link)
{
	union bpf_attr attr = { .iter_create = { .link_fd = (uint32_t)link } };

	return skel_sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr.iter_create));
}

static int read_once(struct look_program *program, int link, struct raw_list *ret, char *buffer)
{
	uint32_t pass = 0;
	int r;

	do {
		int fd;

		program->bss->request.pass = pass;
		fd = new_pass(link);
		if (fd < 0)
			return -errno;
		r = read_pass(fd, pass, ret, buffer);
		close(fd);
		if (r)
			return r;
	} while (is_more(ret, ++pass) && pass < PASSES_MAX);
	for (size_t i = 0; i < ret->count; i++)
		if (ret->items[i].region_count != ret->items[i].device.regions ||
		    ret->items[i].ring_count != ret->items[i].device.rings)
			ret->items[i].flagged = true;
	return 0;
}

/* ---------------------------------------------------------------------------------------- two readings */

static bool is_same_ring(struct record_ring a, struct record_ring b)
{
	struct record_ring *rings[] = { &a, &b };

	for (size_t i = 0; i < 2; i++) {
		rings[i]->last_avail = rings[i]->last_used = 0;
		rings[i]->avail_index = rings[i]->signalled = 0;
		rings[i]->kicks = rings[i]->calls = 0;
	}
	return !memcmp(&a, &b, sizeof(a));
}

static bool is_same(const struct raw *a, const struct raw *b)
{
	struct record_device of_a = a->device, of_b = b->device;

	of_a.iotlb_entries = of_b.iotlb_entries = 0; /* the driver maps as it goes */
	if (memcmp(&of_a, &of_b, sizeof(of_a)) || a->ring_count != b->ring_count ||
	    a->region_count != b->region_count)
		return false;
	for (size_t i = 0; i < a->ring_count; i++)
		if (!is_same_ring(a->rings[i], b->rings[i]))
			return false;
	return !a->region_count ||
	       !memcmp(a->regions, b->regions, a->region_count * sizeof(*a->regions));
}

/* Flag what differs from the reading before.  Returns: is anything flagged? */
static bool compare(const struct raw_list *before, struct raw_list *now)
{
	bool any = false;

	for (size_t i = 0; i < now->count; i++) {
		struct raw *raw = &now->items[i];
		const struct raw *other = find(before, &raw->device);
		bool steady = other && !other->flagged && !raw->flagged && is_same(other, raw);

		any = any || !steady;
		raw->unsteady = !steady;
	}
	return any;
}

static int read_until_same(struct look_program *program, int link, struct raw_list *ret,
			   char *buffer)
{
	struct raw_list before = { NULL, 0 }, now = { NULL, 0 };
	int r = read_once(program, link, &before, buffer);

	for (int i = 1; !r && i < READINGS_MAX; i++) {
		bool again;

		r = read_once(program, link, &now, buffer);
		if (r)
			break;
		again = compare(&before, &now);
		look_raw_clear(&before);
		before = now;
		now = (struct raw_list){ NULL, 0 };
		if (!again)
			break;
	}
	look_raw_clear(&now);
	if (r)
		look_raw_clear(&before);
	else
		*ret = before;
	return r;
}

/* ---------------------------------------------------------------------------------------- the program */

/* The number before a name in /proc/misc or /proc/devices; 0: it is not there. */
static uint32_t number_in(const char *path, const char *name)
{
	char line[128], found[64];
	unsigned int number, ret = 0;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%u %63s", &number, found) == 2 && !strcmp(found, name))
			ret = number;
	if (file)
		fclose(file);
	return ret;
}

#define MISC_MAJOR 10u

static void ask(struct record_request *request)
{
	uint32_t scsi = number_in("/proc/misc", "vhost-scsi");

	*request = (struct record_request){
		.scsi = scsi ? MISC_MAJOR << 20 | scsi : 0,
		.vdpa = number_in("/proc/devices", "vhost-vdpa"),
	};
}

int look_bpf_read(struct raw_list *ret)
{
	struct look_program *program = look_program__open();
	char *buffer = malloc(BUFFER);
	int r = -ENOMEM;

	if (program && buffer) {
		r = look_program__load(program);
		if (!r) {
			ask(&program->bss->request);
			r = look_program__attach(program);
		}
		r = r == -1 ? -errno : r; /* some of its calls are bare system calls */
		if (!r)
			r = read_until_same(program, program->links.look_fd, ret, buffer);
	}
	look_program__destroy(program);
	free(buffer);
	return r;
}
