#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a set-up that was killed changed on a tap that was there before is restored from its record.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	need_tap
	unshare -nm true 2> /dev/null || skip "needs a mount namespace"
	cd "$BATS_TEST_TMPDIR" || return
	config '"address": ["10.1.1.1/24", "10.9.9.9/24"], "txqueuelen": 77' > address.json
	config '"bridge": "br1", "isolated": true, "owner": "65534"' > bridge.json
}

config() {
	printf '{"kind": "vhost-setup", "version": 1, "name": "vm1", "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"tap": {"name": "old0", "existing": true, "mac": "52:54:00:00:00:01", "mtu": 1400, %s}}], "launcher": {"style": "env"}}' "$1"
}

# inside SCRIPT: with a network and a /run of its own, two bridges, and a tap that has much of its own.
inside() {
	run --separate-stderr unshare -nm bash -c 'mount -t tmpfs run /run
		make() {
			ip tuntap add old0 mode tap user 1000 && ip link set old0 mtu 1450 addrgenmode none
			if [ "$1" = bridge ]; then
				ip link set old0 master br0 && bridge link set dev old0 learning off &&
					bridge fdb add 02:00:00:00:00:99 dev old0 master static
			else
				ip address add 10.1.1.1/24 dev old0 && ip address add 192.168.7.7/16 brd + dev old0 &&
					ip address add fd77::1/64 dev old0
			fi
		}
		# what the kernel notices later is left out
		look() {
			ip -details address show dev old0 | sed -E "s/<[^>]*>//; s/ state [A-Za-z]+//; s/ tentative//; s/ qdisc [a-z_]+//
				s/_timer +[0-9.]+//g; s/ tso_max_(size|segs) [0-9]+//g"
			bridge fdb show dev old0 | grep static
			ip -oneline link show type bridge | grep -o "br[01]: .* mtu [0-9]*" | sed "s/<[^>]*>//"
		}
		# killed CALL N CONFIG: a set-up that is killed as it makes this call for the nth time; fails once it has ended.
		killed() {
			strace -qq -o trace -e trace=execve,unlinkat,"$1" -e inject="$1:signal=KILL:when=$2" \
				"$VHOSTCTL" setup "$3.json" -- true 2> /dev/null
			! grep -q "^execve(\"[^\"]*/true\"\|^unlinkat.* = 0" trace
		} 2> /dev/null
		'"$1" -- "${@:2}"
}

need_bridge() {
	unshare -n ip link add br0 type bridge 2> /dev/null || skip "no bridges here"
}

need_strace() {
	strace -qq -o trace -e trace=execve true 2> /dev/null || skip "strace traces nothing here"
}

