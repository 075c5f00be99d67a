/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frames - a thread that sends frames to a device's first ring, one for each request, and the driver's
 * side of that ring.  For programs with one device of bring-up.h.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "bring-up.h"

#define PATIENCE 20 /* seconds to wait for something that takes microseconds */

/* Polls for a condition that nothing signals. */
#define comes_true(condition)                                        \
	({                                                           \
		time_t end = time(NULL) + PATIENCE;                  \
		bool is_true;                                        \
                                                                     \
		while (!(is_true = (condition)) && time(NULL) < end) \
			usleep(100);                                 \
		is_true;                                             \
	})

static struct virtqueue receive;
static int wire; /* a packet socket */
static sem_t to_send;

static void *frames_send(void *arg)
{
	static const unsigned char frame[60] = "\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5";

	for (;;) {
		while (sem_wait(&to_send))
			;
		if (send(wire, frame, sizeof(frame), 0) != sizeof(frame))
			return NULL;
	}
}

static inline void frames_start(const struct bring_up *b)
{
	struct sockaddr_ll addr = { AF_PACKET, htons(0x88b5),
				    (int)if_nametoindex(vhc_tap_get_name(b->tap)) };
	struct ifreq link = { .ifr_flags = IFF_UP };
	pthread_t thread;

	strncpy(link.ifr_name, vhc_tap_get_name(b->tap), IFNAMSIZ - 1);
	if (ioctl(wire, SIOCSIFFLAGS, &link) ||
	    bind(wire, (struct sockaddr *)&addr, sizeof(addr)) || sem_init(&to_send, 0, 0) ||
	    pthread_create(&thread, NULL, frames_send, NULL))
		err(1, "no sender");
	virtqueue_init(&receive, b->ram, 0, BRING_UP_RING, BRING_UP_BUFFER,
		       vhc_ring_get_kick(b->dev, 0), vhc_ring_get_call(b->dev, 0));
	virtqueue_fill(&receive);
	virtqueue_kick(&receive);
}

/* Receives all that has arrived, our frames and the kernel's own. */
static inline bool frame_came(void)
{
	bool ours = false;

	for (int id; (id = virtqueue_reap(&receive, NULL)) >= 0;) {
		ours |= !memcmp(virtqueue_buffer(&receive, id) + 12 + 12, "\x88\xb5", 2);
		virtqueue_put(&receive, id);
	}
	virtqueue_fill(&receive);
	virtqueue_kick(&receive);
	return ours;
}

#endif
