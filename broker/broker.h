/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * broker - vhost-user in front, a device of the kernel behind.
 *
 * A launcher that speaks vhost-user (the front-end) connects to a device's socket, and gives its
 * guest's memory, rings and eventfds.  They are handed to the kernel's vhost, which moves the frames:
 * none of them passes through this process, and nothing here reads the guest's memory.
 *
 * One thread and one loop for any number of devices.  A device has one front-end at a time; when that
 * goes, the link stays, and the next one may connect.  Front-ends are not trusted.
 *
 * This room includes wire/, control/, doc/ and the library's public header.  This is its only header for vhostctl.
 * Functions return 0 or a negative errno; the text of an error is said.
 */
#ifndef BROKER_H
#define BROKER_H

#include "vhostconfig.h"

#define BROKER_MAX_PAIRS 128u /* vhost-user has 8 bits for the index of a ring */

struct broker;

struct broker_options {
	const char *name; /* of the configuration, for who asks; NULL: it has none */
	int timeout;	  /* ms for each message of a front-end; 0: 5000 */
	/* What happens, one line each.  May be NULL. */
	void (*say)(void *data, enum vhc_level level, const char *line);
	void *data;
};

/* A device.  All of it must outlive the broker, but for the strings. */
struct broker_args {
	const char *id;
	enum vhc_type type;
	struct vhc_dev *dev; /* not started */
	struct vhc_tap *tap; /* of a net device, as the MAC address and the MTU */
	uint32_t pairs;
	struct vhc_features mask; /* not to be offered */
	uint8_t mac[6];		  /* all 0: the guest chooses its own */
	uint16_t mtu;		  /* told to the guest; 0: not */
	bool iommu;	   /* access_platform is offered: the launcher has an IOMMU for its guest */
	uint64_t cid;	   /* the guest's, of a vsock device */
	uint32_t busyloop; /* us that each ring is polled before its thread sleeps */
};

/**
 * broker_new() - without devices.  It raises the process's limit of fds as far as that may go.
 * Errors: -ENOMEM; -EMFILE.
 */
int broker_new(struct vhc_ctx *ctx, const struct broker_options *options, struct broker **ret);

/**
 * broker_add() - a device, to which nobody connects yet.
 * Errors: -EINVAL: there is no such type here, or it has not so many pairs; -ENOMEM; the library's.
 */
int broker_add(struct broker *broker, const struct broker_args *args);

#define BROKER_TEXT_MAX 320u

/**
 * broker_require() - are front-ends of a device offered all of these features?
 * @index: of the device, in the order in which they were added.
 * Errors: -EOPNOTSUPP, with @text filled, and what helps in @ret_hint.
 */
int broker_require(const struct broker *broker, uint32_t index, const struct vhc_features *require,
		   char text[BROKER_TEXT_MAX], const char **ret_hint);

/**
 * broker_open() - let front-ends connect to a device.  Once.
 * @listen: a socket that listens: the broker takes it over if this succeeds.
 * Errors: those of epoll_ctl(2); the library's.
 */
int broker_open(struct broker *broker, uint32_t index, int listen);

/**
 * broker_add_control() - serve clients that ask for devices, and change them, by io.vhostctl: those of
 * this user and of root.  Once.
 * @listen: a socket that listens: the broker takes it over if this succeeds.
 * Errors: -ENOMEM; those of epoll_ctl(2).
 */
int broker_add_control(struct broker *broker, int listen);

/**
 * broker_confine() - let this process do nothing from now on but serve the devices that were added: it has no
 * new privileges, opens no file (Landlock) and makes only the system calls of a list (seccomp).  What the kernel,
 * or the build, lacks is said.  It is called "vhostctl-broker" then.  Drop capabilities before.
 * Errors: what prctl(2) says.
 */
int broker_confine(const struct broker_options *options);

/** broker_run() - serve until this fd is readable.  Errors: those of epoll_ctl(2) and epoll_wait(2). */
int broker_run(struct broker *broker, int until);

/**
 * broker_free() - disconnect all front-ends, and close the sockets.  The caller's devices are stopped,
 * and have no memory.
 */
void broker_free(struct broker *broker);

/* Who may connect to a socket. */
struct broker_socket {
	const char *path;
	uint32_t owner, group; /* UINT32_MAX: this process's */
	uint32_t mode;	       /* such as 0600 */
};

/**
 * broker_listen() - a listening socket at a path, which the caller closes.  One that a process left
 * behind when it was killed is replaced: it then returns 1, and @text says so.
 * Errors, with @text filled: -ENAMETOOLONG; -EADDRINUSE: a process has it; -EEXIST: it is another
 * kind of file; -EPERM: one that was left is neither this user's nor @args->owner's; what the system
 * calls say.
 */
int broker_listen(const struct broker_socket *args, int *ret, char text[BROKER_TEXT_MAX]);

/**
 * broker_remove_socket() - remove a socket that a killed process left behind.
 * Returns 1; 0: there is none at the path, or what is there is to stay.
 * Errors, with @text filled: what the system calls say.
 */
int broker_remove_socket(const struct broker_socket *args, char text[BROKER_TEXT_MAX]);

#endif
