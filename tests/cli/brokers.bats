#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set
# What list, status and dump know of the devices of brokers: of a broker whose devices are on a fake kernel.

load lib.bash

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root for a folder /run of its own"
	unshare -m true 2> /dev/null || skip "needs a mount namespace"
	cd "$BATS_TEST_TMPDIR" || exit
}

# inside SCRIPT: run it where /run is empty. "broker NAME PAIRS" there starts one; "launcher NAME" connects a launcher
# to it and sets its pid.
inside() {
	run --separate-stderr timeout 300 unshare -m bash -c 'mount -t tmpfs run /run
		trap "kill \$(jobs -p) 2> /dev/null; wait" EXIT
		wait_for() { until "$@"; do sleep 0.05; done; }
		broker() {
			mkdir -p -m 700 /run/vhostctl
			mkfifo "$1.in"; sleep infinity > "$1.in" &
			"$FAKE_SERVE" "$PWD/$1.sock" "$2" "/run/vhostctl/$1.varlink" < "$1.in" > /dev/null 2>> log &
			broker=$!
			wait_for test -S "/run/vhostctl/$1.varlink"
		}
		launcher() {
			mkfifo launcher.in launcher.out; sleep infinity > launcher.in &
			"$here/front.py" "$PWD/$1.sock" < launcher.in > launcher.out &
			launcher=$!
			read -r up < launcher.out; [ "$up" = up ] || exit
		}
		look() { "$VHOSTCTL" -q "$@"; }
		'"$1"
}

@test "list: a broker's device has its id, and its launcher" {
	inside 'broker vm1 1; look list --json; launcher vm1; look list --json; echo "[$broker, $launcher]"'
	[ "$status" = 0 ]
	[ "$(jq -s -c '.[0].devices | map([.type, .name, .link, .id, .broker, .running, .launcher])' <<< "$output")" = \
		'[["net","vhostctl-broker","vm0","net0","vm1",false,null]]' ]
	[ "$(jq -s -c '. as [$a, $b, $c] | $b.devices[0] | [.pid, .launcher] == $c, .user, .running, .features > 10' \
		<<< "$output" | tr '\n' ' ')" = 'true 0 true true ' ]
}

@test "status: by id, link, the broker's pid or the launcher's" {
	inside 'broker vm1 1; launcher vm1
		for name in net0 vm0 $broker $launcher; do look status --json $name; done; echo "[$broker, $launcher]"'
	[ "$status" = 0 ]
	[ "$(jq -s -c '.[0] == .[1] and .[0] == .[2] and .[0] == .[3]' <<< "$output")" = true ]
	[ "$(jq -s -c '.[0] | [.id, .broker, .link_up, .stopped, .ring_errors, .user, .driver_status]' <<< "$output")" = \
		'["net0","vm1",true,false,0,0,0]' ]
	[ "$(jq -s -c '.[4] == [.[0].pid, .[0].launcher]' <<< "$output")" = true ]
	[ "$(jq -s -c '.[0].served_rings' <<< "$output")" = \
		'[{"index":0,"enabled":true,"running":true,"relayed":false,"errors":0},{"index":1,"enabled":true,"running":true,"relayed":false,"errors":0}]' ]
	[ "$(jq -s -c '.[0].sent_features | test("^0x[0-9a-f]+$")' <<< "$output")" = true ]
	[ "$(jq -s -c '.[0].features | map(.name) | index("mac", "version_1") != null' <<< "$output" | sort -u)" = true ]
}

@test "status: what several brokers have is named by the link" {
	inside 'broker vm1 1; broker vm2 1; look status net0; echo $?; look list --json | jq ".devices | length"'
	[ "$output" = $'2\n2' ]
	[[ $stderr == *'"net0" has 2 vhost devices: net on vm0'* ]]
	fails 4 'no vhost device is on a link "net9", and no broker has one with this id' -q status net9
}

@test "dump: the state of the running guest, whole" {
	inside 'broker vm1 1; look dump net0; echo $?; launcher vm1; look dump --json net0 > state.json; echo $?
		"$VHOSTCTL" state check state.json; echo $?'
	[ "${output%%$'\n'*}" = 4 ]
	[ "${output##*$'\n'}" = 0 ]
	[[ $stderr == *'broker "vm1": net0: it has no features yet'*'hint: wait until'* ]]
	[ "$(jq -c '[.kind, .device, .running, .mac, (.rings | length), has("partial")]' state.json)" = \
		'["vhost-state","net0",true,"52:54:00:12:34:56",2,false]' ]
}

