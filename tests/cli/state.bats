#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# vhost-state documents: shown, checked, compared, and held against a host.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	kept=$source_root/tests/unit/migration/golden
	split=$kept/split-1.json iommu=$kept/iommu-4.json packed=$kept/packed-1.json
	cd "$BATS_TEST_TMPDIR" || return
}

# caps_of FILTER: the caps document of a host that has everything, after jq's filter.
caps_of() {
	vhostctl --json caps | jq '(.nodes[] | select(.path == "/dev/vhost-net")) |= (.opens = true | .error = "" |
		.reason = "" | .remedy = "" | .backend_features = "0x2" | .words = ["0x10b3d008000", "0xa"]) |
		.tap.probed = true | .tap.reason = "" | .tap.words = ["0x1c000000000ff83", "0x1e"] |
		.max_mem_regions = 64 | .max_tap_queues = 256 | del(.unknown)' | jq "$1"
}

@test "check: valid documents, in any notation" {
	for document in "$split" "$iommu" "$packed" "$kept"/minor-1/{split-1,iommu-4,packed-1}.json; do
		says 0 state check --json "$document"
		[ "$(json '"\(.kind) \(.command) \(.device) \(.type) \(.running) \(.loadable)"')" = "vhost-report state check net0 net false true" ]
		[ "$(json .queue_pairs)" = "$(jq .queue_pairs "$document")" ]
		for form in . -c -S; do
			jq "$form" "$document" > form.json 2> /dev/null || jq "$form" . "$document" > form.json
			says 0 state check form.json
		done
		sed 's/"0x\([0-9a-f]*\)"/"0x\U\1"/' "$document" > upper.json
		says 0 state check upper.json
	done
	run --separate-stderr bash -c '"$VHOSTCTL" state check --json - < "$1"' - "$split"
	[ "$status" = 0 ]
}

@test "check: a snapshot of a running device is valid, but cannot be loaded" {
	need_python
	edit "$split" '.running = true' > running.json
	says 0 state check --json running.json
	[ "$(json '"\(.running) \(.loadable)"')" = "true false" ]
}

