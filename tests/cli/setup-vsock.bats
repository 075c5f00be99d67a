#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# setup of vsock devices: their CIDs, and how a launcher gets them.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	need_tap
	cd "$BATS_TEST_TMPDIR" || return
}

# vsock_config STYLE [CID]: a config with one vsock device.
vsock_config() {
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "vsock0", "type": "vsock", "cid": %s}],
		"launcher": {"style": "%s"}}\n' "${2:-\"auto\"}" "$1"
}

# bats test_tags=vhost
@test "vsock: a fixed CID is the launcher's, and one that is taken is refused with what to do" {
	need_vsock
	vsock_config env 4242 > config.json
	says 0 setup config.json --report report.json -- sh -c 'echo "$VHOSTCTL_FDS @vsock0.cid@ $(readlink /proc/self/fd/3)"'
	[ "$output" = "vsock0.vhost.0=3 4242 /dev/vhost-vsock" ]
	[ "$(jq -c '.devices[0] | [.device, .cid, .vhost, .vhost_fds, has("tap")]' report.json)" = '["vsock0",4242,true,[3],false]' ]
	run vhostctl setup config.json -- "${VHOSTCTL:?}" setup config.json -- true
	[ "$status" = 5 ]
	[[ $output == *"4242"* ]]
	# closed with the launcher
	says 0 setup config.json -- true
}

# bats test_tags=vhost
@test "vsock: listen-fds hands it over by the name that systemd-vmspawn reads" {
	need_vsock
	vsock_config listen-fds > config.json
	says 0 setup config.json -- sh -c 'echo "$LISTEN_FDS $LISTEN_FDNAMES"'
	[ "$output" = "1 vhost-vsock" ]
}

# bats test_tags=vhost
@test "vsock: 16 set-ups with auto at once get 16 CIDs" {
	need_vsock
	vsock_config env > config.json
	mkfifo hold
	for n in {1..16}; do
		"${VHOSTCTL:?}" setup config.json -- sh -c 'echo @vsock0.cid@ > "cid.$0"; read -r < hold' "$n" 3>&3 &
	done
	for _ in {1..3000}; do
		[ "$(cat cid.* 2> /dev/null | wc -l)" -lt 16 ] || break
		sleep 0.1
	done
	local cids
	cids=$(cat cid.* | sort -nu | wc -l)
	exec 9<> hold
	for n in {1..16}; do echo >&9; done
	wait
	exec 9>&-
	[ "$cids" = 16 ]
}
