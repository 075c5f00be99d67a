/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kinds of devices: a file and a row each.
 */
#ifndef HOST_KIND_H
#define HOST_KIND_H

#include <stdio.h>

#include "setup/check.h"

struct host_plan;
struct host_view;

/*
 * The operations of all devices up to one phase come before those of the next, so that what can fail
 * without touching a link does so before one is touched.
 */
enum host_phase {
	HOST_LOOK,   /* is it all there? */
	HOST_OPEN,   /* get hold of the links */
	HOST_CHANGE, /* change what can be changed back */
	HOST_GIVE    /* change what cannot always be */
};

/*
 * A token's text.  @type: what follows its name behind a colon; NULL: nothing.
 * Returns 0 or a negative errno with the error filled.
 */
typedef int host_token_fn(FILE *out, const struct host_view *view, const char *type,
			  struct host_error *err);

/* How a QEMU property stands for a feature bit. */
enum host_property_kind {
	HOST_ON,    /* on unless switched off */
	HOST_OFF,   /* off unless switched on */
	HOST_VALUE, /* offered when the property has a value, which only the kind sets */
	HOST_OWN,   /* off unless the kind switches it on */
	HOST_ALWAYS /* no property: always offered */
};

/* The releases that introduced properties. */
enum { QEMU_7_2 = 702, QEMU_10_0 = 1000, QEMU_11_1 = 1101 };

struct host_property {
	unsigned int bit;
	const char *name;
	enum host_property_kind kind;
	int since;
};

struct host_kind {
	enum vhc_type type;
	bool tap;		 /* for each of its vhost fds, a tap fd */
	const char *listen_name; /* of its fds in LISTEN_FDNAMES; NULL: as in VHOSTCTL_FDS */
	/* The rules of its keys, once the features are parsed.  May be NULL. */
	int (*check)(struct host_check *check, size_t index);
	/* What opens the device; of a CID that is not known, any will do. */
	void (*fill_args)(const struct host_device *device, struct vhc_dev_args *args);
	/* Add its operations of one phase. */
	void (*plan)(struct host_plan *plan, uint32_t index, enum host_phase phase);
	/* What its launcher has to be told, if it has vhost or not: bits of enum host_told. */
	unsigned int (*told)(const struct host_device *device, bool vhost);
	uint64_t
		valued; /* features that are offered by telling a value, and masked by not doing so */
	/* The start of its -device option, for QEMU; for a device of this type, if none is named. */
	host_token_fn *put_device;
	const char *device_type;
	const char *served_type; /* of one that is served by vhost-user; NULL: the same */
	const struct host_property *properties; /* beside those of every virtio device */
	size_t property_count;
	/* Why a HOST_VALUE property has no value for this device; NULL: it has one. */
	const char *(*why_no_value)(const struct host_device *device, unsigned int bit);
};

extern const struct host_kind host_kind_net, host_kind_vsock;

/* The tap of a net device; its MAC address is derived if the config has a name, but no address. */
int host_tap_check(struct host_check *check, size_t index);
bool host_tap_has_name(const struct host_tap *tap); /* and not only a prefix, with %d */
/* host_tap_wanted() - with who may open it by its name: the launcher's user, unless the config says. */
struct host_tap host_tap_wanted(const struct host_plan *plan, const struct host_device *device);
void host_tap_plan(struct host_plan *plan, uint32_t index, enum host_phase phase);

/*
 * The link's own address: that of the guest with another first byte, since a bridge delivers frames for a
 * port's own address to the host.  With a high one, since a bridge takes the lowest of its ports.
 */
void host_tap_link_mac(const struct host_tap *tap, uint8_t ret[6]);

const struct host_kind *host_kind_of(const struct host_device *device);

/* What may be offered to the guest: every bit that has a name, except those that the config masks. */
void host_features_wanted(const struct host_device *device, struct vhc_features *ret);

#endif
