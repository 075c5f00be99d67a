/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control - what clients of the control socket are told, and what they can do to a device.
 */
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "managed.h"

static int carrier;

int __wrap_ioctl(int fd, unsigned long request, void *argument);

/* The broker's own calls: taps are the fake kernel's. */
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	assert_int_equal(request, TUNSETCARRIER);
	carrier = *(int *)argument;
	return 0;
}

#define DEVICE(method) \
	"{\"method\":\"io.vhostctl." method "\",\"parameters\":{\"device\":\"net0\"}}"

static void service_describes_itself(void **state)
{
	int client = managed_connect();

	managed_ask(client, "{\"method\":\"org.varlink.service.GetInfo\"}");
	assert_value("/parameters/product", "vhostctl");
	assert_value("/parameters/interfaces/1", "io.vhostctl");
	managed_ask(client, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			    "\"parameters\":{\"interface\":\"io.vhostctl\"}}");
	assert_non_null(strstr(managed_value("/parameters/description"), "\nmethod List() -> ("));
	managed_ask(client, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			    "\"parameters\":{\"interface\":\"org.varlink.service\"}}");
	assert_non_null(strstr(managed_value("/parameters/description"), "method GetInfo"));
	close(client);
}

static void device_without_launcher_is_listed(void **state)
{
	int client = managed_connect();
	const char *list =
		managed_ask(client, "{\"method\":\"io.vhostctl.List\",\"parameters\":{}}");

	assert_null(strstr(list, "launcher"));
	assert_value("/parameters/name", "vm1");
	assert_value("/parameters/devices/0/id", "net0");
	assert_value("/parameters/devices/0/link", "vm0");
	assert_value("/parameters/devices/0/mac", "52:54:00:12:34:56");
	assert_value("/parameters/devices/0/running", "false");
	assert_value("/parameters/devices/0/link_up", "true");
	close(client);
}

static void launcher_is_known_with_what_it_sent(void **state)
{
	int client = managed_connect(), front = served_connect();
	char pid[20], uid[20];

	front_up(&served.front);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	snprintf(uid, sizeof(uid), "%u", (unsigned int)getuid());
	managed_ask(client, DEVICE("Status"));
	assert_value("/parameters/device/launcher/pid", pid);
	assert_value("/parameters/device/launcher/uid", uid);
	assert_value("/parameters/device/running", "true");
	assert_value("/parameters/device/launcher/regions", "1");
	assert_value("/parameters/device/launcher/memory", "1048576");
	assert_int_equal(strtoull(managed_value("/parameters/device/launcher/features"), NULL, 0),
			 served.front.device->session.features);
	assert_value("/parameters/rings/1/index", "1");
	assert_value("/parameters/rings/1/running", "true");
	close(front);
	close(client);
}

/* Its state, which is valid. */
static void ask_state(int client)
{
	struct json_object *root = json_tokener_parse(managed_ask(client, DEVICE("Dump"))), *doc;

	assert_int_equal(json_pointer_get(root, "/parameters/state", &doc), 0);
	assert_int_equal(vhc_state_check(served.front.ctx, json_object_to_json_string(doc)), 0);
	json_object_put(root);
}

static void dump_is_the_state_of_the_running_guest(void **state)
{
	int client = managed_connect(), front = served_connect();

	managed_ask(client, DEVICE("Dump"));
	assert_value("/error", "io.vhostctl.NotReady");
	front_up(&served.front);
	ask_state(client);
	assert_value("/parameters/state/kind", "vhost-state");
	assert_value("/parameters/state/running", "true");
	assert_value("/parameters/state/mac", "52:54:00:12:34:56");
	close(front);
	served_turn();
	managed_ask(client, DEVICE("Dump"));
	assert_value("/error", "io.vhostctl.NotReady");
	close(client);
}

static void stop_keeps_the_rings_and_resume_starts_them(void **state)
{
	int client = managed_connect(), front = served_connect();

	front_up(&served.front);
	assert_string_equal(managed_ask(client, DEVICE("Stop")), "{\"parameters\":{}}");
	assert_false(front_runs(&served.front, 0) || front_runs(&served.front, 1));
	/* nor do messages of the launcher start them */
	assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_ENABLE, 0, 1));
	assert_false(front_runs(&served.front, 0));
	ask_state(client);
	assert_value("/parameters/state/running", "false");
	assert_value("/parameters/state/rings/0/enabled", "true");
	managed_ask(client, DEVICE("Resume"));
	assert_true(front_runs(&served.front, 0) && front_runs(&served.front, 1));
	managed_ask(client, DEVICE("Resume"));
	assert_value("/parameters", "{ }");
	close(front);
	close(client);
}

