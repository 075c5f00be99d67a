#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# caps and doctor: what this host has, and has not.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

# bats test_tags=vhost
@test "caps: a vhost-caps document, and nothing on the host is changed" {
	says 0 caps --json
	[ "$(json '"\(.kind) \(.version)"')" = "vhost-caps 1" ]
	[ "$(json .kernel)" = "$(uname -r)" ]
	[ "$(json '[.nodes[].path] | index("/dev/vhost-net") != null and index("/dev/vhost-vsock") != null and index("/dev/vhost-scsi") != null')" = true ]
	leaves_no_link '"$VHOSTCTL" caps > /dev/null'
}

# bats test_tags=vhost
@test "caps: a node that cannot be opened has its reason, one that opens has its features" {
	says 0 caps --json
	[ "$(json '[.nodes[] | select(.opens == false) | select((.reason // "") == "" or (.error // "") == "")] | length')" = 0 ]
	[ "$(json '[.nodes[] | select((.opens | not) and has("backend_features"))] | length')" = 0 ]
	[ "$(json '[.nodes[] | select(.opens and (.path | startswith("/dev/vhost-")) and (has("backend_features") | not))] | length')" = 0 ]
	[ "$(json '[.nodes[] | select(.opens and (.path | startswith("/dev/vhost-"))) | select((.words // []) == [])] | length')" = 0 ]
}

# bats test_tags=vhost
@test "caps: two runs give the same, and a user who sees less says what" {
	says 0 caps --json
	[ "$output" = "$(vhostctl --json caps)" ]
	[ "$(id -u)" = 0 ] || skip "needs root"
	cd "$BATS_TEST_TMPDIR" || return
	json . > root.json
	setpriv --reuid 65534 --regid 65534 --clear-groups "$VHOSTCTL" --json caps > user.json
	# what it says it does not know is left out of both
	jq -e --slurpfile root root.json '. as $user | [.unknown[]?.what] as $unknown |
		def seen: del(.unknown) | if $unknown | index("tap") then del(.tap) else . end |
			if $unknown | index("max_mem_regions") then del(.max_mem_regions, .parameters) else . end |
			.nodes |= map(select(.path | IN($unknown[]) | not));
		($user | seen) == ($root[0] | seen)' user.json
	[ "$(jq '.tap.probed or any(.unknown[]; .what == "tap" and .reason != "" and .remedy != "")' user.json)" = true ]
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$VHOSTCTL" caps
	[[ $output == *$'\nunknown\n'* ]]
}

@test "caps: the words of the tap are its features" {
	says 0 caps --json
	[ "$(json .tap.probed)" = true ] || skip "no tap can be probed: $(json .tap.reason)"
	local names
	names=$(json '[.tap.features[].name] | join(",")')
	says 0 features diff "$names" "$(json '.tap.words | join(" ")')"
}

@test "caps: the tables have the same contents" {
	says 0 caps
	[[ $output == *"/dev/vhost-net"* ]]
	[[ $output == *"$(uname -r)"* ]]
}

# bats test_tags=vhost
@test "doctor: a line for each device and limit; a problem has its fix" {
	run --separate-stderr vhostctl doctor --json
	[ "$status" = 0 ] || [ "$status" = 1 ]
	[ -z "$stderr" ]
	[ "$(json '"\(.kind) \(.command)"')" = "vhost-report doctor" ]
	[ "$(json '[.checks[].check] | map(select(. == "/dev/vhost-net" or . == "/dev/vhost-vsock" or . == "/dev/vhost-scsi" or . == "/dev/net/tun" or . == "/dev/kvm" or . == "RLIMIT_NOFILE" or . == "RLIMIT_MEMLOCK" or . == "RLIMIT_NPROC")) | length')" = 8 ]
	[ "$(json '[.checks[] | select(.needed) | .check] | join(" ")')" = "/dev/vhost-net /dev/net/tun new tap" ]
	[ "$(json '.ok == ([.checks[] | select(.needed and .result == "missing")] == [])')" = true ]
	[ "$(json '[.checks[] | select((.text // "") == "")] | length')" = 0 ]
}

