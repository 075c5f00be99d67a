#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-fds: fds of real taps and of vhost, in every wrong combination, which it leaves as they are.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set

load lib.bash

setup() {
	need_tap
	command -v python3 > /dev/null || skip "python3 is not there"
}

# with SPEC... -- COMMAND...: runs it in a network namespace of its own with the fds of each SPEC: FD=NAME:FLAG,...
# (a queue of a tap), FD=PATH, FD=FD (a duplicate), FD=none (a tun fd without a link), or a call on one of these:
# header:FD:BYTES, sndbuf:FD:BYTES, own:FD, detach:FD, delete:NAME.
with() {
	run --separate-stderr unshare -n python3 -c '
import fcntl, os, struct, subprocess, sys
flags = {"tun": 1, "tap": 2, "no_pi": 0x1000, "vnet_hdr": 0x4000, "multi_queue": 0x100}
specs, command = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
for spec in specs:
    if ":" in spec and "=" not in spec:
        what, which, *size = spec.split(":")
        if what == "own":
            fcntl.ioctl(int(which), 0xaf01)
        elif what == "detach":
            fcntl.ioctl(int(which), 0x400454d9, struct.pack("16sH22x", b"", 0x400))
        elif what == "delete":
            subprocess.run(["ip", "link", "delete", which], check=True)
        else:
            fcntl.ioctl(int(which), {"header": 0x400454d8, "sndbuf": 0x400454d4}[what], struct.pack("i", int(size[0])))
        continue
    number, what = spec.split("=")
    if what.isdigit():
        fd = os.dup(int(what))
    elif ":" in what:
        name, words = what.split(":")
        fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", name.encode(), sum(flags[word] for word in words.split(","))))
    else:
        fd = os.open("/dev/net/tun" if what == "none" else what, os.O_RDWR)
    os.dup2(fd, int(number))
    if fd == int(number):
        os.set_inheritable(fd, True)
    else:
        os.close(fd)
os.execvp(command[0], command)' "$@"
}

good=tap,no_pi,vnet_hdr several=tap,no_pi,vnet_hdr,multi_queue

# check STATUS TEXT SPECS ARGUMENTS: check-fds ends with that status, and that text is in a problem or its remedy.
check() {
	# shellcheck disable=SC2086 # several words
	with $3 -- "$VHOSTCTL" check-fds --json $4
	if [ "$status" != "$1" ] || [ -n "$stderr" ] || [[ $(json '[.problems[] | .text, .remedy] | join("\n")') != *"$2"* ]]; then
		echo "$3, $4: status $status: $output $stderr"
		return 1
	fi
	[ "$(json '.usable == (.problems == [])')" = true ]
}

@test "queues of one tap: the link, its queues and its header" {
	check 0 "" "3=tp0:$good" tap=3
	[ "$(json '.fds[0] | "\(.fd) \(.given) \(.link) \(.multi_queue) \(.header)"')" = "3 tap tp0 false 10" ]
	check 0 "" "4=tp1:$several 5=tp1:$several 6=tp1:$several header:4:12 header:5:12 header:6:12" "tap=4,5 tap=6"
	[ "$(json '[.fds[] | "\(.fd) \(.link) \(.multi_queue) \(.header)"] | join(", ")')" = \
		"4 tp1 true 12, 5 tp1 true 12, 6 tp1 true 12" ]
	check 0 "" "4=tp1:$several" tap=4
}

@test "what is no queue of a tap: another kind, closed, no link, a link that is gone" {
	check 1 "fd 3 is not a tap or macvtap" 3=/dev/null tap=3
	check 1 "fd 7 is closed in this process" "3=tp0:$good" tap=3,7
	[ "$(json '.problems | length')" = 1 ]
	check 1 "it has none yet, or the link is gone" 3=none tap=3
	check 1 "the link is gone" "3=tp0:$good delete:tp0" tap=3
	check 1 "has flags 0x" 3=tn0:tun,no_pi,vnet_hdr tap=3
}

@test "what is no vhost fd is named as it was given" {
	check 1 "fd 3 is not a vhost-net device: it is character device 10:200" "3=tp0:$good" vhost=3
}

@test "taps that lose frames: no virtio-net header, packet information" {
	check 1 "open it with IFF_VNET_HDR" 3=tp0:tap,no_pi tap=3
	check 1 "packet information" 3=tp0:tap,vnet_hdr tap=3
}

@test "a queue of a tap that is detached" {
	check 1 "fd 4 is a detached queue of tp0" "3=tp0:$several 4=tp0:$several detach:4" tap=3,4
	[ "$(json '.problems | length')" = 1 ]
}

@test "fds that do not go together: two links, one queue twice" {
	check 1 "all must be queues of one link" "3=tp0:$good 4=tp1:$good" tap=3,4
	check 1 "again: each pair needs a queue of its own" "3=tp0:$several 4=3" tap=3,4
	check 1 "again: each pair needs a queue of its own" "3=tp0:$good" tap=3,3
}

