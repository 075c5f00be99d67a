/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - a vhost-user back end by the public header alone, without its socket: each message of a
 * front-end becomes calls of the library, in whatever order they come.
 */
#ifndef TESTS_SESSION_H
#define TESTS_SESSION_H

#include "rig.h"

/* As the vhost-user protocol numbers them. */
enum session_request {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	SET_MEM_TABLE = 5,
	SET_LOG_BASE = 6,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	GET_VRING_BASE = 11,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	SET_VRING_ERR = 14,
	GET_QUEUE_NUM = 17,
	SET_VRING_ENABLE = 18,
	IOTLB_MSG = 22,
	RESET_DEVICE = 34,
	GET_MAX_MEM_SLOTS = 36,
	ADD_MEM_REG = 37,
	REM_MEM_REG = 38,
};

#define SESSION_F_LOG	   (1ull << 26)
#define SESSION_F_PROTOCOL (1ull << 30)
#define SESSION_REGIONS	   8u

struct session_region {
	uint64_t guest, size, user, offset;
	int fd;
};

struct session_message {
	enum session_request request;
	uint32_t ring;
	uint64_t value; /* also of an answer */
	int fd;		/* -1: none */
	struct {
		uint64_t desc, used, avail, log; /* in the order of the protocol */
	} addr;
	uint32_t regions;
	struct session_region region[SESSION_REGIONS];
	uint64_t offset; /* of the log */
	struct {
		uint64_t iova, size, user;
		uint8_t perm, type; /* 2 update, 3 invalidate */
	} iotlb;
};

struct session {
	struct vhc_ctx *ctx;
	struct vhc_mem *mem;
	struct vhc_dev *dev;
	struct vhc_dev_info info;
	bool protocol; /* rings begin disabled */
	bool logs;
	bool enabled[8];
	int err[8];
	/* what the back end sends by itself */
	uint32_t misses, errors;
	uint64_t miss;
};

int session_open(struct session *s, struct vhc_ctx *ctx, struct vhc_tap *tap, uint32_t pairs);
void session_close(struct session *s);

/** session_handle() - 0, or the negative errno that the front-end is answered. */
int session_handle(struct session *s, struct session_message *message);

/** session_hang_up() - the front-end has gone: device and tap stay for the next one. */
int session_hang_up(struct session *s);

/** session_event() - the device's event fd is readable. */
int session_event(struct session *s);

#endif
