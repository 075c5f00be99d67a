/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frames that loop sends: numbered, with predictable contents.
 *
 * Ethernet and IPv4 to an address that no host has, so that the host's stack drops them after they
 * are counted, and UDP with one port per flow, so that a tap with several queues uses all of them.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>

#include "loop/loop.h"

#define FLOW_PORT 1000u
#define MARK	  0x76686374u /* "vhct" */

struct frame_head {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	uint32_t mark;
	uint64_t number; /* in network order, as all of it */
} __attribute__((packed));

static uint64_t swap(uint64_t number)
{
	const uint32_t halves[2] = { htonl((uint32_t)(number >> 32)), htonl((uint32_t)number) };

	memcpy(&number, halves, sizeof(number));
	return number;
}

static struct frame_head head_of(size_t size, uint64_t number, uint32_t flows)
{
	const uint16_t port = htons((uint16_t)(FLOW_PORT + number % flows));
	const size_t ip_size = size - sizeof(struct ethhdr);

	return (struct frame_head){
		.ethernet = { .h_dest = { 2, 0, 0, 0, 0, 2 },
			      .h_source = { 2, 0, 0, 0, 0, 1 },
			      .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4,
			.ihl = 5,
			.tot_len = htons((uint16_t)ip_size),
			.ttl = 1,
			.protocol = IPPROTO_UDP,
			.saddr = htonl(0xc0000201), /* 192.0.2.1, for documentation */
			.daddr = htonl(0xc0000202) },
		.udp = { .source = port,
			 .dest = port,
			 .len = htons((uint16_t)(ip_size - sizeof(struct iphdr))) },
		.mark = htonl(MARK),
		.number = swap(number),
	};
}

/* A byte behind the head: each frame's differ from its neighbours'. */
static unsigned char filler(uint64_t number, size_t at)
{
	return (unsigned char)(number * 167 + at);
}

void frame_make(unsigned char *frame, size_t size, uint64_t number, uint32_t flows)
{
	const struct frame_head head = head_of(size, number, flows);

	memcpy(frame, &head, sizeof(head));
	for (size_t i = sizeof(head); i < size; i++)
		frame[i] = filler(number, i);
}

enum frame_verdict frame_check(const unsigned char *frame, size_t length, size_t size,
			       uint32_t flows, uint64_t *ret_number)
{
	struct frame_head head, same;

	if (length < sizeof(head))
		return FRAME_FOREIGN;
	memcpy(&head, frame, sizeof(head));
	if (head.ethernet.h_proto != htons(ETH_P_IP) || head.mark != htonl(MARK))
		return FRAME_FOREIGN;
	*ret_number = swap(head.number);
	same = head_of(size, *ret_number, flows);
	if (length != size || memcmp(&head, &same, sizeof(head)))
		return FRAME_WRONG;
	for (size_t i = sizeof(head); i < size; i++)
		if (frame[i] != filler(*ret_number, i))
			return FRAME_WRONG;
	return FRAME_RIGHT;
}
