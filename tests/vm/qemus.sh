# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# QEMUs with a virtio-net device that vhost runs, whose driver is tests/vm/qemu-driver: no guest has to boot for them,
# so that one is there in seconds. Their sockets are $tmp/NAME.qmp and $tmp/NAME.qtest, and their links qm-NAME.
# shellcheck source=lib.sh
. "$(dirname "$0")/../lib.sh"

here=$VHC_SOURCE/tests/vm
tmp=$(mktemp -d)
declare -A qemus

halting_firmware "$tmp/halt"

# qemu_start NAME PAIRS DEVICE-OPTIONS [QEMU-ARGUMENT...]: returns when it listens; its pid is ${qemus[NAME]}.
qemu_start() {
	local name=$1 pairs=$2 device=$3 queues='' flags=(vnet_hdr)
	shift 3
	[ "$pairs" = 1 ] || { queues=,queues=$pairs flags+=(multi_queue) device=$device,mq=on,vectors=$((2 * pairs + 2)); }
	ip link delete "qm-$name" 2> /dev/null
	rm -f "$tmp/$name."{qmp,qtest}
	ip tuntap add "qm-$name" mode tap "${flags[@]}"
	ip link set "qm-$name" up
	qemu-system-x86_64 -nodefaults -display none -accel tcg -bios "$tmp/halt" -m 64 \
		-qmp "unix:$tmp/$name.qmp,server=on,wait=off" -qtest "unix:$tmp/$name.qtest,server=on,wait=off" -qtest-log none \
		-netdev "tap,id=n0,ifname=qm-$name,script=no,downscript=no,vhost=on$queues" \
		-device "virtio-net-pci,id=net0,netdev=n0,mac=52:54:00:12:34:56,romfile=$device" "$@" > "$tmp/$name.log" 2>&1 &
	qemus[$name]=$!
	until listens "$tmp/$name.qmp" && listens "$tmp/$name.qtest"; do
		kill -0 "${qemus[$name]}" 2> /dev/null || { fail "QEMU $name starts" "$(cat "$tmp/$name.log")"; return 1; }
		sleep 0.2
	done
}

# qemu_drive NAME [OPTION...]: its driver sets the device up. Prints what was offered and accepted.
qemu_drive() { "$here/qemu-driver" "$tmp/$1.qtest" "${@:2}"; }

qemu_ask() { "$here/qmp" "$tmp/$1.qmp" "${@:2}"; }

qemu_end() {
	kill "${qemus[$1]}"
	wait "${qemus[$1]}"
	ip link delete "qm-$1"
} 2> /dev/null
