#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `vhostctl setup` with vsock devices: a guest of a real hypervisor answers over vsock, also with an unprivileged
# launcher; and CIDs that are taken, or chosen for many launchers at the same time.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 6.12

programs=$VHC_BUILD/tests/vm
tmp=$(mktemp -d)
chmod 755 "$tmp"

# What an unprivileged launcher reads too: the guest's kernel, and its initramfs with a program that speaks vsock.
install -m 644 "$GUEST_KERNEL" "$tmp/vmlinuz"
mkdir -p "$tmp/tree/bin"
cp "$programs/vm-vsock-guest" "$tmp/tree/bin/vsock-guest"
{ cat "$GUEST_INITRD"; cd "$tmp/tree" && find . | cpio -o -H newc --quiet; } > "$tmp/initrd"
GUEST_KERNEL=$tmp/vmlinuz GUEST_INITRD=$tmp/initrd

# config NAME CID USER: a vhost-setup document; USER may be empty.
config() {
	cat > "$tmp/$1.json" <<-END
		{ "kind": "vhost-setup", "version": 1, "name": "$1",
		  "devices": [ { "id": "vsock0", "type": "vsock", "cid": $2 } ],
		  "launcher": { "style": "qemu"${3:+, \"user\": \"$3\"} } }
	END
}

# What can be observed from here while the guest listens.
look() {
	local pid
	pid=$(pgrep -n qemu-system)
	cid=$(tr '\0' '\n' < "/proc/$pid/cmdline" | sed -n 's/.*guest-cid=\([0-9]*\).*/\1/p')
	user=$(stat -c %U "/proc/$pid")
	capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$pid/status")
	vhosts=$(find "/proc/$pid/fd" -lname /dev/vhost-vsock | wc -l)
	workers=$(vhost_workers | wc -l)
	talked=$("$programs/vm-vsock-talk" "$cid" 7000 1000 2>&1)
	talk_status=$?
}

# boot NAME CID USER: a guest on the config.
boot() {
	local log=$tmp/$1.log
	cid='' user='' vhosts=0 workers=0 talked='' talk_status=''
	guest_options 'vhc_vsock=7000'
	guest_run --timeout 400 --during look "$log" vhostctl setup "$tmp/$1.json" -- qemu-system-x86_64 "${guest[@]}" \
		-device @vsock0.device@
	guest_ended "$1: the guest ends normally"
	is "$1: records go in and come back over vsock, $talked" "$talk_status" 0
	is "$1: its CID" "$cid" "$2"
	is "$1: the user of the launcher" "$user" "$3"
	is "$1: vhost-vsock fds in the launcher" "$vhosts" 1
	is "$1: vhost workers" "$workers" 1
	is "$1: the guest has a vsock device of virtio 1" "$(guest_feature "$log" 19 32)" 1
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$log"
}

config root 77 ''
boot root 77 root
config user '"auto"' nobody
boot user 3 nobody
is 'user: it has no capability' "$capabilities" 0000000000000000

# --- a CID that is taken
# hold CONFIG: a launcher that keeps its fd until $tmp/release exists, and writes its CID to $tmp/CONFIG.cid.
hold() {
	# shellcheck disable=SC2016 # the launcher's shell expands it
	vhostctl setup "$tmp/$1.json" -- sh -c 'echo "$1" > "$0.new" && mv "$0.new" "$0"
		until [ -e "$2" ]; do sleep 0.1; done' "$tmp/$1.cid" @vsock0.cid@ "$tmp/release" @vsock0.fd@ 2> "$tmp/$1.error" &
}
# held COUNT: so many launchers hold a CID.
held() { [ "$(find "$tmp" -name '*.cid' | wc -l)" -ge "$1" ]; }
release() { touch "$tmp/release"; wait; rm -f "$tmp/release" "$tmp"/*.cid; }

config first 77 ''
config second 77 ''
hold first
ok 'a launcher holds CID 77' within 300 held 1
fails 'another cannot have it' 5 vhostctl setup "$tmp/second.json" -- true @vsock0.fd@ @vsock0.cid@
said=$(vhostctl setup "$tmp/second.json" -- true @vsock0.fd@ @vsock0.cid@ 2>&1)
like 'the message names it, and says what to do' "$said" '77.*choose another'
release
ok 'it is free when the launcher has ended' vhostctl setup "$tmp/second.json" -- true @vsock0.fd@ @vsock0.cid@

# --- by socket activation, as systemd-vmspawn(1) takes it
sed -i 's/"qemu"/"listen-fds"/' "$tmp/second.json"
# shellcheck disable=SC2016 # the launcher's shell expands it
is 'the fd has the name that systemd-vmspawn reads' "$(vhostctl setup "$tmp/second.json" -- \
	sh -c 'echo "$LISTEN_FDS $LISTEN_FDNAMES $(readlink /proc/$$/fd/3)"')" '1 vhost-vsock /dev/vhost-vsock'

# --- 16 at the same time
for n in {1..16}; do
	config "auto$n" '"auto"' ''
done
for n in {1..16}; do
	hold "auto$n"
done
ok '16 launchers at the same time get a CID each' within 300 held 16
is 'these are the lowest 16' "$(sort -n "$tmp"/auto*.cid | paste -sd ' ')" '3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18'
cat "$tmp"/auto*.error | sed 's/^/# /'
release

becomes 'no worker is left' 0 count_workers
rm -r "$tmp"
finish
