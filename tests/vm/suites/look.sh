#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# list, status and dump against the truth: a device of the library against its own save, `vhostctl loop` and
# examples/loopback while frames move, a QEMU guest against what its driver and QEMU's monitor say; and each reason for
# which the kernel refuses.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"

# Its guests take minutes. Each kernel is read in its own way: after a change of look/, run it on all of them.
usually_on 6.1

built=no
[ -e "$VHC_BUILD/look/program.lskel.h" ] && built=yes

# --- without a device

modprobe -r vhost_net vhost_vsock vhost_scsi vhost_vdpa vhost 2> /dev/null
is 'without the modules the list is empty' "$(vhostctl --json list 2>&1 | jq -c .devices)" '[]'
modprobe vhost max_mem_regions=1024
load vhost_net tun
is 'without a device it is, too' "$(vhostctl --json --quiet list | jq -c .devices)" '[]'

# --- a device of the library

# begin PAIRS REGIONS: the program that has it, as $device.
begin() {
	coproc device { exec unshare -n "$VHC_BUILD/tests/vm/vm-look" "$@"; }
	# shellcheck disable=SC2154 # of coproc
	pid=$device_PID
	read -r -t 60 answer <&"${device[0]}"
	is "$1 pairs, $2 regions: the device starts" "$answer" ok
}

# tell WORD...: what it shall do
tell() {
	echo "$*" >&"${device[1]}"
	read -r -t 60 answer <&"${device[0]}"
	[ "$answer" = ok ] || fail "the program does not: $*" "$answer"
}

# let_go: and it ends
let_go() {
	local input=${device[1]}
	exec {input}>&-
	wait "$pid"
}

status_of() { vhostctl --json --quiet status "$@" > "$tmp/status" 2> "$tmp/error"; }
shown() { jq -c "$1" "$tmp/status"; }
dump_of() { vhostctl --json dump "$1" > "$tmp/dump" 2> "$tmp/said"; }

# What a save has that a reading from outside must have, too.
same='del(.device, .running, .features, .words, .partial, .checksum, .minor, .mac, .mtu)'

# compare NAME: the library's save is what dump writes; what the kernel does not know is said.
compare() {
	tell save "$tmp/save"
	ok "$1: dump" dump_of "$pid"
	is "$1: dump is what the library saves" "$(jq -cS "$same" "$tmp/dump")" "$(jq -cS "$same" "$tmp/save")"
	is "$1: no feature is there that was not accepted" \
		"$(jq -c --slurpfile save "$tmp/save" '[.features[].bit] - [$save[0].features[].bit]' "$tmp/dump")" '[]'
	status_of "$pid"
	is "$1: what was accepted is there, or said to be unknown" "$(jq -c --slurpfile status "$tmp/status" \
		'[.features[].name] - [$status[0].features[].name] - $status[0].unknown' "$tmp/save")" '[]'
	is "$1: status has the features of dump" "$(shown '[.features[].bit]')" "$(jq -c '[.features[].bit]' "$tmp/dump")"
	ok "$1: state check takes it" vhostctl state check "$tmp/dump"
	like "$1: what is not known is listed" "$(cat "$tmp/said")" 'mac, mtu.*csum'
}

