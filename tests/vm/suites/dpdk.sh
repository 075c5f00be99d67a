#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl setup` for DPDK's virtio_user, which takes a tap by its name and opens vhost-net itself: testpmd, without
# a capability, answers what the host pings. Config and commands are those of vhostctl-recipes(7).
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 6.12
# shellcheck source=../../recipe.bash
. "$VHC_SOURCE/tests/recipe.bash"

command -v dpdk-testpmd > /dev/null || { echo '1..0 # SKIP no dpdk-testpmd; scripts/deps installs it'; exit; }
tmp=$(mktemp -d -p /run) # it takes no driver from below a folder that others may write to, like /tmp
chmod 755 "$tmp"
install -d -o nobody "$tmp/home"
export HOME=$tmp/home XDG_RUNTIME_DIR=$tmp/home
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

# started LOG: waits until testpmd forwards, or has ended.
started() {
	until grep -q 'Press enter' "$1"; do
		kill -0 $! 2> /dev/null || return
		sleep 0.3
	done
}

# see NAME PAIRS PID: list, status and dump show what testpmd is known to have, while it answers a flood.
see() {
	local base='[.rings[].base] | add'
	is "$1: list" "$(vhostctl --json list | jq -c '[.devices[] | [.type, .pid, .name, .link, .queue_pairs, .running]]')" \
		"[[\"net\",$3,\"dpdk-testpmd\",\"dpdk0\",$2,true]]"
	vhostctl --json status dpdk0 > "$tmp/before"
	ping -q -f -c 300 10.9.0.2 > /dev/null
	vhostctl --json status "$3" > "$tmp/after"
	is "$1: its rings are of the size that virtio_user has by default" "$(jq -c '[.rings[].size] | unique' "$tmp/after")" '[256]'
	is "$1: all of them run" "$(jq -c '[.rings[].running]' "$tmp/after")" "$(jq -nc "[range(2 * $2) | true]")"
	ok "$1: they move by at least the 600 frames" test $(($(jq "$base" "$tmp/after") - $(jq "$base" "$tmp/before"))) -ge 600
	is "$1: its eventfds are those that status names" \
		"$(jq -r '.eventfds[] | .kick, .call' "$tmp/after" | grep -v null | sort -n | uniq | wc -l)" \
		"$(jq -r '.eventfds[] | .kick, .call' "$tmp/after" | grep -v null | sort -n | uniq |
			while read -r id; do grep -lsE "^eventfd-id:[[:space:]]*$id\$" "/proc/$3/fdinfo/"* | head -n 1; done | wc -l)"
	is "$1: it accepted nothing that vhost and the tap do not have" "$(vhostctl --json caps |
		jq -c --slurpfile s "$tmp/after" '[$s[0].features[] | select(.origin | test("vhost|tap")) | .name] - [.. | .name? // empty]')" '[]'
	ok "$1: dump is a valid document" sh -c "vhostctl --json dump $3 > '$tmp/dump' && vhostctl state check '$tmp/dump'"
	is "$1: its features are those of status" "$(jq -c '[.features[].name]' "$tmp/dump")" "$(jq -c '[.features[].name]' "$tmp/after")"
}

# dpdk PAIRS
dpdk() {
	local name=dpdk$1 log=$tmp/$1.log before pid
	before=$(host_now)
	recipe DPDK 1 | sed "s/\"queue_pairs\": 2/\"queue_pairs\": $1/" > "$tmp/dpdk.json"
	recipe DPDK 2 > "$tmp/commands"
	(cd "$tmp" && stdbuf -oL timeout 2000 bash -e commands) <&"$console" > "$log" 2>&1 {console}>&- &
	ok "$name: it starts" started "$log"
	pid=$(pgrep -n dpdk-testpmd)
	is "$name: it is nobody" "$(stat -c %U "/proc/$pid")" nobody
	like "$name: it has no capability" "$(cat "/proc/$pid/status")" 'CapEff:[[:space:]]0000000000000000'
	like "$name: it answers the pings of the host" "$(ping -c 3 -W 60 10.9.0.2 2>&1)" '3 packets transmitted, 3 received'
	like "$name: it has the MAC address that its options say" "$(ip neighbour show dev dpdk0)" \
		"10.9.0.2 lladdr $(tr '\0' '\n' < "/proc/$pid/cmdline" | sed -n 's/.*,mac=//p')"
	is "$name: queues of the link" "$(find /sys/class/net/dpdk0/queues -name 'rx-*' | wc -l)" "$1"
	is "$name: vhost workers" "$(vhost_workers | wc -l)" "$1"
	ok "$name: frames crossed the tap" test "$(cat /sys/class/net/dpdk0/statistics/rx_packets)" -ge 3
	see "$name" "$1" "$pid"
	echo >&"$console" # testpmd ends
	wait $!
	is "$name: it ends normally" $? 0
	nothing_left "$name" "$before"
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$log"
}

dpdk 1
dpdk 2

setfacl -b /dev/vhost-net
umount "$drivers" "$tmp/all"
rm -r "$tmp"
finish
