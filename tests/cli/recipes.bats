#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The recipes and the examples do what they say, in a network namespace.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash
load ../recipe.bash

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

# vm_config: the config of the guests; where vhost does not open, it only prefers it.
vm_config() {
	recipe 'A bridge with DHCP' 2 > vm.json
	opens /dev/vhost-net || sed -i 's/"type": "net",/& "vhost": "prefer",/' vm.json
}

# bats test_tags=vhost
@test "recipes: a bridge, and two guests on it with a MAC address each" {
	need_tap
	recipe 'A bridge with DHCP' 1 > bridge
	vm_config
	recipe 'A bridge with DHCP' 3 > first
	recipe 'Two guests that ping each other' 1 > second
	run --separate-stderr unshare -n bash -ec '. ./bridge; . ./first; . ./second'
	[ "$status" = 0 ] || { echo "$stderr"; echo "$output"; return 1; }
	[[ $output == *"vm1: "*"master br0"*"vm2: "*"master br0"* ]]
	[ "$(grep -o 'mac=[0-9a-f:]*' <<< "$output" | sort -u | wc -l)" = 2 ]
	! opens /dev/vhost-net || [ "$(grep -c vhost=on <<< "$output")" = 2 ]
}

@test "recipes: NAT" {
	need_tap
	command -v nft > /dev/null || skip "needs nft"
	recipe NAT 1 > nat
	unshare -n bash -ec 'ip link add br0 type bridge; . ./nat; nft list table ip vhostctl'
}

# bats test_tags=vhost
@test "recipes: the report says whether vhost is used" {
	need_tap
	command -v jq > /dev/null || skip "needs jq"
	vm_config
	recipe 'A bridge with DHCP' 1 > bridge
	recipe 'Seeing that vhost is used' 2 > report
	run --separate-stderr unshare -n bash -ec '. ./bridge; . ./report'
	[ "$status" = 0 ] || { echo "$stderr"; echo "$output"; return 1; }
	if opens /dev/vhost-net; then [[ $output == *$'\n'true$'\n'* ]]; else [[ $output == *$'\n'false$'\n'* ]]; fi
}

@test "recipes: the commands for Cloud Hypervisor and kvmtool are what vhostctl makes of the config" {
	recipe 'Cloud Hypervisor' 1 > ch1.json
	recipe 'Cloud Hypervisor' 2 | sed 's/vhostctl setup/vhostctl --json plan/' > commands
	run --separate-stderr bash commands
	[ "$status" = 0 ] || { echo "$stderr"; return 1; }
	[[ $(json '.launcher | join(" ")') == "cloud-hypervisor --kernel vmlinux"*" --net "*fd=*mac=* ]]
	recipe kvmtool 1 > kvmtool1.json
	recipe kvmtool 2 | sed 's/vhostctl setup/vhostctl --json plan/' > commands
	run --separate-stderr bash commands
	[ "$status" = 0 ] || { echo "$stderr"; return 1; }
	[[ $(json '.launcher | join(" ")') == *"--network "*tapif=kvmtool1* ]]
}

# bats test_tags=vhost
@test "examples/again.sh: set up, crash, set up, tear down, and nothing is left" {
	need_tap
	run --separate-stderr unshare -n bash -c '"$source_root/examples/again.sh" &&
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
