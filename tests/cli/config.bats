#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# vhost-setup documents: right ones, wrong ones, and that a wrong one leaves nothing.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

@test "validate: every example is valid, and is printed with its defaults" {
	for document in "$source_root"/examples/*.json; do
		says 0 validate --json "$document"
		[ "$(json '"\(.kind) \(.version)"')" = "vhost-setup 1" ]
		[ "$(json '[.devices[] | if .type == "net" then has("vhost") and has("queue_pairs") and has("ring_size")
			else has("cid") and (has("tap") | not) end] | all')" = true ]
	done
}

@test "validate: its output is valid, and stays the same" {
	for document in "$source_root"/examples/*.json; do
		says 0 validate --json "$document"
		local once=$output
		echo "$output" > "$BATS_TEST_TMPDIR/again.json"
		says 0 validate --json "$BATS_TEST_TMPDIR/again.json"
		[ "$output" = "$once" ]
	done
}

@test "validate: - is standard input" {
	run --separate-stderr bash -c '"$VHOSTCTL" validate --json - < "$1"' - "$source_root/examples/qemu.json"
	[ "$status" = 0 ]
	local piped=$output
	says 0 validate --json "$source_root/examples/qemu.json"
	[ "$output" = "$piped" ]
	run --separate-stderr bash -c 'echo "{" | "$VHOSTCTL" validate -'
	[ "$status" = 3 ]
	[[ $stderr == "vhostctl: standard input: line "* ]]
}

@test "a document that cannot be read" {
	fails 3 "No such file" validate "$BATS_TEST_TMPDIR/none.json"
	fails 3 "Is a directory" validate "$BATS_TEST_TMPDIR"
	run bash -c 'exec "$VHOSTCTL" validate - <&-'
	[ "$status" = 3 ]
	[ "$output" = "vhostctl: cannot read standard input: Bad file descriptor (EBADF)" ]
}

@test "validate: each bad document is refused with its line, and its place where it has one" {
	local n=0
	for document in "$here"/bad/*.json "$here"/bad-meaning/*.json; do
		fails 3 "$document: " validate "$document"
		[[ $stderr =~ ": line "[0-9]+(", /"[^:]*)?": " ]] || { echo "$document: $stderr"; return 1; }
		n=$((n + 1))
	done
	[ "$n" -ge 100 ]
}

@test "--set: one document for many guests; what is not set is an error with its place" {
	cd "$BATS_TEST_TMPDIR"
	printf '{"kind": "vhost-setup", "version": 1, "name": "${GUEST}", "devices": [{"id": "net0", "type": "net",
		"queue_pairs": "${PAIRS}",\n"tap": {"name": "${GUEST}.${N_1}", "mtu": "1${ZEROS}", "address":\n["10.0.${N_1}.1/24"]}}]}' > many.json
	run --separate-stderr vhostctl validate --json many.json --set GUEST=vm7 -s PAIRS=4 --set=N_1=7 -s ZEROS=000
	[ "$status" = 0 ]
	[ "$(json '[.name, .devices[0].queue_pairs, .devices[0].tap.name, .devices[0].tap.mtu, .devices[0].tap.address[0]] | tojson')" = '["vm7",4,"vm7.7",1000,"10.0.7.1/24"]' ]
	set -- -s GUEST=vm7 -s PAIRS=4 -s ZEROS=000
	fails 3 "many.json: line 3, /devices/0/tap/name: the variable N_1 is not set: --set N_1=VALUE" validate many.json "$@"
	fails 3 "many.json: line 3, /devices/0/tap/name: the variable N_1 is not set" plan many.json "$@"
	fails 3 "many.json: line 3, /devices/0/tap/name: the variable N_1 is not set" setup many.json "$@" -- true
	# the value is checked as if it stood there, and is no JSON
	fails 3 '/devices/0/queue_pairs: 300 is out of range' validate many.json -s PAIRS=300 -s GUEST=a
	fails 3 '/devices/0/queue_pairs: a number' validate many.json -s PAIRS=-1 -s GUEST=a
	fails 3 '/devices/0/queue_pairs: a number' validate many.json -s PAIRS=0x2 -s GUEST=a
	fails 3 '/devices/0/queue_pairs: a number expected' validate many.json -s PAIRS= -s GUEST=a
	fails 3 '/name: "a","b" is not allowed' validate many.json -s 'GUEST=a","b'
	printf '{"kind": "vhost-setup", "version": 1, "name": "${A b}", "devices": []}' > bad.json
	fails 3 '/name: "${A b}": "${" begins a variable' validate bad.json
}

@test "--set: what it takes" {
	cd "$BATS_TEST_TMPDIR"
	fails 2 '--set takes NAME=VALUE, not "GUEST"' validate x.json -s GUEST
	for value in =vm 1A=b 'A B=c' 'A-B=c'; do
		fails 2 "with a NAME of letters, digits and '_' that starts with no digit, not \"$value\"" validate x.json -s "$value"
	done
	fails 2 '--set has this variable already: "A=2"' validate x.json -s A=1 -s AB=1 -s A=2
}

@test "setup: no bad document runs the launcher or leaves a link" {
	cd "$BATS_TEST_TMPDIR"
	leaves_no_link 'for document; do
		status=0
		"$VHOSTCTL" setup "$document" -- touch there > said 2>&1 || status=$?
		[[ ! -e there && "$status $(< said)" == "3 vhostctl: $document: "* ]] || { echo "$document: $status $(< said)"; exit 1; }
	done' "$here"/bad/*.json "$here"/bad-meaning/*.json
}

@test "plan: a bad document has no plan" {
	fails 3 "line " plan "$here/bad/duplicate-key.json"
}

@test "a document cut at any byte is invalid" {
	local document=$source_root/examples/qemu.json size
	# without what stands behind the closing brace
	size=$(grep -bo '}' "$document" | tail -n 1 | cut -d: -f1)
	for ((at = 0; at <= size; at++)); do
		run --separate-stderr vhostctl validate - < <(head -c "$at" "$document")
		[ "$status" = 3 ] || { echo "cut at $at: $status"; return 1; }
		[ -z "$output" ]
	done
	run vhostctl validate - < <(head -c "$((size + 1))" "$document")
	[ "$status" = 0 ]
}

@test "a document of more than 1 MiB is refused, wherever it ends" {
	{ head -c 1048577 /dev/zero | tr '\0' ' '; cat "$source_root/examples/qemu.json"; } > "$BATS_TEST_TMPDIR/long.json"
	fails 3 "1048576" validate "$BATS_TEST_TMPDIR/long.json"
}

@test "plan: its steps in order, and the launcher's line with the fds" {
	says 0 plan --json "$source_root/examples/qemu.json" -- qemu-system-x86_64 -netdev @net0.netdev@ -device @net0.device@
	[ "$(json .kind)" = vhost-plan ]
	[ "$(json '[.operations[].operation] | [index("open vhost"), index("open tap"), index("exec")] | . == sort and all(. != null)')" = true ]
	[[ $(json '.launcher | join(" ")') == *"fds="*"vhostfds="* || $(json '.launcher | join(" ")') == *"fd="*"vhostfd="* ]]
	[[ $(json '.launcher | join(" ")') != *@* ]]
}

@test "plan: a shell reads the launcher's line as it was given" {
	local words=(echo "a b" "it's" '' '$HOME' 'back\slash' $'line\n\\two' '*' @net0.netdev@ @net0.device@) line
	says 0 plan "$source_root/examples/qemu.json" -- "${words[@]}"
	line=$(sed -n 's/^launcher *//p' <<< "$output" | head -1)
	eval "set -- $line"
	[ "$#" = "${#words[@]}" ]
	for ((i = 0; i < 7; i++)); do
		[ "$1" = "${words[i]}" ]
		shift
	done
	[[ $2 == tap,id=net0,* ]]
}

