#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A config with persistent links can be set up again and again, and teardown leaves nothing of it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	need_tap
	cd "$BATS_TEST_TMPDIR" || return
	config vm1 > vm1.json
	config vm2 > vm2.json
}

# config NAME [TAP-MEMBERS [DEVICE-MEMBERS]]
config() {
	printf '{"kind": "vhost-setup", "version": 1, "name": "%s", "devices": [{"id": "net0", "type": "net",
		"vhost": "off"%s, "tap": {"name": "tp0", "persist": true%s}}], "launcher": {"style": "env"}}' \
		"$1" "${3:+, $3}" "${2:+, $2}"
}

# inside SCRIPT [UNSHARE...]: in a network namespace of its own.
inside() {
	local -a alone=("${@:2}")
	[ $# -gt 1 ] || alone=(unshare -n)
	run --separate-stderr "${alone[@]}" bash -c 'links() { ip -oneline -details link show type tun | sed "s/<[^>]*>//; s/ state [A-Z]*//"; }; '"$1"
}

@test "a set-up again uses the link of before, and changes what is new" {
	config vm1 '"mtu": 1300' > mtu.json
	inside '"$VHOSTCTL" setup vm1.json -- true && before=$(links) && "$VHOSTCTL" setup vm1.json -- true &&
		[ "$(links)" = "$before" ] && "$VHOSTCTL" setup mtu.json -- true && links'
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[[ $output == *"tp0"*"mtu 1300"*"alias vhostctl vm1/net0"* ]]
}

@test "a link that differs is refused, with each difference" {
	config vm1 '"owner": "65534", "group": "65534"' '"queue_pairs": 2' > differs.json
	inside '"$VHOSTCTL" setup vm1.json -- true && "$VHOSTCTL" setup differs.json -- touch started'
	[ "$status" = 5 ]
	[ ! -e started ]
	[[ $stderr == *'the link "tp0" was left by an earlier set-up that differs: it has the owner 0 instead of 65534, it has no group instead of 65534, it was created for one queue pair instead of 2'* ]]
	[[ $stderr == *"vhostctl teardown"* ]]
}

@test "another config's link, and one that nobody marked, are refused, and teardown leaves them" {
	inside '"$VHOSTCTL" setup vm1.json -- true; "$VHOSTCTL" setup vm2.json -- touch started; echo $?
		"$VHOSTCTL" teardown vm2.json; links; ip link set tp0 alias ""; "$VHOSTCTL" setup vm1.json -- touch started; echo $?
		"$VHOSTCTL" teardown vm1.json; links'
	[ "$(grep -c '^5$' <<< "$output")" = 2 ]
	[ "$(grep -c tp0 <<< "$output")" = 2 ]
	[ ! -e started ]
	[[ $stderr == *'its alias is "vhostctl vm1/net0", not "vhostctl vm2/net0"'*'its alias is "", not "vhostctl vm1/net0"'* ]]
}

@test "teardown leaves a link of another kind, though it has the alias of the config's" {
	inside 'ip link add br0 type bridge && ip link add ve0 type veth peer name ve1 && ip tuntap add tun0 mode tun &&
		for link in br0 ve0 tun0; do ip link set $link alias "vhostctl vm1/net0"; done &&
		"$VHOSTCTL" setup vm1.json -- true && "$VHOSTCTL" --json teardown vm1.json && ip -brief link show ve0 >&2 &&
		ip -brief link show br0 >&2 && ip -brief link show tun0 >&2'
	[ "$status" = 0 ]
	[ "$(json '.removed | tojson')" = '[{"device":"net0","link":"tp0"}]' ]
	[ "$(wc -l <<< "$stderr")" = 3 ]
}

@test "existing: false: it must not be there, whoever left it" {
	config vm1 '"existing": false' > new.json
	inside '"$VHOSTCTL" setup new.json -- true && "$VHOSTCTL" setup new.json -- touch started'
	[ "$status" = 5 ]
	[ ! -e started ]
}

@test "teardown deletes what setup left, reports it, and has nothing to do the second time" {
	inside '"$VHOSTCTL" setup vm1.json -- true && "$VHOSTCTL" --json teardown vm1.json && links'
	[ "$status" = 0 ]
	[ "$(json '"\(.kind) \(.command) \(.removed | tojson)"')" = 'vhost-report teardown [{"device":"net0","link":"tp0"}]' ]
	inside '"$VHOSTCTL" --json teardown vm1.json'
	[ "$status" = 0 ]
	[ "$(json '.removed | length')" = 0 ]
}

@test "teardown finds a link without a name in the config, and one in a namespace" {
	unshare -nm true 2> /dev/null || skip "needs a mount namespace"
	printf '{"kind": "vhost-setup", "version": 1, "name": "vm1", "devices": [
		{"id": "a", "type": "net", "vhost": "off", "tap": {"persist": true}},
		{"id": "b", "type": "net", "vhost": "off", "tap": {"persist": true, "netns": "vhc-teardown"}}],
		"launcher": {"style": "env"}}' > two.json
	run --separate-stderr unshare -nm bash -c 'mount -t tmpfs run /run && ip netns add vhc-teardown &&
		"$VHOSTCTL" setup two.json -- true && "$VHOSTCTL" --json teardown two.json &&
		ip -oneline link show type tun >&2 && ip -oneline -n vhc-teardown link show type tun >&2'
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "$(json '[.removed[] | "\(.device) \(.netns)"] | tojson')" = '["a null","b vhc-teardown"]' ]
}

