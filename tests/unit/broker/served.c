/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * served - a device that is served on a real socket.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "served.h"

int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);

int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
	return fd >= FAKE_FIRST_FD ? 0 : __real_epoll_ctl(epoll, op, fd, event);
}

struct served served;

static void say(void *data, enum vhc_level level, const char *line)
{
	strncat(served.said, line, sizeof(served.said) - strlen(served.said) - 1);
	strncat(served.said, "\n", sizeof(served.said) - strlen(served.said) - 1);
}

void served_say(struct front *front)
{
	front->broker.options.say = say;
}

int served_listen(int *ret, char *text)
{
	return broker_listen(&(struct broker_socket){ served.path, UINT32_MAX, UINT32_MAX, 0600 },
			     ret, text);
}

int served_setup(void **state)
{
	char text[BROKER_TEXT_MAX];
	int fd;

	snprintf(served.path, sizeof(served.path), "/tmp/vhc-broker-%d", (int)getpid());
	served.said[0] = '\0';
	front_new(&served.front, "6.12", 1);
	served_say(&served.front);
	assert_int_equal(served_listen(&fd, text), 0);
	assert_int_equal(broker_device_listen(served.front.device, fd), 0);
	return 0;
}

int served_teardown(void **state)
{
	front_free(&served.front);
	unlink(served.path);
	return 0;
}

/* All that is ready, without waiting. */
void served_turn(void)
{
	for (int i = 0; i < 20; i++)
		assert_int_equal(broker_wait(served.front.broker.epoll, 0), 0);
}

int served_dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, served.path, strlen(served.path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

int served_connect(void)
{
	int fd = served_dial();

	served_turn();
	return fd;
}

bool served_is_connected(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

/* A request without payload, and its reply. */
uint64_t served_ask(int fd, uint32_t request)
{
	struct wire_message message = { .request = request, .flags = WIRE_VERSION };
	struct wire_reader reader = { 0 };

	assert_int_equal(wire_send(fd, &message, 0, &served.error), 0);
	served_turn();
	if (wire_receive(&reader, fd, 0, &served.error) != 1)
		fail_msg("%s; said: %s", served.error.text, served.said);
	return reader.message.payload.u64;
}
