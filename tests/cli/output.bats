#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What reads stdout gets all of it or nothing, and only what a person sees has colour.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

# on_terminal ARGUMENT...: what a terminal shows, of both outputs.
on_terminal() {
	TERM=xterm script -qec "$(printf '%q ' "$VHOSTCTL" "$@")" /dev/null < /dev/null
}

# at_width COLUMNS ARGUMENT...: the same on a terminal of that width, without colours; COLUMNS 0: not on a terminal.
at_width() {
	[ "$1" != 0 ] || { "$VHOSTCTL" "${@:2}"; return; }
	TERM=dumb script -qec "stty cols $1 rows 24; $(printf '%q ' "$VHOSTCTL" "${@:2}")" /dev/null < /dev/null | tr -d '\r'
}

# Written anew with: for w in 0 60 80 100 200; do narrow $w > tests/cli/width-$w.txt; done
narrow() { # COLUMNS
	at_width "$1" features check csum,host_tso4,guest_tso4,guest_ecn,guest_ufo,mq || true
	at_width "$1" features decode 0x1301
	at_width "$1" features diff mrg_rxbuf,ring_packed,guest_uso4 event_idx,rss || true
	at_width "$1" state diff "$source_root/tests/unit/migration/golden/split-1.json" \
		"$source_root/tests/unit/migration/golden/packed-1.json" || true
}

@test "on a terminal, texts wrap at words under themselves; elsewhere they do not" {
	for width in 0 60 80 100 200; do
		diff "$here/width-$width.txt" <(narrow "$width")
	done
}

@test "on a narrow terminal no line is too wide but commands to paste and long words, and no word is lost" {
	for command in doctor caps "features list" "plan $source_root/examples/qemu-mq.json" --help "setup --help" \
		"features --help" "loop --help" "check --help" "explain --help"; do
		# shellcheck disable=SC2086 # several words
		at_width 0 $command | tr -s ' \n' '\n' | tr -d '();' | sort -u > "$BATS_TEST_TMPDIR/words" || true
		for width in 60 80; do
			# shellcheck disable=SC2086 # several words
			at_width $width $command > "$BATS_TEST_TMPDIR/narrow"
			awk -v width=$width 'length > width && !/^ *(Usage:|launcher|fix|remedy) / {
				sub(/^ */, ""); if ($0 ~ / /) { print; bad = 1 } } / $/ { print "blank at the end: " $0; bad = 1 }
				END { exit bad }' "$BATS_TEST_TMPDIR/narrow"
			lost=$(tr -s ' \n' '\n' < "$BATS_TEST_TMPDIR/narrow" | tr -d '();,' | sort -u |
				comm -13 - <(tr -d , < "$BATS_TEST_TMPDIR/words" | sort -u))
			# but titles of columns: a list, or a help, need not have them
			[[ -z $lost || $lost =~ ^(field|type|default|help|fix|remedy|error|words|features|ioctls|[[:space:]]|-)*$ ]] || { echo "$command, $width: $lost"; return 1; }
		done
	done
}

@test "--json: a failure is one document on stderr, with status, place, text and hint" {
	run --separate-stderr vhostctl --json validate "$here/bad/address-name.json"
	[ "$status" = 3 ]
	[ -z "$output" ]
	[ "$(wc -l <<< "$stderr")" = 1 ]
	output=$stderr
	[ "$(json '"\(.kind) \(.command) \(.level) \(.status)"')" = "vhost-report message error 3" ]
	[[ $(json .where) == "$here/bad/address-name.json: line 14, /devices/0/tap/address/0" ]]
	[[ $(json .text) == '"localhost/8" is not allowed'* ]]
	run --separate-stderr vhostctl loop --json --frames=0
	[ "$status" = 2 ]
	output=$stderr
	[ "$(json .status)" = 2 ]
	[[ $(json .hint) == *"vhostctl loop --help"* ]]
	run --separate-stderr vhostctl --json nothing
	output=$stderr
	[[ $(json .text) == *'"nothing"'* ]]
}

@test "--json: warnings and what -v tells are documents, too, a line each" {
	need_tap
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"features": {"require": ["csum"]}, "tap": {}}], "launcher": {"style": "env"}}' > "$BATS_TEST_TMPDIR/require.json"
	run --separate-stderr unshare -n "$VHOSTCTL" --json -v setup "$BATS_TEST_TMPDIR/require.json" -- true
	[ "$status" = 0 ]
	[ "$(jq -r .level <<< "$stderr" | sort -u | tr '\n' ' ')" = "info warning " ]
}

@test "every command's help and result is text, and with --json one document of a kind" {
	local state=$source_root/tests/unit/migration/golden/split-1.json
	for command in "features list" "features decode 0x8001" "features encode csum" "features check csum" \
		"features diff 1 1" "validate $source_root/examples/qemu.json" \
		"plan $source_root/examples/qemu.json" "state show $state" "state check $state" \
		"state diff $state $state" "explain vhostfd(s)= is not valid without vhost" "--version" "--help"; do
		# shellcheck disable=SC2086 # several words
		says 0 $command
		[ -n "$output" ]
		[[ $output != *$'\e'* ]]
		# shellcheck disable=SC2086 # several words
		says 0 $command --json
		[[ $(json .kind) == vhost-* ]]
		[ "$(json .version)" = 1 ]
		[ "$(jq -s length <<< "$output")" = 1 ]
	done
}

