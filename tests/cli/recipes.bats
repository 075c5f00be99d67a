#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The recipes and the examples do what they say, in a network namespace.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	room=$(mktemp -d)
	chmod 755 "$room" # the launcher's user is another
	cd "$room" || return
	mkdir bin
	ln -s "$(realpath "$VHOSTCTL")" bin/vhostctl
	# what the launcher gets, and the link while it runs
	printf '#!/bin/sh\nsleep 0.01; echo "$@"; ip -oneline link show master br0; exit 0\n' > bin/qemu-system-x86_64
	printf '#!/bin/sh\n' > bin/dnsmasq
	chmod +x bin/*
	export PATH=$room/bin:$PATH
}

teardown() {
	rm -rf "$room"
}

# block NUMBER: a block of the page, counted from 1; where vhost does not open, the config only prefers it.
block() {
	awk -v number="$1" '/^\.Ed/ { inside = 0 } inside && n == number; /^\.Bd/ { inside = 1; n++ }' "$source_root/man/vhostctl-recipes.7" |
		sed 's/\\e$/\\/'
}

config() {
	if opens /dev/vhost-net; then block 2; else block 2 | sed 's/"type": "net",/& "vhost": "prefer",/'; fi > vm.json
}

# bats test_tags=vhost
@test "recipes: a bridge, and two guests on it with a MAC address each" {
	need_tap
	block 1 > bridge
	config
	block 3 > first
	block 5 > second
	run --separate-stderr unshare -n bash -ec '. ./bridge; . ./first; . ./second'
	[ "$status" = 0 ] || { echo "$stderr"; echo "$output"; return 1; }
	[[ $output == *"vm1: "*"master br0"*"vm2: "*"master br0"* ]]
	[ "$(grep -o 'mac=[0-9a-f:]*' <<< "$output" | sort -u | wc -l)" = 2 ]
	! opens /dev/vhost-net || [ "$(grep -c vhost=on <<< "$output")" = 2 ]
}

@test "recipes: NAT" {
	need_tap
	command -v nft > /dev/null || skip "needs nft"
	block 4 > nat
	unshare -n bash -ec 'ip link add br0 type bridge; . ./nat; nft list table ip vhostctl'
}

# bats test_tags=vhost
@test "recipes: the report says whether vhost is used" {
	need_tap
	command -v jq > /dev/null || skip "needs jq"
	config
	block 1 > bridge
	block 8 > report
	run --separate-stderr unshare -n bash -ec '. ./bridge; . ./report'
	[ "$status" = 0 ] || { echo "$stderr"; echo "$output"; return 1; }
	if opens /dev/vhost-net; then [[ $output == *$'\n'true$'\n'* ]]; else [[ $output == *$'\n'false$'\n'* ]]; fi
}

# bats test_tags=vhost
@test "examples/again.sh: set up, crash, set up, tear down, and nothing is left" {
	need_tap
	run --separate-stderr unshare -n bash -c '"$source_root/examples/again.sh" "$source_root/examples/persist.json" &&
		! ip link show again0'
	[ "$status" = 0 ]
	[[ $output == *"net0"*"again0"* ]]
	[[ $stderr == *Killed* ]]
}

@test "examples: each config is one for this Debian" {
	for config in "$source_root"/examples/*.json; do
		vhostctl validate "$config" > /dev/null
		id "$(jq -r '.launcher.user // "root"' "$config")"
	done
}
