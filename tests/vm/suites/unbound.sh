#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A device whose driver is unbound and bound again: list, status and dump, by the kernel and by QEMU's monitor. The
# kernel keeps what vhost had last; that the driver is gone is known to QEMU alone.
set -u
# shellcheck source=../qemus.sh
. "$(dirname "$0")/../qemus.sh"

usually_on 6.1

features() { jq -c '[.features[].name]' "$tmp/$1"; }
# look NAME: NAME.kernel, NAME.qemu, NAME.both are the dumps by each way.
look() {
	local pid=${qemus[gone]} socket=$tmp/gone.qmp
	ok "$1: dump" vhostctl_to "$1.kernel" dump "$pid"
	ok "$1: dump --qmp" vhostctl_to "$1.qemu" dump --qmp "$socket"
	ok "$1: dump by both" vhostctl_to "$1.both" dump "$pid" --qmp "$socket"
	ok "$1: what is dumped is a document" vhostctl state check "$tmp/$1.both"
	listed=$(vhostctl --json list | jq -c '[.devices[] | [.type, .link, .queue_pairs, .running]]')
}
vhostctl_to() { vhostctl --json --quiet "${@:2}" > "$tmp/$1"; }

qemu_start gone 1 ''
ok 'the driver accepts all' qemu_drive gone
look bound
is 'bound: list' "$listed" '[["net","qm-gone",1,true]]'
is 'bound: it runs' "$(jq -c .running "$tmp/bound.both")" true
ok 'bound: what the kernel knows is part of what QEMU says' \
	test "$(jq -c --slurpfile q "$tmp/bound.qemu" '[.features[].bit] - [$q[0].features[].bit]' "$tmp/bound.kernel")" = '[]'

ok 'it is unbound' qemu_drive gone --unbind
look unbound
is 'unbound: list' "$listed" '[["net","qm-gone",1,false]]'
is 'unbound: it does not run' "$(jq -c .running "$tmp/unbound.kernel")" false
is 'unbound: QEMU knows that nothing is accepted' "$(features unbound.qemu)" '[]'
is 'unbound: and is believed where the kernel has what was' "$(features unbound.both)" '[]'

ok 'it is bound again' qemu_drive gone
look again
is 'again: list' "$listed" '[["net","qm-gone",1,true]]'
is 'again: its features are those of before' "$(features again.both)" "$(features bound.both)"
qemu_end gone

rm -r "$tmp"
finish
