/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake - a kernel for tests: an implementation of struct vhc_sys that answers as Linux with
 * vhost-net and tun does, and keeps count of everything.
 *
 * It accepts what the kernel accepts without a word (overlapping regions, rings outside memory, two
 * devices on one tap ...), so that a test sees the library refuse it.  tests/unit/conformance.c runs
 * one list of calls on it and on real kernels; the answers must be the same.
 *
 * Not modelled: the I/O TLB, packed rings, traffic, fork and exec, signals.
 *
 * It allocates nothing after fake_new(), so that a test can make malloc fail.  All operations may
 * come from several threads.  Its fds start at FAKE_FIRST_FD: real ones are never touched.
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include "sys.h"

#define FAKE_FIRST_FD	 1000
#define FAKE_RINGS	 2u /* of one vhost-net fd */
#define FAKE_MAX_REGIONS 512u

struct fake;

extern const struct vhc_sys fake_sys; /* its data is a struct fake */

/* What differs from kernel to kernel.  A test may change its own copy: fake_profile(). */
struct fake_profile {
	const char *name; /* "6.1" */
	const char *release;
	uint64_t features[2]; /* of vhost-net, both words */
	bool features_array;
	bool fork_from_owner;
	bool workers;	   /* of vhost-scsi, which alone has these calls */
	uint32_t offloads; /* all that TUNSETOFFLOAD knows */
	uint32_t max_regions;
};

/** fake_new() - a kernel; @name: "6.1", "6.12" or "7.2".  Stops the test when there is no such. */
struct fake *fake_new(const char *name);
void fake_free(struct fake *fake);
struct fake_profile *fake_profile(struct fake *fake);
/** fake_profile_name() - the name of the n-th profile, NULL behind the last. */
const char *fake_profile_name(unsigned int n);

/* ------------------------------------------------------------------------ what is open or alive */

struct fake_left {
	uint32_t fds;	/* in the table */
	uint32_t files; /* that any fd or any ring holds */
	uint32_t taps;
	uint32_t workers; /* one for each owned vhost fd */
	uint32_t maps;	  /* of files, that were not unmapped */
};

struct fake_left fake_left(struct fake *fake);
/** fake_is_clean() - is nothing left?  Says on stderr what is. */
bool fake_is_clean(struct fake *fake);

/** fake_set_fd_limit() - how many fds may be open at a time, as RLIMIT_NOFILE; 0 for no limit. */
void fake_set_fd_limit(struct fake *fake, uint32_t limit);
/** fake_set_user() - who the process is; not 0: without any capability. */
void fake_set_user(struct fake *fake, uint32_t uid, uint32_t gid);
/** fake_set_node() - what opening a path gives; 0: opens again. */
void fake_set_node(struct fake *fake, const char *path, int error);

/* --------------------------------------------------------------------------------- what was done */

struct fake_call {
	const char *name; /* "VHOST_SET_OWNER", "open", "eventfd" ... */
	int fd;
	uint32_t index; /* of a vring call: which ring */
	int result;
};

/** fake_calls() - how many calls were made since fake_new() or fake_forget_calls(). */
uint32_t fake_calls(struct fake *fake);
/** fake_count() - those whose name begins with this; "" counts all. */
uint32_t fake_count(struct fake *fake, const char *prefix);
const struct fake_call *fake_call(struct fake *fake, uint32_t n);
void fake_forget_calls(struct fake *fake);
/** fake_request_name() - "VHOST_SET_OWNER"; "ioctl" for one that is not known. */
const char *fake_request_name(unsigned long request);
/** fake_print_calls() - to stderr, for who looks into a failing test. */
void fake_print_calls(struct fake *fake);

/**
 * fake_fail() - let the n-th call from now on whose name begins with @prefix fail with this errno,
 * once; n counts from 1.  "" is any call.  close() closes all the same, as on Linux.  Several may
 * wait at a time.
 */
void fake_fail(struct fake *fake, const char *prefix, uint32_t n, int error);
/** fake_failed() - how many of these failures have come about. */
uint32_t fake_failed(struct fake *fake);
/** fake_failed_name() - the name of the n-th call that a failure hit, from 0; "none". */
const char *fake_failed_name(struct fake *fake, uint32_t n);
void fake_forget_failures(struct fake *fake);

/* ------------------------------------------------------------------------------------ the device */

struct fake_ring {
	uint32_t num, base;
	uint64_t desc, avail, used, log_addr;
	bool log_used;
	uint64_t log_base;
	uint64_t features[2];
	uint32_t busyloop;
	struct fake_file *kick, *call, *err, *backend;
};

struct fake_region {
	uint64_t guest, size, user;
};

struct fake_vhost {
	bool owned, has_table;
	uint8_t fork_owner;
	uint64_t backend_features;
	uint32_t regions;
	struct fake_region region[FAKE_MAX_REGIONS];
	struct fake_ring ring[FAKE_RINGS];
};

/** fake_vhost() - the n-th open vhost-net file, in the order of opening; NULL: there is none. */
struct fake_vhost *fake_vhost(struct fake *fake, uint32_t n);

struct fake_tap {
	bool used;
	char name[16];
	uint32_t netns, flags; /* IFF_ */
	uint32_t queues, detached;
	bool has_owner, has_group;
	uint32_t owner, group;
	int header, sndbuf, txqueuelen;
	uint32_t offloads; /* as last set */
};

/** fake_tap() - the tap of this name in the first network namespace; NULL: there is none. */
struct fake_tap *fake_tap(struct fake *fake, const char *name);

/** fake_tap_of() - the tap that an fd is a queue of; a macvtap's queue has one of its own. */
struct fake_tap *fake_tap_of(struct fake *fake, int fd);

/**
 * fake_macvtap() - a queue of a macvtap, opened by the test: header size and offloads are its own,
 * and the link is nowhere to be found by name.
 */
int fake_macvtap(struct fake *fake, const char *name);

/** fake_eventfd() - an eventfd of the test's own; not in the list of calls. */
int fake_eventfd(struct fake *fake);
/** fake_counter() - the value of an eventfd. */
uint64_t fake_counter(struct fake *fake, int fd);
/** fake_close() - close an fd of the test's own; not in the list of calls. */
void fake_close(struct fake *fake, int fd);
/** fake_ring_counter() - the counter of the eventfd that a ring has: 'k'ick, 'c'all or 'e'rr; -1: none. */
int64_t fake_ring_counter(const struct fake_ring *ring, char which);

#endif
