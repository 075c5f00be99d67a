#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# doctor --link: what can be wrong with a tap is made for real, and the command that is printed mends it.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash
load doctor.bash

setup() {
	need_tap
	command -v bridge > /dev/null || skip "needs iproute2"
}

# alone_with COMMANDS: in a shell with the tools, in a network namespace with the persistent tap t0. $options is for
# doctor; `hold WORDS...` opens t0 and goes on, and `answer` is doctor's exit status.
alone_with() {
	run env options="${options:---link t0}" HOLD="$HOLD" unshare -n bash -c '
		held=""
		trap "[ -z \"\$held\" ] || kill \$held 2> /dev/null || :" EXIT
		hold() {
			exec 9< <("$HOLD" t0 "$@")
			held=$!
			read -r word <&9 && [ "$word" = held ] || return
			while [[ $(ip link show t0) == *NO-CARRIER* ]]; do sleep 0.01; done # until the kernel has noticed
		}
		answer() { "$VHOSTCTL" --json doctor $options > /dev/null && echo 0 || echo $?; }
		ip tuntap add dev t0 mode tap vnet_hdr && ip link set lo up || exit 1
		'"$tools
set -e
$1"
	echo "$output"
	[ "$status" = 0 ]
}

@test "a link that is missing" {
	local options='--link t1'
	alone_with '[ "$(answer)" = 1 ]; "$VHOSTCTL" --json doctor $options | jq -e ".checks | all(.check != \"t1\" and (has(\"link\") | not))"
		mends t1 missing "there is no such link in this network namespace"'
	options='--link t1 --queue-pairs 2'
	alone_with 'mends t1 missing "there is no such link"; [ "$(finding "t1 queues" result)" = ok ]'
}

@test "a tap that is as it should be: each check is ok" {
	alone_with '[ "$("$VHOSTCTL" --json doctor $options | jq -r "[.link_checks[] | select(.check != \"t0\") | .result] | unique | join(\" \")")" = ok ]'
	alone_with 'ip link set t0 up; hold vnet_hdr
		"$VHOSTCTL" --json doctor $options | jq -r ".link_checks[] | \"\(.check) \(.result)\"" > /dev/fd/1
		[ "$(finding "t0 flags" result) $(finding "t0 carrier" result)" = "ok ok" ]'
}

@test "what is no tap" {
	local options='--link lo'
	alone_with '[[ "$(finding lo result) $(finding lo text) [$(finding lo fix)]" == "wrong the link \"lo\" is not a tap "*" []" ]]'
}

@test "a tap that is held: by whom" {
	alone_with 'hold vnet_hdr; [[ "$(finding "t0 holder" text)" == "process $held (hold) has it open: another that opens it gets EBUSY"* ]] &&
		mends "t0 holder" busy "process $held (hold)"'
}

@test "owner and group are not the user" {
	local options='--link t0 --user nobody'
	alone_with 'ip tuntap del t0 mode tap; ip tuntap add t0 mode tap user daemon group daemon
		ip link add br0 type bridge; ip link set t0 up master br0
		mends "t0 owner" wrong "it belongs to user 1 and group 1: a launcher that opens it as user nobody gets EPERM" &&
		[[ "$(ip -o link show t0)" == *",UP"*" master br0 "* ]]'
	alone_with 'ip tuntap del t0 mode tap; ip tuntap add t0 mode tap multi_queue group daemon
		mends "t0 owner" wrong "no user and group 1" && [ "$(finding "t0 queues" text)" = "several: multi_queue" ]'
	alone_with 'ip tuntap del t0 mode tap; ip tuntap add t0 mode tap user daemon; hold
		[[ "$(finding "t0 owner" text)" == *"process $held (hold) has to end before"* && -z $(finding "t0 owner" fix) ]]'
}

@test "multi_queue is not as the launcher opens it" {
	local options='--link t0 --queue-pairs 2'
	alone_with 'ip tuntap del t0 mode tap; ip tuntap add t0 mode tap user daemon
		options="$options --user nobody"; mends "t0 owner" wrong "it belongs to user 1"; [ "$(finding "t0 queues" result)" = ok ]'
	alone_with 'mends "t0 queues" wrong "a launcher that opens it for 2 queue pairs gets EINVAL"; hold multi_queue'
	options='--link t0 --queue-pairs 1'
	alone_with 'ip tuntap del t0 mode tap; ip tuntap add t0 mode tap multi_queue
		mends "t0 queues" wrong "a launcher that opens one queue by itself gets EINVAL"; hold'
}

@test "flags are of the process that has it open" {
	alone_with 'hold; [[ "$(finding "t0 flags" text)" == "process $held (hold) opened it without a virtio-net header: "* ]] && [ "$(answer)" = 1 ]'
	alone_with 'hold vnet_hdr pi; [[ "$(finding "t0 flags" text)" == "process $held (hold) opened it with packet information: "* ]]
		mends "t0 holder" busy "process $held"; [ "$(finding "t0 flags" result)" = ok ]'
}

@test "it is down, or its carrier is off" {
	alone_with 'hold vnet_hdr; mends "t0 carrier" wrong "it is down"; ip link set t0 carrier off
		mends "t0 carrier" wrong "its carrier is switched off"'
}

@test "the bridge is down, or does not let its port forward" {
	alone_with 'ip link add br0 type bridge; ip link set t0 up master br0; hold vnet_hdr
		mends "t0 port" wrong "the bridge br0 is down"
		until [[ $(bridge link show dev t0) == *"state forwarding"* ]]; do sleep 0.01; done
		bridge link set dev t0 state 0; mends "t0 port" wrong "the bridge br0 has it disabled"'
	alone_with 'ip link add br0 type bridge stp_state 1 forward_delay 3000; ip link set br0 up; ip link set t0 up master br0; hold vnet_hdr
		while [[ $(bridge link show dev t0) == *"state disabled"* ]]; do sleep 0.01; done
		[[ "$(finding "t0 port" result) $(finding "t0 port" text)" == "info the bridge br0 has it l"*": the spanning tree protocol looks for loops first" ]]'
}

@test "MTU of tap and bridge differ" {
	alone_with 'ip link add br0 mtu 1500 type bridge; ip link set br0 mtu 1500; ip link set t0 mtu 1400 master br0; ip link set br0 mtu 1300
		mends "t0 MTU" wrong "1400, and 1300 of its bridge br0"'
}

@test "frames to the guest are dropped" {
	# Held first: then the tap has its queueing discipline when it is up.
	alone_with 'hold vnet_hdr; ip link set t0 txqueuelen 4 up; ip addr add 10.9.0.1/24 dev t0
		ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev t0; for i in {1..40}; do echo > /dev/udp/10.9.0.2/9; done
		mends "t0 drops" low "frames to the guest and 0 from it were dropped" ||
			[[ "$(finding "t0 drops" result) $(finding "t0 drops" text)" == "info "*"its queue of 10000 frames is long enough"* ]]'
}

@test "a name that a shell would expand is quoted" {
	local options="--link t\$(id)'"
	alone_with 'name=${options#* }; ip tuntap add dev "$name" mode tap; ip link add br0 type bridge; ip link set br0 mtu 1300
		ip link set dev "$name" mtu 1200 master br0; ip link set br0 mtu 1300
		mends "$name MTU" wrong "1200, and 1300 of its bridge br0"'
}

@test "what the command line has to be" {
	fails 2 'takes a number from 1 to 128, not "0"' doctor --link t0 --queue-pairs 0
	fails 2 '--queue-pairs is of the tap of --link, which is missing' doctor --queue-pairs 2
	fails 2 'missing value for "--link"' doctor --link=
}
