#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the process and the host around a device do: children that hold its fds, signals, and module parameters.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

programs=$VHC_BUILD/tests/vm

modes=(default task kthread)
[ "$VHC_KERNEL" != 6.1 ] || modes=(default)
for mode in "${modes[@]}"; do
	echo "# $mode"
	run_tap "$programs/vm-held" "$mode"
done
run_tap "$programs/vm-storm"

# reload MAX_MEM_REGIONS MAX_IOTLB_ENTRIES: vhost with these parameters.
reload() {
	modprobe -r vhost_net vhost_vsock vhost_scsi
	modprobe -r vhost
	modprobe vhost "max_mem_regions=$1" "max_iotlb_entries=$2"
	load vhost_net vhost_vsock vhost_scsi
}

reload 4096 2048
run_tap "$programs/vm-regions" 2048
reload 100 50
run_tap "$programs/vm-regions" 50
reload 64 2048
run_tap "$programs/vm-regions" 64
finish
