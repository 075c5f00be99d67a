# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Completion of vhostctl for bash. Commands and options are those that 'vhostctl commands' lists.

# _vhostctl_table PROGRAM COMMAND...: a table that it prints, without its heading, with tabs between the columns.
_vhostctl_table() {
	"$@" 2> /dev/null | awk -F '  +' -v OFS='\t' 'NR > 1 { sub(/^ +/, ""); $1 = $1; print }'
}

# _vhostctl_running PROGRAM COLUMN...: what the devices that are in use have in these columns.
_vhostctl_running() {
	local program=$1
	shift
	"$program" --quiet list 2> /dev/null | awk -F '  +' -v names=" $* " '
		{ sub(/^ +/, "") }
		NR == 1 { for (i = 1; i <= NF; i++) if (index(names, " " $i " ")) at[i]; next }
		{ for (i in at) if ($i != "-") print $i }' | sort -u
}

# _vhostctl_pick CURRENT: the lines that begin with it; compgen would expand what is in the name of a link.
_vhostctl_pick() {
	local word
	while IFS= read -r word; do
		[[ $word != "$1"* ]] || printf '%s\n' "$word"
	done
}

# _vhostctl_value PROGRAM KIND CURRENT: what can stand for a value of that kind.
_vhostctl_value() {
	case $2 in
	file) compgen -f -- "$3" ;;
	user) compgen -u -- "$3" ;;
	device) _vhostctl_running "$1" pid link id launcher | _vhostctl_pick "$3" ;;
	broker) # a config is one, too; a broker without a name is shown by its pid
		_vhostctl_running "$1" broker | grep -v '^[0-9]' | _vhostctl_pick "$3"
		compgen -f -- "$3"
		;;
	*"|"*) compgen -W "${2//|/ }" -- "$3" ;;
	set) # features after the last comma
		local before=''
		[[ $3 != *,* ]] || before=${3%,*},
		compgen -P "$before" -W "$(_vhostctl_table "$1" features list | cut -f 2)" -- "${3##*,}"
		;;
	esac
}

_vhostctl() {
	local program=$1 current=$2 previous=$3 command='' arguments=0 at word name option letter value most kind
	local -A takes=() limit=() values=()
	local -a words=()
	COMPREPLY=()

	while IFS=$'\t' read -r name option letter value most _; do
		if [[ $option == - ]]; then
			takes[$name]=$value limit[$name]=$most
		else
			values["$name $option"]=$value values["$name $letter"]=$value
		fi
	done < <(_vhostctl_table "$program" commands)

	for ((at = 1; at < COMP_CWORD; at++)); do
		word=${COMP_WORDS[at - 1]}
		kind=${values["$command $word"]:-${values["- $word"]:-flag}}
		word=${COMP_WORDS[at]}
		if [[ $word == -- ]]; then # the launcher, then its arguments
			if ((at == COMP_CWORD - 1)); then
				mapfile -t COMPREPLY < <(compgen -c -- "$current")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
			fi
			return
		elif [[ $word == -* || $kind != flag || ($word == help && -z $command) ]]; then
			continue
		elif [[ -z ${takes[${command:--}]:-} ]]; then
			command+="${command:+ }$word"
		else
			((arguments++))
		fi
	done

	kind=${values["$command $previous"]:-${values["- $previous"]:-flag}}
	if [[ $kind != flag ]]; then
		mapfile -t COMPREPLY < <(_vhostctl_value "$program" "$kind" "$current")
	elif [[ $current == -* ]]; then
		for name in "${!values[@]}"; do
			[[ ${name% *} != "$command" && ${name% *} != - ]] || words+=("${name##* }")
		done
		mapfile -t COMPREPLY < <(compgen -W "${words[*]} --" -- "$current")
	elif [[ -z ${takes[${command:--}]:-} ]]; then # one more word of its name
		for name in "${!takes[@]}"; do
			[[ "$name " != "$command "* && -n $command ]] || words+=("${name#"$command "}")
		done
		mapfile -t COMPREPLY < <(compgen -W "$(printf '%s\n' "${words[@]%% *}" | sort -u)" -- "$current")
	elif [[ ${limit[$command]} == any ]] || ((arguments < limit[$command])); then
		mapfile -t COMPREPLY < <(_vhostctl_value "$program" "${takes[$command]}" "$current")
	fi
}

complete -o filenames -F _vhostctl vhostctl
