#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

@test "list: every bit has a name, an origin, a constant and a text; no bit or name twice" {
	says 0 features list --json
	[ "$(json .kind)" = vhost-report ]
	[ "$(json '.features | length')" -ge 55 ]
	[ "$(json '[.features[] | select(.name == "" or .constant == "" or .text == "" or .origin == "")] | length')" = 0 ]
	[ "$(json '(.features | map(.bit) | unique | length) == (.features | length)')" = true ]
	[ "$(json '(.features | map(.name) | unique | length) == (.features | length)')" = true ]
	[ "$(json '.features[] | select(.name == "mrg_rxbuf") | .bit')" = 15 ]
	[ "$(json '.features[] | select(.name == "guest_tso4") | .requires')" = guest_csum ]
	[ "$(json '[.features[].origin] | unique | join(" ")')" = "model tap vhost vhost+tap" ]
}

@test "list: the table has a line for each row of the JSON, and a heading" {
	says 0 features list --json
	local rows
	rows=$(json '.features | length')
	says 0 features list
	[ "${#lines[@]}" = $((rows + 1)) ]
	[[ ${lines[0]} == *bit*name*origin*requires*constant*text ]]
}

@test "list: without vhost's own bits" {
	says 0 features list --json
	[ "$(json '[.features[] | select(.bit == 26 or .bit == 30)] | length')" = 0 ]
}

@test "decode: one mask of more than 64 bits" {
	says 0 features decode --json 0xa0000010b3d008000
	[ "$(json '[.features[].name] | join(" ")')" = "mrg_rxbuf notify_on_empty log_all any_layout indirect_desc event_idx version_1 access_platform in_order ring_reset guest_udp_tunnel_gso host_udp_tunnel_gso" ]
}

@test "decode: the same set as words, the lowest first, with blanks or commas" {
	says 0 features decode --json 0xa0000010b3d008000
	local whole=$output
	for words in "0x10b3d008000 0xa" "0x10b3d008000,0xA" "0X10b3d008000,0xa,0x0,0x0"; do
		says 0 features decode --json "$words"
		[ "$output" = "$whole" ]
	done
	says 0 features decode --json 0x10b3d008000 0xa
	[ "$output" = "$whole" ]
}

@test "decode: names, constants in any case, bits, together with a mask" {
	says 0 features decode --json MRG_RXBUF,virtio_f_version_1 40 'bit 63' 0x1
	[ "$(json '[.features[].bit] | join(" ")')" = "0 15 32 40 63" ]
}

@test "decode: the row of digits that sysfs shows" {
	says 0 features decode --json "1000000000000001$(printf '0%.0s' {1..47})1"
	[ "$(json '[.features[].bit] | join(" ")')" = "0 15 63" ]
	says 0 features decode --json "$(printf '0%.0s' {1..127})1"
	[ "$(json '[.features[].bit] | join(" ")')" = 127 ]
}

@test "decode: a bit without a name is shown" {
	says 0 features decode --json 255
	[ "$(json '.features[0] | "\(.bit) \(.name)"')" = "255 bit 255" ]
}

@test "decode: the empty set has no bits" {
	says 0 features decode --json 0x0
	[ "$(json '.hex')" = 0x0 ]
	[ "$(json '.features | length')" = 0 ]
}

@test "decode: an invalid set is a usage error that names the word" {
	fails 2 '"mrg_rxbuff"' features decode mrg_rxbuff
	fails 2 '"0x"' features decode 0x
	fails 2 '"0x12g"' features decode 0x12g
	fails 2 '"0x1/"' features decode 0x1/
	fails 2 "256" features decode 256
	fails 2 '"0x1' features decode "0x1$(printf '0%.0s' {1..64})"
	fails 2 "words" features decode 0x1 0x2 csum
	fails 2 "words" features decode 0x10000000000000000 0x2
	fails 2 '"0x5"' features decode 0x1 0x2 0x3 0x4 0x5
}

@test "encode: names become a mask and words" {
	says 0 features encode --json mrg_rxbuf guest_udp_tunnel_gso
	[ "$(json .hex)" = 0x20000000000008000 ]
	[ "$(json '.words | join(" ")')" = "0x8000 0x2 0x0 0x0" ]
	[ "$(json '.names | join(" ")')" = "mrg_rxbuf guest_udp_tunnel_gso" ]
}

