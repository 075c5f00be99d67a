# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # the suites use them
#
# What the suites of vhostctl serve share: the broker, launchers without a privilege, and what every guest must have.
# shellcheck source=guests.sh
. "$(dirname "$0")/../guests.sh"

socket=$tmp/net0.sock
mac=52:54:00:12:34:56

# serve_config NAME PAIRS
serve_config() {
	cat > "$tmp/$1.json" <<-END
		{ "kind": "vhost-setup", "version": 1, "name": "$1",
		  "devices": [ { "id": "net0", "type": "net", "attach": "vhost-user", "queue_pairs": $2,
		    "socket": { "path": "$socket", "owner": "nobody", "mode": "0600" },
		    "tap": { "name": "vm0", "mac": "$mac", "address": ["10.9.0.1/24"] } } ] }
	END
}

# serve NAME: starts the broker; $broker is its pid..
serve() {
	vhostctl -v serve "$tmp/$1.json" >> "$tmp/$1.broker" 2>&1 &
	broker=$!
	until [ "$(stat -c %F%U%a "$socket" 2> /dev/null)" = socketnobody600 ]; do
		kill -0 "$broker" 2> /dev/null || break
		sleep 0.2
	done
}

end_serve() {
	kill -TERM "$broker"
	wait "$broker"
	is "$1: the broker ends normally" $? 0
	nothing_left "$1" "$before"
	ok "$1: its socket is removed" test ! -e "$socket"
}

# connections NAME: how many there have been.
connections() { grep -c 'connected: process' "$tmp/$1.broker"; }

# until_connected NAME COUNT
until_connected() {
	local end=$((SECONDS + 120))
	until [ "$(connections "$1")" -ge "$2" ]; do
		[ "$SECONDS" -lt "$end" ] || return
		sleep 0.2
	done
}

# What a process has done so often: nothing that comes with each frame.
switches() { awk '/voluntary_ctxt_switches/ { n += $2 } END { print n }' "/proc/$broker/task/$broker/status"; }

# watch: what can be observed while the guest pings.
watch() {
	local pid
	pid=$(pgrep -o "$launcher")
	workers=$(vhost_workers | wc -l)
	user=$(stat -c %U "/proc/$pid")
	opened=$(find "/proc/$pid/fd" -lname '/dev/net/tun' -o -lname '/dev/vhost-net' | wc -l)
	woken=$(switches)
	ping -c 20 -i 0.05 -W 60 10.9.0.2 > "$tmp/ping"
	woken=$(($(switches) - woken))
	carried=$(cat /sys/class/net/vm0/statistics/rx_packets)
}

unprivileged=(setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs)

# checked NAME PAIRS STATUS: what each guest must have had.
checked() {
	is "$1: the guest ends normally" "$3" 0
	like "$1: it pings the host" "$(cat "$tmp/$1.log")" '3 packets transmitted, 3 packets received'
	like "$1: the host pings it" "$(cat "$tmp/ping")" '20 packets transmitted, 20 received'
	is "$1: the launcher is nobody's" "$user" nobody
	is "$1: the launcher has neither tap nor vhost open" "$opened" 0
	is "$1: vhost workers" "$workers" "$2"
	ok "$1: frames crossed the tap" test "$carried" -ge 2
	[ "$tests_failed" -eq 0 ] || sed 's/^/# /' "$tmp/$1.log" "$tmp/$1.broker"
}

# qemu_options PAIRS CHARDEV-OPTIONS: sets the array `qemu`.
qemu_options() {
	local more=''
	[ "$1" -eq 1 ] || more=,mq=on,vectors=$((2 * $1 + 2))
	guest_options "vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_pairs=$1"
	# shellcheck disable=SC2054 # commas are QEMU's
	qemu=("${unprivileged[@]}" qemu-system-x86_64 "${guest[@]}"
		-object memory-backend-memfd,id=ram,size=192M,share=on -machine pc,memory-backend=ram
		-chardev "socket,id=net0,path=$socket$2" -netdev "vhost-user,id=net0,chardev=net0,queues=$1"
		-device "virtio-net-pci,netdev=net0,mac=$mac,romfile=$more")
}

launcher='qemu-system'

# boot_qemu NAME PAIRS
boot_qemu() {
	qemu_options "$2" ''
	guest_run --during watch "$tmp/$1.log" "${qemu[@]}"
	checked "$1" "$2" $?
	is "$1: frames do not wake the broker" "$woken" 0
}
