#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl setup` sets up vhost-net for a real hypervisor, as root and for an unprivileged launcher, with one queue
# pair and with four; and it reports when it cannot.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

tmp=$(mktemp -d)
chmod 755 "$tmp"
links=$(ip -o link | wc -l)
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
	is "$name: the guest ends normally" $? 0
	like "$name: it pings the host" "$(cat "$log")" '3 packets transmitted, 3 packets received'
	is "$name: it has its MAC" "$(guest_said "$log" 'link eth0 [0-9a-f:]+')" 'link eth0 52:54:00:12:34:56'
	is "$name: ethtool -l shows the queue pairs" \
		"$(guest_said "$log" 'channels eth0 max [0-9]+')" "channels eth0 max $pairs"
	is "$name: vhost-net fds in the launcher" "$vhosts" "$pairs"
	is "$name: tap queues in the launcher" "$taps" "$pairs"
	is "$name: tap queues on the link" "$queues" "$pairs"
	is "$name: vhost workers" "$workers" "$pairs"
	ok "$name: frames crossed the tap" test "$carried" -ge 2
	is "$name: the link is gone with the launcher" "$(ip -o link | wc -l)" "$links"
	[ "$tests_failed" -eq 0 ] || sed 's/^/# /' "$log"
}

config one 1 '' host_tso6,mrg_rxbuf
sed -i 's/"mrg_rxbuf", "version_1" \]/"version_1" ]/' "$tmp/one.json"
boot one 1
for bit in 0 1 7 8 11 17 32; do
	is "one: bit $bit is there" "$(guest_feature "$tmp/one.log" 1 "$bit")" 1
done
for bit in 12 15; do
	is "one: bit $bit is masked" "$(guest_feature "$tmp/one.log" 1 "$bit")" 0
done
is 'one: the launcher is root' "$user" root

config four 4 '' guest_tso4,host_ufo
boot four 4
for bit in 0 1 8 11 12 15 17 22 32; do
	is "four: bit $bit is there" "$(guest_feature "$tmp/four.log" 1 "$bit")" 1
done
for bit in 7 14; do
	is "four: bit $bit is masked" "$(guest_feature "$tmp/four.log" 1 "$bit")" 0
done

for pairs in 1 4; do
	config "user$pairs" "$pairs" nobody ''
	boot "user$pairs" "$pairs"
	is "user$pairs: the launcher is nobody" "$user" nobody
	is "user$pairs: it has no capability" "$capabilities" 0000000000000000
	is "user$pairs: bit 7 is there without a mask" "$(guest_feature "$tmp/user$pairs.log" 1 7)" 1
done

# --- the tap by its name: QEMU opens it, and vhost, as its own user, and vhostctl removes the link when it has ended
mode=$(stat -c %a /dev/vhost-net)
chmod 666 /dev/vhost-net
attach=name config name 1 nobody ''
boot name 1
is 'name: the launcher is nobody' "$user" nobody
is 'name: it has no capability' "$capabilities" 0000000000000000
chmod "$mode" /dev/vhost-net

# --- an own -device line, with a token for each thing that is requested
config own 4 '' ''
tokens=(@net0.netdev@ 'virtio-net-pci,netdev=net0,mac=@net0.mac@,mq=@net0.mq@')
sed -i 's/"features": {.*} }/"features": {} }/' "$tmp/own.json"
boot own 4
fails 'without one of them nothing runs' 2 vhostctl setup "$tmp/own.json" -- true "${tokens[0]}" virtio-net-pci,mq=@net0.mq@
tokens=(@net0.netdev@ @net0.device@)

# --- the worker mode, if the kernel supports a choice: set before the exec, and kept across it
for mode in kthread task; do
	config "$mode" 1 '' ''
	sed -i "s/\"queue_pairs\"/\"worker\": { \"mode\": \"$mode\" }, &/" "$tmp/$mode.json"
	if [ "$VHC_KERNEL" = 6.1 ]; then
		fails "worker mode $mode is not supported here" 4 vhostctl setup "$tmp/$mode.json" -- true "${tokens[@]}"
	else
		boot "$mode" 1
		is "$mode: threads of the launcher" "$threads" "$([ "$mode" = task ] && echo 1 || echo 0)"
	fi
done

# --- a QEMU that runs already, and has no privilege: it is given the device, and the device is taken from it again
# What is there while the guest pings, and what the device leaves behind.
look_and_detach() {
	look
	detached=$(vhostctl detach net0 --qmp "$tmp/nobody/qmp" --timeout 120 2>&1)
	detach_status=$?
	workers_after=$(vhost_workers | wc -l)
	links_after=$(ip -o link | wc -l)
}

# attach NAME PAIRS: the device of this configuration, once the guest waits for it.
attach() {
	until guest_said "$tmp/$1.log" 'waiting for eth0' > /dev/null; do sleep 0.3; done
	vhostctl attach "$tmp/$1.json" --qmp "$tmp/nobody/qmp" --timeout 60 > "$tmp/$1.attached" 2>&1
}

