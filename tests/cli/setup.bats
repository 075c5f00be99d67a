#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# setup and the launcher it becomes. Where there is no vhost the documents say "prefer" or "off".
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash
load setup.bash

@test "the launcher's output and status are its own" {
	run --separate-stderr alone setup off.json -- sh -c 'echo out; echo err >&2; exit 7'
	[ "$status" = 7 ]
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "with --json, too, stdout is the launcher's" {
	run --separate-stderr alone --json setup off.json -- echo out
	[ "$output" = out ]
}

@test "a launcher that is killed leaves the signal's status" {
	run alone setup off.json -- sh -c 'kill -9 $$'
	[ "$status" = 137 ]
}

@test "the launcher has the fds that it was promised, and no other" {
	run alone setup off.json -- sh -c 'echo "$VHOSTCTL_FDS"; ls -l /proc/$$/fd | grep -c net/tun; ls /proc/$$/fd'
	[ "$status" = 0 ]
	[ "${lines[0]}" = "net0.tap.0=3" ]
	[ "${lines[1]}" = 1 ]
	[ "${lines[*]:2}" = "0 1 2 3" ]
}

@test "--keep-fd: an fd of the caller keeps its number, and the devices' get others" {
	run alone setup off.json --keep-fd 4,6 -- sh -c 'echo $VHOSTCTL_FDS; cat <&4; cat <&6' 4< <(echo four) 6< <(echo six)
	[ "$status" = 0 ]
	[ "$output" = $'net0.tap.0=3\nfour\nsix' ]
	says 0 plan --json off.json -k 3 -k 5 -- echo @net0.tapfds@ @net0.mtu@
	[ "$(json '.launcher[1]')" = 4 ]
	for bad in 2 x "3," 3,,4 -1 1048576 3x; do
		fails 2 "--keep-fd takes fds from 3 on" plan off.json --keep-fd "$bad"
	done
}

@test "vhostctl is gone: the launcher is the process that was started" {
	run alone setup off.json -- sh -c 'echo $$; cut -d" " -f4 /proc/$$/stat; echo $PPID'
	[ "$status" = 0 ]
	[ "${lines[1]}" = "${lines[2]}" ]
	run bash -c 'unshare -n "$VHOSTCTL" setup off.json -- sh -c "echo \$\$" & echo $!; wait'
	[ "${lines[0]}" = "${lines[1]}" ]
}

@test "the link is there for the launcher, with all that was asked for, and goes with it" {
	run unshare -n bash -c '"$VHOSTCTL" setup off.json -- sh -c "ip -json address show dev tp0"; ip -oneline link'
	[ "$status" = 0 ]
	output=${lines[0]}
	[ "$(json '.[0].mtu')" = 1400 ]
	[ "$(json '.[0].flags | index("UP") != null')" = true ]
	[ "$(json '.[0].addr_info[] | select(.family == "inet") | "\(.local)/\(.prefixlen)"')" = 192.0.2.1/24 ]
	[[ ${lines[*]:1} != *tp0* ]]
}

@test "several queue pairs are several fds" {
	document off '"queue_pairs": 4' > four.json
	run alone setup four.json -- sh -c 'echo "$VHOSTCTL_FDS"'
	[ "$output" = "net0.tap.0=3,net0.tap.1=4,net0.tap.2=5,net0.tap.3=6" ]
}

@test "tokens in the launcher's arguments" {
	run alone setup off.json -- echo @net0.tapfds@ x@net0.tapfds@y @net0.mtu@
	[ "$status" = 0 ]
	[[ $output == "3 x3y 1400" ]]
	run --separate-stderr alone setup off.json -- echo @net0.tapfds@
	[ "$status" = 2 ]
	[[ $stderr == "vhostctl: "*"add @net0.mtu@"* ]]
	[[ $stderr != *step* ]] # before anything is made
	run --separate-stderr alone setup off.json -- echo @net9.tapfds@
	[ "$status" = 2 ]
	[[ $stderr == "vhostctl: "*net9* ]]
}

@test "--user: the launcher is that user, and no longer root" {
	run alone setup --user nobody off.json -- sh -c 'id -un; id -Gn; grep -E "^Cap(Eff|Prm):" /proc/$$/status | tr -d "\n\t"'
	[ "$status" = 0 ]
	[ "${lines[0]}" = nobody ]
	[[ ${lines[2]} =~ ^CapPrm:0+CapEff:0+$ ]]
	run --separate-stderr alone setup --user no-such-user off.json -- true
	[ "$status" -ge 3 ]
	[[ $stderr == "vhostctl: "*no-such-user* ]]
}

@test "--no-new-privs" {
	run alone setup --no-new-privs off.json -- grep NoNewPrivs /proc/self/status
	[[ $output == *1 ]]
	run alone setup off.json -- grep NoNewPrivs /proc/self/status
	[[ $output == *0 ]]
}

@test "listen-fds: systemd's protocol" {
	document off '"queue_pairs": 2' | sed 's/"env"/"listen-fds"/' > listen.json
	run alone setup listen.json -- sh -c '[ "$LISTEN_PID" = $$ ] && echo "$LISTEN_FDS $LISTEN_FDNAMES"'
	[ "$status" = 0 ]
	[[ $output == "2 tap:net0.0:tap:net0.1" || $output == 2\ * ]]
}

@test "no such launcher is 127, one that cannot run is 126, as with env(1), and nothing is left" {
	run -127 --separate-stderr alone setup off.json -- /no/such/launcher
	[ -z "$output" ]
	[[ $stderr == "vhostctl: "*"/no/such/launcher"* ]]
	run -127 --separate-stderr alone setup off.json -- no-such-launcher
	run --separate-stderr alone setup off.json -- "$BATS_TEST_TMPDIR"
	[ "$status" = 126 ]
	touch plain
	run --separate-stderr alone setup off.json -- ./plain
	[ "$status" = 126 ]
	[[ $stderr == "vhostctl: "* ]]
}

@test "what failed is undone: a persistent link of a set-up that failed is not left" {
	# its second device wants a bridge that is not there
	echo '{"kind": "vhost-setup", "version": 1, "devices": [
		{"id": "a", "type": "net", "vhost": "off", "tap": {"name": "tp1", "persist": true}},
		{"id": "b", "type": "net", "vhost": "off", "tap": {"name": "tp2", "persist": true, "bridge": "nobr0"}}],
		"launcher": {"style": "env"}}' > two.json
	run unshare -n bash -c '"$VHOSTCTL" setup two.json -- true; echo $?; ip -oneline link'
	[[ $output == *"nobr0"* ]]
	[[ $output != *tp1* ]]
	[[ $(tail -n +2 <<< "$output") != *tp2$'\n'* ]]
	[[ ${lines[*]} == *" 4 "* || ${lines[*]} == *" 5 "* ]]
}

