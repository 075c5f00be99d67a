/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wide yes|no - features above bit 63, on a kernel that supports them or not: offered, accepted and set
 * with vhost's array ioctls, and the tap's header grows to 24 bytes.  Prints TAP.
 */
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bring-up.h"

#define GUEST_UDP_TUNNEL_GSO 65u
#define HOST_UDP_TUNNEL_GSO  67u

static int number, failed;

static void result(const char *what, bool good)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	failed += !good;
}

int main(int argc, char **argv)
{
	bool wide = argc > 1 && !strcmp(argv[1], "yes");
	struct bring_up b = {
		.features = BRING_UP_FEATURES ",guest_csum,guest_tso4,guest_tso6,guest_uso4,"
					      "guest_uso6,host_tso4,host_tso6,host_uso,"
					      "guest_udp_tunnel_gso,host_udp_tunnel_gso",
	};
	struct vhc_features require = { { 0 } }, offered;
	int header = 0, r;

	if (bring_up_memory(&b, 1))
		return 1;
	r = bring_up(&b, 1);
	if (r)
		printf("# %s\n", vhc_ctx_get_error(b.ctx)->text);
	result("the device starts", !r);
	result(wide ? "the tunnel bits are offered" : "the tunnel bits are not offered",
	       vhc_features_has(&b.acked, GUEST_UDP_TUNNEL_GSO) == wide &&
		       vhc_features_has(&b.acked, HOST_UDP_TUNNEL_GSO) == wide);
	ioctl(vhc_tap_get_fd(b.tap, 0), TUNGETVNETHDRSZ, &header);
	printf("# header of %d bytes\n", header);
	result("the tap's header is the guest's", header == (wide ? 24 : 12));
	vhc_features_add(&require, HOST_UDP_TUNNEL_GSO);
	r = vhc_dev_offer_features(b.dev, &b.acked, &require, &offered);
	result(wide ? "one that is required is there" : "one that is required is refused",
	       wide ? !r : r < 0 && strstr(vhc_ctx_get_error(b.ctx)->text, "host_udp_tunnel_gso"));
	result("it stops", !vhc_dev_stop(b.dev));
	result("and starts again", !vhc_dev_start(b.dev));
	bring_down(&b);
	printf("1..%d\n", number);
	return failed != 0;
}
