#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl serve with QEMU: 1 and 4 queue pairs, data to the guest and back without a system call of the broker's, and
# a launcher that comes after a killed one. Twenty megabytes of data, 200 with VHC_LONG=yes.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

for pairs in 1 4; do
	serve_config "qemu$pairs" "$pairs"
	serve "qemu$pairs"
	boot_qemu "qemu$pairs" "$pairs"
	end_serve "qemu$pairs"
done

# --- the launcher is killed, and the next one gets the same device

kill_launcher() { pkill -9 -o "$launcher"; }

serve_config next 1
serve next
index=$(cat /sys/class/net/vm0/ifindex)
qemu_options 1 "$socket"
guest_run --during kill_launcher "$tmp/first.log" "${qemu[@]}"
# shellcheck disable=SC2154 # of guest_run
is 'next: the launcher is killed' "$guest_status" 137
boot_qemu next 1
is 'next: the link is the same' "$(cat /sys/class/net/vm0/ifindex)" "$index"
end_serve next

rm -r "$tmp"
finish