# sweep KIND: a set-up that is killed at each of its calls, and teardown.
sweep() {
	need_strace
	inside 'kind=$1; for n in 0 1; do ip link add br$n address 02:00:00:00:00:0$n type bridge; ip link set br$n addrgenmode none up; done 2> /dev/null
		restored=0
		for call in sendmsg ioctl linkat; do
			make $kind && before=$(look)
			for n in {1..100}; do
				killed $call $n $kind || break
				"$VHOSTCTL" --json teardown $kind.json > report || exit
				restored=$((restored + $(jq ".restored | length" report)))
				diff <(echo "$before") <(look) || { echo "killed at $call $n"; exit; }
				[ -z "$(ls -A /run/vhostctl 2> /dev/null)" ] || { echo "killed at $call $n: a record is left"; exit; }
			done
			[ $n -gt 1 ] && [ $n -lt 100 ] || echo "$call: $n calls"
			ip link delete old0
		done
		[ $restored -gt 10 ] || echo "restored $restored times"' "$1"
	echo "$output $stderr"
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "kill -9 at any call: teardown restores a tap with addresses" {
	sweep address
}

@test "kill -9 at any call: teardown restores the port of another bridge" {
	need_bridge
	sweep bridge
}

@test "the set-up after a killed one restores first, so that its failure leaves what was there before both" {
	need_strace
	inside 'make address; before=$(look)
		half() { for n in {1..100}; do killed sendmsg $n address; [ "$(look)" = "$before" ] || break; done; ls /run/vhostctl | wc -l; }
		half; "$VHOSTCTL" setup address.json -r /dev/full -- true || echo "status $?"
		diff <(echo "$before") <(look) && ls -A /run/vhostctl
		half; "$VHOSTCTL" setup address.json -- ip -oneline address show dev old0 to 10.9.9.9
		"$VHOSTCTL" --json teardown address.json | jq -c .restored; ip -oneline address show dev old0 to 10.9.9.9 | wc -l'
	[[ $output == $'1\nstatus 5\n1\n'*"10.9.9.9/24"*$'\n[]\n1' ]]
}

@test "a link that has gone, and one of another network namespace, are not touched" {
	need_strace
	inside 'make address; for n in {1..100}; do killed sendmsg $n address; ip link show old0 | grep -q "mtu 1400" && break; done
		unshare -n sh -c "ip tuntap add old0 mode tap; ip link set old0 mtu 1400; \"$VHOSTCTL\" --json teardown address.json | jq -c .restored; ip link show old0"
		ip link delete old0; "$VHOSTCTL" --json teardown address.json | jq -c .restored; ls -A /run/vhostctl'
	[ "$status" = 0 ]
	[[ $output == "[]"*"mtu 1400"*"[]" ]]
}

@test "a record that is damaged is an error of teardown, and a warning of setup" {
	inside 'make address
		"$VHOSTCTL" setup address.json -- sh -c "ls /run/vhostctl"
		mkdir -p -m 700 /run/vhostctl
		strace -qq -o trace -e trace=linkat "$VHOSTCTL" setup address.json -- true; name=$(grep -o "vm1:net0@[0-9]*" trace)
		echo "{" > "/run/vhostctl/$name"; "$VHOSTCTL" teardown address.json; echo "status $?"
		"$VHOSTCTL" setup address.json -- true; echo "status $?"; "$VHOSTCTL" setup address.json -- false; cat "/run/vhostctl/$name"'
	[ "$output" = $'status 5\nstatus 0\n{' ] # kept, until somebody has restored what is in it
	[ "$(grep -c "cannot use the record /run/vhostctl/vm1:net0@.* of a set-up that was killed" <<< "$stderr")" = 3 ]
	[[ $stderr == *"hint: restore the link by hand"* ]]
}

@test "a link that was renamed since is restored, and reported by the name that it has" {
	need_strace
	inside 'make address; for n in {1..100}; do killed sendmsg $n address; ip link show old0 | grep -q "mtu 1400" && break; done
		ip link set old0 down; ip link set old0 name new0; "$VHOSTCTL" --json teardown address.json | jq -c .restored
		ip link show new0 | grep -o "mtu [0-9]*"'
	[ "$output" = $'[{"device":"net0","link":"new0"}]\nmtu 1450' ]
}

@test "no fd is left for a record or a netlink socket: the limit, and what to do" {
	need_strace
	sed 's/"type"/"queue_pairs": 2, &/; s/"existing": true/"persist": true/' address.json > two.json
	inside 'make address; for n in {1..100}; do killed sendmsg $n address; ip link show old0 | grep -q "mtu 1400" && break; done
		export ASAN_OPTIONS=detect_leaks=0 # that needs fds
		exec 3>&- 4>&- 5>&-; (ulimit -n 4; "$VHOSTCTL" teardown address.json); echo "status $?"
		(ulimit -n 5; "$VHOSTCTL" setup two.json -- true); echo "status $?"'
	[ "$output" = $'status 5\nstatus 5' ]
	[[ $stderr == *"cannot open the record of a set-up that was killed: all 4 fds that RLIMIT_NOFILE allows are in use"*"hint: ulimit -n 68"* ]]
	[[ $stderr == *"cannot open a netlink socket: all 5 fds that RLIMIT_NOFILE allows are in use"*"hint: ulimit -n 69" ]]
}

@test "a folder that is not root's alone is not used, and a warning says so" {
	inside 'make address; mkdir -m 777 /run/vhostctl; "$VHOSTCTL" teardown address.json > /dev/null; echo $?
		chmod 755 /run/vhostctl; chown 1 /run/vhostctl; "$VHOSTCTL" teardown address.json > /dev/null; echo $?
		rmdir /run/vhostctl; ln -s "$PWD" /run/vhostctl; "$VHOSTCTL" teardown address.json > /dev/null; echo $?
		rm /run/vhostctl; mkdir -m 755 /run/vhostctl; "$VHOSTCTL" teardown address.json > /dev/null; echo $?
		setpriv --reuid 65534 --clear-groups "$VHOSTCTL" teardown - < address.json > /dev/null; echo $?'
	[ "$output" = $'0\n0\n0\n0\n0' ]
	[ "$(grep -c "^vhostctl: warning: net0: /run/vhostctl is not used: .*; remove it$" <<< "$stderr")" = 3 ]
	[ "$(wc -l <<< "$stderr")" = 3 ]
}

@test "without a folder that is its own it goes on, and -v says so" {
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"tap": {"name": "old0", "existing": true}}], "launcher": {"style": "env"}}' > plain.json
	inside 'ip tuntap add old0 mode tap user 65534; mkdir /run/vhostctl; chmod 777 /run/vhostctl
		"$VHOSTCTL" setup plain.json -- true; echo $?
		rmdir /run/vhostctl; ln -s "$PWD" /run/vhostctl; "$VHOSTCTL" setup plain.json -- true; echo $?
		rm /run/vhostctl; chmod 755 .; setpriv --reuid 65534 --clear-groups "$VHOSTCTL" setup plain.json -- true; echo $?
		"$VHOSTCTL" -v setup plain.json -- true; setpriv --reuid 65534 --clear-groups "$VHOSTCTL" -v setup plain.json -- true'
	[ "$(head -n 3 <<< "$output")" = $'0\n0\n0' ]
	[ "$(grep -c "no record in /run/vhostctl" <<< "$stderr")" = 1 ]
}

