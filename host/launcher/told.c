/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a launcher has to be told of a device, and whether it is: a launcher that is not told of the
 * vhost fds runs without vhost, and one that is not told of a MAC address makes up its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kind.h"
#include "launcher/style.h"

static const struct fact {
	unsigned int told;
	const char *key, *pointer;
	const char *tokens[2]; /* that tell it alone; the first one that the style has */
	const char *instead;   /* what to do if no launcher should be told; may be NULL */
} facts[] = {
	{ HOST_TOLD_TAP, "tap", "/attach", { "tapfds" }, "set \"attach\" to \"name\"" },
	{ HOST_TOLD_NAME, "tap", "/attach", { "tap" }, "set \"attach\" to \"fd\"" },
	{ HOST_TOLD_VHOST,
	  "vhost",
	  "/vhost",
	  { "vhostfds", "fd" },
	  "set \"vhost\" to \"off\" to do without" },
	{ HOST_TOLD_CID, "cid", "/cid", { "cid" }, NULL },
	{ HOST_TOLD_QUEUES, "queue_pairs", "/queue_pairs", { "mq", "queues" }, NULL },
	{ HOST_TOLD_RING_SIZE, "ring_size", "/ring_size", { "ring_size" }, NULL },
	{ HOST_TOLD_MAC, "mac", "/tap/mac", { "mac" }, NULL },
	{ HOST_TOLD_MTU,
	  "mtu",
	  "/tap/mtu",
	  { "mtu" },
	  "mask the feature \"mtu\" if the guest sets it by itself" },
	{ HOST_TOLD_BUSYLOOP, "busyloop_us", "/busyloop_us", { "busyloop_us" }, NULL },
	{ HOST_TOLD_FEATURES, "features", "/features", { "mask" }, NULL },
	{ HOST_TOLD_BUS, "bus", "/bus", { "bus" }, NULL },
	{ HOST_TOLD_SOCKET, "socket", "/attach", { "socket" }, NULL },
};

/* Features are masked by an option, except those that are offered by a value of their own. */
static bool needs_mask(const struct host_device *device)
{
	struct vhc_features mask = device->mask;

	mask.w[0] &= ~host_kind_of(device)->valued;
	return !host_is_empty(&mask);
}

unsigned int host_told_wanted(const struct host_setup *setup, const struct host_device *device,
			      bool vhost)
{
	unsigned int told;
	bool qemu = setup->launcher.style == HOST_STYLE_QEMU; /* offers some only if it is told */

	/* The launcher asks there for the rest; QEMU does not, for these. */
	if (host_is_served(device)) {
		told = qemu ? host_kind_of(device)->told(device, true) : 0u;
		return HOST_TOLD_SOCKET | (told & (HOST_TOLD_MAC | HOST_TOLD_QUEUES));
	}
	told = host_kind_of(device)->told(device, vhost);
	/* Whoever opens the tap by its name opens vhost, too: no variable tells it. */
	if (device->attach == HOST_ATTACH_NAME && host_style_of(setup)->environment)
		told &= ~(unsigned int)HOST_TOLD_VHOST;

	if (device->bus)
		told |= HOST_TOLD_BUS;
	if (needs_mask(device) || (qemu && !host_is_empty(&device->require)))
		told |= HOST_TOLD_FEATURES;
	return told;
}

int host_told_rule(const struct host_setup *setup, const struct host_device *device,
		   const char **ret_pointer, const char **ret_instead)
{
	unsigned int wanted = host_told_wanted(setup, device, device->vhost == HOST_VHOST_REQUIRE);
	const struct host_style *style = host_style_of(setup);

	if (device->vhost != HOST_VHOST_OFF && wanted & style->lost_with_vhost) {
		*ret_pointer = "/tap/mac";
		*ret_instead = style->lost;
		return -EINVAL;
	}
	for (size_t i = 0; i < DOC_COUNT(facts); i++)
		if (wanted & ~style->options & ~(unsigned int)HOST_TOLD_SOCKET & facts[i].told) {
			bool named = device->type == HOST_NET || facts[i].told == HOST_TOLD_BUS;

			*ret_pointer = named ? facts[i].pointer : "/type";
			*ret_instead = device->type == HOST_NET ? facts[i].instead : NULL;
			return -EINVAL;
		}
	return 0;
}

/* ----------------------------------------------------------------------------------------- check */

static const char *token_for(const struct fact *fact, const struct host_style *style,
			     const struct host_device *device)
{
	for (size_t i = 0; i < DOC_COUNT(fact->tokens) && fact->tokens[i]; i++)
		if (host_token_find(style, device, fact->tokens[i]))
			return fact->tokens[i];
	return NULL;
}

/* The tokens that tell all of a device. */
static void fill_use(const struct host_view *view, const struct host_style *style, char use[200])
{
	const char *words = style->use[view->device->type];
	size_t used = 0;

	use[0] = '\0';
	if (host_is_served(view->device))
		words = style->use_socket[view->device->type] ?: "@ID.socket@";
	for (const char *c = words; c && *c && used < 200;) {
		bool id = strncmp(c, "@ID.", 4) == 0;

		used += (size_t)snprintf(use + used, 200 - used, id ? "@%s." : "%.1s",
					 id ? view->device->id : c);
		c += id ? 4 : 1;
	}
}

/* A device that no token passes to the launcher would be set up in vain. */
static int fail_unused(const struct host_view *view, const struct host_style *style,
		       struct host_error *err)
{
	char use[200], hint[400];

