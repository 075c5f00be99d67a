#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set
# Help, man pages and completions say the same as the tables of commands and of fields.

load lib.bash

setup() {
	man=$source_root/man completions=$source_root/completions
	vhostctl --json --help > "$BATS_TEST_TMPDIR/help.json"
}

table() { # FILTER: from all of the tables
	jq -r "$1" "$BATS_TEST_TMPDIR/help.json"
}

commands() {
	table '.commands[].name'
}

# options_of COMMAND: "-n --frames" a line, its own and everybody's.
options_of() {
	table "(.commands[] | select(.name == \"$1\") | .options[]), .options[] | \"-\\(.letter) --\\(.name)\""
}

page_of() { # COMMAND: its man page
	case $1 in
	plan | validate) echo "$man/vhostctl-setup.1" ;;
	detach) echo "$man/vhostctl-attach.1" ;;
	commands) echo "$man/vhostctl.1" ;;
	*) echo "$man/vhostctl-${1%% *}.1" ;;
	esac
}

rendered() {
	mandoc -T ascii "$1" | col -bx
}

@test "help: each command has its own, with each option" {
	while read -r command; do
		# shellcheck disable=SC2086 # two words
		says 0 $command --help
		[[ ${lines[0]} == "Usage: vhostctl $command"* ]]
		while read -r letter long; do
			[[ $output == *"$letter, $long"* ]] || { echo "$command: $long"; return 1; }
		done < <(options_of "$command")
	done < <(commands)
}

@test "help: the program's has each command, the group's its own, and no line is too wide" {
	says 0 --help
	while read -r command; do
		[[ $output == *"  $command "* ]]
	done < <(commands)
	[ "$(wc -L <<< "$output")" -le 120 ]
	says 0 features --help
	[[ $output == *"features diff"* ]]
	[[ $output != *loop* ]]
}

@test "help: names, letters and texts are there once and not empty" {
	[ "$(table '[.commands[] | select(.text == "")] | length')" = 0 ]
	[ "$(table '[.commands[].options[], .options[] | select(.help == "" or .letter == "")] | length')" = 0 ]
	[ "$(table '[. as $all | .commands[] | [.options[], $all.options[]] | (map(.name) | unique | length) == length and (map(.letter) | unique | length) == length] | all')" = true ]
}

@test "man: nothing for mandoc to complain about" {
	command -v mandoc > /dev/null || skip "mandoc is not there"
	cd "$man"
	run mandoc -T lint ./*.[1-9]
	echo "$output"
	[ -z "$output" ]
}

@test "man: a page for each command, with its options, and no other" {
	command -v mandoc > /dev/null || skip "mandoc is not there"
	while read -r command; do
		page=$(rendered "$(page_of "$command")")
		[[ $page == *"vhostctl $command"* ]] || { echo "$command: not named"; return 1; }
		while IFS=$'\t' read -r letter name argument; do
			[[ $page == *"-$letter, --$name${argument:+ $argument}"* ]] || { echo "$command: --$name"; return 1; }
		done < <(table ".commands[] | select(.name == \"$command\") | .options[] | \"\\(.letter)\\t\\(.name)\\t\\(.argument)\"")
	done < <(commands)
	for page in "$man"/*.1; do
		while read -r option; do
			table '.commands[].options[], .options[] | .name' | grep -qx -- "$option" || { echo "$page: --$option"; return 1; }
		done < <(rendered "$page" | grep -oE '^ +-., --[a-z-]+' | sed 's/.*--//')
	done
	page=$(rendered "$man/vhostctl.1")
	while read -r letter long; do
		[[ $page == *"$letter, $long"* ]]
	done < <(table '.options[] | "-\(.letter) --\(.name)"')
}

# examples_of PAGE: the lines of its examples, as they are read.
examples_of() {
	awk '/^\.Sh EXAMPLES/ { all = 1 } /^\.Sh SEE/ { all = 0 } /^\.Ed/ { block = 0 } all && block; /^\.Bd/ { block = 1 }' "$1" |
		sed -e ':more' -e '/\\e$/ { N; s/\\e\n */ /; b more' -e '}'
}

