/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an errno of a call means, by the call's name: for messages of other programs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "vhostconfig.h"

static void says(const char *call, int error, const char *part)
{
	char text[256] = "";

	assert_int_equal(vhc_call_meaning(call, error, text, sizeof(text)), 0);
	if (!strstr(text, part))
		fail_msg("%s, errno %d: \"%s\" does not say \"%s\"", call, error, text, part);
}

static void a_call_is_known_by_its_name(void **state)
{
	says("VHOST_SET_OWNER", EBUSY, "already has an owner");
	says("VHOST_SET_MEM_TABLE", E2BIG, "too many regions");
	says("VHOST_SET_VRING_ERR", EINVAL, "not an eventfd");
	says("VHOST_VSOCK_SET_GUEST_CID", EADDRINUSE, "has this CID");
	says("TUNSETOFFLOAD", ENOLINK, "link is gone");
	says("KVM_IRQFD", EAGAIN, "interrupt controller");
}

/* Of the vhost fd alone: a tap and a VM have no such owner. */
static void eperm_is_of_the_owner(void **state)
{
	char text[256] = "as it was";

	says("VHOST_SET_VRING_NUM", EPERM, "not the owner");
	says("VHOST_FREE_WORKER", EPERM, "not the owner");
	assert_int_equal(vhc_call_meaning("TUNSETOFFLOAD", EPERM, text, sizeof(text)), -ENOENT);
	assert_int_equal(vhc_call_meaning("KVM_IRQFD", EPERM, text, sizeof(text)), -ENOENT);
	assert_string_equal(text, "as it was");
}

static void a_node_that_does_not_open_is_known_by_its_path(void **state)
{
	says("open /dev/vhost-net", ENOENT, "module vhost_net is not loaded");
	says("open /dev/net/tun", ENODEV, "module tun is missing");
	says("open /dev/vhost-vsock", EACCES, "owner and mode");
	says("open /dev/kvm", EMFILE, "RLIMIT_NOFILE");
	says("open /dev/vhost-vdpa-12", ENODEV, "module vhost_vdpa is missing");
}

static void anything_else_is_unknown(void **state)
{
	static const struct {
		const char *call;
		int error;
	} cases[] = {
		{ "", EPERM },
		{ "nothing", EPERM },
		{ "VHOST_SET_OWNER", EIO },
		{ "VHOST_SET_OWNER", 0 },
		{ "VHOST_SET_OWNER", -EBUSY },
		{ "open /dev/vhost-net", EIO },
		{ "VHOST_NO_SUCH", EBUSY },
		{ "VHOST_SET_OWNER ", EBUSY },
	};
	char text[256] = "as it was";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			vhc_call_meaning(cases[i].call, cases[i].error, text, sizeof(text)),
			-ENOENT);
		assert_string_equal(text, "as it was");
	}
}

static void the_text_is_cut_to_its_size(void **state)
{
	char text[8] = "", one[1] = { 'x' };

	assert_int_equal(vhc_call_meaning("VHOST_SET_OWNER", EBUSY, text, sizeof(text)), 0);
	assert_int_equal(strlen(text), sizeof(text) - 1);
	assert_int_equal(vhc_call_meaning("open /dev/kvm", EACCES, one, sizeof(one)), 0);
	assert_int_equal(one[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_known_by_its_name),
		cmocka_unit_test(eperm_is_of_the_owner),
		cmocka_unit_test(a_node_that_does_not_open_is_known_by_its_path),
		cmocka_unit_test(anything_else_is_unknown),
		cmocka_unit_test(the_text_is_cut_to_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
