/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of QEMU: taps, and the fds that a launcher was given. */
#include "rows.h"

#define GIVEN_FDS                                                                            \
	"vhostctl check-fds tap=A,B vhost=C,D in the launcher's place says which; vhostctl " \
	"setup CONFIG -- LAUNCHER passes fds that go together"

static const struct explain_row rows[] = {
	{
		.source = "QEMU",
		.pattern = "could not configure /dev/net/tun (%w): Invalid argument",
		.meaning = "%1 is there, and is not the kind of tap that was asked for",
		.cause = "it was created for one queue and several are wanted (queues=), or the "
			 "reverse; or it is a tun, or no tap at all",
		.remedy =
			"ip -d link show %1; then ip tuntap del dev %1 mode tap and create it again, "
			"with multi_queue for queues=2 and more",
	},
	{
		.source = "QEMU",
		.pattern = "could not configure /dev/net/tun (%w): Device or resource busy",
		.meaning = "all queues of %1 are taken",
		.cause = "another process has it open: a guest that still runs, or a launcher that "
			 "uses the same name",
		.remedy = "grep -l 'iff:.*%1$' /proc/[0-9]*/fdinfo/*",
	},
	{
		.source = "QEMU",
		.pattern = "could not configure /dev/net/tun (%w): Operation not permitted",
		.meaning = "this user may not use %1",
		.cause = "it is another user's; or it is not in this network namespace, and only "
			 "CAP_NET_ADMIN creates one",
		.remedy = "ip tuntap add dev %1 mode tap vnet_hdr user USER",
	},
	{
		.source = "QEMU",
		.pattern = "could not configure /dev/net/tun (%w): Argument list too long",
		.meaning = "more queues were asked for than a tap has",
		.cause = "a tap has 256 at most",
		.remedy = "queues=256, or less: one for each CPU of the guest is enough",
	},
	{
		.source = "QEMU",
		.pattern = "could not configure /dev/net/tun",
		.meaning = "the tap could not be opened",
		.cause = "the end of the message has it",
		.remedy = "vhostctl doctor",
		.vague = true,
	},
	{
		.source = "QEMU up to 10",
		.pattern = "The number of fds passed does not match the number of vhostfds passed",
		.meaning = "fds= and vhostfds= do not have the same number of fds",
		.cause = "each queue pair has one fd of the tap and one of /dev/vhost-net",
		.remedy = GIVEN_FDS,
	},
	{
		.source = "QEMU 11",
		.pattern = "expected %d socket fds, got %d",
		.meaning = "fds= and vhostfds= do not have the same number of fds: %1 and %2",
		.cause = "each queue pair has one fd of the tap and one of /dev/vhost-net",
		.remedy = GIVEN_FDS,
	},
	{
		.source = "QEMU up to 10",
		.pattern = "vnet_hdr not consistent across given tap fds",
		.meaning = "some of the fds have a virtio-net header and others do not",
		.cause = "they are of different taps, or were opened with different flags",
		.remedy = "open all of them with IFF_VNET_HDR; " GIVEN_FDS,
	},
	{
		.source = "QEMU",
		.pattern = "Unable to query TUNGETIFF on FD %d: ",
		.meaning = "fd %1 is no tap",
		.cause = "it is of another kind, or its number is another one in the launcher than "
			 "where it was opened",
		.remedy = "ls -l /proc/PID/fd; " GIVEN_FDS,
	},
	{
		.source = "QEMU, an old version",
		.pattern = "TUNGETIFF ioctl() failed: ",
		.meaning = "an fd that was given is no tap",
		.cause = "it is of another kind, or its number is another one in the launcher than "
			 "where it was opened",
		.remedy = "ls -l /proc/PID/fd; " GIVEN_FDS,
	},
	{
		.source = "QEMU up to 10",
		.pattern = "could not disable queue",
		.meaning = "a queue of the tap could not be detached",
		.cause = "the tap has one queue, and its fd was given for several",
		.remedy =
			"ip tuntap add dev NAME mode tap multi_queue vnet_hdr user USER; open one fd "
			"for each queue",
	},
	{
		.source = "QEMU",
		.pattern = "virtio_net_set_queue_pairs: Assertion `!r' failed",
		.meaning = "a queue of the tap could not be attached or detached, and QEMU aborts",
		.cause = "the tap has one queue, and its fd was given for several",
		.remedy =
			"ip tuntap add dev NAME mode tap multi_queue vnet_hdr user USER; open one fd "
			"for each queue",
	},
	{
		.source = "QEMU",
		.pattern = "vhost_set_owner failed: Device or resource busy",
		.meaning = "a vhost fd that was given has an owner",
		.cause = "it was given twice, another process uses it, or whoever opened it took "
			 "ownership before the launcher",
		.remedy = "open a new one for each queue pair; " GIVEN_FDS,
	},
	{
		.source = "QEMU",
		.pattern = "vhost_set_owner failed: Inappropriate ioctl for device",
		.meaning = "what was given as a vhost fd is none",
		.cause = "it is of another kind, or its number is another one in the launcher than "
			 "where it was opened",
		.remedy = "ls -l /proc/PID/fd; " GIVEN_FDS,
	},
	{
		.source = "QEMU up to 10",
		.pattern = "Can't use file descriptor %d: Bad file descriptor",
		.meaning =
			"an fd that was given is closed: %1, or that of vhostfd=, for which QEMU "
			"names the tap's",
		.cause = "whoever started the launcher closed it, or it was close-on-exec",
		.remedy = GIVEN_FDS,
	},
	{
		.source = "QEMU 11",
		.pattern = "Can't set file descriptor %d non-blocking: Bad file descriptor",
		.meaning = "fd %1, which was given, is closed",
		.cause = "whoever started the launcher closed it, or it was close-on-exec",
		.remedy = GIVEN_FDS,
	},
	{
		.source = "QEMU",
		.pattern = "Failed to initialize virtqueue %d: Too many open files",
		.meaning = "there are too many open files for this many queues; QEMU 7.2 then runs "
			   "without vhost, slowly",
		.cause = "each queue pair takes two fds and some eventfds",
		.remedy = "ulimit -n 4096, or fewer queues",
	},
	{
		.source = "QEMU",
		.pattern = "vhostfd(s)= is not valid without vhost",
		.meaning = "vhostfd= was given together with vhost=off",
		.cause = "an fd of /dev/vhost-net has no use then",
		.remedy = "-netdev tap,vhost=on,vhostfd=N,..., or leave out vhostfd=",
	},
	{
		.source = "QEMU, an old version",
		.pattern = "vhostfd= is not valid without vhost",
		.meaning = "vhostfd= was given without vhost=on",
		.cause = "an fd of /dev/vhost-net has no use then",
		.remedy = "-netdev tap,vhost=on,vhostfd=N,..., or leave out vhostfd=",
	},
	{
		.source = "QEMU up to 10",
		.pattern = "vhostfds= is invalid if fds= wasn't specified",
		.meaning = "vhostfds= was given without fds=",
		.cause = "QEMU takes both from whoever starts it, or opens both",
		.remedy = "-netdev tap,fds=A:B,vhost=on,vhostfds=C:D,...",
	},
	{
		.source = "QEMU up to 10",
		.pattern = " are invalid with fds=",
		.meaning = "fds= was given together with options that describe a tap to be opened",
		.cause = "the fds are the tap: name, queues and header are theirs",
		.remedy =
			"-netdev tap,fds=A:B,vhost=on,vhostfds=C:D, and none of the options in the "
			"message",
	},
	{
		.source = "QEMU",
		.pattern = " are invalid with fd=",
		.meaning = "fd= was given together with options that describe a tap to be opened",
		.cause = "the fd is the tap: name, queues and header are its own",
		.remedy =
			"-netdev tap,fd=N,vhost=on,vhostfd=M, and none of the options in the message",
	},
	{
		.source = "QEMU 11",
		.pattern = "queues=, helper=, fds= and fd= are mutual exclusive",
		.meaning = "two of queues=, helper=, fds= and fd= were given",
		.cause = "the number of fds is the number of queues",
		.remedy =
			"-netdev tap,fds=A:B,vhost=on,vhostfds=C:D, and neither queues= nor helper=",
	},
	{
		.source = "QEMU",
		.pattern = "Parameter 'fdname' expects a name not starting with a digit",
		.meaning = "getfd was called with a name such as 7",
		.cause = "a name that begins with a digit would be a number of an fd",
		.remedy = "choose a name that begins with a letter; vhostctl attach CONFIG --qmp "
			  "SOCKET does all of it",
	},
};

const struct explain_rows explain_fds = { rows, DOC_COUNT(rows) };
