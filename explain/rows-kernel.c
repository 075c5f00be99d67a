/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages of the kernel: its log, and the errnos of its calls as strace(1) and others show them.
 */
#include "rows.h"

#define OWNER \
	"the owner of a vhost fd is one process's memory: a fork or an exec after VHOST_SET_OWNER loses it"
#define LINK_GONE "its link was deleted, or its network namespace has ended"

static const struct explain_row rows[] = {
	{
		.source = "Linux",
		.pattern = "apparmor=\"DENIED\"%*name=\"/dev/vhost-%w\"",
		.meaning = "AppArmor does not let a program open /dev/vhost-%1",
		.cause = "its profile, which the line names, has no rule for the node",
		.remedy =
			"add '/dev/vhost-%1 rw,' to the profile; apparmor_parser -r FILE; or pass "
			"the fd: vhostctl setup",
	},
	{
		.source = "Linux",
		.pattern = "apparmor=\"DENIED\"%*name=\"/dev/net/tun\"",
		.meaning = "AppArmor does not let a program open /dev/net/tun",
		.cause = "its profile, which the line names, has no rule for the node",
		.remedy =
			"add '/dev/net/tun rw,' to the profile; apparmor_parser -r FILE; or pass the "
			"fd: vhostctl setup",
	},
	{
		.source = "Linux",
		.pattern = "avc: %*denied%*vhost-net\"",
		.meaning = "SELinux does not let a program open /dev/vhost-net",
		.cause =
			"the type of the node, or of the program, which the line names, is not the "
			"policy's",
		.remedy = "restorecon -v /dev/vhost-net; ls -Z /dev/vhost-net",
	},
	{
		.source = "Linux",
		.pattern = "avc: %*denied%*vhost-vsock\"",
		.meaning = "SELinux does not let a program open /dev/vhost-vsock",
		.cause =
			"the type of the node, or of the program, which the line names, is not the "
			"policy's",
		.remedy = "restorecon -v /dev/vhost-vsock; ls -Z /dev/vhost-vsock",
	},
	{
		.source = "Linux",
		.pattern = "avc: %*denied%*tclass=tun_socket",
		.meaning = "SELinux does not let a program use a tap that another one opened",
		.cause =
			"a tap has the type of the process that created it, which the launcher may "
			"not relabel or attach to",
		.remedy = "audit2why < /var/log/audit/audit.log",
	},
	{
		.source = "Linux",
		.pattern = "unexpected GSO type: 0x%x, gso_size %d, hdr_len %d",
		.meaning = "a tap dropped a frame of a kind that its reader did not accept",
		.cause =
			"a device below passed on a segment that the tap's offloads do not have, a "
			"fault of its driver or of a tunnel",
		.remedy =
			"ethtool -K NIC gro off, or lro off, on the device that the frames come from",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_GET_FEATURES_ARRAY%*= -1 E",
		.meaning = "this kernel's vhost has 64 feature bits",
		.cause =
			"it is older than Linux 6.17; an unknown call has EPERM before VHOST_SET_OWNER",
		.remedy = "none is needed: launchers go on with VHOST_GET_FEATURES",
	},
};

const struct explain_rows explain_kernel = { rows, DOC_COUNT(rows) };
