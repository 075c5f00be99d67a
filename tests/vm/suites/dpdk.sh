#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl setup` for DPDK's virtio_user, which takes a tap by its name and opens vhost-net itself: testpmd, without
# a capability, answers what the host pings.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

command -v dpdk-testpmd > /dev/null || { echo '1..0 # SKIP no dpdk-testpmd; scripts/deps installs it'; exit; }
tmp=$(mktemp -d -p /run) # it takes no driver from below a folder that others may write to, like /tmp
chmod 755 "$tmp"
install -d -o nobody "$tmp/home"
export HOME=$tmp/home XDG_RUNTIME_DIR=$tmp/home
mode=$(stat -c %a /dev/vhost-net)
chmod 666 /dev/vhost-net
mkfifo "$tmp/console"
exec {console}<> "$tmp/console"

# It loads every driver in the folder of drivers, which takes minutes in an emulated VM: show it the few that it needs.
drivers=$(dirname "$(realpath /usr/lib/*/librte_net_virtio.so)")
mkdir "$tmp/all" "$tmp/few"
mount --bind "$drivers" "$tmp/all"
ldd "$(command -v dpdk-testpmd)" | grep -o '[^/ ]*\.so\.[0-9]*' | while read -r library; do
	[ ! -e "$tmp/all/$library" ] || ln -sf "$tmp/all/$library" "$tmp/few"
done
ln -s "$tmp/all/"librte_{net_virtio,mempool_ring}.so "$tmp/few"
mount --bind "$tmp/few" "$drivers"

# vhost does not need hugepages.
testpmd=(dpdk-testpmd --no-huge -m 64 --no-pci --no-telemetry --no-shconf -l 0-1
	--vdev "virtio_user0,path=/dev/vhost-net,iface=@net0.tap@,queues=@net0.queues@,mac=@net0.mac@"
	-- --total-num-mbufs=2048 --forward-mode=icmpecho --rxq=@net0.queues@ --txq=@net0.queues@)

# started LOG: waits until testpmd forwards, or has ended.
started() {
	until grep -q 'Press enter' "$1"; do
		kill -0 $! 2> /dev/null || return
		sleep 0.3
	done
}

# dpdk PAIRS
dpdk() {
	local name=dpdk$1 log=$tmp/$1.log before pid
	before=$(host_now)
	cat > "$tmp/config.json" <<-END
		{ "kind": "vhost-setup", "version": 1,
		  "devices": [ { "id": "net0", "type": "net", "attach": "name", "vhost": "require", "queue_pairs": $1,
		    "tap": { "name": "vm0", "mac": "52:54:00:12:34:56", "address": ["10.9.0.1/24"] } } ],
		  "launcher": { "style": "env", "user": "nobody" } }
	END
	stdbuf -oL timeout 300 vhostctl setup "$tmp/config.json" -- "${testpmd[@]}" <&"$console" > "$log" 2>&1 {console}>&- &
	ok "$name: it starts" started "$log"
	pid=$(pgrep -n dpdk-testpmd)
	is "$name: it is nobody" "$(stat -c %U "/proc/$pid")" nobody
	like "$name: it has no capability" "$(cat "/proc/$pid/status")" 'CapEff:[[:space:]]0000000000000000'
	like "$name: it answers the pings of the host" "$(ping -c 3 -W 60 10.9.0.2 2>&1)" '3 packets transmitted, 3 received'
	like "$name: it has the MAC address" "$(ip neighbour show dev vm0)" '10.9.0.2 lladdr 52:54:00:12:34:56'
	is "$name: queues of the link" "$(find /sys/class/net/vm0/queues -name 'rx-*' | wc -l)" "$1"
	is "$name: vhost workers" "$(vhost_workers | wc -l)" "$1"
	ok "$name: frames crossed the tap" test "$(cat /sys/class/net/vm0/statistics/rx_packets)" -ge 3
	echo >&"$console" # testpmd ends
	wait $!
	is "$name: it ends normally" $? 0
	nothing_left "$name" "$before"
	[ "$tests_failed" -eq 0 ] || sed 's/^/# /' "$log"
}

dpdk 1
dpdk 2

chmod "$mode" /dev/vhost-net
umount "$drivers" "$tmp/all"
rm -r "$tmp"
finish
