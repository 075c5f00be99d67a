#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A guest that runs moves from one broker to another, with the kernel's vhost under both: its connection lives, and the
# bridge learns where it is. Both hosts are this one.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"

mac=52:54:00:12:34:56

# serve SIDE: a broker whose link is a port of the bridge.
serve() {
	cat > "$tmp/$1.json" <<-END
		{ "kind": "vhost-setup", "version": 1, "name": "$1",
		  "devices": [ { "id": "net0", "type": "net", "attach": "vhost-user",
		    "socket": { "path": "$tmp/$1.sock" },
		    "tap": { "name": "vm-$1", "mac": "$mac", "bridge": "br0" } } ] }
	END
	vhostctl -v serve "$tmp/$1.json" > "$tmp/$1.broker" 2>&1 &
	brokers+=($!)
	until [ "$(stat -c %a "$tmp/$1.sock" 2> /dev/null)" = 600 ]; do
		kill -0 $! || return
		sleep 0.2
	done
}

# qemu_options SIDE: sets the array `qemu`.
qemu_options() {
	guest_options "vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1"
	# shellcheck disable=SC2054 # commas are QEMU's
	qemu=(qemu-system-x86_64 "${guest[@]}" -qmp "unix:$tmp/$1.qmp,server=on,wait=off"
		-object memory-backend-memfd,id=ram,size=192M,share=on -machine pc,memory-backend=ram
		-chardev "socket,id=net0,path=$tmp/$1.sock" -netdev "vhost-user,id=net0,chardev=net0"
		-device "virtio-net-pci,netdev=net0,mac=$mac,romfile=")
}

ask() { "$VHC_SOURCE/tests/vm/qmp" "$tmp/$1.qmp" "${@:2}"; }

# The port of the bridge behind which the guest is.
port() { bridge fdb show br br0 | awk -v mac=$mac '$1 == mac && !/permanent/ { print $3 }'; }

# One packet every 20 ms that is answered, to see how long there is no answer.
move() {
	local status='' pings
	port_before=$(port)
	ping -i 0.02 -W 60 10.9.0.2 > "$tmp/pings" & pings=$!
	sleep 2
	ask from migrate "{\"uri\": \"unix:$tmp/incoming\"}"
	until [[ $status =~ completed|failed ]]; do
		sleep 0.2
		status=$(ask from query-migrate | jq -r .status)
	done
	downtime=$(ask from query-migrate | jq .downtime)
	sleep 3
	kill -INT $pings
	wait $pings
	moved=$status port_after=$(port)
	ask from quit
}

brokers=() moved='' port_before='' port_after='' downtime=0
ip link add br0 type bridge
ip address add 10.9.0.1/24 dev br0
ip link set br0 up
serve from
serve to

mkfifo "$tmp/console"
exec {there}<> "$tmp/console"
qemu_options to
"${qemu[@]}" -incoming "unix:$tmp/incoming" <&"$there" > "$tmp/to.log" 2>&1 & target=$!
until [ -S "$tmp/incoming" ]; do kill -0 $target && sleep 0.2; done
qemu_options from
guest_run --during move "$tmp/from.log" "${qemu[@]}"

is 'the migration completes' "$moved" completed
is 'before, the bridge finds the guest at one broker' "$port_before" vm-from
is 'afterwards at the other' "$port_after" vm-to
ok 'the host pings it there' ping -c 3 -W 60 10.9.0.2
echo "# downtime $downtime ms by QEMU; $(grep 'packets transmitted' "$tmp/pings")"
lost=$(awk '/packets transmitted/ { print $1 - $4 }' "$tmp/pings")
# what was sent while the guest stood still, and a second for the bridge to learn
ok 'no more answers are missing than fit into the downtime' test "${lost:-9999}" -le $((downtime / 20 + 50))
echo >&"$there"
wait $target
is 'the guest ends normally there' "$(guest_said "$tmp/to.log" '^guest: done$')" 'guest: done'
[ "$tests_failed" -eq 0 ] || sed 's/^/# /' "$tmp/"{from,to}.{log,broker}

kill "${brokers[@]}"
wait "${brokers[@]}"
ip link delete br0
nothing_left 'afterwards' "$before"
rm -r "$tmp"
finish
