#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What doctor finds where vhost is a module: each failure is made for real, the command that is printed is run, and
# doctor is then satisfied. tests/cli/doctor.bats has what needs no module.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../../cli/doctor.bash
. "$VHC_SOURCE/tests/cli/doctor.bash"

usually_on 6.12

export VHOSTCTL=$VHC_BUILD/cli/vhostctl DENY=$VHC_BUILD/tests/cli/deny options=''
tmp=$(mktemp -d)

# shell DESCRIPTION COMMANDS: in a shell of its own with the tools of doctor.bash.
shell() {
	# shellcheck disable=SC2154 # of doctor.bash
	ok "$1" bash -c "$tools
set -e
$2"
}

load tun vhost_net
ok 'nothing is missing' vhostctl doctor

# --- nodes

node='mends /dev/vhost-net missing'
modprobe -r vhost_net
shell 'the module is not loaded' "$node 'there is no such node: the module vhost_net is not loaded'"
modprobe -r vhost_net
modprobe=$(cat /proc/sys/kernel/modprobe)
echo > /proc/sys/kernel/modprobe
mknod -m 660 /dev/vhost-net c 10 238
shell 'there is a node, and no module behind it' "echo $modprobe > $tmp/modprobe
	[[ \$(finding /dev/vhost-net text) == 'the node exists but has no driver' ]] && cat $tmp/modprobe > /proc/sys/kernel/modprobe
	eval \"\$(finding /dev/vhost-net fix)\" && [[ \$(finding /dev/vhost-net result) == ok ]]"
echo "$modprobe" > /proc/sys/kernel/modprobe
modprobe -r vhost_net
rm /dev/vhost-net # the kernel takes away only a node that it made itself
load vhost_net

export options='--user nobody'
chmod 600 /dev/vhost-net
shell 'its mode lets only root open it' "$node 'it belongs to root:root and has mode 0600'"
setfacl -b /dev/vhost-net 2> /dev/null
groupadd -f vhostctl
chgrp vhostctl /dev/vhost-net
chmod 660 /dev/vhost-net
shell 'its group may open it' "$node 'it belongs to root:vhostctl and has mode 0660'"
is 'the fix made the user a member' "$(id -nG nobody | tr ' ' '\n' | grep -x vhostctl)" vhostctl
export options=''

# --- what denies a node

group=/sys/fs/cgroup/vhostctl-test
mkdir -p $group/inner
ok 'a BPF program is at a cgroup' "$DENY" cgroup 238 $group
shell 'a device cgroup denies it' "echo \$\$ > $group/inner/cgroup.procs
	$node 'the device cgroup does not, by a BPF program at $group'"
rmdir $group/inner $group

mountpoint -q /sys/kernel/security || mount -t securityfs security /sys/kernel/security
# shellcheck disable=SC2016 # the inner shell expands
ok 'Landlock denies it: doctor has the modules of this kernel' "$DENY" landlock bash -c "$tools"'
	text=$(finding /dev/vhost-net text); echo "$text"
	[[ $text == *"this kernel has $(cat /sys/kernel/security/lsm)" ]]'

# --- limits

reload() {
	modprobe -r vhost_net vhost_vsock vhost_scsi
	modprobe -r vhost
	modprobe vhost "$@"
	load vhost_net
}

reload max_mem_regions=20
shell 'too few regions: the fix is for the next time that vhost is loaded' "
	[[ \$(finding 'memory regions' result) == low ]] && eval \"\$(finding 'memory regions' fix)\""
reload
shell 'and there are 509 then' "[[ \$(finding 'memory regions' text) == *'may have 509;'* ]]"
rm /etc/modprobe.d/vhostctl.conf
reload
ulimit -S -n 64
shell 'too few open files' "mends RLIMIT_NOFILE low '64 (at most'"
ulimit -S -n 1024

# --- the tap of a running device

ip netns add doctor
coproc device { exec ip netns exec doctor "$VHC_BUILD/tests/vm/vm-look" 1 1; }
# shellcheck disable=SC2154 # of coproc
holder=$device_PID # which goes with it
read -r -t 60 answer <&"${device[0]}"
is 'a device runs' "$answer" ok
inside() { ip netns exec doctor "$@"; }
is 'what is wrong with its tap is shown, and the answer is still yes' \
	"$(inside vhostctl --json doctor | jq -c '[.ok, (.link_checks[] | .check, .result)]')" \
	'[true,"tap0 carrier","wrong"]'
fails 'the answer is no if it is asked for' 1 ip netns exec doctor vhostctl doctor --link tap0
link="$tools
set -e
options='--link tap0'"
ok 'it is down' ip netns exec doctor bash -c "$link
	mends 'tap0 carrier' wrong 'it is down'"
ok 'asked for, it is yes now' ip netns exec doctor "$VHOSTCTL" doctor --link tap0
like 'vhost has it in use' "$(inside bash -c "$link
	finding 'tap0 holder' text")" '^process [0-9]+ \(vm-look\) has it open, and vhost has it in use$'
ok 'the guest takes nothing' ip netns exec doctor bash -c "$link
	ip link set tap0 txqueuelen 4; ip address add 10.9.0.1/24 dev tap0
	ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev tap0
	for i in {1..400}; do echo > /dev/udp/10.9.0.2/9; done
	[[ \$(finding 'tap0 drops' result) == low ]]
	eval \"\$(finding 'tap0 drops' fix)\"
	[[ \$(finding 'tap0 drops' result) == info && \$(finding 'tap0 drops' text) == *'10000 frames is long enough'* ]]"
input=${device[1]}
exec {input}>&-
wait "$holder"
ip netns delete doctor

# The suites after this one find the host as it was.
groupdel vhostctl
reload
load vhost_vsock vhost_scsi
modprobe -r vhost_net
ok 'the node goes with its module' test ! -e /dev/vhost-net
load vhost_net
rm -r "$tmp"
finish
