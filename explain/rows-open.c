/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages: a device node does not open, or there is no vhost. */
#include "rows.h"

#define NO_NODE \
	"there is no such device node: the module is not loaded, or a container has no /dev of the host"
#define NO_DRIVER \
	"the node is there and its driver is not: the kernel does not have it, or may not load it"
#define NO_RIGHT "the node's owner, group or mode does not let this user open it"
#define NO_MODULE                                                                                      \
	"the kernel was updated and the host was not restarted, so that its own modules are gone; or " \
	"the module is in a package that is not here; or this is a container"
#define REFUSED	  "a device cgroup, a security module or a seccomp filter refuses it"
#define VHOST_OFF "vhost is off from here on: QEMU itself moves the frames, several times slower"

static const struct explain_row rows[] = {
	{
		.source = "QEMU up to 10",
		.pattern = "tap: open vhost char device failed: Permission denied",
		.meaning =
			"/dev/vhost-net does not open; QEMU 7.2 then aborts, older ones run without "
			"vhost, slowly",
		.cause = NO_RIGHT,
		.remedy = "usermod -aG kvm USER; vhostctl doctor --user USER says more",
	},
	{
		.source = "QEMU up to 10",
		.pattern = "tap: open vhost char device failed: No such file or directory",
		.meaning =
			"/dev/vhost-net does not open; QEMU 7.2 then aborts, older ones run without "
			"vhost, slowly",
		.cause = NO_NODE,
		.remedy = "modprobe vhost_net",
	},
	{
		.source = "QEMU up to 10",
		.pattern = "tap: open vhost char device failed: No such device",
		.meaning =
			"/dev/vhost-net does not open; QEMU 7.2 then aborts, older ones run without "
			"vhost, slowly",
		.cause = NO_DRIVER,
		.remedy = "modprobe vhost_net",
	},
	{
		.source = "QEMU up to 10",
		.pattern = "tap: open vhost char device failed: ",
		.meaning =
			"/dev/vhost-net does not open; QEMU 7.2 then aborts, older ones run without "
			"vhost, slowly",
		.cause = REFUSED ", or there are too many open files",
		.remedy = "vhostctl doctor",
	},
	{
		.source = "QEMU 7.2",
		.pattern = "net_client_init1: Assertion `nc' failed",
		.meaning = "QEMU aborts because vhost could not be set up",
		.cause = "the message before this one has it: /dev/vhost-net does not open, or the "
			 "vhost fd has an owner; that QEMU aborts instead of ending is its fault, "
			 "mended in later versions",
		.remedy = "vhostctl doctor",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-net requested but could not be initialized",
		.meaning = "vhost could not be set up for this netdev",
		.cause =
			"the message before this one has it; without one, a feature that the tap or "
			"the kernel lacks",
		.remedy = "vhostctl doctor",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-net support is not compiled in",
		.meaning = "this QEMU can run no vhost-net device",
		.cause = "it was built without vhost, as for a host that is not Linux",
		.remedy = "install the QEMU of your distribution, or leave out vhost=on",
	},
	{
		.source = "QEMU",
		.pattern = "unable to start vhost net: 24: falling back on userspace virtio",
		.meaning = VHOST_OFF ": there are too many open files (EMFILE)",
		.cause =
			"each ring needs eventfds when the guest's driver starts, and QEMU " EXPLAIN_FILES,
		.remedy = EXPLAIN_MORE_FILES,
	},
	{
		.source = "QEMU",
		.pattern = "unable to start vhost net: %e: falling back on userspace virtio",
		.meaning = VHOST_OFF ": %1",
		.cause =
			"a call into vhost failed when the guest's driver started, mostly for memory "
			"that is not shared (vhost-user), too many memory regions, or a vhost fd of "
			"another process",
		.remedy = "vhostctl explain - < LOG: the message before this one names "
			  "the call",
		.in_log = "the message before this one names the call; where there is none: strace "
			  "-f -e ioctl LAUNCHER 2>&1 | vhostctl explain -",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-vsock: failed to open vhost device: Permission denied",
		.meaning = "/dev/vhost-vsock does not open",
		.cause = NO_RIGHT,
		.remedy = "usermod -aG kvm USER; vhostctl doctor --user USER says more",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-vsock: failed to open vhost device",
		.meaning = "/dev/vhost-vsock does not open",
		.cause = NO_NODE ", or " NO_DRIVER,
		.remedy = "modprobe vhost_vsock",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-scsi: open vhost char device failed: ",
		.meaning = "/dev/vhost-scsi does not open",
		.cause = NO_NODE ", or " NO_RIGHT,
		.remedy = "modprobe vhost_scsi",
	},
	{
		.source = "modprobe",
		.pattern = "Module vhost_%w not found in directory",
		.meaning = "the module vhost_%1 of the kernel that runs is not installed",
		.cause = NO_MODULE,
		.remedy =
			"uname -r; ls /lib/modules; restart the host, or install the modules of its kernel",
	},
	{
		.source = "modprobe",
		.pattern = "Module tun not found in directory",
		.meaning = "the module tun of the kernel that runs is not installed",
		.cause = NO_MODULE,
		.remedy =
			"uname -r; ls /lib/modules; restart the host, or install the modules of its kernel",
	},
	{
		.source = "modprobe",
		.pattern = "could not insert 'vhost_vsock': Device or resource busy",
		.meaning = "vhost_vsock cannot be loaded beside another module for vsock",
		.cause =
			"before Linux 5.5 there is one transport of vsock at a time, and this host has the one of a "
			"guest, such as that of VMware",
		.remedy =
			"rmmod vmw_vsock_vmci_transport, or vmw_vsock_virtio_transport; modprobe vhost_vsock",
	},
	{
		.source = "qemu-bridge-helper",
		.pattern = "failed to create tun device: Operation not permitted",
		.meaning = "the helper may not create a tap",
		.cause = "it has to be setuid root, or to have CAP_NET_ADMIN, and is run without",
		.remedy =
			"ls -l /usr/lib/qemu/qemu-bridge-helper; chmod u+s on it, where the distribution wants that",
	},
	{
		.source = "qemu-bridge-helper",
		.pattern = "access denied by acl file",
		.meaning = "the helper may not attach a tap to this bridge",
		.cause =
			"the bridge is not allowed in /etc/qemu/bridge.conf, or in a file that it includes",
		.remedy = "echo allow BRIDGE >> /etc/qemu/bridge.conf",
	},
	{
		.source = "QEMU",
		.pattern = "bridge helper failed",
		.meaning = "qemu-bridge-helper did not give QEMU a tap",
		.cause = "the message before this one, of the helper, has it",
		.remedy = "vhostctl explain - < LOG",
	},
	{
		.source = "LXD and Incus",
		.pattern = "vhost_vsock kernel module not loaded",
		.meaning =
			"this host cannot run guests under LXD or Incus, which reach them over vsock",
		.cause = "vhost_vsock is not loaded, or the kernel does not have it",
		.remedy = "modprobe vhost_vsock; vhostctl doctor",
	},
};

const struct explain_rows explain_open = { rows, DOC_COUNT(rows) };