@test "a full disk is a failure, and is reported" {
	[ -c /dev/full ] || skip "no /dev/full here"
	for arguments in "features list" "features list --json" --help --version; do
		# shellcheck disable=SC2086 # several words
		run --separate-stderr bash -c '"$VHOSTCTL" "$@" > /dev/full' - $arguments
		[ "$status" = 5 ]
		[[ $stderr == *"cannot write the result: No space left on device (ENOSPC)"* ]]
	done
}

@test "a closed pipe ends it, with the signal or, if that is ignored, with a status" {
	run bash -c 'exec 2>&1 > >(:); wait $!; "$VHOSTCTL" features list; echo "$?" >&2'
	[ "$output" = 141 ]
	run bash -c 'trap "" PIPE; exec 2>&1 > >(:); wait $!; "$VHOSTCTL" features list; echo "$?" >&2'
	[ "${lines[0]}" = "vhostctl: cannot write the result: Broken pipe (EPIPE)" ]
	[ "${lines[1]}" = 5 ]
}

@test "no stdout at all is a failure" {
	run --separate-stderr bash -c '"$VHOSTCTL" features list >&-'
	[ "$status" = 5 ]
	[[ $stderr == *"cannot write the result"* ]]
}

@test "no stderr and no stdin change nothing" {
	says 0 features list
	local whole=$output
	run bash -c '"$VHOSTCTL" features list 2>&- <&-'
	[ "$status" = 0 ]
	[ "$output" = "$whole" ]
	run bash -c '"$VHOSTCTL" fly 2>&-'
	[ "$status" = 2 ]
}

@test "what is opened never has the number of a closed stdin, stdout or stderr" {
	cp "$source_root/examples/qemu.json" "$BATS_TEST_TMPDIR/setup.json"
	cd "$BATS_TEST_TMPDIR" || return
	run bash -c '"$VHOSTCTL" -vv validate setup.json 2>&1 > /dev/null <&- | grep "^trace: open(.setup.json"'
	[[ $output =~ " = "([3-9]|[1-9][0-9]+)$ ]]
	run bash -c '"$VHOSTCTL" -vv validate setup.json 2>&1 >&- | grep "^trace: open(.setup.json\|result"'
	[[ ${lines[0]} =~ " = "([3-9]|[1-9][0-9]+)$ ]]
	[ "${lines[1]}" = "vhostctl: cannot write the result: Bad file descriptor (EBADF)" ]
}

@test "colour on a terminal, not with NO_COLOR, not on a dumb one, not in a file" {
	command -v script > /dev/null || skip "script(1) is not there"
	unset NO_COLOR
	[[ $(on_terminal features list) == *$'\e[1m'* ]]
	[[ $(on_terminal fly) == *$'\e[1;31mvhostctl:'* ]]
	[[ $(NO_COLOR=1 on_terminal features list) != *$'\e'* ]]
	[[ $(NO_COLOR=1 on_terminal fly) != *$'\e'* ]]
	[[ $(NO_COLOR='' on_terminal features list) == *$'\e[1m'* ]]
	[[ $(vhostctl features list) != *$'\e'* ]]
	run script -qec "TERM=dumb $(printf %q "$VHOSTCTL") features list" /dev/null
	[[ $output != *$'\e'* ]]
}

@test "JSON has no colour, not even on a terminal" {
	command -v script > /dev/null || skip "script(1) is not there"
	unset NO_COLOR
	[[ $(on_terminal features list --json) != *$'\e'* ]]
}

@test "every printed document matches its schema" {
	python3 -c 'import jsonschema' 2> /dev/null || skip "python3-jsonschema is not there"
	cd "$BATS_TEST_TMPDIR"
	vhostctl --json features list > 1.json
	vhostctl --json features decode 0x5 255 > 2.json
	vhostctl --json features decode 0x10b3d008000 0xa > 3.json
	vhostctl --json features encode csum > 4.json
	vhostctl --json features check hash_tunnel > 5.json || true
	vhostctl --json features diff csum 0x3 > 6.json || true
	vhostctl --json caps > 7.json
	vhostctl --json doctor > 8.json || true
	vhostctl --json validate "$source_root/examples/qemu-mq.json" > 9.json
	vhostctl --json plan "$source_root/examples/qemu-mq.json" > 10.json
	vhostctl --json loop --frames 10 --queues 2 > 11.json || true
	vhostctl --json --version > 12.json
	vhostctl --json --help > 13.json
	local state=$source_root/tests/unit/migration/golden
	vhostctl --json state show "$state/iommu-4.json" > 14.json
	vhostctl --json state check "$state/packed-1.json" > 15.json
	vhostctl --json state diff "$state/split-1.json" "$state/iommu-4.json" > 16.json || true
	vhostctl --json check "$state/iommu-4.json" > 17.json || true
	vhostctl --json check "$state/packed-1.json" --host 7.json > 18.json || true
	vhostctl --json explain 'Features 0x3 unsupported. Allowed features: 0x1' > 19.json
	vhostctl --json explain nothing > 20.json || true
	find . -size 0 -delete
	[ -e 9.json ] && [ -e 20.json ]
	run python3 - "$source_root/schemas" ./*.json <<- 'END'
		import json, sys, jsonschema
		for path in sys.argv[2:]:
		    document = json.load(open(path))
		    schema = json.load(open(f"{sys.argv[1]}/{document['kind']}.schema.json"))
		    jsonschema.Draft202012Validator(schema).validate(document)
	END
	echo "$output"
	[ "$status" = 0 ]
}
