#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The links of `vhostctl setup` on a kernel that has all kinds of them: bonds, VRFs, macvtaps, VLANs of bridges.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 7.2

modprobe -a bonding vrf bridge macvtap veth 8021q tun vhost_net
ok 'this kernel filters VLANs' ip link add vlans0 type bridge vlan_filtering 1
ip link delete vlans0
export CMOCKA_MESSAGE_OUTPUT=TAP
run_tap "$VHC_BUILD/tests/unit/host/test-host-run"
run_tap "$VHC_BUILD/tests/unit/host/test-host-links"

# --- guests, whose frames go through vhost-net and what is behind low0
tmp=$(mktemp -d)
ip link add low0 type veth peer name peer0
ip link set low0 up
ip link set peer0 up

# config TAP [DEVICE...]
config() {
	local more=("${@:2}")
	cat > "$tmp/config.json" <<-END
		{ "kind": "vhost-setup", "version": 1, "name": "vm1",
		  "devices": [ { "id": "net0", "type": "net", "tap": { $1 },
		    "features": { "require": [ "mrg_rxbuf" ] } }${more[*]/#/, } ],
		  "launcher": { "style": "qemu" } }
	END
}

# boot NAME
boot() {
	guest_options 'vhc_address=10.9.0.2/24 vhc_ping=10.9.0.1'
	guest_run "$tmp/log" vhostctl setup "$tmp/config.json" -- qemu-system-x86_64 "${guest[@]}" \
		-netdev @net0.netdev@ -device @net0.device@,romfile=
	guest_ended "$1: the guest ends normally"
	like "$1: it pings its peer" "$(cat "$tmp/log")" '3 packets transmitted, 3 packets received'
	like "$1: it has the MAC address that is derived" "$(guest_said "$tmp/log" 'link eth0 [0-9a-f:]+')" 'link eth0 02:'
	nothing_left "$1" "$before"
}

ip address add 10.9.0.1/24 dev peer0
before=$(host_now)
config '"kind": "macvtap", "lower": "low0"'
boot macvtap
ip address del 10.9.0.1/24 dev peer0

ip link add br0 type bridge vlan_filtering 1
ip link set br0 up
ip link set low0 master br0
bridge vlan add dev low0 vid 210
ip link add link peer0 name peer0.210 type vlan id 210
ip address add 10.9.0.1/24 dev peer0.210
ip link set peer0.210 up
before=$(host_now)
config '"bridge": "br0", "vlan": 210'
boot vlan

# --- a set-up that fails with vhost open and its features checked
ip tuntap add old mode tap vnet_hdr
ip link set old up master br0
# The kernel notices a change of the carrier, and what follows from it, some time later.
look_at_old() {
	{ ethtool -k old; ip -d link show old; bridge vlan show dev old; } |
		sed -E 's/<[^>]*>//; s/ state [A-Za-z]+//g; s/_timer +[0-9.]+/_timer/g; s/topology_change_ack [01]//; s/config_pending [01]//'
}
before=$(look_at_old)
config '"name": "old", "existing": true, "bridge": "br0", "vlan": 210, "isolated": true' \
	'{ "id": "net1", "type": "net", "tap": { "address": [ "ff02::1/64" ] } }'
fails 'an address that is none' 5 vhostctl setup "$tmp/config.json" -- true \
	@net0.netdev@ @net0.device@ @net1.netdev@ @net1.device@
is 'an existing tap is as before' "$(look_at_old)" "$before"

ip link delete old
ip link delete low0
ip link delete br0
rm -r "$tmp"
finish
