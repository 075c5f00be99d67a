/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lines - connections between a guest's driver and AF_VSOCK sockets of the host. */
#include <errno.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lines.h"

#define HALF	(LINES / 2)
#define SILENCE 60000 /* ms without progress: the rest is lost */
#define ASK	50    /* ms without an event: credit may be missing */

static void receive(void *data, uint32_t number, const unsigned char *bytes, uint32_t count)
{
	struct lines *lines = data;

	stream_check(&lines->line[number].in_arrived, bytes, count);
}

static int accept_in(void *data, uint32_t port)
{
	uint32_t number = port - LINES_GUEST_PORT;

	return number >= HALF && number < LINES ? (int)number : -1;
}

static int new_socket(void)
{
	return socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int lines_open(struct lines *lines, uint64_t cid)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_port = LINES_HOST_PORT,
		.svm_cid = VMADDR_CID_ANY,
	};

	lines->driver.cid = cid;
	lines->driver.data = lines;
	lines->driver.receive = receive;
	lines->driver.accept = accept_in;
	lines->port = 10000;
	for (uint32_t i = 0; i < LINES; i++) {
		struct line *line = &lines->line[i];

		line->fd = -1;
		stream_init(&line->out_sent, 2 * i);
		stream_init(&line->out_arrived, 2 * i);
		stream_init(&line->in_sent, 2 * i + 1);
		stream_init(&line->in_arrived, 2 * i + 1);
	}
	lines->listener = new_socket();
	if (lines->listener < 0 ||
	    bind(lines->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(lines->listener, LINES))
		return -errno;
	return 0;
}

static void hang_up(struct line *line)
{
	if (line->fd >= 0)
		close(line->fd);
	line->fd = -1;
}

void lines_close(struct lines *lines)
{
	for (uint32_t i = 0; i < LINES; i++)
		hang_up(&lines->line[i]);
	close(lines->listener);
}

void lines_dial_out(struct lines *lines)
{
	for (uint32_t i = 0; i < HALF; i++)
		driver_connect(&lines->driver, i, lines->port++, LINES_HOST_PORT);
	virtqueue_kick(&lines->driver.tx);
}

void lines_dial_in(struct lines *lines)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = (uint32_t)lines->driver.cid,
	};

	for (uint32_t i = HALF; i < LINES; i++) {
		struct line *line = &lines->line[i];

		address.svm_port = LINES_GUEST_PORT + i;
		line->reset = false;
		line->fd = new_socket();
		if (line->fd < 0 ||
		    (connect(line->fd, (struct sockaddr *)&address, sizeof(address)) &&
		     errno != EINPROGRESS))
			lines->failed++;
	}
}

