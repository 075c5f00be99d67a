#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# caps and doctor: what this host has, and has not.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

links() {
	ls /sys/class/net
}

# bats test_tags=vhost
@test "caps: a vhost-caps document, and nothing on the host is changed" {
	local before
	before=$(links)
	says 0 caps --json
	[ "$(json '"\(.kind) \(.version)"')" = "vhost-caps 1" ]
	[ "$(json .kernel)" = "$(uname -r)" ]
	[ "$(json '[.nodes[].path] | index("/dev/vhost-net") != null and index("/dev/vhost-vsock") != null and index("/dev/vhost-scsi") != null')" = true ]
	[ "$(links)" = "$before" ]
}

# bats test_tags=vhost
@test "caps: a node that cannot be opened has its reason, one that opens has its features" {
	says 0 caps --json
	[ "$(json '[.nodes[] | select(.opens == false) | select((.reason // "") == "" or (.error // "") == "")] | length')" = 0 ]
	[ "$(json '[.nodes[] | select((.opens | not) and has("backend_features"))] | length')" = 0 ]
	[ "$(json '[.nodes[] | select(.opens and (.path | startswith("/dev/vhost-")) and (has("backend_features") | not))] | length')" = 0 ]
	[ "$(json '[.nodes[] | select(.opens and (.path | startswith("/dev/vhost-"))) | select((.words // []) == [])] | length')" = 0 ]
}

# bats test_tags=vhost
@test "caps: the words of the tap are its features" {
	says 0 caps --json
	[ "$(json .tap.probed)" = true ] || skip "no tap can be probed: $(json .tap.reason)"
	local names
	names=$(json '[.tap.features[].name] | join(",")')
	says 0 features diff "$names" "$(json '.tap.words | join(" ")')"
}

@test "caps: the tables have the same contents" {
	says 0 caps
	[[ $output == *"/dev/vhost-net"* ]]
	[[ $output == *"$(uname -r)"* ]]
}

# bats test_tags=vhost
@test "doctor: a line for each device and limit; a problem has its fix" {
	run --separate-stderr vhostctl doctor --json
	[ "$status" = 0 ] || [ "$status" = 1 ]
	[ -z "$stderr" ]
	[ "$(json '"\(.kind) \(.command)"')" = "vhost-report doctor" ]
	[ "$(json '[.checks[].check] | map(select(. == "/dev/vhost-net" or . == "/dev/vhost-vsock" or . == "/dev/vhost-scsi" or . == "/dev/net/tun" or . == "/dev/kvm" or . == "RLIMIT_NOFILE" or . == "RLIMIT_MEMLOCK" or . == "RLIMIT_NPROC")) | length')" = 8 ]
	[ "$(json '[.checks[] | select(.needed) | .check] | join(" ")')" = "/dev/vhost-net /dev/net/tun" ]
	[ "$(json '.ok == ([.checks[] | select(.needed and .result == "missing")] == [])')" = true ]
	[ "$(json '[.checks[] | select(.result == "missing") | select((.fix // "") == "")] | length')" = 0 ]
}

# bats test_tags=vhost
@test "doctor: the status is the answer" {
	run --separate-stderr vhostctl doctor --json
	if [ "$(json .ok)" = true ]; then [ "$status" = 0 ]; else [ "$status" = 1 ]; fi
	[ -e /dev/vhost-net ] || [ "$status" = 1 ]
}

@test "doctor --user: answers for that user; an unknown one is an error" {
	[ "$(id -u)" = 0 ] || skip "needs root to answer for another user"
	run --separate-stderr vhostctl doctor --json --user nobody
	[ "$status" = 0 ] || [ "$status" = 1 ]
	[ "$(json .user)" = nobody ]
	run --separate-stderr vhostctl doctor --user no-such-user
	[ "$status" -ge 2 ]
	[ -z "$output" ]
	[[ $stderr == "vhostctl: "*no-such-user* ]]
}