# Where an example runs a launcher, its plan is made: a test has no disk image.
@test "man: the examples work, on a Debian as it is" {
	cd "$BATS_TEST_TMPDIR"
	local page command tried=0
	for page in "$man"/*.[15]; do
		examples_of "$page" | awk '/^\{/ { file = "config" ++n ".json" } file { print > file } /^\}/ { file = "" }'
		[ ! -e config1.json ] || mv config1.json vm.json
		[ -e vm.json ] || cp "$source_root/examples/qemu.json" vm.json
		for config in *.json; do
			[ "$config" = help.json ] || vhostctl validate "$config" > validated
			user=$(jq -r '.launcher.user // "root"' "$config")
			[ "$config" = help.json ] || id "$user"
		done
		while read -r command; do
			echo "$page: $command"
			command=${command/vhostctl setup/vhostctl plan}
			status=0
			# others need a running guest, or a document of another host
			[[ ! $command =~ ^vhostctl\ (plan|validate|features|explain|doctor|caps)\  || $command =~ [|]|\$\( ]] ||
				{ eval "$command" > said 2> errors || status=$?; tried=$((tried + 1)); }
			[ "$status" -le 1 ] || { cat errors; return 1; }
		done < <(examples_of "$page" | sed -n 's/^\($ \)\?vhostctl/vhostctl/p')
		rm -f config*.json vm.json
	done
	[ "$tried" -ge 6 ]
	examples_of "$man/vhostctl-features.1" | sed -n '/^\$ /,$p' | sed -n '2,4p' |
		diff - <(vhostctl features check csum,host_tso4,guest_tso4)
}

@test "man: each field of a vhost-setup document, and no other" {
	fields=$(table '.commands[] | select(.name == "setup") | .fields[] | select(.type != "object") | .field' | sed 's/^devices\[\]\.//')
	objects=$(table '.commands[] | select(.name == "setup") | .fields[] | select(.type == "object") | .field' | sed 's/^devices\[\]\.//')
	[ -n "$fields" ]
	written=$(sed -n 's/^\.It Ic //p' "$man/vhost-setup.5" | sed 's/ , /\n/g')
	diff <(sort <<< "$fields") <(grep -vxF -e "$objects" <<< "$written" | sort)
}

# The fields in a schema, with the path to them in dots; objects are shown by their fields.
fields_of='def walk($before): .properties | to_entries[] | ($before + .key) as $name |
	if .value.properties then .value | walk($name + ".")
	elif .value.items.properties? then $name, (.value.items | walk($name + "[]."))
	else $name end; walk("")'

# written PAGE [SECTION]: the fields that it describes.
written() {
	sed -n "${2:+/^\.Ss $2\$/,/^\.S[sh] /}s/^\.It Ic //p" "$man/$1" | sed 's/ , /\n/g' | sort
}

@test "man: each field of a vhost-state and of a vhost-caps document, and no other" {
	for kind in vhost-state vhost-caps; do
		diff <(jq -r "$fields_of" "$source_root/schemas/$kind.schema.json" | sort) <(written "$kind.5")
	done
}

@test "man: each field of both forms of a vhost-plan document, and no other" {
	schema=$source_root/schemas/vhost-plan.schema.json
	diff <(jq -r ".oneOf[0] | $fields_of" "$schema" | sort) <(written vhost-plan.5 "The plan of a device")
	diff <(jq -r ".oneOf[1] | $fields_of" "$schema" | sort) <(written vhost-plan.5 "The plan of a config")
}

@test "man: each field of each command's vhost-report document, and no other" {
	schema=$source_root/schemas/vhost-report.schema.json
	while read -r command; do
		diff <(jq -r --arg name "$command" ".allOf[] | select(.if.properties.command.const == \$name).then | $fields_of" "$schema" |
			grep -vxE 'kind|version|command' | sort) <(written vhost-report.5 "$command") || { echo "$command"; return 1; }
	done < <(jq -r '.allOf[].if.properties.command.const' "$schema")
}

@test "man: each method and each error of io.vhostctl, and no other" {
	description=$source_root/schemas/io.vhostctl.varlink
	diff <(sed -n 's/^method \([A-Za-z]*\).*/\1/p' "$description" | sort) <(written io.vhostctl.7 Methods)
	diff <(sed -n 's/^error \([A-Za-z]*\).*/\1/p' "$description" | sort) <(written io.vhostctl.7 Errors)
}

