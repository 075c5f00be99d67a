#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl setup` for a launcher that takes a tap by its name, and for one with a device line of its own.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"

usually_on 6.1

# --- the tap by its name: QEMU opens it, and vhost, as its own user, and vhostctl removes the link when it has ended
mode=$(stat -c %a /dev/vhost-net)
chmod 666 /dev/vhost-net
for pairs in 1 4; do
	attach=name config "name$pairs" "$pairs" nobody ''
	boot "name$pairs" "$pairs"
	is "name$pairs: the launcher is nobody" "$user" nobody
	is "name$pairs: it has no capability" "$capabilities" 0000000000000000
done
chmod "$mode" /dev/vhost-net

# --- an own -device line, with a token for each thing that is requested
config own 4 '' ''
tokens=(@net0.netdev@ 'virtio-net-pci,netdev=net0,mac=@net0.mac@,mq=@net0.mq@')
sed -i 's/"features": {.*} }/"features": {} }/' "$tmp/own.json"
boot own 4
fails 'without one of them nothing runs' 2 vhostctl setup "$tmp/own.json" -- true "${tokens[0]}" virtio-net-pci,mq=@net0.mq@
tokens=(@net0.netdev@ @net0.device@)

rm -r "$tmp"
finish
