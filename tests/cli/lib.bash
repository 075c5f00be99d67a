# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154 # bats sets status, output, stderr
#
# What the tests of vhostctl share. VHOSTCTL is the program.
bats_require_minimum_version 1.5.0

here=$(cd "$(dirname "${BATS_TEST_FILENAME:-$0}")" && pwd)
source_root=$(cd "$here/../.." && pwd)
export NO_COLOR='' here source_root

vhostctl() {
	"${VHOSTCTL:?is not set}" "$@"
}

# says STATUS ARGUMENT...: vhostctl ends with that status, and nothing is on stderr.
says() {
	local want=$1
	shift
	run --separate-stderr vhostctl "$@"
	if [ "$status" != "$want" ] || [ -n "$stderr" ]; then
		printf 'vhostctl %s: status %s, not %s\n%s\n' "$*" "$status" "$want" "$stderr"
		return 1
	fi
}

# fails STATUS TEXT ARGUMENT...: nothing on stdout, one line on stderr that has TEXT, and perhaps a hint.
fails() {
	local want=$1 text=$2
	shift 2
	run --separate-stderr vhostctl "$@"
	if [ "$status" != "$want" ] || [ -n "$output" ] || [[ $stderr != "vhostctl: "*"$text"* ]] ||
		[ "$(grep -cv '^    hint: ' <<< "$stderr")" != 1 ]; then
		printf 'vhostctl %s: status %s, not %s, or not this: %s\nstdout: %s\nstderr: %s\n' \
			"$*" "$status" "$want" "$text" "$output" "$stderr"
		return 1
	fi
}

# json FILTER: what jq makes of the last output; fails when it is no JSON.
json() {
	jq -r "$1" <<< "$output"
}

# opens NODE: is it a device, and may it be opened?  Never makes it.
opens() {
	[ -c "$1" ] && { : <> "$1"; } 2> /dev/null
}

# Tests that make links do it in a network namespace of their own, which goes with the command.
need_tap() {
	[ "$(id -u)" = 0 ] || skip "makes a network namespace: needs root"
	unshare -n true 2> /dev/null || skip "no network namespaces here"
	opens /dev/net/tun || skip "/dev/net/tun does not open here"
}

need_vhost() {
	need_tap
	opens /dev/vhost-net || skip "/dev/vhost-net does not open here"
}

need_vsock() {
	opens /dev/vhost-vsock || skip "/dev/vhost-vsock does not open here"
}

# leaves_no_link SCRIPT [ARGUMENT...]: runs it in a network namespace of its own, and fails if it does, or leaves a link.
# In that of the tests, others make links meanwhile: doctor has a tap for a moment.
leaves_no_link() {
	unshare -n true 2> /dev/null || skip "no network namespaces here"
	unshare -n bash -c 'before=$(ip -oneline link); eval "$0" || exit; diff <(echo "$before") <(ip -oneline link)' "$@"
}

alone() {
	unshare -n "${VHOSTCTL:?is not set}" "$@"
}

# sum FILE: the checksum of a vhost-state document, computed by zlib as vhost-state(5) says.
sum() {
	python3 -c 'import json, sys, zlib
document = json.load(sys.stdin)
document.pop("checksum", None)
text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
print(hex(zlib.crc32(text.encode())))' < "$1"
}

# edit FILE FILTER: such a document after jq's filter, with the checksum that it should have.
edit() {
	jq "$2" "$1" > edit.tmp
	jq --arg sum "$(sum edit.tmp)" '.checksum = $sum' edit.tmp
}

need_python() {
	command -v python3 > /dev/null || skip "python3 is not there"
}