static void stopped_device_waits_for_resume_with_the_next_launcher(void **state)
{
	int client = managed_connect(), front = served_connect();

	managed_ask(client, DEVICE("Stop"));
	front_negotiate(&served.front);
	assert_told(&served.front, front_table(&served.front, served.front.memory, FRONT_SIZE));
	assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_ENABLE, 0, 1));
	front_set_ring(&served.front, 0);
	assert_false(front_runs(&served.front, 0));
	managed_ask(client, DEVICE("Resume"));
	assert_true(front_runs(&served.front, 0));
	close(front);
	close(client);
}

#define SET_LINK(up) \
	"{\"method\":\"io.vhostctl.SetLink\",\"parameters\":{\"device\":\"net0\",\"up\":" up "}}"

static void set_link_changes_carrier_and_configuration(void **state)
{
	int client = managed_connect(), front = served_connect(), back[2];
	struct wire_message *message = &served.front.message;
	uint8_t status;

	front_negotiate(&served.front);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, back), 0);
	*message = (struct wire_message){ .fds = 1, .fd = { back[1] } };
	assert_told(&served.front, front_tell(&served.front, WIRE_SET_BACKEND_REQ_FD));
	managed_ask(client, SET_LINK("false"));
	assert_int_equal(carrier, 0);
	assert_int_equal(recv(back[0], message, WIRE_HEADER_SIZE, 0), WIRE_HEADER_SIZE);
	assert_int_equal(message->request, WIRE_BACKEND_CONFIG_CHANGE);
	*message = (struct wire_message){ .size = 13 };
	message->payload.config.offset = 6;
	message->payload.config.size = 1;
	assert_told(&served.front, front_tell(&served.front, WIRE_GET_CONFIG));
	status = served.front.message.payload.config.bytes[0];
	assert_int_equal(status, 0);
	managed_ask(client, SET_LINK("true"));
	assert_int_equal(carrier, 1);
	assert_int_equal(recv(back[0], message, WIRE_HEADER_SIZE, 0), WIRE_HEADER_SIZE);
	/* what is so already is no news */
	managed_ask(client, SET_LINK("true"));
	assert_int_equal(recv(back[0], message, WIRE_HEADER_SIZE, 0), -1);
	close(back[0]);
	close(front);
	close(client);
}

static void expect_event(int client, const char *event)
{
	const char *reply = managed_reply(client);

	if (!reply)
		fail_msg("no event, %s expected", event);
	assert_value("/continues", "true");
	assert_value("/parameters/event", event);
	assert_value("/parameters/device/id", "net0");
}

static void monitor_tells_each_change(void **state)
{
	int monitor = managed_connect(), client = managed_connect(), front;

	managed_call(monitor, "{\"method\":\"io.vhostctl.Monitor\",\"more\":true}");
	expect_event(monitor, "present");
	front = served_connect();
	expect_event(monitor, "connected");
	front_up(&served.front);
	expect_event(monitor, "features");
	expect_event(monitor, "started");
	assert_value("/parameters/device/running", "true");
	managed_ask(client, DEVICE("Stop"));
	expect_event(monitor, "stopped");
	assert_value("/parameters/device/stopped", "true");
	managed_ask(client, DEVICE("Resume"));
	expect_event(monitor, "resumed");
	expect_event(monitor, "started");
	managed_ask(client, SET_LINK("false"));
	expect_event(monitor, "link");
	assert_value("/parameters/device/link_up", "false");
	close(front);
	served_turn();
	expect_event(monitor, "disconnected");
	assert_null(managed_reply(monitor));
	close(client);
	close(monitor);
	front = served_connect();
	close(front);
	served_turn();
}

static void stop_of_rings_is_told_once(void **state)
{
	int monitor = managed_connect(), front = served_connect();

	front_up(&served.front);
	managed_call(monitor, "{\"method\":\"io.vhostctl.Monitor\",\"more\":true}");
	expect_event(monitor, "present");
	front_ring(&served.front, WIRE_GET_VRING_BASE, 0, 0);
	assert_null(managed_reply(monitor));
	front_ring(&served.front, WIRE_GET_VRING_BASE, 1, 0);
	expect_event(monitor, "stopped");
	assert_null(managed_reply(monitor));
	close(front);
	close(monitor);
}

static void ring_error_is_counted_and_told(void **state)
{
	int monitor = managed_connect(), client = managed_connect(), front = served_connect();

	front_up(&served.front);
	managed_call(monitor, "{\"method\":\"io.vhostctl.Monitor\",\"more\":true}");
	expect_event(monitor, "present");
	fake_ring_signal(served.front.fake, &fake_vhost(served.front.fake, 0)->ring[1], 'e');
	session_event(&served.front.device->session);
	expect_event(monitor, "ring_error");
	assert_value("/parameters/device/ring_errors", "1");
	managed_ask(client, DEVICE("Status"));
	assert_value("/parameters/rings/0/errors", "0");
	assert_value("/parameters/rings/1/errors", "1");
	close(front);
	served_turn();
	managed_ask(client, DEVICE("Status"));
	assert_value("/parameters/rings/1/errors", "0");
	assert_value("/parameters/device/ring_errors", "1");
	close(client);
	close(monitor);
}

