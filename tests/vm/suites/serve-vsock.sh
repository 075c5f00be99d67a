#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl serve with a vsock device: QEMU, without a privilege, has the kernel's vhost-vsock by vhost-user. Data to the
# guest and back, a launcher that comes after a killed one, a CID that is taken, and a launcher that brings its broker.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

usually_on 6.1

programs=$VHC_BUILD/tests/vm
socket=$tmp/vsock0.sock
cid=77

# The guest has a program that speaks vsock.
mkdir -p "$tmp/tree/bin"
cp "$programs/vm-vsock-guest" "$tmp/tree/bin/vsock-guest"
(cd "$tmp/tree" && find . | cpio -o -H newc --quiet) >> "$GUEST_INITRD"

# vsock_config NAME [SOCKET]
vsock_config() {
	cat > "$tmp/$1.json" <<-END
		{ "kind": "vhost-setup", "version": 1, "name": "$1",
		  "devices": [ { "id": "vsock0", "type": "vsock", "cid": $cid, "attach": "vhost-user",
		    "socket": { "path": "${2:-$socket}", "owner": "nobody", "mode": "0600" } } ],
		  "launcher": { "style": "qemu" } }
	END
}

# Memory that is shared; what follows are the tokens, or what stands for them.
guest_options 'vhc_vsock=7000'
# shellcheck disable=SC2054,SC2154 # commas are QEMU's; guest_options sets it
qemu=(qemu-system-x86_64 "${guest[@]}" -object memory-backend-memfd,id=ram,size=192M,share=on
	-machine pc,memory-backend=ram)

# While the guest listens.
observe_vsock() {
	local pid
	pid=$(pgrep -o "$launcher")
	user=$(stat -c %U "/proc/$pid")
	opened=$(find "/proc/$pid/fd" -lname '/dev/vhost-*' | wc -l)
	workers=$(count_workers)
	talked=$("$programs/vm-vsock-talk" $cid 7000 1000 2>&1)
	talk_status=$?
	listed=$(vhostctl list --json | jq -c '.devices[] | [.id, .type, .running, .launcher]')
	status_cid=$(vhostctl status vsock0 --json | jq -c '[.guest_cid, .broker, .launcher]')
	dumped=$(vhostctl --json dump vsock0 | jq -c '[.type, .guest_cid]')
}

# boot_vsock NAME COMMAND...: what each guest must have; COMMAND is QEMU, or becomes it.
boot_vsock() {
	local name=$1 pid
	shift
	user='' opened='' workers='' talked='' talk_status='' listed='' status_cid='' dumped=''
	guest_run --during observe_vsock "$tmp/$name.log" "$@"
	guest_ended "$name: the guest ends normally"
	is "$name: records go in and come back over vsock, $talked" "$talk_status" 0
	is "$name: vhost-vsock fds in the launcher" "$opened" 0
	is "$name: vhost workers" "$workers" 1
	is "$name: the guest has a vsock device of virtio 1" "$(guest_feature "$tmp/$name.log" 19 32)" 1
	like "$name: list has it" "$listed" '^\["vsock0","vsock",true,[0-9]+\]$'
	like "$name: status knows its CID and its broker" "$status_cid" "^\[$cid,\"$name\",[0-9]+\]$"
	is "$name: dump has its state" "$dumped" "[\"vsock\",$cid]"
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$tmp/$name.log" "$tmp/$name.broker"
}

kill_launcher() { pkill -9 -o "$launcher"; }

# --- two guests, of which the first is killed

vsock_config one
serve one
# shellcheck disable=SC2054 # commas are QEMU's
by_hand=("${unprivileged[@]}" "${qemu[@]}" -chardev "socket,id=v,path=$socket" -device vhost-user-vsock-pci,chardev=v)
guest_run --during kill_launcher "$tmp/first.log" "${by_hand[@]}"
# shellcheck disable=SC2154 # of guest_run
is 'one: the launcher is killed' "$guest_status" 137
boot_vsock one "${by_hand[@]}"
is 'one: the launcher is nobody'"'s" "$user" nobody
is 'one: two have been served' "$(connections one)" 2

# --- its CID

vsock_config two "$tmp/other.sock"
fails 'another broker cannot have its CID' 5 vhostctl serve "$tmp/two.json"
said=$(vhostctl serve "$tmp/two.json" 2>&1)
like 'the message names it, and says what to do' "$said" "$cid.*choose another"
ok 'and leaves no socket' test ! -e "$tmp/other.sock"
end_serve one

# --- a broker that ends with its launcher

vsock_config two
: > "$tmp/two.broker"
boot_vsock two vhostctl setup "$tmp/two.json" -- "${qemu[@]}" -chardev @vsock0.chardev@ -device @vsock0.device@
nothing_left two "$before"
ok 'two: its socket is removed' test ! -e "$socket"

becomes 'no worker is left' 0 count_workers
rm -r "$tmp"
finish