# bats test_tags=vhost
@test "doctor: the status is the answer" {
	run --separate-stderr vhostctl doctor --json
	if [ "$(json .ok)" = true ]; then [ "$status" = 0 ]; else [ "$status" = 1 ]; fi
	[ -e /dev/vhost-net ] || [ "$status" = 1 ]
}

@test "doctor --user: answers for that user; an unknown one is an error" {
	[ "$(id -u)" = 0 ] || skip "needs root to answer for another user"
	run --separate-stderr vhostctl doctor --json --user nobody
	[ "$status" = 0 ] || [ "$status" = 1 ]
	[ "$(json .user)" = nobody ]
	[ "$(json '.checks[] | select(.check == "setup --user") | .needed')" = false ]
	run --separate-stderr vhostctl doctor --user no-such-user
	[ "$status" -ge 2 ]
	[ -z "$output" ]
	[[ $stderr == "vhostctl: "*no-such-user* ]]
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	unshare -m true 2> /dev/null || skip "needs a mount namespace"
}

# other_dev COMMANDS ARGUMENT...: doctor, in a /dev of its own that the commands have changed.
other_dev() {
	mkdir -p "$BATS_TEST_TMPDIR/dev"
	run --separate-stderr unshare -m bash -c '
		mount -t tmpfs dev "$0" && cp -a /dev/null /dev/zero /dev/urandom "$0" && mkdir -p "$0/net" &&
		{ [ ! -e /dev/net/tun ] || cp -a /dev/net/tun "$0/net"; } && mount --bind "$0" /dev && eval "$1" && shift &&
		exec "$@"' "$BATS_TEST_TMPDIR/dev" "$1" "${@:2}"
	[ -z "$stderr" ]
}

# check NAME FILTER: of one check of the report
check() {
	json ".checks[] | select(.check == \"$1\") | $2"
}

@test "doctor: a file, a directory or another device at the node is no vhost" {
	need_root
	other_dev 'touch /dev/vhost-net' "$VHOSTCTL" doctor --json
	[ "$status" = 1 ]
	[[ $(check /dev/vhost-net .text) == *"it is a file and no device node"* ]]
	[[ $(check /dev/vhost-net .fix) == "rm /dev/vhost-net && "* || $(check /dev/vhost-net .fix) == "" ]]
	other_dev 'mkdir /dev/vhost-net' "$VHOSTCTL" doctor --json
	[[ $(check /dev/vhost-net .text) == *"it is a directory and no device node"* ]]
	[[ $(check /dev/vhost-net .fix) == "rmdir /dev/vhost-net && "* || $(check /dev/vhost-net .fix) == "" ]]
	other_dev 'mknod /dev/vhost-net c 1 3' "$VHOSTCTL" doctor --json
	[[ $(check /dev/vhost-net .text) == *"it is another device, 1:3"* ]]
	[ "$(check /dev/vhost-net .result)" = missing ]
}

@test "doctor: the node of a loaded driver is made, not loaded" {
	need_root
	grep -q ' tun$' /proc/misc || skip "needs the driver tun"
	other_dev 'rm -r /dev/net' "$VHOSTCTL" doctor --json
	[ "$(check /dev/net/tun .fix)" = "mkdir -p /dev/net && mknod -m 0660 /dev/net/tun c 10 200" ]
}

