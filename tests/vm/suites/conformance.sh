#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Does the fake kernel of the unit tests answer like this kernel? One list of calls is run on both, and compared.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

program=$VHC_BUILD/tests/unit/conformance/conformance
real=$(mktemp) fake=$(mktemp)
ok "the list runs on the fake kernel of $VHC_KERNEL" "$program" "$VHC_KERNEL"
"$program" "$VHC_KERNEL" > "$fake"
ok 'it runs on this kernel' "$program" real

# On a busy machine a worker's answer can come after the list has asked for it, so one run of three must agree.
answers_agree() {
	local run
	for run in 1 2 3; do
		"$program" real > "$real"
		diff -U 0 --label fake --label "$VHC_KERNEL, run $run" "$fake" "$real" && return
	done
	return 1
}

ok "each of the $(wc -l < "$fake") answers is the same" answers_agree
is 'nothing is left of it' "$(ip -o link | grep -c vhctest)" 0
# A list that stopped early, or got no answers, would agree, too.
ok 'there are answers of each kind' test "$(grep -c ': 0$' "$real")" -ge 100 -a "$(grep -c ': E' "$real")" -ge 100
rm "$real" "$fake"
finish
