#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl serve with a front-end that is its own guest's driver (tests/vm/front), on two brokers whose links are ports
# of one bridge: brokers are killed under a flood of frames, and the guest moves between them, five times each, twenty
# with VHC_LONG=yes.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

rounds=5
[ "${VHC_LONG:-}" != yes ] || rounds=20

ip link add br0 type bridge
ip link set br0 up
for side in a b; do
	serve_config $side 1 "$tmp/$side.sock" "\"name\": \"vm-$side\", \"bridge\": \"br0\""
done
run_tap env VHC_ROUNDS=$rounds "$here/front" "$tmp/"{a,b}.json br0
# shellcheck disable=SC2154 # of run_tap
[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' <(echo "$said") "$tmp/"*.broker
ip link delete br0
nothing_left 'afterwards' "$before"
ok 'the sockets are removed' test ! -e "$tmp/a.sock" -a ! -e "$tmp/b.sock"

rm -r "$tmp"
finish
