# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Completion of vhostctl for bash. Commands and options are those of 'vhostctl --json --help', which a test compares.

_vhostctl_options() {
	case $1 in
	setup) echo '-u --user -n --no-new-privs -r --report' ;;
	plan) echo '-u --user -c --caps' ;;
	doctor) echo '-u --user' ;;
	check) echo '-H --host' ;;
	loop) echo '-n --frames -Q --queues -s --size' ;;
	esac
	echo '-h --help -V --version -j --json -q --quiet -v --verbose'
}

# What stands for an option's value; fails when the option takes none.
_vhostctl_value() {
	case $1:$2 in
	setup:-u | setup:--user | plan:-u | plan:--user | doctor:-u | doctor:--user) compgen -u -- "$3" ;;
	setup:-r | setup:--report | plan:-c | plan:--caps | check:-H | check:--host) compgen -f -- "$3" ;;
	loop:-n | loop:--frames | loop:-Q | loop:--queues | loop:-s | loop:--size) ;;
	*) return 1 ;;
	esac
}

_vhostctl() {
	local program=$1 current=$2 previous=$3 command='' arguments=0 at
	COMPREPLY=()

	for ((at = 1; at < COMP_CWORD; at++)); do
		case ${COMP_WORDS[at]} in
		--) # the launcher, then its arguments
			if ((at == COMP_CWORD - 1)); then
				mapfile -t COMPREPLY < <(compgen -c -- "$current")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
			fi
			return
			;;
		-*) ;;
		*)
			if [[ -z $command ]]; then
				command=${COMP_WORDS[at]}
			elif [[ $command == features || $command == state ]]; then
				command+=" ${COMP_WORDS[at]}"
			elif ! _vhostctl_value "$command" "${COMP_WORDS[at - 1]}" '' > /dev/null; then
				((arguments++))
			fi
			;;
		esac
	done

	if _vhostctl_value "$command" "$previous" "$current" > /dev/null; then
		mapfile -t COMPREPLY < <(_vhostctl_value "$command" "$previous" "$current")
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vhostctl_options "$command") --" -- "$current")
	else
		case $command in
		'') mapfile -t COMPREPLY < <(compgen -W 'setup plan validate caps doctor features state check loop' -- "$current") ;;
		features) mapfile -t COMPREPLY < <(compgen -W 'list decode encode check diff' -- "$current") ;;
		state) mapfile -t COMPREPLY < <(compgen -W 'show check diff' -- "$current") ;;
		'features list' | caps | doctor | loop) ;;
		'features '*) mapfile -t COMPREPLY < <(compgen -W "$("$program" features list 2> /dev/null |
			while read -r _ name _; do [[ $name == name ]] || echo "$name"; done)" -- "$current") ;;
		'state diff') ((arguments > 1)) || mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
		*) ((arguments)) || mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
		esac
	fi
}

complete -o filenames -F _vhostctl vhostctl
