#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl dump --qmp`: what QEMU's monitor says of a guest's device, held against what the kernel says of it, and
# against what the guest itself sees.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"

# Guests take minutes, and suites/look.sh reads the same from each kernel.
usually_on

# field DOCUMENT FILTER: of one that dump wrote.
field() { jq -c "$2" "$tmp/$1"; }

# Dumps by each way, with a name for each.
dump() {
	local pid
	pid=$(pgrep -n qemu-system)
	vhostctl --json dump "$pid" > "$tmp/$1.kernel" 2> "$tmp/$1.said"
	vhostctl --json dump --qmp "$tmp/qmp" > "$tmp/$1.qemu" 2>> "$tmp/$1.said"
	vhostctl --json dump "$pid" --qmp "$tmp/qmp" net0 > "$tmp/$1.both" 2>> "$tmp/$1.said"
	echo "$? $(cat "$tmp/$1.said")" > "$tmp/$1.status"
}

look_at_it() {
	dump runs
	"$VHC_SOURCE/tests/vm/qmp" "$tmp/qmp" stop > /dev/null
	dump stopped
	"$VHC_SOURCE/tests/vm/qmp" "$tmp/qmp" cont > /dev/null
}

# The words of a document as 64 bits, the lowest first, as the guest's sysfs shows them.
bits() {
	local word bit
	word=$(field "$1" '.words[0]')
	word=${word//\"/}
	for ((bit = 0; bit < 64; bit++)); do printf %d $((word >> bit & 1)); done
}

# same WHAT FILTER A B: two documents have the same there.
same() { is "$name: $1" "$(field "$3" "$2")" "$(field "$4" "$2")"; }

# guest NAME PAIRS PARAMETER [PROPERTY [OPTION...]]: with a kernel parameter, and more properties of its device
guest() {
	local name=$1 pairs=$2
	config "$name" "$pairs" '' host_tso6
	rm -f "$tmp/qmp"
	guest_options "vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_pairs=$pairs $3"
	guest_run --during look_at_it "$tmp/$name.log" vhostctl setup "$tmp/$name.json" -- qemu-system-x86_64 "${guest[@]}" \
		"${@:5}" -qmp "unix:$tmp/qmp,server=on,wait=off" \
		-netdev @net0.netdev@ -device "@net0.device@,id=net0,romfile=${4:+,$4}"
	guest_ended "$name: the guest ends normally"
	like "$name: the kernel and QEMU agree" "$(cat "$tmp/runs.status")" '^0'
	is "$name: the features are those that the guest sees" "$(bits runs.qemu)" \
		"$(guest_said "$tmp/$name.log" 'features virtio0 0x0001 [01]{64}' | grep -o '[01]*$')"
	like "$name: QEMU's says that it runs, and with which tap" "$(field runs.qemu '[.running, .device, .mac]')" \
		'true,"net0","52:54:00:12:34:56"'
	same 'the kernel knows the same pairs' .queue_pairs runs.kernel runs.qemu
	same 'and the same rings' '[.rings[] | del(.base)]' runs.kernel runs.qemu
	is "$name: there are all" "$(field runs.qemu '.rings | length')" $((2 * pairs))
	is "$name: QEMU alone knows no base and no memory" \
		"$(field runs.qemu '[.memory, (.rings | map(has("base")) | any)]')" '[[],false]'
	is "$name: with the kernel they are there" \
		"$(field runs.both '[(.memory | length > 0), (.rings | map(has("base")) | all)]')" '[true,true]'
	same 'and QEMU has the words' .words runs.both runs.qemu
	is "$name: nothing of them is unknown" "$(field runs.both '.partial | map(. == "0x0") | all')" true
	is "$name: the kernel knows whether there is an IOMMU" "$(field runs.kernel .guest.iommu)" \
		"$(field runs.qemu 'any(.features[]; .name == "access_platform")')"
	# the kernel does not know which fds of a device that is stopped belong together
	if [ "$pairs" = 1 ]; then
		like "$name: stopped, they agree" "$(cat "$tmp/stopped.status")" '^0'
		same 'and know the same rings with their bases' .rings stopped.kernel stopped.qemu
	fi
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$tmp/$name.log" "$tmp/"*.{status,kernel,qemu,both}
}

guest dump1 1 ''
guest dump4 4 ''
# ring addresses and buffers are translated by an IOTLB, which QEMU fills when vhost asks
guest iommu 1 intel_iommu=on disable-legacy=on,iommu_platform=on,ats=on -machine q35 -device intel-iommu,device-iotlb=on
is 'iommu: there was one' "$(field runs.kernel .guest.iommu)" true

rm -r "$tmp"
finish
