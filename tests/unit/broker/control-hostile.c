/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostile clients of the control socket: each is disconnected, or waits for itself alone; the next one is served, and
 * nothing is left open.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../wire/pair.h"
#include "clients.h"
#include "control.h"
#include "managed.h"

#define LIST "{\"method\":\"io.vhostctl.List\"}"

static int fds;

static int setup(void **state)
{
	managed_setup(state);
	fds = open_fds();
	return 0;
}

static void expect_served(const char *what)
{
	int client = managed_connect();

	managed_call(client, LIST);
	if (!managed_reply(client))
		fail_msg("after %s no client is served", what);
	close(client);
	served_turn();
	if (open_fds() != fds)
		fail_msg("after %s something is left open", what);
}

/* It sends this, and is disconnected for it. */
static void expect_disconnect(const char *what, const char *bytes, size_t len)
{
	int client = managed_connect();

	managed_send(client, bytes, len);
	if (managed_is_connected(client))
		fail_msg("%s: it is still connected", what);
	close(client);
	expect_served(what);
}

static void message_that_is_no_call_ends_the_connection(void **state)
{
	static const char *const messages[] = {
		"",
		"garbage",
		"\x7f"
		"ELF\x02\x01",
		"\"" LIST "\"",
		"[]",
		"null",
		"7",
		"{}",
		"{\"method\":null}",
		"{\"method\":7}",
		"{\"method\":[\"io.vhostctl.List\"]}",
		"{\"method\":\"io.vhostctl.List\",\"parameters\":[]}",
		"{\"method\":\"io.vhostctl.List\",\"parameters\":\"\"}",
		"{\"method\":\"io.vhostctl.List\",\"more\":1}",
		"{\"method\":\"io.vhostctl.List\",\"oneway\":\"true\"}",
		"{\"method\":\"io.vhostctl.List\",\"upgrade\":{}}",
		"{\"method\":\"io.vhostctl.List\",\"method\":\"io.vhostctl.List\"}",
		"{\"method\":\"io.vhostctl.\xff\"}",
		"{\"method\":\"io.vhostctl.List\\u0000\"}",
		LIST " {}",
		LIST ",",
		"{\"method\":\"io.vhostctl.List\"",
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		expect_disconnect(messages[i], messages[i], strlen(messages[i]) + 1);
}

static void message_without_end_ends_the_connection(void **state)
{
	size_t size = 1 << 20;
	char *bytes = malloc(size);

	memset(bytes, ' ', size);
	expect_disconnect("a megabyte of spaces", bytes, size);
	memset(bytes, '[', size);
	expect_disconnect("a megabyte of brackets", bytes, size);
	bytes[20000] = '\0';
	expect_disconnect("20,000 brackets and a NUL", bytes, 20001);
	free(bytes);
}

static void message_with_too_many_values_ends_the_connection(void **state)
{
	static const char begin[] = "{\"method\":\"io.vhostctl.List\",\"parameters\":{\"a\":[0";
	char *text = calloc(1, 1 << 16), *at = stpcpy(text, begin);

	for (int i = 0; i < 20000; i++)
		at = stpcpy(at, ",0");
	at = stpcpy(at, "]}}");
	expect_disconnect("20,000 values", text, (size_t)(at - text) + 1);
	free(text);
}

static void call_that_comes_byte_by_byte_is_answered(void **state)
{
	int client = managed_connect();

	for (size_t i = 0; i < sizeof(LIST); i++)
		managed_send(client, &LIST[i], 1);
	assert_non_null(managed_reply(client));
	close(client);
	expect_served("a slow client");
}

static void call_that_is_cut_off_does_no_harm(void **state)
{
	for (size_t i = 0; i < sizeof(LIST); i++) {
		int client = managed_connect();

		managed_send(client, LIST, i);
		close(client);
		expect_served("half a call");
	}
}

static void message_that_does_not_end_in_time_ends_the_connection(void **state)
{
	struct broker *broker = &served.front.broker;
	int slow = managed_connect(), idle = managed_connect(), asked = managed_connect();

	assert_int_equal(broker_control_left(broker->control), -1);
	assert_non_null(managed_ask(asked, LIST));
	assert_int_equal(broker_control_left(broker->control), -1);
	managed_send(slow, LIST, 5);
	assert_in_range(broker_control_left(broker->control), 0, broker->options.timeout);
	broker->options.timeout = 0;
	broker_control_end_overdue(broker->control);
	assert_false(managed_is_connected(slow));
	assert_true(managed_is_connected(idle));
	assert_true(managed_is_connected(asked));
	close(slow);
	close(idle);
	close(asked);
	expect_served("a slow client");
}

static void client_that_reads_no_reply_is_waited_for(void **state)
{
	struct broker *broker = &served.front.broker;
	int client = managed_connect(), sent = 0;

	/* what the socket does not take is not asked for: no more than one reply waits */
	while (send(client, LIST, sizeof(LIST), MSG_NOSIGNAL) > 0) {
		served_turn();
		assert_true(++sent < 100000);
	}
	assert_true(managed_is_connected(client));
	broker->options.timeout = 0;
	assert_int_equal(broker_control_left(broker->control), 0);
	broker_control_end_overdue(broker->control);
	broker->options.timeout = 1000;
	close(client);
	expect_served("a client that does not read");
}

/* All that it has sent is here already; front-ends and the signal that ends the broker have their turn in between. */
static void client_that_sends_many_calls_has_one_in_each_round(void **state)
{
	struct pollfd loop = { .fd = served.front.broker.epoll, .events = POLLIN };
	char calls[50 * sizeof(LIST) + 1] = { 0 };
	int client = managed_connect();

	for (size_t i = 0; i < 50; i++)
		strcpy(calls + i * sizeof(LIST), LIST);
	memset(calls + 50 * sizeof(LIST), '{', 1); /* and a part of another */
	assert_int_equal(send(client, calls, sizeof(calls), MSG_NOSIGNAL), sizeof(calls));
	for (int i = 0; i < 50; i++) {
		assert_int_equal(broker_wait(loop.fd, 0), 0);
		assert_non_null(managed_reply(client));
		assert_null(managed_reply(client));
	}
	assert_int_equal(broker_wait(loop.fd, 0), 0);
	assert_int_equal(poll(&loop, 1, 0), 0); /* nothing to do until it sends the rest */
	assert_in_range(broker_control_left(served.front.broker.control), 0,
			served.front.broker.options.timeout);
	close(client);
	expect_served("a client with many calls");
}

static void monitor_that_does_not_read_is_disconnected(void **state)
{
	int client = managed_connect();

	managed_call(client, "{\"method\":\"io.vhostctl.Monitor\",\"more\":true}");
	for (int i = 0; i < 100000 && open_fds() > fds + 1; i++)
		broker_changed(served.front.device, CONTROL_FEATURES);
	assert_int_equal(open_fds(), fds + 1); /* this end of it */
	close(client);
	expect_served("a monitor that does not read");
}

static void monitor_that_calls_is_disconnected(void **state)
{
	int client = managed_connect();

	managed_call(client, "{\"method\":\"io.vhostctl.Monitor\",\"more\":true}");
	managed_reply(client);
	managed_call(client, LIST);
	assert_false(managed_is_connected(client));
	close(client);
	expect_served("a monitor that calls");
}

static void hundred_clients_are_served_and_too_many_are_not(void **state)
{
	int clients[200];

	for (int i = 0; i < 100; i++) {
		clients[i] = managed_connect();
		managed_call(clients[i], LIST);
	}
	for (int i = 0; i < 100; i++)
		assert_non_null(managed_reply(clients[i]));
	for (int i = 100; i < 200; i++)
		clients[i] = managed_connect();
	assert_true(managed_is_connected(clients[0]));
	assert_false(managed_is_connected(clients[199]));
	for (int i = 0; i < 200; i++)
		close(clients[i]);
	expect_served("two hundred clients");
}

/* The child's part: 0: it gets a reply; 1: it is disconnected. */
static int connect_as(uid_t user, const struct sockaddr_un *address)
{
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	char byte;

	if (setgid(user) || setuid(user) ||
	    connect(client, (const struct sockaddr *)address, sizeof(*address)))
		return 2;
	send(client, LIST, sizeof(LIST), MSG_NOSIGNAL);
	return recv(client, &byte, 1, 0) == 1 ? 0 : 1;
}

static int ask_as(uid_t user)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int waited;
	pid_t child;

	strcpy(address.sun_path, managed_path());
	child = fork();
	if (!child)
		_exit(connect_as(user, &address));
	while (!waitpid(child, &waited, WNOHANG))
		assert_int_equal(broker_wait(served.front.broker.epoll, 10), 0);
	assert_true(WIFEXITED(waited));
	return WEXITSTATUS(waited);
}

static void client_of_another_user_is_refused(void **state)
{
	if (geteuid())
		skip();
	assert_int_equal(chmod(managed_path(), 0666), 0);
	assert_int_equal(ask_as(0), 0);
	assert_int_equal(ask_as(65534), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, managed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(message_that_is_no_call_ends_the_connection),
		TEST(message_without_end_ends_the_connection),
		TEST(message_with_too_many_values_ends_the_connection),
		TEST(call_that_comes_byte_by_byte_is_answered),
		TEST(call_that_is_cut_off_does_no_harm),
		TEST(message_that_does_not_end_in_time_ends_the_connection),
		TEST(client_that_reads_no_reply_is_waited_for),
		TEST(client_that_sends_many_calls_has_one_in_each_round),
		TEST(monitor_that_does_not_read_is_disconnected),
		TEST(monitor_that_calls_is_disconnected),
		TEST(hundred_clients_are_served_and_too_many_are_not),
		TEST(client_of_another_user_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
