/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of links that are really made or adopted, in a sandbox; after every failure nothing is left.
 * Vhost is left off, so this runs where there is none.
 */
#include <unistd.h>

#include "applied.h"

static void setup_run_and_undo_leave_nothing(void **state)
{
	struct host_link link, bridge;
	struct snapshot before;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_look(&before);
	for (int again = 0; again < 2; again++) {
		if (apply(CONFIG(FULL, ""), &plan, &run, &err) < 0)
			fail_msg("%s: %s", err.where, err.text);
		get_link("ta", &link);
		get_link("br0", &bridge);
		assert_memory_equal(link.mac, "\xfe\x54\x00\x00\x00\x01", 6);
		assert_int_equal(link.mtu, 1400);
		assert_int_equal(link.master, bridge.index);
		assert_true(link.up && link.tun.tap && link.tun.multi_queue);
		assert_int_equal(link.tun.owner, 65534);
		assert_int_equal(link.tun.queues, 2);
		sandbox_command("ip addr show tc | grep -q 'inet 10.1.0.1/24'");
		sandbox_command("ip addr show tc | grep -q 'inet6 fd00:1::1/64'");
		sandbox_command("ip -n blue addr show tb | grep -q 'inet 10.2.0.1/24'");
		sandbox_command("ip -n blue -d link show tb | grep -q 'tap.*vnet_hdr on'");
		sandbox_command("! ip link show tb 2>/dev/null");
		sandbox_command("ip -d link show tc | grep -q 'persist on'");
		expect_undo(&plan, run);
		sandbox_expect_same(&before);
	}
}

static void failed_setup_run_leaves_nothing(void **state)
{
	static const struct {
		const char *config;
		enum host_status status;
		const char *where, *words;
	} cases[] = {
		{ CONFIG(FULL "," NET("d", "\"bridge\":\"br9\""), ""), HOST_LACKS,
		  "find bridge, device d", "there is no bridge \"br9\"" },
		{ CONFIG(FULL "," NET("d", "\"netns\":\"red\""), ""), HOST_LACKS,
		  "enter netns, device d", "there is no network namespace \"red\"" },
		{ CONFIG(FULL "," NET("d", "\"address\":[\"ff02::1/64\"]"), ""), HOST_FAILED,
		  "add address, device d", "(EADDRNOTAVAIL)" },
		{ CONFIG(FULL "," NET("d", "\"name\":\"br0\""), ""), HOST_FAILED, "open tap",
		  "br0" },
		{ CONFIG(FULL "," NET("d", "\"owner\":\"no-such-user\""), ""), HOST_LACKS,
		  "open tap, device d", "no user \"no-such-user\"" },
		{ CONFIG(FULL "," NET("d", "\"group\":\"no-such-group\""), ""), HOST_LACKS,
		  "open tap, device d", "no group \"no-such-group\"" },
		{ CONFIG(FULL "," NET("d", "\"name\":\"td\",\"existing\":true"), ""), HOST_LACKS,
		  "find link, device d", "there is no link \"td\"" },
		{ CONFIG(FULL "," NET("d", "\"name\":\"br0\",\"existing\":true"), ""), HOST_FAILED,
		  "find link, device d", "of kind bridge" },
		/* inside the other namespace: we must be back afterwards */
		{ CONFIG(NET("d", "\"netns\":\"blue\",\"bridge\":\"br0\""), ""), HOST_LACKS,
		  "find bridge", "in the link's network namespace" },
		{ CONFIG(NET("d",
			     "\"netns\":\"blue\",\"persist\":true,\"address\":[\"ff02::1/64\"]"),
			 ""),
		  HOST_FAILED, "add address", "(EADDRNOTAVAIL)" },
	};

	sandbox_skip_if_emulated(LACKS_LINK);
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_failure(cases[i].config, cases[i].status, cases[i].where, cases[i].words);
}

