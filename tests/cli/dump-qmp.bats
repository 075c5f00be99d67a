#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# vhostctl dump --qmp, and check --qmp: what a running QEMU says of its devices. The QEMUs here are recorded ones.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	[ -z "${server:-}" ] || kill "$server"
}

# serve NAME [FILTER]: a QEMU whose answers are those of tests/unit/host/qemu/NAME.json, or what jq makes of them.
serve() {
	[ -z "${server:-}" ] || { kill "$server" && rm -f qmp; }
	jq "${2:-.}" "$source_root/tests/unit/host/qemu/$1.json" > answers.json
	"$here/replay-qemu" qmp answers.json 3>&- &
	server=$!
	while [ ! -S qmp ]; do sleep 0.05; done
}

# lacks FINDINGS MISSING: what `check` says of the model, as lists.
lacks() {
	run --separate-stderr vhostctl --json check state.json --qmp qmp
	[ "$(json '[.findings[] | select(.origin == "model" and .known) | .what] | join(" ")')" = "$1" ]
	[ "$(json '[.missing[] | select(.lacking == "model") | .name] | join(" ")')" = "$2" ]
	[ -z "$1" ] || [ "$status $(json '"\(.possible) \(.known)"')" = "1 false true" ]
}

# host.json is a host that can take its guest.
make_host() {
	vhostctl --json caps | jq '(.nodes[] | select(.path == "/dev/vhost-net")) |= (.opens = true | .error = "" |
		.reason = "" | .remedy = "" | .backend_features = "0x2" | .words = ["0x10b3d008000", "0x0"]) |
		.tap.probed = true | .tap.reason = "" | .tap.words = ["0xff83", "0x0"] | del(.unknown)' > host.json
}

