#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Does the VM have what every other suite relies on: the devices, and a nested guest with vhost-net?
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# The shell would create a file if the name did not exist.
opens() { [ -c "$1" ] && exec 5<> "$1" && exec 5>&-; }

for device in /dev/vhost-net /dev/vhost-vsock /dev/vhost-scsi /dev/net/tun /dev/kvm; do
	ok "$device opens" opens "$device"
done

workers='' received=0
look() {
	workers=$(vhost_workers)
}

log=$(mktemp)
ip tuntap add smoke0 mode tap vnet_hdr
ip address add 10.9.0.1/24 dev smoke0
ip link set smoke0 up
guest_options 'vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1'
guest_run --during look "$log" qemu-system-x86_64 "${guest[@]}" \
	-netdev tap,id=net0,ifname=smoke0,script=no,downscript=no,vhost=on \
	-device virtio-net-pci,netdev=net0,romfile=,csum=off
guest_ended 'a nested guest ends normally'
received=$(cat /sys/class/net/smoke0/statistics/rx_packets)
like 'it pings the host through its tap' "$(cat "$log")" '3 packets transmitted, 3 packets received'
like 'the kernel does the work: a vhost worker runs' "$workers" '^vhost-[0-9]+'
ok 'the tap counted its frames' test "$received" -ge 4
is 'the guest reports its channels' "$(guest_said "$log" 'channels eth0 max [0-9]+')" 'channels eth0 max 1'
is 'it sees a feature' "$(guest_feature "$log" 1 32)" 1
is 'and not the one that was masked' "$(guest_feature "$log" 1 0)" 0
[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$log"
ip link delete smoke0
rm "$log"
finish
