/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kinds - an fd of every kind in every message that has one: none is kept, none keeps the broker waiting, and another
 * device's front-end stays.
 */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>
/* after the others */
#include <cmocka.h>

#include "confine.h"
#include "confined.h"
#include "wire.h"

static int open_file(void)
{
	char path[] = "/tmp/vhc-kinds-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	unlink(path);
	return fd;
}

static int open_directory(void)
{
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_path(void)
{
	return open("/", O_PATH | O_CLOEXEC);
}

static int open_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int open_zero(void)
{
	return open("/dev/zero", O_RDWR | O_CLOEXEC);
}

static int open_pipe(int end)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	close(ends[!end]);
	return ends[end];
}

static int open_pipe_to_read(void)
{
	return open_pipe(0);
}

/* Nobody reads it. */
static int open_pipe_to_write(void)
{
	return open_pipe(1);
}

/* Of a pipe whose other end is open as long as it is, nothing more fits. */
static int open_full_pipe(void)
{
	char path[] = "/tmp/vhc-kinds-XXXXXX";
	char page[4096] = { 0 };
	int fd;

	if (!mkdtemp(path) || chdir(path) || mkfifo("fifo", 0600))
		return -1;
	fd = open("fifo", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	unlink("fifo");
	if (chdir("/") || rmdir(path))
		return -1;
	while (write(fd, page, sizeof(page)) > 0)
		;
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static int open_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int open_full_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	eventfd_write(fd, UINT64_MAX - 1);
	return fd;
}

static int open_semaphore(void)
{
	return eventfd(1, EFD_CLOEXEC | EFD_SEMAPHORE);
}

static int open_epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int open_timer(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int open_inotify(void)
{
	return inotify_init1(IN_CLOEXEC);
}

static int open_datagrams(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int open_listener(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bind(fd, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t));
	listen(fd, 1);
	return fd;
}

static int open_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int open_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static int open_empty_memory(void)
{
	return memfd_create("empty", MFD_CLOEXEC);
}

/* It may not be mapped to write. */
static int open_sealed_memory(void)
{
	int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (ftruncate(fd, 0x200000) || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
		return -1;
	return fd;
}

static const struct {
	const char *name;
	int (*open)(void);
} kinds[] = {
	{ "file", open_file },
	{ "directory", open_directory },
	{ "path", open_path },
	{ "/dev/null", open_null },
	{ "/dev/zero", open_zero },
	{ "pipe to read", open_pipe_to_read },
	{ "pipe to write", open_pipe_to_write },
	{ "full pipe", open_full_pipe },
	{ "eventfd", open_eventfd },
	{ "full eventfd", open_full_eventfd },
	{ "semaphore", open_semaphore },
	{ "epoll", open_epoll },
	{ "timer", open_timer },
	{ "signals", open_signals },
	{ "inotify", open_inotify },
	{ "socket of datagrams", open_datagrams },
	{ "socket that listens", open_listener },
	{ "TCP socket", open_tcp },
	{ "netlink socket", open_netlink },
	{ "empty memory", open_empty_memory },
	{ "sealed memory", open_sealed_memory },
};

static const uint32_t requests[] = { WIRE_SET_MEM_TABLE,  WIRE_ADD_MEM_REG,
				     WIRE_SET_LOG_BASE,	  WIRE_SET_LOG_FD,
				     WIRE_SET_VRING_KICK, WIRE_SET_VRING_CALL,
				     WIRE_SET_VRING_ERR,  WIRE_SET_BACKEND_REQ_FD };

static int prepare(void *data)
{
	confine_prepare();
	return 0;
}

static void offer_each(const struct confined *broker, size_t kind)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int fd = kinds[kind].open();

		if (fd < 0)
			fail_msg("cannot open: %s", kinds[kind].name);
		confined_offer(broker, requests[i], fd);
		close(fd);
	}
}

static void fd_of_any_kind_does_no_harm(void **state)
{
	struct confined_left before, now;
	struct confined broker;
	struct user *other;

	confined_start(&broker, prepare, NULL);
	other = confined_stay(&broker);
	assert_true(confined_visit(&broker, INT_MAX, NULL, NULL) > 50);
	before = confined_look(&broker);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		offer_each(&broker, i);
		now = confined_look(&broker);
		if (now.fds != before.fds)
			fail_msg("%s: the broker has %d fds; before, %d", kinds[i].name, now.fds,
				 before.fds);
	}
	assert_true(confined_leave(other));
	assert_true(confined_end(&broker));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fd_of_any_kind_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
