#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the hosts of a set have in common.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set
load lib.bash

state=$source_root/tests/unit/migration/golden/minor-1/split-1.json

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# host KERNEL VHOST VHOST1 TAP TAP1: the document of a host, as it was measured on such a kernel.
host() {
	jq -n --arg kernel "$1" --arg vhost "$2" --arg vhost1 "$3" --arg tap "$4" --arg tap1 "$5" '
		def node($words): {opens: true, error: "", reason: "", remedy: "", words: $words, features: [],
			backend_features: "0x2", ioctls: ["busyloop_timeout"]};
		{kind: "vhost-caps", version: 1, kernel: $kernel,
		nodes: [node([$vhost, $vhost1]) + {path: "/dev/vhost-net"}, node(["0x330000002"]) + {path: "/dev/vhost-vsock"}],
		tap: {probed: true, reason: "", offloads: "0x1f", words: [$tap, $tap1], features: []},
		max_mem_regions: 64, max_tap_queues: 256, parameters: []}'
}

hosts() {
	host 6.1.0-50 0x331008000 0x0 0x7f83 0x0 > old.json
	host 6.12.95 0x10331008000 0x0 0x1c0000000007f83 0x0 > middle.json
	host 7.2.13 0x10b31008000 0xa 0x1c0000000007f83 0x1e > new.json
}

@test "baseline: what all hosts have, and for each other feature who lacks it, what lacks it, and since when" {
	hosts
	says 0 baseline --json new.json middle.json old.json
	[ "$(json '"\(.kind) \(.version) \(.kernel)"')" = "vhost-caps 1 " ]
	[ "$(json '.nodes[0].words | join(" ")')" = "0x331008000 0x0" ]
	[ "$(json '.tap.words | join(" ")')" = "0x7f83 0x0" ]
	diff <(json '.lacking[] | "\(.type) \(.name) \(.lacking) \(.since) \(.hosts)"') - <<- 'END'
		net in_order vhost 6.17 middle.json, old.json
		net ring_reset vhost 6.2 old.json
		net guest_uso4 tap 6.2 old.json
		net guest_uso6 tap 6.2 old.json
		net host_uso tap 6.2 old.json
		net guest_udp_tunnel_gso vhost+tap 6.17 middle.json, old.json
		net guest_udp_tunnel_gso_csum tap 6.17 middle.json, old.json
		net host_udp_tunnel_gso vhost+tap 6.17 middle.json, old.json
		net host_udp_tunnel_gso_csum tap 6.17 middle.json, old.json
	END
	[ "$(json '.groups | map("\(.kernel) \(.count) \(.hosts[0]) \(.lacks | length)") | join(";")')" = \
		"7.2.13 1 new.json 0;6.12.95 1 middle.json 5;6.1.0-50 1 old.json 9" ]
	says 0 baseline old.json new.json
	[[ $output == *$'\ngroups\n'*"6.1.0-50"*"old.json"*"host_uso"*$'\nlacking\n'*"host_uso"*"6.2"* ]]
}

@test "baseline: its tables fit 80 columns" {
	hosts
	TERM=dumb script -qec "stty cols 80 rows 24; '$VHOSTCTL' baseline old.json middle.json new.json" /dev/null < /dev/null |
		tr -d '\r' > narrow
	grep -q '^  type  bit  name ' narrow
	grep -q '^  kernel  *count  hosts  *lacks' narrow
	[ "$(wc -L < narrow)" -le 80 ]
}

@test "baseline: a document for check, plan and for another baseline" {
	hosts
	vhostctl baseline --json old.json new.json > all.json
	says 0 check "$state" --host all.json
	says 0 plan "$source_root/examples/qemu.json" --caps all.json
	jq '.nodes[0].words[0] = "0x0"' new.json > poor.json
	vhostctl baseline --json new.json poor.json > all.json
	says 1 check "$state" --host all.json
	[ "$(vhostctl baseline --json all.json | jq -c '.nodes, .tap')" = "$(jq -c '.nodes, .tap' all.json)" ]
}

