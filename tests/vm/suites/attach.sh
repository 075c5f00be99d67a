#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl attach` and `detach`: devices of a QEMU that runs.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"

usually_on 6.1

# --- a QEMU that runs already, and has no privilege: it is given the device, and the device is taken from it again
# What is there while the guest pings, and what the device leaves behind, once it has pinged.
look_and_detach() {
	look
	within 120 guest_said "$tmp/$name.log" 'packets transmitted' > /dev/null
	detached=$(vhostctl detach net0 --qmp "$tmp/nobody/qmp" --timeout 120 2>&1)
	detach_status=$?
	within 60 is_as_before
	after=$(host_now)
}

is_as_before() { [ "$(host_now)" = "$before" ]; }

# attach NAME: the device of this configuration, once the guest waits for it, and again where another guest has to.
attach() {
	waits() { guest_said "$tmp/$name.log" 'waiting for eth0' > /dev/null; }
	while :; do
		until waits; do sleep 0.3; done
		vhostctl attach "$tmp/$1.json" --qmp "$tmp/nobody/qmp" --timeout 60 > "$tmp/$1.attached" 2>&1
		while waits; do sleep 0.3; done
	done
}

install -d -o nobody "$tmp/nobody"
for pairs in 1 4; do
	name=attach$pairs
	config "$name" "$pairs" '' host_tso6
	detached='' detach_status='' after='' workers=0 taps=0 vhosts=0
	: > "$tmp/$name.log"
	attach "$name" &
	attacher=$!
	guest_options "vhc_hotplug=1 vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_pairs=$pairs"
	guest_run --during look_and_detach "$tmp/$name.log" \
		setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all --bounding-set=-all \
		qemu-system-x86_64 "${guest[@]}" -qmp "unix:$tmp/nobody/qmp,server=on,wait=off"
	guest_ended "$name: the guest ends normally"
	kill "$attacher"
	wait "$attacher" 2> /dev/null
	like "$name: QEMU got the device" "$(cat "$tmp/$name.attached")" "net0 +vm0 +$pairs +yes"
	like "$name: it pings the host" "$(cat "$tmp/$name.log")" '3 packets transmitted, 3 packets received'
	is "$name: it has its MAC" "$(guest_said "$tmp/$name.log" 'link eth0 [0-9a-f:]+')" 'link eth0 52:54:00:12:34:56'
	is "$name: ethtool -l shows the queue pairs" \
		"$(guest_said "$tmp/$name.log" 'channels eth0 max [0-9]+')" "channels eth0 max $pairs"
	is "$name: bit 12 is masked" "$(guest_feature "$tmp/$name.log" 1 12)" 0
	is "$name: QEMU is nobody" "$user" nobody
	is "$name: vhost-net fds, tap queues and workers" "$vhosts $taps $workers" "$pairs $pairs $pairs"
	is "$name: the guest gives it up" "$detach_status" 0
	is "$name: it leaves nothing on the host, while QEMU runs" "$after" "$before"
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$tmp/$name.log" "$tmp/$name.attached" <(echo "$detached")
done

# a vsock device has no netdev, and its CID goes with its fd
modprobe vhost_vsock
echo '{ "kind": "vhost-setup", "version": 1, "devices": [ { "id": "vsock0", "type": "vsock", "cid": 42 } ] }' > "$tmp/vsock.json"
for time in first second; do
	qemu-system-x86_64 -nodefaults -accel kvm -S -display none -qmp "unix:$tmp/qmp,server=on,wait=off" &
	until listens "$tmp/qmp"; do sleep 0.3; done
	ok "vsock: the $time QEMU gets it" vhostctl attach "$tmp/vsock.json" --qmp "$tmp/qmp" --timeout 60
	is "vsock: the $time QEMU has its fd" "$(find "/proc/$!/fd" -lname /dev/vhost-vsock | wc -l)" 1
	kill $!
	wait $!
	rm -f "$tmp/qmp"
done 2> /dev/null

rm -r "$tmp"
finish
