/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of messages: each row is what explains a line that a program printed, and says something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "explain.h"
#include "match.h"

/* One line for each row, in the order of the table. */
static const char *const lines[] = {
	/* migration */
	"qemu-system-x86_64: Features 0x1c0010130afffaf unsupported. Allowed features: 0x10179bfffef",
	"vhost lacks feature mask 0x40000000 for backend",
	"vhost lacks feature mask 134217728 for backend",
	"qemu-system-x86_64: Failed to load virtio-net:virtio",
	"qemu-system-x86_64: error while loading state for instance 0x0 of device '0000:00:03.0/virtio-net'",
	"qemu-system-x86_64: VQ 0 size 0x100 Guest index 0x5a5a inconsistent with Host index 0x0: delta 0x5a5a",
	"qemu-system-x86_64: virtio-net: saved image requires vnet_hdr=on",
	"qemu-system-x86_64: virtio-net: saved image requires TUN_F_UFO support",
	"qemu-system-x86_64: virtio-net: curr_queue_pairs 4 > max_queue_pairs 1",
	"qemu-system-x86_64: load of migration failed: Operation not permitted",
	"Error: Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.",
	"Error: Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.",
	"Error: Migration disabled: vhost-vdpa uses CVQ.",
	"qemu-system-x86_64: vhost-scsi does not support migration in all cases. When external "
	"environment supports migration, set 'migratable' property to true",
	"qemu-system-x86_64: Trying to set extended features without kernel support",
	/* open */
	"qemu-system-x86_64: -netdev tap,id=n0,vhost=on: warning: tap: open vhost char device failed: "
	"Permission denied",
	"qemu-system-x86_64: -netdev tap,id=n0,vhost=on: tap: open vhost char device failed: No such "
	"file or directory",
	"qemu-system-x86_64: -netdev tap,id=n0,vhost=on: tap: open vhost char device failed: No such device",
	"qemu-system-x86_64: -netdev tap,id=n0: tap: open vhost char device failed: Operation not permitted",
	"qemu-system-x86_64: ../../net/net.c:1131: net_client_init1: Assertion `nc' failed.",
	"qemu-system-x86_64: warning: vhost-net requested but could not be initialized",
	"qemu-system-x86_64: vhost-net support is not compiled in",
	"qemu-system-x86_64: unable to start vhost net: 24: falling back on userspace virtio",
	"qemu-system-x86_64: unable to start vhost net: 14: falling back on userspace virtio",
	"qemu-system-x86_64: -device vhost-vsock-pci: vhost-vsock: failed to open vhost device: "
	"Permission denied",
	"qemu-system-x86_64: -device vhost-vsock-pci: vhost-vsock: failed to open vhost device: No such "
	"file or directory",
	"qemu-system-x86_64: -device vhost-scsi-pci: vhost-scsi: open vhost char device failed: No such "
	"file or directory",
	"modprobe: FATAL: Module vhost_net not found in directory /lib/modules/6.1.0-1-amd64",
	"modprobe: FATAL: Module tun not found in directory /lib/modules/6.1.0-1-amd64",
	"modprobe: ERROR: could not insert 'vhost_vsock': Device or resource busy",
	"failed to create tun device: Operation not permitted",
	"access denied by acl file",
	"qemu-system-x86_64: -netdev bridge,id=n0: bridge helper failed",
	"Error: Failed instance creation: not supported on this server: vhost_vsock kernel module not loaded",
	/* fds */
	"qemu-system-x86_64: -netdev tap,id=n0: could not configure /dev/net/tun (tpA): Invalid argument",
	"qemu-system-x86_64: could not configure /dev/net/tun (tpA): Device or resource busy",
	"qemu-system-x86_64: could not configure /dev/net/tun (tpA): Operation not permitted",
	"qemu-system-x86_64: could not configure /dev/net/tun (tpM): Argument list too long",
	"qemu-system-x86_64: could not configure /dev/net/tun (tpM): No buffer space available",
	"The number of fds passed does not match the number of vhostfds passed",
	"qemu-system-x86_64: -netdev tap: expected 2 socket fds, got 1",
	"qemu-system-x86_64: vnet_hdr not consistent across given tap fds",
	"qemu-system-x86_64: Unable to query TUNGETIFF on FD 8: Inappropriate ioctl for device",
	"qemu-kvm: -netdev tap,fd=23: TUNGETIFF ioctl() failed: Operation not permitted",
	"qemu-system-x86_64: could not disable queue",
	"qemu-system-x86_64: ../../hw/net/virtio-net.c:747: virtio_net_set_queue_pairs: Assertion `!r' failed.",
	"qemu-system-x86_64: vhost_set_owner failed: Device or resource busy",
	"qemu-system-x86_64: vhost_set_owner failed: Inappropriate ioctl for device",
	"qemu-system-x86_64: -netdev tap,vhostfd=99: n0: Can't use file descriptor 3: Bad file descriptor",
	"qemu-system-x86_64: Can't set file descriptor 99 non-blocking: Bad file descriptor: Bad file "
	"descriptor",
	"qemu-system-x86_64: Failed to initialize virtqueue 0: Too many open files",
	"qemu-system-x86_64: vhostfd(s)= is not valid without vhost",
	"qemu-system-x86_64: vhostfd= is not valid without vhost",
	"qemu-system-x86_64: vhostfds= is invalid if fds= wasn't specified",
	"qemu-system-x86_64: ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, and vhostfd= are "
	"invalid with fds=",
	"qemu-system-x86_64: ifname=, script=, downscript=, vnet_hdr= are invalid with fd=/fds=/helper=",
	"qemu-system-x86_64: queues=, helper=, fds= and fd= are mutual exclusive",
	"Parameter 'fdname' expects a name not starting with a digit",
	/* qemu */
	"qemu-system-x86_64: -device pc-dimm,memdev=m0: a used vhost backend has no free memory slots left",
	"qemu-system-x86_64: -device pc-dimm: a used vhost backend has not enough free memory slots left",
	"qemu-system-x86_64: vhost backend memory slots limit (2) is less than current number of used (5) "
	"and reserved (0) memory slots for memory devices.",
	"vhost backend memory slots limit is less than current number of present memory slots",
	"Error: hypervisor has no free memory slots left",
	"qemu-system-x86_64: Unable to map available ring for ring 0",
	"qemu-system-x86_64: Verify ring failure on region 0",
	"qemu-system-x86_64: Property 'virtio-net-device.vectors' not found",
	"qemu-system-x86_64: Property 'virtio-net-pci.guest_tunnel_csum' not found",
	"qemu-system-x86_64: vhost VQ 0 notifier binding failed: -24",
	"qemu-system-x86_64: Error binding guest notifier: 24",
	"qemu-system-x86_64: virtio_bus_start_ioeventfd: failed. Fallback to userspace (slower).",
	"qemu-system-x86_64: vhost vring error in virtqueue 1: Invalid argument (22)",
	"qemu-system-x86_64: unable to restart vhost net virtqueue: 0, when resetting the queue",
	"qemu-system-x86_64: Invalid tx_queue_size (= 512), must be a power of 2 between 256 and 256",
	"qemu-system-x86_64: Invalid rx_queue_size (= 300), must be a power of 2 between 256 and 1024.",
	"VIRTIO_F_IOMMU_PLATFORM was supported by neither legacy nor transitional device",
	"qemu-system-x86_64: vhost-vsock: unable to set guest cid: Address already in use",
	"qemu-system-x86_64: vhost-vsock: unable to set guest cid: Invalid argument",
	"qemu-system-x86_64: -device vhost-vsock-pci: guest-cid property must be greater than 2",
	"qemu-system-x86_64: -device vhost-vsock-pci: guest-cid property must be a 32-bit number",
	"qemu-system-x86_64: vhost-vsock: unable to parse vhostfd: File descriptor named 'x' not found",
	"error: 'vhost-vsock-pci-transitional' is not a valid device model name",
	"qemu-system-x86_64: -device vhost-scsi-pci: vhost-scsi: missing wwpn",
	"{\"error\": {\"class\": \"GenericError\", \"desc\": \"Error: vhost device has not started yet\"}}",
	"{\"error\": {\"class\": \"GenericError\", \"desc\": \"Invalid vhost virtqueue number 2\"}}",
	"{\"error\": {\"desc\": \"Path /machine/peripheral/n is not a VirtIODevice\"}}",
	"{\"error\": {\"desc\": \"Path /machine/peripheral/n is not a realized VirtIODevice\"}}",
	/* user */
	"qemu: vhost VQ 0 ring restore failed: -22: Invalid argument (22)",
	"qemu: vhost VQ 0 ring restore failed: -2",
	"qemu: you are asking more queues than supported: 1",
	"qemu: failed to init vhost_net for queue 0",
	"qemu: Failed to set msg fds.",
	"qemu: Failed to write msg. Wrote -1 instead of 20.",
	"qemu: Failed to read msg header. Read -1 instead of 12. Original request 1.",
	"qemu: vhost_set_mem_table failed: Invalid argument (22)",
	"qemu: vhost_set_vring_call failed: Invalid argument (22)",
	"qemu: vhost_set_vring_kick failed: Input/output error (5)",
	/* launchers */
	"error: unsupported configuration: vhost-net was requested for an interface, but is unavailable",
	"Unable to open vhost-net. Opened so far 1, requested 4",
	"vhost-net is only supported for virtio network interfaces",
	"error: unable to open vhost-vsock device: No such file or directory",
	"error: Unable to create tap device tap0: Invalid argument",
	"Unable to create multiple fds for tap device tap0 (maybe existing device was created without "
	"multi_queue flag): Invalid argument",
	"warning: Ignoring multiqueue network request",
	"Number of queues (2) to virtio_net does not match the number of FDs (2)",
	"Reserved fd number (<= 2)",
	"Using vhost-user requires using shared memory or huge pages",
	"VmSendMigration(MigrationSend(MigrationNotSupported))",
	"CreateTap(Os { code: 22, kind: InvalidInput, message: \"Invalid argument\" })",
	"CreateVirtioNet(TapError(IoctlError(Os { code: 25, kind: Uncategorized, message: \"x\" })))",
	"VhostOpen(Os { code: 19, kind: Uncategorized, message: \"No such device\" })",
	"VhostOpen(Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" })",
	"TapOpen(IoctlError(Os { code: 16, kind: ResourceBusy, message: \"Device or resource busy\" }))",
	"TapOpen(IoctlError(Os { code: 1, kind: PermissionDenied, message: \"Operation not permitted\" }))",
	"TapOpen(IoctlError(Os { code: 22, kind: InvalidInput, message: \"Invalid argument\" }))",
	"Could not setup vhost fds eth0 : open /dev/vhost-net: operation not permitted",
	"0/3 nodes are available: 3 Insufficient devices.kubevirt.io/vhost-net.",
	"virtio_user_dev_init(): (/dev/vhost-net) backend set up fails",
	"virtio_user_dev_setup(): (/dev/vhost-net) Failed to setup backend",
	"tap_support_features(): tap tap0 does not support multi queue",
	"TAP does not support IFF_VNET_HDR",
	"VHOST_NET_SET_BACKEND fails, Bad file descriptor",
	"IOTLB_MSG_V2 not supported by the backend.",
	/* kernel */
	"audit: type=1400 audit(1.2:3): apparmor=\"DENIED\" operation=\"open\" profile=\"libvirt-1\" "
	"name=\"/dev/vhost-net\" pid=7 comm=\"qemu-system-x86\" requested_mask=\"wr\" denied_mask=\"wr\"",
	"apparmor=\"DENIED\" operation=\"open\" profile=\"lxd\" name=\"/dev/net/tun\" pid=7",
	"avc:  denied  { read write } for  pid=7 comm=\"qemu-kvm\" path=\"/dev/vhost-net\" dev=\"devtmpfs\"",
	"avc:  denied  { open } for  pid=7 comm=\"qemu-kvm\" path=\"/dev/vhost-vsock\" dev=\"devtmpfs\"",
	"avc:  denied  { attach_queue } for  pid=7 comm=\"qemu-kvm\" scontext=a:b:c:s0 tcontext=a:b:c:s0 "
	"tclass=tun_socket permissive=0",
	"tap0: unexpected GSO type: 0x0, gso_size 1357, hdr_len 1411",
	"ioctl(9, VHOST_GET_FEATURES_ARRAY, 0x7ffd) = -1 EPERM (Operation not permitted)",
};