if [ $built = yes ]; then
	for pairs in 1 4; do
		begin "$pairs" 1
		compare "$pairs pairs"
		is "$pairs pairs: list" "$(vhostctl --json list | jq -c '[.devices[] | [.type, .pid, .name, .link, .queue_pairs, .running]]')" \
			"[[\"net\",$pid,\"vm-look\",\"tap0\",$pairs,true]]"
		is "$pairs pairs: it is running" "$(jq .running "$tmp/dump")" true
		is "$pairs pairs: owned by this process" "$(shown '[.owned, .owner]')" '[true,true]'
		is "$pairs pairs: its vhost fds" "$(shown '[.fds[].fd]')" \
			"[$(find "/proc/$pid/fd" -lname /dev/vhost-net -printf '%f\n' | sort -n | paste -sd,)]"
		is "$pairs pairs: its network namespace" "$(shown .netns)" "$(readlink "/proc/$pid/ns/net" | tr -dc 0-9)"
		is "$pairs pairs: eventfds are the process's" "$(shown '[.eventfds[] | .kick, .call, .err] - ['"$(
			cat "/proc/$pid/fdinfo/"* | sed -n 's/^eventfd-id: *//p' | paste -sd,)"'] | map(select(. != null))')" '[]'
		is "$pairs pairs: its workers are all that are called so" "$(shown '[.workers[].name] | length')" \
			"$(vhost_workers | wc -l)"
		taskset -p -c 1 "$(shown '.workers[0].pid')" > /dev/null
		status_of tap0
		is "$pairs pairs: where a worker may run, and by the link" "$(shown '.workers[0].cpus')" '"1"'
		tell log
		tell poll 33
		status_of "$pid"
		is "$pairs pairs: log and busy polling" "$(shown '[.log, .rings[1].busyloop_us, .rings[0].busyloop_us]')" '[true,33,0]'
		tell nolog
		tell stop
		compare "$pairs pairs, stopped"
		is "$pairs pairs, stopped: it is" "$(jq .running "$tmp/dump")" false
		tell start
		compare "$pairs pairs, started again"
		let_go
		is "$pairs pairs: it is gone" "$(vhostctl --json list | jq -c .devices)" '[]'
		fails "$pairs pairs: and nothing to dump" 4 vhostctl dump "$pid"
	done

	begin 1 1000
	compare '1,000 regions'
	status_of "$pid"
	is '1,000 regions: all are there' "$(shown '.memory | length')" 1000
	tell hold
	status_of "$pid"
	is 'a child has it, too: one device, two holders' "$(shown '[.pid, .owner, .fds[0].holders]')" "[$pid,true,2]"
	echo leave >&"${device[1]}"
	wait "$pid"
	child=$(vhostctl --json list | jq '.devices[0].pid')
	status_of "$child"
	is 'the owner has ended, and the child has it still' "$(shown '[.owned, .owner]')" '[true,false]'
	kill -9 "$child"

	# a vsock device, which its launcher has not started
	load vhost_vsock
	echo '{ "kind": "vhost-setup", "version": 1, "devices": [ { "id": "vsock0", "type": "vsock", "cid": 77 } ],
		"launcher": { "style": "env" } }' > "$tmp/vsock.json"
	vhostctl setup "$tmp/vsock.json" -- sh -c 'exec sleep 1000' @vsock0.fd@ @vsock0.cid@ &
	pid=$!
	sleeps() { status_of "$pid" && [ "$(shown .name)" = '"sleep"' ]; }
	within 120 sleeps
	is 'vsock: its CID, its rings, and that nobody owns it yet' \
		"$(shown '[.type, .guest_cid, (.rings | length), .running, .owned, .link]')" '["vsock",77,2,false,false,null]'
	kill "$pid"
	wait "$pid"

	# several devices of one process
	# shellcheck disable=SC2016 # of the inner shell
	unshare -n sh -c 'exec 5<> /dev/vhost-net 6<> /dev/vhost-net; exec sleep 1000' &
	pid=$!
	until [ "$(find "/proc/$pid/fd" -lname /dev/vhost-net 2> /dev/null | wc -l)" = 2 ]; do sleep 0.1; done
	fails 'two devices of one process: which?' 2 vhostctl status "$pid"
	like 'they are named' "$(vhostctl status "$pid" 2>&1)" "fd 5.*fd 6.*--fd"
	status_of --fd 6 "$pid"
	is 'by fd it is one of them, not owned yet' "$(shown '[.fds[0].fd, .owned]')" '[6,false]'
	fails 'one without memory is not dumped' 4 vhostctl dump --fd 5 "$pid"
	kill "$pid"
	wait "$pid"
fi

# --- while frames move

# under NAME PAIRS COMMAND...: starts it, as $holder; five readings are right whatever moves. The device may come and go.
under() {
	local name=$1 pairs=$2 bad=0 good=0 end=$((SECONDS + 120))
	shift 2
	unshare -n "$@" > /dev/null 2>&1 &
	holder=$!
	while [ $((good + bad)) -lt 5 ] && [ "$SECONDS" -lt "$end" ]; do
		{ status_of tap0 && [ "$(shown .running)" = true ]; } || continue
		if [ "$(shown "(.queue_pairs == $pairs) and (.rings | length == 2 * $pairs) and .steady == null and
			(.memory | length == 1) and ([.rings[] | ((.avail - .used + 65536) % 65536) > .size] | any | not)")" = true ]; then
			good=$((good + 1))
		else
			bad=$((bad + 1))
			awk '{ print "# " $0 }' "$tmp/status"
		fi
	done
	is "$name: right and wrong readings" "$good $bad" '5 0'
}