@test "a link that is in use stays, and its holder is named" {
	inside 'mkfifo hold; "$VHOSTCTL" setup vm1.json --report hold -- sleep 1000 & pid=$!
		cat hold > report.json; while ! grep -q sleep /proc/$pid/comm; do sleep 0.01; done
		"$VHOSTCTL" teardown vm1.json; echo $?; "$VHOSTCTL" setup vm1.json -- true; echo $?; links; kill $pid; echo $pid'
	[ "$(head -n 2 <<< "$output")" = $'5\n5' ]
	[[ $output == *tp0* ]]
	[ "$(grep -c "in use by process ${lines[-1]} (sleep)" <<< "$stderr")" = 2 ]
}

@test "a tap with several queues is of one launcher; where it was made by others, a warning says who has it" {
	config vm1 '' '"queue_pairs": 2' > two.json
	sed 's/"persist"/"existing"/' two.json > theirs.json
	inside 'mkfifo hold; "$VHOSTCTL" setup two.json --report hold -- sleep 1000 & pid=$!
		cat hold > report.json; while ! grep -q sleep /proc/$pid/comm; do sleep 0.01; done
		"$VHOSTCTL" setup two.json -- touch started; echo $?; "$VHOSTCTL" setup theirs.json -- true; echo $?; kill $pid; echo $pid'
	[ "$(head -n 2 <<< "$output")" = $'5\n0' ]
	[ ! -e started ]
	[[ $stderr == *": find link, device net0: the tap \"tp0\" is in use by process ${lines[-1]} (sleep)"* ]]
	[[ $stderr == *"warning: net0: the tap \"tp0\" is in use by process ${lines[-1]} (sleep) as well: each gets some of its frames"* ]]
}

# interrupts "SIGNAL...": 20 set-ups of each of these configs.
interrupts() {
	unshare -n ip link add br0 type bridge 2> /dev/null || skip "no bridges here"
	unshare -nm true 2> /dev/null || skip "needs a mount namespace"
	config vm1 '"mtu": 1400, "bridge": "br0"' '"queue_pairs": 2' > new.json
	config vm1 '"mtu": 1400, "bridge": "br0"' | sed 's/tp0/old0/; s/persist/existing/' > existing.json
	inside 'mount -t tmpfs run /run; . "$here/interrupted.bash"; sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
		for n in 0 1; do ip link add br$n address 02:00:00:00:00:0$n type bridge; ip link set br$n up mtu 1400; done
		prepare() {
			ip tuntap add old0 mode tap user 1000 && ip link set old0 address 02:00:00:00:00:10 mtu 1450 master br1 &&
				bridge link set dev old0 learning off
		}
		reset() { ip link delete old0; prepare; }
		prepare && interrupted "'"$1"'" 20 "$RANDOM" new existing' unshare -nm env --default-signal
	echo "$output $stderr"
	[ "$status" = 0 ]
	[[ $output == "20 set-ups"* ]]
}

@test "kill -9 at any moment of a set-up: teardown leaves the host as it was" {
	interrupts KILL
}

@test "a signal at any moment of a set-up: it is undone, or the launcher had started" {
	interrupts "TERM INT HUP"
}

@test "a macvtap goes with the launcher, or with persist by teardown" {
	config vm1 '"kind": "macvtap", "lower": "low0"' > vm1.json
	sed 's/"persist": true/"persist": false/' vm1.json > goes.json
	unshare -n sh -c 'ip link add low0 type veth && ip link add link low0 type macvtap' 2> /dev/null ||
		skip 'no macvtap here'
	inside 'ip link add low0 type veth peer name low1 && ip link set low0 up
		"$VHOSTCTL" setup goes.json -- sh -c "ip -d link show tp0; exit 7"; echo "status $?"
		ip link show tp0; "$VHOSTCTL" setup vm1.json -- true && ip -d link show tp0
		"$VHOSTCTL" setup vm1.json -- touch started; "$VHOSTCTL" teardown vm1.json && ip link show tp0'
	[[ $output == *"macvtap mode bridge"*"alias vhostctl vm1/net0"*"status 7"*"macvtap mode bridge"* ]]
	[[ $stderr == *'"tp0" does not exist'*"vhostctl teardown"*'"tp0" does not exist'* ]]
	[ ! -e started ]
}
