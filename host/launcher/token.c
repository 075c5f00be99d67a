/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tokens of every style: a table with one row each.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "launcher/style.h"

static void put_fds(FILE *out, int first, int count)
{
	for (int i = 0; i < count; i++)
		fprintf(out, "%s%d", i ? ":" : "", first + i);
}

static int put_id(FILE *out, const struct host_view *view, const char *type, struct host_error *err)
{
	fputs(view->device->id, out);
	return 0;
}

static int put_tap(FILE *out, const struct host_view *view, const char *type,
		   struct host_error *err)
{
	fputs(view->result.tap_name ? view->result.tap_name : HOST_NAME_UNKNOWN, out);
	return 0;
}

int host_put_tapfds(FILE *out, const struct host_view *view, const char *type,
		    struct host_error *err)
{
	if (!view->tap_fds)
		return host_fail_status(err, HOST_USAGE, -EINVAL, "use @ID.tap@, its name",
					"device \"%s\" has no tap fds: \"attach\" is \"name\"",
					view->device->id);
	put_fds(out, view->first_tap_fd, view->tap_fds);
	return 0;
}

/* Where vhost is preferred, only this host is to blame. */
static int fail_no_vhost(const struct host_view *view, struct host_error *err)
{
	const char *why = view->result.why;

	return host_fail_status(err, why ? HOST_LACKS : HOST_USAGE, -EINVAL,
				"use @ID.netdev@, which handles both cases, or read VHOSTCTL_FDS",
				"device \"%s\" has no vhost fds for @%s.vhostfds@: %s",
				view->device->id, view->device->id, why ? why : "vhost is off");
}

static int put_vhostfds(FILE *out, const struct host_view *view, const char *type,
			struct host_error *err)
{
	if (!view->result.vhost)
		return fail_no_vhost(view, err);
	if (!view->vhost_fds)
		return host_fail_status(
			err, HOST_USAGE, -EINVAL, "use @ID.vhost@, \"on\" or \"off\"",
			"device \"%s\" has no vhost fds: the launcher opens vhost itself",
			view->device->id);
	put_fds(out, view->first_vhost_fd, view->vhost_fds);
	return 0;
}

static int put_vhost(FILE *out, const struct host_view *view, const char *type,
		     struct host_error *err)
{
	fputs(view->result.vhost ? "on" : "off", out);
	return 0;
}

static int put_mac(FILE *out, const struct host_view *view, const char *type,
		   struct host_error *err)
{
	if (!view->device->tap.mac)
		return host_fail_status(err, HOST_USAGE, -EINVAL, "add \"mac\" to its \"tap\"",
					"device \"%s\" has no MAC address", view->device->id);
	fputs(view->device->tap.mac, out);
	return 0;
}

static int put_mtu(FILE *out, const struct host_view *view, const char *type,
		   struct host_error *err)
{
	if (!view->device->tap.mtu)
		return host_fail_status(err, HOST_USAGE, -EINVAL, "add \"mtu\" to its \"tap\"",
					"device \"%s\" has no MTU", view->device->id);
	fprintf(out, "%llu", (unsigned long long)view->device->tap.mtu);
	return 0;
}

static int put_queues(FILE *out, const struct host_view *view, const char *type,
		      struct host_error *err)
{
	fprintf(out, "%llu", (unsigned long long)view->device->queue_pairs);
	return 0;
}

/* The names of the masked features and of those that depend on them. */
static int put_mask(FILE *out, const struct host_view *view, const char *type,
		    struct host_error *err)
{
	enum vhc_type kind = host_kind_of(view->device)->type;
	const char *comma = "";

	for (unsigned int bit = 0; bit < 256; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(kind, bit);

		if (!vhc_features_has(&view->device->mask, bit) &&
		    !vhc_features_has(&view->implied, bit))
			continue;
		if (feature)
			fprintf(out, "%s%s", comma, feature->name);
		else
			fprintf(out, "%sbit %u", comma, bit);
		comma = ",";
	}
	return 0;
}

static int put_socket(FILE *out, const struct host_view *view, const char *type,
		      struct host_error *err)
{
	if (!host_is_served(view->device))
		return host_fail_status(err, HOST_USAGE, -EINVAL,
					"set \"attach\" to \"vhost-user\", with a \"socket\"",
					"device \"%s\" has no socket", view->device->id);
	fputs(view->device->socket.path, out);
	return 0;
}

static int put_ring_size(FILE *out, const struct host_view *view, const char *type,
			 struct host_error *err)
{
	fprintf(out, "%llu", (unsigned long long)view->device->ring_size);
	return 0;
}

static int put_busyloop(FILE *out, const struct host_view *view, const char *type,
			struct host_error *err)
{
	fprintf(out, "%llu", (unsigned long long)view->device->busyloop_us);
	return 0;
}

static const struct host_token tokens[] = {
	{ "tapfds", HOST_ON_NET, HOST_TOLD_TAP | HOST_TOLD_QUEUES, host_put_tapfds },
	{ "vhostfds", HOST_ON_NET, HOST_TOLD_VHOST, put_vhostfds },
	{ "vhost", HOST_ON_NET, HOST_TOLD_VHOST, put_vhost },
	{ "fd", HOST_ON_VSOCK, HOST_TOLD_VHOST, put_vhostfds },
	{ "cid", HOST_ON_VSOCK, HOST_TOLD_CID, host_vsock_put_cid },
	{ "id", HOST_ON_ANY, 0, put_id },
	{ "tap", HOST_ON_NET, HOST_TOLD_NAME, put_tap, .served = true },
	{ "queues", HOST_ON_NET, HOST_TOLD_QUEUES, put_queues },
	{ "ring_size", HOST_ON_NET, HOST_TOLD_RING_SIZE, put_ring_size },
	{ "mac", HOST_ON_NET, HOST_TOLD_MAC, put_mac },
	{ "mtu", HOST_ON_NET, HOST_TOLD_MTU, put_mtu },
	{ "busyloop_us", HOST_ON_NET, HOST_TOLD_BUSYLOOP, put_busyloop },
	{ "mask", HOST_ON_ANY, HOST_TOLD_FEATURES, put_mask },
	{ "socket", HOST_ON_ANY, HOST_TOLD_SOCKET, put_socket },
};

const struct host_token *host_token_next(const struct host_token *token)
{
	token = token ? token + 1 : tokens;
	return token < tokens + DOC_COUNT(tokens) ? token : NULL;
}

static bool is_named(const struct host_token *token, const struct host_device *device,
		     const char *name)
{
	return token->kinds >> device->type & 1 && strcmp(token->name, name) == 0;
}

const struct host_token *host_token_find(const struct host_style *style,
					 const struct host_device *device, const char *name)
{
	for (const struct host_token *token = style->tokens; token->name; token++)
		if (is_named(token, device, name))
			return token;
	for (const struct host_token *token = NULL; (token = host_token_next(token));)
		if (is_named(token, device, name))
			return token;
	return NULL;
}
