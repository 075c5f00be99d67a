/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what becomes of a launcher's arguments: tokens and QEMU's options. */
#include "launch_test.h"

/* One argument with tokens, and what becomes of it. */
struct token_case {
	const char *devices, *launcher;
	bool no_vhost;
	const char *argument, *expanded;
};

static const struct token_case token_cases[] = {
	{ NET(""), "", false, "@net0.netdev@", "tap,id=net0,fd=3,vhost=on,vhostfd=4" },
	{ NET(""), "", true, "@net0.netdev@", "tap,id=net0,fd=3,vhost=off" },
	{ NET(",\"queue_pairs\":2"), "", false, "@net0.netdev@ mq=@net0.mq@",
	  "tap,id=net0,fds=3:4,vhost=on,vhostfds=5:6 mq=on" },
	{ NET(",\"queue_pairs\":2,\"busyloop_us\":50"), "", false, "@net0.netdev@ @net0.queues@",
	  "tap,id=net0,fds=3:4,vhost=on,vhostfds=5:6,poll-us=50 2" },
	{ NET(",\"queue_pairs\":2,\"busyloop_us\":50,\"ring_size\":512"), "", false,
	  "@net0.tapfds@ @net0.vhostfds@ @net0.busyloop_us@ @net0.ring_size@ @net0.mq@",
	  "3:4 5:6 50 512 on" },
	{ NET(",\"busyloop_us\":50"), "", true, "@net0.netdev@", "tap,id=net0,fd=3,vhost=off" },
	{ NET(""), "", false, "@net0.netdev@,br=@net0.id@/@net0.device@",
	  "tap,id=net0,fd=3,vhost=on,vhostfd=4,br=net0/virtio-net-pci,netdev=net0" },
	{ NET(TAP("\"mac\":\"52:54:00:00:00:01\",\"mtu\":9000")), "", false,
	  "@net0.netdev@ @net0.device@",
	  NETDEV " virtio-net-pci,netdev=net0,mac=52:54:00:00:00:01,host_mtu=9000" },
	{ NET(",\"queue_pairs\":4,\"ring_size\":1024"), "", false, "@net0.netdev@ @net0.device@",
	  "tap,id=net0,fds=3:4:5:6,vhost=on,vhostfds=7:8:9:10 "
	  "virtio-net-pci,netdev=net0,mq=on,vectors=10,rx_queue_size=1024" },
	/* a bus that is chosen */
	{ NET(",\"bus\":\"port1\""), "", true, "@net0.netdev@ @net0.device@",
	  "tap,id=net0,fd=3,vhost=off virtio-net-pci,netdev=net0,bus=port1" },
	{ VSOCK(",\"cid\":42,\"bus\":\"pcie.0\""), "", false,
	  "x,guest-cid=@v.cid@,vhostfd=@v.fd@,bus=@v.bus@", "x,guest-cid=42,vhostfd=3,bus=pcie.0" },
	/* other buses */
	{ NET(",\"queue_pairs\":2"), "", true, "@net0.netdev@ @net0.device:virtio-net-ccw@",
	  "tap,id=net0,fds=3:4,vhost=off virtio-net-ccw,netdev=net0,mq=on" },
	{ NET(",\"queue_pairs\":2"), "", true,
	  "@net0.netdev@ @net0.device:virtio-net-pci-transitional@",
	  "tap,id=net0,fds=3:4,vhost=off "
	  "virtio-net-pci-transitional,netdev=net0,mq=on,vectors=6" },
	{ NET(TAP("\"mtu\":9000")), "", true, "@net0.netdev@ @net0.device:virtio-net-device@",
	  "tap,id=net0,fd=3,vhost=off virtio-net-device,netdev=net0,host_mtu=9000" },
	{ VSOCK(",\"cid\":42"), "", false, "@v.device:vhost-vsock-device@",
	  "vhost-vsock-device,guest-cid=42,vhostfd=3" },
	/* own device lines, with all that the config requests */
	{ NET(",\"queue_pairs\":2" TAP("\"mac\":\"52:54:00:00:00:01\",\"mtu\":9000")), "", false,
	  "@net0.netdev@ e1000,mac=@net0.mac@,host_mtu=@net0.mtu@,mq=@net0.mq@",
	  "tap,id=net0,fds=3:4,vhost=on,vhostfds=5:6 "
	  "e1000,mac=52:54:00:00:00:01,host_mtu=9000,mq=on" },
	{ VSOCK(",\"cid\":42"), "", false, "x,guest-cid=@v.cid@,vhostfd=@v.fd@",
	  "x,guest-cid=42,vhostfd=3" },
	/* nothing to tell of: the guest is not offered an MTU */
	{ NET(TAP("\"mtu\":9000") MASK("\"mtu\"")), "", false, "@net0.netdev@", NETDEV },
	/* masks */
	{ NET(MASK("\"mrg_rxbuf\",\"bit 29\"")), "", false, "@net0.netdev@ @net0.device@",
	  NETDEV " virtio-net-pci,netdev=net0,mrg_rxbuf=off,event_idx=off" },
	{ NET(MASK("\"csum\"")), "", false, "@net0.netdev@ @net0.device@",
	  NETDEV " virtio-net-pci,netdev=net0,csum=off,host_tso4=off,host_tso6=off,host_ecn=off,"
		 "host_ufo=off" },
	{ NET(MASK("\"host_uso\",\"csum\"")), "", false, "@net0.netdev@ @net0.device@",
	  NETDEV " virtio-net-pci,netdev=net0,csum=off,host_tso4=off,host_tso6=off,host_ecn=off,"
		 "host_ufo=off,host_uso=off" },
	{ NET(MASK("\"guest_tso4\",\"guest_tso6\"")), "", false, "@net0.netdev@ @net0.mask@",
	  NETDEV " guest_tso4=off,guest_tso6=off,guest_ecn=off" },
	{ NET(TAP("\"mtu\":9000") MASK("\"mtu\"")), "", false, "@net0.netdev@ @net0.device@",
	  NETDEV " virtio-net-pci,netdev=net0" },
	{ NET(",\"features\":{\"require\":[\"ring_packed\",\"csum\"]}"), "", false,
	  "@net0.netdev@ @net0.device@", NETDEV " virtio-net-pci,netdev=net0,packed=on" },
	{ NET(",\"features\":{\"require\":[\"mq\"]}"), "", false, "@net0.netdev@ @net0.device@",
	  NETDEV " virtio-net-pci,netdev=net0,mq=on" },
	{ VSOCK(",\"cid\":42"), "", false, "@v.device@", "vhost-vsock-pci,guest-cid=42,vhostfd=3" },
	{ VSOCK(",\"attach\":\"vhost-user\",\"socket\":{\"path\":\"/v\"}" MASK("\"seqpacket\"")),
	  "", false, "@v.chardev@ @v.device@",
	  "socket,id=v,path=/v vhost-user-vsock-pci,chardev=v,seqpacket=off" },
	{ VSOCK(MASK("\"seqpacket\",\"event_idx\"")), "", false, "@v.device@",
	  "vhost-vsock-pci,guest-cid=auto,vhostfd=3,seqpacket=off,event_idx=off" },
	{ VSOCK(",\"cid\":4294967294"), "\"style\":\"env\"", false, "@v.fd@ @v.cid@ @v.id@",
	  "3 4294967294 v" },
	{ NET("") "," VSOCK(",\"cid\":3"), "", false, "@net0.netdev@ @v.device@",
	  "tap,id=net0,fd=3,vhost=on,vhostfd=4 "
	  "vhost-vsock-pci,guest-cid=3,vhostfd=5" },
	/* the second device's fds come after the first one's */
	{ NET("") ",{\"id\":\"b-1\",\"type\":\"net\",\"queue_pairs\":2}", "", false,
	  "@net0.tapfds@|@net0.vhostfds@|@b-1.tapfds@|@b-1.vhostfds@|@b-1.queues@",
	  "3|4|5:6|7:8|2" },
	{ NET("") ",{\"id\":\"b-1\",\"type\":\"net\",\"queue_pairs\":2}", "", true,
	  "@net0.tapfds@|@b-1.tapfds@|@b-1.vhost@|@b-1.mq@", "3|4:5|off|on" },
	/* other styles */
	{ NET(TAP("\"name\":\"t0\",\"mac\":\"52:54:00:00:00:01\",\"mtu\":68")), "\"style\":\"env\"",
	  false, "@net0.tap@ @net0.mac@ @net0.mtu@ @net0.queues@ @net0.vhost@",
	  "t0 52:54:00:00:00:01 68 1 on" },
	{ NET(MASK("\"csum\",\"bit 200\"")), "\"style\":\"env\"", false, "@net0.mask@",
	  "csum,host_tso4,host_tso6,host_ecn,host_ufo,host_uso,rsc_ext,host_udp_tunnel_gso,"
	  "host_udp_tunnel_gso_csum,bit 200" },
	/* no tokens */
	{ NET(""), "\"style\":\"env\"", false, "user@host.domain a@b.c d@ @ @@ @x@ @.id@",
	  "user@host.domain a@b.c d@ @ @@ @x@ @.id@" },
};