@test "man: each function of the library, and no other" {
	functions=$(grep -oE '\bvhc_[a-z_]+\(' "$source_root/include/vhostconfig.h" | tr -d '(' | grep -v '^vhc_log_fn$' | sort -u)
	written=$(grep -oE 'Fn vhc_[a-z_]+' "$man/libvhostconfig.3" | cut -d' ' -f2 | sort -u)
	diff <(echo "$functions") <(echo "$written")
}

# complete_bash WORD...: what bash offers for the last one.
complete_bash() {
	PATH="$(dirname "$VHOSTCTL"):$PATH" bash --norc -c 'source "$0/vhostctl.bash"
		COMP_WORDS=(vhostctl "$@") COMP_CWORD=$#
		_vhostctl vhostctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' "$completions" "$@"
}

@test "bash: commands, options, features, files, users" {
	while read -r command; do
		# shellcheck disable=SC2086 # two words
		diff <(complete_bash $command - | grep -vx -- -- | sort) <(options_of "$command" | tr ' ' '\n' | sort)
	done < <(commands)
	diff <(complete_bash '' | sort) <(commands | cut -d' ' -f1 | sort -u)
	for group in features state; do
		diff <(complete_bash "$group" '' | sort) <(commands | sed -n "s/^$group //p" | sort)
	done
	[ "$(complete_bash --json features decode mrg_)" = mrg_rxbuf ]
	[ "$(complete_bash loop --frames '')" = "" ]
	[ "$(complete_bash features list --type '' | sort | tr '\n' ' ')" = "net vsock " ]
	[ "$(complete_bash features decode -t v)" = vsock ]
	complete_bash setup --user roo | grep -qx root
	cd "$source_root/examples"
	[ "$(complete_bash setup qemu.j)" = qemu.json ]
	[ "$(complete_bash setup --user root qemu.j)" = qemu.json ]
	[ "$(complete_bash setup qemu.json qemu.j)" = "" ]
	[ "$(complete_bash state diff qemu.json qemu.j)" = qemu.json ]
	[ "$(complete_bash state diff qemu.json qemu.json qemu.j)" = "" ]
	[ "$(complete_bash check --host qemu.j)" = qemu.json ]
	[ "$(complete_bash check --host qemu.json qemu.j)" = qemu.json ]
	complete_bash setup qemu.json -- unshar | grep -qx unshare
}

@test "fish: the same" {
	command -v fish > /dev/null || skip "fish is not there"
	complete_fish() {
		PATH="$(dirname "$VHOSTCTL"):$PATH" HOME=$BATS_TEST_TMPDIR fish --no-config -c "source $completions/vhostctl.fish; complete -C '$*'" | cut -f1
	}
	while read -r command; do
		diff <(complete_fish "vhostctl $command --" | sort) <(options_of "$command" | cut -d' ' -f2 | sort)
	done < <(commands)
	diff <(complete_fish 'vhostctl ' | sort) <(commands | cut -d' ' -f1 | sort -u)
	for group in features state; do
		diff <(complete_fish "vhostctl $group " | sort) <(commands | sed -n "s/^$group //p" | sort)
	done
	[ "$(complete_fish 'vhostctl features decode mrg_')" = mrg_rxbuf ]
	[ "$(complete_fish 'vhostctl features list --type ' | sort | tr '\n' ' ')" = "net vsock " ]
}

# complete_zsh WORD...: what zsh is told for the last one: options, or words with their texts.
complete_zsh() {
	PATH="$(dirname "$VHOSTCTL"):$PATH" zsh -f -c '
		_arguments() { print -l -- "$@" }
		_describe() { print -l -- "${(@P)2}" }
		completions=$1; shift
		words=(vhostctl "$@") CURRENT=$#words PREFIX=$words[-1]
		source $completions' - "$completions/_vhostctl" "$@"
}

