#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Memory and the dirty log of a guest under load: its table changes, the dirty log is turned on and off, and every page
# that the device wrote is among the pages read.
# A tenth of VHC_LONG=yes, which does 200 changes, 1,000 switches, 10,000 swaps.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 6.1 7.2

for pairs in 1 4; do
	life memory 20 200 --pairs "$pairs"
	ok "memory, $pairs pairs: with the dirty log and without" test "$(life_number logged)" -ge 10
	life log 100 1000 --pairs "$pairs"
done
life dirty 1000 10000 --pairs 1 --kind small
life dirty 500 10000 --pairs 4
ok 'pages were written and harvested' test "$(life_number written)" -ge 1000 -a "$(life_number harvested)" -ge 1000
# the dirty log is a file of the caller's, which the caller reads
life dirty 100 1000 --pairs 1 --harvest file

# --- the test can fail: a word of those read is dropped; a live log is read and then cleared
for harvest in drop drain; do
	life_fails dirty 100 --harvest "$harvest"
	ok "$harvest: pages are missed" test "$(life_number missed)" -gt 0
	is "$harvest: no frame is" "$(life_number in_lost) $(life_number out_lost)" '0 0'
done

becomes 'no process and no worker is left' '' life_left
finish
