# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Set-ups that a signal ends at a random moment, and what they leave. Needs VHOSTCTL, signals that are not ignored, and
# a function `reset` that makes what is there before again, whatever it has become. In an emulated VM a program takes
# long to start: the shell does by itself what it can.

# Sets `now` to all of the host's links, their addresses, bridges and sysctls, a line each. What the kernel notices
# later, what a bridge keeps of a port that has gone, and numbers that go up are left out.
observe() {
	local file value word skip=''
	local -a words line
	now=''
	while read -ra words; do
		line=()
		for word in "${words[@]}"; do
			case $skip$word in
			skip*) skip='' ;;
			[0-9]*: | tentative) ;;
			'<'*UP*) line+=(UP) ;;
			'<'*) ;;
			qdisc | state | *_timer | tso_max_* | gro_*max* | gso_*max* | topology_change* | config_pending) skip=skip ;;
			*) line+=("$word") ;;
			esac
		done
		now+="${line[*]}"$'\n'
	done < <(ip -details address; exec bridge vlan)
	for file in /proc/sys/net/ipv[46]/{conf,neigh}/*/*; do
		read -r value < "$file" # not all can be read
		now+="$file $value"$'\n'
	done 2> /dev/null
}

# look: prints the same.
look() {
	local now
	observe
	printf %s "$now"
}

# Sets `before`, and for each config how long its set-up takes, and what it leaves on links that were there.
measure() {
	local name begin now
	observe
	before=$now
	for name; do
		begin=${EPOCHREALTIME/[.,]/}
		"$VHOSTCTL" setup "$name.json" -- true > /dev/null 2>&1 || { echo "$name: setup fails"; return 1; }
		took[$name]=$((${EPOCHREALTIME/[.,]/} - begin))
		"$VHOSTCTL" teardown "$name.json" > /dev/null || { echo "$name: teardown fails"; return 1; }
		observe
		after[$name]=$now
		[ "$now" != "$before" ] || continue
		reset || return
		observe
		diff <(printf %s "$before") <(printf %s "$now") || { echo "$name: reset does not reset"; return 1; }
	done
}

# end SIGNAL CONFIG MICROSECONDS: one such set-up, until nothing of it runs; fails if something does a minute later.
end() {
	local pid seconds wait shell program
	printf -v seconds '%d.%06d' $(($3 / 1000000)) $(($3 % 1000000))
	set -m # it has a process group, and signals that are not ignored
	"$VHOSTCTL" setup "$2.json" -- sleep 1000 > /dev/null 2>&1 &
	pid=$!
	set +m
	read -r shell < "/proc/$BASHPID/comm"
	program=$shell
	while [ "$program" = "$shell" ]; do read -r program < "/proc/$pid/comm"; done # the shell might drop the signal
	read -rt "$seconds" -u "$idle"
	kill "-$1" "$pid"
	wait "$pid"
	for ((wait = 0; wait < 6000; wait++)); do
		kill -0 -- "-$pid" || return 0
		read -rt 0.01 -u "$idle"
	done
	kill -KILL -- "-$pid"
	return 1
}

# A record is there while a set-up is, and after kill -9 until teardown.
no_record() { ! compgen -G '/run/vhostctl/*' > /dev/null; }

# interrupt SIGNAL CONFIG: one of them, and whether the host is then as it is to be. Says what is not.
interrupt() {
	local signal=$1 name=$2 now
	end "$signal" "$name" $((RANDOM * took[$name] / 32768)) 2> /dev/null || { echo "a process is left"; return 1; }
	[ "$signal" = KILL ] || no_record || { echo "a record is left"; return 1; }
	"$VHOSTCTL" teardown "$name.json" > /dev/null || { echo "teardown fails"; return 1; }
	no_record || { echo "a record is left by teardown"; return 1; }
	observe
	if [ "$now" = "$before" ]; then
		undone=$((undone + 1))
	elif [ "$now" = "${after[$name]}" ]; then
		reset
	else
		diff <(printf %s "$before") <(printf %s "$now")
		echo "this is left"
		return 1
	fi
}

# interrupted "SIGNAL..." COUNT SEED CONFIG...: after each of them, and teardown, the host is as before, or, if the
# set-up had ended, as it then is. Prints what is wrong and fails, or prints how many had not ended.
interrupted() {
	local -a signals configs
	local count=$2 seed=$3 n name signal idle undone=0 before
	local -A took after
	read -ra signals <<< "$1"
	shift 3
	configs=("$@")
	exec {idle}<> <(:)
	RANDOM=$seed
	measure "${configs[@]}" || return
	for ((n = 1; n <= count; n++)); do
		name=${configs[RANDOM % ${#configs[@]}]}
		signal=${signals[RANDOM % ${#signals[@]}]}
		interrupt "$signal" "$name" || { echo "$n of seed $seed, $name, SIG$signal"; return 1; }
	done
	echo "$count set-ups, SIG${signals[*]}, seed $seed: $undone as before, $((count - undone)) complete"
}