@test "baseline: what is no vhost node has no backend features" {
	hosts
	jq '.nodes += [{path: "/dev/net/tun", opens: true, error: "", reason: "", remedy: "", words: [], features: [], ioctls: []}]' \
		new.json > tun.json
	says 0 baseline --json tun.json tun.json
	[ "$(json '.nodes | map("\(.path) \(.backend_features)") | join(", ")')" = \
		"/dev/vhost-net 0x2, /dev/vhost-vsock 0x2, /dev/net/tun null" ]
}

@test "baseline: a host without vhost, and one of which not all is known" {
	hosts
	jq '.nodes[0] += {opens: false, error: "ENOENT", reason: "no such node", remedy: "modprobe vhost_net", words: []}' new.json > none.json
	says 0 baseline --json new.json none.json
	[ "$(json '.nodes[0] | "\(.opens) \(.error) \(.reason)"')" = "false ENOENT none.json: no such node" ]
	[ "$(json '.groups[1] | "\(.hosts[0]) \(.lacks[0])"')" = "none.json /dev/vhost-net" ]
	json . > all.json
	says 1 check "$state" --host all.json
	jq '.tap += {probed: false, reason: "no root", words: []} | .unknown = [{what: "tap", reason: "no root", remedy: "be root"}]' \
		new.json > user.json
	says 0 baseline --json new.json user.json
	[ "$(json '.unknown | map("\(.what) \(.reason)") | join(";")')" = "tap user.json: no root" ]
	[ "$(json '.groups[1] | "\(.hosts[0]) \(.unknown[0]) \(.lacks | length)"')" = "user.json tap 0" ]
	json . > all.json
	says 4 check "$state" --host all.json
	# an older one has no such list
	says 0 baseline --json new.json <(jq 'del(.nodes[1])' new.json)
	[[ $(json '.unknown[0] | "\(.what) \(.reason)"') == "/dev/vhost-vsock "*": its document does not have it" ]]
}

@test "baseline: a node that one document does not have is not known, in whatever order they are given" {
	hosts
	jq 'del(.nodes[1])' old.json > less.json
	for set in "less.json new.json" "new.json less.json"; do
		# shellcheck disable=SC2086 # two names
		says 0 baseline --json $set
		[ "$(json '[.nodes[] | [.path, .opens]] | sort | tojson')" = '[["/dev/vhost-net",true],["/dev/vhost-vsock",false]]' ]
		[ "$(json '.unknown | tojson')" = '[{"what":"/dev/vhost-vsock","reason":"less.json: its document does not have it","remedy":"ask that host again"}]' ]
		printf %s "$output" > both.json
		fails 4 "what /dev/vhost-vsock has is not known: less.json" mask --baseline both.json --type vsock
	done
}

@test "baseline: 1000 hosts, and one of them broken" {
	hosts
	local n
	for n in $(seq 333); do
		ln old.json "old$n.json"
		ln middle.json "middle$n.json"
		ln new.json "new$n.json"
	done
	ln new.json new334.json
	says 0 baseline --json {old,middle,new}[0-9]*.json
	[ "$(json '[.groups[].count] | join(" ")')" = "333 333 334" ]
	[ "$(json '[.groups[].hosts[]] | unique | length')" = 1000 ]
	[ "$(json '.lacking[] | select(.name == "host_uso") | .hosts')" = \
		"old1.json, old10.json, old100.json and 330 more" ]
	json . > all.json
	says 0 check "$state" --host all.json
	printf '%s\n' {old,middle,new}[0-9]*.json > list
	diff <(vhostctl baseline --json - < list) <(vhostctl baseline --json {old,middle,new}[0-9]*.json)
	rm new200.json
	echo '{"kind": "vhost-caps", "version": 1,' > new200.json
	fails 3 "new200.json" baseline {old,middle,new}[0-9]*.json
	rm new200.json
	fails 3 "cannot read new200.json" baseline old.json new200.json
}