/* The guest's port says which of its connections this is. */
static bool accept_out(struct lines *lines)
{
	struct sockaddr_vm address;
	socklen_t size = sizeof(address);
	int fd = accept4(lines->listener, (struct sockaddr *)&address, &size,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	for (uint32_t i = 0; i < HALF; i++) {
		struct line *line = &lines->line[i];

		if (lines->driver.connections[i].port != address.svm_port)
			continue;
		hang_up(line);
		line->reset = false;
		line->fd = fd;
		return true;
	}
	close(fd); /* its connection has been reset meanwhile */
	return true;
}

/* A call on a socket of the host failed: was that to be expected? */
static void count_error(struct lines *lines, struct line *line)
{
	if (errno == EAGAIN || errno == ENOTCONN)
		return;
	if (errno == EHOSTUNREACH && lines->stopped)
		lines->refused++; /* Linux 7.2 queues nothing for a stopped device */
	else if (errno == ECONNRESET)
		line->reset = true;
	else
		lines->failed++;
}

static bool turn_host(struct lines *lines, struct line *line, uint32_t limit)
{
	unsigned char bytes[8192];
	const unsigned char *next;
	bool came = false;
	uint32_t length;
	ssize_t n;

	if (line->fd < 0 || line->reset)
		return false;
	while ((n = recv(line->fd, bytes, sizeof(bytes), 0)) > 0) {
		stream_check(&line->out_arrived, bytes, (size_t)n);
		came = true;
	}
	if (n < 0)
		count_error(lines, line);
	while ((length = stream_next(&line->in_sent, limit, &next)) && !line->reset) {
		n = send(line->fd, next, length, MSG_NOSIGNAL);
		if (n <= 0) {
			count_error(lines, line);
			break;
		}
		stream_sent(&line->in_sent, (uint32_t)n);
		came = true;
	}
	return came;
}

static bool turn_guest(struct lines *lines, uint32_t number, uint32_t limit)
{
	struct stream *stream = &lines->line[number].out_sent;
	const unsigned char *next;
	uint32_t length, n;
	bool came = false;

	while ((length = stream_next(stream, limit, &next))) {
		n = driver_send(&lines->driver, number, next, length);
		if (!n)
			break;
		stream_sent(stream, n);
		came = true;
	}
	return came;
}

bool lines_turn(struct lines *lines, uint32_t limit)
{
	bool came = driver_turn(&lines->driver);

	while (accept_out(lines))
		came = true;
	for (uint32_t i = 0; i < LINES; i++) {
		came |= turn_guest(lines, i, limit);
		came |= turn_host(lines, &lines->line[i], limit);
	}
	virtqueue_kick(&lines->driver.tx);
	return came;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool wait(struct lines *lines)
{
	struct pollfd polls[LINES + 3] = {
		{ lines->driver.rx.call, POLLIN, 0 },
		{ lines->driver.tx.call, POLLIN, 0 },
		{ lines->listener, POLLIN, 0 },
	};
	eventfd_t value;
	int r;

	for (uint32_t i = 0; i < LINES; i++)
		polls[i + 3] = (struct pollfd){ lines->line[i].fd, POLLIN, 0 };
	r = poll(polls, LINES + 3, ASK);
	for (uint32_t i = 0; i < 2; i++)
		if (polls[i].revents)
			eventfd_read(polls[i].fd, &value);
	return r > 0;
}

/* One turn, or a wait.  Returns false if nothing has moved since @last for too long. */
static bool step(struct lines *lines, uint32_t limit, int64_t *last)
{
	if (lines_turn(lines, limit)) {
		*last = now();
		return true;
	}
	if (!wait(lines))
		driver_ask(&lines->driver);
	return now() - *last < SILENCE;
}

bool lines_run(struct lines *lines, uint32_t limit, uint32_t total)
{
	int64_t last = now();

	while (lines_arrived(lines, true) + lines_arrived(lines, false) < total)
		if (!step(lines, limit, &last))
			return false;
	return true;
}

/* A connection that the guest has not answered yet is none that could be reset. */
static bool is_established(int fd)
{
	struct sockaddr_vm peer;
	socklen_t size = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0;
}

/* What arrived before the reset is read first; it is sent again anyway, as none of it was counted. */
static bool is_reset(int fd)
{
	char bytes[4096];
	ssize_t n;

	do
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n > 0);
	return n < 0 && errno == ECONNRESET;
}

bool lines_reset(struct lines *lines)
{
	bool all = true;

	driver_reset(&lines->driver);
	for (uint32_t i = 0; i < LINES; i++) {
		struct line *line = &lines->line[i];

		all &= line->fd < 0 || line->reset || !is_established(line->fd) ||
		       is_reset(line->fd);
		hang_up(line);
		lines->again += stream_resume(&line->out_sent, &line->out_arrived);
		lines->again += stream_resume(&line->in_sent, &line->in_arrived);
	}
	return all;
}

static bool is_closed(const struct lines *lines)
{
	for (uint32_t i = 0; i < LINES; i++)
		if (lines->driver.connections[i].state != DRIVER_CLOSED)
			return false;
	return true;
}

bool lines_hang_up(struct lines *lines)
{
	int64_t last = now();

	for (uint32_t i = 0; i < HALF; i++)
		driver_shutdown(&lines->driver, i);
	for (uint32_t i = HALF; i < LINES; i++)
		hang_up(&lines->line[i]);
	while (!is_closed(lines))
		if (!step(lines, 0, &last))
			return false;
	return true;
}

uint64_t lines_wrong(const struct lines *lines)
{
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < LINES; i++)
		wrong += lines->line[i].out_arrived.wrong + lines->line[i].in_arrived.wrong;
	return wrong;
}

uint32_t lines_arrived(const struct lines *lines, bool out)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < LINES; i++)
		count += out ? lines->line[i].out_arrived.record : lines->line[i].in_arrived.record;
	return count;
}
