#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A running QEMU is given devices, and they are taken from it. The QEMUs here run no guest and have no vhost.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# config PAIRS [TAP-MEMBERS [DEVICE-MEMBERS]]
config() {
	printf '{"kind": "vhost-setup", "version": 1, "name": "vm1", "devices": [{"id": "net0", "type": "net",
		"vhost": "off", "queue_pairs": %s%s, "tap": {"name": "at0", "mac": "52:54:00:12:34:56"%s}}]}' \
		"$1" "${3:+, $3}" "${2:+, $2}" > vm.json
}

# inside MACHINE SCRIPT [PORTS]: beside a QEMU in a network namespace of its own.  ask COMMAND [ARGUMENTS]: what it answers.
inside() {
	need_tap
	command -v qemu-system-x86_64 > /dev/null || skip "QEMU is not there"
	export machine=$1 ports=${3:-1}
	run --separate-stderr unshare -n bash -c '
		qemu-system-x86_64 -M $machine -nodefaults -display none -S -accel tcg -qmp unix:qmp,server=on,wait=off \
			$([ $machine != q35 ] || for n in $(seq $ports); do echo -device pcie-root-port,id=port$n,chassis=$n; done) > qemu.log 2>&1 &
		pid=$!
		while kill -0 $pid && ! grep -q " 00010000 .* qmp$" /proc/net/unix; do sleep 0.1; done # it listens
		ask() {
			python3 -c "import json, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(\"qmp\"); f = s.makefile(\"rw\"); f.readline()
for i, line in enumerate([{\"execute\": \"qmp_capabilities\"}, dict(execute=sys.argv[1], **({\"arguments\": json.loads(sys.argv[2])} if sys.argv[2:] else {}))]):
    f.write(json.dumps({**line, \"id\": i}) + \"\n\"); f.flush()
    while (a := json.loads(f.readline())).get(\"id\") != i: pass
print(json.dumps(a[\"return\"], separators=(\",\", \":\")))" "$@"
		}
		get() { ask qom-get "{\"path\": \"/machine/peripheral/net0\", \"property\": \"$1\"}"; }
		queues() { ls -l /proc/$pid/fd | grep -c /dev/net/tun; }
		{ '"$2"'; }
		status=$?
		kill $pid
		wait $pid # it removes the socket
		exit $status'
}

@test "attach: QEMU has the queues and the device with its properties, and vhostctl has ended" {
	for pairs in 1 4; do
		config $pairs '"mtu": 1400' '"ring_size": 512, "features": {"mask": ["host_tso6"]}'
		inside q35 '"$VHOSTCTL" --json attach vm.json --qmp qmp >&2 && queues && get mac && get mq && get rx_queue_size &&
			get host_mtu && get host_tso6 && get host_tso4 && ip -oneline link show at0 | grep -o "UP.*mtu 1400"'
		[ "$status" = 0 ]
		[ "$(jq -c '[.kind, .command, .devices]' <<< "$stderr")" = \
			'["vhost-report","attach",[{"device":"net0","tap":"at0","queue_pairs":'$pairs',"vhost":false}]]' ]
		[ "${lines[*]:0:7}" = "$pairs \"52:54:00:12:34:56\" $([ $pairs = 4 ] && echo true || echo false) 512 1400 false true" ]
		[[ ${lines[7]} == *"mtu 1400" ]]
	done
}

@test "attach: an id that QEMU has already is refused before anything is done" {
	config 2
	inside pc 'ask device_add "{\"driver\": \"e1000\", \"id\": \"net0\"}" > /dev/null
		"$VHOSTCTL" attach vm.json --qmp qmp; echo $?'
	[ "$output" = 5 ]
	[[ $stderr == *'step 1 of '*'qmp: QEMU has a device "net0" already'*"hint: vhostctl detach net0 --qmp qmp"* ]]
}

@test "attach: a device that QEMU refuses is undone, in QEMU and on the host" {
	config 2
	inside q35 'ask device_add "{\"driver\": \"e1000e\", \"bus\": \"port1\"}" > /dev/null
		"$VHOSTCTL" attach vm.json --qmp qmp; echo $?; queues; ip -oneline link show at0
		ask netdev_add "{\"type\": \"user\", \"id\": \"net0\"}"'
	[ "$output" = $'5\n0\n{}' ]
	[[ $stderr == *"add device, device net0: qmp: QEMU refuses device_add: "*"in use by e1000e"*"(GenericError)"* ]]
	[[ $stderr == *"hint: start QEMU with a free port for each device: -device pcie-root-port,id="* ]]
}

@test "attach: the config chooses the port; one that is not free is refused with those that are" {
	config 1 '' '"bus": "port1"'
	inside q35 '"$VHOSTCTL" attach vm.json --qmp qmp > /dev/null && ask qom-get "{\"path\": \"/machine/peripheral/net0\", \"property\": \"parent_bus\"}"
		sed "s/net0/net1/; s/at0/at1/; s/:56/:57/" vm.json > second.json
		"$VHOSTCTL" -vv attach second.json --qmp qmp; echo $?' 3
	[ "${lines[0]}" = '"/machine/peripheral/port1/port1"' ]
	[ "${lines[1]}" = 5 ]
	[[ $stderr == *"QEMU refuses device_add: "*'hint: free ports for "bus" of device "net1": port2, port3'* ]]
	# -vv has what was said to QEMU, and what it said
	grep -q '^trace: qmp -> {"execute":"getfd",.*, with fd [0-9]*$' <<< "$stderr"
	grep -q '^trace: qmp <- .*"class": "GenericError"' <<< "$stderr"
}

@test "detach: a guest that does not answer keeps it; once the device is gone, the netdev goes" {
	config 1
	inside pc '"$VHOSTCTL" attach vm.json --qmp qmp > /dev/null && "$VHOSTCTL" detach net0 --qmp qmp -t 5; echo $?; queues
		ask system_reset > /dev/null; "$VHOSTCTL" --json detach net0 --qmp qmp; queues; ip -oneline link show at0
		"$VHOSTCTL" detach net0 --qmp qmp; echo $?'
	[ "${lines[0]} ${lines[1]}" = "5 1" ]
	[ "$(jq -c . <<< "$(head -n -2 <<< "$output" | tail -n +3)")" = \
		'{"kind":"vhost-report","version":1,"command":"detach","device":"net0","removed_device":false,"removed_netdev":true}' ]
	[ "$(tail -n 2 <<< "$output")" = $'0\n5' ]
	[[ $stderr == *'qmp: the guest has not answered the request to give up the device "net0"'*'no device and no netdev "net0"'* ]]
}

@test "detach: a netdev that a device of another name, or of none, has is not deleted" {
	inside pc 'for id in "" ", \"id\": \"nic\""; do
			ask netdev_add "{\"type\": \"user\", \"id\": \"net0\"}" > /dev/null
			ask device_add "{\"driver\": \"virtio-net-pci\", \"netdev\": \"net0\"$id}" > /dev/null
			"$VHOSTCTL" detach net0 --qmp qmp; echo $?
			ask netdev_del "{\"id\": \"net0\"}" # which it could not if there were none
		done'
	[ "$output" = $'5\n{}\n5\n{}' ]
	[[ $stderr == *'the netdev "net0" is in use by a device without an id'*"-device @net0.device@,id=net0"* ]]
	[[ $stderr == *'in use by a device with the id "nic"'*"vhostctl detach nic --qmp qmp"* ]]
}

@test "detach: a netdev of the machine's own NIC is not deleted" {
	inside 'pc -nic user,id=net0,model=e1000' '"$VHOSTCTL" detach net0 --qmp qmp; echo $?; ask netdev_del "{\"id\": \"net0\"}"'
	[ "$output" = $'5\n{}' ]
	[[ $stderr == *'the netdev "net0" is in use by a device without an id'* ]]
}

@test "a monitor that serves another client, and sockets of something else" {
	config 1
	inside pc 'python3 -c "import socket, time
s = socket.socket(socket.AF_UNIX); s.connect(\"qmp\"); s.recv(1); print(flush=True); time.sleep(1000)" > busy & client=$!
		while [ ! -s busy ]; do sleep 0.1; done
		"$VHOSTCTL" attach vm.json --qmp qmp -t 1; echo $?; kill $client
		wait $client; "$VHOSTCTL" attach vm.json --qmp qmp > /dev/null; echo $?'
	[ "$output" = $'5\n0' ]
	[[ $stderr == *"qmp: no greeting within 1 s: QEMU serves one client at a time and has another"*"hint: end the other client"* ]]
	fails 5 "nowhere: cannot connect to QEMU: " detach net0 --qmp nowhere
	: > file
	fails 5 "file: cannot connect to QEMU: " detach net0 --qmp file
}

@test "the command line: --qmp is needed" {
	config 1
	fails 2 "no QEMU given" attach vm.json
	fails 2 "no QEMU given" detach net0
	fails 2 'missing value for "--qmp"' detach net0 --qmp ''
	fails 2 "--timeout takes a number from 1 to 3600" detach net0 --qmp qmp --timeout 0
}
