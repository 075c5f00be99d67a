/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what finds the bridge of a link that somebody else made.
 */
#include <errno.h>
#include <net/if.h>
#include <sys/stat.h>

#include "host_test.h"
#include "sandbox.h"

static struct vhc_ctx *ctx;

static struct look_link link_of(const char *name)
{
	struct look_link link = { .index = if_nametoindex(name) };
	struct stat own;

	assert_int_equal(stat("/proc/self/ns/net", &own), 0);
	link.netns = own.st_ino;
	snprintf(link.name, sizeof(link.name), "%s", name);
	return link;
}

static void port_of_a_bridge(void **state)
{
	struct host_master master;
	struct look_link port;

	sandbox_skip_if_emulated(LACKS_LINK);
	sandbox_command("ip tuntap add port0 mode tap && ip link set port0 master br0");
	port = link_of("port0");
	assert_int_equal(host_find_master(&port, &master), 0);
	assert_string_equal(master.name, "br0");
	assert_string_equal(master.kind, "bridge");
	/* the index is another link's meanwhile */
	port.name[0] = 'x';
	assert_int_equal(host_find_master(&port, &master), -ENODEV);
	sandbox_command("ip link del port0");
	port.name[0] = 'p';
	assert_int_equal(host_find_master(&port, &master), -ENODEV);
}

static void no_port_and_elsewhere(void **state)
{
	struct look_link bridge = link_of("br0");
	struct host_master master;

	assert_int_equal(host_find_master(&bridge, &master), -ENODEV);
	bridge.netns++;
	assert_int_equal(host_find_master(&bridge, &master), -EXDEV);
}

static int tests(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(port_of_a_bridge),
		cmocka_unit_test(no_port_and_elsewhere),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}

int main(void)
{
	return sandbox_main(&ctx, tests);
}