@test "baseline: documents that are none" {
	hosts
	fails 2 "" baseline
	local long
	long=$(printf 'x%.0s' {1..200}).json
	for bad in '' '{' '[]' '{"kind": "vhost-state", "version": 1}' "$(jq '.version = 2' new.json)" \
		"$(jq '.tap.extra = 1' new.json)" "$(jq '.max_mem_regions = 0' new.json)"; do
		printf '%s' "$bad" > "$long"
		fails 3 "$long: " baseline new.json "$long"
	done
	{ cat new.json; printf '\0'; } > nul.json
	fails 3 "nul.json: a NUL byte" baseline nul.json
	head -c 1048577 /dev/zero | tr '\0' ' ' > long.json
	fails 3 "long.json: the vhost-caps document: the document has 1048577 bytes" baseline new.json long.json
	run --separate-stderr bash -c '"$VHOSTCTL" baseline - < /dev/null'
	[ "$status" = 3 ]
	[[ $stderr == *"the list of files is empty"* ]]
	run --separate-stderr bash -c 'echo new.json | "$VHOSTCTL" baseline - -'
	[ "$status" = 2 ]
	[[ $stderr == *"'-' is given twice"* ]]
	run --separate-stderr bash -c 'printf "\n\nnew.json\n\n" | "$VHOSTCTL" baseline --json - old.json'
	[ "$(json '[.groups[].hosts[0]] | join(" ")')" = "new.json old.json" ]
	# no control character of a document reaches the terminal
	jq '.nodes[0] += {opens: false, error: "E", reason: "\u001b[2J\u009b", remedy: "\u0007", words: []} | .kernel = "\u001b]0;"' \
		new.json > rude.json
	says 0 baseline rude.json new.json
	[[ $output != *$'\xc2\x9b'* && $output != *[$'\e\a\x7f']* ]]
}

# masked ARGUMENT...: what mask prints for the three hosts.
masked() {
	hosts
	vhostctl baseline --json old.json middle.json new.json > all.json
	vhostctl mask --baseline all.json "$@"
}

@test "mask: options of QEMU, by release" {
	[ "$(masked --qemu 7.2)" = queue_reset=off ]
	[ "$(masked --qemu 10.0)" = queue_reset=off,guest_uso4=off,guest_uso6=off,host_uso=off ]
	[ "$(masked)" = "$(masked --qemu 10.0),guest_tunnel=off,guest_tunnel_csum=off,host_tunnel=off,host_tunnel_csum=off" ]
	[ "$(vhostctl mask --baseline new.json)" = "" ]
	jq '.tap.words[0] = "0x7f03"' old.json > poor.json
	[[ ,$(vhostctl mask --baseline poor.json), == *,guest_tso4=off,guest_ecn=off,* ]] ||
		[[ ,$(vhostctl mask --baseline poor.json), == *,guest_tso4=off,* ]]
	says 0 mask --json --baseline all.json --style qemu
	[ "$(json '"\(.command) \(.style) \(.type) \(.options | length > 0)"')" = "mask qemu net true" ]
	[ "$(json '.features | map(select(. == "host_uso")) | length')" = 1 ]
}

