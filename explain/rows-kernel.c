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
		.pattern = "VHOST_SET_OWNER%*EBUSY",
		.meaning = "the vhost fd has an owner",
		.cause =
			"it was given twice, or whoever opened it took ownership before handing it on",
		.remedy =
			"open a new fd for each queue pair, and let the launcher alone take ownership",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_SET_OWNER%*ENOMEM",
		.meaning = "vhost could not start its worker",
		.cause =
			"since Linux 6.4 it counts as a thread of the user, whose limit is reached "
			"(RLIMIT_NPROC); or a signal came while it started, and the call is to be "
			"made again",
		.remedy = "ulimit -u 4096",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_SET_FEATURES%*EOPNOTSUPP",
		.meaning = "this kernel's vhost does not have one of the features that were set",
		.cause = "features of the tap or of the device model, or of a newer kernel, were "
			 "passed to vhost",
		.remedy = "vhostctl caps",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_SET_MEM_TABLE%*E2BIG",
		.meaning = "the guest has more regions of memory than vhost takes",
		.cause = "the limit is the parameter max_mem_regions of the module vhost, 64 by "
			 "default",
		.remedy = "echo options vhost max_mem_regions=509 > /etc/modprobe.d/vhost.conf",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_SET_VRING_NUM%*EBUSY",
		.meaning = "the size of a running ring cannot change",
		.cause = "the ring has a back end",
		.remedy = "stop it first: VHOST_NET_SET_BACKEND with fd -1",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_SET_VRING_BASE%*EBUSY",
		.meaning = "the place in a running ring cannot change",
		.cause = "the ring has a back end",
		.remedy = "stop it first: VHOST_NET_SET_BACKEND with fd -1",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_NET_SET_BACKEND%*ENOTSOCK",
		.meaning = "the back end of a ring is no tap",
		.cause =
			"the fd is of another kind, or its number is another one than where it was "
			"opened",
		.remedy = "ls -l /proc/PID/fd",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_NET_SET_BACKEND%*EBADFD",
		.meaning = "the tap of a ring is gone",
		.cause = LINK_GONE,
		.remedy = "open the tap again",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_NET_SET_BACKEND%*EFAULT",
		.meaning = "vhost cannot reach a ring's memory",
		.cause = "its addresses were not set, or are outside of the memory table",
		.remedy = "set VHOST_SET_MEM_TABLE and VHOST_SET_VRING_ADDR first",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_VSOCK_SET_GUEST_CID%*EADDRINUSE",
		.meaning = "another guest on this host has this CID",
		.cause = "a CID is taken as long as somebody has the vhost fd open",
		.remedy = "choose another one, from 3 on",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_VSOCK_SET_GUEST_CID%*EINVAL",
		.meaning = "the kernel does not accept this CID",
		.cause = "a guest's CID is 3 to 4294967294",
		.remedy = "choose another one, from 3 on",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_SET_LOG_BASE%*ENOTTY",
		.meaning =
			"this device keeps no dirty log, so its guest cannot be migrated while it "
			"runs",
		.cause = "vhost-vdpa has none",
		.remedy = "migrate it paused, or with QEMU's x-svq=on",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_GET_FEATURES_ARRAY%*= -1 E",
		.meaning = "this kernel's vhost has 64 feature bits",
		.cause =
			"it is older than Linux 6.17; an unknown call has EPERM before VHOST_SET_OWNER",
		.remedy = "none is needed: launchers go on with VHOST_GET_FEATURES",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_NEW_WORKER%*= -1 ENOTTY",
		.meaning = "this vhost device has one worker",
		.cause = "only vhost-scsi can have several, since Linux 6.4",
		.remedy = "none is needed: a vhost-net device has one worker for each queue pair",
	},
	{
		.source = "Linux",
		.pattern = "VHOST_%*EPERM",
		.meaning = "this process is not the owner of the vhost fd",
		.cause = OWNER,
		.remedy =
			"call VHOST_SET_OWNER in the process that runs the device; vhostctl setup "
			"never calls it",
	},
	{
		.source = "Linux",
		.pattern = "TUNSETIFF%*EINVAL",
		.meaning = "the tap is there, and is not the kind of tap that was asked for",
		.cause =
			"IFF_MULTI_QUEUE must be as it was when the tap was created; or it is a tun, "
			"or no tap at all",
		.remedy = "ip -d link show",
	},
	{
		.source = "Linux",
		.pattern = "TUNSETIFF%*EBUSY",
		.meaning = "all queues of the tap are taken",
		.cause = "another process has it open",
		.remedy = "grep -l '^iff:' /proc/[0-9]*/fdinfo/* lists who has a tap",
	},
	{
		.source = "Linux",
		.pattern = "TUNSETIFF%*EPERM",
		.meaning = "this user may not create or use the tap",
		.cause =
			"it is another user's, or there is none, and only CAP_NET_ADMIN creates one",
		.remedy = "ip tuntap add dev NAME mode tap multi_queue vnet_hdr user USER",
	},
	{
		.source = "Linux",
		.pattern = "TUN%*EBADFD",
		.meaning = "the tap of this fd is gone",
		.cause = LINK_GONE,
		.remedy = "open the tap again",
	},
};

const struct explain_rows explain_kernel = { rows, DOC_COUNT(rows) };
