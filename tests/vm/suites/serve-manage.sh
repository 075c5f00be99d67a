#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A broker of vhostctl setup, in the background and beside its launcher: what it tells, what is asked of it and done to
# it while a guest runs, what a killed one leaves, and what is refused.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

usually_on 6.12

control=/run/vhostctl/vm1.varlink
built=no
[ ! -e "$VHC_BUILD/look/program.lskel.h" ] || built=yes

# left: processes and files of brokers.
left() {
	pgrep -l vhostctl
	find /run/vhostctl "$socket" 2> /dev/null | grep -v '^/run/vhostctl$'
}

# nothing_runs NAME: and all is as it was.
nothing_runs() {
	nothing_left "$1" "$before"
	becomes "$1: no process and no file is left" '' left
}

# --- where launchers connect, in three forms

serve_config vm1 1
like 'setup: a table says where' "$(vhostctl setup "$tmp/vm1.json")" "net0 .*vm0 .*$socket"
ok 'teardown: the broker ends' vhostctl teardown vm1
nothing_runs 'teardown'

eval "$(vhostctl setup "$tmp/vm1.json" --shell)"
is 'setup: so does --shell' "${VHOSTCTL_net0_socket:-} ${VHOSTCTL_net0_tap:-} ${VHOSTCTL_net0_mac:-}" "$socket vm0 $mac"
ok 'setup: its broker runs' grep -q vhostctl "/proc/${VHOSTCTL_pid:-none}/comm"
vhostctl teardown "$tmp/vm1.json" > "$tmp/torn"

# background WHAT: starts the broker, and says on stderr what it found; $broker is its pid.
background() {
	vhostctl --json setup "$tmp/vm1.json" > "$tmp/setup" 2> "$tmp/said"
	is "$1: setup" $? 0
	broker=$(jq .pid "$tmp/setup")
}

background 'in the background'
is 'setup: and --json' "$(jq -r '.devices[] | "\(.socket) \(.tap) \(.mac)"' "$tmp/setup")" "$socket vm0 $mac"
index=$(cat /sys/class/net/vm0/ifindex)

# --- what is refused: a second broker of the name, and another one at the socket

# refused WHAT MESSAGE COMMAND...
refused() {
	fails "$1" 5 "${@:3}"
	like "$1: why" "$("${@:3}" 2>&1)" "$2"
}

refused 'a second broker of the name' "a broker of \"vm1\" runs already, as process $broker" \
	vhostctl serve "$tmp/vm1.json"
serve_config vm2 1 "$socket" '"name": "vm9"'
refused 'another broker at its socket' "net0: .*$socket is the socket of a process that runs" \
	vhostctl serve "$tmp/vm2.json"
ok 'and its link is removed again' test ! -e /sys/class/net/vm9

# --- a guest

ask() { "$here/varlink" "$control" "$@"; }
device() { vhostctl --json --quiet "$1" net0 | jq -c "$2"; }
listed() { vhostctl --json --quiet list | jq -c "[.devices[] | select(.link == \"vm0\")] | $1"; }
carrier() { cat /sys/class/net/vm0/carrier; }
answers() { ping -c 1 -W 60 10.9.0.2 > /dev/null; }
no_answer() { ! ping -c 1 -W 2 10.9.0.2 > /dev/null; }
events() { jq -r .event "$tmp/events" | xargs; }

launcher=linux.uml
uml_parameters="vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1"

tell() {
	is 'list: the device is there once, with its launcher' \
		"$(listed 'map([.type, .pid, .id, .launcher, .user, .running])')" \
		"[[\"net\",$broker,\"net0\",$(pgrep -o $launcher),65534,true]]"
	is 'status: what the broker knows' \
		"$(device status '[.broker, .link_up, .stopped, .ring_errors, (.served_rings | length)]')" \
		'["vm1",true,false,0,2]'
	if [ $built = yes ]; then
		is 'list: and what the kernel knows' "$(listed 'map([.name, .queue_pairs, (.worker_ms | type)])')" \
			'[["vhostctl-broker",1,"number"]]'
		is 'status: and what the kernel knows' \
			"$(device status '[.owned, (.rings | length), (.workers | length)]')" '[true,2,1]'
	fi
	vhostctl --json dump net0 > "$tmp/dump"
	ok 'dump: its document is valid' vhostctl state check "$tmp/dump"
}

guest_carrier() { guest_said "$tmp/guest.log" 'carrier [01]' | tail -n 1; }

command_it() {
	"$here/varlink" --more "$control" Monitor > "$tmp/events" & local monitor=$!
	within 60 test -s "$tmp/events"
	ok 'SetLink: down' ask SetLink '{"device": "net0", "up": false}'
	becomes 'SetLink: the tap has no carrier' 0 carrier
	becomes 'SetLink: nor has the guest' 'carrier 0' guest_carrier
	is 'SetLink: status says so' "$(device status .link_up)" false
	ok 'SetLink: up' ask SetLink '{"device": "net0", "up": true}'
	becomes 'SetLink: it has one again' 1 carrier
	becomes 'SetLink: and the guest' 'carrier 1' guest_carrier
	ok 'SetLink: which answers' answers
	ok 'Stop' ask Stop '{"device": "net0"}'
	is 'Stop: list says so' "$(listed 'map(.running)')" '[false]'
	ok 'Stop: the guest does not answer' no_answer
	vhostctl --json dump net0 > "$tmp/stopped"
	is 'Stop: its state can be loaded' "$(jq -c '[.running, .words == $before[0].words]' --slurpfile before "$tmp/dump" \
		"$tmp/stopped")" '[false,true]'
	ok 'Resume' ask Resume '{"device": "net0"}'
	ok 'Resume: the guest answers' answers
	becomes 'Monitor: it has seen all of this' 'present link link stopped resumed started' events
	is 'List: it is the same device' "$(ask List | jq -c '[.name, .pid, .devices[0].link]')" "[\"vm1\",$broker,\"vm0\"]"
	fails 'a device that is not there' 1 ask Stop '{"device": "net9"}'
	fails 'another user' 1 "${unprivileged[@]}" "$here/varlink" "$control" List
	kill $monitor
	wait $monitor 2> /dev/null
}