@test "prefer: without vhost it continues, and reports that on stderr, in the environment and in the report" {
	[ ! -e /dev/vhost-net ] || skip "vhost-net is here"
	document prefer > prefer.json
	run --separate-stderr alone setup prefer.json --report report.json -- sh -c 'echo "$VHOSTCTL_VHOST"'
	[ "$status" = 0 ]
	[ "$output" = off ]
	[[ $stderr == "vhostctl: warning: net0: continuing without vhost, as the config allows: open: /dev/vhost-net: "* ]]
	output=$(cat report.json)
	[ "$(json '"\(.kind) \(.command) \(.devices[0].vhost)"')" = "vhost-report setup false" ]
	[[ $(json '.devices[0].why') == "open: /dev/vhost-net: "* ]]
}

@test "require: without vhost it is status 4 with the reason, and the launcher does not run" {
	[ ! -e /dev/vhost-net ] || skip "vhost-net is here"
	run --separate-stderr unshare -n bash -c '"$VHOSTCTL" setup require.json -- touch there; r=$?; ip -oneline link >&2; exit $r'
	[ "$status" = 4 ]
	[ ! -e there ]
	[[ $stderr == "vhostctl: "*"/dev/vhost-net"* ]]
	[[ $stderr != *tp0 ]]
}

