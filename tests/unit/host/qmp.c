/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of a QMP client whose peer is good, busy, or something else; and of options as JSON.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake-qemu.h"
#include "host_test.h"
#include "qmp/hotplug.h"
#include "kind.h"
#include "launcher/qemu-json.h"
#include "qmp/qmp.h"

static struct vhc_ctx *ctx;

/* A peer that is bad at the command of this number fails what is executed with this error. */
static void expect_bad(enum fake_bad bad, int at, int code, const char *words)
{
	struct fake_qemu qemu = { .bad = bad, .bad_at = at };
	struct host_qmp *qmp = NULL;
	struct host_error err;
	int r;

	fake_qemu_start(&qemu);
	r = host_qmp_open(qemu.path, fake_qemu_patience(&qemu), &qmp, &err);
	if (r == 0)
		r = host_qmp_execute(qmp, "query-status", NULL, -1, NULL, &err);
	host_qmp_close(qmp);
	fake_qemu_stop(&qemu);
	if (r != code || !strstr(err.text, words) || !strstr(err.text, qemu.path) || !err.hint[0] ||
	    err.status != HOST_FAILED)
		fail_msg("%d at %d: %d, %s (%s)", bad, at, r, err.text, err.hint);
}

static void open_of_bad_peer_says_what_it_is(void **state)
{
	expect_bad(FAKE_SILENT, 0, -ETIMEDOUT, "no greeting within 5 s: QEMU serves one client");
	expect_bad(FAKE_CLOSE, 0, -ECONNRESET, "closed before the greeting");
	expect_bad(FAKE_HALF, 0, -ECONNRESET, "closed before the greeting");
	expect_bad(FAKE_GARBAGE, 0, -EPROTO, "this is not QMP");
	expect_bad(FAKE_HUGE, 0, -EPROTO, "a message of more than 1048576 bytes");
	expect_bad(FAKE_WRONG_ID, 0, -EPROTO, "not QEMU's greeting");
}

static void execute_on_bad_peer_names_the_command(void **state)
{
	expect_bad(FAKE_SILENT, 1, -ETIMEDOUT, "no answer to qmp_capabilities within 5 s");
	expect_bad(FAKE_SILENT, 2, -ETIMEDOUT, "no answer to query-status within 5 s");
	expect_bad(FAKE_CLOSE, 2, -ECONNRESET, "closed before the answer to query-status");
	expect_bad(FAKE_HALF, 2, -ECONNRESET, "closed before the answer to query-status");
	expect_bad(FAKE_GARBAGE, 2, -EPROTO, "this is not QMP");
	expect_bad(FAKE_HUGE, 2, -EPROTO, "a message of more than");
	expect_bad(FAKE_WRONG_ID, 2, -EPROTO, "the answer to query-status has the id of another");
}

static void execute_refused_has_class_and_text_of_qemu(void **state)
{
	struct fake_qemu qemu = { .bad = FAKE_ERROR, .bad_at = 2 };
	struct host_qmp *qmp;
	struct host_error err;

	fake_qemu_start(&qemu);
	assert_int_equal(host_qmp_open(qemu.path, fake_qemu_patience(&qemu), &qmp, &err), 0);
	assert_int_equal(host_qmp_execute(qmp, "query-status", NULL, -1, NULL, &err), -EREMOTEIO);
	assert_non_null(strstr(err.text, ": QEMU refuses query-status: no (GenericError)"));
	/* and it goes on */
	assert_int_equal(host_qmp_execute(qmp, "query-status", NULL, -1, NULL, &err), 0);
	host_qmp_close(qmp);
	fake_qemu_stop(&qemu);
}

static void execute_after_timeout_is_not_sent(void **state)
{
	struct fake_qemu qemu = { .bad = FAKE_SILENT, .bad_at = 2 };
	struct host_qmp *qmp;
	struct host_error err;

	fake_qemu_start(&qemu);
	assert_int_equal(host_qmp_open(qemu.path, fake_qemu_patience(&qemu), &qmp, &err), 0);
	assert_int_equal(host_qmp_execute(qmp, "stop", NULL, -1, NULL, &err), -ETIMEDOUT);
	assert_int_equal(host_qmp_execute(qmp, "cont", NULL, -1, NULL, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "cont is not sent: QEMU no longer answers"));
	host_qmp_close(qmp);
	fake_qemu_stop(&qemu);
	assert_null(strstr(qemu.log, "cont"));
}