	fill_use(view, style, use);
	snprintf(
		hint, sizeof(hint),
		"add %s to them, or set \"style\" of \"launcher\" to \"env\" or \"listen-fds\" if it "
		"reads the environment",
		use);
	return host_fail_status(err, HOST_USAGE, -EINVAL, hint,
				"device \"%s\" is not used in the launcher's arguments",
				view->device->id);
}

/* Which tokens tell what is missing, which tell all of the device, and what to do without either. */
static void fill_hint(const struct host_view *view, const struct host_style *style,
		      unsigned int missing, char hint[500])
{
	size_t used = (size_t)snprintf(hint, 500, "add ");
	const char *between = "";
	char use[200];

	for (size_t i = 0; i < DOC_COUNT(facts) && used < 500; i++) {
		const char *token = token_for(&facts[i], style, view->device);

		if (!(missing & facts[i].told) || !token)
			continue;
		used += (size_t)snprintf(hint + used, 500 - used, "%s@%s.%s@", between,
					 view->device->id, token);
		between = ", ";
	}
	fill_use(view, style, use);
	if (used < 500)
		used += (size_t)snprintf(hint + used, 500 - used, " to them%s%s",
					 *use ? "; or use " : "", use);
	for (size_t i = 0; i < DOC_COUNT(facts) && used < 500; i++)
		if (missing & facts[i].told && facts[i].instead && view->device->type == HOST_NET)
			used += (size_t)snprintf(hint + used, 500 - used, "; or %s",
						 facts[i].instead);
	/* others ask the device, and are not told */
	if (host_is_served(view->device) && used < 500)
		snprintf(hint + used, 500 - used,
			 "; or set \"style\" of \"launcher\" to \"env\" if it is no QEMU");
}

static int fail_missing(const struct host_view *view, const struct host_style *style,
			unsigned int missing, struct host_error *err)
{
	char keys[160] = "", hint[500];
	size_t used = 0;

	for (size_t i = 0; i < DOC_COUNT(facts); i++)
		if (missing & facts[i].told)
			used += (size_t)snprintf(keys + used, sizeof(keys) - used, "%s%s",
						 used ? ", " : "", facts[i].key);
	fill_hint(view, style, missing, hint);
	return host_fail_status(err, HOST_USAGE, -EINVAL, hint,
				"device \"%s\": nothing in the launcher's arguments tells it of %s",
				view->device->id, keys);
}

static void say_without_vhost(const struct host_view *view, const struct host_options *options)
{
	const char *id = view->device->id;
	char line[200];

	snprintf(
		line, sizeof(line),
		"%s: it prefers vhost, but nothing tells the launcher of it: add @%s.vhostfds@ to its "
		"arguments",
		id, id);
	if (options->say)
		options->say(options->data, line);
}

static void say_no_vhost(const struct host_view *view, const struct host_style *style,
			 const struct host_options *options)
{
	char line[200];

	snprintf(line, sizeof(line),
		 "%s: it prefers vhost, but launchers of the style \"%s\" have none",
		 view->device->id, style->name);
	if (options->say)
		options->say(options->data, line);
}

static int check_view(const struct host_launch *launch, const struct host_view *view,
		      const struct host_options *options, struct host_error *err)
{
	const struct host_style *style = host_style_of(launch->setup);
	const struct host_device *device = view->device;
	unsigned int fds, missing;

	fds = host_is_served(device)		   ? HOST_TOLD_SOCKET
	      : !host_kind_of(device)->tap	   ? HOST_TOLD_VHOST
	      : device->attach == HOST_ATTACH_NAME ? HOST_TOLD_NAME
						   : HOST_TOLD_TAP;

	missing = host_told_wanted(launch->setup, device, view->result.vhost) & ~view->told;
	if (style->environment && !(view->told & fds))
		return 0;
	if (missing & fds && (style->use[device->type] || host_is_served(device)))
		return fail_unused(view, style, err);
	if (missing & HOST_TOLD_VHOST && device->vhost == HOST_VHOST_PREFER) {
		say_without_vhost(view, options);
		missing &= ~(unsigned int)(HOST_TOLD_VHOST | HOST_TOLD_BUSYLOOP);
	}
	if (device->vhost == HOST_VHOST_PREFER && !(style->options & HOST_TOLD_VHOST))
		say_no_vhost(view, style, options);
	return missing ? fail_missing(view, style, missing, err) : 0;
}

int host_told_check(const struct host_launch *launch, const struct host_options *options,
		    struct host_error *err)
{
	bool qemu = launch->setup->launcher.style == HOST_STYLE_QEMU;
	int r = 0;

	for (size_t i = 0; i < launch->setup->devices.count && r == 0; i++) {
		r = check_view(launch, &launch->views[i], options, err);
		if (r == 0 && qemu)
			host_qemu_say_implied(&launch->views[i], options);
	}
	return r;
}

/* ----------------------------------------------------------------------------------- environment */

int host_told_put(FILE *out, const struct host_launch *launch, const struct host_view *view,
		  const char **between, struct host_error *err)
{
	unsigned int wanted = host_told_wanted(launch->setup, view->device, view->result.vhost);
	int r = 0;

	if (view->device->tap.mac) /* also one that nobody requested */
		wanted |= HOST_TOLD_MAC;

	for (const struct host_token *token = NULL; r == 0 && (token = host_token_next(token));) {
		/* VHOSTCTL_FDS has the fds */
		if (!(token->told & wanted) || token->told & (HOST_TOLD_TAP | HOST_TOLD_VHOST))
			continue;
		fprintf(out, "%s%s.%s=", *between, view->device->id, token->name);
		*between = " ";
		r = token->put(out, view, NULL, err);
	}
	return r;
}
