/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Net devices: a tap and a vhost-net fd for each queue pair.
 */
#include <stdio.h>
#include <string.h>

#include "kind.h"
#include "launcher/style.h"
#include "ops/plan.h"

enum { BIT_MTU = 3, BIT_CTRL_VQ = 17, BIT_MQ = 22 };

/* ---------------------------------------------------------------------------------------- rules */

static int check_queues(struct host_check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);

	if (device->queue_pairs > 1 && (vhc_features_has(&device->mask, BIT_MQ) ||
					vhc_features_has(&device->mask, BIT_CTRL_VQ)))
		return HOST_WRONG(c, index, "/features/mask",
				  "%llu queue pairs need mq and ctrl_vq, one of which is masked",
				  (unsigned long long)device->queue_pairs);
	return 0;
}

/* Whoever serves it has vhost. */
static int check_served(struct host_check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);

	if (device->attach != HOST_ATTACH_VHOST_USER && device->iommu)
		return HOST_WRONG(
			c, index, "/iommu",
			"\"iommu\" is only for \"attach\": \"vhost-user\": leave it out, and use the "
			"launcher's own option");
	if (device->attach != HOST_ATTACH_VHOST_USER)
		return 0;
	if (device->vhost != HOST_VHOST_REQUIRE)
		return HOST_WRONG(c, index, "/vhost",
				  "a device with \"attach\": \"vhost-user\" needs vhost: set it to "
				  "\"require\", or leave it out");
	if (device->ring_size != HOST_RING_SIZE)
		return HOST_WRONG(c, index, "/ring_size",
				  "leave it out: a launcher that speaks vhost-user chooses it");
	if (device->queue_pairs > HOST_MAX_USER_PAIRS)
		return HOST_WRONG(c, index, "/queue_pairs", "vhost-user has at most %u queue pairs",
				  HOST_MAX_USER_PAIRS);
	return 0;
}

static int check(struct host_check *c, size_t index)
{
	int r = host_tap_check(c, index);

	r = r < 0 ? r : check_served(c, index);
	return r < 0 ? r : check_queues(c, index);
}

/* ----------------------------------------------------------------------------------------- plan */

static void fill_args(const struct host_device *device, struct vhc_dev_args *args)
{
	args->queue_pairs = (uint32_t)device->queue_pairs;
}

/* A launcher that gets no vhost fds opens vhost by itself, as another user than this process may be. */
static void plan_vhost(struct host_plan *plan, uint32_t index)
{
	const struct host_device *device = host_device(plan->setup, index);

	host_plan_add(plan, HOST_OP_OPEN_VHOST, index, 0);
	if (plan->options->launcher && host_plan_user(plan) && !host_is_served(device) &&
	    !host_style_takes_vhost(plan->setup, device))
		host_plan_add(plan, HOST_OP_TRY_VHOST, index, 0);
}

static void plan_device(struct host_plan *plan, uint32_t index, enum host_phase phase)
{
	if (phase == HOST_LOOK && host_device(plan->setup, index)->vhost != HOST_VHOST_OFF)
		plan_vhost(plan, index);
	host_tap_plan(plan, index, phase);
}

/* ----------------------------------------------------------------------------------------- QEMU */

static const struct host_property properties[] = {
	{ 0, "csum", HOST_ON, QEMU_7_2 },
	{ 1, "guest_csum", HOST_ON, QEMU_7_2 },
	{ 2, "ctrl_guest_offloads", HOST_ON, QEMU_7_2 },
	{ 3, "host_mtu", HOST_VALUE, QEMU_7_2 },
	{ 5, "mac", HOST_ALWAYS, QEMU_7_2 },
	{ 6, "gso", HOST_ON, QEMU_7_2 },
	{ 7, "guest_tso4", HOST_ON, QEMU_7_2 },
	{ 8, "guest_tso6", HOST_ON, QEMU_7_2 },
	{ 9, "guest_ecn", HOST_ON, QEMU_7_2 },
	{ 10, "guest_ufo", HOST_ON, QEMU_7_2 },
	{ 11, "host_tso4", HOST_ON, QEMU_7_2 },
	{ 12, "host_tso6", HOST_ON, QEMU_7_2 },
	{ 13, "host_ecn", HOST_ON, QEMU_7_2 },
	{ 14, "host_ufo", HOST_ON, QEMU_7_2 },
	{ 15, "mrg_rxbuf", HOST_ON, QEMU_7_2 },
	{ 16, "status", HOST_ON, QEMU_7_2 },
	{ 17, "ctrl_vq", HOST_ON, QEMU_7_2 },
	{ 18, "ctrl_rx", HOST_ON, QEMU_7_2 },
	{ 19, "ctrl_vlan", HOST_ON, QEMU_7_2 },
	{ 20, "ctrl_rx_extra", HOST_ON, QEMU_7_2 },
	{ 21, "guest_announce", HOST_ON, QEMU_7_2 },
	{ 22, "mq", HOST_OWN, QEMU_7_2 },
	{ 23, "ctrl_mac_addr", HOST_ON, QEMU_7_2 },
	{ 54, "guest_uso4", HOST_ON, QEMU_10_0 },
	{ 55, "guest_uso6", HOST_ON, QEMU_10_0 },
	{ 56, "host_uso", HOST_ON, QEMU_10_0 },
	{ 57, "hash", HOST_OFF, QEMU_7_2 },
	{ 60, "rss", HOST_OFF, QEMU_7_2 },
	{ 61, "guest_rsc_ext", HOST_OFF, QEMU_7_2 },
	{ 62, "failover", HOST_OFF, QEMU_7_2 },
	{ 63, "speed", HOST_VALUE, QEMU_7_2 },
	{ 65, "guest_tunnel", HOST_ON, QEMU_11_1 },
	{ 66, "guest_tunnel_csum", HOST_ON, QEMU_11_1 },
	{ 67, "host_tunnel", HOST_ON, QEMU_11_1 },
	{ 68, "host_tunnel_csum", HOST_ON, QEMU_11_1 },
};

