#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each failure that doctor knows is made for real; the command that it prints is run, and doctor is then satisfied.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash
load doctor.bash

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	unshare -mn true 2> /dev/null || skip "needs namespaces of mounts and networks"
	opens /dev/net/tun || skip "/dev/net/tun does not open here"
	groups=()
}

teardown() {
	local group
	for group in ${groups[@]+"${groups[@]}"}; do rmdir "$group"; done
}

# inside COMMANDS: in a shell with the tools, which has mounts and a network of its own, and a /dev with tun alone.
inside() {
	mkdir -p "$BATS_TEST_TMPDIR/dev"
	run env dev="$BATS_TEST_TMPDIR/dev" options="${options:-}" DENY="$DENY" group="${group:-}" unshare -mn bash -c '
		mount -t tmpfs -o mode=755 dev "$dev" && cp -a /dev/null /dev/zero /dev/urandom "$dev" && mkdir "$dev/net" &&
		cp -a /dev/net/tun "$dev/net" && mount --bind "$dev" /dev && chmod 666 /dev/net/tun || exit 1
		'"$tools
set -e
$1"
	echo "$output"
	[ "$status" != 77 ] || skip "$output"
	[ "$status" = 0 ]
}

# new_group MOUNT: a cgroup of this test, $group.
new_group() {
	group=$1/vhostctl-test-$$-$BATS_TEST_NUMBER
	mkdir "$group" 2> /dev/null || skip "no cgroup can be made in $1"
	groups=("$group" ${groups[@]+"${groups[@]}"})
}

cgroup2() {
	local mount
	for mount in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ "$(stat -f -c %T "$mount")" != cgroup2fs ] || { new_group "$mount"; return; }
	done
	skip "no cgroups of version 2"
}

@test "a node is missing" {
	inside 'rm -r /dev/net; mends /dev/net/tun missing "there is no such node, though the kernel has its driver"'
	inside 'rm /dev/net/tun; touch /dev/net/tun; mends /dev/net/tun missing "it is a file"'
	inside 'rm /dev/net/tun; mkdir /dev/net/tun; mends /dev/net/tun missing "it is a directory"'
	inside 'rm /dev/net/tun; mknod /dev/net/tun c 1 3; mends /dev/net/tun missing "it is another device, 1:3"'
}

@test "mode, owner and group do not let the user open it" {
	local options='--user nobody'
	inside 'chmod 600 /dev/net/tun; mends /dev/net/tun missing "user nobody cannot open it: it belongs to root:root and has mode 0600"'
	command -v usermod > /dev/null || skip "needs usermod"
	inside 'cp -a /etc "$dev/etc" && mount --bind "$dev/etc" /etc && chmod 660 /dev/net/tun && chgrp daemon /dev/net/tun &&
		mends /dev/net/tun missing "it belongs to root:daemon and has mode 0660"'
}

@test "the file system is mounted with nodev" {
	inside 'mount -t tmpfs -o nodev net /dev/net && mknod -m 666 /dev/net/tun c 10 200 &&
		mends /dev/net/tun missing "/dev/net is mounted with nodev"'
}

@test "a device cgroup of version 1 denies it" {
	[ -w /sys/fs/cgroup/devices/devices.allow ] || skip "no device cgroups of version 1"
	new_group /sys/fs/cgroup/devices
	new_group "$group"
	inside 'echo $$ > "$group/cgroup.procs"; echo c 10:200 rw > "${group%/*}/devices.deny"
		mends /dev/net/tun missing "its mode permits it, but the device cgroup does not"'
	inside 'echo $$ > "$group/cgroup.procs"; echo c 10:200 w > "$group/devices.deny"
		exec setpriv --reuid 65534 --clear-groups bash -c "$(declare -f finding)
			[[ \$(finding /dev/net/tun text) == *\"the device cgroup does not; which one is known to root alone\" ]] &&
				[[ -z \$(finding /dev/net/tun fix) ]]"'
}

@test "a BPF program at a cgroup of version 2 denies it" {
	cgroup2
	new_group "$group"
	inside '"$DENY" cgroup 200 "${group%/*}" || exit; echo $$ > "$group/cgroup.procs"
		mends /dev/net/tun missing "the device cgroup does not, by a BPF program at ${group%/*}"'
}

@test "a container says how it is given a device, and nothing to run inside" {
	cgroup2
	inside '"$DENY" cgroup 200 "$group" || exit; echo $$ > "$group/cgroup.procs"
		mount -t tmpfs run /run; set -e
		declare -f finding > "$dev/tools"
		check() {
			unshare -p --fork bash -c ". $dev/tools; finding /dev/net/tun text; finding /dev/net/tun fix" > "$dev/said"
			cat "$dev/said"
			grep -qx "its mode permits it, but the device cgroup does not; in this container$1" "$dev/said"
			[ "$(sed -n 2p "$dev/said")" = "" ]
		}
		mkdir -p /run/systemd /run/secrets
		echo docker > /run/systemd/container; check " of docker: start it with docker run --device /dev/net/tun"
		touch /run/.containerenv; check " of podman: start it with podman run --device /dev/net/tun"
		mkdir /run/secrets/kubernetes.io; check " of Kubernetes: give the pod .*, or make it privileged"'
}

@test "a security module denies it: what is known of it, and no remedy" {
	mkdir "$BATS_TEST_TMPDIR/security"
	inside '"$DENY" landlock true || exit
		lsm=$(cat /sys/kernel/security/lsm 2> /dev/null) ||
			{ mount -t securityfs security /sys/kernel/security && lsm=$(cat /sys/kernel/security/lsm); } || exit 77
		[[ $(finding /dev/net/tun result) == ok ]] || exit
		exec "$DENY" landlock bash -c "$(declare -f finding)
			text=\$(finding /dev/net/tun text) fix=\$(finding /dev/net/tun fix)
			echo \"\$text [\$fix]\"
			[[ \$text == *\"this kernel has $lsm\" || \$text == *confines* || \$text == *\"is in force\"* || \$text == *enforces* ]] &&
				[[ -z \$fix ]]"'
}

@test "a limit is low" {
	inside 'ulimit -S -n 64; mends RLIMIT_NOFILE low "64 (at most"'
	inside 'ulimit -S -u 100; mends RLIMIT_NPROC low "100 (at most"'
}

# broker COMMAND...: one that is none, but is called so; its pid.
broker() {
	cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/vhostctl-broker"
	"$@" "$BATS_TEST_TMPDIR/vhostctl-broker" 600 3>&- > /dev/null 2>&1 &
	pid=$!
	until [ "$(cat "/proc/$pid/comm")" = vhostctl-broker ]; do kill -0 "$pid"; done
}

# said_of PID: result and text of its check.
said_of() {
	"$VHOSTCTL" --json doctor |
		jq -r --arg check "broker $1" '.checks[] | select(.check == $check) | "\(.result): \(.text)"'
}

end_broker() {
	kill "$pid"
	wait "$pid" || [ $? = 143 ]
}

@test "brokers: what confines them" {
	broker
	run said_of "$pid"
	end_broker
	[[ $output == "low: it has capabilities (CapEff "*"; it could gain capabilities (CapBnd "*"; "* ]]
	[[ $output == *"; it may gain privileges (NoNewPrivs 0); it may make any system call (Seccomp 0)" ]]
	broker setpriv --no-new-privs --bounding-set=-all --inh-caps=-all
	run said_of "$pid"
	end_broker
	[ "$output" = "low: it may make any system call (Seccomp 0)" ]
	[ -z "$(said_of "$pid")" ]
}
