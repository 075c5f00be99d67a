/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of a launcher's arguments and environment share.
 */
#ifndef LAUNCH_TEST_H
#define LAUNCH_TEST_H

#include "host_test.h"

static struct vhc_ctx *ctx;

#define NET(more)   "{\"id\":\"net0\",\"type\":\"net\"" more "}"
#define VSOCK(more) "{\"id\":\"v\",\"type\":\"vsock\"" more "}"
#define TAP(more)   ",\"tap\":{" more "}"
#define NETDEV	    "tap,id=net0,fd=3,vhost=on,vhostfd=4"
#define MASK(list)  ",\"features\":{\"mask\":[" list "]}"

/* The arguments; with an error NULL. */
static inline char **expand(const char *devices, const char *launcher, bool no_vhost,
			    char **arguments, struct said *said, struct host_launch **ret,
			    struct host_error *err)
{
	struct host_options options = {
		.ctx = ctx, .launcher = arguments, .say = say, .data = said
	};
	static struct host_setup *setup;
	struct host_result results[8] = { { 0 } };
	char text[2000];

	host_setup_free(setup); /* of the last call: what is returned points into it */
	snprintf(text, sizeof(text), CONFIG("%s", "%s"), devices, launcher);
	setup = read_setup(ctx, text);
	memset(said, 0, sizeof(*said));
	for (size_t i = 0; i < setup->devices.count; i++)
		results[i] = (struct host_result){
			.vhost = !no_vhost,
			.tap_name = host_device(setup, i)->tap.name,
			.cid = host_device(setup, i)->cid,
		};
	assert_int_equal(host_launch_new(&options, setup, results, ret, err), 0);
	if (host_launch_arguments(*ret, &options, err) == 0)
		return (*ret)->argv;
	return NULL;
}

#endif