if [ $built = yes ]; then
	# it ends by itself, so again and again
	# shellcheck disable=SC2016 # of the inner shell
	under loopback 1 sh -c 'while "$0" 1; do :; done' "$VHC_BUILD/examples/loopback"
	kill "$holder"
	wait "$holder"
	while pkill -x loopback; do sleep 0.2; done

	under loop 2 vhostctl loop -Q 2 -n 100000000
	vhostctl --json status --watch 1 tap0 > "$tmp/watch" 2> "$tmp/error" &
	watcher=$!
	two_lines() { [ "$(wc -l < "$tmp/watch")" -ge 2 ]; }
	within 300 two_lines
	kill "$holder"
	wait "$holder"
	wait "$watcher"
	is 'watch: a device that goes away is no error' "$? $(cat "$tmp/error")" '0 '
	is 'watch: a document a line, and how far the rings moved' \
		"$(jq -cs 'length >= 2 and (.[0].rings[0].moved == null) and any(.[1].rings[]; .moved > 0)' "$tmp/watch")" true
fi

# --- a guest

# qmp COMMAND [ARGUMENT...]: the answer of QEMU's monitor
qmp() {
	python3 - "$tmp/qmp" "$@" <<- 'END'
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.settimeout(60)
		s.connect(sys.argv[1])
		f = s.makefile("rw")
		def ask(name, **arguments):
		    f.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
		    f.flush()
		    while True:
		        line = json.loads(f.readline())
		        if "event" not in line:
		            return line.get("return", line)
		f.readline()
		ask("qmp_capabilities")
		arguments = dict(a.split("=") for a in sys.argv[3:])
		print(json.dumps(ask(sys.argv[2], **{k: int(v) if v.isdigit() else v for k, v in arguments.items()})))
	END
}

# The rings as QEMU has them.
qemu_rings() {
	local path i
	path=$(qmp x-query-virtio | jq -r '.[] | select(.name == "virtio-net") | .path')
	for ((i = 0; i < 2 * pairs; i++)); do
		qmp x-query-virtio-queue-status "path=$path" "queue=$i"
	done | jq -cs 'map([."queue-index", ."vring-num", ."vring-desc", ."vring-avail", ."vring-used"])'
}

# shellcheck disable=SC2016 # of jq
number='def number: ltrimstr("0x") | explode | reduce .[] as $c (0; . * 16 + (if $c > 96 then $c - 87 else $c - 48 end));'

# While the guest pings.
look_at_guest() {
	look
	qemu=$(pgrep -n qemu-system)
	listed=$(vhostctl --json list 2>&1)
	status_of "$qemu"
	cp "$tmp/status" "$tmp/running"
	graph=$(vhostctl --json graph 2>&1)
	vhostctl status vm0 --html "$tmp/page" > /dev/null 2>&1
	dump_of vm0
	check_status=0
	vhostctl state check "$tmp/dump" > /dev/null || check_status=$?
	monitor=$(qemu_rings)
	qmp stop > /dev/null
	status_of "$qemu"
	cp "$tmp/status" "$tmp/stopped"
	qmp cont > /dev/null
}