manage() {
	ok 'the guest answers' answers
	tell
	command_it
}

if command -v linux.uml > /dev/null; then
	uml_options "$tmp" "$socket" "$uml_parameters"
	# shellcheck disable=SC2154 # of uml_options
	guest_run --during manage "$tmp/guest.log" "${unprivileged[@]}" "${uml[@]}"
	guest_ended 'the guest ends normally'
	is "dump: the features are those that the guest's driver accepted" "$(jq -r '.features[].bit' "$tmp/dump" | xargs)" \
		"$(for bit in {0..63}; do [ "$(guest_feature "$tmp/guest.log" 1 "$bit")" = 0 ] || echo "$bit"; done | xargs)"
else
	skip 'User Mode Linux' 'it is not installed'
fi

# --- QEMU, whose driver is tests/vm/qemu-driver, and a broker that is killed under traffic

halting_firmware "$tmp/halt"
chmod 644 "$tmp/halt"
mkdir -m 777 "$tmp/qemu"

# qemu_begin CHARDEV-OPTIONS OPTION...: $launched is its pid.
qemu_begin() {
	rm -f "$tmp/qemu/qtest"
	"${unprivileged[@]}" qemu-system-x86_64 -nodefaults -display none -accel tcg -bios "$tmp/halt" -m 64 \
		-qtest "unix:$tmp/qemu/qtest,server=on,wait=off" -qtest-log none "${@:2}" \
		-chardev "socket,id=net0,path=$socket$1" -netdev vhost-user,id=net0,chardev=net0 \
		-device virtio-net-pci,netdev=net0,romfile= > "$tmp/qemu.log" 2>&1 & launched=$!
	within 120 listens "$tmp/qemu/qtest"
	"$here/qemu-driver" "$tmp/qemu/qtest" > /dev/null
}

qemu_end() {
	kill "$launched"
	wait "$launched" 2> /dev/null
}

shared=(-object 'memory-backend-memfd,id=ram,size=64M,share=on' -machine 'pc,memory-backend=ram')
runs() { listed 'map([.pid, .launcher, .running])'; }

qemu_begin ,reconnect=1 "${shared[@]}"
becomes 'QEMU: it runs' "[[$broker,$launched,true]]" runs
words=$(vhostctl --json dump net0 | jq -c .words)
flood_begin
kill -9 "$broker"
is 'killed: the link stays' "$(cat /sys/class/net/vm0/ifindex)" "$index"
background 'killed'
like 'killed: the next one says that it continues' \
	"$(cat "$tmp/said")" 'a broker of .*vm1.* was killed: this one continues with'
like 'killed: and that it takes the socket over' \
	"$(cat "$tmp/said")" "$socket was left by a process that has gone, and is repl"
is 'killed: its link is the same' "$(cat /sys/class/net/vm0/ifindex)" "$index"
becomes 'killed: QEMU is the same, connects again, and runs' "[[$broker,$launched,true]]" runs
is 'killed: with the same features' "$(vhostctl --json dump net0 | jq -c .words)" "$words"
flood_end
qemu_end

# --- a broker that is killed, and none comes after it

kill -9 "$broker"
is 'teardown after a crash: what it removes' \
	"$(vhostctl --json teardown vm1 | jq -c '[.sockets[0].device, .removed[0].link]')" '["net0","vm0"]'
nothing_runs 'teardown after a crash'

# --- a launcher's own

own() {
	ok 'own: the guest answers' answers
	user=$(stat -c %U "/proc/$(pgrep -o linux.uml)")
	workers=$(count_workers)
}

if command -v linux.uml > /dev/null; then
	uml_options "$tmp" @net0.socket@ "$uml_parameters"
	jq '.launcher.style = "env"' "$tmp/vm1.json" > "$tmp/own.json"
	guest_run --during own "$tmp/own.log" vhostctl setup "$tmp/own.json" --user nobody --no-new-privs -- "${uml[@]}"
	guest_ended 'own: the guest ends normally'
	is 'own: the launcher is nobody, and there is a worker of vhost' "${user:-} ${workers:-}" 'nobody 1'
	nothing_runs 'own: the broker ends with its launcher'
else
	skip 'User Mode Linux' 'it is not installed'
fi

# --- a launcher whose memory is not shared

not_shared() { grep -c 'has to be shared with .*: with QEMU, -object memory-backend-memfd,share=on' "$tmp/vm1.broker"; }

serve vm1
qemu_begin ''
becomes 'memory that is not shared: one line tells what to do' 1 not_shared
qemu_end
end_serve 'not shared'

[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$tmp/"*.log "$tmp/"*.broker
rm -r "$tmp"
finish
