#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# explain: lines, logs, and input that nobody should write. Which message means what, tests/unit/explain tests.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

# piped STATUS COMMAND: what it prints is explained as JSON.
piped() {
	run --separate-stderr bash -c "$2 | \"\$VHOSTCTL\" explain --json ${3:-}"
	[ "$status" = "$1" ] || { echo "$2: status $status, $stderr"; return 1; }
}

@test "a line of a failed migration: the missing features with origin and kernel, and nothing else" {
	says 0 explain --json 'qemu: Features 0x1c0010130afffaf unsupported. Allowed features: 0x10179bfffef'
	[ "$(json '[.messages[0].features[] | "\(.bit) \(.name) \(.origin) \(.since)"] | join(", ")')" = \
		"54 guest_uso4 tap 6.2, 55 guest_uso6 tap 6.2, 56 host_uso tap 6.2" ]
	says 0 explain --json 'Features 0x1c0010130afffa7 unsupported. Allowed features: 0x179bfffe7'
	[ "$(json '[.messages[0].features[].name] | join(" ")')" = "ring_reset guest_uso4 guest_uso6 host_uso" ]
	[ "$(json '.messages | length')" = 1 ]
}

@test "as text: meaning, cause, remedy, and a table of the features" {
	says 0 explain 'Features 0x1c0010130afffaf unsupported. Allowed features: 0x10179bfffef'
	for key in meaning cause remedy; do
		grep -q "^ *$key  " <<< "$output"
	done
	grep -qE '^ +54 +guest_uso4 +tap +6\.2$' <<< "$output"
}

@test "without quotes, the words are one line" {
	says 0 explain --json tap: open vhost char device failed: Permission denied
	[ "$(json '.messages[0].message')" = "tap: open vhost char device failed: Permission denied" ]
	[ "$(json .lines)" = 1 ]
}

@test "an unknown line is unknown, and no failure" {
	says 1 explain 'qemu-system-x86_64: something else'
	[[ ${lines[0]} == "known     no" ]]
	says 1 explain --json 'qemu-system-x86_64: something else'
	[ "$(json '"\(.known) \(.unknown) \(.messages | length)"')" = "false 1 0" ]
}

@test "a log on standard input: numbers of lines, counts" {
	log='printf "boot\n\nqemu: vhost-net requested but could not be initialized\r\nx\nvhost-net requested but could not be initialized"'
	for argument in '' -; do
		piped 0 "$log" "$argument"
		[ "$(json '"\(.lines) \(.unknown) \(.messages | length) \(.messages[0].line) \(.messages[0].times)"')" = "5 2 1 3 2" ]
	done
	says 0 explain --json $'a\nb: vhost-scsi: missing wwpn\n'
	[ "$(json '"\(.lines) \(.messages[0].line)"')" = "2 2" ]
}

@test "who gives a whole log is not told to give it" {
	message='unable to start vhost net: 22: falling back on userspace virtio'
	says 0 explain --json "$message"
	[[ $(json '.messages[0].remedy') == "vhostctl explain - < LOG"* ]]
	piped 0 "echo $message" -
	[[ $(json '.messages[0].remedy') != *"< LOG"* ]]
}

@test "no input at all has no line that is known" {
	piped 1 'true'
	[ "$(json '"\(.lines) \(.unknown)"')" = "0 0" ]
	piped 1 'echo'
	[ "$(json '"\(.lines) \(.unknown)"')" = "1 0" ]
	fails 2 "an argument is empty" explain ''
}

@test "control characters, NULs and what is not UTF-8 do not reach the terminal" {
	piped 0 'printf "\033[31mTUNSETIFF \033]0;x\007 \\0 \377 \233 EINVAL\033[m\n"'
	[ "$(jq -r '.messages | length' <<< "$output")" = 1 ]
	for form in --quiet --json; do
		run bash -c 'printf "TUNSETIFF \033]0;x\007 \\0 \377 \233 EINVAL\n" | "$VHOSTCTL" explain "$0"' $form
		[ "$status" = 0 ]
		! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f-\xff]' <<< "$output"
	done
}

@test "a line of a megabyte, and one that never ends" {
	piped 0 '{ head -c 900000 /dev/zero | tr "\0" a; echo " vhost-scsi: missing wwpn"; }'
	[ "$(json '.messages[0].message')" = "vhost-scsi: missing wwpn" ]
	piped 0 '{ head -c 3000000 /dev/zero; echo; echo "vhost-scsi: missing wwpn"; }'
	[ "$(json '"\(.lines) \(.messages[0].line)"')" = "2 2" ]
	[[ $stderr == *"longer than 1048576 bytes"* ]]
	piped 0 '{ printf "Features 0x"; head -c 500000 /dev/zero | tr "\0" f; echo " unsupported. Allowed features: 0x0"; }'
	[ "$(json '.messages[0].features | length')" = 256 ]
}