# without FEATURE [FILTER]: a QEMU with one pair that does not offer it.
without() {
	serve 7.2-one-pair "(.[] | select(.execute == \"x-query-virtio-status\") | .return.\"host-features\".\"dev-features\")
		|= map(select(contains(\"$1\") | not))${2:-}"
}

# A QEMU that migrates, as far as it is asked, and a host that can take its guest.
migrates() { # ANSWERS [EDIT]: more of them, and what is different of the host, in jq's form
	serve 7.2-one-pair '. += [{execute: "migrate-set-capabilities", return: {},
		arguments: {capabilities: [{capability: "return-path", state: true}]}},
		{execute: "migrate", arguments: {uri: "unix:there"}, return: {}}'"$1]"
	make_host
	jq "${2:-.}" host.json > there.json
	mkdir -p bin tmp
	ln -sf "$VHOSTCTL" bin/vhostctl
	printf '#!/bin/sh\ncase $* in *caps) cat there.json ;; *) exec "$@" ;; esac\n' > there
	chmod +x there
	PATH=$PWD/bin:$PATH TMPDIR=$PWD/tmp RSH=$PWD/there run --separate-stderr timeout 300 \
		"$source_root/examples/migrate.sh" qmp net0 host qmp unix:there
	[ -z "$(ls tmp)" ]
}

@test "dump --qmp: a document of the guest's device, without what QEMU does not tell" {
	serve 7.2-one-pair
	run --separate-stderr vhostctl --json dump --qmp qmp net0
	[ "$status" = 0 ]
	[ "$(json '[.kind, .minor, .device, .type, .running, .queue_pairs, .mac, .mtu] | @csv')" = \
		'"vhost-state",1,"net0","net",true,1,"52:54:00:12:34:56",1400' ]
	[ "$(json '.words[0]')" = 0x10130afffaf ]
	[ "$(json '[.rings[] | [.index, .size, .desc, .enabled]] | tojson')" = \
		'[[0,256,"0x5dc0000",true],[1,256,"0x5dc6000",true]]' ]
	[ "$(json '[.memory, .partial, (.rings | map(has("base")) | any)] | tojson')" = '[[],["0x0","0x0"],false]' ]
	[[ $stderr == *"base"* && $stderr == *"memory"* ]]
	printf %s "$output" > state.json
	says 0 state check state.json
	says 0 state diff state.json state.json
}

@test "dump --qmp: four pairs; a guest that is stopped has its bases; one whose driver is not there has no features" {
	serve 7.2-four-pairs
	run --separate-stderr vhostctl --json dump --qmp qmp
	[ "$status $(json '.queue_pairs, (.rings | length)' | tr '\n' ' ')" = "0 4 8 " ]
	serve 7.2-stopped
	run --separate-stderr vhostctl --json dump --qmp qmp
	[ "$status $(json '[.running, .rings[0].base, .rings[1].base] | tojson')" = '0 [false,"0x12","0x10"]' ]
	serve 7.2-no-driver
	run --separate-stderr vhostctl --json dump --qmp qmp net0
	[ "$status $(json '[.running, .words[0], .rings] | tojson')" = '0 [false,"0x0",[]]' ]
}

@test "dump --qmp: several devices need an id; one that vhost does not run, and one that is not there" {
	serve 7.2-no-driver
	fails 2 "qmp: QEMU has 2 vhost devices: device[0], net0" dump --qmp qmp
	[[ $stderr == *"hint: add the id of one"* ]]
	fails 5 'qmp: QEMU has no net or vsock device "net7"' dump --qmp qmp net7
	serve 7.2-vhost-off
	fails 4 'vhost does not run the device "net0"' dump --qmp qmp net0
	fails 5 "no net or vsock device that vhost runs" dump --qmp qmp
}

@test "dump --qmp: versions of QEMU that cannot tell, or would end with their guest, are not asked" {
	serve 7.2-one-pair '(.[] | select(.execute == "query-version") | .return.qemu) |= {major: 11, minor: 1, micro: 3}'
	fails 4 "QEMU 11.1 is not asked: since 11, QEMU may abort" dump --qmp qmp
	[[ $stderr == *"hint: read the kernel instead: vhostctl dump PID"* ]]
	serve 7.2-one-pair '(.[] | select(.execute == "query-version") | .return.qemu) |= {major: 5, minor: 2, micro: 0}'
	fails 4 "QEMU 5.2 cannot tell" dump --qmp qmp
	serve 7.2-one-pair '[.[] | select(.execute != "x-query-virtio-status")]'
	fails 4 "QEMU refuses x-query-virtio-status" dump --qmp qmp
}

@test "dump --qmp: a feature that is not known by that name, and answers that are no answers" {
	serve 7.2-one-pair '(.. | .["dev-features"]? | arrays) += ["VIRTIO_NET_F_NEW: \u001b[31m"]'
	fails 5 'which bit QEMU means by the feature "VIRTIO_NET_F_NEW: \u001b[31m" is not known' dump --qmp qmp
	serve 7.2-one-pair 'del(.. | .["num-vqs"]?)'
	fails 5 'the answer to x-query-virtio-status is not what QEMU 7.2 says: "num-vqs" is missing or wrong' dump --qmp qmp
}

@test "dump --qmp: a monitor that serves another client, one that hangs, and sockets of something else" {
	serve 7.2-one-pair
	python3 -c "import socket, time
s = socket.socket(socket.AF_UNIX); s.connect('qmp'); s.recv(1); print(flush=True); time.sleep(1000)" > busy 3>&- &
	client=$!
	while [ ! -s busy ]; do sleep 0.05; done
	fails 5 "qmp: no greeting within 1 s: QEMU serves one client at a time and has another" dump --qmp qmp -t 1
	[[ $stderr == *"hint: end the other client"* ]]
	kill "$client"
	wait "$client" || true
	run vhostctl dump --qmp qmp -t 60
	[ "$status" = 0 ]
	: > file
	fails 5 "file: cannot connect to QEMU: " dump --qmp file
	fails 5 "nowhere: cannot connect to QEMU: " dump --qmp nowhere
}

@test "dump --qmp: the command line" {
	fails 2 '"net1" is neither a pid nor an id, or there are two of them' dump --qmp qmp net0 net1
	fails 2 '"2" is neither a pid nor an id, or there are two of them' dump --qmp qmp 1 2
	fails 2 '"1x" is neither a pid nor an id, or there are two of them' dump --qmp qmp 1x
	fails 2 "--timeout takes a number from 1 to 3600" dump --qmp qmp --timeout 0
	fails 2 'missing value for "--qmp"' dump --qmp ''
}

@test "check --qmp: what the QEMU that waits for the guest lacks" {
	serve 7.2-one-pair
	vhostctl --json dump --qmp qmp > state.json
	lacks '' ''
	serve 7.2-one-pair 'del(.. | .["host-features"]? | .["dev-features"]?[]? | select(startswith("VIRTIO_NET_F_MRG") or
		startswith("VIRTIO_NET_F_CSUM")))'
	lacks features 'csum mrg_rxbuf'
	[[ $output == *"the QEMU that waits does not offer csum, mrg_rxbuf"* ]]
	serve 7.2-one-pair '(.[] | select(.arguments.property == "host_mtu") | .return) = 9000'
	lacks mtu ''
	[[ $output == *"the guest has an MTU of 1400, and the QEMU that waits has 9000"* ]]
	serve 7.2-four-pairs
	lacks 'features queue_pairs' mtu
	serve 7.2-one-pair '(.[] | select(.arguments.property == "mq") | .return) = true | . += [{execute: "human-monitor-command",
		arguments: {"command-line": "info network"}, return: "net0: index=0,type=nic\r\nnet0: index=1,type=nic\r\n"}]'
	lacks queue_pairs ''
	[[ $output == *"1 queue pairs, and the device of the QEMU that waits has 2"* ]]
	# without an id, QEMU's monitor calls its queues something else
	serve 7.2-one-pair '(.[] | select(.arguments.property == "mq") | .return) = true'
	lacks '' ''
	[[ $output == *"how many queue pairs the device of the QEMU that waits has is not known"* ]]
	serve 7.2-no-driver
	lacks features 'csum guest_csum mtu guest_tso4 guest_tso6 guest_ecn guest_ufo host_tso4 host_tso6 host_ecn host_ufo'
	serve 7.2-one-pair '(.. | .path? | strings) |= sub("net0"; "net1")'
	lacks '' ''
	serve 7.2-no-driver '(.. | .path? | strings) |= sub("net0"; "net1")'
	fails 4 'QEMU has 2 devices, and none is "net0"' check state.json --qmp qmp
	fails 5 "nowhere: cannot connect to QEMU: " check state.json --qmp nowhere
	# a driver that is not there yet is no legacy one
	serve 7.2-no-driver '. += [{execute: "qom-get", return: "on",
		arguments: {path: "/machine/peripheral/net0", property: "disable-legacy"}}]'
	vhostctl --json dump --qmp qmp net0 > state.json
	lacks '' ''
}

