/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service activate NAMES PATH... -- COMMAND...   run it with sockets that listen at these paths, as systemd does
 * service told ADDRESS                           print what is sent to a datagram socket there, up to STOPPING
 * service ask PATH                               a front-end's first request; prints the bytes of the answer
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t fill(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
	if (path[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

static int bind_at(int type, const char *path)
{
	struct sockaddr_un address;
	socklen_t size = fill(&address, path);
	int fd = socket(AF_UNIX, type, 0);

	if (bind(fd, (struct sockaddr *)&address, size)) {
		perror(path);
		exit(1);
	}
	return fd;
}

static int activate(char **argv)
{
	char number[20];
	int fd = 3;

	setenv("LISTEN_FDNAMES", *argv++, 1);
	for (; strcmp(*argv, "--") != 0; argv++, fd++) {
		int one = bind_at(SOCK_STREAM, *argv);

		listen(one, 8);
		if (one != fd)
			dup2(one, fd);
		if (one > fd)
			close(one);
	}
	snprintf(number, sizeof(number), "%d", fd - 3);
	setenv("LISTEN_FDS", number, 1);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	execvp(argv[1], argv + 1);
	return 1;
}

static int told(const char *path)
{
	int fd = bind_at(SOCK_DGRAM, path);
	char text[100] = "bound";

	do {
		ssize_t n;

		puts(text);
		fflush(stdout);
		if (strstr(text, "STOPPING"))
			return 0;
		n = recv(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
	} while (text[0]);
	return 1;
}

static int ask(const char *path)
{
	const uint32_t get_features[3] = { 1, 1, 0 };
	struct sockaddr_un address;
	socklen_t size = fill(&address, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char reply[100];

	if (connect(fd, (struct sockaddr *)&address, size) ||
	    send(fd, get_features, sizeof(get_features), 0) < 0)
		return 1;
	printf("%zd\n", recv(fd, reply, sizeof(reply), 0));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 4 && strcmp(argv[1], "activate") == 0)
		return activate(argv + 2);
	if (argc == 3)
		return strcmp(argv[1], "told") == 0 ? told(argv[2]) : ask(argv[2]);
	return 2;
}