@test "brokers: one that was killed is none, and one that talks nonsense is left out" {
	inside 'broker vm1 1; kill -9 $broker; wait $broker 2> /dev/null
		"$VHOSTCTL" list --json | jq ".devices | length"; ls /run/vhostctl
		python3 -c "
import os, socket
server = socket.socket(socket.AF_UNIX)
server.bind(\"/run/vhostctl/bad\")
server.listen()
os.rename(\"/run/vhostctl/bad\", \"/run/vhostctl/bad.varlink\")
while True:
    client = server.accept()[0]
    client.recv(1000)
    client.send(b\"[1]\\0\")
    client.close()" & wait_for test -S /run/vhostctl/bad.varlink
		"$VHOSTCTL" list --json | jq ".devices | length"'
	[ "$output" = $'0\nvm1.varlink\n0' ]
	[ "$(grep -c broker <<< "$stderr")" = 1 ]
	[[ $stderr == *'bad'*' is left out: the broker'?'s reply is no varlink'* ]]
}

@test "brokers: one that does not answer is left out after its time" {
	inside 'broker vm1 1; kill -STOP $broker; "$VHOSTCTL" list --json | jq ".devices | length"; kill -CONT $broker
		look list --json | jq ".devices | length"'
	[ "$output" = $'0\n1' ]
	[[ $stderr == *'vm1'*' is left out: the broker does not answer within 5 seconds'* ]]
}

@test "brokers: a folder that others may write to is not believed" {
	inside 'broker vm1 1; chmod 777 /run/vhostctl; "$VHOSTCTL" list --json | jq ".devices | length"
		chmod 700 /run/vhostctl; mv /run/vhostctl /run/old; ln -s old /run/vhostctl; "$VHOSTCTL" list --json | jq ".devices | length"'
	[ "$output" = $'0\n0' ]
	[ "$(grep -c 'brokers are left out: their folder' <<< "$stderr")" = 2 ]
}

@test "brokers: another user has a folder of its own, and sees no others" {
	inside 'broker vm1 1; chmod 755 /run; mkdir -m 700 /run/user; chown 65534 /run/user
		[ -x "$VHOSTCTL" ] && setpriv --reuid 65534 --clear-groups test -x "$VHOSTCTL" || { echo skip; exit; }
		XDG_RUNTIME_DIR=/run/user setpriv --reuid 65534 --clear-groups "$VHOSTCTL" -q list --json | jq ".devices | length"
		mkdir -m 700 /run/user/vhostctl; chown 65534 /run/user/vhostctl; mv /run/vhostctl/vm1.varlink /run/user/vhostctl
		chown 65534 /run/user/vhostctl/vm1.varlink
		XDG_RUNTIME_DIR=/run/user setpriv --reuid 65534 --clear-groups "$VHOSTCTL" list --json | jq ".devices | length"'
	[ "$output" != skip ] || skip "other users cannot run this build"
	[ "$output" = $'0\n0' ]
	# root's broker refuses who is neither root nor its own user
	[[ $stderr == *'vm1'*' is left out: the broker closed the connection'* ]]
}

@test "varlinkctl: lists, describes and calls" {
	command -v varlinkctl > /dev/null || skip "there is no varlinkctl"
	inside 'broker vm1 1; varlinkctl info /run/vhostctl/vm1.varlink
		varlinkctl introspect /run/vhostctl/vm1.varlink io.vhostctl
		varlinkctl call -j /run/vhostctl/vm1.varlink io.vhostctl.Status "{\"device\":\"net0\"}" > status.json
		varlinkctl call /run/vhostctl/vm1.varlink io.vhostctl.Stop "{\"device\":\"net9\"}"; echo $?'
	[[ $output == *io.vhostctl*'method SetLink'* ]]
	[ "$(jq -r .device.link status.json)" = vm0 ]
	[[ $stderr == *NoSuchDevice* ]]
}