@test "zsh: the same" {
	command -v zsh > /dev/null || skip "zsh is not there"
	while read -r command; do
		# shellcheck disable=SC2086 # two words
		diff <(complete_zsh $command - | grep -oP '^\([^)]*\)\K--?[a-zA-Z-]+' | sort) <(options_of "$command" | tr ' ' '\n' | sort)
	done < <(commands)
	diff <(complete_zsh '' | cut -d: -f1 | sort) <(commands | cut -d' ' -f1 | sort -u)
	for group in features state; do
		diff <(complete_zsh "$group" '' | cut -d: -f1 | sort) <(commands | sed -n "s/^$group //p" | sort)
	done
	[[ $(complete_zsh setup '') == *'1:file:_files'* ]]
	[[ $(complete_zsh state diff '') == *'2:file:_files'* ]]
	[[ $(complete_zsh features decode '') == *'*:set:_vhostctl_features'* ]]
	[[ $(complete_zsh features list --) == *'--type['*']:word:(net vsock)'* ]]
	[[ $(complete_zsh setup '') == *'--user[run the launcher as this user]:user:_users'* ]]
}

@test "bash, zsh and fish as they run: options, features within a list, the launcher and its arguments" {
	cd "$source_root"
	PATH=$(dirname "$VHOSTCTL"):$PATH
	for shell in bash zsh fish; do
		command -v $shell > /dev/null || continue
		while IFS='|' read -r typed completed; do
			line=$("$here/keys" $shell completions "vhostctl $typed")
			[ "${line%[ ,]}" = "vhostctl $completed" ] || { echo "$shell: \"$typed\" becomes \"$line\""; return 1; }
		done <<- 'END'
			doct|doctor
			--json features li|--json features list
			help doct|help doctor
			help features de|help features decode
			features decode mrg_rxbuf,event_i|features decode mrg_rxbuf,event_idx
			features decode 1 event_i|features decode 1 event_idx
			setup examples/qemu-m|setup examples/qemu-mq.json
			setup examples/qemu.json -- unshar|setup examples/qemu.json -- unshare
			setup examples/qemu.json -- unshare examples/qemu-m|setup examples/qemu.json -- unshare examples/qemu-mq.json
		END
	done
}

@test "completions: running devices by pid, link, id and launcher, and their brokers, whatever their names are" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat > "$BATS_TEST_TMPDIR/bin/vhostctl" <<- END
		#!/bin/sh
		[ "\$*" != "--quiet list" ] || {
			echo 'type   pid  name  link          queue_pairs  id    broker  launcher'
			echo 'net   1234  qemu  \$(touch\$IFS$BATS_TEST_TMPDIR/ran)            1  net7  vm1         1240'
			echo 'net    123  qemu  tap0                     1  -     123            -'
			echo 'vsock  123  qemu  -                        1  -     -              -'
			exit
		}
		exec "$VHOSTCTL" "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/vhostctl"
	VHOSTCTL=$BATS_TEST_TMPDIR/bin/vhostctl
	[ "$(complete_bash status 12 | tr '\n' ' ')" = "123 1234 1240 " ]
	[ "$(complete_bash dump ta)" = tap0 ]
	[ "$(complete_bash status '' | wc -l)" = 6 ]
	[ "$(complete_bash status net)" = net7 ]
	[ "$(complete_bash teardown vm)" = vm1 ]
	[ -z "$(complete_bash teardown 12)" ]
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	[[ $(complete_zsh status '') == *'1:device:_vhostctl_devices'* ]]
	[[ $(complete_zsh teardown '') == *'1:broker:_vhostctl_brokers'* ]]
	command -v fish > /dev/null || return 0
	[ "$(env PATH="$BATS_TEST_TMPDIR/bin:/usr/bin:/bin" HOME="$BATS_TEST_TMPDIR" fish --no-config -c "source $completions/vhostctl.fish; complete -C 'vhostctl dump ta'" | cut -f1)" = tap0 ]
	[ "$(env PATH="$BATS_TEST_TMPDIR/bin:/usr/bin:/bin" HOME="$BATS_TEST_TMPDIR" fish --no-config -c "source $completions/vhostctl.fish; complete -C 'vhostctl teardown vm'" | cut -f1)" = vm1 ]
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
}
