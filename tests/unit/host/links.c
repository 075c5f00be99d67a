/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what a link is given, in a sandbox: its bridge, VLANs and MTU, its name, its network namespace.
 */
#include <net/if.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applied.h"
#include "links/netns.h"
#include "ops/mark.h"
#include "ops/op.h"

/* A failure as above, whose hint has these words. */
static void expect_hint(const char *config, const char *words, const char *hint)
{
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	expect_failure(config, HOST_FAILED, "find bridge", words);
	assert_true(apply(config, &plan, &run, &err) < 0);
	host_plan_clear(&plan);
	if (!strstr(err.hint, hint))
		fail_msg("%s: %s", err.text, err.hint);
}

/* Vhost is opened before the link is looked for, which restores what a killed set-up has left. */
static void restoring_a_link_keeps_the_open_vhost(void **state)
{
	struct vhc_dev *vhost = (struct vhc_dev *)state; /* which is not looked into */
	struct host_device_run device = { .vhost = vhost };
	struct host_run run = { .devices = &device };
	struct host_record record = { 0 };
	char name[HOST_LINK_NAME_MAX];
	struct host_plan plan;
	struct host_run *applied;
	struct host_error err;

	sandbox_command("ip tuntap add rk0 mode tap vnet_hdr");
	assert_int_equal(
		apply(CONFIG(NET("a", "\"name\":\"rk0\",\"existing\":true,\"mtu\":1400"), ""),
		      &plan, &applied, &err),
		0);
	record.link = applied->devices[0].before;
	record.addresses = applied->devices[0].existing->addresses;
	applied->devices[0].existing->addresses = NULL;
	host_run_end(applied);
	run.plan = &plan;
	assert_int_equal(host_restore_recorded(&run, &plan.ops[0], &record, name, &err), 0);
	assert_string_equal(name, "rk0");
	assert_ptr_equal(device.vhost, vhost);
	assert_null(device.existing);
	sandbox_command("ip link show rk0 | grep -q 'mtu 1500' && ip link del rk0");
	host_addresses_free(record.addresses);
	host_plan_clear(&plan);
}

