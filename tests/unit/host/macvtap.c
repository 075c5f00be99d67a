/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of macvtaps, in a sandbox: their frames, and what a set-up that was killed leaves of one.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "applied.h"
#include "ops/mark.h"

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

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_command("ip link add low0 type veth peer name peer0 && ip link set low0 up && "
			"ip link set peer0 up address 02:00:00:00:00:04");
	if (system("ip link add link low0 name mv0 type macvtap 2>/dev/null") != 0) {
		sandbox_command("ip link del low0");
		skip();
	}
	/* what the next links' nodes are called, another network namespace has already */
	sandbox_command(
		"ip -n blue link add low1 type veth && i=$(ip -o link show mv0 | cut -d: -f1) && for n in "
		"1 2; do ip -n blue link add index $((i + n)) link low1 type macvtap; done");
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
	sandbox_command("ip -n blue link del low1");
	sandbox_command("ip link del low0");
	expect_failure(config, HOST_LACKS, "find lower", "there is no link \"low0\"");
}

/* What a set-up made that was killed before the link had its mark: the next one, and teardown, remove it. */
static void macvtap_without_its_mark_is_removed(void **state)
{
	static const char config[] =
		CONFIG(NET("d", "\"kind\":\"macvtap\",\"lower\":\"low0\",\"name\":\"mv0\","
				"\"mac\":\"52:54:00:00:00:09\""),
		       "");
	char name[HOST_LINK_NAME_MAX], command[120];
	struct snapshot before, left;
	struct host_plan plan;
	struct host_run *run;
	struct host_error err;

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_command("ip link add low0 type veth && ip link set low0 up");
	snprintf(command, sizeof(command),
		 "ip link add link low0 name %s address 52:54:00:00:00:09 type macvtap 2>/dev/null",
		 host_mark_name("vhostctl d", name));
	sandbox_look(&before);
	if (system(command) != 0) {
		sandbox_command("ip link del low0");
		skip();
	}
	if (apply(config, &plan, &run, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	expect_undo(&plan, run);
	sandbox_expect_same(&before);

	sandbox_command(command);
	tear_down(config);
	sandbox_expect_same(&before);
	/* another's */
	snprintf(command, sizeof(command), "ip link add %s type veth", name);
	sandbox_command(command);
	sandbox_look(&left);
	tear_down(config);
	sandbox_expect_same(&left);
	snprintf(command, sizeof(command), "ip link del %s; ip link del low0", name);
	sandbox_command(command);
}

/* The first free ones; what is in the way may be of any kind. */

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(macvtap_exchanges_frames_with_its_lower_link),
		cmocka_unit_test(macvtap_without_its_mark_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return run_in_sandbox(all_tests);
}
