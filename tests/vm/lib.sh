# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a suite needs in the VM: test results as TAP, and nested guests. A suite sources this file, runs its tests with
# the functions below, cleans up what it created, and ends with `finish`.

tests_run=0
tests_failed=0

# --- results -----------------------------------------------------------------------------------------------------

pass() { echo "ok $((tests_run += 1)) - $1"; }

# fail DESCRIPTION [LINE...]: the lines show what was observed.
fail() {
	echo "not ok $((tests_run += 1)) - $1"
	tests_failed=$((tests_failed + 1))
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

skip() { echo "ok $((tests_run += 1)) - $1 # SKIP $2"; }

# ok DESCRIPTION COMMAND...: the command succeeds. Its output is shown if it does not.
ok() {
	local said
	if said=$("${@:2}" 2>&1); then pass "$1"; else fail "$1" "status $?: ${*:2}" "$said"; fi
}

# fails DESCRIPTION STATUS COMMAND...: the command ends with exactly this status.
fails() {
	local said status=0
	said=$("${@:3}" 2>&1) || status=$?
	if [ "$status" -eq "$2" ]; then pass "$1"; else fail "$1" "status $status, not $2: ${*:3}" "$said"; fi
}

is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:      $2" "expected: $3"; fi; }

# becomes DESCRIPTION EXPECTED COMMAND...: the command prints that, or does so within a minute: of a worker that has ended,
# the kernel shows its name a moment longer.
becomes() {
	local now end=$((SECONDS + 60))
	while now=$("${@:3}"); [ "$now" != "$2" ] && [ "$SECONDS" -lt "$end" ]; do
		sleep 0.3
	done
	is "$1" "$now" "$2"
}

# like DESCRIPTION TEXT REGULAR-EXPRESSION
like() { if [[ $2 =~ $3 ]]; then pass "$1"; else fail "$1" "does not match $3:" "$2"; fi; }

# run_tap [--as NAME] COMMAND...: adds the results of a program that prints TAP to the suite's, each after "NAME: ";
# $said is its whole output.
run_tap() {
	local line lines as=''
	[ "$1" != --as ] || { as="$2: "; shift 2; }
	said=$("$@" 2>&1)
	mapfile -t lines <<< "$said"
	for line in "${lines[@]}"; do
		case $line in
		'ok '*) pass "$as${line#*- }" ;;
		'not ok '*) fail "$as${line#*- }" ;;
		'#'*) echo "$line" ;;
		esac
	done
	like "$as$(basename "$1") runs to completion" "$said" '1\.\.[0-9]+'
}

# within SECONDS COMMAND...: runs the command until it succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return
		sleep 0.3
	done
}

# listens SOCKET: somebody does, which is a moment after it has that name.
listens() { grep -q " 00010000 .* $1\$" /proc/net/unix; }

# load MODULE...: a node that comes back has no udev here to give it its mode.
load() {
	modprobe -a "$@"
	[ ! -e /dev/net/tun ] || chmod 666 /dev/net/tun
}