/* A link of these kinds takes a tap as its port, but is no bridge; not every kernel has them. */
static void what_is_no_bridge_is_refused(void **state)
{
	static const struct {
		const char *type, *config, *words, *hint;
	} cases[] = {
		{ "bond", CONFIG(NET("d", "\"bridge\":\"nb0\""), ""),
		  "\"nb0\" is a bond, not a bridge", "ip link set nb0 master br0" },
		{ "vrf table 7", CONFIG(NET("d", "\"bridge\":\"nb0\""), ""),
		  "\"nb0\" is a VRF, not a bridge", "ip link set br0 master nb0" },
		{ "ifb", CONFIG(NET("d", "\"bridge\":\"nb0\""), ""),
		  "\"nb0\" is a link of kind ifb, not a bridge", "link add br0 type bridge" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char command[100];

		snprintf(command, sizeof(command), "ip link add nb0 type %s 2>/dev/null",
			 cases[i].type);
		if (system(command) != 0)
			continue;
		expect_hint(cases[i].config, cases[i].words, cases[i].hint);
		sandbox_command("ip link del nb0");
	}
	sandbox_command("ip link add nb0 type veth peer name nb1 && ip link set nb0 master br0");
	expect_hint(CONFIG(NET("d", "\"bridge\":\"nb0\""), ""), "\"nb0\" is a link of kind veth",
		    "set \"bridge\" to \"br0\", of which it is a port");
	sandbox_command("ip link del nb0 && ip tuntap add nb0 mode tap");
	expect_hint(CONFIG(NET("d", "\"bridge\":\"nb0\""), ""), "\"nb0\" is a tap, not", "");
	sandbox_command("ip link del nb0");
	expect_hint(CONFIG(NET("d", "\"bridge\":\"lo\""), ""),
		    "\"lo\" is a network interface, not a bridge", "");
}

/* Set up, with this MTU of the tap and of the bridge br1, and this warning; and back. */
static void expect_mtu(const char *config, uint32_t tap_mtu, uint32_t bridge_mtu, const char *words)
{
	struct host_link tap, bridge;
	struct snapshot before;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_look(&before);
	if (apply(config, &plan, &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	get_link("tm", &tap);
	get_link("br1", &bridge);
	assert_int_equal(tap.mtu, tap_mtu);
	assert_int_equal(bridge.mtu, bridge_mtu);
	if (words ? !strstr(said.text, words) : said.text[0])
		fail_msg("said: %s", said.text);
	expect_undo(&plan, run);
	sandbox_expect_same(&before);
}

static void tap_takes_the_mtu_of_its_bridge_or_says_what_changes(void **state)
{
	static const char plain[] = CONFIG(NET("d", "\"name\":\"tm\",\"bridge\":\"br1\""), "");
	static const char low[] =
		CONFIG(NET("d", "\"name\":\"tm\",\"bridge\":\"br1\",\"mtu\":1400"), "");

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_command(
		"ip link add br1 type bridge && ip link set br1 up address 02:00:00:00:00:02");
	sandbox_command("ip tuntap add at1 mode tap && ip link set at1 mtu 9000 master br1");
	expect_mtu(plain, 9000, 9000, NULL);
	expect_mtu(low, 1400, 1400, "d: the MTU of the bridge br1 was 9000 and is 1400 now");
	/* one of its own, which the kernel notes when it changes */
	sandbox_command("ip link set br1 mtu 8999 && ip link set br1 mtu 9000");
	expect_mtu(plain, 9000, 9000, NULL);
	expect_mtu(low, 1400, 9000, NULL);
	sandbox_command("ip link set br1 down");
	expect_mtu(plain, 9000, 9000, "d: the bridge br1 is down");
	sandbox_command("ip link del at1 && ip link del br1");
}

/* A frame of 60 bytes between two addresses. */
static void tap_gets_a_name_by_its_prefix(void **state)
{
	struct host_link link;
	struct snapshot before;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_command("ip link add vm-0 type veth peer name vm-2");
	sandbox_look(&before);
	if (apply(CONFIG(NET("a", "\"name\":\"vm-%d\"") "," NET(
				 "b", "\"name\":\"vm-%d\",\"owner\":\"54321\""),
			 ""),
		  &plan, &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	assert_string_equal(run->devices[0].name, "vm-1");
	assert_string_equal(run->devices[1].name, "vm-3");
	get_link("vm-3", &link);
	assert_int_equal(link.tun.owner, 54321); /* whom no password database knows */
	expect_undo(&plan, run);
	sandbox_expect_same(&before);
	sandbox_command("ip link del vm-0");
}

/* A child in blue, once it is there. */
static pid_t start_in_blue(void)
{
	int fds[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (host_netns_enter(host_netns_open("blue")) < 0 || write(fds[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return child;
}

static void namespace_is_a_name_a_path_or_a_process(void **state)
{
	pid_t child = start_in_blue();
	char by_pid[40], by_proc[40];
	const char *const names[] = { "blue", "/run/netns/blue", by_pid, by_proc };

	snprintf(by_pid, sizeof(by_pid), "pid:%d", (int)child);
	snprintf(by_proc, sizeof(by_proc), "/proc/%d/ns/net", (int)child);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct snapshot before;
		struct host_plan plan;
		struct host_run *run;
		struct host_error err;
		char config[400];

		sandbox_look(&before);
		snprintf(config, sizeof(config),
			 CONFIG(NET("d", "\"name\":\"tm\",\"netns\":\"%s\""), ""), names[i]);
		if (apply(config, &plan, &run, &err) < 0)
			fail_msg("%s: %s", err.where, err.text);
		sandbox_command(
			"ip -n blue link show tm >/dev/null && ! ip link show tm 2>/dev/null");
		expect_undo(&plan, run);
		sandbox_expect_same(&before);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	expect_failure(CONFIG(NET("d", "\"netns\":\"/etc/passwd\""), ""), HOST_FAILED,
		       "enter netns", "/etc/passwd is not a network namespace");
	expect_failure(CONFIG(NET("d", "\"netns\":\"pid:4194304\""), ""), HOST_LACKS, "enter netns",
		       "/proc/4194304/ns/net does not exist");
}

static void guest_with_the_mac_of_another_is_a_warning(void **state)
{
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_LINK);
	for (int same = 0; same < 2; same++) {
		sandbox_command(
			same ? "ip link add po0 address fe:54:00:00:00:09 type veth && ip link set po0 master br0"
			     : "ip link add po0 address fe:54:00:00:00:08 type veth && ip link set po0 master br0");
		if (apply(CONFIG(NET("d", "\"bridge\":\"br0\",\"mac\":\"52:54:00:00:00:09\""), ""),
			  &plan, &run, &err) < 0)
			fail_msg("%s: %s", err.where, err.text);
		assert_int_equal(same,
				 strstr(said.text, "d: the port po0 of the bridge br0") != NULL);
		expect_undo(&plan, run);
		sandbox_command("ip link del po0");
	}
}

/* In one bridge, and undone; VLANs if this kernel has them, and otherwise the text for a bridge without. */
static void port_gets_its_vlans_and_isolation(void **state)
{
	static const char vlans[] = CONFIG(
		NET("d",
		    "\"name\":\"tm\",\"bridge\":\"br0\",\"vlan\":210,\"vlans\":[\"7\",\"300-302\"]"),
		"");
	static const char existing[] = CONFIG(
		NET("d", "\"name\":\"at1\",\"existing\":true,\"bridge\":\"br0\",\"isolated\":true"),
		"");
	struct snapshot before;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_WRITE);
	expect_failure(vlans, HOST_LACKS, "find bridge",
		       "the bridge \"br0\" does not filter VLANs");
	sandbox_command(
		"ip tuntap add at1 mode tap && ip link set at1 up master br0 && ip link set at1 down");
	sandbox_command("bridge link set dev at1 hairpin on");
	sandbox_look(&before);
	if (apply(existing, &plan, &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	sandbox_command("ip -d link show at1 | grep -q 'hairpin on .*isolated on'");
	expect_undo(&plan, run);
	sandbox_expect_same(&before);
	sandbox_command("ip link del at1");
	if (system("ip link set br0 type bridge vlan_filtering 1 2>/dev/null") != 0)
		return;
	if (apply(vlans, &plan, &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	sandbox_command(
		"[ \"$(bridge -compressvlans vlan show dev tm | sed 1d | tr -s '\\t \\n' ' ')\" = "
		"'tm 7 210 PVID Egress Untagged 300-302 ' ]");
	expect_undo(&plan, run);
	sandbox_command("ip link set br0 type bridge vlan_filtering 0");
}

/* fe is the first byte of links' own addresses, so that of such a guest gets another. */
static void guest_may_have_an_address_with_fe(void **state)
{
	struct host_link link;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	if (apply(CONFIG(NET("d", "\"name\":\"tm\",\"mac\":\"fe:54:00:00:00:01\""), ""), &plan,
		  &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	get_link("tm", &link);
	assert_memory_equal(link.mac, "\xfa\x54\x00\x00\x00\x01", 6);
	expect_undo(&plan, run);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tap_gets_a_name_by_its_prefix),
		cmocka_unit_test(namespace_is_a_name_a_path_or_a_process),
		cmocka_unit_test(guest_with_the_mac_of_another_is_a_warning),
		cmocka_unit_test(port_gets_its_vlans_and_isolation),
		cmocka_unit_test(guest_may_have_an_address_with_fe),
		cmocka_unit_test(tap_takes_the_mtu_of_its_bridge_or_says_what_changes),
		cmocka_unit_test(restoring_a_link_keeps_the_open_vhost),
		cmocka_unit_test(what_is_no_bridge_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return run_in_sandbox(all_tests);
}
