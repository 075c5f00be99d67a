/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look - a reading: by BPF, or else by /proc; and what one can ask of it.
 */
#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raw.h"

#define FDS_NEEDED 3 /* the folder of all processes, that of one, and a file there */

void look_free_device(struct look_device *device)
{
	free(device->fds);
	free(device->rings);
	free(device->memory);
	free(device->workers);
	memset(device, 0, sizeof(*device));
}

void look_clear(struct look_reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		look_free_device(&reading->devices[i]);
	free(reading->devices);
	memset(reading, 0, sizeof(*reading));
}

int look_append(struct look_reading *reading, struct look_device *device)
{
	struct look_device *devices =
		reallocarray(reading->devices, reading->count + 1, sizeof(*reading->devices));

	if (!devices) {
		look_free_device(device);
		return -ENOMEM;
	}
	reading->devices = devices;
	reading->devices[reading->count++] = *device;
	return 0;
}

bool look_is_running(const struct look_device *device)
{
	for (size_t i = 0; i < device->ring_count; i++)
		if (device->rings[i].running)
			return true;
	return false;
}

const char *look_kind_name(enum look_kind kind)
{
	static const char *const names[] = { "net", "vsock", "scsi", "vdpa" };

	return names[kind];
}

static bool translate(const struct look_device *device, uint64_t addr, uint64_t *ret)
{
	*ret = addr;
	if (device->iommu)
		return true;
	for (size_t i = 0; i < device->memory_count; i++) {
		const struct look_region *region = &device->memory[i];

		if (addr >= region->user_addr && addr - region->user_addr < region->size) {
			*ret = region->guest_addr + (addr - region->user_addr);
			return true;
		}
	}
	return false;
}

void look_translate(struct look_device *device)
{
	for (size_t i = 0; i < device->ring_count; i++) {
		struct look_ring *ring = &device->rings[i];

		ring->translated = ring->desc && translate(device, ring->desc, &ring->guest_desc) &&
				   translate(device, ring->avail, &ring->guest_avail) &&
				   translate(device, ring->used, &ring->guest_used);
	}
}

/*
 * The row of each device: its owner's; or that of a process that only holds it.  Of one process: its own,
 * NULL if it has none.
 */
static const struct raw *row_of(const struct raw_list *list, uint64_t dev, pid_t pid,
				uint32_t *holders)
{
	const struct raw *first = NULL, *owner = NULL;
	int32_t last = 0;

	*holders = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct raw *raw = &list->items[i];

		if (raw->device.dev != dev)
			continue;
		/* the kernel goes from process to process, and one may have the device twice */
		*holders += raw->device.pid != last;
		last = raw->device.pid;
		if (pid && raw->device.pid != pid)
			continue;
		first = first ? first : raw;
		if (raw->device.owner && !owner)
			owner = raw;
	}
	return owner ? owner : first;
}

static int64_t open_net_devices(void)
{
	return look_proc_number("/sys/module/vhost_net/refcnt", 0);
}

static int by_bpf(pid_t pid, struct look_reading *reading)
{
	struct raw_list list = { NULL, 0 };
	int64_t seen = 0, open;
	int r = look_bpf_read(&list);

	if (r)
		return r;
	for (size_t i = 0; i < list.count && !r; i++) {
		struct look_device device;
		uint32_t holders;

		if (row_of(&list, list.items[i].device.dev, pid, &holders) != &list.items[i])
			continue;
		seen += list.items[i].device.node == RECORD_NET;
		r = look_raw_device(&list.items[i], &device);
		if (r)
			break;
		device.fds[0].holders = holders;
		r = look_append(reading, &device);
	}
	open = open_net_devices();
	reading->hidden = !pid && open > seen ? (uint32_t)(open - seen) : 0;
	look_raw_clear(&list);
	return r;
}

static bool has_vhost(void)
{
	return access("/sys/module", F_OK) || !access("/sys/module/vhost", F_OK);
}

/* /proc has a folder for each thread, too, but lists those of processes only. */
static bool is_process(pid_t pid)
{
	char path[64], process[16];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return look_proc_value(path, "Tgid", process, sizeof(process)) && atoi(process) == pid;
}

/* Are there as many fds as /proc takes at a time?  Without them, processes seem to have ended. */
static int check_fds(void)
{
	int fds[FDS_NEEDED], count = 0, r = 0;

	while (count < FDS_NEEDED && !r) {
		fds[count] = open("/", O_PATH | O_CLOEXEC);
		r = fds[count] < 0 ? -errno : 0;
		count += !r;
	}
	while (count)
		close(fds[--count]);
	return r;
}

int look_read(pid_t pid, struct look_reading *ret)
{
	struct look_reading reading = { .lack = LOOK_ALL };
	int r = check_fds();

	if (r)
		return r;
	if (pid && !is_process(pid))
		return -ESRCH;
	if (has_vhost()) {
		r = by_bpf(pid, &reading);
		if (r && r != -ENOMEM) {
			reading.code = r;
			reading.lack = look_why(r);
			r = look_proc_read(pid, &reading);
		}
		if (!r)
			r = look_proc_links(&reading);
		if (!r)
			r = look_find_workers(&reading);
		if (!r)
			r = look_join(&reading);
	}
	if (r)
		look_clear(&reading);
	else
		*ret = reading;
	return r;
}
