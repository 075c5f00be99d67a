# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # the suites use them
#
# What suites with guests that have a device of vhostctl share: configs, and what every such guest must have.
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tmp=$(mktemp -d)
chmod 755 "$tmp"
before=$(host_now)
# An unprivileged launcher must be able to read them, wherever the cache of kernels is.
install -m 644 "$GUEST_KERNEL" "$tmp/vmlinuz"
install -m 644 "$GUEST_INITRD" "$tmp/initrd"
GUEST_KERNEL=$tmp/vmlinuz GUEST_INITRD=$tmp/initrd
tokens=(@net0.netdev@ @net0.device@)

# config NAME PAIRS USER MASK: a vhost-setup document; USER and MASK may be empty. $attach may be "name".
config() {
	cat > "$tmp/$1.json" <<-END
		{ "kind": "vhost-setup", "version": 1, "name": "$1",
		  "devices": [ { "id": "net0", "type": "net", "attach": "${attach:-fd}", "vhost": "require", "queue_pairs": $2,
		    "tap": { "name": "vm0", "mac": "52:54:00:12:34:56", "address": ["10.9.0.1/24"] },
		    "features": { "mask": [ ${4:+"\"${4//,/\", \"}\""} ], "require": [ "mrg_rxbuf", "version_1" ] } } ],
		  "launcher": { "style": "qemu"${3:+, \"user\": \"$3\"} } }
	END
}

# crossed COUNT: so many frames of the guest have.
crossed() { [ "$(cat /sys/class/net/vm0/statistics/rx_packets)" -ge "$1" ]; } 2> /dev/null

# Collects what can be observed from the host while the guest pings.
look() {
	local pid
	pid=$(pgrep -n qemu-system)
	workers=$(vhost_workers | wc -l)
	threads=$(cat "/proc/$pid/task/"*/comm | grep -c '^vhost-')
	user=$(stat -c %U "/proc/$pid")
	capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$pid/status")
	taps=$(find "/proc/$pid/fd" -lname /dev/net/tun | wc -l)
	vhosts=$(find "/proc/$pid/fd" -lname /dev/vhost-net | wc -l)
	within 120 crossed 2 # it has only begun to ping
	carried=$(cat /sys/class/net/vm0/statistics/rx_packets)
	queues=$(find /sys/class/net/vm0/queues -name 'rx-*' | wc -l)
}

# boot NAME PAIRS [PREFIX...]: boots a guest with this configuration, and checks what every guest must have.
boot() {
	local name=$1 pairs=$2 log=$tmp/$1.log
	shift 2
	workers=0 threads=0 user='' taps=0 vhosts=0 carried=0 queues=0 capabilities=''
	guest_options "vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_pairs=$pairs vhc_up=10"
	guest_run --during look "$log" "$@" vhostctl setup "$tmp/$name.json" -- qemu-system-x86_64 "${guest[@]}" \
		-netdev "${tokens[0]}" -device "${tokens[1]},romfile="
	guest_ended "$name: the guest ends normally"
	like "$name: it pings the host" "$(cat "$log")" '3 packets transmitted, 3 packets received'
	is "$name: it has its MAC" "$(guest_said "$log" 'link eth0 [0-9a-f:]+')" 'link eth0 52:54:00:12:34:56'
	is "$name: ethtool -l shows the queue pairs" \
		"$(guest_said "$log" 'channels eth0 max [0-9]+')" "channels eth0 max $pairs"
	is "$name: vhost-net fds in the launcher" "$vhosts" "$pairs"
	is "$name: tap queues in the launcher" "$taps" "$pairs"
	is "$name: tap queues on the link" "$queues" "$pairs"
	is "$name: vhost workers" "$workers" "$pairs"
	ok "$name: frames crossed the tap" test "$carried" -ge 2
	nothing_left "$name" "$before"
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$log"
}