static void expand_of_each_token_matches(void **state)
{
	for (size_t i = 0; i < COUNT(token_cases); i++) {
		const struct token_case *c = &token_cases[i];
		char *arguments[] = { (char *)(uintptr_t)c->argument, NULL };
		struct host_launch *launch;
		struct host_error err;
		struct said said;
		char **argv = expand(c->devices, c->launcher, c->no_vhost, arguments, &said,
				     &launch, &err);

		if (!argv || strcmp(argv[0], c->expanded) != 0)
			fail_msg("%s %s\n  gave   %s\n  wanted %s", c->devices, c->argument,
				 argv ? argv[0] : err.text, c->expanded);
		host_launch_free(launch);
	}
}

static void expand_of_bad_token_says_why(void **state)
{
	static const struct {
		const char *devices, *launcher;
		bool no_vhost;
		const char *argument, *words;
	} cases[] = {
		{ NET(""), "", false, "-nographic", "device \"net0\" is not used" },
		{ NET(""), "", false, "@net0.id@", "device \"net0\" is not used" },
		{ NET(""), "", false, "@net1.netdev@", "the config has no device \"net1\"" },
		{ VSOCK(""), "", false, "@v.id@", "add -device @v.device@ to them" },
		{ VSOCK(""), "", false, "@v.netdev@",
		  "known tokens are chardev, device, bus, mask, fd, cid, id, socket" },
		{ NET(""), "", true, "@net0.device:e1000@", "begin with virtio-net-" },
		{ NET(""), "", true, "@net0.device:virtio-net-@", "begin with virtio-net-" },
		{ NET(""), "", true, "@net0.netdev:x@", "no type is accepted after netdev" },
		{ NET(""), "", false, "@net0.cid@", "@net0.cid@ is not available for this device" },
		{ NET(""), "", false, "@net0.netdv@", "@net0.netdv@ is not available" },
		{ NET(""), "\"style\":\"env\"", false, "@net0.netdev@",
		  "known tokens are tapfds, vhostfds" },
		{ NET(""), "", false, "@net0.netdev@ @net0.mac@", "has no MAC address" },
		{ NET(""), "", false, "@net0.netdev@ @net0.mtu@", "has no MTU" },
		{ NET(""), "\"style\":\"env\"", true, "@net0.vhostfds@", "vhost is off" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *arguments[] = { (char *)(uintptr_t)cases[i].argument, NULL };
		struct host_launch *launch;
		struct host_error err;
		struct said said;

		if (expand(cases[i].devices, cases[i].launcher, cases[i].no_vhost, arguments, &said,
			   &launch, &err))
			fail_msg("%s: %s", cases[i].argument, launch->argv[0]);
		assert_int_equal(err.status, HOST_USAGE);
		if (!strstr(err.text, cases[i].words) && !strstr(err.hint, cases[i].words))
			fail_msg("%s: %s [%s]", cases[i].argument, err.text, err.hint);
		host_launch_free(launch);
	}
}

/* What the config requests reaches the launcher, or it is an error that names the token. */
static void expand_without_a_token_that_is_needed_names_it(void **state)
{
	static const struct {
		const char *devices, *launcher, *argument, *text, *hint;
	} cases[] = {
		{ NET(""), "", "@net0.tapfds@", "tells it of vhost",
		  "add @net0.vhostfds@ to them; or use -netdev @net0.netdev@ -device @net0.device@; "
		  "or set \"vhost\" to \"off\"" },
		{ NET(",\"busyloop_us\":9"), "", "@net0.tapfds@ @net0.vhost@", "of busyloop_us",
		  "add @net0.busyloop_us@ to" },
		{ NET(",\"queue_pairs\":2"), "", "@net0.netdev@", "of queue_pairs",
		  "add @net0.mq@ to" },
		{ NET(",\"ring_size\":512"), "", "@net0.netdev@", "of ring_size",
		  "add @net0.ring_size@ to" },
		{ NET(TAP("\"mac\":\"52:54:00:00:00:01\",\"mtu\":9000")), "", "@net0.netdev@",
		  "of mac, mtu", "add @net0.mac@, @net0.mtu@ to" },
		{ NET(TAP("\"mtu\":9000")), "", "@net0.netdev@", "of mtu",
		  "; or mask the feature \"mtu\"" },
		{ NET(MASK("\"csum\"")), "", "@net0.netdev@", "of features", "add @net0.mask@ to" },
		{ NET(",\"features\":{\"require\":[\"csum\"]}"), "", "@net0.netdev@", "of features",
		  "add @net0.mask@ to" },
		{ VSOCK(""), "", "@v.fd@", "of cid",
		  "add @v.cid@ to them; or use -device @v.device@" },
		{ NET(""), "\"style\":\"env\"", "@net0.tapfds@", "of vhost",
		  "add @net0.vhostfds@ to them; or set" },
		{ NET(TAP("\"mac\":\"52:54:00:00:00:01\"")), "\"style\":\"listen-fds\"",
		  "@net0.tapfds@ @net0.vhostfds@", "of mac", "add @net0.mac@ to" },
		{ NET(MASK("\"csum\"")), "\"style\":\"env\"", "@net0.tapfds@ @net0.vhostfds@",
		  "of features", "add @net0.mask@ to" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *arguments[] = { (char *)(uintptr_t)cases[i].argument, NULL };
		struct host_launch *launch;
		struct host_error err;
		struct said said;

		if (expand(cases[i].devices, cases[i].launcher, false, arguments, &said, &launch,
			   &err))
			fail_msg("%s: %s", cases[i].argument, launch->argv[0]);
		assert_int_equal(err.status, HOST_USAGE);
		if (!strstr(err.text, cases[i].text) || !strstr(err.hint, cases[i].hint))
			fail_msg("%s: %s (%s)", cases[i].argument, err.text, err.hint);
		host_launch_free(launch);
	}
}

/* What is not done as asked, or done besides, is said. */
static void expand_says_what_is_done_otherwise(void **state)
{
	static const struct {
		const char *devices, *launcher, *words;
	} cases[] = {
		{ NET(MASK("\"csum\"")), "",
		  "also masked, since they depend on masked features: host_tso4" },
		{ NET(MASK("\"csum\"")), "",
		  "add them to features.mask: host_uso host_udp_tunnel_gso" },
		{ NET(",\"vhost\":\"prefer\",\"busyloop_us\":9"), "\"style\":\"env\"",
		  "net0: it prefers vhost, but nothing tells the launcher of it: add @net0.vhostfds@" },
	};
	static const char *const quiet[] = { NET(""), NET(MASK("\"mrg_rxbuf\"")) };
	char *arguments[] = { (char *)(uintptr_t) "@net0.tapfds@", NULL };
	char *device[] = { (char *)(uintptr_t) "@net0.netdev@ @net0.device@", NULL };
	struct host_launch *launch;
	struct host_error err;
	struct said said;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_non_null(expand(cases[i].devices, cases[i].launcher, false,
				       cases[i].launcher[0] ? arguments : device, &said, &launch,
				       &err));
		if (!strstr(said.text, cases[i].words))
			fail_msg("said: %s", said.text);
		host_launch_free(launch);
	}
	for (size_t i = 0; i < COUNT(quiet); i++) {
		assert_non_null(expand(quiet[i], "", false, device, &said, &launch, &err));
		assert_string_equal(said.text, "");
		host_launch_free(launch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expand_of_each_token_matches),
		cmocka_unit_test(expand_of_bad_token_says_why),
		cmocka_unit_test(expand_without_a_token_that_is_needed_names_it),
		cmocka_unit_test(expand_says_what_is_done_otherwise),
	};

	return run_with_context(&ctx, tests, COUNT(tests));
}
