/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire - frames in and out of the packet socket, each with the virtio-net header that marks TSO.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver.h"
#include "wire.h"

#define ROOM	 (512 << 20) /* bytes for frames that were not taken yet */
#define NAP	 20	     /* ms */
#define IPV6_OFF "/proc/sys/net/ipv6/conf/all/disable_ipv6"

/* The kernel's own frames would only disturb. */
static void no_ipv6(void)
{
	FILE *file = fopen(IPV6_OFF, "w");

	if (file && (fputs("1", file) < 0 || fclose(file)))
		perror(IPV6_OFF);
}

int wire_open(struct wire *wire, const struct ram *ram)
{
	const char *link = ram_board(ram)->link;
	struct sockaddr_ll addr = { AF_PACKET, htons(ETH_P_IP), (int)if_nametoindex(link) };
	struct ifreq up = { .ifr_flags = IFF_UP };
	int yes = 1, room = ROOM;

	*wire = (struct wire){ .board = ram_board(ram) };
	wire->pattern = ram->part[PART_TX] + wire->board->pairs * TX_HEADS_BYTES;
	snprintf(up.ifr_name, IFNAMSIZ, "%s", link);
	no_ipv6();
	wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0 || ioctl(wire->fd, SIOCSIFFLAGS, &up) ||
	    setsockopt(wire->fd, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) ||
	    setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) ||
	    bind(wire->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	wire->dropped = link_dropped(link);
	return 0;
}

void wire_close(struct wire *wire)
{
	close(wire->fd);
}