@test "encode and decode undo each other, for every name" {
	says 0 features list --json
	local names mask
	names=$(json '[.features[].name] | join(",")')
	says 0 features encode --json "$names"
	mask=$(json .hex)
	says 0 features decode --json "$mask"
	[ "$(json '[.features[].name] | join(",")')" = "$names" ]
	[ "$(json .hex)" = "$mask" ]
	says 0 features decode --json "$(json '.words | join(" ")')"
	[ "$(json .hex)" = "$mask" ]
}

@test "check: a set whose requirements are met is valid" {
	says 0 features check --json guest_tso4,guest_csum
	[ "$(json '"\(.valid) \(.reason)\(.drop | length)"')" = "true 0" ]
}

@test "check: what is missing, and what to drop so that the rest is valid" {
	says 1 features check --json guest_tso4,guest_ecn,csum,host_tso4,hash_tunnel
	[ "$(json .valid)" = false ]
	[ "$(json '.drop | join(" ")')" = "guest_tso4 guest_ecn hash_tunnel" ]
	[[ $(json .reason) == *"guest_tso4 (7) requires guest_csum (1)"* ]]
	[[ $(json .reason) == *hash_tunnel* ]]
}

@test "check: what is left after dropping is valid" {
	says 1 features check --json 0x1f01c0010130aaafa4
	local drop
	drop=$(json '.drop | join(",")')
	says 1 features diff --json 0x1f01c0010130aaafa4 "$drop"
	says 0 features check "$(json '.only_left | join(",")')"
}

@test "check: vhost's own bits of a kernel's mask do not matter" {
	says 0 features check 0x33d008000
}

@test "diff: two hosts of a failed migration" {
	says 1 features diff --json 0x1c0010130afffaf 0x10179bfffef
	[ "$(json .same)" = false ]
	[ "$(json '.only_left | join(" ")')" = "guest_uso4 guest_uso6 host_uso" ]
	[ "$(json '.only_right | index("protocol_features") != null')" = true ]
	[ "$(json '.both | index("mrg_rxbuf") != null')" = true ]
}

@test "diff: the same set in two forms is the same" {
	says 0 features diff --json mrg_rxbuf,csum 0x8001
	[ "$(json '"\(.same) \(.only_left | length) \(.only_right | length) \(.both | join(" "))"')" = "true 0 0 csum mrg_rxbuf" ]
}

@test "--type vsock: the bits of a vsock device, and none of net's" {
	says 0 features list --type vsock --json
	[ "$(json '[.features[:3][] | "\(.bit) \(.name)"] | join(", ")')" = "0 stream, 1 seqpacket, 2 no_implied_stream" ]
	[ "$(json '[.features[] | select(.constant | startswith("VIRTIO_NET_"))] | length')" = 0 ]
	[ "$(json '.features[] | select(.name == "version_1") | .bit')" = 32 ]
	says 0 features decode --json -t vsock 0x8003
	[ "$(json '[.features[].name] | join(", ")')" = "stream, seqpacket, bit 15" ]
	says 0 features encode --json --type=vsock seqpacket,VIRTIO_VSOCK_F_STREAM,version_1
	[ "$(json .hex)" = 0x100000003 ]
	[ "$(json '.names | join(" ")')" = "stream seqpacket version_1" ]
	says 1 features diff --json --type vsock seqpacket,version_1 0x100000001
	[ "$(json '"\(.only_left[]) \(.only_right[]) \(.both[])"')" = "seqpacket stream version_1" ]
}

@test "--type vsock: check has no requirements of net" {
	says 1 features check 7
	says 0 features check --type vsock 7
	says 0 features check --type vsock 0x30000000007
}

@test "--type net is the default; another type is a usage error" {
	says 0 features decode 0x7
	local want=$output
	says 0 features decode --type net 0x7
	[ "$output" = "$want" ]
	for command in list "decode 0x1" "encode 0x1" "check 0x1" "diff 0x1 0x1"; do
		# shellcheck disable=SC2086 # words
		fails 2 '--type takes net or vsock, not "scsi"' features $command --type scsi
		# shellcheck disable=SC2086
		fails 2 '--type takes net or vsock, not "Net"' features $command -t Net
	done
}

@test "a name of another type is an error that has the type, one of its names, and where they are" {
	fails 2 '"mrg_rxbuf" is not a feature of a vsock device: give a name such as stream' features decode -t vsock mrg_rxbuf
	[[ $stderr == *"see 'vhostctl features list --type vsock' for the names"* ]]
	fails 2 '"seqpacket" is not a feature of a net device' features check seqpacket
	[[ $stderr == *"see 'vhostctl features list --type net' for the names"* ]]
}
