/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tap - what a device does to its tap: which queues receive, which offloads are on, whose queues there
 * are, and what says that the link has gone.  Prints TAP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bring-up.h"

#define PAIRS 4u
#define FLOWS 200u
#define PORT  20000u
#define RACES 300u
#define FEATURES \
	"version_1,mrg_rxbuf,csum,guest_csum,guest_tso4,guest_tso6,ctrl_vq,ctrl_guest_offloads"

struct frame {
	struct ether_header head;
	uint8_t ip[20], udp[8], fill[18];
} __attribute__((packed));

static struct bring_up b;
static struct virtqueue rings[2 * PAIRS];
static int number, failed;

static void result(const char *what, bool good)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	if (!good && b.ctx)
		printf("# last error: %s\n", vhc_ctx_get_error(b.ctx)->text);
	failed += !good;
}

static int open_device(const char *name, uint32_t queues)
{
	int r = vhc_tap_open(b.ctx, name, VHC_ARG(vhc_tap_args, .queues = queues), &b.tap);

	return r ? r
		 : vhc_dev_open(b.ctx, "net0", NULL,
				VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = PAIRS),
				&b.dev);
}

/* A driver that begins anew, with the rings of so many pairs. */
static int start(uint32_t pairs)
{
	memset(b.ram, 0, b.size);
	b.features = FEATURES;
	return bring_up_start(&b, pairs);
}

static void close_device(void)
{
	vhc_dev_close(b.dev);
	vhc_tap_close(b.tap);
	vhc_mem_free(b.mem);
	b.dev = NULL;
	b.tap = NULL;
	b.mem = NULL;
}

static void take_rings(uint32_t pairs)
{
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);

	for (uint32_t i = 0; i < 2 * pairs; i++) {
		virtqueue_init(&rings[i], (char *)b.ram + i * bytes, i * bytes, BRING_UP_RING,
			       BRING_UP_BUFFER, vhc_ring_get_kick(b.dev, i),
			       vhc_ring_get_call(b.dev, i));
		if (i % 2 == 0) {
			virtqueue_fill(&rings[i]);
			virtqueue_kick(&rings[i]);
		}
	}
}