# What a set-up may change on the host: links with their addresses, MTUs, flags and bridges, VLANs, and vhost's workers.
# Link-local addresses are left out: the kernel adds them by itself, some time after a link has a carrier.
host_now() {
	(cd /sys/class/net && grep -s . ./*/{mtu,address,flags,tun_flags,owner,master/ifindex})
	ip -o address show scope global
	bridge vlan show
	vhost_workers
}

# nothing_left NAME BEFORE: the host is as host_now saw it before.
nothing_left() { becomes "$1: nothing is left" "$2" host_now; }

# usually_on [KERNEL...]: the suite runs on these, and with VHC_LONG=yes on each.
usually_on() {
	[[ " $* " != *" $VHC_KERNEL "* && ${VHC_LONG:-} != yes ]] || return 0
	skip 'the whole suite' "it runs ${*:+on $*, and }with VHC_LONG=yes"
	[ -z "${tmp:-}" ] || rm -r "$tmp"
	finish
}

finish() {
	echo "1..$tests_run"
	exit $((tests_failed > 0))
}

# --- a guest under load (tests/vm/life) -----------------------------------------------------------------------------

# life CASE CYCLES LONG OPTION...: adds its results to the suite's; LONG cycles with VHC_LONG=yes. Its line of numbers
# is kept for life_number.
life() {
	local cycles=$2
	[ "${VHC_LONG:-}" != yes ] || cycles=$3
	run_tap "$VHC_BUILD/tests/vm/vm-life" "$1" --cycles "$cycles" "${@:4}"
	life_said=$said
}

# life_fails CASE CYCLES OPTION...: it must see that something is wrong; its results are not the suite's.
life_fails() {
	local status=0
	life_said=$("$VHC_BUILD/tests/vm/vm-life" "$1" --cycles "$2" "${@:3}" 2>&1) || status=$?
	is "$*: it is seen" "$status" 1
}

# life_number NAME: of the last run, for all pairs.
life_number() { sed -n "s/^# life .* $1=\([0-9+]*\).*/\1/p" <<< "$life_said" | tr + '\n' | awk '{ n += $1 } END { print n + 0 }'; }

# Prints the names of processes and workers that are left over, one per line.
life_left() { cat /proc/[0-9]*/task/*/comm 2> /dev/null | grep -E '^(vm-life|handover|vhost-)'; }

# --- nested guests -------------------------------------------------------------------------------------------------

# halting_firmware FILE: of one instruction, which halts the CPU; for QEMUs whose driver is tests/vm/qemu-driver.
halting_firmware() {
	{ head -c 65520 /dev/zero | tr '\0' '\364'; printf '\372\364\353\375'; head -c 12 /dev/zero; } > "$1"
}

# guest_options "vhc_address=10.0.0.2/24 vhc_ping=10.0.0.1" [CPUS]: sets the array `guest` to what QEMU needs to boot
# the guest (see guest-init for its parameters), except devices. vhc_pairs=4 gives four pairs even to one CPU;
# more than one CPU is slow here, and crashes more often.
guest_options() {
	# The plain CPU model: "host" would pass through the emulated XSAVE, which crashes Linux 7.2.
	# shellcheck disable=SC2034 # the caller uses it
	guest=(-nodefaults -no-user-config -accel kvm -cpu qemu64 -m 192 -smp "${2:-1}" -display none -no-reboot
		-serial stdio -kernel "$GUEST_KERNEL" -initrd "$GUEST_INITRD"
		-append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr $1")
}

# uml_options FOLDER SOCKET "vhc_address=10.0.0.2/24 vhc_ping=10.0.0.1": sets the array `uml` to a User Mode Linux (see
# uml-init for its parameters) with a net device by vhost-user, for any user who can read FOLDER.
uml_options() {
	install -m 755 "$(dirname "${BASH_SOURCE[0]}")/uml-init" "$1/uml-init"
	# shellcheck disable=SC2034,SC2054,SC2206 # the caller uses it; commas are its own; parameters are words
	uml=(env HOME=/tmp TMPDIR=/dev/shm linux.uml mem=128M rootfstype=hostfs rootflags=/ rw con0=fd:0,fd:1 con=null
		"init=$1/uml-init" "virtio_uml.device=$2:1" $3)
}

# guest_run [--timeout SECONDS] [--during FUNCTION] LOG COMMAND...: runs COMMAND, which is QEMU or becomes it, and
# collects its output in LOG. FUNCTION is called when the guest begins to ping or to listen; the guest, which must have
# QEMU's stdin as its console, stays up until FUNCTION returns. Succeeds if the guest ended normally, as guest_ended says.
# $guest_status is the exit status of COMMAND, or 124 after a timeout.
# Under TCG a nested kernel occasionally dies before its first program starts, or while it writes a line, and QEMU itself
# may be hit. This is reported, and retried once.
guest_run() {
	local timeout=480 during=''
	while :; do
		case $1 in
		--timeout) timeout=$2; shift 2 ;;
		--during) during=$2; shift 2 ;;
		*) break ;;
		esac
	done
	guest_log=$1
	shift
	guest_once "$@" && return
	guest_was_emulated_badly || return 1
	echo "# the nested guest died (status $guest_status), as it occasionally does in an emulated VM; trying again, after:"
	guest_last
	guest_once "$@"
}

# guest_last: the end of its console, as whole lines.
guest_last() { tail -n 3 "$guest_log" | tr -d '\r' | awk '{ print "# " $0 }'; }

# guest_ended DESCRIPTION: a test of it that says how the guest ended if it was not as it should.
guest_ended() {
	if guest_said "$guest_log" '^guest: done$' > /dev/null; then
		pass "$1"
	else
		fail "$1" "status $guest_status, after:"
		guest_last
	fi
}

guest_once() {
	local pid console pipe watch=${during:-:} end=$((SECONDS + timeout)) log=$guest_log
	: > "$guest_log"
	pipe=$(mktemp -u)
	mkfifo "$pipe"
	exec {console}<> "$pipe"
	rm "$pipe"
	"$@" > "$guest_log" 2>&1 <&"$console" {console}>&- &
	pid=$!
	while kill -0 "$pid" 2> /dev/null; do
		if [ -n "$watch" ] && guest_said "$guest_log" '^guest: (pinging|listening)' > /dev/null; then
			"$watch"
			watch='' guest_log=$log # it may have run another guest
			echo >&"$console" # lets the guest end
		fi
		if [ "$SECONDS" -ge "$end" ] || grep -q 'KVM internal error' "$guest_log"; then
			kill "$pid" 2> /dev/null
			break
		fi
		sleep 0.3
	done
	guest_status=0
	wait "$pid" 2> /dev/null || guest_status=$?
	exec {console}>&-
	[ "$SECONDS" -lt "$end" ] || guest_status=124
	guest_said "$guest_log" '^guest: done$' > /dev/null
}

# Not for a launcher that failed: it ends with a status of its own. A line that ends in the middle is no matter of the
# guest's network: its kernel lost its way (a triple fault says nothing), or QEMU did.
guest_was_emulated_badly() {
	grep -q 'KVM internal error' "$guest_log" && return
	case $guest_status in
	0) ! grep -q '^guest: ' "$guest_log" || guest_was_cut_off ;;
	124) ! grep -q '^guest: ' "$guest_log" ;;
	132 | 133 | 135 | 136 | 139) guest_was_cut_off ;; # SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV
	*) return 1 ;;
	esac
}

guest_was_cut_off() { [ -s "$guest_log" ] && [ -n "$(tail -c 1 "$guest_log")" ]; }

# guest_said LOG REGULAR-EXPRESSION: prints what matches; console lines end with CR LF.
guest_said() { tr -d '\r' < "$1" | grep -Eo "$2"; }

# guest_feature LOG NUMBER BIT: prints 1 or 0. NUMBER is the virtio device type: 1 is net, 19 is vsock.
guest_feature() {
	tr -d '\r' < "$1" | awk -v id="$(printf '0x%04x' "$2")" -v bit="$3" \
		'$1 == "guest:" && $2 == "features" && $4 == id { print substr($5, bit + 1, 1); exit }'
}

# Prints the names of vhost workers, one per line, whether they are kernel threads (6.1) or threads of their owner.
vhost_workers() { cat /proc/[0-9]*/task/*/comm 2> /dev/null | grep '^vhost-'; }
count_workers() { vhost_workers | wc -l; }