static bool take_one(struct wire *wire)
{
	struct virtio_net_hdr hdr;
	struct iovec parts[] = { { &hdr, sizeof(hdr) }, { wire->buffer, sizeof(wire->buffer) } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t length = recvmsg(wire->fd, &message, MSG_TRUNC);
	struct board *board = wire->board;
	struct frame_id id;

	if (length < (ssize_t)sizeof(hdr))
		return false;
	if (length > (ssize_t)(sizeof(hdr) + sizeof(wire->buffer)))
		length = 0; /* none of ours is that long: foreign */
	parts[1].iov_len = length ? (size_t)length - sizeof(hdr) : 0;
	switch (frame_check(board->kind, WAY_OUT, wire->pattern, &hdr, &parts[1], 1, &id)) {
	case FRAME_FOREIGN:
		wire->out[0].foreign++;
		return true;
	case FRAME_GOOD:
		if (id.flow < board->pairs) {
			wire->out[id.flow].big += hdr.gso_type != 0;
			wire->out[id.flow].duplicated +=
				!seen_note(&wire->seen[id.flow], id.number, ++wire->place);
			return true;
		}
		/* fall through */
	case FRAME_CORRUPT:
		break;
	}
	wire->out[id.flow % board->pairs].corrupt++;
	printf("# the wire took %zd bytes that call themselves flow %u number %u and are not\n",
	       length, id.flow, id.number);
	return true;
}

static bool take_all(struct wire *wire)
{
	bool some = false;

	while (take_one(wire))
		some = true;
	for (uint32_t f = 0; f < wire->board->pairs && some; f++)
		WRITE(wire->board->acked[f],
		      seen_first_missing(&wire->seen[f], wire->board->acked[f]));
	return some;
}

/* Returns false if the link accepts no more at the moment. */
static bool send_frame(struct wire *wire, uint32_t flow, uint32_t number, bool damaged)
{
	struct frame_id id = { WAY_IN, flow, number };
	uint32_t length = frame_length(wire->board->kind, &id);
	unsigned char head[FRAME_HEAD];
	struct virtio_net_hdr hdr;
	struct iovec parts[] = { { &hdr, sizeof(hdr) },
				 { head, sizeof(head) },
				 { (void *)(uintptr_t)(wire->pattern + frame_body(&id)),
				   length - FRAME_HEAD } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };

	frame_offload(&hdr, length);
	frame_head(head, &id, length);
	head[FRAME_HEAD - 1] ^= damaged;
	if (sendmsg(wire->fd, &message, 0) >= 0)
		return true;
	wire->refused += errno == ENOBUFS;
	return false;
}

static bool send_one(struct wire *wire, uint32_t flow)
{
	uint32_t *number = &wire->board->injected[flow];

	if (!send_frame(wire, flow, *number, false))
		return false;
	WRITE(*number, *number + 1);
	return true;
}

void wire_do_wrong(struct wire *wire, enum wrong wrong)
{
	uint32_t *number = &wire->board->injected[0];

	if (wrong == WRONG_TWICE)
		send_frame(wire, 0, *number - 1, false);
	if (wrong == WRONG_DAMAGED)
		send_frame(wire, 0, *number, true);
	if (wrong == WRONG_LOST || wrong == WRONG_DAMAGED)
		WRITE(*number, *number + 1);
}

static bool take_from(uint32_t *budget)
{
	if (!READ(*budget))
		return false;
	__atomic_fetch_sub(budget, 1, __ATOMIC_ACQ_REL);
	return true;
}

static bool may_send(struct wire *wire, uint32_t flow, bool paused)
{
	struct board *board = wire->board;

	return READ(board->ready) && !READ(board->last_call) &&
	       board->injected[flow] - wire->arrived[flow] < board->in_window &&
	       (!paused || take_from(&board->budget));
}

static bool send_window(struct wire *wire, uint32_t flow, bool paused)
{
	uint32_t forgiven = READ(wire->board->forgiven[flow]);
	bool some = false;

	if (wire->arrived[flow] < forgiven)
		wire->arrived[flow] = forgiven;
	wire->arrived[flow] = seen_first_missing(&wire->board->seen[flow], wire->arrived[flow]);
	while (may_send(wire, flow, paused) && send_one(wire, flow))
		some = true;
	return some;
}

bool wire_turn(struct wire *wire)
{
	uint32_t pause = READ(wire->board->pause), pairs = wire->board->pairs;
	bool some = take_all(wire);

	if (some)
		eventfd_write(FD_BELL_GUEST, 1);
	for (; READ(wire->board->flood); take_from(&wire->board->flood)) {
		send_one(wire, wire->board->flood % pairs);
		some = true;
	}
	for (uint32_t i = 0; i < pairs; i++)
		some = send_window(wire, (wire->turn + i) % pairs, pause & 1) || some;
	wire->turn++;
	WRITE(wire->board->paused, pause);
	return some;
}

void wire_sleep(struct wire *wire, int other)
{
	struct pollfd polls[] = { { wire->fd, POLLIN, 0 },
				  { FD_BELL_WIRE, POLLIN, 0 },
				  { other, POLLIN, 0 } };
	eventfd_t value;

	poll(polls, 3, NAP);
	if (polls[1].revents & POLLIN)
		eventfd_read(FD_BELL_WIRE, &value);
}

bool wire_all_arrived(const struct wire *wire)
{
	const struct board *board = wire->board;

	for (uint32_t f = 0; f < board->pairs; f++)
		if (READ(board->acked[f]) != READ(board->ring[2 * f + 1].next_avail) ||
		    wire->arrived[f] != board->injected[f])
			return false;
	return true;
}

uint32_t wire_lost(const struct wire *wire, uint32_t way, uint32_t flow)
{
	const struct board *board = wire->board;
	const struct seen *seen = way == WAY_OUT ? &wire->seen[flow] : &board->seen[flow];
	uint32_t first = way == WAY_OUT ? board->acked[flow] : wire->arrived[flow], lost = 0;
	uint32_t end =
		way == WAY_OUT ? board->ring[2 * flow + 1].next_avail : board->injected[flow];

	for (uint32_t number = first; number != end; number++)
		lost += !seen_has(seen, number);
	return lost;
}

/* /proc/self/net/dev: a name, eight numbers of receiving, then bytes, packets, errs, drop. */
uint64_t link_dropped(const char *link)
{
	FILE *file = fopen("/proc/self/net/dev", "re");
	unsigned long long dropped = 0;
	char line[512], name[64];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %63[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", name,
			   &dropped) == 2 &&
		    !strcmp(name, link))
			break;
	if (file)
		fclose(file);
	return dropped;
}

uint32_t wire_overrun(const struct wire *wire)
{
	struct tpacket_stats stats = { 0 };
	socklen_t size = sizeof(stats);

	getsockopt(wire->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
	return stats.tp_drops;
}
