#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Nothing is lost: a guest under load, both ways, while its device stops and goes on in the same process or another,
# while single rings stop and are reset, and after kill -9. Every frame arrives once and whole.
# A tenth of what VHC_LONG=yes does: then it is 1,000 of each.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

for pairs in 1 4; do
	ok "examples/handover, $pairs queue pairs: by a document, and after kill -9" "$VHC_BUILD/examples/handover" "$pairs"
done

life stop 100 1000 --pairs 1
life stop 100 1000 --pairs 4
life kill 100 1000 --pairs 1
life kill 100 1000 --pairs 4
life ring 100 1000 --pairs 1
life ring 100 1000 --pairs 4
# nothing but frames of up to 65000 bytes in up to 32 buffers, and none of them
life stop 20 200 --pairs 1 --kind gso
life stop 20 200 --pairs 4 --kind small

# --- more frames than the queue takes while the device is stopped: what is missing, the link counted
for pairs in 1 4; do
	life overrun 2 20 --pairs "$pairs"
	ok "overrun, $pairs pairs: the queue did refuse some" test "$(life_number refused_by_the_queue)" -gt 0
done

# --- the test can fail: one frame is wrong, and that is what it says
for wrong in lost twice damaged; do
	life_fails stop 2 --wrong "$wrong"
	is "one frame that is $wrong: lost, duplicated, corrupt" \
		"$(life_number in_lost) $(life_number in_duplicated) $(life_number in_corrupt)" \
		"$(case $wrong in lost) echo 1 0 0 ;; twice) echo 0 1 0 ;; damaged) echo 1 0 1 ;; esac)"
done

is 'no process and no worker is left' "$(life_left)" ''
finish
