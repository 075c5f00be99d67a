# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Set-ups that a signal ends at a random moment, and what they leave. Needs VHOSTCTL, and a function `reset` that makes
# what is there before again, whatever it has become.

# All of the host's links, their addresses, bridges and sysctls. What the kernel notices later, what a bridge keeps of a
# port that has gone, and numbers that go up are left out.
look() {
	{
		ip -details address
		bridge -details link
	} | sed -E 's/^[0-9]+: //; s/<([^>]*,)?UP(,[^>]*)?>/UP/; s/<[^>]*>//; s/ state [A-Za-z]+//g; s/_timer +[0-9.]+//g
		s/ tso_max_(size|segs) [0-9]+//g; s/ topology_change(_detected|_ack)? [01]//g; s/ config_pending [01]//; s/ tentative//
		s/ qdisc [a-z_]+//; s/ (gro|gso)_(ipv4_)?max_[a-z]+ [0-9]+//g'
	bridge vlan
	grep -rs . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/ipv4/neigh /proc/sys/net/ipv6/neigh || true # not all can be read
}

# Sets `before`, and for each config how long its set-up takes, and what it leaves on links that were there.
measure() {
	local name begin
	before=$(look)
	for name; do
		begin=${EPOCHREALTIME/[.,]/}
		"$VHOSTCTL" setup "$name.json" -- true > /dev/null 2>&1 || { echo "$name: setup fails"; return 1; }
		took[$name]=$((${EPOCHREALTIME/[.,]/} - begin))
		"$VHOSTCTL" teardown "$name.json" > /dev/null || { echo "$name: teardown fails"; return 1; }
		after[$name]=$(look)
		[ "${after[$name]}" = "$before" ] || reset || return
		diff <(echo "$before") <(look) || { echo "$name: reset does not reset"; return 1; }
	done
}

# end SIGNAL CONFIG MICROSECONDS: one such set-up, until nothing of it runs; fails if something does a minute later.
end() {
	local pid wait
	setsid env --default-signal "$VHOSTCTL" setup "$2.json" -- sleep 1000 > /dev/null 2>&1 &
	pid=$!
	read -rt "$(printf '%d.%06d' $(($3 / 1000000)) $(($3 % 1000000)))" -u "$idle"
	kill "-$1" "$pid"
	wait "$pid"
	for ((wait = 0; wait < 6000; wait++)); do
		pgrep -s "$pid" > /dev/null || return 0
		read -rt 0.01 -u "$idle"
	done
	pkill -KILL -s "$pid"
	return 1
}

# interrupted SIGNAL COUNT SEED CONFIG...: the host is as before after each of them and teardown; or, if the set-up had
# ended, as it then is. Prints what is wrong and fails, or prints how many had not ended.
interrupted() {
	local signal=$1 count=$2 seed=$3 n name idle now undone=0 before
	local -A took after
	shift 3
	exec {idle}<> <(:)
	RANDOM=$seed
	measure "$@" || return
	for ((n = 1; n <= count; n++)); do
		name=${*:RANDOM % $# + 1:1}
		end "$signal" "$name" $((RANDOM * took[$name] / 32768)) 2> /dev/null ||
			{ echo "$n of seed $seed, $name: a process is left"; return 1; }
		"$VHOSTCTL" teardown "$name.json" > /dev/null || { echo "$n of seed $seed, $name: teardown fails"; return 1; }
		now=$(look)
		if [ "$now" = "$before" ]; then
			undone=$((undone + 1))
		elif [ "$now" = "${after[$name]}" ]; then
			reset || return
		else
			diff <(echo "$before") <(echo "$now")
			echo "$n of seed $seed, $name: this is left"
			return 1
		fi
		[ -z "$(ls -A /run/vhostctl 2> /dev/null)" ] || { echo "$n of seed $seed, $name: a record is left"; return 1; }
	done
	echo "$count set-ups, SIG$signal, seed $seed: $undone as before, $((count - undone)) complete"
}
