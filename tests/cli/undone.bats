#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A set-up that fails late, or that a signal ends at whatever call: a tap that was there before is as it was.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	need_tap
	unshare -nm true 2> /dev/null || skip "needs a mount namespace"
	cd "$BATS_TEST_TMPDIR" || return
	config '"mtu": 1400, "mac": "52:54:00:00:00:01", "address": ["10.1.1.1/24"], "owner": "65534"' > existing.json
	printf '#!/nonexistent\n' > launcher
	chmod +x launcher
}

config() {
	printf '{"kind": "vhost-setup", "version": 1, "name": "vm1", "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"tap": {"name": "old0", "existing": true, %s}}], "launcher": {"style": "env"}}' "$1"
}

# inside SCRIPT: with a network and a /run of its own, and a tap; prints how the script leaves that different.
inside() {
	run --separate-stderr unshare -nm bash -c 'mount -t tmpfs run /run; . "$here/interrupted.bash"
		make() { ip tuntap add old0 mode tap user 65534 && ip link set old0 address 02:00:00:00:00:10 addrgenmode none; }
		make; before=$(look); '"$1"'; diff <(echo "$before") <(look); ls -A /run/vhostctl 2> /dev/null'
	echo "$output $stderr"
}

@test "the launcher does not start though it is there: the tap has its flags again" {
	inside '"$VHOSTCTL" setup existing.json -- ./launcher; echo "status $?"'
	[ "$output" = "status 127" ]
	[[ $stderr != *undoing* ]]
}

@test "a value that the tap's owner may not set, with its queue open: the tap has its flags again" {
	config '"txqueuelen": 77' > txqueuelen.json
	inside 'chmod 755 .; setpriv --reuid 65534 --clear-groups "$VHOSTCTL" setup txqueuelen.json -- true; echo "status $?"'
	[ "$output" = "status 4" ]
	[[ $stderr == *SIOCSIFTXQLEN* ]]
}

@test "a signal at any call: the tap is as before" {
	strace -qq -o trace -e trace=execve true 2> /dev/null || skip "strace traces nothing here"
	inside 'export ASAN_OPTIONS=detect_leaks=0
		for call in ioctl sendmsg linkat dup2 unlinkat rt_sigprocmask; do
			for n in {1..100}; do
				env --default-signal strace -qq -o trace -e trace=$call -e inject=$call:signal=TERM:when=$n \
					"$VHOSTCTL" setup existing.json -- true 2> said && break
				diff <(echo "$before") <(look) || { cat said; echo "at $call $n"; exit; }
			done
			[ $n -gt 1 ] && [ $n -lt 100 ] || echo "$call: $n calls"
			ip link delete old0; make
		done'
	[ -z "$output" ]
}