static void setup_run_adopts_existing_tap(void **state)
{
	struct host_link before, link;
	struct snapshot look;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_WRITE);
	sandbox_command("ip tuntap add at1 mode tap vnet_hdr user nobody");
	sandbox_command("ip link set at1 mtu 1300 up && ip link set at1 down");
	sandbox_command("ip addr add 10.3.0.1/24 dev at1");
	sandbox_look(&look);
	get_link("at1", &before);
	if (apply(CONFIG(NET("d", "\"name\":\"at1\",\"existing\":true,\"mtu\":1400,"
				  "\"owner\":\"daemon\",\"txqueuelen\":3000,\"mac\":"
				  "\"52:54:00:00:00:07\",\"address\":["
				  "\"10.3.0.1/24\",\"10.4.0.1/24\"]"),
			 ""),
		  &plan, &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	get_link("at1", &link);
	assert_int_equal(link.mtu, 1400);
	assert_int_equal(link.mac[0], 0xfe);
	assert_int_equal(link.tun.owner, 1);
	assert_int_equal(link.txqueuelen, 3000);
	assert_true(link.up);
	expect_undo(&plan, run);
	/* As it was, with the address that was there before and without the other. */
	sandbox_expect_same(&look);
	sandbox_command("ip link del at1");
}

#define EXISTING NET("d", "\"name\":\"at1\",\"existing\":true,\"owner\":\"daemon\"")

/* What can be found out without touching a link comes before it, whichever device it is of. */
static void failure_that_needs_no_link_comes_before_any(void **state)
{
	static const struct {
		const char *config, *where;
	} cases[] = {
		{ CONFIG(EXISTING "," NET("e", "\"bridge\":\"br9\""), ""),
		  "find bridge, device e" },
		{ CONFIG(EXISTING "," NET("e", "\"name\":\"at2\",\"existing\":true"), ""),
		  "find link, device e" },
		{ CONFIG(EXISTING ",{\"id\":\"v\",\"type\":\"net\"}", ""), "open vhost, device v" },
	};

	sandbox_skip_if_emulated(LACKS_WRITE);
	sandbox_command("ip tuntap add at1 mode tap && ip link set at1 up && ip link set at1 down");
	for (size_t i = 0; i < COUNT(cases); i++)
		if (!strstr(cases[i].where, "vhost") || access("/dev/vhost-net", F_OK) < 0)
			expect_failure(cases[i].config, HOST_LACKS, cases[i].where, "");
	/* no owner: one that is set could not be taken away */
	expect_failure(
		CONFIG(NET("d", "\"name\":\"at1\",\"existing\":true,\"owner\":\"daemon\"") "," NET(
			       "e", "\"address\":[\"ff02::1/64\"]"),
		       ""),
		HOST_FAILED, "add address, device e", "");
	sandbox_command("ip link del at1");
}

/* The flags that `ip tuntap add` gives a tap are not those that a guest needs. */
static void failed_setup_run_restores_the_flags_of_a_tap(void **state)
{
	static const char *const flags[] = { "", "pi", "pi vnet_hdr", "multi_queue" };

	sandbox_skip_if_emulated(LACKS_WRITE);
	for (size_t i = 0; i < COUNT(flags); i++) {
		char command[100];

		snprintf(command, sizeof(command), "ip tuntap add at1 mode tap %s", flags[i]);
		sandbox_command(command);
		expect_failure(i == 3 ? CONFIG(PAIRS("d", "2",
						     "\"name\":\"at1\",\"existing\":true,"
						     "\"address\":[\"ff02::1/64\"]"),
					       "")
				      : CONFIG(NET("d", "\"name\":\"at1\",\"existing\":true,"
							"\"address\":[\"ff02::1/64\"]"),
					       ""),
			       HOST_FAILED, "add address", "(EADDRNOTAVAIL)");
		sandbox_command("ip link del at1");
	}
}

/* A port of another bridge, with all that can be lost on the way; VLANs if this kernel has them. */
static void failed_setup_run_restores_the_port_of_another_bridge(void **state)
{
	sandbox_skip_if_emulated(LACKS_WRITE);
	sandbox_command(
		"ip link add br1 type bridge && ip link set br1 up address 02:00:00:00:00:02");
	sandbox_command("ip tuntap add at1 mode tap vnet_hdr user nobody");
	sandbox_command("ip link set at1 up master br1 mtu 1300 address 02:00:00:00:00:03");
	sandbox_command(
		"ip addr add fd00:3::1/64 dev at1 nodad && ip addr add 10.3.0.1/24 dev at1");
	sandbox_command(
		"bridge link set dev at1 isolated on hairpin on learning off cost 7 flood off");
	sandbox_command(
		"{ bridge vlan add dev at1 vid 210 pvid untagged && bridge vlan add dev at1 "
		"vid 300-310 && bridge vlan del dev at1 vid 1; } 2>/dev/null; true");
	for (int up = 0; up < 2; up++) {
		expect_failure(
			CONFIG(NET("d",
				   "\"name\":\"at1\",\"existing\":true,\"mtu\":1200,"
				   "\"owner\":\"daemon\",\"txqueuelen\":3000,\"mac\":"
				   "\"52:54:00:00:00:07\",\"bridge\":\"br0\"") "," NET("e",
										       "\"address\":[\"ff02::1/64\"]"),
			       ""),
			HOST_FAILED, "add address, device e", "(EADDRNOTAVAIL)");
		sandbox_command("ip link set at1 up");
		sandbox_command("ip addr replace fd00:3::1/64 dev at1 nodad");
	}
	sandbox_command("ip link del at1 && ip link del br1");
}

/* What the table lets through, the kernel takes. */
static void setup_run_with_greatest_mtu_works(void **state)
{
	struct host_link link;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_LINK);
	if (apply(CONFIG(NET("d", "\"name\":\"tm\",\"mtu\":65521"), ""), &plan, &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	get_link("tm", &link);
	assert_int_equal(link.mtu, 65521);
	expect_undo(&plan, run);
}

static void failed_adoption_says_why(void **state)
{
	sandbox_command("ip tuntap add at1 mode tap && ip tuntap add atm mode tap multi_queue");
	sandbox_command("ip tuntap add att mode tun");
	expect_failure(CONFIG(PAIRS("d", "2", "\"name\":\"at1\",\"existing\":true"), ""),
		       HOST_FAILED, "open tap",
		       "was created without multi_queue, but the config requests 2 queue");
	expect_failure(CONFIG(NET("d", "\"name\":\"att\",\"existing\":true"), ""), HOST_FAILED,
		       "find link", "is a tun");
	expect_failure(CONFIG(NET("d", "\"name\":\"at1\""), ""), HOST_FAILED, "open tap", "EBUSY");
	sandbox_command("ip link del at1 && ip link del atm && ip link del att");
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup_run_and_undo_leave_nothing),
		cmocka_unit_test(failed_setup_run_leaves_nothing),
		cmocka_unit_test(setup_run_adopts_existing_tap),
		cmocka_unit_test(failure_that_needs_no_link_comes_before_any),
		cmocka_unit_test(failed_setup_run_restores_the_flags_of_a_tap),
		cmocka_unit_test(failed_setup_run_restores_the_port_of_another_bridge),
		cmocka_unit_test(setup_run_with_greatest_mtu_works),
		cmocka_unit_test(failed_adoption_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return run_in_sandbox(all_tests);
}
