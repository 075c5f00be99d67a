/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * socket - the socket where front-ends connect, at a path that another process, or another user, may have.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "served.h"

/* Called when a path has just been bound: what the owner of its folder may do there. */
static void (*meddle)(const char *path);

int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	int r = __real_bind(fd, address, size);

	if (!r && meddle)
		meddle(((const struct sockaddr_un *)address)->sun_path);
	return r;
}

/* What was seen of a path is old by the time that it is removed. */
static unsigned int slowness; /* us */

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

int __wrap_unlink(const char *path)
{
	if (slowness)
		usleep(slowness);
	return __real_unlink(path);
}

static void socket_is_as_it_was_asked_for(void **state)
{
	struct stat st;

	assert_int_equal(stat(served.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_uid, geteuid());
}

static void socket_in_use_is_not_taken(void **state)
{
	char text[BROKER_TEXT_MAX];
	int fd = -1;

	assert_int_equal(served_listen(&fd, text), -EADDRINUSE);
	assert_non_null(strstr(text, "is the socket of a process that runs"));
	assert_int_equal(fd, -1);
	/* and that process did not see a connection */
	served_turn();
	assert_string_equal(served.said, "");
	assert_int_equal(broker_remove_socket(&(struct broker_socket){ .path = served.path }, text),
			 0);
}

/* Its process was killed. */
static void leave_socket(void)
{
	broker_unwatch(served.front.broker.epoll, &served.front.device->listen.watch);
	for (int i = 3; i < 100; i++) {
		struct sockaddr_un address;
		socklen_t size = sizeof(address);

		if (!getsockname(i, (struct sockaddr *)&address, &size) &&
		    address.sun_family == AF_UNIX)
			close(i);
	}
}

static void socket_that_another_user_left_is_refused(void **state)
{
	struct broker_socket args = { served.path, UINT32_MAX, UINT32_MAX, 0600 };
	char text[BROKER_TEXT_MAX];
	struct stat st;
	int fd = -1;

	leave_socket();
	if (chown(served.path, 12345, (gid_t)-1))
		skip(); /* it takes root */
	assert_int_equal(broker_listen(&args, &fd, text), -EPERM);
	assert_non_null(strstr(text, "is the socket of user 12345, whose process has gone"));
	assert_int_equal(broker_remove_socket(&args, text), 0);
	assert_int_equal(stat(served.path, &st), 0);
	/* unless it is the one whom the config names */
	args.owner = 12345;
	assert_int_equal(broker_listen(&args, &fd, text), 1);
	close(fd);
	assert_int_equal(broker_remove_socket(&args, text), 1);
	assert_int_equal(stat(served.path, &st), -1);
}

static void socket_that_was_left_behind_is_taken(void **state)
{
	char text[BROKER_TEXT_MAX];
	int fd;

	leave_socket();
	assert_int_equal(served_listen(&fd, text), 1);
	assert_non_null(strstr(text, "was left by a process that has gone, and is replaced"));
	assert_int_equal(broker_device_listen(served.front.device, fd), 0);
	close(served_connect());
}

#define RACERS 4
#define RACES  5

/* Once all may go, one of them.  The exit status is 0: it listens, until the other end of @stay is closed. */
static void race(int go, int told, int stay)
{
	char text[BROKER_TEXT_MAX], byte;
	int fd, r;

	slowness = 1000;
	while (read(go, &byte, 1) < 0)
		;
	r = served_listen(&fd, text);
	if (r < 0 && r != -EADDRINUSE)
		fprintf(stderr, "%s\n", text);
	byte = r >= 0 ? '1' : r == -EADDRINUSE ? '0' : 'E';
	if (write(told, &byte, 1) != 1 || read(stay, &byte, 1) != 0)
		_exit(1);
	_exit(0);
}

static void start_racers(int go[2], int told[2], int stay[2])
{
	assert_int_equal(pipe(go) | pipe(told) | pipe(stay), 0);
	for (int i = 0; i < RACERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid)
			continue;
		close(go[1]);
		close(stay[1]);
		race(go[0], told[1], stay[0]);
	}
}

/* How many of them listen. */
static int let_race(void)
{
	int go[2], told[2], stay[2], listening = 0, status;
	char byte;

	start_racers(go, told, stay);
	close(go[1]);
	for (int i = 0; i < RACERS; i++) {
		assert_int_equal(read(told[0], &byte, 1), 1);
		assert_int_not_equal(byte, 'E');
		listening += byte == '1';
	}
	/* and the path leads to it */
	close(served_dial());
	close(stay[1]);
	for (int i = 0; i < RACERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	close(go[0]);
	close(stay[0]);
	close(told[0]);
	close(told[1]);
	return listening;
}

static void of_many_that_take_a_socket_one_has_it(void **state)
{
	leave_socket();
	for (int i = 0; i < RACES; i++)
		assert_int_equal(let_race(), 1);
}

static void file_that_is_no_socket_is_not_removed(void **state)
{
	char text[BROKER_TEXT_MAX], old[sizeof(served.path)];
	int fd;

	strcpy(old, served.path);
	strcpy(served.path, "/tmp/vhc-broker-XXXXXX");
	fd = mkstemp(served.path);
	close(fd);
	assert_int_equal(served_listen(&fd, text), -EEXIST);
	assert_int_equal(unlink(served.path), 0);
	strcpy(served.path, old);
}

static void path_that_is_too_long_is_refused(void **state)
{
	char text[BROKER_TEXT_MAX], name[109];
	int fd;

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(
		broker_listen(&(struct broker_socket){ name, UINT32_MAX, UINT32_MAX, 0600 }, &fd,
			      text),
		-ENAMETOOLONG);
	assert_non_null(strstr(text, "107"));
}

/* A file that is not the broker's business, and a socket whose path leads there by now. */
static char victim[] = "/tmp/vhc-victim-XXXXXX";

static void put_link(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(victim, path), 0);
}

static void put_hard_link(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(link(victim, path), 0);
}

static void meddle_by(void (*how)(const char *path))
{
	struct broker_socket args = { served.path, UINT32_MAX, 12345, 0666 };
	char text[BROKER_TEXT_MAX];
	struct stat before, now;
	int fd = -1;

	leave_socket();
	assert_int_equal(stat(victim, &before), 0);
	meddle = how;
	assert_true(broker_listen(&args, &fd, text) < 0);
	meddle = NULL;
	assert_int_equal(fd, -1);
	assert_int_equal(stat(victim, &now), 0);
	assert_int_equal(now.st_mode, before.st_mode);
	assert_int_equal(now.st_gid, before.st_gid);
}

/* The folder may be the launcher's user's, who puts something else there meanwhile. */
static void what_is_put_in_its_place_is_not_touched(void **state)
{
	strcpy(victim + strlen(victim) - 6, "XXXXXX");
	close(mkstemp(victim));
	meddle_by(put_link);
	served_teardown(state);
	served_setup(state);
	meddle_by(put_hard_link);
	unlink(victim);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(socket_is_as_it_was_asked_for),
		TEST(socket_in_use_is_not_taken),
		TEST(socket_that_another_user_left_is_refused),
		TEST(socket_that_was_left_behind_is_taken),
		TEST(of_many_that_take_a_socket_one_has_it),
		TEST(file_that_is_no_socket_is_not_removed),
		TEST(path_that_is_too_long_is_refused),
		TEST(what_is_put_in_its_place_is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
