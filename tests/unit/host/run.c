/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of links that are really made or adopted, in a sandbox; after every failure nothing is left.
 * Vhost is left off, so this runs where there is none.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_test.h"
#include "netns.h"
#include "sandbox.h"

static struct vhc_ctx *ctx;

static struct said said;

/* Everything up to the hand-over. */
static int apply(const char *config, struct host_plan *plan, struct host_run **ret,
		 struct host_error *err)
{
	static struct host_options options;
	static struct host_setup *setup;

	host_setup_free(setup);
	setup = read_setup(ctx, config);
	said.text[0] = '\0';
	options = (struct host_options){ .ctx = ctx, .say = say, .data = &said };
	assert_int_equal(host_plan_make(setup, &options, plan, err), 0);
	return host_run_apply(plan, HOST_OP_HAND_OVER, ret, err);
}

static void expect_undo(struct host_plan *plan, struct host_run *run)
{
	struct host_error err;

	if (host_run_undo(run, &err) < 0)
		fail_msg("%s", err.text);
	host_plan_clear(plan);
}

static void get_link(const char *name, struct host_link *ret)
{
	struct host_netlink netlink;

	assert_int_equal(host_netlink_open(&netlink), 0);
	assert_int_equal(host_link_get(&netlink, name, ret), 0);
	host_netlink_close(&netlink);
}

/* Refused with this status and these words, and nothing is left. */
static void expect_failure(const char *config, enum host_status status, const char *where,
			   const char *words)
{
	struct snapshot before;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_look(&before);
	if (apply(config, &plan, &run, &err) >= 0)
		fail_msg("%s: succeeds", config);
	host_plan_clear(&plan);
	if (err.status != status || !strstr(err.where, where) || !strstr(err.text, words))
		fail_msg("%s\n%d %s: %s", config, err.status, err.where, err.text);
	sandbox_expect_same(&before);
}

static void setup_run_and_undo_leave_nothing(void **state)
{
	struct host_link link, bridge;
	struct snapshot before;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_MTU);
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

	sandbox_skip_if_emulated(LACKS_MTU);
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