@test "examples/migrate.sh: a guest moves, stays, or its QEMU no longer answers: it never waits for ever" {
	migrates ', {execute: "query-migrate", arguments: {}, return: {status: "completed"}}'
	[ "$status" = 0 ]
	[[ $output == *"same "*" yes"* ]]
	migrates ', {execute: "query-migrate", arguments: {}, return: {status: "failed"}}, {execute: "cont", arguments: {}, return: {}}'
	[ "$status" = 1 ]
	[[ $stderr == *"the guest stays here: failed"* ]]
	migrates ''
	[ "$status" = 1 ]
	[[ $stderr == *"query-migrate has not been found"* ]]
	# it cannot be told of this host, and nothing is begun
	migrates '' '.tap.probed = false | .tap.reason = "no root" | .tap.words = [] |
		.unknown = [{what: "tap", reason: "no root", remedy: ""}]'
	[ "$status" = 1 ]
	[[ $stderr == *"the features of a tap there are not known: no root"* ]]
	[[ $stderr != *"query-migrate"* ]]
}

@test "check --qmp --assume-model: what QEMU says counts more" {
	serve 7.2-one-pair
	vhostctl --json --quiet dump --qmp qmp > full.json
	make_host
	# ctrl_rx_extra, which this QEMU offers
	edit full.json '.partial[0] = "0x100000" | .memory = [{guest_addr: "0x0", size: "0xc000000"}]' > state.json
	says 4 --json check state.json --host host.json --qmp qmp
	says 0 --json check state.json --host host.json --qmp qmp --assume-model
	# and which may be switched off
	without CTRL_RX_EXTRA
	says 0 --json check state.json --host host.json --assume-model
	says 4 --json check state.json --host host.json --qmp qmp --assume-model
	[ "$(json '.findings | map("\(.what) \(.origin) \(.known)") | join(";")')" = "features model false" ]
	[[ $(json '.findings[0].text') == "the QEMU that waits does not offer ctrl_rx_extra, which --assume-model takes it to have"* ]]
	# a reason that is known is enough
	without CTRL_RX_EXTRA ' | (.[] | select(.arguments.property == "host_mtu") | .return) = 9000'
	says 1 --json check state.json --host host.json --qmp qmp --assume-model
	[ "$(json '.findings | map(.what) | join(" ")')" = "features mtu" ]
}