# qemu-properties/DEVICE-RELEASE has each property that is on, off or auto, and what it is by itself, as 7.2.22 and
# 10.0.2 say it: qemu-system-x86_64 -device DEVICE,help
@test "mask: of the properties that QEMU has, each that is on by itself and that a host may lack" {
	hosts
	jq '.nodes[].words = ["0x100000000"] | .tap.words = ["0x0"]' old.json > poor.json
	for list in "$here"/qemu-properties/*; do
		type=net
		[[ $list != *vsock* ]] || type=vsock
		vhostctl features list --json --type $type |
			jq -r '.features[] | select(.origin | test("vhost|tap")) | .name' | sed 's/^ring_reset$/queue_reset/' > of-hosts
		awk 'NR == FNR { has[$1]; next } $1 in has && $2 != "off" { print $1 "=off" }' of-hosts "$list" | sort > wanted
		vhostctl mask --baseline poor.json --qemu "${list##*-}" --type $type | tr , '\n' | sort | diff - wanted
		[ -s wanted ]
	done
}

@test "mask: the QEMU of this host takes them" {
	command -v qemu-system-x86_64 > /dev/null || skip "qemu-system-x86_64 is not there"
	[[ $(qemu-system-x86_64 --version) =~ version\ ([0-9]+)\. ]]
	release=7.2
	[ "${BASH_REMATCH[1]}" -lt 10 ] || release=10.0
	options=$(masked --qemu "$release")
	echo quit | timeout 300 qemu-system-x86_64 -M pc,accel=tcg -nodefaults -display none -monitor stdio -S \
		-device "virtio-net-pci,$options"
	# each property that a baseline can ask for
	hosts
	jq '.nodes[0].words = ["0x100000000"] | .tap.words = ["0x0"]' old.json > poor.json
	qemu-system-x86_64 -device virtio-net-pci,help > properties
	for option in $(vhostctl mask --baseline poor.json --qemu "$release" | tr , ' '); do
		grep -q "^  ${option%=off}=" properties || { echo "$option"; return 1; }
	done
	echo quit | timeout 300 qemu-system-x86_64 -M pc,accel=tcg -nodefaults -display none -monitor stdio -S \
		-device "virtio-net-pci,$(vhostctl mask --baseline poor.json --qemu "$release")"
}

@test "mask: XML for libvirt" {
	hosts
	jq '.tap.words[0] = "0x0"' old.json > poor.json
	vhostctl mask --baseline poor.json --style libvirt --qemu 7.2 > xml
	diff xml - <<- 'END'
		<driver name='vhost'>
		  <host csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/>
		  <guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/>
		</driver>
		<qemu:override xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
		  <qemu:device alias='ua-net0'>
		    <qemu:frontend>
		      <qemu:property name='queue_reset' type='bool' value='false'/>
		    </qemu:frontend>
		  </qemu:device>
		</qemu:override>
	END
	[ "$(masked --style libvirt --type vsock)" = "" ] || masked --style libvirt --type vsock | grep -q ua-vsock0
	command -v xmllint > /dev/null || skip "xmllint is not there"
	schema=/usr/share/libvirt/schemas/domain.rng
	{
		echo "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>a</name>"
		echo "<memory>1</memory><os><type>hvm</type></os><devices><interface type='ethernet'><model type='virtio'/>"
		sed '/<qemu:override/,$d' xml
		echo "<alias name='ua-net0'/></interface></devices>"
		sed -n '/<qemu:override/,$p' xml
		echo "</domain>"
	} > domain.xml
	xmllint --noout domain.xml
	[ ! -e "$schema" ] || xmllint --noout --relaxng "$schema" domain.xml
}

@test "mask: one number, and names for a config" {
	[ "$(vhostctl features encode --json "$(masked --style json | jq -r 'join(",")')" | jq -r .hex)" = "$(masked --style hex)" ]
	masked --style json > names
	jq --slurpfile mask names '.devices[0].features.mask = $mask[0]' "$source_root/examples/qemu.json" > masked.json
	says 0 validate masked.json
	says 0 plan masked.json --caps old.json
	[ "$(masked --style json --type vsock | jq 'index("host_uso")')" = null ]
}

@test "mask: what is not known is not taken for what is missing" {
	hosts
	jq '.tap += {probed: false, reason: "no root", words: []} | .unknown = [{what: "tap", reason: "no root", remedy: "be root"}]' \
		new.json > user.json
	vhostctl baseline --json new.json user.json > all.json
	fails 4 "what tap has is not known: user.json: no root" mask --baseline all.json
	jq '.nodes[0] += {opens: false, error: "EACCES", reason: "not for you", remedy: "be root", words: []} |
		.unknown = [{what: "/dev/vhost-net", reason: "not for you", remedy: "be root"}]' new.json > user.json
	fails 4 "what /dev/vhost-net has is not known: not for you" mask --baseline user.json
	says 0 mask --baseline user.json --type vsock
	jq '.nodes[0] += {opens: false, error: "ENOENT", reason: "no such node", remedy: "modprobe vhost_net", words: []}' new.json > none.json
	fails 4 "none.json: /dev/vhost-net: no such node" mask --baseline none.json
	jq '.tap += {probed: false, reason: "no tun", words: []}' new.json > none.json
	fails 4 "no tap can be made: no tun" mask --baseline none.json
	jq '.nodes[0].words = ["0x0"]' new.json > none.json
	fails 4 "version_1 (32)" mask --baseline none.json
	fails 2 "--baseline is missing" mask
	fails 3 "vhost-caps" mask --baseline "$state"
	jq 'del(.nodes[0])' new.json > none.json
	fails 3 "none.json: /nodes: the vhost-caps document does not have /dev/vhost-net" mask --baseline none.json
	fails 3 "cannot read nothing.json" mask --baseline nothing.json
}
