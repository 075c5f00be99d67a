/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of a QMP connection.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "qmp/qmp-line.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void host_qmp_line_deadline(struct host_qmp_line *line, unsigned int seconds)
{
	line->deadline = now_ms() + (int64_t)seconds * 1000;
}

/* connect(2) waits as long as a send may while the listener's backlog is full. */
static int connect_until(int fd, const struct sockaddr_un *address, unsigned int seconds)
{
	const struct timeval limit = { .tv_sec = (time_t)seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    host_traced(connect(fd, (const struct sockaddr *)address, sizeof(*address)),
			"connect(%d, \"%s\")", fd, address->sun_path) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return 0;
}

int host_qmp_line_open(struct host_qmp_line *line, const char *path, unsigned int seconds)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r;

	*line = (struct host_qmp_line){ .fd = -1 };
	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	host_qmp_line_deadline(line, seconds);
	line->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (line->fd < 0)
		return -errno;
	r = connect_until(line->fd, &address, seconds);
	if (r < 0)
		host_qmp_line_close(line);
	return r;
}

void host_qmp_line_close(struct host_qmp_line *line)
{
	if (line->fd >= 0)
		close(line->fd);
	free(line->text);
	*line = (struct host_qmp_line){ .fd = -1 };
}

static int wait_for(const struct host_qmp_line *line, short events)
{
	struct pollfd poller = { .fd = line->fd, .events = events };
	int64_t left;
	int r;

	do {
		left = line->deadline - now_ms();
		r = left > 0 ? poll(&poller, 1, (int)left) : 0;
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

/* ----------------------------------------------------------------------------------------- reading */

static int make_room(struct host_qmp_line *line)
{
	size_t room = line->room ? 2 * line->room : 4096;
	char *text;

	if (line->used < line->room)
		return 0;
	if (line->used >= HOST_QMP_LINE_MAX)
		return -E2BIG;
	text = realloc(line->text, room);
	if (!text)
		return -ENOMEM;
	line->text = text;
	line->room = room;
	return 0;
}

static int receive(struct host_qmp_line *line)
{
	ssize_t n;
	int r = make_room(line);

	if (r == 0)
		r = wait_for(line, POLLIN);
	if (r < 0)
		return r;
	n = recv(line->fd, line->text + line->used, line->room - line->used, MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	if (n == 0)
		return -ECONNRESET;
	line->used += n > 0 ? (size_t)n : 0;
	return 0;
}

/* json-c takes much that is not JSON, so it sees only what has been scanned. */
static int parse(const char *text, size_t len, struct json_object **ret, struct doc_error *doc)
{
	struct json_tokener *tokener;
	int r = doc_scan(text, len, NULL, NULL, doc);

	if (r < 0)
		return r == -E2BIG ? -EINVAL : r;
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--; /* json-c would expect more after it */
	tokener = json_tokener_new_ex((int)DOC_MAX_DEPTH + 1);
	if (!tokener)
		return -ENOMEM;
	*ret = json_tokener_parse_ex(tokener, text, (int)len);
	json_tokener_free(tokener);
	return *ret ? 0 : -ENOMEM;
}

int host_qmp_line_read(struct host_qmp_line *line, struct json_object **ret, struct doc_error *doc)
{
	const char *end = NULL;
	size_t seen = 0;

	line->used -= line->taken;
	if (line->taken)
		memmove(line->text, line->text + line->taken, line->used);
	line->taken = 0;
	while (line->used == 0 || !(end = memchr(line->text + seen, '\n', line->used - seen))) {
		int r;

		seen = line->used;
		r = receive(line);
		if (r < 0)
			return r;
	}
	line->taken = (size_t)(end + 1 - line->text);
	host_log(VHC_LEVEL_TRACE, "qmp <- %.*s", (int)line->taken - 1, line->text);
	return parse(line->text, line->taken, ret, doc);
}

/* ----------------------------------------------------------------------------------------- writing */

static void add_fd(struct msghdr *header, char *control, int fd)
{
	struct cmsghdr *part;

	header->msg_control = control;
	header->msg_controllen = CMSG_SPACE(sizeof(fd));
	part = CMSG_FIRSTHDR(header);
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
}

/* How many bytes were sent: perhaps none. */
static ssize_t send_some(const struct host_qmp_line *line, const char *text, size_t len, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec part = { .iov_base = (char *)(uintptr_t)text, .iov_len = len };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n = wait_for(line, POLLOUT);

	if (n < 0)
		return n;
	if (fd >= 0)
		add_fd(&header, control.buf, fd);
	n = sendmsg(line->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n >= 0 ? n : errno == EPIPE ? -ECONNRESET : -errno;
}

int host_qmp_line_write(struct host_qmp_line *line, struct json_object *message, int fd)
{
	static const int form = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *json = json_object_to_json_string_ext(message, form);
	size_t len = json ? strlen(json) : 0;
	char *text = json ? malloc(len + 1) : NULL;
	ssize_t n = 0;

	if (!text)
		return -ENOMEM;
	memcpy(text, json, len);
	if (fd < 0)
		host_log(VHC_LEVEL_TRACE, "qmp -> %s", json);
	else
		host_log(VHC_LEVEL_TRACE, "qmp -> %s, with fd %d", json, fd);
	text[len++] = '\n';
	for (size_t sent = 0; n >= 0 && sent<len; sent += n> 0 ? (size_t)n : 0)
		n = send_some(line, text + sent, len - sent, sent ? -1 : fd);
	free(text);
	return n < 0 ? (int)n : 0;
}
