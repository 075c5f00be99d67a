#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl setup` sets up vhost-net for a real hypervisor, as root and for an unprivileged launcher, with one queue
# pair and with four; and it reports when it cannot.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"

usually_on 7.2

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

# --- failures: reported, with the documented status, and nothing left
config missing 1 '' ''
sed -i 's/"mrg_rxbuf", "version_1"/"hash_report"/' "$tmp/missing.json"
fails 'a feature that this kernel lacks is required' 4 vhostctl setup "$tmp/missing.json" -- true "${tokens[@]}"
like 'it names the feature and its origin' \
	"$(vhostctl setup "$tmp/missing.json" -- true "${tokens[@]}" 2>&1)" 'hash_report.*vhost'
modprobe -r vhost_net # and tun, which it needs
load tun
fails 'there is no vhost-net' 4 vhostctl setup "$tmp/one.json" -- true "${tokens[@]}"
sed 's/"require", "queue/"prefer", "queue/' "$tmp/one.json" > "$tmp/prefer.json"
# shellcheck disable=SC2016 # the launcher's shell expands it
said=$(vhostctl setup "$tmp/prefer.json" -- sh -c 'echo "vhost=$VHOSTCTL_VHOST" "$@"' sh "${tokens[@]}" 2> "$tmp/error")
like 'a preferred vhost that is missing shows in VHOSTCTL_VHOST and in the option' "$said" 'vhost=off tap,.*vhost=off'
like 'and on stderr' "$(cat "$tmp/error")" 'vhost'
load vhost_net
nothing_left 'of these' "$before"

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
