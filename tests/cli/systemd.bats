#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # inner shells expand; bats and lib.bash set
# vhostctl serve as a service of systemd: it says when it is ready, and takes sockets that are there already.

load lib.bash

setup() {
	# the process that serves opens nothing at its end, not even /proc, where a sanitizer looks for leaks
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	cd "$BATS_TEST_TMPDIR" || return
	jq -n --arg path "$PWD/net0.sock" '{kind: "vhost-setup", version: 1, name: "vm1", devices: [{id: "net0", type: "net",
		attach: "vhost-user", socket: {path: $path}, tap: {name: "vm0"}}]}' > vm1.json
	jq --arg path "$PWD/net1.sock" '.devices += [.devices[0] * {id: "net1", socket: {path: $path}, tap: {name: "vm1"}}]' \
		vm1.json > two.json
}

# inside SCRIPT: in namespaces of its own, with a /run of its own.
inside() {
	run --separate-stderr timeout -s KILL 300 unshare -n -m -p --fork --kill-child --mount-proc bash -c '
		mount -t tmpfs none /run
		asks() { "$SERVICE" ask "$1"; }
		'"$1"
}

@test "serve: systemd is told once the sockets accept connections, and at the end" {
	need_tap
	inside 'for address in $PWD/notify @notify; do
			mkfifo messages; "$SERVICE" told $address > messages & exec 3< messages
			read -r line <&3
			NOTIFY_SOCKET=$address "$STUB" serve vm1.json & serve=$!
			read -r line <&3; echo "$line"; asks net0.sock; kill $serve; read -r line <&3; echo "$line"; wait $serve; echo "status $?"
			exec 3<&-; rm messages
		done; ls net0.sock'
	[ "$output" = $'READY=1\n20\nSTOPPING=1\nstatus 0\nREADY=1\n20\nSTOPPING=1\nstatus 0' ]
}

@test "serve: nobody is where systemd was to be told" {
	need_tap
	inside 'NOTIFY_SOCKET=$PWD/nobody "$STUB" serve vm1.json & serve=$!
		until asks net0.sock; do sleep 0.1; done 2> /dev/null; kill $serve; wait $serve; echo "status $?"'
	[ "$output" = $'20\nstatus 0' ]
}

@test "serve: sockets of LISTEN_FDS, by the ids of their devices, which stay" {
	need_tap
	inside '"$SERVICE" activate net1:net0 $PWD/net1.sock $PWD/net0.sock -- "$STUB" serve two.json & serve=$!
		until asks net0.sock; do sleep 0.1; done; asks net1.sock; kill $serve; wait $serve; echo "status $?"; ls ./*.sock'
	[ "$output" = $'20\n20\nstatus 0\n./net0.sock\n./net1.sock' ]
	[ -z "$stderr" ]
}

@test "serve: one of LISTEN_FDS, and one of its own, which goes" {
	need_tap
	inside '"$SERVICE" activate net1 $PWD/net1.sock -- "$STUB" serve two.json & serve=$!
		until asks net1.sock; do sleep 0.1; done; until asks net0.sock; do sleep 0.1; done 2> /dev/null; kill $serve; wait $serve; echo "status $?"; ls ./*.sock'
	[ "$output" = $'20\n20\nstatus 0\n./net1.sock' ]
}

@test "serve: sockets of LISTEN_FDS that fit no device" {
	local serve=("$SERVICE" activate nobody net0.sock -- "$VHOSTCTL" serve vm1.json)
	run -2 --separate-stderr "${serve[@]}"
	[[ $stderr == *'fd 3 of LISTEN_FDS is called "nobody"'*"FileDescriptorName="* ]]
	rm net0.sock
	serve[2]=net0 serve[3]=other.sock
	run -2 --separate-stderr "${serve[@]}"
	[[ $stderr == *"\"net0\", is no socket that listens at $PWD/net0.sock"*"ListenStream="* ]]
	serve=("$SERVICE" activate net0:net0 "$PWD/net0.sock" "$PWD/a.sock" -- "$VHOSTCTL" serve vm1.json)
	run -2 --separate-stderr "${serve[@]}"
	[[ $stderr == *'fds 3 and 4 of LISTEN_FDS are both called "net0"'* ]]
	# as a file is, and fds for another process
	run -2 --separate-stderr bash -c 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=net0 exec "$VHOSTCTL" serve vm1.json 3< /dev/null'
	[[ $stderr == *"is no socket that listens at"* ]]
	LISTEN_PID=1 LISTEN_FDS=1 LISTEN_FDNAMES=nobody run --separate-stderr vhostctl serve vm1.json
	[[ $stderr != *LISTEN_FDS* ]]
	[ "$status" != 2 ]
}

@test "units: the service may open the node of each kind of device" {
	local node
	for node in vhost-net vhost-vsock net/tun; do
		grep -qx "DeviceAllow=/dev/$node rw" "$UNITS/vhostctl@.service"
	done
}

@test "units: systemd has nothing to complain about" {
	command -v systemd-analyze > /dev/null || skip "systemd-analyze is not there"
	sed "s|^ExecStart=[^ ]*|ExecStart=$(realpath "$VHOSTCTL")|" "$UNITS/vhostctl@.service" > vhostctl@.service
	cp "$source_root/systemd/vhostctl@.socket" .
	run systemd-analyze verify --man=no ./vhostctl@vm1.service ./vhostctl@vm1.socket
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c vhostctl <<< "$output")" = 0 ]
}
