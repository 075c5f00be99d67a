#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vhostctl serve with User Mode Linux: no PCI, its memory in a file, and sockets instead of call eventfds.
set -u
# shellcheck source=../serves.sh
. "$(dirname "$0")/../serves.sh"

uml=$(command -v linux.uml)
# shellcheck disable=SC2012 # there is one
modules=/usr/lib/uml/modules/$(ls /usr/lib/uml/modules 2> /dev/null)/kernel

# Its root is the VM's, whose /proc it sees until it has its own. Until then busybox's shell, which runs its commands as
# /proc/self/exe, would begin another User Mode Linux with each.
uml_init() {
	cat > "$tmp/init" <<-END
		#!/bin/sh
		say() { echo "guest: \$*"; }
		busybox mount -t proc proc /proc
		busybox mount -t sysfs sys /sys
		for module in net/core/failover drivers/net/net_failover drivers/net/virtio_net; do
			busybox insmod $modules/\$module.ko
		done
		busybox ip link set lo up
		busybox ip link set eth0 up
		say "link eth0 \$(cat /sys/class/net/eth0/address)"
		busybox ip address add 10.9.0.2/24 dev eth0
		(until busybox nc 10.9.0.1 $port -e cat; do sleep 1; done) 2> /dev/null &
		say "pinging 10.9.0.1"
		busybox ping -c 3 -W 60 10.9.0.1 2>&1 | while read -r line; do say "\$line"; done
		read -r line
		say done
		busybox poweroff -f
	END
	chmod 755 "$tmp/init"
}

# boot_uml NAME
boot_uml() {
	launcher=linux.uml
	uml_init
	guest_run --during observe "$tmp/$1.log" "${unprivileged[@]}" env HOME=/tmp TMPDIR=/dev/shm "$uml" \
		mem=128M rootfstype=hostfs rootflags=/ rw init="$tmp/init" con0=fd:0,fd:1 con=null \
		"virtio_uml.device=$socket:1"
	checked "$1" 1
	like "$1: it has its MAC from the device" "$(guest_said "$tmp/$1.log" 'link eth0 [0-9a-f:]+')" $mac
	ok "$1: interrupts go through the broker, to a socket" test "$woken" -gt 0
	echo "# $calls system calls of the broker's for a transfer of $carried frames"
}

if [ -n "$uml" ]; then
	serve_config uml 1
	serve uml
	boot_uml uml
	end_serve uml
else
	skip 'User Mode Linux' 'it is not installed'
fi

rm -r "$tmp"
finish
