/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Launcher styles: a row each, with the tokens that only its launchers understand; and what a launcher
 * has to be told of a device, by a token, by its environment, or not at all.
 */
#ifndef HOST_STYLE_H
#define HOST_STYLE_H

#include "kind.h"
#include "launcher/launch.h"

/* What a launcher can be told of a device. */
enum host_told {
	HOST_TOLD_TAP = 1 << 0, /* its fds */
	HOST_TOLD_VHOST = 1 << 1,
	HOST_TOLD_CID = 1 << 2,
	HOST_TOLD_QUEUES = 1 << 3,
	HOST_TOLD_RING_SIZE = 1 << 4,
	HOST_TOLD_MAC = 1 << 5,
	HOST_TOLD_MTU = 1 << 6,
	HOST_TOLD_BUSYLOOP = 1 << 7,
	HOST_TOLD_FEATURES = 1 << 8,
	HOST_TOLD_NAME = 1 << 9,       /* of its tap, instead of fds */
	HOST_TOLD_ALL = (1 << 10) - 1, /* of these */
	HOST_TOLD_BUS = 1 << 10,       /* of QEMU alone */
	HOST_TOLD_SOCKET =
		1 << 11 /* of a device that is served: any launcher that speaks vhost-user */
};

struct host_token {
	const char *name;
	unsigned int kinds; /* of devices that have it: bits of enum host_type */
	unsigned int told;  /* what it tells: bits of enum host_told */
	host_token_fn *put;
	bool typed;  /* a type may follow its name */
	bool served; /* one that tells of a tap: it does so of a device that is served, too */
};

enum {
	HOST_ON_NET = 1 << HOST_NET,
	HOST_ON_VSOCK = 1 << HOST_VSOCK,
	HOST_ON_ANY = HOST_ON_NET | HOST_ON_VSOCK
};

struct host_style {
	const char *name;
	unsigned int options; /* what its launchers can be told: bits of enum host_told */
	/* It opens vhost-net by itself, as its own user: it is only told whether to. */
	bool opens_vhost;
	/* What its launchers do not pass on to a guest with vhost, and what to do about it. */
	unsigned int lost_with_vhost;
	const char *lost;
	bool environment; /* the environment tells all of a device that no token names an fd of */
	const char *environ; /* a variable that it has besides those of every style, or NULL */
	/* Its own tokens, before those of every style; the last row has no name. */
	const struct host_token *tokens;
	/* The tokens that tell all of a device, for messages: with ID for its id. */
	const char *use[2];	   /* by enum host_type */
	const char *use_socket[2]; /* of a device that is served; NULL: "@ID.socket@" */
};

extern const struct host_style host_styles[]; /* the last row has no name */

/* The tokens of styles of one launcher, and what they share. */
extern const struct host_token host_qemu_tokens[], host_cloud_hypervisor_tokens[],
	host_crosvm_tokens[], host_stratovirt_tokens[], host_firecracker_tokens[],
	host_kvmtool_tokens[];
host_token_fn host_put_tapfds, host_net_put_netdev, host_vsock_put_cid;

/* host_qemu_property() - the property that stands for a feature; NULL: QEMU does not offer it. */
const struct host_property *host_qemu_property(const struct host_kind *kind, unsigned int bit);

/* Why QEMU cannot mask, or offer, a feature; NULL: it can. */
const char *host_qemu_cannot_mask(const struct host_device *device, unsigned int bit);
const char *host_qemu_cannot_require(const struct host_device *device, unsigned int bit);
/* host_qemu_say_implied() - report what is masked besides, since it depends on what is masked. */
void host_qemu_say_implied(const struct host_view *view, const struct host_options *options);

static inline const struct host_style *host_style_of(const struct host_setup *setup)
{
	return &host_styles[setup->launcher.style];
}

/* Does the launcher get vhost fds of this device, if that has vhost? */
static inline bool host_style_takes_vhost(const struct host_setup *setup,
					  const struct host_device *device)
{
	const struct host_style *style = host_style_of(setup);

	if (host_is_served(device))
		return false;
	return device->type == HOST_VSOCK ||
	       (style->options & HOST_TOLD_VHOST && !style->opens_vhost &&
		device->attach == HOST_ATTACH_FD);
}

/* host_token_find() - by name, for a device and a style; NULL: there is none. */
const struct host_token *host_token_find(const struct host_style *style,
					 const struct host_device *device, const char *name);
/* host_token_next() - the tokens of every style, after NULL the first; NULL: no more. */
const struct host_token *host_token_next(const struct host_token *token);

/* host_told_wanted() - what the launcher has to be told of a device, if that has vhost or not. */
unsigned int host_told_wanted(const struct host_setup *setup, const struct host_device *device,
			      bool vhost);

/* host_told_check() - is the launcher told all of it?  Wishes that it is not told are said. */
int host_told_check(const struct host_launch *launch, const struct host_options *options,
		    struct host_error *err);

/*
 * host_told_put() - all that was requested of a device and has a value: "net0.mac=... net0.mtu=...".
 * @between: before the first one; set to " " with one.
 */
int host_told_put(FILE *out, const struct host_launch *launch, const struct host_view *view,
		  const char **between, struct host_error *err);

/*
 * The config's rule: its launchers must have an option for all that is requested.  @ret_instead: what
 * to do, or NULL.
 */
int host_told_rule(const struct host_setup *setup, const struct host_device *device,
		   const char **ret_pointer, const char **ret_instead);

#endif
