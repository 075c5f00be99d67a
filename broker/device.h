/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device - a device that is served: its listening socket, and the front-end that it has at the moment.
 */
#ifndef BROKER_DEVICE_H
#define BROKER_DEVICE_H

#include "broker.h"
#include "listen.h"
#include "say.h"
#include "session.h"

struct broker_kind;

struct broker_device {
	struct broker *broker;
	const struct broker_kind *kind;
	char id[64];
	struct vhc_ctx *ctx;
	struct vhc_dev *dev; /* the caller's, as the tap */
	struct vhc_tap *tap; /* NULL: it is no net device */
	struct vhc_mem *mem; /* of the guest; empty without a front-end */
	struct vhc_dev_info info;
	uint32_t pairs, rings; /* that the kernel runs */
	uint32_t all_rings;    /* and the idle ones after them */
	uint64_t offered;      /* to front-ends */
	uint8_t mac[6];
	uint16_t mtu;
	bool iommu; /* access_platform is offered */
	uint64_t cid;
	uint32_t busyloop;
	bool stopped, link_down; /* as a client of the control socket wants it */
	bool running;		 /* any ring; who monitors was told so */
	bool unclean;		 /* its last front-end could not be forgotten */
	uint64_t ring_errors;
	struct broker_quota said[BROKER_QUOTAS];
	struct broker_listener listen;
	struct broker_watch events;
	struct session session;
};

struct broker_control;

struct broker {
	struct vhc_ctx *ctx;
	struct broker_options options;
	int epoll;
	struct broker_device **devices;
	uint32_t count;
	struct broker_control *control; /* NULL: there is no control socket */
};

/**
 * broker_device_new() - of a device that is not started, which stays the caller's.
 * Errors: -EINVAL: there is no such kind, or it has not so many pairs; -ENOMEM; the library's.
 */
int broker_device_new(struct broker *broker, const struct broker_args *args,
		      struct broker_device **ret);
/** broker_device_free() - disconnect its front-end, and close its socket. */
void broker_device_free(struct broker_device *device);

/**
 * broker_device_stop() - stop all rings, and start none until broker_device_resume().  They keep what
 * the front-end has set.  Errors: the library's.
 */
int broker_device_stop(struct broker_device *device);
int broker_device_resume(struct broker_device *device);

/** broker_device_has_mac() - is its MAC address set?  Else the guest chooses its own. */
bool broker_device_has_mac(const struct broker_device *device);

/** broker_device_follow() - rings were started or stopped: tell of it when that is news. */
void broker_device_follow(struct broker_device *device);

/**
 * broker_device_set_link() - set the carrier of its tap.
 * Errors, with the session's text: -EOPNOTSUPP: it has no tap; those of TUNSETCARRIER.
 */
int broker_device_set_link(struct broker_device *device, bool up);

#endif