/* A packet socket on the link, which is up then. */
static int open_wire(void)
{
	const char *name = vhc_tap_get_name(b.tap);
	struct sockaddr_ll addr = { AF_PACKET, htons(ETHERTYPE_IP), (int)if_nametoindex(name) };
	struct ifreq link = { .ifr_flags = IFF_UP };
	int wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE_IP));

	strncpy(link.ifr_name, name, IFNAMSIZ - 1);
	if (wire < 0 || ioctl(wire, SIOCSIFFLAGS, &link) ||
	    bind(wire, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return wire;
}

static struct frame make_frame(uint16_t port)
{
	struct frame frame = { .ip = { 0x45, 0, 0,  46, 0, 0, 0,  0, 64, 17,
				       0,    0, 10, 0,	0, 1, 10, 0, 0,	 2 } };

	memset(frame.head.ether_dhost, 0xff, ETH_ALEN);
	frame.head.ether_shost[0] = 2;
	frame.head.ether_type = htons(ETHERTYPE_IP);
	port = htons(port);
	memcpy(frame.udp, &port, sizeof(port));
	memcpy(frame.udp + 2, &port, sizeof(port));
	frame.udp[5] = 26;
	return frame;
}

/* How many of so many flows arrive, in any of these pairs' rings. */
static unsigned int count_arrivals(uint32_t pairs)
{
	unsigned int count = 0, quiet = 0;
	int wire = open_wire();
	uint32_t length;

	for (uint32_t i = 0; i < FLOWS && wire >= 0; i++) {
		struct frame frame = make_frame((uint16_t)(PORT + 7 * i));

		if (send(wire, &frame, sizeof(frame), 0) != sizeof(frame))
			break;
	}
	while (count < FLOWS && quiet++ < 20000) {
		for (uint32_t i = 0; i < 2 * pairs; i += 2)
			for (int id; (id = virtqueue_reap(&rings[i], &length)) >= 0; quiet = 0) {
				struct frame *frame =
					(void *)(virtqueue_buffer(&rings[i], id) + 12);

				count += frame->head.ether_type == htons(ETHERTYPE_IP) &&
					 frame->ip[9] == 17;
				virtqueue_put(&rings[i], id);
			}
		usleep(1000);
	}
	close(wire);
	return count;
}

/* Is segmentation left to the reader of the link?  `ethtool -k` shows it as tcp-segmentation-offload. */
static int has_tso(void)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GTSO };
	struct ifreq ifr = { .ifr_data = (void *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	strncpy(ifr.ifr_name, vhc_tap_get_name(b.tap), IFNAMSIZ - 1);
	r = ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	return r ? -1 : (int)value.data;
}

/* --------------------------------------------------------------------------- the control queue */

static void one_pair_of_four(void)
{
	unsigned int count;
	char what[96];
	int r = open_device(NULL, PAIRS);

	result("a device of 4 pairs with the rings of one starts", !r && !start(1));
	take_rings(1);
	count = count_arrivals(1);
	snprintf(what, sizeof(what), "%u of %u flows arrive", count, FLOWS);
	result(what, count == FLOWS);
	close_device();
}

static void turn_off_tso(void)
{
	struct vhc_features less = b.acked;

	vhc_features_remove(&less, 7);
	vhc_features_remove(&less, 8);
	result("the driver turns segmentation off", !vhc_tap_set_features(b.tap, &less, 0));
}

static void control_is_kept(void)
{
	unsigned int count;
	char *json = NULL;
	int r = open_device(NULL, PAIRS);

	result("a device of 4 pairs starts", !r && !start(PAIRS));
	take_rings(PAIRS);
	result("with the offloads that the driver accepted", has_tso() == 1);
	turn_off_tso();
	result("and one pair active", !vhc_tap_set_active(b.tap, 1) && has_tso() == 0);
	result("it stops", !vhc_dev_stop(b.dev));
	result("it starts again", !vhc_dev_start(b.dev));
	result("segmentation is still off", has_tso() == 0);
	count = count_arrivals(1);
	result("and all flows arrive in the first pair", count == FLOWS);
	result("it stops, and is saved", !vhc_dev_stop(b.dev) && !vhc_dev_save(b.dev, &json));
	vhc_dev_close(b.dev);
	vhc_tap_close(b.tap);
	r = open_device(NULL, PAIRS);
	r = r ? r : vhc_dev_set_mem(b.dev, b.mem);
	r = r ? r : vhc_dev_set_tap(b.dev, b.tap);
	result("another device is loaded from that", !r && !vhc_dev_load(b.dev, json));
	for (uint32_t i = 0; i < 2 * PAIRS; i++) {
		rings[i].kick = vhc_ring_get_kick(b.dev, i);
		rings[i].call = vhc_ring_get_call(b.dev, i);
	}
	result("and starts", !vhc_dev_start(b.dev));
	result("with segmentation off", has_tso() == 0);
	for (uint32_t i = 0; i < 2 * PAIRS; i += 2) {
		virtqueue_fill(&rings[i]);
		virtqueue_kick(&rings[i]);
	}
	count = count_arrivals(1);
	result("and all flows arrive in the first pair there", count == FLOWS);
	free(json);
	close_device();
}

/* ------------------------------------------------------------------------------------- other links */

static int open_tap(const char *name, short flags)
{
	struct ifreq ifr = { .ifr_flags = flags };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void packet_information(void)
{
	int fd = open_tap("pi0", IFF_TAP | IFF_VNET_HDR);
	int r = vhc_tap_open_fds(b.ctx, &fd, 1, &b.tap);
	const char *text = vhc_ctx_get_error(b.ctx)->text;

	result("a tap with packet information is refused",
	       r == -EINVAL && strstr(text, "packet information"));
	close(fd);
}

static void delete_link(const char *name)
{
	char command[64];

	snprintf(command, sizeof(command), "ip link delete %s", name);
	result("the link is deleted", system(command) == 0);
}

static void link_goes(void)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct pollfd ready = { .events = POLLIN };
	const char *text = vhc_ctx_get_error(b.ctx)->text;
	int r = open_device("gone0", PAIRS);

	result("a device starts", !r && !start(1));
	take_rings(1);
	ready.fd = vhc_dev_get_event_fd(b.dev);
	result("its ring is in order", !vhc_ring_check(b.dev, 0));
	result("frames are no event", count_arrivals(1) == FLOWS && poll(&ready, 1, 0) == 0 &&
					      !vhc_dev_next_event(b.dev, &event));
	delete_link("gone0");
	result("the event fd is readable", poll(&ready, 1, 10000) == 1);
	result("the event says that the link is gone",
	       vhc_dev_next_event(b.dev, &event) == 1 && event.kind == VHC_EVENT_LINK_GONE);
	result("once", !vhc_dev_next_event(b.dev, &event) && poll(&ready, 1, 0) == 0);
	result("so does the check of a ring",
	       vhc_ring_check(b.dev, 0) == -ENODEV && strstr(text, "the link is gone"));
	r = vhc_tap_set_features(b.tap, &(struct vhc_features){ { 1ull << 32 | 1 << 15 } }, 0);
	result("and the call that changes offloads",
	       r == -EBADFD && strstr(text, "the link is gone"));
	result("the device stops", !vhc_dev_stop(b.dev));
	r = vhc_dev_start(b.dev);
	result("its start says that the link is gone", r < 0 && strstr(text, "is gone"));
	close_device();
}

/* --------------------------------------------------------------------------------- other users */

/* Another user, who opens a queue of the link whenever it can, and keeps it for as long as it can. */
static pid_t start_thief(int pipe_fd)
{
	pid_t child = fork();
	unsigned int stolen = 0;

	if (child)
		return child;
	if (setgid(65534) || setuid(65534))
		_exit(1);
	for (;;) {
		int fd = open_tap("race0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);

		if (fd < 0)
			continue;
		stolen++;
		if (write(pipe_fd, "x", 1) != 1)
			_exit(1);
		while (!ioctl(fd, TUNGETIFF, &(struct ifreq){ { { 0 } } }))
			usleep(100);
		close(fd);
	}
}

static unsigned int count_queues(const char *name)
{
	unsigned int count = 0;
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += !strncmp(entry->d_name, "rx-", 3);
	if (dir)
		closedir(dir);
	return count;
}

static void nobody_takes_a_queue(void)
{
	unsigned int opened = 0, shared = 0, stolen = 0;
	pid_t child;
	int fds[2];
	char byte;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) || chmod("/dev/net/tun", 0666))
		result("a pipe", false);
	child = start_thief(fds[1]);
	for (uint32_t i = 0; i < RACES; i++) {
		struct vhc_tap *tap;

		if (vhc_tap_open(b.ctx, "race0", VHC_ARG(vhc_tap_args, .queues = 2), &tap))
			continue;
		opened++;
		shared += count_queues("race0") != 2;
		vhc_tap_close(tap);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	while (read(fds[0], &byte, 1) == 1)
		stolen++;
	close(fds[0]);
	close(fds[1]);
	printf("# %u of %u links opened; another user took a queue %u times\n", opened, RACES,
	       stolen);
	result("links with several queues are opened", opened > 0);
	result("and no other user has a queue of any", shared == 0);
}

int main(void)
{
	if (bring_up_memory(&b, PAIRS) || vhc_ctx_new(&b.ctx))
		return 1;
	one_pair_of_four();
	control_is_kept();
	packet_information();
	link_goes();
	nobody_takes_a_queue();
	vhc_ctx_free(b.ctx);
	result("nothing is left open", count_fds() == 3);
	printf("1..%d\n", number);
	return failed != 0;
}
