/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * talk CID PORT RECORDS - sends records to a guest (guest.c) on a connection that the host opens,
 * and compares what comes back on one that the guest opens.  Exit status 0: all of it, unchanged.
 */
#include <endian.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "stream.h"

#define SILENCE 30000 /* ms */

static struct stream out, in;

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int listen_anywhere(uint32_t *ret_port)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_port = VMADDR_PORT_ANY,
		.svm_cid = VMADDR_CID_ANY,
	};
	socklen_t size = sizeof(address);
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		return -1;
	*ret_port = htole32(address.svm_port);
	return fd;
}

/* Until the guest closes its end, or nothing happens for long. */
static int talk(int to, int from, uint32_t records)
{
	struct pollfd polls[] = { { to, POLLOUT, 0 }, { from, POLLIN, 0 } };
	unsigned char bytes[65536];
	const unsigned char *next;

	while (poll(polls, 2, SILENCE) > 0) {
		uint32_t length = stream_next(&out, records, &next);
		ssize_t n;

		if (polls[0].revents && length) {
			n = send(to, next, length, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n > 0)
				stream_sent(&out, (uint32_t)n);
		} else if (polls[0].revents) {
			shutdown(to, SHUT_WR);
			polls[0].fd = -1;
		}
		if (!polls[1].revents)
			continue;
		n = read(from, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		stream_check(&in, bytes, (size_t)n);
	}
	printf("%u of %u records came back, %llu bytes wrong\n", in.record, records,
	       (unsigned long long)in.wrong);
	return in.record == records && !in.offset && !in.wrong ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_port = argc > 3 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0,
		.svm_cid = argc > 3 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0,
	};
	uint32_t port;
	int listener, to, from;

	if (argc != 4)
		return 2;
	stream_init(&out, 1);
	stream_init(&in, 1);
	listener = listen_anywhere(&port);
	to = socket(AF_VSOCK, SOCK_STREAM, 0);
	if (listener < 0 || to < 0 || connect(to, (struct sockaddr *)&address, sizeof(address)))
		return fail("connect");
	if (write(to, &port, sizeof(port)) != sizeof(port))
		return fail("write");
	from = accept(listener, NULL, NULL);
	return from < 0 ? fail("accept") : talk(to, from, (uint32_t)strtoul(argv[3], NULL, 10));
}
