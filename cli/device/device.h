/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by the commands that look at running devices: list, status, dump.
 */
#ifndef CLI_DEVICE_H
#define CLI_DEVICE_H

#include "program/cli.h"
#include "device/brokers.h"
#include "look.h"

struct host_qemu_device;

/* --fd, where a process has several devices */
#define CLI_FD_OPTION                                                                \
	{                                                                            \
		"fd", 'f', "N", CLI_NUMBER,                                          \
			.max = INT32_MAX,                                            \
			.help = "the device of which this is a vhost fd, where its " \
				"process has several"                                \
	}

/* Read the devices of a process, or of all (0), and warn of what cannot be seen.  Returns an exit status. */
int cli_look(struct cli_call *call, pid_t pid, struct look_reading *ret);

/* A device, and what it is part of. */
struct cli_found {
	struct look_reading reading;
	struct cli_brokers brokers;
	const struct look_device *device; /* of the reading */
	struct cli_served served;
};

/*
 * Read, and find the device that the first argument names: by pid or link; of a broker, also by its launcher's
 * pid or its id.  @ret: for cli_found_clear().  Returns an exit status.
 */
int cli_find_device(struct cli_call *call, struct cli_found *ret);
void cli_found_clear(struct cli_found *found);

/* The type whose feature names it has; 0: the library has none. */
enum vhc_type cli_device_type(const struct look_device *device);

/*
 * Of which features is it known whether the device has them?  @ret_set: those that it has;
 * @ret_unknown: those of which it is not.
 */
void cli_device_features(const struct look_device *device, struct vhc_features *ret_set,
			 struct vhc_features *ret_unknown);

/*
 * dump-state.c: the device as a vhost-state document; warns of what is not known.  @qemu: the same device as
 * QEMU shows it, for what only the launcher knows; or NULL.  An exit status.
 */
int cli_device_state(struct cli_call *call, const struct look_device *device,
		     const struct host_qemu_device *qemu, struct json_object **ret);

/* What a dump without BPF fails with.  Returns the exit status. */
int cli_fail_lack(const struct look_reading *reading);

/* dump-qemu.c: with --qmp.  An exit status. */
int cli_dump_qemu(struct cli_call *call);

/* status-fill.c: @before: the reading before this one, or NULL; @served: its broker is asked, or NULL */
extern const struct doc_table cli_status_table;
int cli_device_report(struct cli_call *call, const struct look_device *device,
		      const struct look_device *before, const struct cli_served *served);

/* watch.c: again and again until it is interrupted or the device is gone.  An exit status. */
int cli_watch(struct cli_call *call, unsigned int seconds);

#endif
