/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of devices that a running QEMU is given, in a sandbox; QEMU is a fake that refuses a step, or
 * breaks at it, and after every failure nothing is left on either side.
 */
#include <unistd.h>

#include "fake-qemu.h"
#include "host_test.h"
#include "sandbox.h"

static struct vhc_ctx *ctx;

#define TWO                                                                                                    \
	CONFIG(PAIRS("net0", "2", "\"name\":\"ta\",\"mac\":\"52:54:00:00:00:01\",\"bridge\":\"br0\"") "," NET( \
		       "net1", "\"name\":\"tb\",\"mac\":\"52:54:00:00:00:02\""),                               \
	       "")

static int attach(struct fake_qemu *qemu, struct host_error *err)
{
	struct host_setup *setup = read_setup(ctx, TWO);
	struct host_options options = { .ctx = ctx,
					.seconds = fake_qemu_patience(qemu),
					.qmp = qemu->path };
	struct json_object *report = NULL;
	int r;

	fake_qemu_start(qemu);
	r = host_attach(setup, &options, &report, err);
	fake_qemu_stop(qemu);
	host_setup_free(setup);
	if (r == 0)
		assert_int_equal(
			json_object_array_length(json_object_object_get(report, "devices")), 2);
	json_object_put(report);
	return r;
}

static void attach_gives_fds_netdevs_and_devices(void **state)
{
	struct fake_qemu qemu = { .ports = false };
	struct snapshot before;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_look(&before);
	if (attach(&qemu, &err))
		fail_msg("%s: %s", err.where, err.text);
	assert_int_equal(qemu.fds.count, 0); /* netdev_add took them, and here that closes them */
	assert_int_equal(qemu.netdevs.count, 2);
	assert_int_equal(qemu.devices.count, 2);
	assert_non_null(strstr(
		qemu.log,
		"{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"tap\",\"id\":\"net0\","
		"\"fds\":\"net0.tap.0:net0.tap.1\",\"vhost\":false},"));
	sandbox_expect_same(&before); /* nobody has the links any more */
}

static void attach_of_id_that_qemu_has_touches_nothing(void **state)
{
	struct fake_qemu qemu = { .devices = { .names = { "net1" }, .fds = { -1 }, .count = 1 } };
	struct host_error err;

	assert_int_equal(attach(&qemu, &err), -EEXIST);
	assert_non_null(strstr(err.where, "step 1 of "));
	assert_non_null(strstr(err.text, "QEMU has a device \"net1\" already"));
	assert_non_null(strstr(err.hint, "vhostctl detach net1 --qmp /tmp/"));
	assert_null(strstr(qemu.log, "getfd"));
}

static void attach_on_q35_takes_a_free_port(void **state)
{
	struct fake_qemu qemu = { .ports = true };
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_LINK);
	if (attach(&qemu, &err))
		fail_msg("%s: %s", err.where, err.text);
	assert_null(strstr(qemu.log, "port0"));
	assert_non_null(strstr(qemu.log, "\"bus\":\"port1\""));
	assert_int_equal(qemu.devices.count, 2);
}

/* One device on this bus. */
static int attach_to_bus(struct fake_qemu *qemu, const char *bus, struct host_error *err)
{
	static const char config[] =
		"{\"kind\":\"vhost-setup\",\"version\":1,\"devices\":[{\"id\":\"net0\","
		"\"type\":\"net\",\"vhost\":\"off\",\"bus\":\"%s\",\"tap\":{}}]}";
	struct host_options options = { .ctx = ctx,
					.seconds = fake_qemu_patience(qemu),
					.qmp = qemu->path };
	struct json_object *report = NULL;
	struct host_setup *setup;
	char text[sizeof(config) + 64];
	int r;

	snprintf(text, sizeof(text), config, bus);
	setup = read_setup(ctx, text);
	fake_qemu_start(qemu);
	r = host_attach(setup, &options, &report, err);
	fake_qemu_stop(qemu);
	host_setup_free(setup);
	json_object_put(report);
	return r;
}

/* In the one slot of a port the guest finds it; a root bus has more, and QEMU chooses. */
static void attach_takes_the_bus_of_the_config(void **state)
{
	struct fake_qemu port = { .ports = true }, root = { .ports = false };
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_LINK);
	if (attach_to_bus(&port, "port2", &err))
		fail_msg("%s: %s", err.where, err.text);
	assert_non_null(strstr(port.log, "\"bus\":\"port2\",\"id\":\"net0\",\"addr\":\"0\""));
	assert_null(strstr(port.log, "port1"));
	attach_to_bus(&root, "pci.0", &err);
	assert_non_null(strstr(root.log, "\"bus\":\"pci.0\",\"id\":\"net0\"}"));
}

