/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that failed and nodes that do not open: lines that programs printed, and others that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "failure.h"

static struct failure failure;

static bool find(const char *line)
{
	return failure_find(line, strlen(line), &failure);
}

static void lines_of_many_programs(void **state)
{
	static const struct {
		const char *line, *name;
		int error;
	} cases[] = {
		{ "ioctl(TUNSETIFF): Device or resource busy", "TUNSETIFF", EBUSY },
		{ "TUNSETIFF failed Error: 16. Resource busy", "TUNSETIFF", EBUSY },
		{ "ERROR: Cannot ioctl TUNSETIFF tun: Operation not permitted (errno=1)",
		  "TUNSETIFF", EPERM },
		{ "Failed to bind local tun device (TUNSETIFF): Operation not permitted",
		  "TUNSETIFF", EPERM },
		{ "vhost_kernel_open_tap(): TUNSETIFF failed: Invalid argument", "TUNSETIFF",
		  EINVAL },
		{ "Open tap device failed: Error while creating ifreq structure: Resource busy (os error 16).",
		  "TUNSETIFF", EBUSY },
		{ "TapError(IoctlError(1074025674, Os { code: 1, kind: PermissionDenied, message: \"x\" }))",
		  "TUNSETIFF", EPERM },
		{ "TapSetOffload(IoctlError(Os { code: 22, kind: InvalidInput, message: Invalid argument }))",
		  "TUNSETOFFLOAD", EINVAL },
		{ "ERROR:net.rs:667 -- Error programming tap offload: IoctlError(Os { code: 77, kind: x })",
		  "TUNSETOFFLOAD", EBADFD },
		{ "vhost_set_mem_table failed: Argument list too long (7)", "VHOST_SET_MEM_TABLE",
		  E2BIG },
		{ "VHOST_SET_FEATURES: Not supported", "VHOST_SET_FEATURES",
		  EOPNOTSUPP }, /* of musl */
		{ "VhostSetOwner(IoctlError(Os { code: 16 }))", "VHOST_SET_OWNER", EBUSY },
		{ "ioctl VHOST_VSOCK_SET_GUEST_CID: address already in use",
		  "VHOST_VSOCK_SET_GUEST_CID", EADDRINUSE },
		{ "ioctl(12, VHOST_SCSI_SET_ENDPOINT, 0x7ffd) = -1 EEXIST (File exists)",
		  "VHOST_SCSI_SET_ENDPOINT", EEXIST },
		{ "vhost_scsi_set_endpoint: No such device", "VHOST_SCSI_SET_ENDPOINT", ENODEV },
		{ "VHOST_SCSI_CLEAR_ENDPOINT failed: Invalid argument", "VHOST_SCSI_CLEAR_ENDPOINT",
		  EINVAL },
		{ "VHOST_FREE_WORKER: Device or resource busy", "VHOST_FREE_WORKER", EBUSY },
		{ "open /dev/net/tun: TUNSETIFF: device or resource busy", "TUNSETIFF", EBUSY },
		{ "TUNSETIFF on /dev/net/tun: Operation not permitted", "TUNSETIFF", EPERM },
		{ "TUNSETIFF is done, TUNSETOFFLOAD: Invalid argument", "TUNSETOFFLOAD", EINVAL },
		{ "Message='Unable to create tap device tap0: Operation not permitted'",
		  "TUNSETIFF", EPERM },
		{ "Cannot create TAP device t1: [Errno 1] Operation not permitted", "TUNSETIFF",
		  EPERM },
		{ "net: tx: failed writing to tap: Invalid argument (os error 22)", "write to tap",
		  EINVAL },
		{ "Failed to write to tap: Os { code: 5, kind: x, message: \"I/O error\" }",
		  "write to tap", EIO },
		{ "could not open /dev/vhost-net: Permission denied", "/dev/vhost-net", EACCES },
		{ "Could not open '/dev/net/tun': No such file", "/dev/net/tun", ENOENT },
		{ "open /dev/vhost-net: permission denied", "/dev/vhost-net", EACCES },
		{ "PermissionError: [Errno 13] Permission denied: '/dev/vhost-net'",
		  "/dev/vhost-net", EACCES },
		{ "cat: /dev/vhost-net: Operation not permitted", "/dev/vhost-net", EPERM },
		{ "cat: /dev/net/tun: File descriptor in bad state", "/dev/net/tun", EBADFD },
		{ "ERROR: Cannot open TUN/TAP dev /dev/net/tun: No such file or directory (errno=2)",
		  "/dev/net/tun", ENOENT },
		{ "unix opening TUN device file: operation not permitted", "/dev/net/tun", EPERM },
		{ "error gathering device information while adding custom device \"/dev/vhost-net\": no such "
		  "file or directory",
		  "/dev/vhost-net", ENOENT },
		{ "Could not access KVM kernel module: Permission denied", "/dev/kvm", EACCES },
		{ "failed to initialize KVM: Device or resource busy", "/dev/kvm", EBUSY },
		{ "Failed to open /dev/vhost-vsock: No such device or address", "/dev/vhost-vsock",
		  ENXIO },
		{ "Failed to open tun device: Permission denied", "/dev/net/tun", EACCES },
		{ "cannot open macvtap tap device /dev/tap46: Permission denied", "/dev/tap46",
		  EACCES },
		{ "CreateTap(Os { code: 17, kind: AlreadyExists, message: \"File exists\" })",
		  "TUNSETIFF", EEXIST },
		{ "open /dev/tap7: no such device", "/dev/tap7", ENODEV },
	};

	for (size_t i = 0; i < DOC_COUNT(cases); i++)
		if (!find(cases[i].line) || strcmp(failure.name, cases[i].name) ||
		    atoi(failure.number) != cases[i].error)
			fail_msg("\"%s\" is explained as %s, %s", cases[i].line, failure.name,
				 failure.number);
}

