#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A device without a guest: frames in both directions through real rings, the number of ioctls, and each step of its
# start-up failing once.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 6.1

loopback=$VHC_BUILD/examples/loopback
programs=$VHC_BUILD/tests/vm
tmp=$(mktemp -d)

for pairs in 1 4; do
	ok "examples/loopback, $pairs queue pairs: every frame once, in both directions" "$loopback" "$pairs"
done
ok 'examples/transport: the callbacks of a transport, masks, moves, resets and a broken ring' "$VHC_BUILD/examples/transport"
loop=$(vhostctl --json loop --queues 4 --frames 100000)
is 'vhostctl loop, 4 queue pairs, 100000 frames in each direction' $? 0
like 'it lost and duplicated nothing' "$(tr -d ' \n' <<< "$loop")" '"lost":0,"duplicated":0.*"lost":0,"duplicated":0'

# --- no more vhost ioctls than needed, up to the SET_BACKEND of the last ring, with the ERR eventfd of each
calls() { strace --seccomp-bpf -f -e trace=ioctl -o "$tmp/trace" vhostctl loop --queues "$1" --frames 64 > "$tmp/said" 2>&1; }
bring_up_calls() { # RINGS
	grep -E 'VHOST|_IOC\(_IOC_(READ|WRITE), 0xaf' "$tmp/trace" | awk -v rings="$1" '
		/VHOST_NET_SET_BACKEND/ && ++started == rings { print NR }'
}
for row in 1:16 4:61; do
	calls "${row%:*}"
	is "${row%:*} queue pairs take ${row#*:} vhost ioctls" "$(bring_up_calls $((2 * ${row%:*})))" "${row#*:}"
done

# --- every ioctl of the start-up fails once: this is reported, and nothing is left
before=$(ip -o link)
bad='' failures=0
errors=(ENOMEM EPERM EBUSY EFAULT)
for ((n = 1; n <= 60; n++)); do
	status=0 error=${errors[n % 4]}
	strace --seccomp-bpf -f -o "$tmp/trace" -e trace=ioctl -e "inject=ioctl:error=$error:when=$n" \
		vhostctl loop --queues 1 --frames 64 > "$tmp/said" 2> "$tmp/error" || status=$?
	grep -q '(INJECTED)' "$tmp/trace" || break # past the last call
	failures=$((failures + 1))
	call=$(sed -n 's/.*ioctl([0-9]*, \([A-Z_0-9]*\).*(INJECTED)$/\1/p' "$tmp/trace")
	[ "$status" -le 5 ] || bad+="$call $error: exit status $status"$'\n'
	if [ "$status" -ge 4 ] && ! grep -q "$error" "$tmp/error"; then
		bad+="$call $error: the errno is not in: $(cat "$tmp/error")"$'\n'
	fi
done
is 'each failing ioctl is reported, with the errno' "$bad" ''
ok "there were enough of them: $failures" test "$failures" -ge 25
is 'no link is left' "$(ip -o link)" "$before"
becomes 'no worker is left' 0 count_workers

run_tap "$programs/vm-nofile"

# --- which queues receive, which offloads are on, whose queues there are, and that the link goes
run_tap "$programs/vm-tap"

# --- 128 feature bits, if the kernel supports them
wide=no
[ "$VHC_KERNEL" != 7.2 ] || wide=yes
run_tap "$programs/vm-wide" "$wide"

# --- a kernel that has IN_ORDER has it with a dirty log that lacks pages
run_tap "$programs/vm-in-order" "$wide"

# --- from host to host, as far as this can be tested on one host
run_tap "$programs/vm-move" 1 100
run_tap "$programs/vm-move" 4 50

# --- fds opened by another process, including a macvtap
nodes=()
ip link add vmdummy0 type dummy
ip link set vmdummy0 up
ip link add link vmdummy0 name vmmacvtap0 type macvtap mode bridge
ip link set vmmacvtap0 up
index=$(cat /sys/class/net/vmmacvtap0/ifindex)
[ -e "/dev/tap$index" ] && nodes=("/dev/tap$index" "/dev/tap$index")
ok 'there is a macvtap' test ${#nodes[@]} -eq 2
run_tap "$programs/vm-fds" "${nodes[@]}"
ip link delete vmmacvtap0
ip link delete vmdummy0

rm -r "$tmp"
finish
