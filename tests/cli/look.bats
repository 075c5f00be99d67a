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

# with_node TYPE SCRIPT: what looks like a vhost module whose node /dev/vhost-net is such a one ("c 1 3": /dev/null's,
# # "file"), and a process that has it open, which a thread shares: $owner and $thread. Nothing of vhost is there. In the
# script, looks is vhostctl without a right to BPF, so that /proc is read.
with_node() {
	unshare -m true 2> /dev/null || skip "needs a mount namespace"
	mkdir dev
	kind=$1 script=$2 run --separate-stderr unshare -m bash -c '
		mount -t tmpfs modules /sys/module && mkdir /sys/module/vhost && mount -t tmpfs nodes dev &&
			mknod -m 666 dev/null c 1 3 || exit 77
		if [ "$kind" = file ]; then : > dev/vhost-net; else mknod -m 666 dev/vhost-net $kind || exit 77; fi
		mount --bind dev /dev || exit 77
		coproc python3 -c "import os, threading, time
os.open(\"/dev/vhost-net\", os.O_RDWR)
threading.Thread(target=lambda: (print(threading.get_native_id(), flush=True), time.sleep(1000)), daemon=True).start()
input()" 2> /dev/null
		owner=$COPROC_PID
		looks() {
			${exec:-} setpriv --bounding-set=-all,+sys_ptrace ${fds:+prlimit --nofile=$fds} "$VHOSTCTL" --quiet "$@" 3>&- 4>&- 5>&-
		}
		read -r thread <&"${COPROC[0]}" || exit 77
		eval "$script"
		result=$?
		kill "$owner"
		exit "$result"'
	[ "$status" != 77 ] || skip "needs the right to make nodes, and python3"
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

@test "list: without the fds to look it says so, and not that there is nothing" {
	cd "$BATS_TEST_TMPDIR"
	with_node "c 1 3" 'fds=5 looks list'
	[ "$status" = 5 ]
	[ -z "$output" ]
	[[ $stderr == *"cannot read the vhost devices: Too many open files (EMFILE)"* ]]
}

@test "status: a file with the name of a node is no device" {
	cd "$BATS_TEST_TMPDIR"
	with_node file 'looks status "$owner"'
	[ "$status" = 4 ]
	[[ $stderr == *"has no vhost device"* ]]
}

@test "status: a thread is no process" {
	cd "$BATS_TEST_TMPDIR"
	with_node "c 1 3" 'looks --json status "$owner" && looks status "$thread"; echo "$?" "$thread"'
	[[ $output == *'"type": "net"'* ]]
	[ "${lines[-1]% *}" = 4 ]
	[[ $stderr == *"there is no process ${lines[-1]#* }"* ]]
}

@test "status --watch: it ends when it can no longer look, and says so" {
	cd "$BATS_TEST_TMPDIR"
	export ASAN_OPTIONS=detect_leaks=0 # that needs fds
	with_node "c 1 3" 'coproc watch { exec=exec looks --json status --watch 3 "$owner"; }
		watcher=$watch_PID # which goes with it
		read -r line <&"${watch[0]}" && prlimit --pid "$watcher" --nofile=3 && wait "$watcher"'
	[ "$status" = 5 ]
	[[ $stderr == *"cannot read the vhost devices: Too many open files (EMFILE)"* ]]
}

@test "status --watch: another process with the same pid is another device" {
	cd "$BATS_TEST_TMPDIR"
	# Those that come and go meanwhile could take the pid: in a PID namespace there are none.
	cat > script <<- 'END'
		last=/proc/sys/kernel/ns_last_pid
		[ -w $last ] || exit 77
		hold() { exec "./$1" 1000 9<> /dev/vhost-net; }
		hold first & pid=$!
		until read -r name < /proc/$pid/comm && [ "$name" = first ]; do sleep 0.05; done
		coproc watch { exec setpriv --bounding-set=-all,+sys_ptrace "$VHOSTCTL" --quiet --json status --watch 3 $pid; }
		exec {lines}<&"${watch[0]}"
		watcher=$watch_PID
		read -r line <&$lines && [[ $line == *'"first"'* ]] && echo watched
		kill $pid
		wait $pid
		echo $((pid - 1)) > $last
		hold second & next=$!
		[ $next = $pid ] || exit 77
		while read -r line <&$lines; do
			[[ $line != *'"second"'* ]] || { echo again; kill $watcher; }
		done
		wait $watcher
		echo $?
	END
	ln -s "$(command -v sleep)" first
	ln -s first second
	with_node "c 1 3" 'unshare -pf --mount-proc bash script 2> /dev/null'
	[ "$output" = $'watched\n0' ] || { echo "$output $stderr"; return 1; }
}
