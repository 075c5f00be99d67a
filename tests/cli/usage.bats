#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

@test "no command, an unknown one, half of one" {
	fails 2 "no command"
	fails 2 'unknown command "fly"' fly
	fails 2 'no command after "features"' features
	[[ $stderr == *"hint: see 'vhostctl features --help'" ]]
	fails 2 'unknown command "fly"' features fly
	fails 2 'unknown command "feature"' feature list
	fails 2 'an argument is empty' ''
}

@test "commands and options are not abbreviated" {
	fails 2 'unknown command "cap"' cap
	fails 2 'unknown option "--js"' --js caps
	fails 2 'unknown option "--frame"' loop --frame 1
}

@test "unknown options, before and after the command" {
	fails 2 'unknown option "--fly"' --fly
	fails 2 'unknown option "-x"' caps -x
	fails 2 'unknown option "-qx"' caps -qx
	fails 2 'unknown option "--frames"' caps --frames 3
	fails 2 'unknown option "--frames"' --frames 3 loop
}

@test "values that are missing, or given to a flag" {
	fails 2 'missing value for "--frames"' loop --frames
	fails 2 'missing value for "-n"' loop -n
	fails 2 'missing value for "--frames"' loop --frames -- 3
	fails 2 'no value is accepted for "--json"' caps --json=yes
	fails 2 'missing value for "--host"' check --host= state.json
	fails 2 'missing value for "--host"' check -H '' state.json
	fails 2 'missing value for "--type"' features list --type=
	fails 2 'missing value for "--user"' setup -u '' "$source_root/examples/qemu.json" -- true
	fails 2 'missing value for "--user"' doctor --user=
}

@test "a value that is given twice: which one is meant?" {
	fails 2 'given twice: "--host"' check state.json --host a.json --host b.json
	fails 2 'given twice: "--type"' mask -b a.json -t net --type=vsock
	fails 2 'given twice: "--link"' doctor -l lo -l nosuch
	says 0 --json features list --json -vv -v --quiet --quiet
}

@test "an empty argument is a variable that is not set, never a file, a set or a launcher" {
	fails 2 "an argument is empty" setup '' -- true
	fails 2 "an argument is empty" validate ''
	fails 2 "an argument is empty" features decode ''
	fails 2 "an argument is empty" features diff 0x1 ''
	fails 2 "the launcher's name is empty" setup "$source_root/examples/qemu.json" -- '' x
}

@test "numbers out of range, or not a number" {
	for value in 0 -1 +1 1x '' ' 1' 0x10 100000001 18446744073709551616 99999999999999999999; do
		fails 2 "--frames takes a number from 1 to 100000000, not \"$value\"" loop "--frames=$value"
	done
	fails 2 "--queues takes a number from 1 to" loop --queues 0
	fails 2 "--queues takes a number from 1 to" loop -Q17
	fails 2 '--size takes a number from 60 to 9014, not "59"' loop --size 59
	fails 2 '--size takes a number from 60 to 9014, not "9015"' loop -s 9015
}

@test "too few and too many arguments" {
	fails 2 'missing argument "SET..."' features decode
	fails 2 "missing argument" features diff 0x1
	fails 2 'unexpected argument "0x3"' features diff 0x1 0x2 0x3
	fails 2 'missing argument "CONFIG"' validate
	fails 2 'unexpected argument "now"' caps now
	fails 2 'no command line is accepted after "--"' caps --
	fails 2 'no command line is accepted after "--"' validate -- "$source_root/examples/qemu.json"
	fails 2 "missing argument" setup -- true
}

@test "setup without a launcher" {
	fails 2 "no launcher" setup "$source_root/examples/qemu.json"
	fails 2 "no launcher" setup "$source_root/examples/qemu.json" --
}

@test "a usage error does nothing, even when the rest is right" {
	fails 2 "unknown option" setup "$source_root/examples/qemu.json" --fly -- touch "$BATS_TEST_TMPDIR/there"
	[ ! -e "$BATS_TEST_TMPDIR/there" ]
}

@test "global options may be anywhere before --" {
	says 0 --json features encode csum
	local first=$output
	says 0 features --json encode csum
	[ "$output" = "$first" ]
	says 0 features encode csum -j
	[ "$output" = "$first" ]
	says 0 features encode -qvj csum
	[ "$output" = "$first" ]
}

@test "a message is one line, whatever was given" {
	fails 2 'unknown command "a\u000ab\u001b[31m"' $'a\nb\e[31m'
}

@test "the hint names the help that helps" {
	fails 2 "" loop --fly
	[[ $stderr == *"see 'vhostctl loop --help'"* ]]
	fails 2 "" features fly
	[[ $stderr == *"see 'vhostctl features --help'"* ]]
}

@test "help is --help, with or without a command" {
	for words in "" caps features "features list"; do
		# shellcheck disable=SC2086 # two words
		says 0 $words --help
		local want=$output
		# shellcheck disable=SC2086
		says 0 help $words
		[ "$output" = "$want" ]
	done
	says 0 --help --json
	local want=$output
	says 0 help --json
	[ "$output" = "$want" ]
	fails 2 'unknown command "fly"' help fly
	[[ $stderr == *"see 'vhostctl --help'"* ]]
	fails 2 'unknown command "help"' features help
}

@test "--version, also as JSON" {
	says 0 --version
	[[ $output == vhostctl*libvhostconfig* ]]
	says 0 --version --json
	[ "$(json .vhostctl)" = "$(json .libvhostconfig)" ]
	[[ $(json .vhostctl) =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "the help of check and of setup is about vsock too" {
	says 0 check --help
	[[ $output != *"if vhost-net is"* ]]
	[[ $output == *"if the device's node"* ]]
	says 0 setup --help
	[[ $output == *"vsock: -device @ID.device@"* ]]
}
