/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Could another host bring a config's devices up?  From its vhost-caps document alone.
 */
#include <errno.h>
#include <stdio.h>

#include "error.h"
#include "kind.h"

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
		return host_fail_status(err, HOST_DOCUMENT, r, NULL, "%s",
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
