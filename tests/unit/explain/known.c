/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages that people report and that programs print in known situations: no change of the tables may lose one.  The
 * same situation has another text in each of QEMU 7.2, 10.0 and 11.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "explain.h"

static const char *const of_qemu[] = {
	"warning: tap: open vhost char device failed: No such file or directory",
	"warning: tap: open vhost char device failed: Permission denied",
	"../../net/net.c:1131: net_client_init1: Assertion `nc' failed.",
	"Could not open '/dev/vhost-net': No such file or directory",
	"Could not open '/dev/vhost-net': Permission denied",
	"Could not open '/dev/vhost-vsock': Permission denied",
	"The number of fds passed does not match the number of vhostfds passed",
	"expected 2 socket fds, got 1",
	"expected 1 socket fds, got 2",
	"ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, and vhostfd= are invalid with fds=",
	"ifname=, script=, downscript=, vnet_hdr=, helper=, queues=, fds=, and vhostfds= are invalid with fd=",
	"ifname=, script=, downscript=, vnet_hdr= are invalid with fd=/fds=/helper=",
	"queues=, helper=, fds= and fd= are mutual exclusive",
	"vhostfds= is invalid if fds= wasn't specified",
	"vhostfd(s)= is not valid without vhost",
	"vhostfd= is not valid without vhost",
	"vnet_hdr not consistent across given tap fds",
	"could not disable queue",
	"hw/net/virtio-net.c:747: virtio_net_set_queue_pairs: Assertion `!r' failed.",
	"could not configure /dev/net/tun (tpA): Invalid argument",
	"could not configure /dev/net/tun (tpA): Device or resource busy",
	"could not configure /dev/net/tun (tpA): Operation not permitted",
	"could not configure /dev/net/tun (tpM): Argument list too long",
	"could not open /dev/net/tun: No such file or directory",
	"could not open /dev/net/tun: Permission denied",
	"Could not open '/dev/net/tun': No such file or directory",
	"Could not open '/dev/net/tun': Permission denied",
	"vhost_set_owner failed: Device or resource busy",
	"vhost_set_owner failed: Inappropriate ioctl for device",
	"warning: vhost-net requested but could not be initialized",
	"vhost-net support is not compiled in",
	"vhost lacks feature mask 0x8000000 for backend",
	"vhost lacks feature mask 1073741824 for backend",
	"unable to start vhost net: 14: falling back on userspace virtio",
	"n0: Can't use file descriptor 3: Bad file descriptor",
	"Can't set file descriptor 99 non-blocking: Bad file descriptor: Bad file descriptor",
	"Unable to query TUNGETIFF on FD 8: Inappropriate ioctl for device",
	"TUNGETIFF ioctl() failed: Operation not permitted",
	"Failed to initialize virtqueue 0: Too many open files",
	"Invalid tx_queue_size (= 512), must be a power of 2 between 256 and 256",
	"Invalid rx_queue_size (= 300), must be a power of 2 between 256 and 1024.",
	"VIRTIO_F_IOMMU_PLATFORM was supported by neither legacy nor transitional device",
	"vhost-vsock: unable to set guest cid: Address already in use",
	"vhost-vsock: unable to set guest cid: Invalid argument",
	"guest-cid property must be greater than 2",
	"guest-cid property must be a 32-bit number",
	"vhost-vsock: failed to open vhost device: No such file or directory",
	"vhost-vsock: failed to open vhost device: Permission denied",
	"vhost-vsock: unable to parse vhostfd: Bad file descriptor",
	"'vhost-vsock-pci-transitional' is not a valid device model name",
	"vhost-scsi: missing wwpn",
	"vhost-scsi: open vhost char device failed: No such file or directory",
	"vhost-scsi does not support migration",
	"-device pc-dimm,memdev=m0,id=d0: a used vhost backend has no free memory slots left",
	"-device pc-dimm,memdev=m0,id=d0: a used vhost backend has not enough free memory slots left",
	"vhost backend memory slots limit (2) is less than current number of used (5) and reserved (0) memory slots",
	"vhost backend memory slots limit is less than current number of present memory slots",
	"hypervisor has no free memory slots left",
	"Features 0x1c0010130afffaf unsupported. Allowed features: 0x10179bfffef",
	"Failed to load virtio-net:virtio",
	"load of migration failed: Operation not permitted",
	"Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.",
	"Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.",
	"Migration disabled: vhost-vdpa uses CVQ.",
	"vhost VQ 1 ring restore failed: -22: Invalid argument (22)",
	"Failed to set msg fds.",
	"Failed to write msg. Wrote -1 instead of 20.",
	"Failed to read msg header. Read 0 instead of 12. Original request 2.",
	"vhost_set_mem_table failed: Invalid argument (22)",
	"vhost_set_vring_kick failed: Input/output error (5)",
	"Trying to set extended features without kernel support",
	"Property 'virtio-net-device.vectors' not found",
	"Parameter 'fdname' expects a name not starting with a digit",
	"Unable to map available ring for ring 0",
	"Verify ring failure on region 0",
	"VQ 0 size 0x100 Guest index 0x5a5a inconsistent with Host index 0x0: delta 0x5a5a",
	"error while loading state for instance 0x0 of device '0000:00:03.0/virtio-net'",
	"virtio-net: saved image requires vnet_hdr=on",
	"virtio-net: saved image requires TUN_F_UFO support",
	"virtio-net: curr_queue_pairs 4 > max_queue_pairs 1",
	"Property 'virtio-net-pci.guest_tunnel_csum' not found",
	"Property 'virtio-net-pci-non-transitional.guest_uso4' not found",
	"you are asking more queues than supported: 1",
	"failed to init vhost_net for queue 0",
	"failed to init vhost_net for queue",
	"Error binding guest notifier: 24",
	"virtio_bus_start_ioeventfd: failed. Fallback to userspace (slower).",
	"virtio_ccw_start_ioeventfd: failed. Fallback to userspace (slower).",
	"vhost VQ 0 notifier binding failed: -24",
	"vhost 1 VQ 0 notifier binding failed: 24",
	"vhost vring error in virtqueue 1: Invalid argument (22)",
	"unable to restart vhost net virtqueue: 0, when resetting the queue",
	"vhost VQ 1 ring restore failed: -1: Resource temporarily unavailable (11)",
	"unable to start vhost net: 24: falling back on userspace virtio",
};

