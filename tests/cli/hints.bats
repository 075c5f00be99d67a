#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a failure advises is the cause, and helps.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

# config TAP [KEYS]: a config with that tap, whose device has these keys, too.
config() {
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off", %s
		"tap": {%s}}], "launcher": {"style": "env"}}' "${2:-}" "$1" > "$BATS_TEST_TMPDIR/config.json"
}

# inside COMMANDS: in a network namespace of its own; $config is the config.
inside() {
	run --separate-stderr env config="$BATS_TEST_TMPDIR/config.json" unshare -n bash -c "$1"
}

@test "a name that is taken: what has it, and no advice to use what is no tap" {
	need_tap
	for link in lo "v0:ip link add v0 type veth peer name v1" "b0:ip link add b0 type bridge" "t0:ip tuntap add t0 mode tun"; do
		config "\"name\": \"${link%%:*}\""
		inside "$([[ $link == lo ]] || echo "${link#*:}; ") \$VHOSTCTL setup \$config -- true"
		[ "$status" = 5 ]
		[[ $stderr == *"\"${link%%:*}\" is "*"tap"*"hint: choose another name"* ]] || { echo "$link: $stderr"; return 1; }
		config "\"name\": \"${link%%:*}\", \"existing\": true"
		inside "$([[ $link == lo ]] || echo "${link#*:}; ") \$VHOSTCTL setup \$config -- true"
		[[ $stderr == *"\"${link%%:*}\" is "*"tap"*"hint: choose another name"* ]] || { echo "$link: $stderr"; return 1; }
	done
	config '"name": "tap7"'
	inside 'ip tuntap add tap7 mode tap; $VHOSTCTL setup $config -- true'
	[[ $stderr == *'hint: set "existing": true to use it'* ]]
}

@test "a tap that is held: by whom" {
	need_tap
	config '"name": "tap7"'
	inside 'mkfifo "$config.fifo"; $VHOSTCTL setup $config -- sh -c "echo > $config.fifo; exec sleep 60" & read -r _ < "$config.fifo"
		$VHOSTCTL setup $config -- true; status=$?; kill $!; exit $status'
	[ "$status" = 5 ]
	[[ $stderr == *'the tap "tap7" is in use by process '*"hint: end it first, or choose another name"* ]]
}

@test "IPv6: not with a small MTU, and how to switch it on" {
	config '"mtu": 1000, "address": ["fd00::1/64"]'
	fails 3 "1000 is too small for the address fd00::1/64: IPv6 needs 1280" validate "$BATS_TEST_TMPDIR/config.json"
	need_tap
	[ -w /proc/sys/net/ipv6/conf/default/disable_ipv6 ] || skip "no IPv6 here, or none that can be switched off"
	config '"address": ["fd00::1/64"]'
	inside 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; $VHOSTCTL setup $config -- true'
	[[ $stderr == *"cannot set an address of tap0 to fd00::1/64"*"hint: sysctl -w net.ipv6.conf.default.disable_ipv6=0"* ]]
}

@test "a tap that this user may not create: who may" {
	need_tap
	command -v setpriv > /dev/null || skip "needs setpriv"
	config '"name": "tap7"'
	inside 'setpriv --bounding-set=-net_admin --inh-caps=-net_admin $VHOSTCTL setup $config -- true'
	[ "$status" = 4 ]
	[[ $stderr == *"TUNSETIFF: Operation not permitted"*"hint: run it as root with CAP_NET_ADMIN; with --user, "* ]]
}

@test "a bridge that is not there is made with a filter of VLANs where the config has one" {
	need_tap
	config '"bridge": "b0", "vlan": 7'
	inside '$VHOSTCTL setup $config -- true'
	[[ $stderr == *'there is no bridge "b0"'*"hint: ip link add b0 type bridge vlan_filtering 1 && ip link set b0 up" ]]
	config '"bridge": "b0"'
	inside '$VHOSTCTL setup $config -- true'
	[[ $stderr == *"hint: ip link add b0 type bridge && ip link set b0 up" ]]
}

@test "values that do not fit: how they are written" {
	config '"mac": "52:54:00:12:34"'
	fails 3 '"52:54:00:12:34" is not allowed: write six pairs of hex digits' validate "$BATS_TEST_TMPDIR/config.json"
	config '' '"queue_pairs": "${PAIRS}",'
	fails 3 'a number expected, not the string "two"' validate "$BATS_TEST_TMPDIR/config.json" --set PAIRS=two
	config '"mode": "private"'
	fails 3 '"mode" is of a macvtap: add "kind": "macvtap"' validate "$BATS_TEST_TMPDIR/config.json"
	config '"bridge": "b0", "vlan": 7, "vlans": ["5-9"]'
	fails 3 'leave it out of "vlans"' validate "$BATS_TEST_TMPDIR/config.json"
}

@test "a bit without a name cannot be required" {
	config '' '"features": {"require": ["bit 200"]},'
	fails 3 "bit 200 has no name here" validate "$BATS_TEST_TMPDIR/config.json"
	config '' '"features": {"mask": ["bit 200"]},'
	vhostctl validate "$BATS_TEST_TMPDIR/config.json" > /dev/null
}

@test "a launcher without --" {
	config ''
	for words in "-netdev x" "qemu -m 1G" qemu; do
		# shellcheck disable=SC2086 # several words
		run --separate-stderr vhostctl setup "$BATS_TEST_TMPDIR/config.json" $words
		[ "$status" = 2 ]
		[[ $stderr == *"hint: the launcher and its arguments come after --: vhostctl setup CONFIG [-- LAUNCHER"* ]]
	done
	run --separate-stderr vhostctl setup --what
	[[ $stderr == *"hint: see 'vhostctl setup --help'"* ]]
}

@test "too few fds: one number, which is enough" {
	need_tap
	config '' '"queue_pairs": 200,'
	inside 'ulimit -n 100; $VHOSTCTL setup $config -- true'
	[ "$status" = 5 ]
	number=$(sed -n 's/.*hint: ulimit -n //p' <<< "$stderr")
	[[ $stderr == *"needs $number fds at once"* ]]
	inside "ulimit -n $number; \$VHOSTCTL setup \$config -- true"
	[ "$status" = 0 ]
}

@test "a tap that the kernel is to name is called new, and not tap%d" {
	need_tap
	command -v setpriv > /dev/null || skip "needs setpriv"
	config ''
	inside 'setpriv --bounding-set=-net_admin --inh-caps=-net_admin $VHOSTCTL setup $config -- true'
	[ "$status" != 0 ]
	[[ $stderr == *"new tap: TUNSETIFF"* ]]
	[[ $stderr != *%d* ]]
}

@test "features that a warning advises to mask can be masked" {
	config '' '"features": {"mask": ["csum", "guest_csum"]},'
	sed -i 's/"env"/"qemu"/' "$BATS_TEST_TMPDIR/config.json"
	run --separate-stderr vhostctl plan "$BATS_TEST_TMPDIR/config.json" -- true -netdev @net0.netdev@ -device @net0.device@
	[ "$status" = 0 ]
	advised=$(sed -n 's/.*add them to features.mask: //p' <<< "$stderr")
	[ -n "$advised" ]
	config '' "\"features\": {\"mask\": [\"csum\", \"guest_csum\", \"${advised// /\", \"}\"]},"
	sed -i 's/"env"/"qemu"/' "$BATS_TEST_TMPDIR/config.json"
	run --separate-stderr vhostctl plan "$BATS_TEST_TMPDIR/config.json" -- true -netdev @net0.netdev@ -device @net0.device@
	[ "$status" = 0 ]
	[[ $stderr != *"add them"* ]]
}