static void other_failures_are_unknown(void **state)
{
	static const char *const lines[] = {
		"",
		"eth0: device busy",
		"Permission denied (publickey)",
		"RTNETLINK answers: Operation not permitted",
		"/dev/vhost-net",
		"open /dev/vhost-net",
		"TUNSETIFF",
		"ioctl(9, TUNSETIFF, 0x7ffd) = 0",
		"openat(AT_FDCWD, \"/dev/vhost-net\", O_RDWR) = 3",
		/* not opening it */
		"mknod: /dev/net/tun: Operation not permitted",
		"mknod: /dev/net/tun: No such file or directory",
		"chown: changing ownership of '/dev/kvm': Operation not permitted",
		"error mounting \"/dev/net/tun\" to rootfs: permission denied",
		"rm: cannot remove '/dev/vhost-net': Permission denied",
		"ioctl(/dev/kvm, KVM_NO_SUCH): Invalid argument",
		"write /dev/net/tun: input/output error",
		/* another call, another node */
		"open /dev/vhost-nets: permission denied",
		"open /dev/kvm2: permission denied",
		"open /dev/net/tun0: permission denied",
		"XTUNSETIFF: Device or resource busy",
		"VHOST_USER_SET_OWNER: Device or resource busy",
		"vhost_user_set_mem_table failed: Argument list too long",
		"virtio_tunsetiff: Device or resource busy",
		/* an errno that the call does not have */
		"VHOST_SET_OWNER: No such file or directory",
		"TUNSETIFF: Socket operation on non-socket",
		/* an errno of something else */
		"TUNSETIFF: fine.............................................................................. EBUSY",
		"/dev/vhost-net is there, and eth0: permission denied",
		"eth0: Permission denied.  The node /dev/vhost-net is fine",
		"TUNSETIFF EBUSYNESS",
		"TUNSETIFF NOEBUSY",
		"TUNSETIFF code: 99999",
	};

	for (size_t i = 0; i < DOC_COUNT(lines); i++)
		if (find(lines[i]))
			fail_msg("\"%s\" is explained as %s, %s", lines[i], failure.name,
				 failure.number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_many_programs),
		cmocka_unit_test(other_failures_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
