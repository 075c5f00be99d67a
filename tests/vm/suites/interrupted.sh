#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Set-ups that are ended by a signal at a random moment, and others that are killed with SIGKILL, and then teardown: the
# host is as before. Ten of each, 200 with VHC_LONG=yes. VHC_SEED repeats a run; it is printed.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../../cli/interrupted.bash
. "$VHC_SOURCE/tests/cli/interrupted.bash"
usually_on 6.12

load bridge macvtap veth tun vhost_net vhost_vsock 8021q
export VHOSTCTL=vhostctl
seed=${VHC_SEED:-$SRANDOM}
count=${VHC_COUNT:-10}
[ "${VHC_LONG:-}" != yes ] || count=200
echo "# seed $seed"
tmp=$(mktemp -d)
cd "$tmp" || exit

# config NAME DEVICE...
config() {
	local devices="${*:2}"
	printf '{"kind": "vhost-setup", "version": 1, "name": "%s", "devices": [%s], "launcher": {"style": "env"}}' \
		"$1" "${devices//\} \{/\}, \{}" > "$1.json"
}

# net ID TAP-MEMBERS [DEVICE-MEMBERS]
net() { printf '{"id": "%s", "type": "net"%s, "tap": {%s}}' "$1" "${3:+, $3}" "$2"; }

new=$(net new '"name": "new0", "bridge": "br0", "vlan": 210, "isolated": true, "mtu": 1400' '"queue_pairs": 2')
kept=$(net kept '"name": "kept0", "persist": true, "address": ["10.3.0.1/24", "fd00:3::1/64"]' '"vhost": "off"')
old=$(net old '"name": "old0", "existing": true, "bridge": "br0", "vlan": 210, "vlans": ["300-310"], "isolated": true,
	"mtu": 1400, "owner": "65534", "mac": "52:54:00:00:00:01"')
addressed=$(net addressed '"name": "old1", "existing": true, "mtu": 1300, "address": ["10.4.0.2/24"], "txqueuelen": 77')
macvtap=$(net macvtap '"kind": "macvtap", "lower": "low0", "name": "mv%d"' '"vhost": "off"')
named=$(net named '"name": "named0", "bridge": "br0"' '"attach": "name", "vhost": "off"')
config new "$new"
config kept "$kept"
config old "$old"
config macvtap "$macvtap"
config several "$new" "$kept" "$addressed" "$named" "$macvtap" '{"id": "v", "type": "vsock"}'

sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
for n in 0 1; do
	ip link add "br$n" address "02:00:00:00:00:0$n" type bridge vlan_filtering 1
	ip link set "br$n" up
done
ip link add low0 address 02:00:00:00:00:20 type veth peer name peer0 address 02:00:00:00:00:21
ip link set low0 up
ip link set peer0 up

links='tuntap add old0 mode tap user 1000
link set old0 address 02:00:00:00:00:10 mtu 1450 master br1
tuntap add old1 mode tap
link set old1 address 02:00:00:00:00:11 up
address add 10.4.0.1/24 dev old1
address add fd00:4::1/64 dev old1 nodad'
ports='vlan add dev old0 vid 20 pvid untagged
vlan add dev old0 vid 30-39
link set dev old0 learning off'
away=$'link delete old0\nlink delete old1\n'

prepare() { ip -batch - <<< "$links" && bridge -batch - <<< "$ports"; }
reset() { ip -batch - <<< "$away$links" && bridge -batch - <<< "$ports"; }

prepare
for signals in 'TERM INT HUP' KILL; do
	began=$SECONDS
	said=$(interrupted "$signals" "$count" "$seed" new kept old macvtap several)
	status=$?
	mapfile -t lines <<< "$said"
	printf '# %s\n' "${lines[@]}" "$((SECONDS - began)) s"
	is "$count set-ups end by $signals at a random moment: the host is as before" "$status" 0
	[ "$status" -eq 0 ] || reset
done

ip -batch - <<< "$away"
for link in br0 br1 low0; do
	ip link delete "$link"
done
sysctl -qw net.ipv6.conf.default.addr_gen_mode=0
cd /
rm -r "$tmp"
finish
