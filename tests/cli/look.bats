#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2154 # bats and lib.bash set
# list, status, dump: bad input, and what is said without a right. What they show of devices is compared with the truth
# by the VM suite look.

load lib.bash

# A process without capabilities, if this one can make one.
powerless() {
	setpriv --reuid 65534 --clear-groups --bounding-set -all "$VHOSTCTL" "$@"
}

# The modules have to be there for anything to be refused.
need_module() {
	[ -d /sys/module/vhost ] || skip "this kernel has no vhost module loaded"
}

@test "list: without a vhost module it is empty and done" {
	[ ! -d /sys/module/vhost ] || skip "this kernel has one"
	says 0 list
	says 0 --json list
	[ "$(json .devices)" = "[]" ]
	[ -z "$(vhostctl --json list 2>&1 > /dev/null)" ]
}

@test "status, dump: a process that is not there" {
	sleep 0 & wait $!
	for command in status dump; do
		fails 4 "there is no process $!" $command $!
		[[ $stderr == *"'vhostctl list' shows"* ]]
	done
}

@test "status, dump: a process without a device, and a link without one" {
	for command in status dump; do
		run --separate-stderr vhostctl --quiet $command $$
		[ "$status" = 4 ]
		[ -z "$output" ]
		[[ $stderr == *"process $$ has no vhost device"* ]]
		run --separate-stderr vhostctl --quiet $command lo
		[ "$status" = 4 ]
		[[ $stderr == *'no vhost device is on a link "lo"'* ]]
		run --separate-stderr vhostctl --quiet $command --fd 3 $$
		[ "$status" = 4 ]
		[[ $stderr == *"process $$ has no such vhost device"* ]]
	done
}

@test "status, dump: wrong arguments" {
	for command in status dump; do
		fails 2 "" $command
		fails 2 "" $command 1 2
		fails 2 "--fd takes a number" $command --fd x 1
		fails 2 "--fd takes a number" $command --fd -1 1
		run --separate-stderr vhostctl --quiet $command $'a\e[31mb'
		[ "$status" = 4 ]
		[[ $stderr == *'a\u001b[31mb'* ]]
		run --separate-stderr vhostctl --quiet $command 99999999999999999999
		[ "$status" = 4 ]
		fails 2 "an argument is empty" $command ''
	done
	fails 2 "--watch takes a number from 1 to 86400" status --watch 0 1
	fails 2 "" list 1
}

@test "list: without a right it says which, and goes on" {
	need_module
	[ "$(id -u)" = 0 ] || skip "gives up capabilities: needs root"
	run --separate-stderr powerless list
	[ "$status" = 0 ]
	[[ $stderr == *"warning: only owner, link and workers are known"* ]]
	[[ $stderr == *"built without BPF"* || $stderr == *"CAP_BPF and CAP_PERFMON"*"run it as root"* ]]
	run --separate-stderr powerless --quiet list
	[ "$status" = 0 ]
	[ -z "$stderr" ]
}

@test "list: in a user namespace it says that no capability helps" {
	need_module
	unshare -Ur true 2> /dev/null || skip "no user namespaces here"
	run --separate-stderr unshare -Ur "$VHOSTCTL" list
	[ "$status" = 0 ]
	[[ $stderr == *"built without BPF"* || $stderr == *"user namespace"*"on the host"* ]]
}