@test "plan: what is requested has to reach the launcher" {
	fails 2 "add @net0.vhostfds@, @net0.mac@ to them" \
		plan "$source_root/examples/qemu.json" -- qemu -netdev tap,fd=@net0.tapfds@
	says 0 plan --json "$source_root/examples/qemu.json" -- \
		qemu -netdev @net0.netdev@ -device virtio-net-pci,netdev=net0,mac=@net0.mac@
	says 0 plan --json "$source_root/examples/qemu.json" -- \
		qemu -netdev @net0.netdev@ -device @net0.device:virtio-net-ccw@
	[[ $(json '.launcher | join(" ")') == *" virtio-net-ccw,netdev=net0,mac="* ]]
}

@test "plan: a vsock device, with its CID or auto as such" {
	local words=(qemu -device @vsock0.device@ "cid=@vsock0.cid@" "fd=@vsock0.fd@"
		-netdev @net0.netdev@ -device @net0.device@)
	says 0 plan --json "$source_root/examples/vsock.json" -- "${words[@]}"
	[ "$(json '.launcher[2:5] | join(" ")')" = "vhost-vsock-pci,guest-cid=auto,vhostfd=3 cid=auto fd=3" ]
	[ "$(json '.operations[] | select(.operation == "open vsock") | .arguments | "\(.path) \(.auto_cid)"')" = "/dev/vhost-vsock true" ]
	sed 's/"auto"/42/' "$source_root/examples/vsock.json" > "$BATS_TEST_TMPDIR/42.json"
	says 0 plan --json "$BATS_TEST_TMPDIR/42.json" -- "${words[@]}"
	[ "$(json '.launcher[2:5] | join(" ")')" = "vhost-vsock-pci,guest-cid=42,vhostfd=3 cid=42 fd=3" ]
	fails 2 "is not available for this device in the launcher style \"env\"" plan "$source_root/examples/env.json" -- qemu @net0.netdev@
	[[ $stderr == *"hint: launcher styles that have it: qemu, stratovirt" ]]
	fails 2 "known tokens are chardev, device, bus, mask, fd, cid, id, socket" plan "$source_root/examples/vsock.json" -- qemu @vsock0.netdev@
	fails 2 'device "vsock0" is not used' plan "$source_root/examples/vsock.json" -- qemu @net0.netdev@ @net0.device@
}

