/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of QEMU: vhost-user, where another process runs the rings. */
#include "rows.h"

#define GONE	"the back end has ended or closed the connection: its own log says why"
#define RESTART "start the back end again; with a vDPA device, update QEMU"
#define SHARE                                                                                          \
	"the back end has ended, or the guest's memory is not shared with it: -object memory-backend-" \
	"memfd,share=on,... and -machine memory-backend=ID"

static const struct explain_row rows[] = {
	{
		.source = "QEMU",
		.pattern = "vhost VQ %d ring restore failed: %d: %*(%e)",
		.meaning =
			"the place in ring %1 is lost, so that the device starts again from what the "
			"guest has: %3",
		.cause = GONE,
		.remedy = RESTART,
	},
	{
		.source = "QEMU",
		.pattern = "vhost VQ %d ring restore failed",
		.meaning =
			"the place in ring %1 is lost, so that the device starts again from what the "
			"guest has",
		.cause = GONE,
		.remedy = RESTART,
	},
	{
		.source = "QEMU",
		.pattern = "you are asking more queues than supported: %d",
		.meaning = "the netdev has more queues than the back end, which has %1",
		.cause = "the back end says how many queue pairs it has, and one that knows no "
			 "several queues (MQ) has one",
		.remedy = "-netdev vhost-user,queues=%1,...; or start the back end with more",
	},
	{
		.source = "QEMU",
		.pattern = "failed to init vhost_net for queue",
		.meaning = "the vhost-user or vDPA device of a netdev could not be set up",
		.cause = "the message before this one has it; of vhost-user, mostly: " GONE,
		.remedy = "vhostctl explain - < LOG; " RESTART,
		.in_log = RESTART,
	},
	{
		.source = "QEMU",
		.pattern = "Failed to set msg fds",
		.meaning = "an fd could not be sent to the back end",
		.cause = GONE,
		.remedy = "start the back end again; QEMU connects to it with -chardev "
			  "socket,reconnect=1,...",
	},
	{
		.source = "QEMU",
		.pattern = "Failed to write msg. Wrote %d instead of %d",
		.meaning = "a message could not be sent to the back end",
		.cause = SHARE,
		.remedy = "start the back end again; QEMU connects to it with -chardev "
			  "socket,reconnect=1,...",
	},
	{
		.source = "QEMU",
		.pattern = "Failed to read msg header. Read %d instead of %d. Original request %r.",
		.meaning = "the back end did not answer request %3",
		.cause = GONE,
		.remedy = "start the back end again; QEMU connects to it with -chardev "
			  "socket,reconnect=1,...",
	},
	{
		.source = "QEMU",
		.pattern = "vhost_set_mem_table failed: ",
		.meaning = "the back end did not take the guest's memory",
		.cause = SHARE,
		.remedy = "-object memory-backend-memfd,id=mem,size=SIZE,share=on -machine "
			  "memory-backend=mem",
		.vague = true,
	},
	{
		.source = "QEMU",
		.pattern = "vhost_set_vring_%w failed: Invalid argument",
		.meaning = "the back end did not take the %1 of a ring",
		.cause = GONE,
		.remedy = "start the back end again; QEMU connects to it with -chardev "
			  "socket,reconnect=1,...",
	},
	{
		.source = "QEMU",
		.pattern = "vhost_set_vring_%w failed",
		.meaning = "the back end did not take the %1 of a ring",
		.cause = GONE,
		.remedy = "start the back end again; QEMU connects to it with -chardev "
			  "socket,reconnect=1,...",
		.vague = true,
	},
};

const struct explain_rows explain_user = { rows, DOC_COUNT(rows) };
