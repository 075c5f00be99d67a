/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind - what only one kind of device has: a row of functions and a file each, net.c and vsock.c.
 */
#ifndef BROKER_KIND_H
#define BROKER_KIND_H

#include "device.h"

struct broker_kind {
	enum vhc_type type;
	const char *name;
	uint32_t max_pairs;
	/* After those of the pairs, which the kernel runs: a front-end may hand them over, and nobody runs them. */
	uint32_t idle_rings;
	uint64_t protocol; /* features of vhost-user that its front-ends are offered */
	/* Feature bits that are told in the configuration space, or that only the front-end has a use for. */
	uint64_t (*find_features)(const struct broker_device *device);
	/* As in the specification, little-endian; what is past it reads as 0. */
	void (*put_config)(const struct broker_device *device, uint8_t space[WIRE_CONFIG_SIZE]);
	/* What outlives every front-end.  These may be NULL. */
	int (*open)(struct broker_device *device);
	/* A front-end comes: drop what was for the one before. */
	void (*drop_stale)(const struct broker_device *device);
	/* Rings are enabled, or no longer. */
	int (*activate)(const struct session *session);
	/* The carrier.  Errors, with the session's text. */
	int (*set_link)(struct broker_device *device, bool up);
};

/* What all kinds can do. */
#define BROKER_PROTOCOL                                                                    \
	(WIRE_P(REPLY_ACK) | WIRE_P(BACKEND_REQ) | WIRE_P(CONFIG) | WIRE_P(RESET_DEVICE) | \
	 WIRE_P(CONFIGURE_MEM_SLOTS) | WIRE_P(STATUS))

extern const struct broker_kind broker_kind_net, broker_kind_vsock;

/** broker_kind_get() - the row of a type, or NULL. */
const struct broker_kind *broker_kind_get(enum vhc_type type);

#endif