@test "check --qmp --assume-model: a guest that the kernel told of, and what QEMU has only when it is told to" {
	serve 7.2-one-pair
	vhostctl --json --quiet dump --qmp qmp > full.json
	make_host
	# as dump PID writes it: of no feature of the launcher's own is known whether the guest has it
	edit full.json '.words[0] = "0x1013000ff83" | .partial = ["0xd8040ae008ff006c", "0x1"] |
		.features |= map(select(.origin != "model")) | del(.mac, .mtu) |
		.memory = [{guest_addr: "0x0", size: "0xc000000"}]' > state.json
	says 4 --json check state.json --host host.json --qmp qmp
	says 0 --json check state.json --host host.json --qmp qmp --assume-model
	without CTRL_RX_EXTRA ' | (.[] | select(.execute == "x-query-virtio-status") | .return."host-features"."dev-features")
		|= map(select(contains("GUEST_ANNOUNCE") | not))'
	says 4 --json check state.json --host host.json --qmp qmp --assume-model
	[[ $(json '.findings[0].text') == "the QEMU that waits does not offer ctrl_rx_extra, guest_announce, which "* ]]
	# several queues are not on by themselves, but whoever has them switches them on
	edit state.json '.queue_pairs = 2 | .rings += [.rings[] | .index += 2]' > several.json
	serve 7.2-one-pair
	says 1 --json check several.json --host host.json --qmp qmp --assume-model
	[ "$(json '.findings | map("\(.what) \(.known)") | join(" ")')" = "features false queue_pairs true" ]
	[[ $(json '.findings[0].text') == "the QEMU that waits does not offer mq, which "* ]]
}

@test "check --qmp: memory that vhost has and -m does not: virtio-mem, ivshmem, DIMMs" {
	serve 7.2-one-pair
	vhostctl --json --quiet dump --qmp qmp > full.json
	# as a QEMU 7.2 with -m 512M, a virtio-mem device of up to 1 GiB, a DIMM of 256 MiB and an ivshmem of 4 MiB says
	serve 7.2-one-pair '(.[] | select(.execute == "query-memory-size-summary") | .return) =
		{"base-memory": 536870912, "plugged-memory": 268435456} | . += [{execute: "query-memdev",
		return: [1073741824, 268435456, 4194304, 536870912 | {size: .}]}]'
	memory() { edit full.json ".memory = [$1 | {guest_addr: \"0x100000000\", size: .}]" > state.json; }
	for size in 0x30000000 0x70000000 0x70400000; do
		memory "\"$size\""
		lacks '' ''
	done
	memory '"0x20000000"'
	lacks memory ''
	memory '"0x70500000"'
	lacks memory ''
	[[ $output == *"the guest has 1797 MiB of memory, and the QEMU that waits has 768 to 1796"* ]]
	# more than a number has is not nothing
	edit full.json '.memory = [{guest_addr: "0x0", size: "0x8000000000000000"},
		{guest_addr: "0x8000000000000000", size: "0x8000000000000000"}]' > state.json
	lacks memory ''
	[[ $output == *"the guest has 17592186044416 MiB of memory, and "* ]]
	memory '"0x20000000"'
	serve 7.2-one-pair '. += [{execute: "query-memdev", return: [{size: "4"}]}]'
	fails 5 '"size" is missing or wrong' check state.json --qmp qmp
}