install -d -o nobody "$tmp/nobody"
for pairs in 1 4; do
	name=attach$pairs
	config "$name" "$pairs" '' host_tso6
	detached='' detach_status='' workers_after='' links_after='' workers=0 taps=0 vhosts=0
	: > "$tmp/$name.log"
	attach "$name" &
	guest_options "vhc_hotplug=1 vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1 vhc_pairs=$pairs"
	guest_run --during look_and_detach "$tmp/$name.log" \
		setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all --bounding-set=-all \
		qemu-system-x86_64 "${guest[@]}" -qmp "unix:$tmp/nobody/qmp,server=on,wait=off"
	is "$name: the guest ends normally" $? 0
	kill %+ 2> /dev/null
	wait
	like "$name: QEMU got the device" "$(cat "$tmp/$name.attached")" "net0 +vm0 +$pairs +yes"
	like "$name: it pings the host" "$(cat "$tmp/$name.log")" '3 packets transmitted, 3 packets received'
	is "$name: it has its MAC" "$(guest_said "$tmp/$name.log" 'link eth0 [0-9a-f:]+')" 'link eth0 52:54:00:12:34:56'
	is "$name: ethtool -l shows the queue pairs" \
		"$(guest_said "$tmp/$name.log" 'channels eth0 max [0-9]+')" "channels eth0 max $pairs"
	is "$name: bit 12 is masked" "$(guest_feature "$tmp/$name.log" 1 12)" 0
	is "$name: QEMU is nobody" "$user" nobody
	is "$name: vhost-net fds, tap queues and workers" "$vhosts $taps $workers" "$pairs $pairs $pairs"
	is "$name: the guest gives it up" "$detach_status" 0
	is "$name: it leaves no worker and no link" "$workers_after $links_after" "0 $links"
	[ "$tests_failed" -eq 0 ] || sed 's/^/# /' "$tmp/$name.log" "$tmp/$name.attached" <(echo "$detached")
done

# a vsock device has no netdev, and its CID goes with its fd
modprobe vhost_vsock
echo '{ "kind": "vhost-setup", "version": 1, "devices": [ { "id": "vsock0", "type": "vsock", "cid": 42 } ] }' > "$tmp/vsock.json"
for time in first second; do
	qemu-system-x86_64 -nodefaults -accel kvm -S -display none -qmp "unix:$tmp/qmp,server=on,wait=off" &
	until [ -S "$tmp/qmp" ]; do sleep 0.3; done
	ok "vsock: the $time QEMU gets it" vhostctl attach "$tmp/vsock.json" --qmp "$tmp/qmp" --timeout 60
	is "vsock: the $time QEMU has its fd" "$(find "/proc/$!/fd" -lname /dev/vhost-vsock | wc -l)" 1
	kill $!
	wait $!
	rm -f "$tmp/qmp"
done 2> /dev/null

# --- failures: reported, with the documented status, and nothing left
config missing 1 '' ''
sed -i 's/"mrg_rxbuf", "version_1"/"hash_report"/' "$tmp/missing.json"
fails 'a feature that this kernel lacks is required' 4 vhostctl setup "$tmp/missing.json" -- true "${tokens[@]}"
like 'it names the feature and its origin' \
	"$(vhostctl setup "$tmp/missing.json" -- true "${tokens[@]}" 2>&1)" 'hash_report.*vhost'
modprobe -r vhost_net # and tun, which it needs
modprobe tun
fails 'there is no vhost-net' 4 vhostctl setup "$tmp/one.json" -- true "${tokens[@]}"
sed 's/"require", "queue/"prefer", "queue/' "$tmp/one.json" > "$tmp/prefer.json"
# shellcheck disable=SC2016 # the launcher's shell expands it
said=$(vhostctl setup "$tmp/prefer.json" -- sh -c 'echo "vhost=$VHOSTCTL_VHOST" "$@"' sh "${tokens[@]}" 2> "$tmp/error")
like 'a preferred vhost that is missing shows in VHOSTCTL_VHOST and in the option' "$said" 'vhost=off tap,.*vhost=off'
like 'and on stderr' "$(cat "$tmp/error")" 'vhost'
modprobe vhost_net
is 'nothing is left of these' "$(ip -o link | wc -l)" "$links"

# --- only the promised fds, and without an owner
# shellcheck disable=SC2016 # the launcher's shell expands it
said=$(vhostctl setup "$tmp/one.json" -- sh -c 'ls -l /proc/self/fd | sed -n "s/.* \([0-9]*\) -> /\1 /p"' sh "${tokens[@]}" \
	9< /etc/passwd 8< /etc/hostname | sort -n)
is 'the launcher has its fds and no other' "$(awk '$1 > 2 && $2 !~ /^.proc/' <<< "$said")" \
	$'3 /dev/net/tun\n4 /dev/vhost-net'
strace -f -e trace=ioctl,execve -o "$tmp/trace" vhostctl setup "$tmp/one.json" -- true "${tokens[@]}" 2> "$tmp/error"
is 'taking ownership is left to the launcher' "$(grep -c VHOST_SET_OWNER "$tmp/trace")" 0
ok 'the node was queried for its features' grep -q VHOST_GET_FEATURES "$tmp/trace"

rm -r "$tmp"
finish