static const struct explain_row *row_of(const char *line)
{
	const struct explain_row *row;
	struct match match;

	for (size_t i = 0; (row = explain_rows(i)); i++)
		if (match_find(row->pattern, line, strlen(line), &match))
			return row;
	return NULL;
}

static void each_row_explains_its_line(void **state)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct explain_row *row = row_of(lines[i]), *wanted = explain_rows(i);

		if (!wanted || row != wanted)
			fail_msg("\"%s\" is explained as \"%s\", not \"%s\"", lines[i],
				 row ? row->pattern : "-", wanted ? wanted->pattern : "-");
	}
	assert_null(explain_rows(sizeof(lines) / sizeof(lines[0])));
}

/* The holes of a pattern. */
static unsigned int count_holes(const char *pattern)
{
	unsigned int count = 0;

	for (const char *at = pattern; (at = strchr(at, '%')); at += 2)
		count += at[1] != '*';
	return count;
}

static void check_text(const struct explain_row *row, const char *text)
{
	if (!text || !*text || !doc_is_printable(text) || strchr(":; ", text[strlen(text) - 1]))
		fail_msg("\"%s\": no text, or a wrong end: \"%s\"", row->pattern, text ? text : "");
	for (const char *at = text; (at = strchr(at, '%')); at += 2) {
		const bool bits = at[1] == 'b' && row->bits != EXPLAIN_NO_BITS;

		if (!bits &&
		    (at[1] < '1' || (unsigned int)(at[1] - '0') > count_holes(row->pattern)))
			fail_msg("\"%s\": there is no hole for \"%s\"", row->pattern, at);
	}
}

