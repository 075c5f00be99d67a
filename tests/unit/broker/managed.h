/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * managed - the served device, and clients of the broker's control socket.
 */
#ifndef TESTS_BROKER_MANAGED_H
#define TESTS_BROKER_MANAGED_H

#include <json-c/json.h>

#include "served.h"

int managed_setup(void **state);
int managed_teardown(void **state);
#define MANAGED_TEST(name) cmocka_unit_test_setup_teardown(name, managed_setup, managed_teardown)

/** managed_path() - of the socket. */
const char *managed_path(void);
/** managed_connect() - a client's socket, which does not block. */
int managed_connect(void);
/** managed_is_connected() - also if what it sent was not read. */
bool managed_is_connected(int client);
/** managed_send() - so many bytes, as far as the broker takes them, which then handles them. */
void managed_send(int client, const char *bytes, size_t len);
/** managed_call() - a message and its NUL. */
void managed_call(int client, const char *text);
/** managed_reply() - the next message that has come, until the next call; NULL: none. */
const char *managed_reply(int client);
/** managed_ask() - both: there must be a reply. */
const char *managed_ask(int client, const char *text);

/** managed_value() - a value in the JSON that was returned last, as text: "/parameters/device/id". */
const char *managed_value(const char *pointer);

#define assert_value(pointer, text) assert_string_equal(managed_value(pointer), text)

#endif
