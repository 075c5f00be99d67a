#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Rings bound to a VM: a guest that drives its device without an exit; doorbells and interrupts that are refused,
# masked and moved; and a VM that keeps nothing of a closed device.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 6.1 7.2

example=$VHC_BUILD/examples/kvm
output=$(mktemp)

# Under TCG the emulated CPU occasionally kills a nested guest. This is reported, and retried once.
run_example() {
	"$example" > "$output" 2>&1 && return
	grep -q 'KVM internal error' "$output" || return
	echo "# the guest died, as it occasionally does in an emulated VM; trying again, after: $(cat "$output")"
	"$example" > "$output" 2>&1
}

number() { grep -Eo "$1" "$output" | grep -Eo '[0-9]+' | tail -n 1; }

before=$(ip -o link)
for round in 1 2 3; do
	run_example
	is "round $round: examples/kvm succeeds" $? 0
	echo "# $(cat "$output")"
	like 'every frame of the guest came out once' "$(cat "$output")" 'from the guest 10000 frames, 0 lost, 0 duplicated'
	like 'every frame to the guest came in once' "$(cat "$output")" 'to the guest 10000 frames, 0 lost, 0 duplicated'
	ok 'the vCPU left the kernel when the guest was done, and not for a frame' test "$(number 'returned [0-9]+')" -le 4
	ok 'interrupts of one ring woke it' test "$(number 'interrupts [0-9]+')" -ge 2
	ok 'and of the other' test "$(number 'interrupts [0-9]+ and [0-9]+')" -ge 2
	ok 'it rang the doorbell of one ring' test "$(number 'doorbells [0-9]+')" -ge 2
	ok 'and of the other' test "$(number 'doorbells [0-9]+ and [0-9]+')" -ge 2
done
is 'no link is left' "$(ip -o link)" "$before"
becomes 'no worker is left' 0 count_workers

# The same for the other program.
vm_kvm() {
	"$VHC_BUILD/tests/vm/vm-kvm" > "$output" 2>&1
	if grep -q 'the vCPU ended' "$output"; then
		echo "# the guest died, as it occasionally does in an emulated VM; trying again"
		"$VHC_BUILD/tests/vm/vm-kvm" > "$output" 2>&1
	fi
	cat "$output"
}

run_tap vm_kvm
rm "$output"
finish
