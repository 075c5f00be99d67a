/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failures of open(2) on device nodes (drivers/char/misc.c, fs/char_dev.c, and open of each driver). */
#include <errno.h>

#include "failure.h"

#define LOAD  "modprobe %3; for a container, load it on the host and add: --device %1"
#define GRANT "usermod -aG kvm USER, and log in again; vhostctl doctor --user USER says more"
#define LET \
	"for a container: --device %1; for a service of systemd: DeviceAllow=%1 rw; vhostctl doctor says more"
#define CALL_FAILED "a call on an fd of %1 failed: %2"
#define ANOTHER	    "open(2) of this node never fails so: a call on its fd did"

static const struct failure_subject subjects[] = {
	{ "/dev/vhost-net", NULL, "vhost_net" },
	{ "/dev/vhost-vsock", NULL, "vhost_vsock" },
	{ "/dev/vhost-scsi", NULL, "vhost_scsi" },
	{ "/dev/vhost-vdpa-#", NULL, "vhost_vdpa" },
	{ "/dev/net/tun", NULL, "tun" },
	{ "/dev/tap#", NULL, "macvtap" },
	{ "/dev/kvm", NULL, "kvm" },
};

static const struct failure_alias aliases[] = {
	{ "open vhost-net", "/dev/vhost-net" },
	{ "open vhost-vsock", "/dev/vhost-vsock" },
	{ "open vhost-scsi", "/dev/vhost-scsi" },
	{ "open TUN/TAP dev", "/dev/net/tun" },
	{ "opening TUN device file", "/dev/net/tun" },
	{ "open tun device", "/dev/net/tun" },
	{ "OpenTun", "/dev/net/tun" },
	{ "access KVM kernel module", "/dev/kvm" },
	{ "initialize KVM", "/dev/kvm" },
};

static const struct failure_row rows[] = {
	{ "/dev/tap#", ENOENT,
	  "there is no macvtap whose link has this number, which is its ifindex, or a container has no "
	  "/dev of its host",
	  "ip -d link show type macvtap" },
	{ "/dev/tap#", ENODEV, "the macvtap of this node is gone", "ip -d link show type macvtap" },
	{ "/dev/tap#", EBUSY, "a macvtap has 256 queues, and all are open", "fuser -v %1" },
	{ "/dev/tap#", EACCES, NULL, "setfacl -m u:USER:rw %1" },
	{ "/dev/vhost-vdpa-#", EBUSY,
	  "another process has it open: a vDPA device has one user at a time", "fuser -v %1" },
	{ "/dev/kvm", ENOENT,
	  "there is no such node: the CPU has no virtualization, or the firmware switched it off, or KVM's "
	  "module is not loaded, or a container has no /dev of its host",
	  "modprobe kvm_intel, or kvm_amd; dmesg | grep -i kvm; for a container: --device %1" },
	{ "/dev/kvm", ENODEV,
	  "the node is there and its driver is not: the CPU has no virtualization, or the firmware "
	  "switched it off, or the module is not loaded",
	  "modprobe kvm_intel, or kvm_amd; dmesg | grep -i kvm" },
	{ "/dev/kvm", EBUSY,
	  ANOTHER
	  ", mostly KVM_CREATE_VM while another hypervisor, such as VirtualBox, has the CPU",
	  "lsmod | grep -e vbox -e vmmon", CALL_FAILED },
	{ "/dev/net/tun", EBUSY, ANOTHER ", mostly TUNSETIFF on a tap that a process has open",
	  "grep -l '^iff:' /proc/[0-9]*/fdinfo/* lists who has a tap", CALL_FAILED },
	{ "/dev/net/tun", EBADFD,
	  "the node opens: this is what reading it says before TUNSETIFF, as 'cat /dev/net/tun' does",
	  "none is needed", "%1 was read: %2" },
	{ "/dev/net/tun", EACCES, NULL,
	  "chmod 0666 %1; it gives no right to a tap that is another user's" },
	{ "/dev/vhost-*", EBUSY, ANOTHER ", mostly VHOST_SET_OWNER on an fd that has an owner",
	  "open a new fd for each queue pair, and let the launcher alone take ownership",
	  CALL_FAILED },
	{ "/dev/*", ENOENT, NULL, LOAD },
	{ "/dev/*", ENODEV, NULL, LOAD },
	{ "/dev/*", ENXIO, NULL, LOAD },
	{ "/dev/*", EACCES, NULL, GRANT },
	{ "/dev/*", EPERM, NULL, LET },
	{ "/dev/*", EMFILE, NULL, "ulimit -n 4096, or fewer queues" },
	{ "/dev/*", ENFILE, "this host has as many open files as fs.file-max allows",
	  "sysctl fs.file-max fs.file-nr" },
	{ "/dev/*", ENOMEM, "the kernel has no memory for one more device", "free -m" },
};

const struct failure_table failure_nodes = FAILURE_TABLE;
