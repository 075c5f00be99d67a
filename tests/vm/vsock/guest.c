/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest PORT - for a nested guest, whose busybox has no vsock: accepts connections to PORT, one at
 * a time.  The first four bytes are a port of the host; it connects to that port, and sends the
 * rest there.
 */
#include <endian.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fail(const char *what)
{
	printf("guest: ");
	fflush(stdout);
	perror(what);
	return 1;
}

static int connect_back(uint32_t port)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_port = port,
		.svm_cid = VMADDR_CID_HOST,
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Copies until the end of file.  Returns the number of bytes. */
static long copy(int from, int to)
{
	static char bytes[65536];
	long count = 0;

	for (ssize_t n; (n = read(from, bytes, sizeof(bytes))) > 0;)
		for (ssize_t done = 0, w; done < n; done += w, count += w)
			if ((w = write(to, bytes + done, (size_t)(n - done))) <= 0)
				return count;
	return count;
}

static void serve(int fd)
{
	uint32_t port;
	int back;

	if (recv(fd, &port, sizeof(port), MSG_WAITALL) != sizeof(port))
		return;
	back = connect_back(le32toh(port));
	if (back < 0) {
		fail("connect");
		return;
	}
	printf("guest: vsock carried %ld bytes\n", copy(fd, back));
	close(back);
}

int main(int argc, char **argv)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_port = argc > 1 ? (unsigned int)atoi(argv[1]) : 0,
		.svm_cid = VMADDR_CID_ANY,
	};
	int listener = socket(AF_VSOCK, SOCK_STREAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 4))
		return fail("vsock");
	printf("guest: listening on vsock port %u\n", address.svm_port);
	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd))
		serve(fd);
	return fail("accept");
}
