/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gone - front-ends that go, are killed, or send something wrong, at any moment, and come again, very often: the broker
 * has no more fds and mappings than before, and another device's front-end stays.  Its system calls are real,
 * but for those of devices.
 */
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
/* after the others */
#include <cmocka.h>

#include "../wire/pair.h"
#include "confine.h"
#include "confined.h"
#include "spoil.h"

static struct confined broker;
static struct confined_left before;
static struct user *other;

static int confine_nothing(void *data)
{
	confine_prepare();
	return 0;
}

static int setup(void **state)
{
	confined_start(&broker, confine_nothing, NULL);
	other = confined_stay(&broker);
	assert_non_null(other);
	/* what is made once has been made */
	assert_true(confined_visit(&broker, INT_MAX, NULL, NULL) > 50);
	before = confined_look(&broker);
	assert_true(before.fds > 5 && before.maps > 5);
	return 0;
}

static int teardown(void **state)
{
	assert_true(confined_leave(other));
	assert_true(confined_end(&broker));
	return 0;
}

static void expect_nothing_left(const char *what, int n)
{
	struct confined_left now = confined_look(&broker);

#ifndef COUNT_MAPS
	now.maps = before.maps;
#endif
	if (now.fds != before.fds || now.maps != before.maps)
		fail_msg("%s, %d: the broker has %d fds and %d mappings; before, %d and %d", what,
			 n, now.fds, now.maps, before.fds, before.maps);
}

static void send_half(void *data, int socket, const struct wire_message *message)
{
	put(socket, message, 9, NULL, 0);
}

/* A process that is killed when it has sent so many messages.  Returns false if there are no more. */
static bool kill_after(int messages, bool half)
{
	int status, sent = -1;
	pid_t child = fork();

	if (!child) {
		sent = confined_visit(&broker, messages, half ? send_half : NULL, NULL);
		if (sent == messages)
			raise(SIGKILL);
		_exit(sent < 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || !WEXITSTATUS(status));
	return WIFSIGNALED(status);
}

static void front_end_is_killed_after_any_message(void **state)
{
	int messages = 0;

	for (int half = 0; half < 2; half++)
		for (messages = 0; kill_after(messages, half); messages++)
			expect_nothing_left(
				half ? "killed inside message" : "killed before message", messages);
	assert_true(messages > 50);
}

/* The message that is sent instead of one, and which that is. */
struct instead {
	const struct spoil *spoil;
	uint32_t request;
};

/* It is read, whatever it is, and then the end. */
static void send_spoilt(void *data, int socket, const struct wire_message *message)
{
	struct instead *instead = data;
	struct wire_message spoilt = *message;
	char bytes[1000];

	instead->request = message->request;
	instead->spoil->spoil(&spoilt);
	put_message(socket, &spoilt);
	shutdown(socket, SHUT_WR);
	while (recv(socket, bytes, sizeof(bytes), 0) > 0)
		;
}

/* Returns which it was; 0: there are no more. */
static uint32_t spoil_after(int messages, const struct spoil *spoil)
{
	struct instead instead = { .spoil = spoil };

	assert_in_range(confined_visit(&broker, messages, send_spoilt, &instead), 1, messages);
	expect_nothing_left(spoil->name, messages);
	return instead.request;
}

/* Each kind, where a front-end sends it last: most, while rings run. */
static void any_message_may_be_spoilt(void **state)
{
	int last[WIRE_REQUESTS] = { 0 };
	uint32_t request, kinds = 0;

	for (int messages = 1; (request = spoil_after(messages, &spoils[0])); messages++)
		last[request] = messages;
	for (request = 0; request < WIRE_REQUESTS; request++) {
		kinds += last[request] > 0;
		for (size_t i = 1; i < SPOILS && last[request]; i++)
			assert_int_equal(spoil_after(last[request], &spoils[i]), request);
	}
	assert_true(kinds > 25);
}

static void front_ends_come_and_go(void **state)
{
	const char *wanted = getenv("VHC_LONG");
	int count = wanted && !strcmp(wanted, "yes") ? 100000 : 300;

	for (int i = 0; i < count; i++)
		assert_true(confined_visit(&broker, INT_MAX, NULL, NULL) > 50);
	expect_nothing_left("front-ends", count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(front_end_is_killed_after_any_message, setup,
						teardown),
		cmocka_unit_test_setup_teardown(any_message_may_be_spoilt, setup, teardown),
		cmocka_unit_test_setup_teardown(front_ends_come_and_go, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
