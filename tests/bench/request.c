/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request ROUNDS SOCKET-1 SOCKET-4 - a front-end of devices of one and of four queue pairs: how long one request takes
 * until its reply is there, and how long it takes from connect() until all rings run.  Both are compared with as many
 * messages to a process that returns each at once.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spread.h"
#include "wire.h"

#define REQUESTS 100 /* of one round */
#define SIZE	 (4u << 20)
#define USER	 UINT64_C(0x7f0000000000)
#define RING	 0x4000u
#define PATIENCE 60000
/* version_1, event_idx, protocol_features, mrg_rxbuf */
#define FEATURES (UINT64_C(1) << 32 | 1 << 29 | 1 << 30 | 1 << 15)

static struct front {
	int socket, memory, echo;
	unsigned int told; /* messages on this connection */
	struct wire_reader reader;
	struct wire_error error;
} front;

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

/* Sends it, and waits for its reply, which is the acknowledgement where there is no other. */
static const union wire_payload *tell(struct wire_message message)
{
	const struct wire_kind *kind = wire_kind(WIRE_FRONT, message.request);

	message.flags = WIRE_VERSION | (kind->reply == WIRE_NO_REPLY ? WIRE_NEED_REPLY : 0);
	wire_reset(&front.reader);
	if (wire_send(front.socket, &message, PATIENCE, &front.error) < 0 ||
	    wire_receive(&front.reader, front.socket, PATIENCE, &front.error) != 1)
		fail(kind->name, front.error.text);
	if (kind->reply == WIRE_NO_REPLY && front.reader.message.payload.u64)
		fail(kind->name, "it is refused");
	front.told++;
	return &front.reader.message.payload;
}