static void each_row_is_whole(void **state)
{
	const struct explain_row *row;

	for (size_t i = 0; (row = explain_rows(i)); i++) {
		if (!match_is_valid(row->pattern))
			fail_msg("\"%s\" is no valid pattern", row->pattern);
		assert_true(count_holes(row->pattern) >=
			    (unsigned int)(row->bits == EXPLAIN_MISSING ? 2 : 0));
		check_text(row, row->source);
		check_text(row, row->meaning);
		check_text(row, row->cause);
		check_text(row, row->remedy);
		if (row->in_log)
			check_text(row, row->in_log);
	}
}

/* Texts of these programs that are no trouble. */
static void other_lines_are_unknown(void **state)
{
	static const char *const others[] = {
		"",
		"qemu-system-x86_64",
		"vhost",
		"vhost-net",
		"tap0: link up",
		"VHOST_SET_OWNER = 0",
		"char device redirected to /dev/pts/1 (label serial0)",
		"tun: Universal TUN/TAP device driver, 1.6",
		"ioctl(9, VHOST_SET_FEATURES, 0x7ffd) = 0",
		"qemu-system-x86_64: -netdev tap,id=n0,vhost=on",
		"CVE-2019-14835",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (row_of(others[i]))
			fail_msg("\"%s\" is explained as \"%s\"", others[i],
				 row_of(others[i])->pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_explains_its_line),
		cmocka_unit_test(each_row_is_whole),
		cmocka_unit_test(other_lines_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