@test "the name of a namespace leads nowhere, or to another one, when all is undone: links elsewhere with that index stay" {
	unshare -n ip link add br0 type bridge 2> /dev/null || skip "no bridges here"
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"tap": {"name": "old0", "existing": true, "mtu": 1300, "netns": "blue"}}], "launcher": {"style": "env"}}' > blue.json
	for to in /dev/null /run/netns/red; do
		rm -f hold && mkfifo hold
		run --separate-stderr timeout 300 unshare -nm bash -c 'mount -t tmpfs run /run && ip netns add blue && ip netns add red &&
			ip -n blue tuntap add old0 mode tap && touch /run/blue && mount --bind /run/netns/blue /run/blue || exit
			index=$(ip -n blue -json link show old0 | jq ".[0].ifindex")
			ip link add br0 index $index mtu 1450 type bridge && ip -n red link add br0 index $index mtu 1450 type bridge
			# the reader of the report holds the set-up
			env --default-signal "$VHOSTCTL" setup blue.json --report hold -- touch started & pid=$!
			while ! ip -n blue link show old0 | grep -q "mtu 1300"; do sleep 0.01; done
			umount /run/netns/blue && ln -sf '$to' /run/netns/blue
			kill $pid; wait $pid; echo $?
			ip link show br0 | grep -o "mtu [0-9]*"; ip -n red link show br0 | grep -o "mtu [0-9]*"
			nsenter --net=/run/blue ip link show old0 | grep -o "mtu [0-9]*"'
		[ "$output" = $'143\nmtu 1450\nmtu 1450\nmtu 1500' ]
		[ ! -e started ]
	done
}

@test "a record of a set-up that ends just as it is read is not used" {
	need_strace
	printf '{"kind": "vhost-setup", "version": 1, "name": "vm1", "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"tap": {"name": "old0", "existing": true, "mtu": 1300}}], "launcher": {"style": "env"}}' > mtu.json
	mkfifo hold
	run timeout 300 unshare -nm bash -c 'mount -t tmpfs run /run && ip tuntap add old0 mode tap
		export ASAN_OPTIONS=detect_leaks=0
		"$VHOSTCTL" setup mtu.json --report hold -- true & setup=$!
		while ! ip link show old0 | grep -q "mtu 1300"; do sleep 0.01; done
		strace -qq -o trace -e trace=openat "$VHOSTCTL" teardown mtu.json
		opened=$(grep -n "vm1:net0@" trace | cut -d: -f1)
		strace -qq -o trace -e trace=openat -e inject=openat:signal=STOP:when=$opened "$VHOSTCTL" teardown mtu.json > /dev/null & teardown=$!
		while ! grep -q "^--- stopped by SIGSTOP" trace; do sleep 0.01; done
		cat hold > /dev/null; wait $setup; kill -CONT $(pgrep -P $teardown); wait $teardown; echo $?; ip link show old0 | grep -o "mtu [0-9]*"'
	[ "$(tail -n 2 <<< "$output")" = $'0\nmtu 1300' ]
}