/* What is asked, which error it gets, and its one parameter. */
static const struct {
	const char *call, *error, *key, *value;
} refused[] = {
	{ "{\"method\":\"io.vhostctl.Fly\"}", "org.varlink.service.MethodNotFound", "method",
	  "io.vhostctl.Fly" },
	{ "{\"method\":\"org.varlink.service.Fly\"}", "org.varlink.service.MethodNotFound",
	  "method", "org.varlink.service.Fly" },
	{ "{\"method\":\"com.example.List\"}", "org.varlink.service.InterfaceNotFound", "interface",
	  "com.example" },
	{ "{\"method\":\"io.vhostctl.more.List\"}", "org.varlink.service.MethodNotFound", "method",
	  "io.vhostctl.more.List" },
	{ "{\"method\":\"\"}", "org.varlink.service.InterfaceNotFound", "interface", "" },
	{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\"}",
	  "org.varlink.service.InvalidParameter", "parameter", "interface" },
	{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
	  "{\"interface\":\"com.example\"}}",
	  "org.varlink.service.InterfaceNotFound", "interface", "com.example" },
	{ "{\"method\":\"io.vhostctl.List\",\"parameters\":{\"all\":true}}",
	  "org.varlink.service.InvalidParameter", "parameter", "all" },
	{ "{\"method\":\"io.vhostctl.Status\"}", "org.varlink.service.InvalidParameter",
	  "parameter", "device" },
	{ "{\"method\":\"io.vhostctl.Status\",\"parameters\":{\"device\":7}}",
	  "org.varlink.service.InvalidParameter", "parameter", "device" },
	{ "{\"method\":\"io.vhostctl.Status\",\"parameters\":{\"device\":\"net9\"}}",
	  "io.vhostctl.NoSuchDevice", "device", "net9" },
	{ "{\"method\":\"io.vhostctl.SetLink\",\"parameters\":{\"device\":\"net0\"}}",
	  "org.varlink.service.InvalidParameter", "parameter", "up" },
	{ "{\"method\":\"io.vhostctl.SetLink\",\"parameters\":{\"device\":\"net0\",\"up\":0}}",
	  "org.varlink.service.InvalidParameter", "parameter", "up" },
	{ "{\"method\":\"io.vhostctl.List\",\"upgrade\":true}",
	  "org.varlink.service.InvalidParameter", "parameter", "upgrade" },
};

static void wrong_call_gets_the_error_that_says_so(void **state)
{
	int client = managed_connect();

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char pointer[64];

		managed_ask(client, refused[i].call);
		assert_value("/error", refused[i].error);
		snprintf(pointer, sizeof(pointer), "/parameters/%s", refused[i].key);
		assert_value(pointer, refused[i].value);
	}
	managed_ask(client, "{\"method\":\"io.vhostctl.Monitor\"}");
	assert_value("/error", "org.varlink.service.ExpectedMore");
	close(client);
}

static void call_without_reply_gets_none(void **state)
{
	int client = managed_connect();

	managed_call(client, "{\"method\":\"io.vhostctl.List\",\"oneway\":true}");
	managed_call(client, "{\"method\":\"io.vhostctl.Fly\",\"oneway\":true}");
	managed_call(client, "{\"method\":\"io.vhostctl.Monitor\",\"more\":true,\"oneway\":true}");
	assert_null(managed_reply(client));
	managed_ask(client, "{\"method\":\"io.vhostctl.List\",\"more\":true}");
	close(client);
}

static void calls_are_answered_in_their_order(void **state)
{
	int client = managed_connect();
	static const char calls[] = "{\"method\":\"io.vhostctl.Fly1\"}\0"
				    "{\"method\":\"io.vhostctl.List\"}\0"
				    "{\"method\":\"io.vhostctl.Fly2\"}";

	managed_send(client, calls, sizeof(calls));
	managed_reply(client);
	assert_value("/parameters/method", "io.vhostctl.Fly1");
	managed_reply(client);
	assert_value("/parameters/name", "vm1");
	managed_reply(client);
	assert_value("/parameters/method", "io.vhostctl.Fly2");
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MANAGED_TEST(service_describes_itself),
		MANAGED_TEST(device_without_launcher_is_listed),
		MANAGED_TEST(launcher_is_known_with_what_it_sent),
		MANAGED_TEST(dump_is_the_state_of_the_running_guest),
		MANAGED_TEST(stop_keeps_the_rings_and_resume_starts_them),
		MANAGED_TEST(stopped_device_waits_for_resume_with_the_next_launcher),
		MANAGED_TEST(set_link_changes_carrier_and_configuration),
		MANAGED_TEST(monitor_tells_each_change),
		MANAGED_TEST(stop_of_rings_is_told_once),
		MANAGED_TEST(ring_error_is_counted_and_told),
		MANAGED_TEST(wrong_call_gets_the_error_that_says_so),
		MANAGED_TEST(call_without_reply_gets_none),
		MANAGED_TEST(calls_are_answered_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