# bats test_tags=vhost
@test "require: with vhost the launcher gets a vhost fd for each pair, without an owner" {
	need_vhost
	document require '"queue_pairs": 2' > two.json
	run --separate-stderr alone setup two.json --report report.json -- sh -c 'echo "$VHOSTCTL_FDS $VHOSTCTL_VHOST"; ls -l /proc/$$/fd | grep -c vhost-net'
	[ "$status" = 0 ]
	[ "${lines[0]}" = "net0.tap.0=3,net0.tap.1=4,net0.vhost.0=5,net0.vhost.1=6 on" ]
	[ "${lines[1]}" = 2 ]
	output=$(cat report.json)
	[ "$(json '.devices[0].vhost')" = true ]
}

@test "a signal during the set-up: all is undone, one line and 128 and its number say so" {
	document off | sed 's/"tap": {/&"persist": true, /' > persist.json
	for signal in INT TERM HUP; do
		mkfifo hold
		# the report's reader holds the set-up until the signal has come
		run --separate-stderr unshare -n bash -c '
			env --default-signal "$VHOSTCTL" setup persist.json --report hold -- touch started & pid=$!
			while ! ip link show dev tp0 > /dev/null 2>&1; do sleep 0.01; done
			kill -'$signal' $pid
			# it may also have stopped before it opened the report
			cat hold > /dev/null & reader=$!
			wait $pid
			status=$?
			kill $reader
			ip -oneline link
			exit $status'
		[ "$status" = $((128 + $(kill -l "$signal"))) ]
		[[ $output != *tp0* ]]
		[[ $stderr == *"ended by signal "* ]]
		[ ! -e started ]
		rm hold
	done
}

@test "a signal that is ignored stays ignored, and the launcher has no signal blocked" {
	run alone setup off.json -- grep -E "^Sig(Blk|Ign)" /proc/self/status
	[ "${lines[0]##*[!0-9a-f]}" = 0000000000000000 ]
	run --separate-stderr unshare -n bash -c 'trap "" HUP; exec "$VHOSTCTL" setup off.json -- sh -c "kill -HUP \$\$; echo lives"'
	[ "$output" = lives ]
}

@test "-v: each step, before it is executed, the last of them the launcher" {
	run --separate-stderr alone -v setup off.json -- echo out
	[ "$output" = out ]
	local steps
	steps=$(sed '1{/^info: read off.json$/d}' <<< "$stderr")
	[ "$(grep -c '^info: step [0-9]* of [0-9]*: ' <<< "$steps")" = "$(wc -l <<< "$steps")" ]
	[[ $steps == *": set mtu, device net0: tp0, mtu 1400"*"exec: echo" ]]
	[ "$(sed -n 's/.*step \([0-9]*\) of.*/\1/p' <<< "$steps" | tr '\n' ' ')" = "$(seq -s ' ' "$(wc -l <<< "$steps")") " ]
}

@test "-q: no warning" {
	[ ! -e /dev/vhost-net ] || skip "vhost-net is here"
	document prefer > prefer.json
	run --separate-stderr alone -q setup prefer.json -- true
	[ "$status" = 0 ]
	[ -z "$stderr" ]
}

@test "without rights: status 4, the step and what is missing" {
	run --separate-stderr unshare -n setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all \
		"$VHOSTCTL" setup off.json -- true
	[ "$status" = 4 ]
	[[ $stderr == "vhostctl: "*tp0* || $stderr == "vhostctl: "*tun* ]]
}

