/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traffic ROUNDS LAUNCHER BROKER LINK ADDRESS LAUNCHER 0 LINK ADDRESS - one guest has its link from a broker, the other
 * from its launcher's own vhost.  They get the same traffic in turns, never at a time: A B, B A, ...  What is
 * counted is what the tap has counted.  LAUNCHER and BROKER are pids, ADDRESS is the host's end of the link, to
 * which the guest connects and returns what it is sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cpu.h"
#include "spread.h"

#define PORT	  7000
#define PATIENCE  600000 /* ms, until a guest connects or goes on */
#define WARM_UP	  3e8	 /* ns */
#define MEASURED  15e8
#define BATCH	  32
#define UDP_BYTES 64
#define LEAST	  0.98

struct side {
	const char *link;
	struct sockaddr_in host, guest;
	struct cpu_user user;
	int udp, tcp;
	double sent, back; /* bytes, by TCP */
};

struct count {
	double ns, cpu, packets, bytes;
};

static int fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	return -1;
}

static int add_counter(const struct side *side, const char *name, double *sum)
{
	char path[128];
	double value;
	FILE *file;
	int r = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", side->link, name);
	file = fopen(path, "re");
	if (!file)
		return fail(path);
	if (fscanf(file, "%lf", &value) == 1)
		*sum += value;
	else
		r = fail(path);
	fclose(file);
	return r;
}

static int count(const struct side *side, struct count *ret)
{
	*ret = (struct count){ .cpu = cpu_ns(&side->user), .ns = now_ns() };
	if (add_counter(side, "rx_packets", &ret->packets) ||
	    add_counter(side, "tx_packets", &ret->packets))
		return -1;
	return add_counter(side, "rx_bytes", &ret->bytes) ||
			       add_counter(side, "tx_bytes", &ret->bytes)
		       ? -1
		       : 0;
}

/* More than the guest can take: the tap drops the others, and does not count them. */
static int flood(struct side *side, double end)
{
	static char payload[UDP_BYTES];
	struct iovec iov = { payload, sizeof(payload) };
	struct mmsghdr batch[BATCH] = { 0 };

	for (int i = 0; i < BATCH; i++)
		batch[i].msg_hdr = (struct msghdr){ .msg_name = &side->guest,
						    .msg_namelen = sizeof(side->guest),
						    .msg_iov = &iov,
						    .msg_iovlen = 1 };
	while (now_ns() < end)
		if (sendmmsg(side->udp, batch, BATCH, 0) < 0 && errno != ENOBUFS)
			return fail("sendmmsg");
	return 0;
}

static int rest(struct side *side)
{
	usleep(300000); /* what is still in the tap */
	return 0;
}

static int take_back(struct side *side)
{
	static char block[1 << 16];
	ssize_t n = recv(side->tcp, block, sizeof(block), MSG_DONTWAIT);

	if (!n)
		errno = ECONNRESET;
	if (n <= 0 && errno != EAGAIN)
		return fail("the guest's connection");
	side->back += n > 0 ? (double)n : 0;
	return 0;
}

