/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * move PAIRS MOVES - a device with frames in flight is stopped, saved and closed, and a new one resumes
 * from the document, in a copy of the memory at other addresses: as between two hosts, except that the
 * link stays.  Every frame arrives once, and a load without the guest's memory is refused.  Prints TAP.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "bring-up.h"

#define PAIRS_MAX  4u
#define HEADER	   12u
#define FRAMES_MAX 65536u
#define WINDOW	   128u /* frames in flight in one direction */
#define EACH	   300u /* frames in each direction between two moves */

struct frame {
	struct ether_header head;
	uint32_t number;
	unsigned char fill[46];
} __attribute__((packed));

struct way {
	uint32_t sent, arrived, twice, wrong;
	unsigned char seen[FRAMES_MAX];
};

static struct bring_up b;
static struct virtqueue rings[2 * PAIRS_MAX];
static struct way out, in;
static uint32_t pairs;
static int wire, number, failed;

static void result(const char *what, bool good)
{
	if (!good && b.ctx)
		printf("# last error: %s\n", vhc_ctx_get_error(b.ctx)->text);
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	failed += !good;
}

static void stop_here(const char *what)
{
	result(what, false);
	printf("1..%d\n", number);
	exit(1);
}

static struct frame make_frame(uint32_t n)
{
	struct frame frame = { .number = htonl(n) };

	memset(frame.head.ether_dhost, 0xff, ETH_ALEN);
	frame.head.ether_shost[0] = 2;
	frame.head.ether_type = htons(0x88b5);
	memset(frame.fill, (int)(n % 251), sizeof(frame.fill));
	return frame;
}

static void take(struct way *way, const void *bytes, size_t length)
{
	const struct frame *frame = bytes;
	uint32_t n = length == sizeof(*frame) ? ntohl(frame->number) : 0;
	struct frame same = make_frame(n);

	if (length < sizeof(frame->head) || frame->head.ether_type != htons(0x88b5))
		return;
	if (length != sizeof(same) || memcmp(frame, &same, sizeof(same)) || n >= way->sent)
		way->wrong++;
	else if (way->seen[n]++)
		way->twice++;
	else
		way->arrived++;
}

static void open_wire(void)
{
	const char *name = vhc_tap_get_name(b.tap);
	struct sockaddr_ll addr = { AF_PACKET, htons(0x88b5), (int)if_nametoindex(name) };
	struct ifreq link = { .ifr_flags = IFF_UP };

	wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(0x88b5));
	strncpy(link.ifr_name, name, IFNAMSIZ - 1);
	if (wire < 0 || ioctl(wire, SIOCSIFFLAGS, &link) ||
	    bind(wire, (struct sockaddr *)&addr, sizeof(addr)))
		stop_here("a packet socket");
}

/* One round: takes what has arrived, sends what it may. */
static void turn(uint32_t limit)
{
	struct frame frame;
	uint32_t length;

	for (uint32_t i = 0; i < 2 * pairs; i += 2) {
		for (int id; (id = virtqueue_reap(&rings[i], &length)) >= 0;) {
			take(&in, virtqueue_buffer(&rings[i], id) + HEADER, length - HEADER);
			virtqueue_put(&rings[i], id);
		}
		virtqueue_fill(&rings[i]);
		virtqueue_recycle(&rings[i + 1]);
	}
	for (ssize_t n; (n = recv(wire, &frame, sizeof(frame), MSG_TRUNC)) >= 0;)
		take(&out, &frame, (size_t)n);
	while (out.sent < limit && out.sent - out.arrived < WINDOW) {
		struct virtqueue *ring = &rings[2 * (out.sent % pairs) + 1];
		int id = virtqueue_get(ring);

		if (id < 0)
			break;
		frame = make_frame(out.sent++);
		memset(virtqueue_buffer(ring, id), 0, HEADER);
		memcpy(virtqueue_buffer(ring, id) + HEADER, &frame, sizeof(frame));
		virtqueue_add(ring, id, HEADER + sizeof(frame), false);
	}
	for (uint32_t i = 0; i < 2 * pairs; i++)
		virtqueue_kick(&rings[i]);
	while (in.sent < limit && in.sent - in.arrived < WINDOW) {
		frame = make_frame(in.sent);
		if (send(wire, &frame, sizeof(frame), 0) < 0)
			break;
		in.sent++;
	}
}

/* Until all were sent; with @all until all arrived, or nothing arrives for a long time. */
static void run(uint32_t limit, bool all)
{
	uint32_t before = 0, quiet = 0;

	while (quiet < 20000) {
		turn(limit);
		if (out.sent == limit && in.sent == limit &&
		    (!all || (out.arrived == limit && in.arrived == limit)))
			return;
		quiet = out.arrived + in.arrived == before ? quiet + 1 : 0;
		before = out.arrived + in.arrived;
		if (quiet)
			usleep(1000);
	}
}

