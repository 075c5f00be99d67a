/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frame - makes and checks frames: IPv4 and TCP between unused addresses, of 72 to 65000 bytes.  Those
 * longer than the MTU are TSO frames, with the header for that.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>

#include "frame.h"

#define MAGIC 0x56484352u

struct head {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
	uint32_t magic, way, flow, number;
	uint16_t fill;
} __attribute__((packed));

_Static_assert(sizeof(struct head) == FRAME_HEAD, "the head has its size");

const char *const frame_kinds[KINDS] = { "small", "gso", "mixed" };

static const struct head models[] = {
	[WAY_OUT] = { .eth = { .h_dest = { 2, 0, 0, 0, 0, 1 }, .h_source = { 2, 0, 0, 0, 0, 2 } } },
	[WAY_IN] = { .eth = { .h_dest = { 2, 0, 0, 0, 0, 2 }, .h_source = { 2, 0, 0, 0, 0, 1 } } },
};

/* Unrelated numbers. */
static uint32_t scatter(const struct frame_id *id)
{
	uint32_t x = id->number * 2654435761u ^ (id->flow * 40503u + id->way * 977u);

	x ^= x >> 15;
	x *= 2246822519u;
	return x ^ x >> 13;
}

uint32_t frame_length(enum frame_kind kind, const struct frame_id *id)
{
	bool big = kind == KIND_GSO || (kind == KIND_MIXED && id->number % 8 == 7);
	uint32_t low = big ? FRAME_SMALL + 1 : FRAME_HEAD, high = big ? FRAME_MAX : FRAME_SMALL;

	return low + scatter(id) % (high - low + 1);
}

void frame_pattern(unsigned char *pattern)
{
	uint32_t x = 1;

	for (uint32_t i = 0; i < BODY_BYTES; i++) {
		x = x * 1664525u + 1013904223u;
		pattern[i] = (unsigned char)(x >> 24);
	}
}

uint32_t frame_body(const struct frame_id *id)
{
	return scatter(id) / 7 % FRAME_PERIOD;
}

static uint32_t sum_words(const void *bytes, size_t length, uint32_t sum)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

void frame_head(unsigned char *bytes, const struct frame_id *id, uint32_t length)
{
	struct head head = models[id->way];
	uint16_t tcp_length = (uint16_t)(length - sizeof(head.eth) - sizeof(head.ip));
	struct {
		uint32_t from, to;
		uint16_t protocol, length;
	} pseudo;

	head.eth.h_proto = htons(ETH_P_IP);
	head.ip.version = 4;
	head.ip.ihl = sizeof(head.ip) / 4;
	head.ip.tot_len = htons((uint16_t)(length - sizeof(head.eth)));
	head.ip.id = htons((uint16_t)id->number);
	head.ip.ttl = 1;
	head.ip.protocol = IPPROTO_TCP;
	head.ip.saddr = htonl(id->way == WAY_OUT ? 0x0a090902 : 0x0a090901);
	head.ip.daddr = htonl(id->way == WAY_OUT ? 0x0a090901 : 0x0a090902);
	head.ip.check = htons((uint16_t)~sum_words(&head.ip, sizeof(head.ip), 0));
	head.tcp.source = head.tcp.dest = htons((uint16_t)(1000 + id->flow));
	head.tcp.seq = htonl(id->number);
	head.tcp.doff = sizeof(head.tcp) / 4;
	head.tcp.ack = 1;
	/* what a checksum offload starts from: the pseudo-header's sum */
	pseudo.from = head.ip.saddr;
	pseudo.to = head.ip.daddr;
	pseudo.protocol = htons(IPPROTO_TCP);
	pseudo.length = htons(tcp_length);
	head.tcp.check = htons((uint16_t)sum_words(&pseudo, sizeof(pseudo), 0));
	head.magic = htonl(MAGIC);
	head.way = htonl(id->way);
	head.flow = htonl(id->flow);
	head.number = htonl(id->number);
	memcpy(bytes, &head, sizeof(head));
}

void frame_offload(struct virtio_net_hdr *hdr, uint32_t length)
{
	*hdr = (struct virtio_net_hdr){ 0 };
	if (length <= FRAME_SMALL)
		return;
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = offsetof(struct head, tcp);
	hdr->csum_offset = offsetof(struct tcphdr, check);
	hdr->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	hdr->gso_size = FRAME_MSS;
	hdr->hdr_len = offsetof(struct head, magic);
}

/* hdr_len is a hint, which the kernel recomputes. */
static bool same_offload(const struct virtio_net_hdr *hdr, uint32_t length)
{
	struct virtio_net_hdr expected;

	frame_offload(&expected, length);
	return hdr->gso_type == expected.gso_type &&
	       (!hdr->gso_type ||
		(hdr->gso_size == expected.gso_size && hdr->csum_start == expected.csum_start &&
		 hdr->csum_offset == expected.csum_offset &&
		 hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM));
}

static bool same_body(const unsigned char *body, const struct iovec *parts, uint32_t count)
{
	size_t skip = FRAME_HEAD;

	for (uint32_t i = 0; i < count; i++) {
		size_t length = parts[i].iov_len - skip;

		if (memcmp((const char *)parts[i].iov_base + skip, body, length))
			return false;
		body += length;
		skip = 0;
	}
	return true;
}

enum verdict frame_check(enum frame_kind kind, uint32_t way, const unsigned char *pattern,
			 const struct virtio_net_hdr *hdr, const struct iovec *parts,
			 uint32_t count, struct frame_id *ret)
{
	unsigned char expected[FRAME_HEAD];
	struct head head;
	size_t length = 0;

	for (uint32_t i = 0; i < count; i++)
		length += parts[i].iov_len;
	if (!count || parts[0].iov_len < sizeof(head))
		return FRAME_FOREIGN;
	memcpy(&head, parts[0].iov_base, sizeof(head));
	*ret = (struct frame_id){ way, ntohl(head.flow), ntohl(head.number) };
	if (memcmp(head.eth.h_source, models[way].eth.h_source, ETH_ALEN))
		return FRAME_FOREIGN;
	if (head.magic != htonl(MAGIC) || head.way != htonl(way) ||
	    length != frame_length(kind, ret))
		return FRAME_CORRUPT;
	frame_head(expected, ret, (uint32_t)length);
	if (memcmp(&head, expected, sizeof(head)) || !same_offload(hdr, (uint32_t)length) ||
	    !same_body(pattern + frame_body(ret), parts, count))
		return FRAME_CORRUPT;
	return FRAME_GOOD;
}
