/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of launchers other than QEMU, as their own documentation and sources have them.
 */
#include <string.h>

#include "kind.h"
#include "launcher/style.h"

static void put_fds(FILE *out, int first, int count, char between)
{
	for (int i = 0; i < count; i++) {
		if (i)
			fputc(between, out);
		fprintf(out, "%d", first + i);
	}
}

static const char *name_of(const struct host_view *view)
{
	return view->result.tap_name ? view->result.tap_name : HOST_NAME_UNKNOWN;
}

static void put_mac(FILE *out, const struct host_view *view, const char *key)
{
	if (view->device->tap.mac)
		fprintf(out, ",%s=%s", key, view->device->tap.mac);
}

#define NET_TOLD (HOST_TOLD_TAP | HOST_TOLD_NAME | HOST_TOLD_MAC)

/* ------------------------------------------------------------------------------ Cloud Hypervisor */

static int put_cloud_hypervisor(FILE *out, const struct host_view *view, const char *type,
				struct host_error *err)
{
	const struct host_device *device = view->device;

	if (host_is_served(device)) {
		fprintf(out, "vhost_user=true,socket=%s", device->socket.path);
	} else if (!view->tap_fds) {
		fprintf(out, "tap=%s", name_of(view));
	} else {
		fputs(view->tap_fds > 1 ? "fd=[" : "fd=", out);
		put_fds(out, view->first_tap_fd, view->tap_fds, ',');
		fputs(view->tap_fds > 1 ? "]" : "", out);
	}
	put_mac(out, view, "mac");
	fprintf(out, ",num_queues=%llu", 2 * (unsigned long long)device->queue_pairs);
	if (device->ring_size != HOST_RING_SIZE)
		fprintf(out, ",queue_size=%llu", (unsigned long long)device->ring_size);
	if (host_kind_of(device)->told(device, false) & HOST_TOLD_MTU)
		fprintf(out, ",mtu=%llu", (unsigned long long)device->tap.mtu);
	fprintf(out, ",id=%s", device->id);
	return 0;
}

const struct host_token host_cloud_hypervisor_tokens[] = {
	{ "net", HOST_ON_NET,
	  NET_TOLD | HOST_TOLD_QUEUES | HOST_TOLD_RING_SIZE | HOST_TOLD_MTU | HOST_TOLD_SOCKET,
	  put_cloud_hypervisor, .served = true },
	{ 0 },
};

/* ---------------------------------------------------------------------------------------- crosvm */

static int put_crosvm(FILE *out, const struct host_view *view, const char *type,
		      struct host_error *err)
{
	if (view->tap_fds)
		fprintf(out, "tap-fd=%d", view->first_tap_fd);
	else
		fprintf(out, "tap-name=%s", name_of(view));
	put_mac(out, view, "mac");
	if (view->result.vhost)
		fputs(",vhost-net=[device=/dev/vhost-net]", out);
	return 0;
}

const struct host_token host_crosvm_tokens[] = {
	{ "net", HOST_ON_NET, NET_TOLD | HOST_TOLD_VHOST, put_crosvm },
	{ 0 },
};

/* ------------------------------------------------------------------------------------ StratoVirt */

static int put_stratovirt_netdev(FILE *out, const struct host_view *view, const char *type,
				 struct host_error *err)
{
	fprintf(out, "tap,id=%s", view->device->id);
	if (view->tap_fds) {
		fputs(",fds=", out);
		put_fds(out, view->first_tap_fd, view->tap_fds, ':');
	} else {
		fprintf(out, ",ifname=%s,queues=%llu", name_of(view),
			(unsigned long long)view->device->queue_pairs);
	}
	if (view->result.vhost)
		fputs(",vhost=on", out);
	if (view->vhost_fds) {
		fputs(",vhostfds=", out);
		put_fds(out, view->first_vhost_fd, view->vhost_fds, ':');
	}
	return 0;
}

/* A device on PCI also needs a bus and an address, which only the caller knows. */
static int put_stratovirt_net(FILE *out, const struct host_view *view, const char *type,
			      struct host_error *err)
{
	const struct host_device *device = view->device;

	fprintf(out, "%s,netdev=%s,id=%s", type ? type : "virtio-net-device", device->id,
		device->id);
	put_mac(out, view, "mac");
	if (device->queue_pairs > 1)
		fputs(",mq=on", out);
	if (device->ring_size != HOST_RING_SIZE)
		fprintf(out, ",queue-size=%llu", (unsigned long long)device->ring_size);
	return 0;
}

static int put_stratovirt_vsock(FILE *out, const struct host_view *view, const char *type,
				struct host_error *err)
{
	fprintf(out, "%s,id=%s,guest-cid=", type ? type : "vhost-vsock-device", view->device->id);
	host_vsock_put_cid(out, view, NULL, err);
	fprintf(out, ",vhostfd=%d", view->first_vhost_fd);
	return 0;
}

const struct host_token host_stratovirt_tokens[] = {
	{ "netdev", HOST_ON_NET, HOST_TOLD_TAP | HOST_TOLD_NAME | HOST_TOLD_VHOST,
	  put_stratovirt_netdev },
	{ "device", HOST_ON_NET, HOST_TOLD_MAC | HOST_TOLD_QUEUES | HOST_TOLD_RING_SIZE,
	  put_stratovirt_net, .typed = true },
	{ "device", HOST_ON_VSOCK, HOST_TOLD_VHOST | HOST_TOLD_CID, put_stratovirt_vsock,
	  .typed = true },
	{ 0 },
};

/* ----------------------------------------------------------------------------------- Firecracker */

/* An element of network-interfaces, and what is put to the API. */
static int put_firecracker(FILE *out, const struct host_view *view, const char *type,
			   struct host_error *err)
{
	struct json_object *net = json_object_new_object();
	const char *mac = view->device->tap.mac;

	if (!net)
		return host_fail_memory(err);
	json_object_object_add(net, "iface_id", json_object_new_string(view->device->id));
	json_object_object_add(net, "host_dev_name", json_object_new_string(name_of(view)));
	if (mac)
		json_object_object_add(net, "guest_mac", json_object_new_string(mac));
	fputs(json_object_to_json_string_ext(net, JSON_C_TO_STRING_NOSLASHESCAPE), out);
	json_object_put(net);
	return 0;
}

const struct host_token host_firecracker_tokens[] = {
	{ "net", HOST_ON_NET, HOST_TOLD_NAME | HOST_TOLD_MAC, put_firecracker },
	{ 0 },
};

/* --------------------------------------------------------------------------------------- kvmtool */

/*
 * It leaves an fd as it is only if the name of the tap is a path; that is not opened.  With vhost it
 * does not pass on a MAC address.
 */
static int put_kvmtool(FILE *out, const struct host_view *view, const char *type,
		       struct host_error *err)
{
	if (view->tap_fds)
		fprintf(out, "mode=tap,fd=%d,tapif=/dev/net/tun", view->first_tap_fd);
	else
		fprintf(out, "mode=tap,tapif=%s", name_of(view));
	if (view->result.vhost)
		fputs(",vhost=1", out);
	else
		put_mac(out, view, "guest_mac");
	return 0;
}

const struct host_token host_kvmtool_tokens[] = {
	{ "net", HOST_ON_NET, NET_TOLD | HOST_TOLD_VHOST, put_kvmtool },
	{ 0 },
};