@test "caps: the remedy of a node is doctor's, which works here or is none; setup's hint is, too" {
	need_root
	command -v setpriv > /dev/null || skip "needs setpriv"
	cd "$BATS_TEST_TMPDIR" || return
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "tap": {}}],
		"launcher": {"style": "env"}}' > vm.json
	for user in 0 65534; do
		other_dev 'rm -f /dev/vhost-net; mknod -m 0600 /dev/vhost-net c 10 238; mknod -m 0600 /dev/kvm c 10 232' \
			setpriv --reuid=$user --regid=$user --clear-groups \
			sh -c '"$VHOSTCTL" --json caps; "$VHOSTCTL" --json doctor; "$VHOSTCTL" --json setup vm.json -- true 2>&1'
		jq -se '(.[1].checks | map({(.check): .fix}) | add) as $doctor | [.[0].nodes[] | select(.opens | not)] as $bad |
			($bad | length) > 0 and all($bad[]; .remedy == $doctor[.path])' <<< "$output" > /dev/null
		[[ $(jq -s '.[0].nodes[0].opens' <<< "$output") = true ]] ||
			jq -se '(.[1].checks[] | select(.check == "/dev/vhost-net")) as $doctor | .[2].hint |
				startswith(if $doctor.fix == "" then $doctor.text else $doctor.fix end)' <<< "$output" > /dev/null
	done
}

@test "doctor: no tap without CAP_NET_ADMIN, and the answer is no" {
	need_root
	[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
	command -v setpriv > /dev/null || skip "needs setpriv"
	run --separate-stderr setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$VHOSTCTL" doctor --json
	[ "$status" = 1 ]
	[ "$(check "new tap" .result)" = missing ]
	[[ $(check "new tap" .text) == *CAP_NET_ADMIN* ]]
	[[ $(check "new tap" .fix) == "ip tuntap add dev NAME mode tap vnet_hdr user root" ]]
}

@test "doctor: no remedy that cannot work here: without setfacl, without modules, in a user namespace" {
	need_root
	other_dev 'mknod -m 0600 /dev/kvm c 10 232' setpriv --reuid=65534 --regid=65534 --clear-groups "$VHOSTCTL" doctor --json
	if command -v setfacl > /dev/null; then
		[ "$(check /dev/kvm .fix)" = "setfacl -m u:nobody:rw /dev/kvm" ]
	else
		[ "$(check /dev/kvm .fix)" = "chown nobody /dev/kvm" ]
	fi
	# and nothing says what the kernel was built with
	other_dev 'mkdir -p /lib/modules /boot && mount -t tmpfs modules /lib/modules && mount -t tmpfs boot /boot &&
		{ [ ! -e /proc/config.gz ] || mount --bind /dev/null /proc/config.gz; }' "$VHOSTCTL" doctor --json
	[[ ! $(check /dev/vhost-scsi .fix) == *modprobe* ]]
	[[ $(check /dev/vhost-scsi .text) == *"/lib/modules/$(uname -r) is not here"* || $(check /dev/vhost-scsi .text) == *"has its driver"* ]]
	unshare -U true 2> /dev/null || skip "needs user namespaces"
	other_dev 'mknod -m 0600 /dev/kvm c 10 232; chmod 0600 /dev/net/tun' setpriv --reuid=65534 --regid=65534 --clear-groups \
		unshare -U "$VHOSTCTL" doctor --json
	[ "$(json '[.checks[] | select(.check | startswith("/dev/")) | .fix] | join("")')" = "" ]
	[[ $(check /dev/kvm .text) == *"outside this user namespace"* ]]
}

@test "doctor: a limit that only root can raise has no remedy for others" {
	need_root
	command -v setpriv > /dev/null || skip "needs setpriv"
	run --separate-stderr bash -c 'ulimit -n 64; exec "$@"' - "$VHOSTCTL" doctor --json
	[ "$(check RLIMIT_NOFILE .fix)" = "ulimit -n 4096" ]
	run --separate-stderr bash -c 'ulimit -n 64; exec "$@"' - setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$VHOSTCTL" doctor --json
	[ "$(check RLIMIT_NOFILE .result)" = low ]
	[ "$(check RLIMIT_NOFILE .fix)" = "" ]
	[[ $(check RLIMIT_NOFILE .text) == *"only root can raise it"* ]]
}