static void take_rings(void)
{
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);

	for (uint32_t i = 0; i < 2 * pairs; i++)
		virtqueue_init(&rings[i], (char *)b.ram + i * bytes, i * bytes, BRING_UP_RING,
			       BRING_UP_BUFFER, vhc_ring_get_kick(b.dev, i),
			       vhc_ring_get_call(b.dev, i));
}

/* The driver does not know that it moved: the same indices, at other addresses. */
static void move_rings(char *from, char *to)
{
	for (uint32_t i = 0; i < 2 * pairs; i++) {
		struct virtqueue *ring = &rings[i];

		ring->memory = (unsigned char *)(to + ((char *)ring->memory - from));
		ring->desc = (struct vring_desc *)(to + ((char *)ring->desc - from));
		ring->avail = (struct vring_avail *)(to + ((char *)ring->avail - from));
		ring->used = (struct vring_used *)(to + ((char *)ring->used - from));
		ring->buffers = (unsigned char *)(to + ((char *)ring->buffers - from));
		ring->kick = vhc_ring_get_kick(b.dev, i);
		ring->call = vhc_ring_get_call(b.dev, i);
	}
}

/* What the destination creates before anything arrives: device, memory, the link. */
static int prepare_there(void)
{
	int r = vhc_dev_open(b.ctx, "net0", NULL,
			     VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = pairs),
			     &b.dev);

	r = r ? r : bring_up_memory(&b, pairs);
	r = r ? r : vhc_mem_new(b.ctx, &b.mem);
	r = r ? r
	      : vhc_mem_add(b.mem,
			    VHC_ARG(vhc_region, .size = b.size, .user_addr = (uintptr_t)b.ram));
	r = r ? r : vhc_mem_commit(b.mem);
	r = r ? r : vhc_dev_set_mem(b.dev, b.mem);
	return r ? r : vhc_dev_set_tap(b.dev, b.tap);
}

/* @early: was loading refused before the guest's memory had arrived? */
static int move(bool *early)
{
	char *json = NULL, *from = b.ram;
	int r = vhc_dev_stop(b.dev);

	r = r ? r : vhc_dev_save(b.dev, &json);
	if (r)
		return r;
	vhc_dev_close(b.dev);
	vhc_mem_free(b.mem);
	b.dev = NULL;
	b.mem = NULL;
	r = prepare_there();
	if (!r) {
		*early = vhc_dev_load(b.dev, json) < 0 &&
			 strstr(vhc_ctx_get_error(b.ctx)->text, "used index 0") != NULL;
		memcpy(b.ram, from, b.size);
		munmap(from, b.size);
		r = vhc_dev_load(b.dev, json);
	}
	free(json);
	if (r)
		return r;
	move_rings(from, b.ram);
	return vhc_dev_start(b.dev);
}

static bool is_whole(const char *name, const struct way *way)
{
	printf("# %s: %u sent, %u arrived, %u twice, %u wrong\n", name, way->sent, way->arrived,
	       way->twice, way->wrong);
	return way->sent == way->arrived && !way->twice && !way->wrong;
}

/* A snapshot of the running device, which cannot be loaded, and which this host could run. */
static void check_snapshot(void)
{
	char *json = NULL, *caps = NULL;
	int r = vhc_dev_save(b.dev, &json);

	result("a running device is saved as a snapshot", !r && strstr(json, "\"running\":true"));
	result("the snapshot is valid", !r && !vhc_state_check(b.ctx, json));
	r = r ? r : vhc_caps_probe(b.ctx, &caps);
	result("this host could run it", !r && !vhc_caps_check(b.ctx, caps, json, NULL));
	result("it is not loaded", json && vhc_dev_load(b.dev, json) < 0 &&
					   strstr(vhc_ctx_get_error(b.ctx)->text, "snapshot"));
	free(json);
	free(caps);
}

int main(int argc, char **argv)
{
	uint32_t moves = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0, done = 0, early = 0;
	unsigned int fds;

	pairs = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	if (!pairs || pairs > PAIRS_MAX || !moves || (moves + 1) * EACH > FRAMES_MAX)
		return 2;
	b.features = "version_1,mrg_rxbuf";
	if (unshare(CLONE_NEWNET) || bring_up_memory(&b, pairs) || bring_up(&b, pairs))
		stop_here("the device starts");
	take_rings();
	open_wire();
	run(EACH, true);
	check_snapshot();
	fds = count_fds();
	for (int r = 0; done < moves && !r; done += !r) {
		bool refused = false;

		run((done + 2) * EACH, false);
		r = move(&refused);
		early += refused;
	}
	run((done + 1) * EACH, true);
	printf("# %u moves of %u pairs\n", done, pairs);
	result("every move succeeds", done == moves);
	result("none is loaded before the guest's memory has arrived", early == moves);
	result("what the guest sends arrives once", is_whole("out", &out));
	result("what is sent to it arrives once", is_whole("in", &in));
	result("no fd is left", count_fds() == fds);
	bring_down(&b);
	printf("1..%d\n", number);
	return failed != 0;
}
