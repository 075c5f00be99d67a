#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl serve is killed, again and again, while frames wait for the guest: each time its link comes back, and no
# interrupt is lost.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

rounds=5
[ "${VHC_LONG:-}" != yes ] || rounds=20
answered=0

kill_broker() {
	local i flood
	for ((i = 1; i <= rounds; i++)); do
		ip neighbour replace 10.9.0.2 lladdr $mac dev vm0
		ping -f -i 0.002 10.9.0.2 > /dev/null 2>&1 & flood=$!
		sleep 1
		kill -9 "$broker"
		wait "$broker" 2> /dev/null
		chmod 000 "$socket" # tells it from the next one
		kill $flood
		serve killed
		ip neighbour replace 10.9.0.2 lladdr $mac dev vm0
		ping -f -i 0.002 10.9.0.2 > /dev/null 2>&1 & flood=$!
		until_connected killed $((i + 1))
		sleep 2
		kill $flood
		wait $flood 2> /dev/null
		if ping -c 1 -W 30 10.9.0.2 > /dev/null; then answered=$((answered + 1)); fi
	done
}

serve_config killed 1
serve killed
qemu_options 1 ,reconnect=1
guest_run --during kill_broker "$tmp/killed.log" "${qemu[@]}"
is 'killed: the guest ends normally' $? 0
is "killed: of $rounds brokers that follow a killed one, those whose guest answers" "$answered" "$rounds"
like 'killed: the socket that it left is used again' "$(connections killed)" "^$((rounds + 1))$"
end_serve killed
[ "$tests_failed" -eq 0 ] || sed 's/^/# /' "$tmp/killed.log" "$tmp/killed.broker"

rm -r "$tmp"
finish
