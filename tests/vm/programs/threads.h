/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * threads - what the programs about workers share: results as TAP, a device that looks for its
 * workers, frames that it sends, and threads as /proc shows them.
 */
#ifndef THREADS_H
#define THREADS_H

#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "bring-up.h"

#define PF_KTHREAD 0x00200000ul

static int number, failed;
static struct bring_up b;

static inline void result(const char *what, bool good, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static inline void result(const char *what, bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	va_start(args, format);
	if (!good) {
		printf("# ");
		vprintf(format, args);
		printf("\n");
	}
	va_end(args);
	failed += !good;
}

static inline const char *text(void)
{
	return vhc_ctx_get_error(b.ctx)->text;
}

/* One line of a thread's status, without its name. */
static inline void status_of(int32_t tid, const char *key, char *value, size_t size)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	*value = 0;
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':') {
			char *at = line + strlen(key) + 1;

			at += strspn(at, " \t");
			at[strcspn(at, "\n")] = 0;
			snprintf(value, size, "%s", at);
		}
	if (file)
		fclose(file);
}

/* The n-th field of a thread's stat, counted as in proc(5): 3 is the first after the name. */
static inline unsigned long stat_of(int32_t tid, int n)
{
	char path[64], line[1024] = "", *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	file = fopen(path, "re");
	if (file && !fgets(line, sizeof(line), file))
		line[0] = 0;
	if (file)
		fclose(file);
	at = strrchr(line, ')');
	for (int i = 2; i < n && at; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoul(at, NULL, 10) : 0;
}

static inline bool is_own(int32_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
	return !access(path, F_OK);
}

static inline uint32_t flags_of(const char *mode)
{
	return VHC_DEV_WORKERS | (!strcmp(mode, "task")	     ? VHC_DEV_TASK
				  : !strcmp(mode, "kthread") ? VHC_DEV_KTHREAD
							     : 0u);
}

static inline int open_all(uint32_t pairs, uint32_t flags)
{
	int r = vhc_ctx_new(&b.ctx);

	if (!r)
		r = vhc_tap_open(b.ctx, NULL, VHC_ARG(vhc_tap_args, .queues = pairs), &b.tap);
	if (!r)
		r = vhc_dev_open(b.ctx, "net0", NULL,
				 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = pairs,
					 .flags = flags),
				 &b.dev);
	return r;
}

static inline int link_up(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	strncpy(ifr.ifr_name, vhc_tap_get_name(b.tap), IFNAMSIZ - 1);
	r = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return r;
}

/* Sends one frame, and waits for its interrupt. */
static inline bool send_one(struct virtqueue *queue)
{
	struct pollfd call = { .fd = queue->call, .events = POLLIN };
	int id = virtqueue_get(queue);
	eventfd_t count;

	if (id < 0)
		return false;
	memset(virtqueue_buffer(queue, id), 0, 12); /* a plain frame */
	memset(virtqueue_buffer(queue, id) + 12, 0xff, 60);
	virtqueue_add(queue, id, 12 + 60, false);
	virtqueue_kick(queue);
	while ((id = virtqueue_reap(queue, NULL)) < 0)
		if (poll(&call, 1, 60000) <= 0)
			return false;
		else
			eventfd_read(queue->call, &count);
	virtqueue_put(queue, id);
	return true;
}

#endif
