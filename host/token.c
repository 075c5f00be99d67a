/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens such as @net0.netdev@ in a launcher's arguments: a table with one row each.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"

static void put_fds(FILE *out, int first, int count)
{
	for (int i = 0; i < count; i++)
		fprintf(out, "%s%d", i ? ":" : "", first + i);
}

static int put_id(FILE *out, struct host_view *view, struct host_error *err)
{
	fputs(view->device->id, out);
	return 0;
}

static int put_tap(FILE *out, struct host_view *view, struct host_error *err)
{
	fputs(view->result.tap_name ? view->result.tap_name : "(chosen by the kernel)", out);
	return 0;
}

static int put_tapfds(FILE *out, struct host_view *view, struct host_error *err)
{
	view->used[HOST_USED] = true;
	put_fds(out, view->first_tap_fd, view->tap_fds);
	return 0;
}

static int put_vhostfds(FILE *out, struct host_view *view, struct host_error *err)
{
	view->used[HOST_USED] = true;
	if (!view->result.vhost)
		return host_fail_status(
			err, HOST_USAGE, -EINVAL,
			"use @ID.netdev@, which handles both cases, or read VHOSTCTL_FDS",
			"device \"%s\" has no vhost fds: vhost is off", view->device->id);
	put_fds(out, view->first_vhost_fd, view->vhost_fds);
	return 0;
}

static int put_vhost(FILE *out, struct host_view *view, struct host_error *err)
{
	fputs(view->result.vhost ? "on" : "off", out);
	return 0;
}

static int put_mac(FILE *out, struct host_view *view, struct host_error *err)
{
	if (!view->device->tap.mac)
		return host_fail_status(err, HOST_USAGE, -EINVAL, "add \"mac\" to its \"tap\"",
					"device \"%s\" has no MAC address", view->device->id);
	fputs(view->device->tap.mac, out);
	return 0;
}

static int put_mtu(FILE *out, struct host_view *view, struct host_error *err)
{
	if (!view->device->tap.mtu)
		return host_fail_status(err, HOST_USAGE, -EINVAL, "add \"mtu\" to its \"tap\"",
					"device \"%s\" has no MTU", view->device->id);
	fprintf(out, "%llu", (unsigned long long)view->device->tap.mtu);
	return 0;
}

static int put_queues(FILE *out, struct host_view *view, struct host_error *err)
{
	fprintf(out, "%llu", (unsigned long long)view->device->queue_pairs);
	return 0;
}

/* The names of the masked features and of those that depend on them. */
static int put_mask(FILE *out, struct host_view *view, struct host_error *err)
{
	enum vhc_type type = host_kind_of(view->device)->type;
	const char *comma = "";

	view->used[HOST_USED_FEATURES] = true;
	for (unsigned int bit = 0; bit < 256; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(type, bit);

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

#define STYLES 3 /* qemu, listen-fds, env: as enum host_style */

enum { NET = 1 << HOST_NET, VSOCK = 1 << HOST_VSOCK, ANY = NET | VSOCK };

static const struct token {
	const char *name;
	unsigned int kinds;
	host_token_fn *put[STYLES];
} tokens[] = {
	{ "netdev", NET, { host_net_put_netdev, NULL, NULL } },
	{ "device", ANY, { host_qemu_device, NULL, NULL } },
	{ "mask", ANY, { host_qemu_mask, put_mask, put_mask } },
	{ "tapfds", NET, { put_tapfds, put_tapfds, put_tapfds } },
	{ "vhostfds", NET, { put_vhostfds, put_vhostfds, put_vhostfds } },
	{ "vhost", NET, { put_vhost, put_vhost, put_vhost } },
	{ "id", ANY, { put_id, put_id, put_id } },
	{ "tap", NET, { put_tap, put_tap, put_tap } },
	{ "mac", NET, { put_mac, put_mac, put_mac } },
	{ "mtu", NET, { put_mtu, put_mtu, put_mtu } },
	{ "queues", NET, { put_queues, put_queues, put_queues } },
	{ "cid", VSOCK, { host_vsock_put_cid, host_vsock_put_cid, host_vsock_put_cid } },
	{ "fd", VSOCK, { put_vhostfds, put_vhostfds, put_vhostfds } },
};

#define TOKEN_COUNT (sizeof(tokens) / sizeof(tokens[0]))

/* "@ID.NAME@" at @text: its length, with id and name; 0 if it is not a token. */
static size_t match(const char *text, char id[40], char name[40])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-";
	size_t id_len = strspn(text + 1, more), name_len;

	if (id_len == 0 || id_len >= 40 || text[1 + id_len] != '.' || !strchr(letters, text[1]))
		return 0;
	name_len = strspn(text + id_len + 2, letters);
	if (name_len == 0 || name_len >= 40 || text[id_len + 2 + name_len] != '@')
		return 0;
	snprintf(id, 40, "%.*s", (int)id_len, text + 1);
	snprintf(name, 40, "%.*s", (int)name_len, text + id_len + 2);
	return id_len + name_len + 3;
}

static struct host_view *find_view(const struct host_launch *launch, const char *id)
{
	for (size_t i = 0; i < launch->setup->devices.count; i++)
		if (strcmp(launch->views[i].device->id, id) == 0)
			return &launch->views[i];
	return NULL;
}

static host_token_fn *find_token(const struct token *token, const struct host_view *view,
				 uint32_t style)
{
	return token->kinds >> view->device->type & 1 ? token->put[style] : NULL;
}

static int fail_name(const struct host_view *view, const char *name, uint32_t style,
		     struct host_error *err)
{
	char known[200] = "";
	size_t used = 0;

	for (size_t i = 0; i < TOKEN_COUNT; i++)
		if (find_token(&tokens[i], view, style))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
						 used ? ", " : "", tokens[i].name);
	return host_fail_status(err, HOST_USAGE, -EINVAL, NULL,
				"@%s.%s@ is not available for this device in this launcher style: "
				"known tokens are %s",
				view->device->id, name, known);
}