@test "a name that is no name is not in a command" {
	says 0 explain --json 'could not configure /dev/net/tun (x;reboot): Operation not permitted'
	[[ $(json '.messages[0].remedy') != *reboot* ]]
	says 0 explain --json 'could not configure /dev/net/tun (tap0): Operation not permitted'
	[[ $(json '.messages[0].remedy') == *"add dev tap0 "* ]]
}

@test "a message that begins with '-' comes after --, where options end" {
	message='-netdev tap,id=n0: tap: open vhost char device failed: Permission denied'
	says 0 explain --json -- "$message"
	[[ $(json '.messages[0].message') == "tap: open vhost char device failed: Permission denied" ]]
	says 0 explain VHOST_SET_OWNER -- --type EBUSY
	says 1 explain -- --json
	[[ ${lines[0]} == "known     no" ]]
	piped 0 'echo vhost-scsi: missing wwpn' --
	fails 2 "an argument is empty" explain -- ''
	fails 2 'unknown option "-netdev' explain "$message"
	[[ $stderr == *"hint: a text that begins with '-' comes after --"* ]]
}

@test "--type vsock: bits of a vsock device" {
	says 0 explain --json -t vsock 'Features 0x3 unsupported. Allowed features: 0x1'
	[ "$(json '[.messages[0].features[].name] | join(" ")')" = seqpacket ]
	fails 2 '--type takes net or vsock' explain --type scsi x
}

@test "what cannot be read is a wrong input" {
	run --separate-stderr bash -c '"$VHOSTCTL" explain < /'
	[ "$status" = 3 ]
	[[ $stderr == "vhostctl: cannot read standard input: Is a directory (EISDIR)" ]]
	run --separate-stderr bash -c '"$VHOSTCTL" explain <&-'
	[ "$status" = 3 ]
}

@test "sentences stand under each other, and not in columns" {
	says 0 explain 'vhost-scsi: missing wwpn'
	[[ $output == *$'\n  message  vhost-scsi: missing wwpn\n  line     1\n'*$'\n  meaning  the '*$'\n  cause    '*$'\n  remedy   '* ]]
}

@test "a call or a node with an errno is known in anybody's words" {
	says 0 explain --json 'wsl: TUNSETIFF failed Error: 16. Resource busy'
	[[ $(json '.messages[0].meaning') == "TUNSETIFF, which "*"Device or resource busy (EBUSY)" ]]
	says 0 explain --json "PermissionError: [Errno 13] Permission denied: '/dev/vhost-net'"
	[[ $(json '.messages[0].remedy') == "usermod -aG kvm USER"* ]]
	says 0 explain --json 'VhostSetOwner(IoctlError(Os { code: 16 }))'
	says 1 explain 'eth0: device busy'
	says 1 explain 'user@host: Permission denied (publickey)'
}

@test "a row for just this message wins over a call and an errno" {
	says 0 explain --json 'could not configure /dev/net/tun (tap0): Device or resource busy: TUNSETIFF'
	[[ $(json '.messages[0].meaning') == "all queues of tap0 are taken" ]]
	says 0 explain --json 'vhost_set_mem_table failed: Argument list too long (7)'
	[[ $(json '.messages[0].cause') == "too many regions"* ]]
	says 0 explain --json 'vhost_set_mem_table failed: Invalid argument (22)'
	[[ $(json '.messages[0].meaning') == "the back end "* ]]
}

@test "a whole log of several programs, in colour and with CRLF: what is known, by number, and nothing else" {
	log='{ printf "%s\r\n" \
		"Nov 28 04:00:00 host sshd[7]: user: Permission denied (publickey)" \
		"Nov 28 04:00:01 host kernel: tap0: unexpected GSO type: 0x0, gso_size 1357, hdr_len 1411" \
		"Nov 28 04:00:02 host kernel: eth0: device busy" \
		"2026-11-28 04:00:03.000+0000: starting up libvirt version: 9.0.0" \
		"2026-11-28T04:00:03.1Z qemu-system-x86_64: -netdev tap,id=n: could not open /dev/net/tun: Permission denied" \
		"[pod/vm/compute] {\"level\":\"error\",\"msg\":\"open /dev/vhost-net: operation not permitted\"}" \
		"{\"log\":\"\\u001b[31mTUNSETIFF\\u001b[0m: Operation not permitted\\n\",\"stream\":\"stderr\"}" \
		"vm-1  | $(printf "\033")[31mioctl(TUNSETOFFLOAD)$(printf "\033")[0m: $(printf "\033")[1mInvalid argument"; \
		head -c 1048000 /dev/zero | tr "\0" "/"; echo; head -c 1000000 /dev/zero | tr "\0" E; echo " TUNSETIFF: EBUSY"; }'
	piped 0 "$log" -
	[ "$(json '[.messages[].line] | join(" ")')" = "2 5 6 7 8 10" ]
	[ "$(json '"\(.lines) \(.unknown)"')" = "10 4" ]
}
