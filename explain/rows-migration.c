/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages: migration, and the features that it is about. */
#include "rows.h"

#define BEFORE                                                                                        \
	"before the next attempt, at the source: vhostctl dump PID --json | vhostctl check - --host " \
	"CAPS"
#define CONTINUE "if the source is paused, cont in its monitor continues the guest"

static const struct explain_row rows[] = {
	{
		.source = "QEMU",
		.pattern = "Features 0x%x unsupported. Allowed features: 0x%x",
		.meaning =
			"the guest uses features that this destination does not offer, so it cannot "
			"run here: %b",
		.cause = "the kernel, QEMU or its options are others than at the source, where the "
			 "guest negotiated them",
		.remedy =
			"move it to a host that has them; or restart the guest with the options that "
			"vhostctl mask --baseline CAPS prints, of the destination's vhostctl caps "
			"--json: a mask does not change a guest that runs",
		.bits = EXPLAIN_MISSING,
	},
	{
		.source = "QEMU",
		.pattern = "vhost lacks feature mask 0x%x for backend",
		.meaning = "vhost lacks features that QEMU must have: %b",
		.cause = "virtio_net_hdr: the tap has no virtio-net header; protocol_features: a "
			 "vhost-user back end that has none; others: an old kernel",
		.remedy =
			"vhostctl caps; a tap is made with: ip tuntap add dev NAME mode tap vnet_hdr",
		.bits = EXPLAIN_LACKS,
	},
	{
		.source = "QEMU, an old version",
		.pattern = "vhost lacks feature mask %d for backend",
		.meaning = "vhost lacks features that QEMU must have: %b",
		.cause = "virtio_net_hdr: the tap has no virtio-net header; protocol_features: a "
			 "vhost-user back end that has none; others: an old kernel",
		.remedy =
			"vhostctl caps; a tap is made with: ip tuntap add dev NAME mode tap vnet_hdr",
		.bits = EXPLAIN_LACKS,
	},
	{
		.source = "QEMU",
		.pattern = "Failed to load %w:virtio",
		.meaning = "the destination could not take the state of a %1 device",
		.cause =
			"the message before this one has it: mostly, features that the destination "
			"does not offer",
		.remedy = "vhostctl explain - < LOG; " BEFORE,
		.in_log = BEFORE,
	},
	{
		.source = "QEMU",
		.pattern = "error while loading state for instance 0x%x of device '%*'",
		.meaning = "the destination could not take the state of the device that the "
			   "message names",
		.cause = "the message before this one has it: mostly, the device has other "
			 "options or features there than at the source",
		.remedy = "vhostctl explain - < LOG; " BEFORE,
		.in_log = BEFORE,
	},
	{
		.source = "QEMU",
		.pattern =
			"VQ %d size 0x%x Guest index 0x%x inconsistent with Host index 0x%x: delta",
		.meaning =
			"ring %1 does not go on at the destination: from the place that was "
			"migrated, 0x%4, to the guest's, 0x%3, are more entries than the ring has",
		.cause =
			"the place and the guest's memory are of different times: pages are missing "
			"that were written last, or the guest, or vhost, ran on while its state was "
			"saved",
		.remedy = "restart the guest, or in it, unload the device's driver and load it "
			  "again; report it with the versions of QEMU and Linux of both hosts",
	},
	{
		.source = "QEMU",
		.pattern = "virtio-net: saved image requires vnet_hdr=on",
		.meaning =
			"the destination's netdev has no virtio-net header, and the source's has",
		.cause =
			"the tap there was created without vnet_hdr, vnet_hdr=off was given, or it "
			"is a netdev of a kind that has no such header",
		.remedy =
			"ip tuntap add dev NAME mode tap vnet_hdr user USER, and no vnet_hdr=off; "
			"vhostctl doctor --link NAME",
	},
	{
		.source = "QEMU",
		.pattern = "virtio-net: saved image requires TUN_F_UFO support",
		.meaning = "the destination's netdev takes no fragmentation of UDP (UFO), and the "
			   "source's does",
		.cause = "it is of a kind that does not, its tap has no virtio-net header, or that "
			 "kernel's taps do not take it",
		.remedy =
			"use a tap at both, with vnet_hdr: ip tuntap add dev NAME mode tap vnet_hdr "
			"user USER; update the destination's kernel",
	},
	{
		.source = "QEMU",
		.pattern = "virtio-net: curr_queue_pairs %x > max_queue_pairs %x",
		.meaning = "the guest uses 0x%1 queue pairs, and the destination's device has 0x%2",
		.cause = "its netdev was given fewer queues than the source's",
		.remedy = "start the destination with the queues= of the source's -netdev, and the "
			  "same mq= and vectors= of its -device",
	},
	{
		.source = "QEMU",
		.pattern = "load of migration failed: ",
		.meaning = "the migration has failed at the destination, which ends; the guest may "
			   "still run at the source",
		.cause = "the messages before this one have it",
		.remedy = "vhostctl explain - < LOG; " CONTINUE,
		.in_log = CONTINUE,
	},
	{
		.source = "QEMU",
		.pattern = "Migration disabled: vhost lacks VHOST_F_LOG_ALL feature",
		.meaning = "this guest cannot be migrated while it runs",
		.cause = "the vhost device keeps no dirty log, so nobody would know which pages it "
			 "wrote",
		.remedy =
			"use a device that has log_all, or migrate the guest without vhost: vhostctl "
			"caps shows what the kernel has",
	},
	{
		.source = "QEMU",
		.pattern = "Migration disabled: vhost-user backend lacks "
			   "VHOST_USER_PROTOCOL_F_LOG_SHMFD feature",
		.meaning = "this guest cannot be migrated while it runs",
		.cause =
			"the vhost-user back end cannot write the dirty log, which is shared memory",
		.remedy = "use a back end that can, such as kernel vhost-net",
	},
	{
		.source = "QEMU",
		.pattern = "Migration disabled: vhost-vdpa uses CVQ",
		.meaning = "this guest cannot be migrated while it runs",
		.cause = "its vDPA device runs the control queue itself, so QEMU does not see what "
			 "the guest set there",
		.remedy =
			"start the guest with -netdev vhost-vdpa,x-svq=on,..., which lets QEMU see it",
	},
	{
		.source = "QEMU",
		.pattern = "vhost-scsi does not support migration",
		.meaning = "a guest with this vhost-scsi device cannot be migrated",
		.cause =
			"the targets and their reservations are outside of QEMU, which cannot know "
			"whether the destination has the same",
		.remedy = "where both hosts have the same target: -device "
			  "vhost-scsi-pci,migratable=on,...",
	},
	{
		.source = "QEMU",
		.pattern = "Trying to set extended features without kernel support",
		.meaning =
			"the guest negotiated features from bit 64 on, and this kernel's vhost takes "
			"64 bits only",
		.cause = "segmentation in UDP tunnels needs Linux 6.17 or later",
		.remedy = "start the guest with -device "
			  "virtio-net-pci,guest_tunnel=off,host_tunnel=off,...",
	},
};

const struct explain_rows explain_migration = { rows, DOC_COUNT(rows) };