# guest PAIRS MASKED: the driver accepts all but one feature
guest() {
	local pairs=$1 log=$tmp/guest$1.log accepted
	listed='' monitor='' check_status='' qemu='' graph=''
	config "guest$1" "$1" '' "$2"
	guest_options "vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_pairs=$1"
	guest_run --during look_at_guest "$log" vhostctl setup "$tmp/guest$1.json" -- qemu-system-x86_64 "${guest[@]}" \
		-netdev "${tokens[0]}" -device "${tokens[1]},romfile=" -qmp "unix:$tmp/qmp,server=on,wait=off"
	guest_ended "guest, $1 pairs: it ends normally"
	is "guest, $1 pairs: list" "$(jq -c '[.devices[] | [.type, .pid, .name, .link, .queue_pairs, .running]]' <<< "$listed")" \
		"[[\"net\",$qemu,\"qemu-system-x86\",\"vm0\",$pairs,true]]"
	# the bits that the driver accepted, as it says itself
	accepted=$(tr -d '\r' < "$log" | awk '$2 == "features" && $4 == "0x0001" {
		for (i = 1; i <= length($5); i++) if (substr($5, i, 1) == 1) bits = bits "," i - 1
		print substr(bits, 2); exit }')
	is "guest, $1 pairs: no feature is there that its driver did not accept" \
		"$(jq -c "[.features[].bit] - [$accepted]" "$tmp/running")" '[]'
	is "guest, $1 pairs: what it accepted, $accepted, is there, or said to be unknown" \
		"$(jq -c --slurpfile known "$tmp/known" "[$accepted] - [.features[].bit] - [.unknown[] as \$name |
			\$known[0].features[] | select(.name == \$name) | .bit]" "$tmp/running")" '[]'
	is "guest, $1 pairs: what is masked is not there" "$(jq -c --arg name "$2" 'any(.features[]; .name == $name)' "$tmp/running")" false
	is "guest, $1 pairs: its rings are QEMU's" "$(jq -c "$number"' [.rings, .addresses] | transpose | map(
		[.[0].index, .[0].size, (.[1] | (.guest_desc, .guest_avail, .guest_used) | number)])' "$tmp/running")" "$monitor"
	is "guest, $1 pairs: dump is a valid document" "$check_status" 0
	is "guest, $1 pairs: graph" "$(jq -c '[.nodes[] | select(.kind != "worker") | [.kind, .name]] | sort' <<< "$graph")" \
		'[["device","vhost-net"],["link","vm0"],["process","qemu-system-x86"]]'
	is "guest, $1 pairs: and its workers" "$(jq '[.edges[] | select(.what == "works in" or .what == "owns") | .what] | length' <<< "$graph")" \
		$((pairs + 1))
	ok "guest, $1 pairs: the page of status has its link and its features" \
		sh -c "grep -q vm0 '$tmp/page' && jq -r '.features[].name' '$tmp/running' | while read -r f; do grep -q \"\$f\" '$tmp/page' || exit 1; done"
	is "guest, $1 pairs: its workers" "$(jq '.workers | length' "$tmp/running")" "$pairs"
	is "guest, $1 pairs, stopped: the same device on the same link" "$(jq -c '[.link, .queue_pairs, .running]' "$tmp/stopped")" \
		"[\"vm0\",$pairs,false]"
	[ "$tests_failed" -eq 0 ] || { sed 's/^/# /' "$log"; jq -c . "$tmp/running" "$tmp/stopped" | sed 's/^/# /'; cat "$tmp/said"; }
}

if [ $built = yes ] && command -v python3 > /dev/null; then
	vhostctl --json features list > "$tmp/known"
	guest 1 event_idx
	guest 4 indirect_desc
fi

# --- what the kernel refuses

begin 1 1
# nobody may not get to where the build is
install -m 755 "$VHC_BUILD/cli/vhostctl" "$tmp/vhostctl"
powerless() { setpriv --reuid 65534 --clear-groups --bounding-set -all "$tmp/vhostctl" "$@"; }
# root, but for the kernel's memory
blind() { setpriv --inh-caps -all --bounding-set -all,+sys_ptrace vhostctl "$@"; }
if [ $built = yes ]; then
	like 'without a capability it says so' "$(powerless list 2>&1)" 'CAP_BPF and CAP_PERFMON.*as root'
	like 'in a user namespace it says so' "$(unshare -Ur vhostctl list 2>&1)" 'user namespace.*on the host'
	ok 'two capabilities are enough' sh -c "setpriv --reuid 65534 --clear-groups --inh-caps +bpf,+perfmon \
		--ambient-caps +bpf,+perfmon '$tmp/vhostctl' --json list | jq -e '.devices[0].features > 1'"
else
	like 'without BPF it says so' "$(vhostctl list 2>&1)" 'built without BPF'
fi
is 'without the right: owner and link' "$(blind --json --quiet list | jq -c '[.devices[] | [.type, .pid, .name, .link, .features]]')" \
	"[[\"net\",$pid,\"vm-look\",\"tap0\",null]]"
blind --json --quiet status "$pid" > "$tmp/status"
is 'without the right: its workers' "$(shown '[.workers[].name]')" "[\"vhost-$pid\"]"
is 'without the right: its vhost fds' "$(shown '[.fds[].fd]')" \
	"[$(find "/proc/$pid/fd" -lname /dev/vhost-net -printf '%f')]"
fails 'without the right: nothing to dump' 4 blind dump "$pid"
let_go

modprobe -r vhost_net vhost_vsock vhost_scsi
modprobe -r vhost
load vhost_net vhost_vsock vhost_scsi
rm -r "$tmp"
finish
