#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl serve is killed, again and again, while frames wait for the guest: each time its link comes back, and no
# interrupt is lost. Five times, twenty with VHC_LONG=yes.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

usually_on 6.1

rounds=5
[ "${VHC_LONG:-}" != yes ] || rounds=20

# sent_since FRAMES: more than a ring and the tap have room for, so that an interrupt that is lost would be missed.
sent() { cat /sys/class/net/vm0/statistics/tx_{packets,dropped} | awk '{ n += $1 } END { print n }'; }
sent_since() { [ "$(sent)" -ge $(($1 + 600)) ]; }

kill_broker() {
	local i known begun
	answered=0
	for ((i = 1; i <= rounds; i++)); do
		known=$(connections killed)
		flood_begin
		within 120 sent_since "$(sent)"
		kill -9 "$broker"
		wait "$broker" 2> /dev/null
		flood_end
		chmod 000 "$socket" # tells it from the next one
		serve killed
		flood_begin
		within 120 has_connections killed $((known + 1))
		begun=$(sent)
		within 120 sent_since "$begun"
		flood_end
		if within 60 ping -c 1 -W 10 10.9.0.2 > /dev/null; then answered=$((answered + 1)); fi
	done
}

serve_config killed 1
serve killed
qemu_options 1 "$socket,reconnect=1"
guest_run --timeout $((480 + 60 * rounds)) --during kill_broker "$tmp/killed.log" "${qemu[@]}"
guest_ended 'killed: the guest ends normally'
is "killed: of $rounds brokers that follow a killed one, those whose guest answers" "$answered" "$rounds"
end_serve killed
[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$tmp/killed.log" "$tmp/killed.broker"

rm -r "$tmp"
finish
