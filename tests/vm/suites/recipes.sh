#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl-recipes(7) with guests: two of them on one bridge, which ping each other.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"

cd "$tmp" || exit
# block NUMBER: a block of the page, counted from 1.
block() {
	awk -v number="$1" '/^\.Ed/ { inside = 0 } inside && n == number; /^\.Bd/ { inside = 1; n++ }' \
		"$VHC_SOURCE/man/vhostctl-recipes.7" | sed 's/\\e$/\\/'
}

# The page's commands find these: a guest without a disk, and no DHCP, as the guests have addresses.
mkdir bin
cat > bin/qemu-system-x86_64 <<'END'
#!/bin/bash
mapfile -t guest < guest
exec /usr/bin/qemu-system-x86_64 "${@:1:$#-1}" "${guest[@]}"
END
printf '#!/bin/sh\n' > bin/dnsmasq
chmod 755 bin/*
PATH=$tmp/bin:$PATH

block 1 > bridge
block 2 > vm.json
block 3 > first
block 5 > second
block 7 > threads

# run GUEST ADDRESS PEER [FUNCTION]: runs the commands of the page for it.
run() {
	guest_options "vhc_address=$2/24 vhc_ping=$3"
	printf '%s\n' "${guest[@]}" > guest
	guest_run ${4:+--during "$4"} "$tmp/$1.log" bash "$1"
	is "$1: the guest ends normally" $? 0
	like "$1: it pings $3" "$(cat "$1.log")" '3 packets transmitted, 3 packets received'
	[ "$tests_failed" -eq 0 ] || sed 's/^/# /' "$1.log"
}

second() { run second 10.0.0.3 10.0.0.2 look; }
look() {
	is 'both are ports of the bridge' "$(cd /sys/class/net/br0/brif && echo vm*)" 'vm1 vm2'
	is 'two threads move the frames' "$(bash ./threads | wc -l)" 2
}

before=$(host_now)
# shellcheck source=/dev/null
. ./bridge
run first 10.0.0.2 10.0.0.1 second
mac() { guest_said "$1.log" 'link eth0 [0-9a-f:]+'; }
ok 'each has a MAC of its own' test "$(mac first)" != "$(mac second)"
ip link delete br0
nothing_left 'two guests' "$before"

cd /
rm -r "$tmp"
finish
