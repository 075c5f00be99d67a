#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # inner shells expand; bats and lib.bash set
# vhostctl setup of devices that are attached by vhost-user: a broker in the background, or beside a launcher. With the
# real kernel's links, and a vhost-net of its own: STUB.

load lib.bash

setup() {
	need_tap
	# the process that serves opens nothing at its end, not even /proc, where a sanitizer looks for leaks
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	cd "$BATS_TEST_TMPDIR" || return
	config vm1 > vm1.json
}

# config NAME [DEVICE-MEMBERS [TAP-MEMBERS]]
config() {
	printf '{"kind": "vhost-setup", "version": 1, "name": "%s", "devices": [{"id": "net0", "type": "net",
		"attach": "vhost-user", "socket": {"path": "%s/net0.sock"}%s, "tap": {"name": "vm0", "address": ["192.0.2.1/24"]%s}}],
		"launcher": {"style": "env"}}' "$1" "$PWD" "${2:+, $2}" "${3:+, $3}"
}

# inside SCRIPT: in namespaces of its own, with a /run of its own; in the end no broker may be left there.
inside() {
	run --separate-stderr timeout -s KILL 300 unshare -n -m -p --fork --kill-child --mount-proc bash -c '
		mount -t tmpfs none /run && mount -t sysfs none /sys
		index() { cat /sys/class/net/vm0/ifindex; }
		links() { ip -oneline link show type tun | cut -d " " -f 2; }
		left() { links; ls /run/vhostctl; find . -name "*.sock"; pgrep -a vhostctl; }
		'"$1"
}

@test "setup: in the background, with a table of where launchers connect" {
	inside '"$STUB" setup vm1.json; echo "status $?"; stat -c %F%a net0.sock; ip -brief address show vm0; "$STUB" teardown vm1; left'
	[ -z "$stderr" ]
	[[ $output == *"device"*"tap"*"socket"*"net0"*"vm0"*"$PWD/net0.sock"*"status 0"*"socket600"*"192.0.2.1/24"*"ended"* ]]
	[ "$(sed -n '/^restored/,$p' <<< "$output")" = 'restored  -' ]
}

@test "setup: the caller's stdout and stderr are not kept, and one of them may be closed" {
	inside 'text=$("$STUB" -v setup vm1.json --json 2>&1); echo "$text" | tail -n +1 | grep -c socket; "$STUB" teardown vm1 > /dev/null
		"$STUB" setup vm1.json 1>&- 2>&- 0>&-; "$STUB" teardown vm1 --json | jq .ended; left'
	[ -z "$stderr" ]
	[[ ${lines[0]} =~ ^[1-9] ]]
	[[ ${lines[1]} =~ ^[1-9] ]]
	[ "${#lines[@]}" = 2 ]
}

@test "setup: if nobody can be told where launchers connect, it is undone" {
	inside '"$STUB" setup vm1.json > /dev/full; echo "status $?"; left
		exec 3> >(:); wait $!; "$STUB" setup vm1.json >&3; echo "status $?"; left'
	[ "$output" = $'status 5\nstatus 5' ]
	[[ $stderr == *"cannot write the result: No space left"*"cannot write the result: Broken pipe"* ]]
}

@test "setup: --json and --shell say the same" {
	inside '"$STUB" setup vm1.json --json > a.json; "$STUB" teardown vm1 > /dev/null
		eval "$("$STUB" setup vm1.json --shell)"; kill -0 "$VHOSTCTL_pid" && echo "$VHOSTCTL_net0_socket $VHOSTCTL_net0_tap $VHOSTCTL_net0_mac $VHOSTCTL_net0_queue_pairs"
		"$STUB" teardown vm1 > /dev/null; left'
	[ -z "$stderr" ]
	[ "$output" = "$(jq -r '.devices[0] | "\(.socket) \(.tap) \(.mac) \(.queue_pairs)"' a.json)" ]
	[ "$(jq -r '.pid | type' a.json)" = number ]
}

@test "setup: a path of a socket that a shell would expand" {
	mkdir "it's\$HOME"
	jq '.devices[0].socket.path |= sub("net0.sock"; "it'"'"'s$HOME/net0.sock")' vm1.json > quote.json
	inside 'eval "$("$STUB" setup quote.json --shell)"; [ -S "$VHOSTCTL_net0_socket" ] && echo there; "$STUB" teardown vm1 > /dev/null'
	[ "$output" = there ]
}

