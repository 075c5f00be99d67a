/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A peer that speaks QMP like a QEMU, until it is told not to.
 */
#ifndef FAKE_QEMU_H
#define FAKE_QEMU_H

#include <json-c/json.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* What it does instead of answering the command of number @bad_at, from 1 on; of 0, of the greeting. */
enum fake_bad {
	FAKE_GOOD,
	FAKE_ERROR,
	FAKE_CLOSE,
	FAKE_SILENT,
	FAKE_GARBAGE,
	FAKE_HALF,
	FAKE_HUGE,
	FAKE_WRONG_ID
};

/* What its guest does when a device is to be given up. */
enum fake_guest { FAKE_AT_ONCE, FAKE_LATER, FAKE_REFUSES, FAKE_DEAF };

#define FAKE_MAX 32

/* Seconds that a client waits where it waits in vain: what precedes is there by then on a busy machine, too. */
#define FAKE_SILENCE 5

struct fake_names {
	char names[FAKE_MAX][64];
	int fds[FAKE_MAX];
	int count;
};

struct fake_qemu {
	enum fake_bad bad;
	int bad_at;
	enum fake_guest guest;
	bool ports; /* its root bus takes no devices while it runs, as on q35 */
	/* What it has. */
	struct fake_names fds, netdevs, devices;
	char log[8192]; /* its commands, a line each */
	/* Answers of a real QEMU, which precede its own: objects of execute, arguments, and return or error. */
	struct json_object *recorded;
	/* Its own. */
	char path[64];
	int listener, commands;
	pthread_t thread;
};

/* fake_qemu_patience() - the seconds that a client of it waits for an answer. */
unsigned int fake_qemu_patience(const struct fake_qemu *qemu);
/* fake_qemu_start() - what is above must be set; @qemu->path is its socket. */
void fake_qemu_start(struct fake_qemu *qemu);
/* fake_qemu_stop() - wait until its client has closed the connection. */
void fake_qemu_stop(struct fake_qemu *qemu);

#endif
