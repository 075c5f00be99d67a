#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl setup` for kvmtool, which takes a tap by its name or as an fd, and opens vhost-net itself. Debian has no
# package of it: these tests run where lkvm is installed.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"

command -v lkvm > /dev/null || { echo '1..0 # SKIP lkvm is not installed'; exit; }
export HOME=$tmp # where it has a socket
mode=$(stat -c %a /dev/vhost-net)
chmod 666 /dev/vhost-net

# What can be seen from here while the guest pings.
look() {
	workers=$(vhost_workers | grep -c '^vhost-[0-9]') # a thread of kvmtool is called vhost-irq-worker
	within 120 crossed 3 # it has only begun to ping
	carried=$(cat /sys/class/net/vm0/statistics/rx_packets)
}

for attach in name fd; do
	before=$(host_now)
	workers=0 carried=0
	config "$attach" 1 '' ''
	sed -i 's/"qemu"/"kvmtool"/; s/"features": {.*} }/"features": {} }/; s/"mac": "[^"]*", //' "$tmp/$attach.json"
	# Its console is a terminal. The emulated XSAVE crashes Linux 7.2, see guest_options. In modern virtio, kvmtool offers
	# features beyond 64 at random, which Linux 7.2 believes.
	guest_run --during look "$tmp/log" script -qefc "vhostctl setup '$tmp/$attach.json' -- \
		lkvm run -k '$GUEST_KERNEL' -i '$GUEST_INITRD' -m 192 -c 1 --virtio-transport pci-legacy --network @net0.net@ -p \
		'quiet mitigations=off nokaslr noxsave vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_end=reboot'" /dev/null
	guest_ended "$attach: the guest ends normally"
	like "$attach: it pings the host" "$(cat "$tmp/log")" '3 packets transmitted, 3 packets received'
	is "$attach: vhost workers" "$workers" 1
	ok "$attach: frames crossed the tap" test "$carried" -ge 3
	nothing_left "$attach" "$before"
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$tmp/log"
done

chmod "$mode" /dev/vhost-net
rm -r "$tmp"
finish