@test "setup: what is of no use without a launcher, and what is" {
	fails 2 '--user is for a launcher' setup vm1.json --user nobody
	fails 2 '--report is for a launcher' setup vm1.json --report file
	run -2 --separate-stderr vhostctl setup vm1.json --shell --json
	[[ $stderr == *'two formats of one result'* ]]
	fails 2 '--shell is for a set-up without a launcher' setup vm1.json --shell -- true
	jq 'del(.name)' vm1.json > unnamed.json
	fails 3 'needs a name, and the config has none' setup unnamed.json
	jq '.devices += [{id: "vsock0", type: "vsock"}]' vm1.json > mixed.json
	fails 3 'device "vsock0" cannot be served' setup mixed.json
	jq '.devices += [.devices[0] * {id: "a-b", socket: {path: "/a"}, tap: {name: "t1", mac: "02:00:00:00:00:01"}},
		.devices[0] * {id: "a_b", socket: {path: "/b"}, tap: {name: "t2", mac: "02:00:00:00:00:02"}}]' vm1.json > names.json
	fails 2 '"a-b" and "a_b" would have the same names' setup names.json --shell
	[ ! -e net0.sock ]
}

@test "setup: one broker for a name, and what it has is left alone" {
	inside '"$STUB" setup vm1.json > /dev/null; "$STUB" setup vm1.json; echo "status $?"; "$STUB" serve vm1.json; echo "status $?"
		"$STUB" setup vm1.json -- touch started; echo "status $?"
		[ -S net0.sock ] && links; "$STUB" teardown vm1 --json | jq .ended; left'
	[ "$(grep -c 'status 5' <<< "$output")" = 3 ]
	[ "$(grep -c 'a broker of "vm1" runs already, as process' <<< "$stderr")" = 3 ]
	[[ $stderr == *"vhostctl teardown vm1"* ]]
	[ ! -e started ]
	[ "$(tail -n 2 <<< "$output" | head -n 1)" = vm0: ]
	[[ ${lines[-1]} =~ ^[0-9]+$ ]]
}

@test "setup: after kill -9 of the broker the next one goes on with the same tap" {
	inside 'eval "$("$STUB" setup vm1.json --shell)"; before=$(index); kill -9 "$VHOSTCTL_pid"; [ "$(links)" = vm0: ] && echo "the tap is there"
		"$STUB" setup vm1.json > /dev/null; echo "status $?"; [ "$(index)" = "$before" ] && echo "the same"
		"$STUB" teardown vm1 > /dev/null; left'
	[ "$output" = $'the tap is there\nstatus 0\nthe same' ]
	[[ $stderr == *'a broker of "vm1" was killed: this one continues with what it left'* ]]
	[[ $stderr == *"net0.sock was left by a process that has gone, and is replaced"* ]]
}

@test "setup: the same of a tap whose name the kernel chose, and with several queues" {
	config vm1 '"queue_pairs": 3' | jq 'del(.devices[0].tap.name)' > any.json
	inside 'eval "$("$STUB" setup any.json --shell)"; before=$(ip -oneline link show type tun | cut -d " " -f 1,2); kill -9 "$VHOSTCTL_pid"
		"$STUB" --quiet setup any.json > /dev/null; [ "$(ip -oneline link show type tun | cut -d " " -f 1,2)" = "$before" ] && echo "the same"
		"$STUB" teardown vm1 > /dev/null; left'
	[ "$output" = "the same" ]
	[ -z "$stderr" ]
}

