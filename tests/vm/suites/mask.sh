#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A fleet of hosts with different kernels, whose caps are recorded in tests/vm/caps: with the options that `mask` makes
# of their baseline, a QEMU offers no more than the oldest has, on each of them the same; without them it does.
set -u
# shellcheck source=../qemus.sh
. "$(dirname "$0")/../qemus.sh"

usually_on 6.1 7.2
recorded=$VHC_SOURCE/tests/vm/caps

# A newer release of the same kernel is the same host, with the modules that a VM begins with.
load tun vhost_net vhost_vsock vhost_scsi
facts() { jq -S 'del(.kernel)' "$1"; }
vhostctl --json caps > "$tmp/caps"
is 'this host is as recorded' "$(facts "$tmp/caps")" "$(facts "$recorded/$VHC_KERNEL.json")"

ok 'baseline' sh -c "vhostctl --json baseline '$recorded'/*.json > '$tmp/baseline'"
options=$(vhostctl mask --baseline "$tmp/baseline" --qemu 7.2)
echo "# mask: $options"

# negotiate NAME [OPTIONS]: a driver that accepts all that is offered; what it has then is NAME.state.
negotiate() {
	qemu_start "$1" 1 "${2:+,$2}" || return
	ok "$1: the driver accepts all" qemu_drive "$1"
	vhostctl --json dump "${qemus[$1]}" --qmp "$tmp/$1.qmp" > "$tmp/$1.state" || fail "$1: dump"
	qemu_end "$1"
}

# check NAME KERNEL: moves, or stays.
check() {
	vhostctl --json check "$tmp/$1.state" --host "$recorded/$2.json" > "$tmp/checked"
	case $? in 0) echo moves ;; 1) echo stays ;; *) cat "$tmp/checked" ;; esac
}

negotiate masked "$options"
negotiate plain
is 'masked: what it has is the same on each kernel' "$(jq -r '[.features[].name] | join(" ")' "$tmp/masked.state")" \
	"$(cat "$recorded/masked")"
for kernel in 6.1 6.12 7.2; do
	is "masked: it moves to $kernel" "$(check masked "$kernel")" moves
done
case $VHC_KERNEL in
6.1) is 'plain: it moves to 6.1' "$(check plain 6.1)" moves ;;
*)
	is 'plain: it does not move to 6.1' "$(check plain 6.1)" stays
	like 'plain: as 6.1 lacks' "$(cat "$tmp/checked")" 'ring_reset'
	;;
esac

rm -r "$tmp"
finish
