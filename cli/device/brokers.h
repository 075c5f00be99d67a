/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the brokers of this user say of their devices, beside what is seen of them from outside.
 */
#ifndef CLI_BROKERS_H
#define CLI_BROKERS_H

#include "program/cli.h"
#include "control.h"
#include "look.h"

struct cli_broker {
	char name[64];
	pid_t pid;
	struct control_stream stream;
	struct control_list list;
};

struct cli_brokers {
	struct cli_broker *items;
	size_t count;
};

/* A device of a broker; both NULL: it is nobody's that could be asked. */
struct cli_served {
	struct cli_broker *broker;
	const struct control_device *device;
};

/* Ask each for its devices, and warn of those that do not answer. */
void cli_brokers_ask(struct cli_call *call, struct cli_brokers *ret);
void cli_brokers_clear(struct cli_brokers *brokers);

/* The process that has the devices of a launcher; else @pid itself. */
pid_t cli_brokers_owner(const struct cli_brokers *brokers, pid_t pid);

/*
 * Add to a reading (of @pid; 0: of all) what it lacks of their devices: whole devices, and the features that
 * launchers accepted.
 */
void cli_brokers_join(const struct cli_brokers *brokers, pid_t pid, struct look_reading *reading);

/* cli_brokers_find() - what a device of such a reading is. */
struct cli_served cli_brokers_find(const struct cli_brokers *brokers,
				   const struct look_device *device);

#endif