static void attach_to_a_bus_that_qemu_refuses_lists_those_that_are_free(void **state)
{
	static const struct {
		const char *bus, *text;
	} cases[] = {
		{ "port0", "QEMU refuses device_add: PCI: slot 0 function 0 already occupied" },
		{ "no", "QEMU refuses device_add: Bus 'no' not found" },
	};

	sandbox_skip_if_emulated(LACKS_LINK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_qemu qemu = { .ports = true };
		struct snapshot before;
		struct host_error err;

		sandbox_look(&before);
		assert_int_equal(attach_to_bus(&qemu, cases[i].bus, &err), -EREMOTEIO);
		if (!strstr(err.text, cases[i].text))
			fail_msg("%s: %s", cases[i].bus, err.text);
		assert_string_equal(err.hint,
				    "free ports for \"bus\" of device \"net0\": port1, port2");
		assert_int_equal(qemu.devices.count + qemu.netdevs.count + qemu.fds.count, 0);
		sandbox_expect_same(&before);
	}
}

/* Whatever it does at whichever command; the last command is known by the success. */
static void expect_undone(enum fake_bad bad, const char *words)
{
	struct host_error err;
	int at = 0, r;

	do {
		struct fake_qemu qemu = { .bad = bad, .bad_at = ++at };
		struct snapshot before;

		sandbox_look(&before);
		r = attach(&qemu, &err);
		sandbox_expect_same(&before);
		if (r == 0)
			break;
		if (!strstr(err.text, words) || err.status != HOST_FAILED ||
		    !strstr(err.where, "step "))
			fail_msg("%d at %d: %s: %s", bad, at, err.where, err.text);
		if (qemu.fds.count + qemu.netdevs.count + qemu.devices.count)
			fail_msg("%d at %d leaves something: %s", bad, at, qemu.log);
	} while (at < 20);
	assert_int_equal(at,
			 11); /* capabilities, two ids, three fds, two netdevs and two devices */
}

static void attach_refused_at_any_command_is_undone(void **state)
{
	sandbox_skip_if_emulated(LACKS_LINK);
	expect_undone(FAKE_ERROR, "QEMU refuses ");
}

static void attach_to_qemu_that_ends_at_any_command_is_undone(void **state)
{
	sandbox_skip_if_emulated(LACKS_LINK);
	expect_undone(FAKE_CLOSE, "the connection was closed before the answer to ");
}

/* QEMU may have executed it, and nobody can undo that: so it is said how. */
static void attach_to_qemu_that_hangs_says_what_may_be_left(void **state)
{
	struct fake_qemu qemu = { .bad = FAKE_SILENT, .bad_at = 7 };
	struct snapshot before;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_look(&before);
	assert_int_equal(attach(&qemu, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "no answer to device_add within 5 s"));
	assert_non_null(strstr(err.text, "undoing \"add netdev\" failed"));
	assert_non_null(strstr(err.hint, "vhostctl detach net0 --qmp /tmp/"));
	sandbox_expect_same(&before);
}

static void attach_with_another_style_is_refused(void **state)
{
	struct host_setup *setup = read_setup(ctx, CONFIG(NET("a", ""), "\"style\":\"env\""));
	struct host_options options = { .ctx = ctx, .seconds = 1, .qmp = "/nowhere" };
	struct json_object *report;
	struct host_error err;

	assert_int_equal(host_attach(setup, &options, &report, &err), -EINVAL);
	assert_int_equal(err.status, HOST_DOCUMENT);
	assert_non_null(strstr(err.text, "\"env\""));
	host_setup_free(setup);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_gives_fds_netdevs_and_devices),
		cmocka_unit_test(attach_of_id_that_qemu_has_touches_nothing),
		cmocka_unit_test(attach_on_q35_takes_a_free_port),
		cmocka_unit_test(attach_takes_the_bus_of_the_config),
		cmocka_unit_test(attach_to_a_bus_that_qemu_refuses_lists_those_that_are_free),
		cmocka_unit_test(attach_refused_at_any_command_is_undone),
		cmocka_unit_test(attach_to_qemu_that_ends_at_any_command_is_undone),
		cmocka_unit_test(attach_to_qemu_that_hangs_says_what_may_be_left),
		cmocka_unit_test(attach_with_another_style_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return sandbox_main(&ctx, all_tests);
}