static int give(struct side *side)
{
	static char block[1 << 16];
	ssize_t n = send(side->tcp, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		return fail("the guest's connection");
	side->sent += n > 0 ? (double)n : 0;
	return 0;
}

static int wait_for(struct pollfd *fd)
{
	int r = poll(fd, 1, PATIENCE);

	if (!r)
		errno = ETIMEDOUT;
	return r > 0 ? 0 : fail("the guest");
}

static int turn(struct side *side, short events)
{
	struct pollfd fd = { .fd = side->tcp, .events = events };

	if (wait_for(&fd) < 0)
		return -1;
	if (fd.revents & (POLLIN | POLLERR | POLLHUP) && take_back(side) < 0)
		return -1;
	return fd.revents & POLLOUT ? give(side) : 0;
}

static int transfer(struct side *side, double end)
{
	while (now_ns() < end)
		if (turn(side, POLLIN | POLLOUT) < 0)
			return -1;
	return 0;
}

static int drain(struct side *side)
{
	while (side->back < side->sent)
		if (turn(side, POLLIN) < 0)
			return -1;
	return 0;
}

static const struct kind {
	const char *what, *unit, *cpu_unit;
	int (*run)(struct side *side, double end), (*end)(struct side *side);
	int by_packets;
} kinds[] = {
	{ "UDP to the guest, 64 bytes each", "packets/s", "packets/CPU s", flood, rest, 1 },
	{ "TCP to the guest and back", "MB/s", "MB/CPU s", transfer, drain, 0 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* How much in a second, and in a CPU second. */
static int measure(const struct kind *kind, struct side *side, double rate[2])
{
	struct count from, to;
	double amount;

	if (kind->run(side, now_ns() + WARM_UP) < 0 || count(side, &from) < 0)
		return -1;
	if (kind->run(side, now_ns() + MEASURED) < 0 || count(side, &to) < 0)
		return -1;
	if (to.cpu <= from.cpu) {
		fprintf(stderr, "bench: %s: processes %d and %d use no CPU\n", side->link,
			side->user.launcher, side->user.broker);
		return -1;
	}
	amount = kind->by_packets ? to.packets - from.packets : (to.bytes - from.bytes) / 1e6;
	rate[0] = amount / ((to.ns - from.ns) / 1e9);
	rate[1] = amount / ((to.cpu - from.cpu) / 1e9);
	return kind->end(side);
}

static int round_of(int number, struct side sides[2], struct spread spreads[KINDS][2])
{
	double rate[2][2];

	for (size_t k = 0; k < KINDS; k++) {
		for (int i = 0; i < 2; i++) {
			int side = (number + i) % 2;

			if (measure(&kinds[k], &sides[side], rate[side]) < 0)
				return -1;
		}
		for (int i = 0; i < 2; i++)
			spread_add(&spreads[k][i], rate[0][i], rate[1][i]);
		fprintf(stderr, "bench: round %d, %s: %.0f, %.0f %s\n", number + 1, kinds[k].what,
			rate[0][0], rate[1][0], kinds[k].unit);
	}
	return 0;
}

static int accept_guest(struct side *side)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	struct pollfd fd = { .fd = listener, .events = POLLIN };

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&side->host, sizeof(side->host)) ||
	    listen(listener, 1))
		return fail("listen");
	if (wait_for(&fd) < 0)
		return -1;
	side->tcp = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return side->tcp < 0 ? fail("accept") : 0;
}

static int begin(struct side *side, char **arguments)
{
	struct sockaddr_in host = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	socklen_t size = sizeof(side->guest);

	side->user = (struct cpu_user){ atoi(arguments[0]), atoi(arguments[1]) };
	side->link = arguments[2];
	side->host = host;
	if (inet_pton(AF_INET, arguments[3], &side->host.sin_addr) != 1)
		return fail(arguments[3]);
	side->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (side->udp < 0 || accept_guest(side) < 0)
		return -1;
	if (getpeername(side->tcp, (struct sockaddr *)&side->guest, &size))
		return fail("getpeername");
	side->guest.sin_port = htons(9); /* nobody listens there */
	cpu_pin(&side->user);
	return 0;
}

int main(int argc, char **argv)
{
	static struct spread spreads[KINDS][2];
	static struct side sides[2];
	int rounds = argc == 10 ? atoi(argv[1]) : 0;

	if (rounds < 1 || rounds > SPREAD_ROUNDS)
		return 2;
	if (begin(&sides[0], argv + 2) < 0 || begin(&sides[1], argv + 6) < 0)
		return 1;
	for (int i = 0; i < rounds; i++)
		if (round_of(i, sides, spreads) < 0)
			return 1;
	for (size_t k = 0; k < KINDS; k++) {
		spread_print(&spreads[k][0], kinds[k].what, "vhost=on", kinds[k].unit, LEAST);
		spread_print(&spreads[k][1], "  for its CPU time", "vhost=on", kinds[k].cpu_unit,
			     LEAST);
	}
	return 0;
}