@test "setup: after kill -9 of the broker a config that is another begins anew" {
	jq '.devices[0].tap.name = "vm9" | .devices[0].socket.path |= sub("net0"; "net9")' vm1.json > other.json
	inside 'eval "$("$STUB" setup vm1.json --shell)"; kill -9 "$VHOSTCTL_pid"
		"$STUB" setup other.json > /dev/null; links; ls ./*.sock; "$STUB" teardown vm1 > /dev/null; left'
	[ "$output" = $'vm9:\n./net9.sock' ]
	[[ $stderr == *"what it left is removed"* ]]
}

@test "setup: after kill -9 of a broker that was just ending, not before all of it is undone" {
	inside 'eval "$("$STUB" setup vm1.json --shell)"; keeper=$(pgrep vhostctl-keeper); kill -STOP "$keeper"
		kill "$VHOSTCTL_pid"; while [ "$(cat /sys/class/net/vm0/carrier)" = 1 ]; do sleep 0.1; done
		kill -9 "$VHOSTCTL_pid"; while kill -0 "$VHOSTCTL_pid"; do sleep 0.1; done 2> /dev/null
		"$STUB" setup vm1.json; echo "status $?"; kill -CONT "$keeper"; while kill -0 "$keeper"; do sleep 0.1; done 2> /dev/null
		"$STUB" --quiet setup vm1.json > /dev/null; echo "status $?"; "$STUB" teardown vm1 --json | jq .ended; left'
	[[ $output =~ ^"status 5"$'\n'"status 0"$'\n'[0-9]+$ ]]
	[[ $stderr == *'a broker of "vm1" runs already'* ]]
}

@test "teardown: removes all that a killed broker left, by its name or by the config" {
	inside 'for by in vm1 vm1.json; do eval "$("$STUB" setup vm1.json --shell)"; kill -9 "$VHOSTCTL_pid"; while kill -0 "$VHOSTCTL_pid"; do sleep 0.1; done 2> /dev/null
		"$STUB" --json teardown $by | jq -c "[.ended, .sockets[0].device, .removed[0].link]"; left; done
		"$STUB" teardown vm1.json; echo "status $?"; "$STUB" teardown vm1; echo "status $?"'
	[ "${lines[0]}" = '[null,"net0","vm0"]' ]
	[ "${lines[1]}" = "${lines[0]}" ]
	[[ $output == *"status 0"*"status 3" ]]
	[[ $stderr == *'there is no broker "vm1", and no file of this name'*"hint: 'vhostctl list' shows the brokers"* ]]
}

@test "teardown: a broker that is stopped is killed" {
	inside 'eval "$("$STUB" setup vm1.json --shell)"; kill -STOP "$VHOSTCTL_pid"; "$STUB" teardown vm1 > /dev/null; echo "status $?"; left'
	[ "$output" = "status 0" ]
}

@test "teardown: another process's socket at the path stays, and so does another file" {
	inside 'eval "$("$STUB" setup vm1.json --shell)"; kill -9 "$VHOSTCTL_pid"; while kill -0 "$VHOSTCTL_pid"; do sleep 0.1; done 2> /dev/null
		rm net0.sock; touch net0.sock; "$STUB" teardown vm1 > /dev/null; echo "status $?"; ls net0.sock; rm net0.sock; left'
	[ "$output" = $'status 0\nnet0.sock' ]
}

@test "a broker that ends leaves the socket that another one has at its path by now" {
	jq '.name = "vm2" | .devices[0].tap = {name: "vm2"}' vm1.json > vm2.json
	inside '"$STUB" setup vm1.json > /dev/null; rm net0.sock; "$STUB" setup vm2.json > /dev/null; "$STUB" teardown vm1 > /dev/null; ls net0.sock
		"$STUB" teardown vm2 > /dev/null; left'
	[ "$output" = net0.sock ]
	inside '"$STUB" setup vm1.json > /dev/null; chown nobody net0.sock; "$STUB" teardown vm1 > /dev/null; left'
	[ -z "$output" ]
}

@test "a broker that gets a signal removes all by itself, also what one before it left" {
	inside 'eval "$("$STUB" setup vm1.json --shell)"; kill -9 "$VHOSTCTL_pid"; eval "$("$STUB" --quiet setup vm1.json --shell)"
		kill "$VHOSTCTL_pid"; while kill -0 "$VHOSTCTL_pid"; do sleep 0.1; done 2> /dev/null; left'
	[ -z "$output" ]
}

@test "a link of persist stays when the broker ends, until teardown" {
	config vm1 '' '"persist": true' > persist.json
	inside 'eval "$("$STUB" setup persist.json --shell)"; kill "$VHOSTCTL_pid"; while kill -0 "$VHOSTCTL_pid"; do sleep 0.1; done 2> /dev/null; left
		"$STUB" teardown persist.json > /dev/null; left'
	[ "$output" = vm0: ]
}

@test "setup: what fails leaves nothing, and its error is here" {
	inside 'VHOST_STUB_ERRNO=2 "$STUB" setup vm1.json; echo "status $?"; left; touch net0.sock; "$STUB" setup vm1.json; echo "status $?"; rm net0.sock; left
		mkdir -m 777 -p /run/vhostctl; chmod 777 /run/vhostctl; "$STUB" setup vm1.json; echo "status $?"; left'
	[ "$output" = $'status 4\nstatus 5\nstatus 4' ]
	[[ $stderr == *"/dev/vhost-net"*"net0.sock exists, and is no socket"*"hint: remove it"*"cannot write to /run/vhostctl"* ]]
	jq '.devices[0].socket.path = "/nowhere/net0.sock"' vm1.json > nowhere.json
	inside '"$STUB" setup nowhere.json; echo "status $?"; left; VHOST_STUB_ERRNO=25 "$STUB" setup vm1.json; echo "status $?"; left'
	[ "$output" = $'status 5\nstatus 4' ]
	[[ $stderr == *"hint: make its folder first"* ]]
	[[ $stderr != *passt* ]]
}

@test "setup: a signal, or kill -9, while the broker starts: nothing is left" {
	inside 'mkfifo hold
		for signal in TERM HUP KILL; do
			VHOST_STUB_WAIT=hold "$STUB" setup vm1.json & setup=$!
			exec 3> hold # now it is there
			kill -$signal $setup
			[ $signal != KILL ] || wait $setup
			exec 3>&-
			wait $setup; echo "$?"
			while pgrep vhostctl; do sleep 0.1; done > /dev/null
			left
		done'
	[ "$output" = $'143\n129\n137' ]
}

@test "setup with a launcher: the broker ends with it, whose status and stdin it has" {
	inside 'echo word | "$STUB" setup vm1.json -- sh -c "cat; [ -S @net0.socket@ ] && echo @net0.tap@ \$VHOSTCTL_DEVICES \$VHOSTCTL_VHOST [\$VHOSTCTL_FDS]; exit 7"; echo "status $?"; left'
	[ -z "$stderr" ]
	[[ $output == $'word\nvm0 net0.mac='*" net0.socket=$PWD/net0.sock on []"*"status 7" ]]
}

@test "setup with a launcher: signals are the launcher's, and a killed vhostctl takes both along" {
	inside '"$STUB" setup vm1.json -- sh -c "trap \"echo trapped; exit 3\" TERM; kill -TERM \$PPID; sleep 60 & wait"; echo "status $?"
		"$STUB" setup vm1.json -- sh -c "kill -9 \$PPID; sleep 60"; echo "status $?"; while pgrep vhostctl; do sleep 0.1; done > /dev/null; left'
	[ "$output" = $'trapped\nstatus 3\nstatus 137' ]
}

@test "setup with a launcher: one that cannot be executed, and one that is told of nothing" {
	jq '.launcher.style = "qemu"' vm1.json > qemu.json
	inside '"$STUB" setup vm1.json -- ./nothing; echo "status $?"; "$STUB" setup qemu.json -- true; echo "status $?"
		"$STUB" setup vm1.json --user nobody -- /root/nothing; echo "status $?"; left'
	[[ $output == $'status 127\nstatus 2\nstatus 12'[67] ]]
	[[ $stderr == *"-chardev @net0.chardev@ -netdev @net0.netdev@ -device @net0.device@"* ]]
	jq '.launcher.style = "qemu" | .devices[0].tap.mac = "52:54:00:12:34:56"' vm1.json > mac.json
	fails 2 'tells it of mac' plan mac.json -- linux.uml virtio_uml.device=@net0.socket@:1
	[[ $stderr == *'to "env" if it is no QEMU' ]]
}

@test "setup with a launcher: a device that is served beside one that is handed over" {
	jq '.devices += [{id: "net1", type: "net", vhost: "off", tap: {name: "vm1"}}]' vm1.json > mixed.json
	inside '"$STUB" setup mixed.json --report report.json -- sh -c "readlink /proc/self/fd/3; echo \$VHOSTCTL_FDS; ls /sys/class/net"; echo "status $?"; left'
	[[ $output == $'/dev/net/tun\nnet1.tap.0=3\n'*vm0*vm1*"status 0" ]]
	[ "$(jq -c '[.devices[] | .device, .tap, .socket]' report.json)" = "[\"net0\",\"vm0\",\"$PWD/net0.sock\",\"net1\",\"vm1\",null]" ]
	[ -z "$stderr" ]
}

@test "tokens: those of launchers that speak vhost-user" {
	jq '.devices[0].queue_pairs = 2 | .devices[0].socket.path = "/run/a,b" | .launcher.style = "qemu"' vm1.json > qemu.json
	says 0 plan --json qemu.json -- q @net0.chardev@ @net0.netdev@ @net0.mq@
	[ "$(json '.launcher[1:] | join(" ")')" = 'socket,id=net0,path=/run/a,,b vhost-user,id=net0,chardev=net0,queues=2 on' ]
	jq '.launcher.style = "cloud-hypervisor"' qemu.json > ch.json
	says 0 plan --json ch.json -- ch @net0.net@
	[[ $(json '.launcher[1]') == 'vhost_user=true,socket=/run/a,b,'*num_queues=4* ]]
	jq '.launcher.style = "crosvm"' vm1.json > crosvm.json
	fails 2 'device "net0" is served by vhost-user' plan crosvm.json -- crosvm @net0.net@
	says 0 plan --json --user nobody crosvm.json -- crosvm --vhost-user net,socket=@net0.socket@
	[ "$(json '[.operations[].operation] | index("check vhost")')" = null ]
	fails 2 'is served by vhost-user' plan vm1.json -- x @net0.tapfds@
	jq '.devices = [{id: "v", type: "vsock", cid: 42, attach: "vhost-user", socket: {path: "/run/v"}}] | .launcher.style = "qemu"' vm1.json > vsock.json
	says 0 plan --json vsock.json -- q @v.chardev@ @v.device@ @v.cid@
	[ "$(json '.launcher[1:] | join(" ")')" = 'socket,id=v,path=/run/v vhost-user-vsock-pci,chardev=v 42' ]
	says 0 plan --json vsock.json -- q @v.chardev@ @v.device:vhost-user-vsock-device@
	fails 2 'begin with vhost-user-vsock-' plan vsock.json -- q @v.chardev@ @v.device:vhost-vsock-pci@
	fails 2 'device "v" is served by vhost-user' plan vsock.json -- q @v.chardev@ @v.device@ @v.fd@
	fails 2 'device "v" is not used' plan vsock.json -- q
	[[ $stderr == *"add -chardev @v.chardev@ -device @v.device@ to them"* ]]
	jq '.devices[0] |= del(.attach, .socket)' vm1.json > fd.json
	fails 2 'device "net0" has no socket' plan fd.json -- x @net0.socket@
}

# connect BYTES: to the socket as a launcher, once it accepts; ends when the broker ends the connection.
connect() {
	python3 -c 'import socket, sys
end = socket.socket(socket.AF_UNIX)
while end.connect_ex("net0.sock"):
    pass
end.send(sys.argv[1].encode())
end.recv(1)' "$1"
}

@test "serve: a message that does not end, nor in the time that is given" {
	inside "$(declare -f connect)"'
		"$STUB" serve --timeout 1 vm1.json 2> messages &
		connect begin; kill $!; wait $!; echo "status $?"; cat messages; left'
	[[ $output == *"status 0"*"only 5 bytes of a message came within 1000 ms"* ]]
}

@test "setup: --timeout is the broker's" {
	inside "$(declare -f connect)"'
		export -f connect; "$STUB" setup --timeout 1 vm1.json -- bash -c "connect begin"; echo "status $?"; left'
	[ "$output" = 'status 0' ]
	[[ $stderr == *"only 5 bytes of a message came within 1000 ms"* ]]
	jq '.devices[0] |= del(.attach, .socket)' vm1.json > fd.json
	fails 2 'and the config has none' setup --timeout 1 fd.json -- true
}

@test "setup: what the broker can still do, as doctor tells it" {
	inside 'eval "$("$STUB" setup vm1.json --shell)"
		grep -E "^(Cap...|NoNewPrivs):" /proc/$VHOSTCTL_pid/status | cut -f 2 | sort | uniq -c | tr -s " "
		"$STUB" --json doctor | jq -r ".checks[] | select(.check == \"broker $VHOSTCTL_pid\") | .text"
		pgrep -c vhostctl-keeper; "$STUB" teardown vm1 > /dev/null; left'
	[ "$(head -n 2 <<< "$output")" = $' 5 0000000000000000\n 1 1' ]
	[[ $output == *"no capability, no_new_privs"*$'\n1' || $output == *"any system call (Seccomp 0)"*$'\n1' ]]
}
