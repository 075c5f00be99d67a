#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# loop, which needs vhost-net for more than its refusal.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

@test "without vhost-net: status 4, the reason and the fix" {
	need_tap
	[ ! -e /dev/vhost-net ] || skip "vhost-net is here"
	fails 4 "/dev/vhost-net" loop --frames 1
	[[ $stderr == *"hint: "* ]]
}

@test "on a kernel that was built without vhost-net, no module is named that nobody can load" {
	need_tap
	! grep -q ' vhost-net$' /proc/misc || skip "vhost-net is here"
	run --separate-stderr unshare -m bash -c 'config=/boot/config-$(uname -r); echo CONFIG_VHOST=m > "$0"
		if [ -e /proc/config.gz ]; then config=/proc/config.gz; gzip -f "$0"; mount --bind "$0.gz" $config
		else mount -t tmpfs tmpfs /boot && cp "$0" "$config"; fi && exec "$VHOSTCTL" loop --frames 1' "$BATS_TEST_TMPDIR/config"
	[ "$status" = 4 ]
	[[ $stderr == *"hint: "*"as this kernel, $(uname -r), was built without CONFIG_VHOST_NET"* ]]
	[[ $stderr != *modprobe* ]]
}

# bats test_tags=vhost
@test "without rights: status 4" {
	need_vhost
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$VHOSTCTL" loop --frames 1
	[ "$status" = 4 ]
	[ -z "$output" ]
}

# bats test_tags=vhost
@test "frames in both directions, none lost, with any number of queue pairs, all of them used" {
	need_vhost
	for queues in 1 2 4; do
		says 0 loop --json --frames 500 --queues "$queues"
		[ "$(json .works)" = true ]
		[ "$(json '[.ways[] | "\(.way) \(.sent) \(.arrived) \(.lost) \(.duplicated) \(.corrupt)"] | join(", ")')" = \
			"transmit 500 500 0 0 0, receive 500 500 0 0 0" ]
		[ "$(json '.pairs | length')" = "$queues" ]
		[ "$(json '[.pairs[] | select(.transmitted == 0 or .received == 0)] | length')" = 0 ]
		[ "$(json '[.pairs[].received] | add')" = 500 ]
	done
}

# bats test_tags=vhost
@test "one frame, and frames of every size" {
	need_vhost
	says 0 loop --frames 1
	for size in 60 61 1514 1515 9014; do
		says 0 loop --json --frames 100 --queues 2 --size "$size"
		[ "$(json '"\(.works) \(.frame_bytes)"')" = "true $size" ]
	done
}

# bats test_tags=vhost
@test "a progress bar on a terminal, none with -q, none in a file" {
	need_vhost
	command -v script > /dev/null || skip "script(1) is not there"
	run script -qec "$(printf %q "$VHOSTCTL") loop --frames 2000" /dev/null
	[ "$status" = 0 ]
	[[ $output == *%*"works"* ]]
	run script -qec "$(printf %q "$VHOSTCTL") -q loop --frames 2000" /dev/null
	[[ $output != *%* ]]
	says 0 loop --frames 2000
}

# bats test_tags=vhost
@test "the host's links are as before" {
	need_vhost
	leaves_no_link '"$VHOSTCTL" loop --frames 10 > /dev/null'
}

@test "the example does the same with the library alone" {
	need_vhost
	[ -x "${LOOPBACK:-}" ] || skip "LOOPBACK, the example's program, is not set"
	run "$LOOPBACK" 2
	[ "$status" = 0 ]
	[[ $output == *"100000 out, 100000 in, 0 wrong" ]]
	run "$LOOPBACK" 5
	[ "$status" = 2 ]
}