#define TELL(name, bytes, ...) \
	tell((struct wire_message){ .request = WIRE_##name, .size = bytes, __VA_ARGS__ })

static uint64_t ask_features(void)
{
	return TELL(GET_FEATURES, 0)->u64;
}

static void enable(uint32_t ring)
{
	TELL(SET_VRING_ENABLE, 8, .payload.ring = { ring, 1 });
}

static void connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	front.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	front.told = 0;
	if (connect(front.socket, (struct sockaddr *)&address, sizeof(address)))
		fail(path, strerror(errno));
}

static void disconnect(void)
{
	close(front.socket);
	usleep(50000); /* until the guest's memory is free is no matter of the next one */
}

static void negotiate(void)
{
	uint64_t protocol = TELL(GET_PROTOCOL_FEATURES, 0)->u64;

	if (~ask_features() & FEATURES)
		fail("GET_FEATURES", "features are missing");
	TELL(SET_PROTOCOL_FEATURES, 8, .payload.u64 = protocol);
	TELL(SET_OWNER, 0);
	TELL(SET_FEATURES, 8, .payload.u64 = FEATURES);
	TELL(SET_MEM_TABLE, 40, .payload.table = { .count = 1, .region = { { 0, SIZE, USER, 0 } } },
	     .fds = 1, .fd = { front.memory });
}

static void start_ring(uint32_t ring, const int events[2])
{
	uint64_t at = USER + (uint64_t)ring * RING;

	TELL(SET_VRING_NUM, 8, .payload.ring = { ring, 256 });
	TELL(SET_VRING_BASE, 8, .payload.ring = { ring, 0 });
	TELL(SET_VRING_ADDR, 40,
	     .payload.addr = {
		     .index = ring, .desc = at, .avail = at + 0x1000, .used = at + 0x2000 });
	TELL(SET_VRING_KICK, 8, .payload.u64 = ring, .fds = 1, .fd = { events[0] });
	TELL(SET_VRING_CALL, 8, .payload.u64 = ring, .fds = 1, .fd = { events[1] });
	enable(ring);
}

static double start(const char *path, uint32_t pairs)
{
	int events[8][2];
	double begun;

	for (uint32_t i = 0; i < 2 * pairs; i++) {
		events[i][0] = eventfd(0, EFD_CLOEXEC);
		events[i][1] = eventfd(0, EFD_CLOEXEC);
	}
	begun = now_ns();
	connect_to(path);
	negotiate();
	for (uint32_t i = 0; i < 2 * pairs; i++)
		start_ring(i, events[i]);
	begun = now_ns() - begun;
	for (uint32_t i = 0; i < 2 * pairs; i++) {
		close(events[i][0]);
		close(events[i][1]);
	}
	return begun / 1e3;
}

/* A request and its acknowledgement have as many bytes. */
static void ping(uint32_t ring)
{
	char bytes[WIRE_HEADER_SIZE + 8] = { 0 };

	if (send(front.echo, bytes, sizeof(bytes), MSG_NOSIGNAL) != sizeof(bytes) ||
	    recv(front.echo, bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes))
		fail("echo", strerror(errno));
}

static void get(uint32_t ring)
{
	ask_features();
}

static pid_t start_echo(void)
{
	char bytes[WIRE_HEADER_SIZE + 8];
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		fail("socketpair", strerror(errno));
	pid = fork();
	if (!pid) {
		close(ends[0]);
		while (recv(ends[1], bytes, sizeof(bytes), MSG_WAITALL) == sizeof(bytes))
			if (send(ends[1], bytes, sizeof(bytes), MSG_NOSIGNAL) < 0)
				break;
		_exit(0);
	}
	close(ends[1]);
	front.echo = ends[0];
	return pid;
}

static double many(void (*run)(uint32_t ring), double *tail)
{
	double us[REQUESTS], middle;

	for (int i = 0; i < REQUESTS; i++) {
		us[i] = now_ns();
		run(0);
		us[i] = (now_ns() - us[i]) / 1e3;
	}
	middle = median(us, REQUESTS);
	*tail = us[REQUESTS * 99 / 100];
	return middle;
}

static void requests(int rounds, const char *what, void (*run)(uint32_t ring))
{
	struct spread middle = { 0 }, tail = { 0 };
	double ours, theirs, our_tail, their_tail;

	for (int i = 0; i < rounds; i++) {
		ours = many(run, &our_tail);
		theirs = many(ping, &their_tail);
		spread_add(&middle, ours, theirs);
		spread_add(&tail, our_tail, their_tail);
	}
	spread_print(&middle, what, "echo", "us", 0);
	spread_print(&tail, "  99 % are faster than", "echo", "us", 0);
}

static void starts(int rounds, const char *path, uint32_t pairs)
{
	struct spread spread = { 0 };
	char what[64], with[32];
	unsigned int told = 0;
	double ours, theirs;

	for (int i = 0; i < rounds; i++) {
		ours = start(path, pairs);
		disconnect();
		told = front.told;
		theirs = now_ns();
		for (unsigned int n = 0; n < told; n++)
			ping(0);
		spread_add(&spread, ours, (now_ns() - theirs) / 1e3);
	}
	snprintf(what, sizeof(what), "connect to running, %u pair%s", pairs, pairs == 1 ? "" : "s");
	snprintf(with, sizeof(with), "%u echoes", told);
	spread_print(&spread, what, with, "us", 0);
}

int main(int argc, char **argv)
{
	int rounds = argc == 4 ? atoi(argv[1]) : 0;
	pid_t echo;

	if (rounds < 1 || rounds > SPREAD_ROUNDS)
		return 2;
	front.memory = memfd_create("guest", MFD_CLOEXEC);
	if (front.memory < 0 || ftruncate(front.memory, SIZE))
		fail("memfd", strerror(errno));
	echo = start_echo();
	start(argv[2], 1);
	requests(rounds, "GET_FEATURES to its reply", get);
	requests(rounds, "SET_VRING_ENABLE to its reply", enable);
	disconnect();
	starts(rounds, argv[2], 1);
	starts(rounds, argv[3], 4);
	close(front.echo);
	waitpid(echo, NULL, 0);
	return 0;
}