static int put_token(FILE *out, const struct host_launch *launch, const char *id, const char *name,
		     struct host_error *err)
{
	struct host_view *view = find_view(launch, id);
	uint32_t style = launch->setup->launcher.style;

	if (!view)
		return host_fail_status(err, HOST_USAGE, -EINVAL, NULL,
					"@%s.%s@: the config has no device \"%s\"", id, name, id);
	for (size_t i = 0; i < TOKEN_COUNT; i++) {
		host_token_fn *put = find_token(&tokens[i], view, style);

		if (put && strcmp(tokens[i].name, name) == 0)
			return put(out, view, err);
	}
	return fail_name(view, name, style, err);
}

static int expand(const struct host_launch *launch, const char *argument, char **ret,
		  struct host_error *err)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r = 0;

	if (!out)
		return host_fail_memory(err);
	while (*argument && r == 0) {
		char id[40], name[40];
		size_t n = *argument == '@' ? match(argument, id, name) : 0;

		if (n)
			r = put_token(out, launch, id, name, err);
		else
			fputc(*argument, out);
		argument += n ? n : 1;
	}
	*ret = host_close_text(out, &text);
	if (r == 0 && !*ret)
		return host_fail_memory(err);
	if (r < 0) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}

/* Other launchers have options of their own, or none: warn about what is not passed to them. */
static void say_mask(const struct host_view *view, const struct host_options *options)
{
	const char *id = view->device->id;
	char line[300];

	if (!options->say || view->used[HOST_USED_FEATURES] || host_is_empty(&view->device->mask))
		return;
	snprintf(
		line, sizeof(line),
		"%s: the launcher has to apply features.mask: @%s.mask@ in its arguments lists them",
		id, id);
	options->say(options->data, line);
}

/* A device that no token passes to the launcher would be set up in vain. */
static int fail_unused(const struct host_device *device, struct host_error *err)
{
	char netdev[60] = "", hint[240];

	if (host_kind_of(device)->tap)
		snprintf(netdev, sizeof(netdev), "-netdev @%s.netdev@ ", device->id);
	snprintf(
		hint, sizeof(hint),
		"add %s-device @%s.device@ to them, or set \"style\" of \"launcher\" to \"env\" or "
		"\"listen-fds\" if it reads the environment",
		netdev, device->id);
	return host_fail_status(err, HOST_USAGE, -EINVAL, hint,
				"device \"%s\" is not used in the launcher's arguments",
				device->id);
}

static int check_used(const struct host_launch *launch, const struct host_options *options,
		      struct host_error *err)
{
	bool qemu = launch->setup->launcher.style == HOST_STYLE_QEMU;
	int r = 0;

	for (size_t i = 0; i < launch->setup->devices.count && r == 0; i++) {
		const struct host_view *view = &launch->views[i];
		const struct host_device *device = view->device;

		if (!qemu)
			say_mask(view, options);
		else if (!view->used[HOST_USED])
			r = fail_unused(device, err);
		else if (!host_is_empty(&device->mask) || !host_is_empty(&device->require))
			r = host_qemu_check(view, options, err);
	}
	return r;
}

int host_launch_arguments(struct host_launch *launch, const struct host_options *options,
			  struct host_error *err)
{
	size_t count = 0;
	int r = 0;

	while (options->launcher[count])
		count++;
	launch->argv = calloc(count + 1, sizeof(*launch->argv));
	if (!launch->argv)
		return host_fail_memory(err);
	for (size_t i = 0; i < count && r == 0; i++)
		r = expand(launch, options->launcher[i], &launch->argv[i], err);
	return r < 0 ? r : check_used(launch, options, err);
}