/* Somebody else has the connection, and somebody waits for it: the third cannot even connect. */
static void open_with_full_backlog_has_a_deadline(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct host_qmp *qmp;
	struct host_error err;

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/vhc-qmp.%d", (int)getpid());
	unlink(address.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(connect(waiting, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(host_qmp_open(address.sun_path, 1, &qmp, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "serves one client at a time"));
	close(waiting);
	close(listener);
	/* the socket is left, but nobody listens */
	assert_int_equal(host_qmp_open(address.sun_path, 1, &qmp, &err), -ECONNREFUSED);
	assert_non_null(strstr(err.hint, "-qmp unix:"));
	unlink(address.sun_path);
	assert_int_equal(host_qmp_open(address.sun_path, 1, &qmp, &err), -ENOENT);
	assert_int_equal(host_qmp_open("", 1, &qmp, &err), -ENOENT);
}

static void open_of_long_path_is_refused(void **state)
{
	char path[200];
	struct host_qmp *qmp;
	struct host_error err;

	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(host_qmp_open(path, 1, &qmp, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.hint, "107 bytes"));
}

/* ---------------------------------------------------------------------------------------- unplugging */

static int unplug(enum fake_guest guest, bool device, bool netdev, struct host_error *err)
{
	struct fake_qemu qemu = { .guest = guest };
	struct host_options options = { .ctx = ctx,
					.seconds = fake_qemu_patience(&qemu),
					.qmp = qemu.path };
	struct json_object *report = NULL;
	int r;

	qemu.devices.count = device;
	qemu.netdevs.count = netdev;
	strcpy(qemu.devices.names[0], "net0");
	strcpy(qemu.netdevs.names[0], "net0");
	qemu.devices.fds[0] = qemu.netdevs.fds[0] = -1;
	fake_qemu_start(&qemu);
	r = host_detach("net0", &options, &report, err);
	fake_qemu_stop(&qemu);
	if (r == 0)
		assert_int_equal(qemu.devices.count + qemu.netdevs.count, 0);
	else
		assert_int_equal(qemu.netdevs.count, netdev);
	json_object_put(report);
	return r;
}

static void detach_waits_for_the_guest(void **state)
{
	struct host_error err;

	assert_int_equal(unplug(FAKE_AT_ONCE, true, true, &err), 0);
	assert_int_equal(unplug(FAKE_LATER, true, true, &err), 0);
	assert_int_equal(unplug(FAKE_LATER, true, false, &err), 0);
	/* the guest gave it up after the last attempt */
	assert_int_equal(unplug(FAKE_AT_ONCE, false, true, &err), 0);
}

static void detach_of_guest_that_keeps_it_leaves_the_netdev(void **state)
{
	struct host_error err;

	assert_int_equal(unplug(FAKE_DEAF, true, true, &err), -ETIME);
	assert_non_null(strstr(err.text, "the guest has not answered"));
	assert_non_null(strstr(err.hint, "vhostctl detach net0 --qmp "));
	assert_int_equal(unplug(FAKE_REFUSES, true, true, &err), -EBUSY);
	assert_non_null(strstr(err.text, "the guest refuses"));
	assert_int_equal(unplug(FAKE_AT_ONCE, false, false, &err), -ENODEV);
	assert_non_null(strstr(err.text, "no device and no netdev \"net0\""));
}

/* ------------------------------------------------------------------------------------------- options */

static void expect_json(const char *config, const char *netdev, const char *device)
{
	struct host_options options = { .ctx = ctx };
	struct host_setup *setup = read_setup(ctx, config);
	struct json_object *json;
	struct host_launch *launch;
	struct host_error err;

	assert_int_equal(host_launch_new(&options, setup, NULL, &launch, &err), 0);
	if (netdev) {
		assert_int_equal(host_qemu_json(launch->views, "netdev", "type", &json, &err), 0);
		assert_string_equal(json_object_to_json_string_ext(json, 0), netdev);
		json_object_put(json);
	}
	assert_int_equal(host_qemu_json(launch->views, "device", "driver", &json, &err), 0);
	assert_string_equal(json_object_to_json_string_ext(json, 0), device);
	json_object_put(json);
	host_launch_free(launch);
	host_setup_free(setup);
}

static void options_as_json_have_types_and_names_of_fds(void **state)
{
	expect_json(
		CONFIG("{\"id\":\"n\",\"type\":\"net\",\"tap\":{\"mac\":\"52:54:00:00:00:01\"}}",
		       ""),
		"{\"type\":\"tap\",\"id\":\"n\",\"fd\":\"n.tap.0\",\"vhost\":true,\"vhostfd\":\"n.vhost.0\"}",
		"{\"driver\":\"virtio-net-pci\",\"netdev\":\"n\",\"mac\":\"52:54:00:00:00:01\",\"id\":\"n\"}");
	expect_json(
		CONFIG("{\"id\":\"n\",\"type\":\"net\",\"queue_pairs\":2,\"ring_size\":512,\"busyloop_us\":50,"
		       "\"features\":{\"mask\":[\"host_tso6\",\"mtu\"]},"
		       "\"tap\":{\"mac\":\"52:54:00:00:00:01\",\"mtu\":9000}}",
		       ""),
		"{\"type\":\"tap\",\"id\":\"n\",\"fds\":\"n.tap.0:n.tap.1\",\"vhost\":true,"
		"\"vhostfds\":\"n.vhost.0:n.vhost.1\",\"poll-us\":50}",
		"{\"driver\":\"virtio-net-pci\",\"netdev\":\"n\",\"mac\":\"52:54:00:00:00:01\",\"mq\":true,"
		"\"vectors\":6,\"rx_queue_size\":512,\"host_tso6\":false,\"id\":\"n\"}");
	expect_json(
		CONFIG("{\"id\":\"v\",\"type\":\"vsock\",\"cid\":42}", ""), NULL,
		"{\"driver\":\"vhost-vsock-pci\",\"guest-cid\":42,\"vhostfd\":\"v.vhost.0\",\"id\":\"v\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_of_bad_peer_says_what_it_is),
		cmocka_unit_test(execute_on_bad_peer_names_the_command),
		cmocka_unit_test(execute_refused_has_class_and_text_of_qemu),
		cmocka_unit_test(execute_after_timeout_is_not_sent),
		cmocka_unit_test(open_with_full_backlog_has_a_deadline),
		cmocka_unit_test(open_of_long_path_is_refused),
		cmocka_unit_test(detach_waits_for_the_guest),
		cmocka_unit_test(detach_of_guest_that_keeps_it_leaves_the_netdev),
		cmocka_unit_test(options_as_json_have_types_and_names_of_fds),
	};

	return run_with_context(&ctx, tests, COUNT(tests));
}
