/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/plan - 'vhostctl plan': what setup would do, and whether a host could do it, from documents
 * alone.  Asks no device.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "config.h"

static const char *text_of(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

/* The features that are listed under @key; what has no such list is the empty set. */
static int listed(const struct cli_call *call, struct json_object *device, const char *key,
		  struct vhc_features *ret)
{
	struct json_object *names =
		json_object_object_get(json_object_object_get(device, "features"), key);

	*ret = (struct vhc_features){ 0 };
	for (size_t i = 0; names && i < json_object_array_length(names); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));
		struct vhc_features one;

		if (vhc_features_parse(call->ctx, VHC_TYPE_NET, name, &one))
			return cli_fail_library(call);
		for (size_t w = 0; w < sizeof(ret->w) / sizeof(*ret->w); w++)
			ret->w[w] |= one.w[w];
	}
	return CLI_YES;
}

/* Could that host offer what the device's document asks for? */
static int check_features(const struct cli_call *call, struct vhc_dev *dev,
			  struct json_object *device)
{
	struct vhc_features want = { 0 }, require, mask, offered;
	int status = listed(call, device, "require", &require);

	if (!status)
		status = listed(call, device, "mask", &mask);
	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_feature_get(VHC_TYPE_NET, bit) && !vhc_features_has(&mask, bit))
			vhc_features_add(&want, bit);
	if (!status && vhc_dev_offer_features(dev, &want, &require, &offered))
		status = cli_fail_library(call);
	return status;
}

static int check_device(const struct cli_call *call, struct json_object *device, const char *path,
			const char *caps)
{
	struct vhc_dev_args args = { .sz = sizeof(args), .type = VHC_TYPE_NET };
	const char *vhost = text_of(device, "vhost");
	struct vhc_dev *dev;
	int status, r;

	args.queue_pairs =
		(uint32_t)json_object_get_int(json_object_object_get(device, "queue_pairs"));
	if (!strcmp(vhost, "off"))
		return CLI_YES;
	r = vhc_dev_open_caps(call->ctx, text_of(device, "id"), caps, &args, &dev);
	if (r == -EINVAL)
		return cli_fail(CLI_INPUT, NULL, "%s: %s", cli_document(path),
				vhc_ctx_get_error(call->ctx)->text);
	if (r && !strcmp(vhost, "prefer")) {
		cli_warn(call, "would go on without vhost: %s", vhc_ctx_get_error(call->ctx)->text);
		return CLI_YES;
	}
	if (r)
		return cli_fail_library(call);
	status = check_features(call, dev, device);
	vhc_dev_close(dev);
	return status;
}

/* Could the host that wrote the caps document bring all of it up? */
static int check_caps(const struct cli_call *call, const struct host_setup *setup, const char *path)
{
	struct json_object *document, *devices;
	size_t length;
	char *caps;
	int status = cli_read(path, &caps, &length);

	if (status)
		return status;
	document = host_setup_write(setup);
	devices = json_object_object_get(document, "devices");
	for (size_t i = 0; !status && i < json_object_array_length(devices); i++)
		status = check_device(call, json_object_array_get_idx(devices, i), path, caps);
	json_object_put(document);
	free(caps);
	return status;
}

int cli_plan(struct cli_call *call)
{
	const char *caps = cli_option(call, "caps")->text;
	struct host_options options = cli_host_options(call);
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status = cli_read_setup(call, &setup);

	if (status)
		return status;
	if (caps)
		status = check_caps(call, setup, caps);
	if (!status && host_setup_plan(setup, &options, &call->result, &error))
		status = cli_fail_host(call->argv[0], &error);
	host_setup_free(setup);
	return status;
}
