#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A vsock device without a guest: records in both directions between two rings and sockets of the host, on connections
# that either side opens, while the device stops, starts and moves; and which device has a CID.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

program=$VHC_BUILD/tests/vm/vm-vsock

run_tap "$program" claim
echo '# 100000 records, half of them in each direction, stopped 100 times'
run_tap "$program" traffic 50000 100
echo '# 40000 records, half of them in each direction, moved to a new device 40 times'
run_tap "$program" move 20000 40

# --- the control: one byte that is changed in transit is noticed, in either direction
for direction in in out; do
	status=0
	said=$("$program" traffic 8000 2 "$direction") || status=$?
	is "a byte is changed on its way $direction: it fails" "$status" 1
	like 'that byte is noticed, and no other' "$said" '# 1 bytes wrong'
done
becomes 'no worker is left' 0 count_workers
finish