static unsigned int told(const struct host_device *device, bool vhost)
{
	const struct host_tap *tap = &device->tap;

	return (device->attach == HOST_ATTACH_NAME ? HOST_TOLD_NAME : HOST_TOLD_TAP) |
	       (vhost ? HOST_TOLD_VHOST : 0u) |
	       (vhost && device->busyloop_us ? HOST_TOLD_BUSYLOOP : 0u) |
	       (device->queue_pairs > 1 ? HOST_TOLD_QUEUES : 0u) |
	       (device->ring_size != HOST_RING_SIZE ? HOST_TOLD_RING_SIZE : 0u) |
	       (tap->mac && !device->mac_derived ? HOST_TOLD_MAC : 0u) |
	       (tap->mtu && !vhc_features_has(&device->mask, BIT_MTU) ? HOST_TOLD_MTU : 0u);
}

static void put_fds(FILE *out, const char *one, const char *many, int first, int pairs)
{
	fprintf(out, ",%s=", pairs == 1 ? one : many);
	for (int i = 0; i < pairs; i++)
		fprintf(out, "%s%d", i ? ":" : "", first + i);
}

static void put_name(FILE *out, const struct host_view *view)
{
	const char *name = view->result.tap_name;

	fprintf(out, ",ifname=%s,script=no,downscript=no", name ? name : HOST_NAME_UNKNOWN);
	if (view->device->queue_pairs > 1)
		fprintf(out, ",queues=%llu", (unsigned long long)view->device->queue_pairs);
}

int host_net_put_netdev(FILE *out, const struct host_view *view, const char *type,
			struct host_error *err)
{
	const struct host_device *device = view->device;
	int pairs = (int)device->queue_pairs;

	if (host_is_served(device)) {
		fprintf(out, "vhost-user,id=%s,chardev=%s", device->id, device->id);
		if (pairs > 1)
			fprintf(out, ",queues=%d", pairs);
		return 0;
	}
	fprintf(out, "tap,id=%s", device->id);
	if (view->tap_fds)
		put_fds(out, "fd", "fds", view->first_tap_fd, pairs);
	else
		put_name(out, view);
	fprintf(out, ",vhost=%s", view->result.vhost ? "on" : "off");
	if (view->vhost_fds)
		put_fds(out, "vhostfd", "vhostfds", view->first_vhost_fd, pairs);
	if (view->result.vhost && device->busyloop_us)
		fprintf(out, ",poll-us=%llu", (unsigned long long)device->busyloop_us);
	return 0;
}

static int put_device(FILE *out, const struct host_view *view, const char *type,
		      struct host_error *err)
{
	const struct host_device *device = view->device;
	unsigned long long pairs = device->queue_pairs;

	fprintf(out, "%s,netdev=%s", type, device->id);
	if (device->tap.mac)
		fprintf(out, ",mac=%s", device->tap.mac);
	if (pairs > 1 || vhc_features_has(&device->require, BIT_MQ))
		fputs(",mq=on", out);
	/* One interrupt per ring, one for the control ring, one for configuration changes: on PCI. */
	if (pairs > 1 && strstr(type, "-pci"))
		fprintf(out, ",vectors=%llu", 2 * pairs + 2);
	if (device->ring_size != HOST_RING_SIZE)
		fprintf(out, ",rx_queue_size=%llu", (unsigned long long)device->ring_size);
	if (device->tap.mtu && !vhc_features_has(&device->mask, BIT_MTU))
		fprintf(out, ",host_mtu=%llu", (unsigned long long)device->tap.mtu);
	return 0;
}

static const char *why_no_value(const struct host_device *device, unsigned int bit)
{
	if (bit != BIT_MTU)
		return "QEMU does not offer it";
	return device->tap.mtu ? NULL : "QEMU offers it only with an \"mtu\" in \"tap\"";
}

const struct host_kind host_kind_net = {
	.type = VHC_TYPE_NET,
	.tap = true,
	.check = check,
	.fill_args = fill_args,
	.plan = plan_device,
	.told = told,
	.valued = 1u << BIT_MTU,
	.put_device = put_device,
	.device_type = "virtio-net-pci",
	.properties = properties,
	.property_count = DOC_COUNT(properties),
	.why_no_value = why_no_value,
};
