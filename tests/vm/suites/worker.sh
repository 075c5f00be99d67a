#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Worker threads: the worker of each pair is found, does the work, and runs where and how it is told to; polling; and
# a forked child, which can do none of this.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

programs=$VHC_BUILD/tests/vm

# The default worker mode, and the modes that can be selected.
own=own modes=(default task kthread)
[ "$VHC_KERNEL" != 6.1 ] || own=kernel modes=(default)
kind() { [ "$1" = kthread ] && echo kernel || echo "$own"; }

for mode in "${modes[@]}"; do
	for pairs in 1 4; do
		echo "# $mode, $pairs queue pairs"
		run_tap "$programs/vm-worker" "$pairs" "$mode" "$(kind "$mode")"
	done
	echo "# $mode, without privileges"
	run_tap "$programs/vm-limits" user "$mode" "$(kind "$mode")"
	echo "# $mode, a forked child"
	run_tap "$programs/vm-fork" "$mode"
	echo "# $mode, in a PID namespace"
	if [ "$(kind "$mode")" = kernel ]; then
		run_tap unshare --pid --fork --mount-proc "$programs/vm-limits" hidden "$mode"
	else
		# Their names contain the numbers of the outer one there.
		run_tap unshare --pid --fork --mount-proc "$programs/vm-limits" user "$mode" own
	fi
	if [ "$(kind "$mode")" = kernel ]; then
		echo "# $mode, without privileges and with a /proc that hides others' processes"
		# shellcheck disable=SC2016 # the inner shell expands it
		run_tap unshare --mount sh -c 'mount -t proc -o hidepid=2 proc /proc && exec "$@"' sh \
			"$programs/vm-limits" user "$mode" hidden
	fi
	echo "# $mode, in a PID namespace with the /proc of the outer one"
	run_tap unshare --pid --fork "$programs/vm-limits" hidden "$mode"
done
finish