# Of a tap, all queues have one size; not so of a macvtap.
# bats test_tags=vhost
@test "queues of a macvtap whose headers have two sizes" {
	unshare -n sh -c 'ip link add low0 type veth && ip link add link low0 type macvtap' 2> /dev/null ||
		skip "no macvtap here"
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off", "queue_pairs": 2,
		"tap": {"kind": "macvtap", "lower": "low0", "mac": "52:54:00:00:00:01"}}], "launcher": {"style": "env"}}' > "$BATS_TEST_TMPDIR/macvtap.json"
	run --separate-stderr unshare -n bash -c 'ip link add low0 type veth
		"$VHOSTCTL" setup "$0" -- bash -c "\$VHOSTCTL check-fds tap=3,4 > /dev/null || exit 7
		python3 -c \"import fcntl, struct; fcntl.ioctl(3, 0x400454d8, struct.pack(\\\"i\\\", 20))\"
		exec \$VHOSTCTL check-fds --json tap=3,4"' "$BATS_TEST_TMPDIR/macvtap.json"
	[ "$status" = 1 ]
	[[ $(json '.problems[].text') == "the virtio-net header of fd 4 has 1"[02]" bytes, and that of fd 3 20" ]]
	[ "$(json '[.fds[].multi_queue] == [null, null]')" = true ]
}

@test "all problems are shown at once" {
	check 1 "fd 9 is closed" "3=tp0:tap,no_pi 4=/dev/null" "tap=3,4,9 vhost=4"
	[ "$(json '.problems | length')" = 5 ]
	[[ $(json '.problems[-1].text') == "3 fds of the tap and 1 of vhost: "* ]]
}

@test "no fd is changed: the send buffer, the header" {
	with "3=tp0:$good" sndbuf:3:5000 header:3:20 -- bash -c '"$VHOSTCTL" check-fds tap=3 > /dev/null || exit 1
		python3 -c "import fcntl, struct
for get in 0x800454d3, 0x800454d7: print(struct.unpack(\"i\", fcntl.ioctl(3, get, bytes(4)))[0])"'
	[ "$status" = 0 ]
	[ "$output" = $'5000\n20' ]
}

@test "what vhostctl setup hands over can be used" {
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off", "queue_pairs": 2,
		"tap": {"name": "tp0"}}], "launcher": {"style": "env"}}' > "$BATS_TEST_TMPDIR/off.json"
	run --separate-stderr alone setup "$BATS_TEST_TMPDIR/off.json" -- "$VHOSTCTL" check-fds tap=3,4
	[ "$status" = 0 ]
	[[ ${lines[0]} == "usable    yes" ]]
}

@test "the command line: kinds, numbers, lists" {
	fails 2 "missing argument" check-fds
	for word in tap= tap 'tap=,' 'tap=3,' tap=3,,4 tap=x tap=2 tap=-3 tap=+3 tap=3x tap=99999999999999999999 ta=3 taps=3 vsock=3 =3; do
		fails 2 "\"$word\" is not tap=N,... or vhost=N,..." check-fds "$word"
	done
	fails 2 "at most 256" check-fds "tap=$(seq -s, 3 259)"
}

# bats test_tags=vhost
@test "vhost: unowned, as many as of the tap, each once, and nothing else" {
	need_vhost
	check 0 "" "3=tp0:$several 4=tp0:$several 5=/dev/vhost-net 6=/dev/vhost-net" "tap=3,4 vhost=5,6"
	[[ $(json '.fds[2].owner') =~ ^(no|unknown)$ ]]
	check 0 "" 5=/dev/vhost-net vhost=5
	check 1 "2 fds of the tap and 1 of vhost" "3=tp0:$several 4=tp0:$several 5=/dev/vhost-net" "tap=3,4 vhost=5"
	check 1 "each needs its own" "5=/dev/vhost-net 6=5" vhost=5,6
	check 1 "" 5=/dev/null vhost=5
	check 1 "" "3=tp0:$good" vhost=3
	check 1 "fd 5 is not a tap" 5=/dev/vhost-net tap=5
}

# bats test_tags=vhost
@test "vhost: one that is owned, where the kernel tells; and nobody owns it after that" {
	need_vhost
	check 0 "" 5=/dev/vhost-net vhost=5
	[ "$(json '.fds[0].owner')" = no ] || skip "this kernel does not tell the owner"
	check 1 "vhost fd 5 has an owner" "5=/dev/vhost-net 6=/dev/vhost-net own:5" vhost=5,6
	[ "$(json '[.fds[].owner] | join(" ")')" = "yes no" ]
	with 5=/dev/vhost-net -- bash -c '"$VHOSTCTL" check-fds vhost=5 > /dev/null || exit 1
		exec python3 -c "import fcntl; fcntl.ioctl(5, 0xaf01)"'
	[ "$status" = 0 ]
}
