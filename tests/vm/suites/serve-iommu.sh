#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl serve with a QEMU whose guest has an IOMMU: its translations go over the back-end channel. Once Linux maps and
# unmaps each buffer by itself, and once it maps all of its memory for good. Not by batches: with these the guest's frames
# are zeros here with QEMU's own vhost=on, too, and its queue stands still.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

# A guest with an IOMMU takes minutes.
usually_on

# Each buffer is translated by itself: a tracer would make that too slow.
look_and_transfer() {
	within 60 vhostctl --json dump net0 > "$tmp/dump" 2> "$tmp/said"
	look_at_launcher
	transfer_begin 1000000
	transfer_end
}

# guest NAME PAIRS PARAMETER...: of the guest's kernel.
guest() {
	serve_config "$1" "$2"
	jq '.devices[0].iommu = true' "$tmp/$1.json" > "$tmp/config"
	cp "$tmp/config" "$tmp/$1.json"
	serve "$1"
	qemu_options "$2" "$socket" -machine q35,memory-backend=ram -device intel-iommu,device-iotlb=on
	qemu=("${qemu[@]/romfile=/romfile=,disable-legacy=on,iommu_platform=on,ats=on}")
	qemu=("${qemu[@]/nokaslr/nokaslr intel_iommu=on ${*:3}}")
	guest_run --during look_and_transfer "$tmp/$1.log" "${qemu[@]}"
	checked "$1" "$2"
	like "$1: the guest has accepted access_platform" \
		"$(guest_said "$tmp/$1.log" 'features virtio0 0x0001 [01]{64}')" ' [01]{33}1[01]{30}$'
	is "$1: the device is behind an IOMMU" "$(jq .guest.iommu "$tmp/dump")" true
	is "$1: nothing is wrong with what the launcher says" \
		"$(grep -cE 'is refused|gave up|cannot be asked' "$tmp/$1.broker")" 0
	end_serve "$1"
}

guest strict 1 iommu.strict=1
guest all 1 iommu.passthrough=1

rm -r "$tmp"
finish