static const char *const of_others[] = {
	"vhost-net was requested for an interface, but is unavailable",
	"Unable to open vhost-net. Opened so far 1, requested 4",
	"vhost-net is only supported for virtio network interfaces",
	"unable to open vhost-vsock device",
	"Unable to create tap device vnet0: Invalid argument",
	("Unable to create multiple fds for tap device vnet0 (maybe existing device was created "
	 "without multi_queue flag)"),
	"Ignoring multiqueue network request",
	"Number of queues (2) to virtio_net does not match the number of FDs (2)",
	"Reserved fd number (<= 2)",
	"Using vhost-user requires using shared memory or huge pages",
	"MigrationNotSupported",
	"CreateTap(Os { code: 22, kind: InvalidInput, message: \"Invalid argument\" })",
	"VhostOpen(Os { code: 19, kind: Other, message: \"No such device\" })",
	"VhostOpen(Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" })",
	"TapOpen(IoctlError(Os { code: 16, kind: ResourceBusy, message: \"Resource busy\" }))",
	"TapOpen(IoctlError(Os { code: 1, kind: PermissionDenied, message: \"Operation not permitted\" }))",
	"TapOpen(IoctlError(Os { code: 22, kind: InvalidInput, message: \"Invalid argument\" }))",
	"Could not setup vhost fds eth0 : open /dev/vhost-net: no such file or directory",
	"Insufficient devices.kubevirt.io/vhost-net",
	"TUNSETIFF failed: Operation not permitted",
	"(/dev/vhost-net) backend set up fails",
	"tap tap0 does not support multi queue",
	"VHOST_NET_SET_BACKEND fails, Bad file descriptor",
	"IOTLB_MSG_V2 not supported by the backend.",
	"vhost_kernel_ioctl(): Vhost-kernel ioctl 1074310912 failed (Operation not supported)",
	"vhost_kernel_ioctl(): Vhost-kernel ioctl 44801 failed (Device or resource busy)",
};

/* As strace(1) shows them; each is an errno that the kernel gives. */
static const char *const of_the_kernel[] = {
	"VHOST_SET_OWNER) = -1 EBUSY",
	"VHOST_SET_OWNER) = -1 ENOMEM",
	"VHOST_SET_VRING_KICK, x) = -1 EPERM",
	"VHOST_SET_FEATURES, x) = -1 EOPNOTSUPP",
	"VHOST_GET_FEATURES_ARRAY, x) = -1 EPERM",
	"VHOST_GET_FEATURES_ARRAY, x) = -1 ENOTTY",
	"VHOST_SET_MEM_TABLE, x) = -1 E2BIG",
	"VHOST_SET_MEM_TABLE, x) = -1 EOPNOTSUPP",
	"VHOST_SET_MEM_TABLE, x) = -1 EFAULT",
	"VHOST_SET_VRING_NUM, x) = -1 EBUSY",
	"VHOST_SET_VRING_BASE, x) = -1 EBUSY",
	"VHOST_SET_VRING_ADDR, x) = -1 EINVAL",
	"VHOST_SET_VRING_ADDR, x) = -1 EFAULT",
	"VHOST_SET_VRING_ADDR, x) = -1 EOPNOTSUPP",
	"VHOST_NET_SET_BACKEND, x) = -1 ENOTSOCK",
	"VHOST_NET_SET_BACKEND, x) = -1 EFAULT",
	"VHOST_VSOCK_SET_GUEST_CID, x) = -1 EADDRINUSE",
	"VHOST_VSOCK_SET_GUEST_CID, x) = -1 EINVAL",
	"VHOST_VSOCK_SET_RUNNING, x) = -1 EFAULT",
	"VHOST_SET_LOG_BASE, x) = -1 ENOTTY",
	"TUNSETIFF, x) = -1 EINVAL",
	"TUNSETIFF, x) = -1 EBUSY",
	"TUNSETIFF, x) = -1 EPERM",
};

static void check(const char *before, const char *const lines[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct explain_report report = { .command = strdup("explain") };
		char line[400];

		snprintf(line, sizeof(line), "%s%s", before, lines[i]);
		assert_int_equal(explain_line(&report, VHC_TYPE_NET, line, strlen(line)), 0);
		if (!report.known)
			fail_msg("\"%s\" is unknown", line);
		doc_clear(&explain_report_table, &report);
	}
}

static void messages_of_qemu(void **state)
{
	check("qemu-system-x86_64: -netdev tap,id=n0,vhost=on: ", of_qemu, DOC_COUNT(of_qemu));
}

static void messages_of_others(void **state)
{
	check("", of_others, DOC_COUNT(of_others));
}

static void errnos_of_the_kernel(void **state)
{
	check("ioctl(9, ", of_the_kernel, DOC_COUNT(of_the_kernel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_qemu),
		cmocka_unit_test(messages_of_others),
		cmocka_unit_test(errnos_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
