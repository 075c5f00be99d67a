/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of launcher styles: what each is told, and what its launchers cannot be told. */
#include "host_test.h"
#include "launcher/style.h"

static struct vhc_ctx *ctx;

#define NET(more)   "{\"id\":\"net0\",\"type\":\"net\"" more "}"
#define VSOCK(more) "{\"id\":\"v\",\"type\":\"vsock\"" more "}"
#define TAP(more)   ",\"tap\":{\"name\":\"t0\"" more "}"
#define MAC	    ",\"mac\":\"52:54:00:00:00:01\""
#define OFF	    ",\"vhost\":\"off\""
#define NAME	    ",\"attach\":\"name\""
#define PAIRS	    ",\"queue_pairs\":2"
#define STYLE(name) "\"style\":\"" name "\""

static void each_style_has_its_own_options(void **state)
{
	static const struct {
		const char *devices, *style, *argument, *expanded;
	} cases[] = {
		{ NET(OFF), "cloud-hypervisor", "@net0.net@", "fd=3,num_queues=2,id=net0" },
		{ NET(OFF PAIRS ",\"ring_size\":1024" TAP(MAC ",\"mtu\":9000")), "cloud-hypervisor",
		  "@net0.net@",
		  "fd=[3,4],mac=52:54:00:00:00:01,num_queues=4,queue_size=1024,mtu=9000,id=net0" },
		{ NET(OFF NAME PAIRS TAP("")), "cloud-hypervisor", "@net0.net@",
		  "tap=t0,num_queues=4,id=net0" },
		{ NET(TAP(MAC)), "crosvm", "@net0.net@",
		  "tap-fd=3,mac=52:54:00:00:00:01,vhost-net=[device=/dev/vhost-net]" },
		{ NET(OFF NAME TAP("")), "crosvm", "@net0.net@", "tap-name=t0" },
		{ NET("") "," VSOCK(",\"cid\":7"), "crosvm",
		  "@net0.net@ --vsock @v.cid@ --vhost-vsock-fd @v.fd@",
		  "tap-fd=3,vhost-net=[device=/dev/vhost-net] --vsock 7 --vhost-vsock-fd 4" },
		{ NET(TAP(MAC)), "stratovirt", "@net0.netdev@ @net0.device@",
		  "tap,id=net0,fds=3,vhost=on,vhostfds=4 "
		  "virtio-net-device,netdev=net0,id=net0,mac=52:54:00:00:00:01" },
		{ NET(PAIRS ",\"ring_size\":512"), "stratovirt",
		  "@net0.netdev@ @net0.device:virtio-net-pci@,bus=pcie.0,addr=0x2",
		  "tap,id=net0,fds=3:4,vhost=on,vhostfds=5:6 "
		  "virtio-net-pci,netdev=net0,id=net0,mq=on,queue-size=512,bus=pcie.0,addr=0x2" },
		{ NET(NAME PAIRS TAP("")), "stratovirt", "@net0.netdev@ @net0.device@",
		  "tap,id=net0,ifname=t0,queues=2,vhost=on "
		  "virtio-net-device,netdev=net0,id=net0,mq=on" },
		{ VSOCK(",\"cid\":7"), "stratovirt", "@v.device@",
		  "vhost-vsock-device,id=v,guest-cid=7,vhostfd=3" },
		{ NET(OFF NAME TAP(MAC)), "firecracker", "@net0.net@",
		  "{\"iface_id\":\"net0\",\"host_dev_name\":\"t0\","
		  "\"guest_mac\":\"52:54:00:00:00:01\"}" },
		{ NET(OFF TAP(MAC)), "kvmtool", "@net0.net@",
		  "mode=tap,fd=3,tapif=/dev/net/tun,guest_mac=52:54:00:00:00:01" },
		{ NET(""), "kvmtool", "@net0.net@", "mode=tap,fd=3,tapif=/dev/net/tun,vhost=1" },
		{ NET(OFF NAME TAP("")), "kvmtool", "@net0.net@", "mode=tap,tapif=t0" },
		{ NET(NAME PAIRS TAP("")), "qemu", "@net0.netdev@ @net0.device@",
		  "tap,id=net0,ifname=t0,script=no,downscript=no,queues=2,vhost=on "
		  "virtio-net-pci,netdev=net0,mq=on,vectors=6" },
		/* DPDK */
		{ NET(NAME PAIRS TAP(MAC)), "env",
		  "path=/dev/vhost-net,iface=@net0.tap@,queues=@net0.queues@,mac=@net0.mac@",
		  "path=/dev/vhost-net,iface=t0,queues=2,mac=52:54:00:00:00:01" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *arguments[] = { (char *)(uintptr_t)cases[i].argument, NULL }, text[1000];
		struct host_options options = { .ctx = ctx, .launcher = arguments };
		struct host_launch *launch;
		struct host_setup *setup;
		struct host_error err;

		snprintf(text, sizeof(text), CONFIG("%s", STYLE("%s")), cases[i].devices,
			 cases[i].style);
		setup = read_setup(ctx, text);
		assert_int_equal(host_launch_new(&options, setup, NULL, &launch, &err), 0);
		if (host_launch_arguments(launch, &options, &err) < 0)
			fail_msg("%s\n%s: %s", text, err.text, err.hint);
		assert_string_equal(launch->argv[0], cases[i].expanded);
		host_launch_free(launch);
		host_setup_free(setup);
	}
}

static void what_a_style_has_no_option_for_is_refused(void **state)
{
	static const struct {
		const char *devices, *style, *where, *text;
	} cases[] = {
		{ NET(""), "cloud-hypervisor", "/vhost",
		  "have no option for it: set \"vhost\" to \"off\"" },
		{ VSOCK(""), "cloud-hypervisor", "/type", "style \"cloud-hypervisor\"" },
		{ NET(OFF ",\"features\":{\"mask\":[\"csum\"]}"), "cloud-hypervisor", "/features",
		  "" },
		{ NET(PAIRS), "crosvm", "/queue_pairs", "" },
		{ NET(TAP(",\"mtu\":9000")), "crosvm", "/tap/mtu", "mask the feature \"mtu\"" },
		{ NET(",\"busyloop_us\":50"), "stratovirt", "/busyloop_us", "" },
		{ NET(OFF), "firecracker", "/attach", "set \"attach\" to \"name\"" },
		{ NET(NAME), "firecracker", "/vhost", "" },
		{ NET(OFF NAME PAIRS), "firecracker", "/queue_pairs", "" },
		{ NET(PAIRS), "kvmtool", "/queue_pairs", "" },
		{ NET(TAP(MAC)), "kvmtool", "/tap/mac", "drops it with vhost" },
		{ VSOCK(""), "kvmtool", "/type", "" },
		{ NET(",\"bus\":\"port1\""), "env", "/bus", "style \"env\" have no option" },
		{ VSOCK(",\"bus\":\"port1\""), "stratovirt", "/bus", "" },
		{ VSOCK(NAME), "env", "/attach", "only a tap has a name" },
		{ NET(NAME TAP(",\"netns\":\"blue\"")), "env", "/tap/netns",
		  "set \"attach\" to \"fd\"" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct host_setup *setup;
		struct host_error err;
		char text[1000];

		snprintf(text, sizeof(text), CONFIG("%s", STYLE("%s")), cases[i].devices,
			 cases[i].style);
		if (host_setup_read(ctx, text, strlen(text), NULL, &setup, &err) == 0)
			fail_msg("%s is accepted", text);
		if (!strstr(err.where, cases[i].where) || !strstr(err.text, cases[i].text))
			fail_msg("%s\n%s: %s", text, err.where, err.text);
	}
}

/* A wish that the launcher cannot grant is no error, and not silent. */
static void preferred_vhost_that_a_style_lacks_is_said(void **state)
{
	char *arguments[] = { (char *)(uintptr_t) "@net0.net@", NULL };
	struct said said = { "" };
	struct host_options options = {
		.ctx = ctx, .launcher = arguments, .say = say, .data = &said
	};
	struct host_setup *setup =
		read_setup(ctx, CONFIG(NET(",\"vhost\":\"prefer\""), STYLE("cloud-hypervisor")));
	struct host_launch *launch;
	struct host_error err;

	assert_int_equal(host_launch_new(&options, setup, NULL, &launch, &err), 0);
	assert_int_equal(host_launch_arguments(launch, &options, &err), 0);
	assert_false(launch->views[0].result.vhost);
	assert_int_equal(launch->fd_count, 1);
	assert_string_equal(
		said.text,
		"net0: it prefers vhost, but launchers of the style \"cloud-hypervisor\" have none\n");
	host_launch_free(launch);
	host_setup_free(setup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_style_has_its_own_options),
		cmocka_unit_test(what_a_style_has_no_option_for_is_refused),
		cmocka_unit_test(preferred_vhost_that_a_style_lacks_is_said),
	};

	return run_with_context(&ctx, tests, COUNT(tests));
}
