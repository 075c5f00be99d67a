/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vhost-caps documents: could another host bring a config's devices up?  And what helps on this one.
 */
#include <errno.h>
#include <stdio.h>

#include "errname.h"
#include "error.h"
#include "kind.h"
#include "node/node.h"

static int open_device(const struct host_device *device, const struct host_options *options,
		       const char *caps, struct vhc_dev **ret)
{
	struct vhc_dev_args args = { .sz = sizeof(args), .type = host_kind_of(device)->type };

	host_kind_of(device)->fill_args(device, &args);
	return vhc_dev_open_caps(options->ctx, device->id, caps, &args, ret);
}

static int fall_back(const struct host_options *options)
{
	char line[sizeof(((struct host_error *)0)->text) + 60];

	snprintf(line, sizeof(line), "would continue without vhost: %s",
		 vhc_ctx_get_error(options->ctx)->text);
	if (options->say)
		options->say(options->data, line);
	return 0;
}

static int check_device(const struct host_device *device, const struct host_options *options,
			const char *caps, struct host_error *err)
{
	struct vhc_features want, offered;
	struct vhc_dev *dev;
	int r;

	if (device->vhost == HOST_VHOST_OFF)
		return 0;
	r = open_device(device, options, caps, &dev);
	if (r == -EINVAL || r == -E2BIG)
		return host_fail_status(err, HOST_DOCUMENT, r,
					vhc_ctx_get_error(options->ctx)->hint, "%s",
					vhc_ctx_get_error(options->ctx)->text);
	if (r < 0 && device->vhost == HOST_VHOST_PREFER)
		return fall_back(options);
	if (r < 0)
		return host_fail_library(err, options->ctx, r);
	host_features_wanted(device, &want);
	r = vhc_dev_offer_features(dev, &want, &device->require, &offered);
	if (r < 0)
		host_fail_library(err, options->ctx, r);
	vhc_dev_close(dev);
	return r;
}

int host_setup_check_caps(const struct host_setup *setup, const struct host_options *options,
			  const char *caps, struct host_error *err)
{
	int r = 0;

	for (size_t i = 0; i < setup->devices.count && r == 0; i++)
		r = check_device(host_device(setup, i), options, caps, err);
	return r;
}

/* --------------------------------------------------------------------------------- of this host */

static void set_text(struct json_object *row, const char *key, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	if (value)
		json_object_object_add(row, key, value);
}

static const char *text_of(struct json_object *row, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(row, key, &value) ? json_object_get_string(value) : "";
}

/* @key: of the path, in each row of a list. */
static void advise(struct json_object *caps, const char *list, const char *key, bool with_error)
{
	char text[HOST_NODE_TEXT], fix[HOST_NODE_TEXT], reason[HOST_NODE_TEXT + 40],
		user[HOST_SELF_MAX];
	struct json_object *rows;

	if (!json_object_object_get_ex(caps, list, &rows))
		return;
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const struct host_node *node = host_node_find(text_of(row, key));
		struct host_node_answer answer = { 0 };

		if (node && *text_of(row, "reason"))
			answer = host_node_try(node);
		if (answer.error >= 0)
			continue;
		host_node_explain(node, &answer, host_self_name(user), text, fix);
		snprintf(reason, sizeof(reason), "%s%s%s%s", text, with_error ? " (" : "",
			 with_error ? doc_errname(-answer.error) : "", with_error ? ")" : "");
		set_text(row, "reason", reason);
		set_text(row, "remedy", fix);
	}
}

void host_caps_advise(struct json_object *caps)
{
	advise(caps, "nodes", "path", false);
	advise(caps, "unknown", "what", true);
}
