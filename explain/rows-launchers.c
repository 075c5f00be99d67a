/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of libvirt, other hypervisors, Kubernetes and DPDK. */
#include "rows.h"

#define TAP_EINVAL                                                                                        \
	"it was created for one queue and several are wanted, or the reverse; or it is a tun, or no tap " \
	"at all"

static const struct explain_row rows[] = {
	{
		.source = "libvirt",
		.pattern = "vhost-net was requested for an interface, but is unavailable",
		.meaning =
			"the guest does not start: its XML requires vhost, and /dev/vhost-net does "
			"not open",
		.cause = "<driver name='vhost'> requires it; without a driver, libvirt goes on "
			 "without vhost, slowly",
		.remedy = "modprobe vhost_net; vhostctl doctor",
	},
	{
		.source = "libvirt",
		.pattern = "Unable to open vhost-net. Opened so far %d, requested %d",
		.meaning = "%1 of %2 queues have vhost; the others are slow",
		.cause = "/dev/vhost-net does not open, or there are too many open files",
		.remedy = "vhostctl doctor; <driver name='vhost'> makes it an error",
	},
	{
		.source = "libvirt",
		.pattern = "vhost-net is only supported for virtio network interfaces",
		.meaning = "<driver name='vhost'> was given for a network card of another model",
		.cause = "vhost runs the rings of virtio, and no other card has them",
		.remedy = "<model type='virtio'/>",
	},
	{
		.source = "libvirt",
		.pattern = "unable to open vhost-vsock device",
		.meaning = "/dev/vhost-vsock does not open",
		.cause = "the module is not loaded, or this user may not open the node",
		.remedy = "modprobe vhost_vsock; vhostctl doctor",
	},
	{
		.source = "libvirt",
		.pattern = "Unable to create tap device %w: Invalid argument",
		.meaning = "%1 is there, and is not the kind of tap that was asked for",
		.cause = TAP_EINVAL " (<driver queues='N'/>)",
		.remedy = "ip -d link show %1; then ip tuntap del dev %1 mode tap",
	},
	{
		.source = "libvirt",
		.pattern = "Unable to create multiple fds for tap device %w",
		.meaning = "%1 is there, with one queue, and several are wanted",
		.cause = "a tap has several only if it was created with multi_queue",
		.remedy =
			"ip tuntap del dev %1 mode tap; ip tuntap add dev %1 mode tap multi_queue "
			"vnet_hdr user USER",
	},
	{
		.source = "libvirt",
		.pattern = "Ignoring multiqueue network request",
		.meaning = "the guest gets one queue, although more were asked for",
		.cause = "without privilege, libvirt gets its tap from qemu-bridge-helper, which "
			 "opens one queue",
		.remedy = "use qemu:///system, or a tap that is there: <target dev='NAME' "
			  "managed='no'/>",
	},
	{
		.source = "Cloud Hypervisor",
		.pattern =
			"Number of queues (%d) to virtio_net does not match the number of FDs (%d)",
		.meaning = "num_queues=%1 and %2 fds do not go together",
		.cause =
			"num_queues= counts receive and transmit rings: it is twice the number of fds",
		.remedy = "--net fd=[A,B],num_queues=4",
	},
	{
		.source = "Cloud Hypervisor",
		.pattern = "Reserved fd number (<= 2)",
		.meaning = "fd= was given 0, 1 or 2",
		.cause = "these are stdin, stdout and stderr",
		.remedy = "open the tap as fd 3 or higher; vhostctl setup CONFIG -- LAUNCHER does",
	},
	{
		.source = "Cloud Hypervisor",
		.pattern = "Using vhost-user requires using shared memory or huge pages",
		.meaning = "the back end could not see the guest's memory",
		.cause = "the memory is not shared with other processes",
		.remedy = "--memory size=SIZE,shared=on",
	},
	{
		.source = "Cloud Hypervisor",
		.pattern = "MigrationNotSupported",
		.meaning = "the guest has a device that cannot be migrated",
		.cause = "its back end cannot be stopped and saved, or keeps no dirty log",
		.remedy = "remove that device before the migration",
	},
	{
		.source = "Cloud Hypervisor",
		.pattern = "CreateTap(Os { code: 22",
		.meaning = "the tap is there, and is not the kind of tap that was asked for",
		.cause = TAP_EINVAL " (num_queues=, which is twice the number of queues)",
		.remedy =
			"ip -d link show; ip tuntap add dev NAME mode tap multi_queue vnet_hdr user "
			"USER",
	},
	{
		.source = "Cloud Hypervisor",
		.pattern = "TapError(IoctlError(%*code: 25,",
		.meaning = "what was given as a tap is none",
		.cause =
			"the fd is of another kind, or its number is another one than where it was opened",
		.remedy = "ls -l /proc/PID/fd; the shell opens a macvtap with 3<>/dev/tapN",
	},
	{
		.source = "Firecracker",
		.pattern = "VhostOpen(%*code: 19,",
		.meaning = "the vhost node is there, and its driver is not",
		.cause = "the module is not loaded, or the kernel does not have it",
		.remedy = "modprobe vhost_vsock vhost_net",
	},
	{
		.source = "Firecracker",
		.pattern = "VhostOpen(%*code: 13,",
		.meaning = "this user may not open the vhost node",
		.cause = "the node's owner, group or mode does not let it",
		.remedy = "usermod -aG kvm USER; vhostctl doctor --user USER says more",
	},
	{
		.source = "Firecracker",
		.pattern = "TapOpen(IoctlError(%*code: 16,",
		.meaning = "all queues of the tap are taken",
		.cause = "another process has it open",
		.remedy = "grep -l '^iff:' /proc/[0-9]*/fdinfo/* lists who has a tap",
	},
	{
		.source = "Firecracker",
		.pattern = "TapOpen(IoctlError(%*code: 1,",
		.meaning = "this user may not use the tap",
		.cause = "it is another user's, or is not in this network namespace",
		.remedy = "ip tuntap add dev NAME mode tap user USER",
	},
	{
		.source = "Firecracker",
		.pattern = "TapOpen(IoctlError(%*code: 22,",
		.meaning = "the tap is there, and is not the kind of tap that was asked for",
		.cause =
			"Firecracker takes a tap of one queue, and it was created with multi_queue; "
			"or it is a tun",
		.remedy =
			"ip tuntap del dev NAME mode tap multi_queue; ip tuntap add dev NAME mode "
			"tap user USER",
	},
	{
		.source = "Kata Containers",
		.pattern = "Could not setup vhost fds %w : open /dev/vhost-net: ",
		.meaning = "the sandbox does not start: /dev/vhost-net does not open for %1",
		.cause =
			"the module is not loaded, or a device cgroup or the node's mode refuses it",
		.remedy = "modprobe vhost_net on the node; or disable_vhost_net = true in Kata's "
			  "configuration",
	},
	{
		.source = "Kubernetes",
		.pattern = "Insufficient devices.kubevirt.io/vhost-net",
		.meaning = "no node has a vhost-net device to give",
		.cause = "the module is not loaded on the nodes, or all devices that virt-handler "
			 "offers are taken",
		.remedy = "modprobe vhost_net on each node, for good: echo vhost_net > "
			  "/etc/modules-load.d/vhost.conf",
	},
	{
		.source = "DPDK",
		.pattern = "(%w) backend set up fails",
		.meaning = "the virtio-user device with path=%1 was not created",
		.cause = "the message before this one has it: mostly the tap, or %1 does not open",
		.remedy = "vhostctl doctor",
	},
	{
		.source = "DPDK",
		.pattern = "(%w) Failed to setup backend",
		.meaning = "the virtio-user device with path=%1 was not created",
		.cause = "the message before this one has it: mostly the tap, or %1 does not open",
		.remedy = "vhostctl doctor",
	},
	{
		.source = "DPDK",
		.pattern = "tap %w does not support multi queue",
		.meaning = "%1 is there, with one queue, and queues= asks for several",
		.cause = "a tap has several only if it was created with multi_queue",
		.remedy =
			"ip tuntap del dev %1 mode tap; ip tuntap add dev %1 mode tap multi_queue "
			"vnet_hdr user USER",
	},
	{
		.source = "DPDK",
		.pattern = "TAP does not support IFF_VNET_HDR",
		.meaning = "this kernel's taps have no virtio-net header",
		.cause = "they all have it since Linux 2.6.27: the fd is no tap",
		.remedy = "vhostctl doctor",
	},
	{
		.source = "DPDK",
		.pattern = "VHOST_NET_SET_BACKEND fails",
		.meaning = "vhost does not take the tap as its back end, so no frames move",
		.cause =
			"the tap was deleted, is no tap with a virtio-net header, or the rings are "
			"not set up",
		.remedy = "ip -d link show; create the tap again with vnet_hdr",
	},
	{
		.source = "DPDK",
		.pattern = "IOTLB_MSG_V2 not supported by the backend",
		.meaning = "the vDPA device is not used",
		.cause = "its kernel driver does not have the second version of IOTLB messages",
		.remedy = "update the kernel of this host",
	},
};

const struct explain_rows explain_launchers = { rows, DOC_COUNT(rows) };
