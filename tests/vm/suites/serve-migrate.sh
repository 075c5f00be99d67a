#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A guest that runs moves from one broker to another, with the kernel's vhost under both, while data is under way: its
# connection lives, and the bridge learns where it is. Both hosts are this one. It moves there and back, and five times
# so with VHC_LONG=yes.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

usually_on 6.1

moves=2
[ "${VHC_LONG:-}" != yes ] || moves=10
target=''
mkdir -m 777 "$tmp/qemu"

# start SIDE: a broker whose link is a port of the bridge.
start() {
	serve_config "$1" 1 "$tmp/$1.sock" "\"name\": \"vm-$1\", \"bridge\": \"br0\""
	serve "$1" "$tmp/$1.sock"
	brokers+=("$broker")
}

# options SIDE: sets the array `qemu`.
options() { qemu_options 1 "$tmp/$1.sock" -qmp "unix:$tmp/qemu/$1.qmp,server=on,wait=off"; }

ask() { "$here/qmp" "$tmp/qemu/$1.qmp" "${@:2}"; }

# await_guest SIDE: a QEMU there, to which the guest will move.
await_guest() {
	rm -f "$tmp/qemu/incoming" "$tmp/qemu/$1.qmp"
	options "$1"
	"${qemu[@]}" -incoming "unix:$tmp/qemu/incoming" <&"$console" > "$tmp/$1.log" 2>&1 & target=$!
	within 120 test -S "$tmp/qemu/incoming" -a -S "$tmp/qemu/$1.qmp"
}

# has_moved SIDE: from there, or has failed to.
has_moved() {
	moved=$(ask "$1" query-migrate | jq -r .status)
	[[ $moved =~ completed|failed ]]
}

# guest_is_at SIDE: for the bridge.
guest_is_at() { bridge fdb show br br0 | grep -v permanent | grep -q "^$mac dev vm-$1 "; }

# accepted SIDE: the features that the broker there saw the guest accept.
accepted() { vhostctl --json dump "vm-$1" | jq -c '[.features[].name]'; }

rarps() { grep -c "$mac" "$tmp/rarps"; }
has_rarps() { [ "$(rarps)" -ge "$1" ]; }

# lost: the pings without an answer, as ranges.
lost() {
	awk -F icmp_seq= 'NF > 1 { seen[$2 + 0]; last = $2 + 0 > last ? $2 + 0 : last }
		END { for (n = 2; n <= last; n++)
			if (!(n in seen) && n - 1 in seen) first = n
			else if (n in seen && !(n - 1 in seen)) printf " %d-%d", first, n - 1 }' "$tmp/pings"
}

# The emulation may stop a guest at either side; guest_run finds it in the first one's log, and begins anew.
guest_is_lost() {
	grep -hs 'KVM internal error' "$tmp/from.log" "$tmp/to.log" >> "$tmp/first.log"
	grep -q 'KVM internal error' "$tmp/first.log"
}

# move FROM TO: with a ping every 5 ms, to see how long there is no answer.
move() {
	local pings told features without
	await_guest "$2"
	features=$(accepted "$1")
	ping -i 0.005 -W 60 10.9.0.2 > "$tmp/pings" & pings=$!
	within 120 grep -q 'icmp_seq=100 ' "$tmp/pings"
	told=$(rarps)
	# however slow the machine is
	ask "$1" migrate-set-parameters '{"downtime-limit": 2000, "max-bandwidth": 0}' > /dev/null
	ask "$1" migrate "{\"uri\": \"unix:$tmp/qemu/incoming\"}" > /dev/null
	within 300 has_moved "$1"
	[ "$moved" != completed ] || completed=$((completed + 1))
	! within 120 guest_is_at "$2" || found=$((found + 1))
	if guest_is_lost; then
		ask "$1" quit > /dev/null
		kill -INT $pings
		return 1
	fi
	! within 120 has_rarps $((told + 5)) || announced=$((announced + 1))
	[[ $features != *version_1* ]] || [ "$features" != "$(accepted "$2")" ] || agreed=$((agreed + 1))
	kill -INT $pings
	wait $pings
	! within 60 ping -c 1 -W 10 10.9.0.2 > /dev/null || answered=$((answered + 1))
	without=$(lost)
	[[ $without != *-*-* ]] || torn=$((torn + 1))
	twice=$((twice + $(grep -c DUP "$tmp/pings")))
	echo "# downtime $(ask "$1" query-migrate | jq .downtime) ms by QEMU; $(grep 'packets transmitted' "$tmp/pings"); lost:$without"
	ask "$1" quit > /dev/null
}

there_and_back() {
	local at=from to=to i
	[ -z "$target" ] || kill -9 "$target" 2> /dev/null # of a guest that died before
	rm -f "$tmp/from.log" "$tmp/to.log"
	completed=0 found=0 announced=0 answered=0 agreed=0 torn=0 twice=0
	within 120 guest_said "$tmp/first.log" '3 packets received' > /dev/null
	transfer_begin
	for ((i = 1; i <= moves; i++)); do
		move "$at" "$to" || { kill "$transfer"; break; }
		read -r at to <<< "$to $at"
	done
	transfer_end
	last=$at
}

ip link add br0 type bridge
ip address add 10.9.0.1/24 dev br0
ip link set br0 up
brokers=()
start from
start to
"$here/rarps" br0 > "$tmp/rarps" & listener=$!
within 60 grep -q listening "$tmp/rarps"
mkfifo "$tmp/console"
exec {console}<> "$tmp/console"

options from
completed=0 found=0 announced=0 answered=0 agreed=0 torn=0 twice=0 last=from
guest_run --during there_and_back "$tmp/first.log" "${qemu[@]}"
is 'migrations that complete' "$completed" $moves
is 'of them, after which the bridge finds the guest there' "$found" $moves
is 'after which the network is told five times' "$announced" $moves
is 'after which the guest answers' "$answered" $moves
is 'with the same features accepted on both sides' "$agreed" $moves
is 'of them, those with pings lost in more than one place' "$torn" 0
is 'pings that are answered twice' "$twice" 0
transferred 'a connection goes on'
echo >&"$console"
within 120 grep -q '^guest: done' "$tmp/$last.log"
is 'the guest ends normally where it is' "$(guest_said "$tmp/$last.log" '^guest: done$')" 'guest: done'
[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$tmp/"*.log "$tmp/"*.broker

kill "$listener" "${brokers[@]}" "$target" 2> /dev/null
wait
ip link delete br0
nothing_left 'afterwards' "$before"
rm -r "$tmp"
finish
