#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl-recipes(7) with guests: two of them on one bridge, which get their addresses by DHCP and ping each other.
set -u
# shellcheck source=../guests.sh
. "$(dirname "$0")/../guests.sh"
# shellcheck source=../../recipe.bash
. "$VHC_SOURCE/tests/recipe.bash"

usually_on 6.12
cd "$tmp" || exit

# The page's commands find this one: it runs a guest without a disk.
mkdir bin
cat > bin/qemu-system-x86_64 <<'END'
#!/bin/bash
mapfile -t guest < guest
exec /usr/bin/qemu-system-x86_64 "${@:1:$#-1}" "${guest[@]}"
END
chmod 755 bin/*
PATH=$tmp/bin:$PATH

recipe 'A bridge with DHCP' 1 > bridge
recipe 'A bridge with DHCP' 2 > vm.json
recipe 'A bridge with DHCP' 3 > first
recipe 'Two guests that ping each other' 1 > second
recipe 'Seeing that vhost is used' 1 > threads

# run GUEST PEER [FUNCTION]: runs the commands of the page for it.
run() {
	guest_options "vhc_address=dhcp vhc_ping=$2"
	printf '%s\n' "${guest[@]}" > guest
	guest_run ${3:+--during "$3"} "$tmp/$1.log" bash "$1"
	guest_ended "$1: the guest ends normally"
	like "$1: it has an address by DHCP" "$(guest_said "$1.log" 'address .*')" '10\.0\.0\.(5[0-9]|[6-9][0-9]|1[0-4][0-9]|150)/'
	like "$1: it pings $2" "$(cat "$1.log")" '3 packets transmitted, 3 packets received'
	[ "$tests_failed" -eq 0 ] || awk '{ print "# " $0 }' "$1.log"
}

# The page's command lists the addresses of the guests, here of the only one.
known() { ip neighbour show dev br0 | grep -o '^10[0-9.]* lladdr'; }
second() {
	within 120 known > /dev/null
	run second "$(known | cut -d ' ' -f 1)" look
}
look() {
	is 'both are ports of the bridge' "$(cd /sys/class/net/br0/brif && echo vm*)" 'vm1 vm2'
	is 'two threads move the frames' "$(bash ./threads | wc -l)" 2
}

before=$(host_now)
# shellcheck source=/dev/null
. ./bridge
run first 10.0.0.1 second
mac() { guest_said "$1.log" 'link eth0 [0-9a-f:]+'; }
ok 'each has a MAC of its own' test "$(mac first)" != "$(mac second)"
pkill dnsmasq
ip link delete br0
nothing_left 'two guests' "$before"

cd /
rm -r "$tmp"
finish
