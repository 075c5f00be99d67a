/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of QEMU: memory, rings, and devices other than taps. */
#include "rows.h"

#define SLOTS                                                                                           \
	"the module vhost takes 64 regions of memory, unless max_mem_regions says otherwise, and each " \
	"piece of hot-plugged memory is one"

#define NO_EVENTFD                                                            \
	"an eventfd could not be had, for EMFILE because QEMU " EXPLAIN_FILES \
	"; or KVM, if there is "                                              \
	"one, did not take it"

static const struct explain_row rows[] = {
	{
		.source = "QEMU 7.2",
		.pattern = "a used vhost backend has no free memory slots left",
		.meaning =
			"this memory cannot be plugged in: vhost has no room for one more region",
		.cause = SLOTS,
		.remedy = EXPLAIN_MORE_REGIONS,
	},
	{
		.source = "QEMU 10 and later",
		.pattern = "a used vhost backend has not enough free memory slots left",
		.meaning =
			"this memory cannot be plugged in: vhost has no room for as many regions",
		.cause = SLOTS,
		.remedy = EXPLAIN_MORE_REGIONS,
	},
	{
		.source = "QEMU 10 and later",
		.pattern =
			"vhost backend memory slots limit (%d) is less than current number of used "
			"(%d)",
		.meaning =
			"this vhost device cannot be added: the guest has %2 regions of memory, and "
			"it takes %1",
		.cause = SLOTS,
		.remedy = EXPLAIN_MORE_REGIONS,
	},
	{
		.source = "QEMU up to 7.2",
		.pattern =
			"vhost backend memory slots limit is less than current number of present "
			"memory slots",
		.meaning =
			"this vhost device cannot be added: the guest has more regions of memory "
			"than it takes",
		.cause = SLOTS,
		.remedy = EXPLAIN_MORE_REGIONS,
	},
	{
		.source = "QEMU",
		.pattern = "hypervisor has no free memory slots left",
		.meaning = "this memory cannot be plugged in: KVM has no room for one more region",
		.cause =
			"the limit is KVM's, not vhost's; vhost.max_mem_regions does not change it",
		.remedy = "plug in fewer and larger pieces of memory",
	},
	{
		.source = "QEMU",
		.pattern = "Unable to map available ring for ring %d",
		.meaning = "ring %1 is not where the guest has memory",
		.cause =
			"the guest started the device without setting that ring up, as firmware does "
			"with the control and event rings of vhost-scsi; or its driver is at fault",
		.remedy = "update QEMU and the guest's firmware; boot from another device than "
			  "vhost-scsi",
	},
	{
		.source = "QEMU",
		.pattern = "Verify ring failure on region %d",
		.meaning = "region %1 of the guest's memory has a ring and would be moved under a "
			   "running device",
		.cause =
			"the guest changed its memory map, mostly its firmware, while the device ran",
		.remedy = "update QEMU and the guest's firmware",
	},
	{
		.source = "QEMU",
		.pattern = "Property 'virtio-net-device.vectors' not found",
		.meaning = "vectors= was given for a device that is not on PCI",
		.cause =
			"only PCI devices have MSI-X vectors; a microvm's virtio-mmio device has one "
			"interrupt",
		.remedy = "leave out vectors=, or use virtio-net-pci",
	},
	{
		.source = "QEMU",
		.pattern = "Property 'virtio-net-%w' not found",
		.meaning = "this QEMU's virtio-net device has no such property",
		.cause = "the property is of a newer QEMU, or is misspelt",
		.remedy = "vhostctl mask --baseline CAPS --qemu RELEASE prints only what that "
			  "release has; qemu-system-x86_64 -device virtio-net-pci,help lists all",
	},
	{
		.source = "QEMU",
		.pattern = "VQ %d notifier binding failed: %e",
		.meaning = "vhost does not start, as a kick of ring %1 would not reach it: %2",
		.cause = NO_EVENTFD " (KVM_IOEVENTFD)",
		.remedy = "for EMFILE: " EXPLAIN_MORE_FILES,
	},
	{
		.source = "QEMU",
		.pattern = "Error binding guest notifier: %e",
		.meaning = "vhost does not start, as its interrupts would not reach the guest: %1",
		.cause = NO_EVENTFD " (KVM_IRQFD)",
		.remedy = "for EMFILE: " EXPLAIN_MORE_FILES,
	},
	{
		.source = "QEMU",
		.pattern = "_ioeventfd: failed. Fallback to userspace (slower).",
		.meaning = "each kick of a virtio device makes a CPU of the guest wait for QEMU",
		.cause = NO_EVENTFD "; the message before this one, if there is one, has the errno",
		.remedy = "for EMFILE: " EXPLAIN_MORE_FILES,
	},
	{
		.source = "QEMU",
		.pattern = "vhost vring error in virtqueue %d: ",
		.meaning = "vhost, or the back end, found something in ring %1 that it cannot use; "
			   "the errno is always this one",
		.cause = "the guest's driver wrote what is not valid there, or named memory that "
			 "is not the guest's, or is behind its IOMMU and no longer mapped, as at a "
			 "restart",
		.remedy = "if it comes only when the guest restarts, none is needed; vhostctl "
			  "status PID; update the guest's kernel",
	},
	{
		.source = "QEMU",
		.pattern = "unable to restart vhost net virtqueue: %d, when resetting the queue",
		.meaning = "the guest reset ring %1 alone, and vhost could not start it again: its "
			   "queue pair stops",
		.cause = "the message before this one has the call that failed, where one did",
		.remedy = "restart the guest with -device virtio-net-pci,queue_reset=off,...: its "
			  "driver then resets the whole device",
	},
	{
		.source = "QEMU 10",
		.pattern = "Invalid tx_queue_size (= %d)",
		.meaning = "a transmit ring of this size is not possible here",
		.cause =
			"with vhost-net it is 256; only vhost-user and vDPA may have more, up to 1024",
		.remedy = "leave out tx_queue_size=",
	},
	{
		.source = "QEMU",
		.pattern = "Invalid rx_queue_size (= %d)",
		.meaning = "a receive ring of this size is not possible",
		.cause = "it is a power of two from 256 to 1024",
		.remedy = "rx_queue_size=1024, or 512 or 256",
	},
	{
		.source = "QEMU",
		.pattern =
			"VIRTIO_F_IOMMU_PLATFORM was supported by neither legacy nor transitional "
			"device",
		.meaning = "iommu_platform=on was given for a device that older drivers can use",
		.cause = "a driver of virtio 0.9 does not know of an IOMMU",
		.remedy =
			"-device virtio-net-pci,disable-legacy=on,iommu_platform=on,...; with vhost "
			"it is slow",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-vsock: unable to set guest cid: Address already in use",
		.meaning = "another guest on this host has this CID",
		.cause =
			"a CID is taken as long as somebody has the vhost fd open, in any container; "
			"a nested host's own CID is taken, too",
		.remedy = "choose another guest-cid; with \"cid\": \"auto\" in a vhost-setup(5) "
			  "config, vhostctl finds one",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-vsock: unable to set guest cid: Invalid argument",
		.meaning = "the kernel does not accept this CID",
		.cause = "a guest's CID is 3 to 4294967294",
		.remedy = "-device vhost-vsock-pci,guest-cid=3,...",
	},
	{
		.source = "QEMU",
		.pattern = "guest-cid property must be greater than 2",
		.meaning = "the CID is too small, or was not given",
		.cause = "0, 1 and 2 are the hypervisor, the own host and the host",
		.remedy = "-device vhost-vsock-pci,guest-cid=3,...",
	},
	{
		.source = "QEMU",
		.pattern = "guest-cid property must be a 32-bit number",
		.meaning = "the CID is too large",
		.cause = "a guest's CID is 3 to 4294967294",
		.remedy = "-device vhost-vsock-pci,guest-cid=3,...",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-vsock: unable to parse vhostfd: ",
		.meaning = "vhostfd= is no fd of this process",
		.cause = "it is a number of an fd that is closed, or a name that no getfd gave",
		.remedy = "vhostctl setup CONFIG -- LAUNCHER opens it, and fills in the launcher's "
			  "options",
	},
	{
		.source = "QEMU",
		.pattern = "'vhost-vsock-pci-transitional' is not a valid device model name",
		.meaning = "this QEMU has no transitional vsock device",
		.cause = "vsock needs virtio 1.0, so newer versions do not have it",
		.remedy =
			"-device vhost-vsock-pci,...; with libvirt, model 'virtio-non-transitional'",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-scsi: missing wwpn",
		.meaning = "the vhost-scsi device has no target",
		.cause = "wwpn= names the target of the kernel that it is for",
		.remedy =
			"-device vhost-scsi-pci,wwpn=naa.N,..., with a target that targetcli made",
	},
	{
		.source = "QEMU's monitor",
		.pattern = "vhost device has not started yet",
		.meaning = "vhost does not run this device now",
		.cause =
			"vhost is off, the guest is stopped, or its driver has not started the device",
		.remedy = "vhostctl list; cont in the monitor, if the guest is stopped",
	},
	{
		.source = "QEMU's monitor",
		.pattern = "Invalid vhost virtqueue number %d",
		.meaning = "QEMU says nothing of ring %1",
		.cause = "of a device with several queue pairs, it shows the first one only",
		.remedy = "vhostctl status PID shows all rings",
	},
	{
		.source = "QEMU's monitor",
		.pattern = " is not a VirtIODevice",
		.meaning = "the path is of no virtio device",
		.cause =
			"of a device on PCI, the virtio device is one level below: PATH/virtio-backend",
		.remedy = "x-query-virtio lists the paths; vhostctl dump --qmp SOCKET needs none",
	},
	{
		.source = "QEMU's monitor",
		.pattern = " is not a realized VirtIODevice",
		.meaning = "the path is of no virtio device",
		.cause =
			"of a device on PCI, the virtio device is one level below: PATH/virtio-backend",
		.remedy = "x-query-virtio lists the paths; vhostctl dump --qmp SOCKET needs none",
	},
};

const struct explain_rows explain_qemu = { rows, DOC_COUNT(rows) };
