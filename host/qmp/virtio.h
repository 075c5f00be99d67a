/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a running QEMU says of its virtio devices.
 *
 * Its commands are marked as unstable, so every member of an answer is checked; and features come as
 * texts, which are not always those of the bit that they stand for.
 */
#ifndef HOST_QMP_VIRTIO_H
#define HOST_QMP_VIRTIO_H

#include "qmp/qmp.h"

/* An answer of QEMU, an object: what it lacks fails with the command's name. */
struct host_answer {
	const struct host_qmp *qmp;
	const char *command;
	struct json_object *object;
	struct host_error *err;
};

/* host_answer_fail() - a member is missing or wrong: -EPROTO. */
int host_answer_fail(const struct host_answer *answer, const char *key);

/* host_answer_number() - a member from 0 to @max.  Errors: -EPROTO. */
int host_answer_number(const struct host_answer *answer, const char *key, uint64_t max,
		       uint64_t *ret);
int host_answer_bool(const struct host_answer *answer, const char *key, bool *ret);
/* host_answer_object() - @ret: a part of the answer, with nothing to be put. */
int host_answer_object(const struct host_answer *answer, const char *key, struct host_answer *ret);
bool host_answer_has(const struct host_answer *answer, const char *key);

/*
 * host_answer_features() - a member that is a set of features.
 * Errors: -EPROTO; -ENOTSUP: a feature that this library does not know by that name.
 */
int host_answer_features(const struct host_answer *answer, const char *key, struct vhc_ctx *ctx,
			 enum vhc_type type, struct vhc_features *ret);

/* One device while it is asked for. */
struct host_asked {
	struct host_qmp *qmp;
	struct vhc_ctx *ctx;
	struct host_error *err;
	enum vhc_type type;
	const char *path; /* of the virtio device */
	char parent[300]; /* of the object with its properties */
	struct host_qemu_device *device;
	bool started;	 /* its driver is up */
	bool vm_running; /* no CPU is stopped */
	bool by_vhost;	 /* vhost runs its rings now */
};

/*
 * host_asked_read() - fill asked->device.  Its lists are to be freed by the caller, also after a failure.
 * Errors: -ENOTSUP with HOST_LACKS: vhost does not run it.
 */
int host_asked_read(struct host_asked *asked);

/* Bits that are private to QEMU and its back end: none of a guest's features. */
#define HOST_QEMU_LOG_ALL	    26u
#define HOST_QEMU_PROTOCOL_FEATURES 30u /* the back end is a process: vhost-user */

#endif
