#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The report that setup writes to a file, a pipe or a device before the launcher runs.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash
load setup.bash

@test "--report: what was set up, before the launcher runs; a place that cannot be written is refused first" {
	run --separate-stderr alone setup off.json --report report.json -- cat report.json
	[ "$status" = 0 ]
	[ "$(json '"\(.kind) \(.devices[0].tap) \(.devices[0].tap_fds)"')" = "vhost-report tp0 [3]" ]
	run --separate-stderr alone setup off.json --report /no/such/place -- touch there
	[ "$status" = 5 ]
	[ ! -e there ]
	[[ $stderr == "vhostctl: cannot write the report to /no/such/place: No such file or directory (ENOENT)" ]]
	run --separate-stderr alone setup off.json --report . -- touch there
	[[ $stderr == "vhostctl: cannot write the report to .: Is a directory (EISDIR)" ]]
}

@test "--report: what was not set up is not reported, and leaves no file" {
	run --separate-stderr alone setup no-such.json --report report.json -- true
	[ "$status" != 0 ]
	[ ! -e report.json ]
	printf '#!/no/such/interpreter\n' > launcher
	chmod +x launcher
	run --separate-stderr alone setup off.json --report report.json -- ./launcher
	[ "$status" = 127 ]
	[ ! -e report.json ]
	# what another set-up reported stays until this one is complete
	echo before > report.json
	run --separate-stderr alone setup no-such.json --report report.json -- true
	run --separate-stderr alone setup require.json --report report.json -- @net0.nothing@
	[ "$(cat report.json)" = before ]
}

@test "--report: it is replaced as a whole, through links, and what is no file is written as it is" {
	mkdir there
	echo before > there/report.json
	ln -s there/report.json link
	run --separate-stderr alone setup off.json --report link -- cat there/report.json
	[ "$(json .kind)" = vhost-report ]
	[ -L link ]
	[ "$(ls there)" = report.json ]
	[ "$(stat -c %a there/report.json)" = "$(printf %o $((0666 & ~$(umask))))" ]
	# a link stays one also where its file is not there yet; one that leads round is refused before anything is made
	rm there/report.json
	ln -s link again
	run --separate-stderr alone setup off.json --report again -- cat there/report.json
	[ "$(json .kind)" = vhost-report ]
	[ -L again ] && [ -L link ] && [ ! -L there/report.json ]
	ln -s round round
	run --separate-stderr alone setup off.json --report round -- touch started
	[ "$status" = 5 ]
	[[ $stderr == "vhostctl: cannot write the report to round: Too many levels of symbolic links (ELOOP)" ]]
	[ ! -e started ] && [ -L round ]
	run --separate-stderr alone setup off.json --report /dev/stdout -- true
	[ "$(json .kind)" = vhost-report ]
	run --separate-stderr alone setup off.json --report /dev/full -- touch started
	[ "$status" = 5 ]
	[[ $stderr == *"cannot write the report to /dev/full: No space left on device (ENOSPC)"* ]]
	[ ! -e started ]
}

@test "--report above RLIMIT_FSIZE: what was set up is undone, and the launcher may write no more than before" {
	document off | sed 's/"tap": {/&"persist": true, /' > persist.json
	# in one pipe, which has no limit
	run unshare -n bash -c 'ulimit -f 0; "$VHOSTCTL" setup persist.json --report report.json -- touch started
		echo $?; ip -brief link; "$VHOSTCTL" setup off.json -- sh -c "echo x > file"; echo $?'
	[[ ${lines[0]} == *"cannot write the report to report.json: File too large (EFBIG)" ]]
	[ "${lines[1]}" = 5 ]
	[ "${lines[-1]}" = $((128 + $(kill -l XFSZ))) ]
	[[ $output != *tp0* ]]
	[ ! -e started ]
	[ "$(echo report.json*)" = "report.json*" ]
}

@test "a signal while nobody reads the report ends the set-up, too" {
	document off | sed 's/"tap": {/&"persist": true, /' > persist.json
	mkfifo hold
	run --separate-stderr timeout 300 unshare -n bash -c '
		env --default-signal "$VHOSTCTL" setup persist.json --report hold -- touch started & pid=$!
		while ! ip link show dev tp0 > /dev/null 2>&1; do sleep 0.01; done
		kill $pid; wait $pid; status=$?; ip -oneline link; exit $status'
	[ "$status" = 143 ]
	[[ $output != *tp0* ]]
	[[ $stderr == *"ended by signal 15 (Terminated)" ]]
	[ ! -e started ]
}

@test "a signal ends the set-up while a reader of the report has it open and does not read" {
	document off | sed 's/"tap": {/&"persist": true, /' > persist.json
	mkfifo hold
	run --separate-stderr timeout 300 unshare -n bash -c '
		exec 9<> hold; dd if=/dev/zero of=/dev/fd/9 bs=4096 oflag=nonblock 2> /dev/null # until it is full
		env --default-signal "$VHOSTCTL" setup persist.json --report hold -- touch started 9>&- & pid=$!
		while ! ip link show dev tp0 > /dev/null 2>&1; do sleep 0.01; done # it is not the shell any more, which has 9
		while ! ls -l "/proc/$pid/fd" 2> /dev/null | grep -q "/hold$"; do sleep 0.01; done
		kill $pid; wait $pid; status=$?; ip -oneline link; exit $status'
	[ "$status" = 143 ]
	[[ $output != *tp0* ]]
	[[ $stderr == *"ended by signal 15 (Terminated)" ]]
	[ ! -e started ]
}

@test "a pipe's reader sees its end when there is nothing to report" {
	mkfifo pipe
	echo '{' > bad.json
	for config in no-such.json bad.json off.json; do
		run --separate-stderr timeout 300 unshare -n bash -c 'cat pipe > got & reader=$!
			"$VHOSTCTL" setup $0 --report pipe -- /no/such/launcher && echo done; wait $reader' "$config"
		[ "$status" = 0 ]
		[ -z "$output" ] && [ ! -s got ]
		[[ $stderr == "vhostctl: "* ]]
	done
	# also one that comes late
	run --separate-stderr timeout 300 unshare -n bash -c '"$VHOSTCTL" setup bad.json --report pipe -- true & pid=$!
		cat pipe; wait $pid'
	[ "$status" = 3 ]
	[ -z "$output" ]
}
