#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl serve with User Mode Linux: no PCI, its memory in a file, and sockets instead of call eventfds.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

# boot_uml NAME
boot_uml() {
	launcher=linux.uml
	uml_options "$tmp" "$socket" "vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_echo=10.9.0.1:$port"
	# shellcheck disable=SC2154 # of uml_options
	guest_run --timeout $((480 + patience)) --during observe "$tmp/$1.log" "${unprivileged[@]}" "${uml[@]}"
	checked "$1" 1
	like "$1: it has its MAC from the device" "$(guest_said "$tmp/$1.log" 'link eth0 [0-9a-f:]+')" $mac
	ok "$1: interrupts go through the broker, to a socket" test "$woken" -gt 0
	echo "# $calls system calls of the broker's for a transfer of $carried frames"
}

if command -v linux.uml > /dev/null; then
	serve_config uml 1
	serve uml
	boot_uml uml
	end_serve uml
else
	skip 'User Mode Linux' 'it is not installed'
fi

rm -r "$tmp"
finish
