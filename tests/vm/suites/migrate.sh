#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl check` predicts what QEMU's migration does: devices with vhost are moved from one QEMU to another, and each
# time the answer before is what happens. And examples/migrate.sh.
set -u
# shellcheck source=../qemus.sh
. "$(dirname "$0")/../qemus.sh"

# Two QEMUs for each case take ten minutes, and what QEMU does is the same on every kernel.
usually_on

# What the check says before: moves, or stays.
predict() {
	local status
	vhostctl --json dump "${qemus[from]}" --qmp "$tmp/from.qmp" > "$tmp/state" 2> "$tmp/dumped" &&
		vhostctl --json check "$tmp/state" --qmp "$tmp/to.qmp" > "$tmp/checked" 2>> "$tmp/dumped"
	status=$?
	case $status in 0) echo moves ;; 1) echo stays ;; *) echo "status $status: $(cat "$tmp/dumped")" ;; esac
}

# What QEMU does: moves, or stays.
migrate() {
	local status=''
	qemu_ask from migrate-set-capabilities '{"capabilities": [{"capability": "return-path", "state": true}]}' > /dev/null
	qemu_ask from migrate "{\"uri\": \"unix:$tmp/incoming\"}" > /dev/null
	until [[ $status =~ completed|failed ]]; do
		sleep 0.2
		status=$(qemu_ask from query-migrate | jq -r .status)
	done
	if [ "$status" = completed ] && [[ $(qemu_ask to query-status 2> /dev/null) == *'"running": true'* ]]; then
		echo moves
	else
		echo stays
	fi
}

# move NAME RESULT DRIVER-OPTIONS FROM TO: FROM and TO are "PAIRS MEMORY DEVICE-OPTIONS".
move() {
	local name=$1 result=$2 driver from to predicted happened
	read -ra driver <<< "$3"
	read -r -a from <<< "$4"
	read -r -a to <<< "$5"
	qemu_start from "${from[0]}" "${from[2]:-}" -m "${from[1]}" || return
	qemu_start to "${to[0]}" "${to[2]:-}" -m "${to[1]}" -incoming "unix:$tmp/incoming" || return
	qemu_drive from "${driver[@]}" > "$tmp/driven" 2>&1 || fail "$name: the driver runs" "$(cat "$tmp/driven")"
	predicted=$(predict)
	happened=$(migrate)
	if [ "$predicted $happened" = "${result/ but/}" ]; then
		pass "$name: $result"
	else
		fail "$name: $result" "predicted: $predicted" "QEMU: $happened" "$(cat "$tmp/checked" "$tmp/to.log")"
	fi
	qemu_end from
	qemu_end to
}

moves='moves moves' stays='stays stays'
move 'the same device' "$moves" '' '1 64' '1 64'
move 'guest_tso4 accepted, and not there' "$stays" '' '1 64' '1 64 ,guest_tso4=off'
move 'guest_tso4 not accepted, and not there' "$moves" '--accept 0xffffffffffffff7f' '1 64' '1 64 ,guest_tso4=off'
move 'guest_tso4 only there' "$moves" '' '1 64 ,guest_tso4=off' '1 64'
move 'mrg_rxbuf accepted, and not there' "$stays" '' '1 64' '1 64 ,mrg_rxbuf=off'
move 'event_idx accepted, and not there' "$stays" '' '1 64' '1 64 ,event_idx=off'
move 'status accepted, and not there' "$stays" '' '1 64' '1 64 ,status=off'
move 'hardly a feature accepted' "$moves" '--accept 0x100000000' '1 64' '1 64 ,mrg_rxbuf=off,csum=off'
move 'receive rings of 512 there' "$moves" '' '1 64' '1 64 ,rx_queue_size=512'
move '4 queue pairs' "$moves" '' '4 64' '4 64'
move '4 queue pairs, and 1 there' "$stays" '' '4 64' '1 64'
move '1 queue pair, and 4 there' "$stays" '' '1 64' '4 64'
move 'a modern driver, and a legacy device' "$stays" '' '1 64' '1 64 ,disable-modern=on'
move 'a legacy driver' "$moves" --legacy '1 64' '1 64'
move 'a legacy driver, and a modern device' "$stays" --legacy '1 64' '1 64 ,disable-legacy=on'
move 'the same MTU' "$moves" '' '1 64 ,host_mtu=1400' '1 64 ,host_mtu=1400'
move 'an MTU, and none there' "$stays" '' '1 64 ,host_mtu=1400' '1 64'
move 'more memory there' "$stays" '' '1 64' '1 128'
# QEMU does not look: the guest would go on with an MTU that its link may not have
move 'another MTU' 'stays but moves' '' '1 64 ,host_mtu=1400' '1 64 ,host_mtu=9000'

# --- both hosts by one script; they are this one
export RSH=env
qemu_start from 1 '' && qemu_start to 1 '' -incoming "unix:$tmp/incoming" && qemu_drive from > /dev/null
ok 'examples/migrate.sh moves a guest, whose device is then the same' \
	"$VHC_SOURCE/examples/migrate.sh" "$tmp/from.qmp" net0 there "$tmp/to.qmp" "unix:$tmp/incoming"
like 'its guest runs there' "$(qemu_ask to query-status)" '"running": true'
qemu_end to
qemu_start to 1 ,guest_csum=off -incoming "unix:$tmp/incoming"
qemu_ask from cont > /dev/null
fails 'examples/migrate.sh leaves a guest that cannot move' 1 \
	"$VHC_SOURCE/examples/migrate.sh" "$tmp/from.qmp" net0 there "$tmp/to.qmp" "unix:$tmp/incoming"
like 'its guest runs here' "$(qemu_ask from query-status)" '"running": true'
qemu_end from
qemu_end to

rm -r "$tmp"
finish