# bats test_tags=vhost
@test "attach by name: a user who cannot open vhost-net is refused before the launcher runs; prefer goes without" {
	need_vhost
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "attach": "name",
		"tap": {"name": "tp0"}}], "launcher": {"style": "kvmtool", "user": "nobody"}}' > mine.json
	sed 's/"attach"/"vhost": "prefer", &/' mine.json > wish.json
	mkdir nodes
	# inside MODE COMMAND: with a node of this mode
	inside() {
		run --separate-stderr unshare -nm sh -c 'mount -t tmpfs nodes nodes && mknod -m "$0" nodes/net c 10 238 &&
			mount --bind nodes/net /dev/vhost-net && "$@"' "$@"
	}
	inside 0600 "$VHOSTCTL" setup mine.json -- touch started @net0.net@
	[ "$status" = 4 ]
	[[ $stderr == "vhostctl: step "*": check vhost, device net0: the launcher opens /dev/vhost-net by itself, as user nobody: "*"mode 0600"* ]]
	[[ $stderr == *'set "vhost" to "prefer"'* ]]
	[ ! -e started ]
	inside 0600 "$VHOSTCTL" setup wish.json -- echo @net0.net@
	[ "$status" = 0 ]
	[ "$output" = mode=tap,tapif=tp0 ]
	[[ $stderr == *"net0: continuing without vhost"* ]]
	inside 0666 "$VHOSTCTL" setup mine.json -- echo @net0.net@
	[ "$output" = mode=tap,tapif=tp0,vhost=1 ]
	[ -z "$stderr" ]
}

@test "attach by name: the link is the launcher's user's, and gone when it has ended" {
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"attach": "name", "tap": {"name": "tp0"}}], "launcher": {"style": "kvmtool", "user": "nobody"}}' > name.json
	run --separate-stderr unshare -n "$VHOSTCTL" setup name.json -r report.json -- \
		sh -c 'echo "$@"; ip -d link show tp0 | grep -o "user nobody"; exit 9' sh --network @net0.net@
	[ "$status" = 9 ]
	[ "$output" = $'--network mode=tap,tapif=tp0\nuser nobody' ]
	[ -z "$stderr" ]
	output=$(< report.json)
	[ "$(json '.devices[0] | .tap, .tap_fds')" = $'tp0\nnull' ]
	run --separate-stderr unshare -n sh -c '"$@"; ip link show tp0' sh "$VHOSTCTL" setup name.json -- true @net0.net@
	[ "$status" = 1 ]
	says 0 plan --json name.json -- lkvm run --network @net0.net@
	[ "$(json '[.operations[].operation] | index("start launcher") < index("exec")')" = true ]
}

@test "attach by name: no launcher runs without the process that removes its link" {
	strace -qq -o trace -e trace=execve true 2> /dev/null || skip "strace traces nothing here"
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"attach": "name", "tap": {"name": "tp0"}}], "launcher": {"style": "kvmtool"}}' > name.json
	# killed [N]: a set-up that is killed as it closes something for the nth time
	killed() {
		run env ASAN_OPTIONS=detect_leaks=0 strace -qq -o trace -e trace=pipe2,close ${1:+-e inject=close:signal=KILL:when="$1"} \
			unshare -n "$VHOSTCTL" setup name.json -- echo alive @net0.net@
	}
	killed
	[[ $output == "alive "* ]]
	# the first one after the last pipe is of the parent, when there is a child
	last=$(grep -n '^pipe2' trace | tail -n 1 | cut -d: -f1)
	killed $(($(head -n "$last" trace | grep -c '^close') + 1))
	[ "$status" = 137 ]
	[ -z "$output" ]
}

@test "attach by name: what the launcher closes is closed" {
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"attach": "name", "tap": {"name": "tp0"}}], "launcher": {"style": "kvmtool"}}' > name.json
	mkfifo kept other ended
	# fd 7 is not the launcher's, and it closes fd 9; it ends when the readers of both have seen that
	run --separate-stderr timeout 300 unshare -n bash -c '
		"$VHOSTCTL" setup name.json --keep-fd 9 -- sh -c "echo text >&9; exec 9>&-; cat ended" sh @net0.net@ 7> other 9> kept &
		launcher=$!; cat other & reader=$!; cat kept; wait $reader; echo > ended; wait $launcher'
	[ "$status" = 0 ]
	[ "$output" = text ]
}