/* What can be found out without touching a link comes before it, whichever device it is of. */
static void failure_that_needs_no_link_comes_before_any(void **state)
{
	static const struct {
		const char *config, *where;
	} cases[] = {
		{ CONFIG(NET("d", "\"name\":\"at1\",\"existing\":true,\"owner\":\"daemon\"") "," NET(
				 "e", "\"bridge\":\"br9\""),
			 ""),
		  "find bridge, device e" },
		{ CONFIG(NET("d", "\"name\":\"at1\",\"existing\":true,\"owner\":\"daemon\"") "," NET(
				 "e", "\"name\":\"at2\",\"existing\":true"),
			 ""),
		  "find link, device e" },
		{ CONFIG(NET("d",
			     "\"name\":\"at1\",\"existing\":true,\"owner\":\"daemon\"") ",{\"id\":\"v\",\"type\":\"net\"}",
			 ""),
		  "open vhost, device v" },
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

	sandbox_skip_if_emulated(LACKS_MTU);
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
static void fill_frame(uint8_t frame[60], const char *to, const char *from)
{
	memset(frame, 0, 60);
	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	frame[12] = 0x88; /* a type for experiments */
	frame[13] = 0xb5;
}

/* A socket for the frames of that type on a link, which gives up after a while. */
static int open_socket(const char *link)
{
	const struct timeval patience = { .tv_sec = 20 };
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b5));

	assert_true(fd >= 0);
	address.sll_ifindex = (int)if_nametoindex(link);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

#define GUEST "\x52\x54\0\0\0\x09"
#define PEER  "\x02\0\0\0\0\x04"

/* Both ways between a macvtap's queues and what is behind its lower link. */
static void expect_frames(struct vhc_tap *tap, const char *peer)
{
	uint8_t sent[60], got[200], with_header[72] = { 0 };
	struct pollfd ready[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int fd = open_socket(peer);

	fill_frame(sent, PEER, GUEST);
	memcpy(with_header + 10, sent, sizeof(sent));
	assert_int_equal(write(vhc_tap_get_fd(tap, 1), with_header, 70), 70);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 60);
	assert_memory_equal(got, sent, sizeof(sent));
	fill_frame(sent, GUEST, PEER);
	assert_int_equal(send(fd, sent, sizeof(sent), 0), 60);
	for (int i = 0; i < 2; i++)
		ready[i].fd = vhc_tap_get_fd(tap, (uint32_t)i);
	assert_int_equal(poll(ready, 2, 20000), 1);
	assert_int_equal(read(ready[ready[0].revents ? 0 : 1].fd, got, sizeof(got)), 70);
	assert_memory_equal(got + 10, sent, sizeof(sent));
	close(fd);
}

static void macvtap_exchanges_frames_with_its_lower_link(void **state)
{
	static const char config[] = CONFIG(
		PAIRS("d", "2",
		      "\"kind\":\"macvtap\",\"lower\":\"low0\",\"name\":\"mv%d\",\"persist\":true,"
		      "\"mac\":\"52:54:00:00:00:09\",\"mtu\":1400"),
		"");
	struct snapshot before;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_command("ip link add low0 type veth peer name peer0 && ip link set low0 up && "
			"ip link set peer0 up address 02:00:00:00:00:04");
	if (system("ip link add link low0 name mv0 type macvtap 2>/dev/null") != 0) {
		sandbox_command("ip link del low0");
		skip();
	}
	sandbox_look(&before);
	if (apply(config, &plan, &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	assert_string_equal(run->devices[0].name, "mv1");
	sandbox_command(
		"ip -d link show mv1 | tr '\\n' ' ' | grep -q 'mtu 1400 .*52:54:00:00:00:09 .*macvtap mode bridge'");
	expect_frames(run->devices[0].tap, "peer0");
	expect_undo(&plan, run);
	sandbox_expect_same(&before);
	sandbox_command(
		"ip link set low0 master br0 2>/dev/null; ip link del mv0; ip link set low0 master br0");
	expect_failure(config, HOST_FAILED, "find lower",
		       "\"low0\" is a port of \"br0\", and takes no macvtap");
	sandbox_command("ip link del low0");
	expect_failure(config, HOST_LACKS, "find lower", "there is no link \"low0\"");
}

/* The first free ones; what is in the way may be of any kind. */
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

/* What the table lets through, the kernel takes. */
static void setup_run_with_greatest_mtu_works(void **state)
{
	struct host_link link;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_MTU);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup_run_and_undo_leave_nothing),
		cmocka_unit_test(failed_setup_run_leaves_nothing),
		cmocka_unit_test(setup_run_adopts_existing_tap),
		cmocka_unit_test(failure_that_needs_no_link_comes_before_any),
		cmocka_unit_test(failed_setup_run_restores_the_flags_of_a_tap),
		cmocka_unit_test(failed_setup_run_restores_the_port_of_another_bridge),
		cmocka_unit_test(macvtap_exchanges_frames_with_its_lower_link),
		cmocka_unit_test(tap_gets_a_name_by_its_prefix),
		cmocka_unit_test(namespace_is_a_name_a_path_or_a_process),
		cmocka_unit_test(port_gets_its_vlans_and_isolation),
		cmocka_unit_test(guest_may_have_an_address_with_fe),
		cmocka_unit_test(tap_takes_the_mtu_of_its_bridge_or_says_what_changes),
		cmocka_unit_test(what_is_no_bridge_is_refused),
		cmocka_unit_test(setup_run_with_greatest_mtu_works),
		cmocka_unit_test(failed_adoption_says_why),
	};
	const char *why = sandbox_enter();
	int r;

	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	if (vhc_ctx_new(&ctx) < 0)
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	vhc_ctx_free(ctx);
	return r;
}
