#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Nothing is lost: a guest under load in both directions, while its device stops and resumes in the same or another
# process, while single rings stop and are reset, and after kill -9. Every frame arrives once and intact.
# A tenth of VHC_LONG=yes, which does 1,000 of each.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 6.1 7.2

for pairs in 1 4; do
	ok "examples/handover, $pairs queue pairs: with a document, and after kill -9" "$VHC_BUILD/examples/handover" "$pairs"
done

life stop 100 1000 --pairs 1
life stop 100 1000 --pairs 4
life kill 100 1000 --pairs 1
life kill 100 1000 --pairs 4
life ring 100 1000 --pairs 1
life ring 100 1000 --pairs 4
# only frames of up to 65000 bytes in up to 32 buffers, and none of those
life stop 20 200 --pairs 1 --kind gso
life stop 20 200 --pairs 4 --kind small

# --- more frames than fit in the queue while the device is stopped: the link counted the missing ones
for pairs in 1 4; do
	life overrun 2 20 --pairs "$pairs"
	ok "overrun, $pairs pairs: the queue refused some" test "$(life_number refused_by_the_queue)" -gt 0
done

# --- the test can fail: one frame is wrong, and exactly that is reported
for wrong in lost twice damaged; do
	life_fails stop 2 --wrong "$wrong"
	is "one frame that is $wrong: lost, duplicated, corrupt" \
		"$(life_number in_lost) $(life_number in_duplicated) $(life_number in_corrupt)" \
		"$(case $wrong in lost) echo 1 0 0 ;; twice) echo 0 1 0 ;; damaged) echo 1 0 1 ;; esac)"
done

becomes 'no process and no worker is left' '' life_left
finish