@test "check: each bad document is refused with its line, and its place where it has one" {
	local n=0
	for document in "$here"/state-bad/*.json "$here"/state-bad-meaning/*.json; do
		for command in "state check" "state show" "check"; do
			# shellcheck disable=SC2086 # two words
			fails 3 "$document: " $command "$document"
			[[ $stderr =~ (": "/[^:]*)?": the vhost-state document is wrong in line "[0-9]+": " ]]
		done
		fails 3 "$document: " state diff "$split" "$document"
		n=$((n + 1))
	done
	[ "$n" -ge 60 ]
}

@test "check: one damaged byte is found and reported" {
	sed 's/"base":"0x1234"/"base":"0x1235"/' "$split" > damaged.json
	fails 3 "damaged.json: /checksum: the vhost-state document is wrong in line 98: " state check damaged.json
	[[ $stderr == *"0x3618e60a is not the checksum"*"damaged or edited" ]]
}

@test "check: a document of a newer library is reported before anything else" {
	sed 's/"minor":0/"minor":3, "colour":"red"/' "$split" > newer.json
	fails 3 "written by a newer library: version 1.3; this one reads 1.1" state check newer.json
	sed 's/"version":1/"version":2, "colour":"red"/' "$split" > newer.json
	fails 3 "written by a newer library: version 2.0; this one reads 1.1" state check newer.json
}

@test "check: files that are not a document" {
	fails 3 "No such file" state check none.json
	fails 3 "Is a directory" state check .
	{ cat "$split"; printf '\0{}'; } > nul.json
	fails 3 "nul.json: a NUL byte" state check nul.json
	{ head -c 1048577 /dev/zero | tr '\0' ' '; cat "$split"; } > long.json
	fails 3 "1048576" state check long.json
	fails 3 '"vhost-state" expected' state check "$source_root/examples/qemu.json"
}

@test "the checksum is zlib's, and an edited document can get a new one" {
	need_python
	for document in "$split" "$iommu" "$packed"; do
		[ "$(sum "$document")" = "$(jq -r .checksum "$document")" ]
	done
	edit "$split" '.device = "netz/ä\"\\" | .rings[0].base = "0x9"' > edited.json
	says 0 state show --json edited.json
	[ "$(json .device)" = "netz/ä\"\\" ]
	[ "$(json '.rings[0].base')" = 0x9 ]
}

@test "the checksum is gzip's, too" {
	[ "$(jq -cj 'del(.checksum)' "$split" | gzip | tail -c 8 | od -An -N 4 -t x4 --endian=little)" = " 3618e60a" ]
}

@test "show: with --json the document, otherwise the same as tables" {
	for document in "$split" "$iommu" "$packed"; do
		says 0 state show --json "$document"
		diff <(jq -S . "$document") <(json -S)
		says 0 state show "$document"
		[[ $output == *"index"*"size"*"format"*"desc"*"avail"*"used"*"base"*"enabled"* ]]
		[[ $output == *mrg_rxbuf* ]]
	done
	says 0 state show "$iommu"
	[[ $output == *"mac               52:54:00:ab:cd:ef"* ]]
	[[ $output == *"6  32768  split   -"* ]]
	says 0 state show "$kept/minor-1/iommu-4.json"
	[[ $output == *"offloads"*"0x82"* && $output == *"active_pairs"*3* ]]
}

@test "diff: the same in another form is the same" {
	jq -c . "$iommu" > compact.json
	sed 's/"0x57dd8386"/1474134918/; s/"0x9a"/154/; s/"0xfff/"0xFFF/' "$iommu" > numbers.json
	for other in "$iommu" compact.json numbers.json; do
		says 0 state diff --json "$iommu" "$other"
		[ "$(json '"\(.same) \(.differences | length)"')" = "true 0" ]
	done
	says 0 state diff "$split" "$split"
	[[ ${lines[0]} =~ ^same\ +yes$ ]]
}

@test "diff: what the driver said on the control queue" {
	need_python
	edit "$kept/minor-1/iommu-4.json" '.offloads = ["0x82"]' > short.json
	edit "$kept/minor-1/iommu-4.json" 'del(.offloads) | .active_pairs = 1' > other.json
	says 0 state diff "$kept/minor-1/iommu-4.json" short.json
	says 1 state diff --json short.json other.json
	[ "$(json '.differences[] | "\(.what)|\(.left)|\(.right)"')" = $'offloads|0x82|\nactive_pairs|3|1' ]
	says 0 state diff "$iommu" "$iommu"
}

@test "diff: each value that differs, features by name, rings by index, memory by address" {
	says 1 state diff --json "$split" "$iommu"
	[ "$(json '.same')" = false ]
	local rows
	rows=$(json '.differences[] | "\(.what)|\(.left)|\(.right)"')
	diff <(echo "$rows") - <<- 'END'
		queue_pairs|1|4
		backend_features|0x0|0x2
		header_bytes|12|24
		mtu||9000
		mac||52:54:00:ab:cd:ef
		guest iommu|no|yes
		features||mtu,mac,host_tso6,mq,access_platform,guest_uso4,guest_uso6,host_uso,guest_udp_tunnel_gso,host_udp_tunnel_gso,bit 200
		ring 0 desc|0x40000000|0xfffffffff0000000
		ring 0 avail|0x40001000|0x8000000
		ring 0 used|0x40002000|0x0
		ring 0 base|0x1234|0x0
		ring 1 desc|0x40004000|0xfffffffff0010000
		ring 1 avail|0x40005000|0x8002000
		ring 1 used|0x40006000|0x1000
		ring 1 base|0xfffe|0x4d
		ring 2||set up
		ring 3||set up
		ring 4||set up
		ring 5||set up
		ring 6||set up
		memory 0x40000000|0x8000|0x20000
	END
	says 1 state diff --json "$iommu" "$split"
	[ "$(json '[.differences[] | select(.what == "features")][0] | "\(.left != "") \(.right)"')" = "true " ]
	says 1 state diff "$split" "$packed"
	[[ $output == *"features"*"ring_packed"* ]]
	[[ $output == *"ring 0 format"*"split"*"packed"* ]]
}

# vsock_of CID: the document of a vsock device with the rings and the memory of the first.
vsock_of() {
	edit "$split" "{kind, version, minor, device: \"vsock0\", type: \"vsock\", running, queue_pairs,
		words: [\"0x100000000\", \"0x0\"], features: [{bit: 32, name: \"version_1\", origin: \"vhost\"}],
		backend_features, guest, guest_cid: $1, rings, memory}"
}

@test "check, diff: vsock devices, which have a guest CID" {
	need_python
	vsock_of 3 > 3.json
	vsock_of 9 > 9.json
	says 0 state check --json 3.json
	[ "$(json '"\(.device) \(.type) \(.loadable)"')" = "vsock0 vsock true" ]
	says 1 state diff --json 3.json 9.json
	[ "$(json '.differences | map("\(.what) \(.left) \(.right)") | join(";")')" = "guest_cid 3 9" ]
	vsock_of 2 > 2.json
	fails 3 "/guest_cid" state check 2.json
	caps_of '(.nodes[] | select(.path == "/dev/vhost-vsock")) |= (.opens = true | .error = "" | .reason = "" |
		.remedy = "" | .words = ["0x100000000", "0x0"])' > host.json
	says 0 check --json 3.json --host host.json
	jq '(.nodes[] | select(.path == "/dev/vhost-vsock")).words = ["0x0", "0x0"]' host.json > poor.json
	says 1 check --json 3.json --host poor.json
	[ "$(json '.missing | map("\(.bit) \(.name) \(.lacking)") | join(";")')" = "32 version_1 vhost" ]
}

@test "diff: - is one of them" {
	run --separate-stderr bash -c '"$VHOSTCTL" state diff "$1" - < "$1"' - "$split"
	[ "$status" = 0 ]
	run --separate-stderr bash -c '"$VHOSTCTL" state diff - "$2" < "$1"' - "$split" "$iommu"
	[ "$status" = 1 ]
	fails 2 "both documents are '-'" state diff - -
	fails 2 "both documents are '-'" check - --host -
	fails 3 "cannot read none.json" state diff "$split" none.json
}

@test "check --host: a host that has all of it" {
	caps_of . > host.json
	for document in "$split" "$iommu"; do
		says 0 check --json "$document" --host host.json
		[ "$(json '"\(.command) \(.device) \(.host) \(.possible) \(.known) \(.findings | length) \(.missing | length)"')" = "check net0 host.json true true 0 0" ]
	done
	run --separate-stderr bash -c '"$VHOSTCTL" check "$1" -H - < host.json' - "$split"
	[ "$status" = 0 ]
	[[ $output == *"standard input"* ]]
	run --separate-stderr bash -c '"$VHOSTCTL" check - -H host.json < "$1"' - "$split"
	[ "$status" = 0 ]
	# no vhost-net has packed rings
	says 1 check --json "$packed" --host host.json
	[ "$(json '.missing | map("\(.bit) \(.name) \(.lacking)") | join(";")')" = "34 ring_packed vhost" ]
}

@test "check --host: a host that lacks something, with each reason and each feature" {
	caps_of '(.nodes[] | select(.path == "/dev/vhost-net")).words = ["0x33d008000", "0x0"] |
		.tap.words = ["0xff83", "0x0"] | .max_tap_queues = 2' > poor.json
	says 1 check --json "$iommu" --host poor.json
	[ "$(json '"\(.possible) \(.known)"')" = "false true" ]
	[ "$(json '.findings | map("\(.what) \(.origin) \(.known)") | join(";")')" = \
		"features vhost+tap true;queue_pairs tap true" ]
	for reason in "guest_uso4 (54)" "host_udp_tunnel_gso (67)" "2 queues"; do
		[[ $(json '.findings[].text') == *"$reason"* ]]
	done
	[[ $(json '.findings[0].remedy') == *"mask them where it runs"* ]]
	[ "$(json '.missing | map("\(.name) \(.lacking)") | join(";")')" = \
		"guest_uso4 tap;guest_uso6 tap;host_uso tap;guest_udp_tunnel_gso vhost+tap;host_udp_tunnel_gso vhost+tap" ]
	says 0 check "$split" --host poor.json
	says 1 check "$iommu" --host poor.json
	[[ $output == *"possible  no"* ]]
}

@test "check: of this host, it says what it says of the document of this host" {
	local here_says there_says
	here_says=$(vhostctl --json check "$split" | jq .findings)
	there_says=$(vhostctl --json caps | vhostctl --json check "$split" --host - | jq .findings)
	[ "$here_says" = "$there_says" ]
}

@test "check --host: a host without vhost-net, one queried without privileges" {
	caps_of '(.nodes[] | select(.path == "/dev/vhost-net")) |= (.opens = false | .error = "ENOENT" |
		.reason = "gone fishing" | .remedy = "modprobe vhost_net" | .words = [])' > none.json
	says 1 check --json "$split" --host none.json
	[[ $(json '.findings[0].text') == *"gone fishing (ENOENT)"* ]]
	[ "$(json '"\(.findings[0].remedy) \(.missing | length)"')" = "modprobe vhost_net 0" ]
	caps_of '.tap.probed = false | .tap.reason = "no tun" | .tap.words = []' > none.json
	says 1 check --json "$split" --host none.json
	[[ $(json '.findings[0].text') == "no tap can be made there: no tun" ]]
	caps_of '.tap.probed = false | .tap.reason = "no root" | .tap.words = [] |
		.unknown = [{what: "tap", reason: "no root", remedy: "become root"}]' > user.json
	says 4 check --json "$split" --host user.json
	[ "$(json '"\(.possible) \(.known) \(.missing | length)"')" = "false false 0" ]
	[ "$(json '.findings | map("\(.what) \(.known) \(.text) \(.remedy)") | join(";")')" = \
		"tap false the features of a tap there are not known: no root become root" ]
	# one reason that is known is enough
	jq '(.nodes[] | select(.path == "/dev/vhost-net")).words = ["0x0"]' user.json > both.json
	says 1 check --json "$split" --host both.json
	[ "$(json '"\(.known) " + ([.findings[].known] | join(","))')" = "true false,true" ]
}

@test "check --config: what only the launcher has: queues, sizes, MTU, mask" {
	caps_of . > host.json
	config=$source_root/examples/qemu-mq.json
	says 1 check --json "$split" --host host.json --config "$config"
	[ "$(json '.findings | map("\(.what) \(.origin) \(.known) \(.text)") | join(";")')" = \
		"queue_pairs model true the guest has 1 queue pair, and the config has 4" ]
	[ "$(json '"\(.possible) \(.known)"')" = "false true" ]
	says 1 check --json "$iommu" --host host.json --config "$config"
	[ "$(json '.findings | map("\(.what) \(.text)") | join(";")')" = \
		"ring_size ring 6 has 32768 entries, and the config has at most 1024;mtu the guest was told an MTU of 9000, and the config has 1500" ]
	need_python
	edit "$iommu" '(.rings[] | select(.size > 1024)).size = 1024' > small.json
	jq '.devices[0] |= (.tap.mtu = 9000 | .features.mask = [])' "$config" > right.json
	says 0 check small.json --host host.json --config right.json
	jq 'del(.devices[0].tap.mtu)' right.json > wrong.json
	says 1 check --json small.json --host host.json --config wrong.json
	[[ $(json '.findings[0].text') == *"an MTU of 9000, and the config has none" ]]
	jq '.devices[0].features.mask = ["host_uso", "csum"]' right.json > wrong.json
	says 1 check --json small.json --host host.json --config wrong.json
	[[ $(json '.findings[0].text') == *"that the config masks: "*host_uso* ]]
	jq '.devices[0].vhost = "off" | .devices[0].worker = {} | del(.devices[0].busyloop_us)' right.json > wrong.json
	says 1 check --json small.json --host host.json --config wrong.json
	[[ $(json '.findings | map(.what) | join(" ")') == *vhost* ]]
	# with another id it is the only one, and with two it is not known which
	jq '.devices[0].id = "other"' right.json > other.json
	says 0 check small.json --host host.json --config other.json
	jq '.devices += [.devices[0] | .id = "more" | .tap = {name: "vnet9"}]' other.json > two.json
	fails 3 'it has no net device "net0"' check small.json --host host.json --config two.json
	jq '.devices[0].tap.mtu = "${MTU}"' right.json > set.json
	says 0 check small.json --host host.json --config set.json --set MTU=9000
	fails 3 "MTU" check small.json --host host.json --config set.json
	fails 2 "both documents are '-'" check small.json --host - --config -
	fails 3 "vhost-setup" check small.json --host host.json --config "$split"
}

@test "check --config: a vsock device has only what is masked" {
	says 0 check "$kept/vsock.json" --host "$source_root/tests/vm/caps/6.1.json" --config "$source_root/examples/vsock.json"
	jq '.devices[0].features.mask = ["seqpacket"]' "$source_root/examples/vsock.json" > masks.json
	says 1 check --json "$kept/vsock.json" --host "$source_root/tests/vm/caps/6.1.json" --config masks.json
	[ "$(json '.findings | map("\(.what) \(.text)") | join(";")')" = \
		"features the guest has features that the config masks: seqpacket" ]
	fails 3 'it has no vsock device "vsock0"' check "$kept/vsock.json" --config "$source_root/examples/qemu.json"
}

@test "check: a running guest is not helped by a mask, and the source must be told that the move failed" {
	caps_of '.tap.words = ["0xff83", "0x0"]' > poor.json
	says 1 check --json "$iommu" --host poor.json
	[[ $(json '.findings[0].remedy') == *"no mask takes one from it"*"restart it" ]]
	[ "$(json '.missing | map(select(.name == "host_uso")) | .[0].since')" = 6.2 ]
	says 0 check --json "$split" --host poor.json
	[[ $(json .advice) == *return-path*"cont on the source"* ]]
}

@test "check: a document that was read from outside, of which not all is known" {
	need_python
	caps_of . > host.json
	# host_uso, guest_announce, and bit 45, which has no name
	edit "$kept/minor-1/split-1.json" '. as $all | del(.rings, .memory) | .running = true |
		.partial = ["0x100200000200000", "0x0"] | .rings = $all.rings | .memory = $all.memory' > partial.json
	says 4 check --json partial.json --host host.json
	[ "$(json '.findings | map("\(.what) \(.origin) \(.known) \(.text)") | join(";")')" = \
		"features model false it is not known which features of its launcher the guest has: guest_announce (21), bit 45" ]
	[ "$(json '.findings[0].remedy')" = "ask its launcher, too: vhostctl dump --qmp; or vhostctl check --assume-model" ]
	says 0 check partial.json --host host.json --assume-model
	caps_of '.tap.words = ["0xff83", "0x0"]' > poor.json
	says 4 check --json partial.json --host poor.json --assume-model
	[[ $(json '.findings[0].text') == "it is not known whether the guest has host_uso (56), which the host does not have" ]]
	caps_of '.tap.probed = false | .tap.reason = "no root" | .tap.words = [] |
		.unknown = [{what: "tap", reason: "no root", remedy: ""}]' > user.json
	says 4 check --json partial.json --host user.json --assume-model
	[[ $(json '.findings[-1].text') == "it is not known whether the guest has host_uso (56), nor whether the host does" ]]
	edit partial.json '.memory = []' > nowhere.json
	says 4 check --json nowhere.json --host host.json --assume-model
	[[ $(json '.findings[0].text') == *"how many regions"* ]]
	[[ $(json '.findings[0].remedy') == "ask the kernel, too: vhostctl dump PID --qmp"* ]]
	# one reason that is known is enough
	says 1 check partial.json --host <(caps_of '(.nodes[] | select(.path == "/dev/vhost-net")).words = ["0x0"]')
	says 0 check "$split" --host host.json --assume-model
}

@test "check --host: no control character of a document reaches the terminal" {
	caps_of '(.nodes[] | select(.path == "/dev/vhost-net")) |= (.opens = false | .error = "ENOENT" |
		.reason = "\u001b[2J\u009b2J\u007f\u0007" | .remedy = "\u009b31mrun" | .words = [])' > rude.json
	says 1 check "$split" --host rude.json
	[[ $output == *'\u001b[2J\u009b2J\u007f\u0007'* && $output == *'\u009b31mrun'* ]]
	[[ $output != *$'\xc2\x9b'* && $output != *[$'\e\a\x7f']* ]]
	says 1 check --json "$split" --host rude.json
	[[ $output != *$'\xc2\x9b'* && $output != *[$'\e\a\x7f']* ]]
	jq '.kind = "\u009b2J\u001b"' rude.json > wrong.json
	fails 3 '\u009b2J\u001b' check "$split" --host wrong.json
	[[ $stderr != *$'\xc2\x9b'* && $stderr != *$'\e'* ]]
}

@test "check --host: a wrong caps document" {
	fails 3 "vhost-caps" check "$split" --host "$split"
	fails 3 "/dev/null: " check "$split" --host /dev/null
	fails 3 "No such file" check "$split" --host none.json
	caps_of 'del(.nodes[] | select(.path == "/dev/vhost-net"))' > less.json
	fails 3 "less.json: " check "$split" --host less.json
	{ caps_of .; printf '\0'; } > nul.json
	fails 3 "nul.json: a NUL byte" check "$split" --host nul.json
}

# bats test_tags=vhost
@test "check: this host, whose answer is yes or no, never that something is lacking" {
	run --separate-stderr vhostctl check --json "$split"
	[ "$status" = 0 ] || [ "$status" = 1 ]
	[ -z "$stderr" ]
	[ "$(json '"\(.host) \(.possible)"')" = "this host $([ "$status" = 0 ] && echo true || echo false)" ]
	[ "$(id -u)" != 0 ] || ! opens /dev/vhost-net || ! unshare -n true 2> /dev/null || [ "$status" = 0 ]
	opens /dev/vhost-net || [ "$status" = 1 ]
	vhostctl --json caps > host.json
	run --separate-stderr vhostctl check --json "$split" --host host.json
	[ "$(json .possible)" = "$(vhostctl check --json "$split" | jq .possible)" ]
}