@test "plan: the arguments of an operation are keys; for people they are one text" {
	says 0 plan --json "$source_root/examples/qemu.json"
	[ "$(json '.operations[] | select(.operation == "add address") | .arguments | "\(.link) \(.address)"')" = "demo0 10.0.0.1/24" ]
	[ "$(json '.operations[] | select(.operation == "open tap") | .arguments.queues + 1')" = 2 ]
	says 0 plan "$source_root/examples/qemu.json"
	[[ $output == *"add address  demo0, address 10.0.0.1/24  "* ]]
}

@test "plan --qmp: the steps of attach, though no QEMU is there" {
	says 0 plan --json "$source_root/examples/qemu.json" --qmp /no/such/socket
	[ "$(json '.operations[0] | "\(.operation) \(.arguments.socket)"')" = "connect to QEMU /no/such/socket" ]
	[ "$(json '[.operations[-3:][].operation] | join(", ")')" = "give fds, add netdev, add device" ]
	fails 2 "a QEMU that runs is no launcher to start" plan "$source_root/examples/qemu.json" --qmp qmp -- qemu
	sed 's/"style": "qemu"/"style": "env"/' "$source_root/examples/qemu.json" > "$BATS_TEST_TMPDIR/env.json"
	fails 3 "only a QEMU that runs can be given devices" plan "$BATS_TEST_TMPDIR/env.json" --qmp qmp
}

@test "plan: creates nothing" {
	leaves_no_link '"$VHOSTCTL" plan "$source_root/examples/qemu.json" > /dev/null'
}

@test "plan: a token of no device is refused" {
	fails 2 "net9" plan "$source_root/examples/qemu.json" -- qemu @net9.netdev@
}

# caps_of NODE-MEMBERS: the caps document of a host whose vhost-net is so.
caps_of() {
	vhostctl --json caps | jq --argjson node "$1" '(.nodes[] | select(.path == "/dev/vhost-net")) += $node'
}

# has_features MASK: such a host's vhost-net, which opens.
has_features() {
	caps_of "{\"opens\": true, \"error\": \"\", \"reason\": \"\", \"remedy\": \"\", \"words\": [\"$1\", \"0x0\"]}"
}

@test "plan --caps: a host that has all of it, one that lacks a feature, one without vhost" {
	local document=$BATS_TEST_TMPDIR/setup.json
	echo '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net",
		"features": {"require": ["mrg_rxbuf"]}}]}' > "$document"
	has_features 0x33d008000 > "$BATS_TEST_TMPDIR/good.json"
	says 0 plan "$document" --caps "$BATS_TEST_TMPDIR/good.json"
	has_features 0x33d000000 > "$BATS_TEST_TMPDIR/poor.json"
	fails 4 mrg_rxbuf plan "$document" --caps "$BATS_TEST_TMPDIR/poor.json"
	caps_of '{"opens": false, "error": "ENOENT", "reason": "gone fishing", "remedy": "modprobe vhost_net",
		"words": [], "features": []}' > "$BATS_TEST_TMPDIR/none.json"
	fails 4 "gone fishing" plan "$document" --caps "$BATS_TEST_TMPDIR/none.json"
	[[ $stderr == *"hint: modprobe vhost_net"* ]]
	sed 's/"type"/"vhost": "prefer", "type"/' "$document" > "$BATS_TEST_TMPDIR/prefer.json"
	run --separate-stderr vhostctl plan "$BATS_TEST_TMPDIR/prefer.json" --caps "$BATS_TEST_TMPDIR/none.json"
	[ "$status" = 0 ]
	[[ $stderr == "vhostctl: warning: would continue without vhost: "*"gone fishing"* ]]
}

@test "plan --caps: a wrong caps document" {
	fails 3 "/dev/null: " plan "$source_root/examples/qemu.json" --caps /dev/null
	fails 3 "vhost-caps" plan "$source_root/examples/qemu.json" --caps "$source_root/examples/qemu.json"
	fails 3 "No such file" plan "$source_root/examples/qemu.json" --caps "$BATS_TEST_TMPDIR/none.json"
	has_features 0x33d008000 > "$BATS_TEST_TMPDIR/good.json"
	{ cat "$BATS_TEST_TMPDIR/good.json"; printf '\0'; } > "$BATS_TEST_TMPDIR/nul.json"
	fails 3 "nul.json: a NUL byte at offset" plan "$source_root/examples/qemu.json" --caps "$BATS_TEST_TMPDIR/nul.json"
	jq '.nodes += [.nodes[0]]' "$BATS_TEST_TMPDIR/good.json" > "$BATS_TEST_TMPDIR/twice.json"
	fails 3 "is there twice" plan "$source_root/examples/qemu.json" --caps "$BATS_TEST_TMPDIR/twice.json"
	jq '.version = 2' "$BATS_TEST_TMPDIR/good.json" > "$BATS_TEST_TMPDIR/new.json"
	fails 3 "version 2 is not known" plan "$source_root/examples/qemu.json" --caps "$BATS_TEST_TMPDIR/new.json"
	[[ $stderr == *"hint: use a version that is as new as the one that wrote it"* ]]
}
