# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # the suites use them
#
# What the suites of vhostctl serve share: the broker, launchers without a privilege, and what every guest must have.
# shellcheck source=guests.sh
. "$(dirname "${BASH_SOURCE[0]}")/guests.sh"

here=$VHC_SOURCE/tests/vm
socket=$tmp/net0.sock
mac=52:54:00:12:34:56
broker=''

# serve_config NAME PAIRS [SOCKET [LINK-MEMBERS]]
serve_config() {
	cat > "$tmp/$1.json" <<-END
		{ "kind": "vhost-setup", "version": 1, "name": "$1",
		  "devices": [ { "id": "net0", "type": "net", "attach": "vhost-user", "queue_pairs": $2,
		    "socket": { "path": "${3:-$socket}", "owner": "nobody", "mode": "0600" },
		    "tap": { "mac": "$mac", ${4:-"\"name\": \"vm0\", \"address\": [\"10.9.0.1/24\"]"} } } ] }
	END
}

# serve NAME [SOCKET]: starts the broker, and returns when it accepts connections; $broker is its pid.
serve() {
	vhostctl -v serve "$tmp/$1.json" >> "$tmp/$1.broker" 2>&1 &
	broker=$!
	within 120 serve_accepts "${2:-$socket}" || fail "$1: the broker accepts connections" "$(cat "$tmp/$1.broker")"
}

serve_accepts() { [ "$(stat -c %F%U%a "$1" 2> /dev/null)" = socketnobody600 ] || ! kill -0 "$broker" 2> /dev/null; }

end_serve() {
	kill -TERM "$broker"
	wait "$broker"
	is "$1: the broker ends normally" $? 0
	nothing_left "$1" "$before"
	ok "$1: its socket is removed" test ! -e "$socket"
}

# connections NAME: how many there have been.
connections() { grep -c 'connected: process' "$tmp/$1.broker"; }

# has_connections NAME COUNT: so many, or more.
has_connections() { [ "$(connections "$1")" -ge "$2" ]; }

# frames LINK: that it has carried.
frames() { cat "/sys/class/net/$1/statistics/"{rx,tx}_packets | awk '{ n += $1 } END { print n + 0 }'; }

# How often the broker's own thread has run: not once for each frame.
switches() { awk '/voluntary_ctxt_switches/ { n += $2 } END { print n }' "/proc/$broker/task/$broker/status"; }

# --- frames for the guest, whether it answers or not: UDP that nobody there listens for

flood_begin() {
	ip neighbour replace 10.9.0.2 lladdr $mac dev vm0
	while :; do for ((n = 0; n < 50; n++)); do echo > /dev/udp/10.9.0.2/9; done 2> /dev/null; sleep 0.02; done & flood=$!
}

flood_end() {
	kill "$flood"
	wait "$flood" 2> /dev/null
}

# --- a transfer to the guest and back (its parameter is vhc_echo=10.9.0.1:$port)

port=7000

# transfer_begin [BYTES]: once it is connected, data is under way.
transfer_begin() {
	rm -f "$tmp/transfer.in"
	mkfifo "$tmp/transfer.in"
	exec {transfer_to}<> "$tmp/transfer.in"
	"$here/transfer" 10.9.0.1 $port "$@" < "$tmp/transfer.in" > "$tmp/transfer" 2>&1 {transfer_to}>&- & transfer=$!
	within 120 grep -q connected "$tmp/transfer" && echo >&"$transfer_to"
}

# transfer_end: with all that is sent, or without BYTES now.
transfer_end() {
	echo >&"$transfer_to"
	within $((300 + patience)) transfer_has_ended || kill "$transfer"
	wait "$transfer"
	exec {transfer_to}>&-
}

transfer_has_ended() { ! grep -qs "^State:.*[RSDT] (" "/proc/$transfer/status"; }

