#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set
# vhostctl serve where there is no vhost: what is refused, and that nothing is left.

load lib.bash

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	jq -n --arg path "$PWD/net0.sock" '{kind: "vhost-setup", version: 1, devices: [{id: "net0", type: "net",
		attach: "vhost-user", socket: {path: $path}, tap: {name: "vm0"}}]}' > served.json
	jq '.devices[0] |= del(.attach, .socket)' served.json > fd.json
}

@test "serve: only devices that are attached by vhost-user" {
	fails 3 'device "net0" cannot be served: its "attach" is not "vhost-user"' serve fd.json
	[[ $stderr == *'set it to "vhost-user"'* ]]
}

@test "setup, attach: a device that is served is not handed over" {
	fails 2 'device "net0" is not used in the launcher'"'"'s arguments' setup served.json -- true
	[[ $stderr == *'-chardev @net0.chardev@'* ]]
	fails 3 '"attach" of device "net0" is not "fd"' attach served.json --qmp none
}

@test "serve: without vhost it says so, and makes nothing" {
	[ ! -e /dev/vhost-net ] || skip "this host has vhost"
	fails 4 "/dev/vhost-net" serve served.json
	[[ $stderr != *prefer* ]]
	[[ $stderr == *"without vhost, passt(1) serves vhost-user, and needs no privilege: passt --vhost-user --socket PATH"* ]]
	[ ! -e net0.sock ]
	fails 4 "/dev/vhost-net" serve - < served.json
}

@test "serve: a user of the socket who does not exist" {
	jq '.devices[0].socket.owner = "nobody-here"' served.json > owner.json
	fails 4 "nobody-here" serve owner.json
}

@test "a group that may not connect to its socket is a warning, with the mode that lets it" {
	local group=": the group \"kvm\" of its socket may not connect with mode"
	jq '.devices[0].socket.group = "kvm"' served.json > group.json
	run -0 --separate-stderr vhostctl plan group.json
	[[ $stderr == *"net0$group 0600: set \"mode\": \"0660\" in \"socket\""* ]]
	jq '.devices[0].socket.mode = "0640"' group.json > read.json
	run -0 --separate-stderr vhostctl plan read.json
	[[ $stderr == *"net0$group 0640"* ]]
	jq '.devices[0].socket.mode = "0660"' group.json > write.json
	says 0 plan write.json
}

@test "plan: what serve would do" {
	says 0 plan --json served.json
	[ "$(json '[.operations[].operation] | tojson')" = '["open vhost","find link","open tap","set up","keep link"]' ]
	[ "$(json '.sockets | tojson')" = "[{\"device\":\"net0\",\"path\":\"$PWD/net0.sock\"}]" ]
	says 0 plan served.json
	[[ $output == *sockets*device*path*net0*"$PWD/net0.sock"* ]]
	says 0 plan --json fd.json
	[ "$(json .sockets)" = null ]
}

@test "doctor: who has no vhost is told of another way" {
	[ ! -e /dev/vhost-net ] || skip "this host has vhost"
	run -1 --separate-stderr vhostctl --json doctor
	[ "$(json '.checks[] | select(.check == "vhost-user") | .needed, .result, .fix')" = $'false\ninfo\npasst --vhost-user --socket PATH' ]
}