# transferred NAME: what came back is what was sent.
transferred() {
	is "$1: what is sent to the guest comes back as it was" "$(tail -n 1 "$tmp/transfer")" 'the same'
	echo "# $(sed -n 2p "$tmp/transfer")"
}

# --- what a guest must have

# trace_begin, trace_end: counts the broker's system calls, those of its vhost threads too.
trace_begin() {
	rm -f "$tmp/trace"
	strace -f -c -o "$tmp/trace" -p "$broker" 2> "$tmp/traced" & tracer=$!
	within 60 grep -q attached "$tmp/traced"
}

trace_end() {
	kill -INT "$tracer"
	wait "$tracer"
	awk '$NF == "total" { n = $4 } END { print n + 0 }' "$tmp/trace"
}

# megabytes: how many to transfer.
megabytes=20
[ "${VHC_LONG:-}" != yes ] || megabytes=200
# so many seconds longer a transfer may take where the machine is busy
patience=$((5 * megabytes))

# look_at_launcher: while the guest pings.
look_at_launcher() {
	local pid
	pid=$(pgrep -o "$launcher")
	workers=$(vhost_workers | wc -l)
	user=$(stat -c %U "/proc/$pid")
	opened=$(find "/proc/$pid/fd" -lname '/dev/net/tun' -o -lname '/dev/vhost-net' | wc -l)
	woken=$(switches)
	ping -c 20 -i 0.05 -W 60 10.9.0.2 > "$tmp/ping"
	woken=$(($(switches) - woken))
}

observe() {
	look_at_launcher
	trace_begin
	carried=$(frames vm0)
	transfer_begin $((megabytes * 1000000))
	transfer_end
	carried=$(($(frames vm0) - carried))
	calls=$(trace_end)
}

unprivileged=(setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs)

# checked NAME PAIRS: what each guest must have had.
checked() {
	guest_ended "$1: the guest ends normally"
	like "$1: it pings the host" "$(cat "$tmp/$1.log")" '3 packets transmitted, 3 packets received'
	like "$1: the host pings it" "$(cat "$tmp/ping")" '20 packets transmitted, 20 received'
	is "$1: the launcher is nobody's" "$user" nobody
	is "$1: the launcher has neither tap nor vhost open" "$opened" 0
	is "$1: vhost workers" "$workers" "$2"
	transferred "$1"
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$tmp/$1.log" "$tmp/$1.broker"
}

# qemu_options PAIRS CHARDEV-OPTIONS [OPTION...]: sets the array `qemu`.
qemu_options() {
	local more=''
	[ "$1" -eq 1 ] || more=,mq=on,vectors=$((2 * $1 + 2))
	guest_options "vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_echo=10.9.0.1:$port vhc_pairs=$1"
	# Kicks by port I/O: Linux 7.2's KVM gives up a guest if an event is due while it emulates a write to MMIO
	# (KVM internal error. Suberror: 3), which is often so in emulation.
	# shellcheck disable=SC2054 # commas are QEMU's
	qemu=("${unprivileged[@]}" qemu-system-x86_64 "${guest[@]}"
		-object memory-backend-memfd,id=ram,size=192M,share=on -machine pc,memory-backend=ram
		-chardev "socket,id=net0,path=$2" -netdev "vhost-user,id=net0,chardev=net0,queues=$1"
		-device "virtio-net-pci,netdev=net0,mac=$mac,romfile=,modern-pio-notify=on$more" "${@:3}")
}

launcher='qemu-system'

# boot_qemu NAME PAIRS
boot_qemu() {
	qemu_options "$2" "$socket"
	guest_run --timeout $((480 + patience)) --during observe "$tmp/$1.log" "${qemu[@]}"
	checked "$1" "$2"
	is "$1: pings do not wake the broker" "$woken" 0
	# it is interrupted once where the tracer finds it and where it leaves it
	ok "$1: a transfer of $carried frames makes no system calls of the broker's, but $calls" \
		test "$calls" -le 8 -a "$carried" -gt 500
}
