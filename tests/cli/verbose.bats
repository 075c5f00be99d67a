#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What -v and -vv tell: each step before it is executed, and each call into the kernel with its result.
# shellcheck disable=SC2154 # bats and lib.bash set

load lib.bash

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf '{"kind": "vhost-setup", "version": 1, "name": "t", "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"tap": {"name": "tp0", "mtu": 1400, "address": ["192.0.2.1/24"], "mac": "52:54:00:12:34:56"}}],
		"launcher": {"style": "env"}}' > off.json
}

# told COMMAND...: what it says on stderr, without the numbers of its own fds.
told() {
	"$@" 2>&1 > /dev/null | sed -E 's/(ioctl|dup2|close)\([0-9]+/\1(N/; s/(open\(.*) = [0-9]+$/\1 = N/; s/index [0-9]+/index N/'
}

# is_trace TEXT: every line of -vv is a step, or a call with its result.
is_trace() {
	local bad
	bad=$(grep -vE '^(info: .+|trace: [a-z_0-9]+\(.*\) = (N|[0-9]+|-1 .+ \([A-Z0-9]+\))|trace: netlink .* = .*|trace: (fork|execve)\(.*\))$' <<< "$1" || true)
	[ -z "$bad" ] || { echo "neither a step nor a call: $bad"; return 1; }
}

@test "plan: -v has its steps, -vv the files that it reads; nothing else is called" {
	diff <(told vhostctl -v plan off.json) <(cat <<-'END'
		info: read off.json
		info: check the launcher's arguments, and list the steps
	END
	)
	diff <(told vhostctl -vv plan off.json) <(cat <<-'END'
		info: read off.json
		trace: open("off.json", O_RDONLY) = N
		info: check the launcher's arguments, and list the steps
	END
	)
}

@test "setup: -v has each step" {
	need_tap
	diff <(told alone -v setup off.json -- /bin/true) <(cat <<-'END'
		info: read off.json
		info: step 1 of 9: find launcher: /bin/true
		info: step 2 of 9: reserve fds: first_fd 3, fds 1
		info: step 3 of 9: open tap, device net0: tp0, queues 1
		info: step 4 of 9: set mac, device net0: tp0, mac fe:54:00:12:34:56
		info: step 5 of 9: set mtu, device net0: tp0, mtu 1400
		info: step 6 of 9: add address, device net0: tp0, address 192.0.2.1/24
		info: step 7 of 9: set up, device net0: tp0
		info: step 8 of 9: hand over: fds 1, environment VHOSTCTL_FDS
		info: step 9 of 9: exec: /bin/true
	END
	)
}

@test "setup: -vv has each call, of the library, of rtnetlink and of vhostctl, by its name" {
	need_tap
	diff <(told alone -vv setup off.json -- /bin/true) <(cat <<-'END'
		info: read off.json
		trace: open("off.json", O_RDONLY) = N
		info: step 1 of 9: find launcher: /bin/true
		trace: fork()
		trace: faccessat("/bin/true", X_OK, AT_EACCESS) = 0
		info: step 2 of 9: reserve fds: first_fd 3, fds 1
		info: step 3 of 9: open tap, device net0: tp0, queues 1
		trace: open("/dev/net/tun", O_RDWR|O_NONBLOCK) = N
		trace: ioctl(N</dev/net/tun>, TUNSETIFF, {"tp0", IFF_TAP|IFF_NO_PI|IFF_VNET_HDR|IFF_TUN_EXCL}) = 0
		trace: user(0) = 0
		trace: ioctl(N</dev/net/tun>, TUNSETOWNER, 0) = 0
		trace: ioctl(N</dev/net/tun>, TUNSETSNDBUF, 2147483647) = 0
		trace: ioctl(N</dev/net/tun>, TUNGETVNETHDRSZ, 10) = 0
		trace: netlink RTM_GETLINK {IFLA_IFNAME "tp0"} = 0
		info: step 4 of 9: set mac, device net0: tp0, mac fe:54:00:12:34:56
		trace: netlink RTM_NEWLINK {index N, IFLA_ADDRESS fe:54:00:12:34:56} = 0
		info: step 5 of 9: set mtu, device net0: tp0, mtu 1400
		trace: netlink RTM_NEWLINK {index N, IFLA_MTU 1400} = 0
		info: step 6 of 9: add address, device net0: tp0, address 192.0.2.1/24
		trace: netlink RTM_NEWADDR {index N, prefix 24, IFA_LOCAL 192.0.2.1, IFA_ADDRESS 192.0.2.1} = 0
		info: step 7 of 9: set up, device net0: tp0
		trace: netlink RTM_NEWLINK {index N, up} = 0
		info: step 8 of 9: hand over: fds 1, environment VHOSTCTL_FDS
		trace: close_range(3, ~0, CLOSE_RANGE_CLOEXEC) = 0
		trace: dup2(N, 3) = 3
		info: step 9 of 9: exec: /bin/true
		trace: execve("/bin/true")
	END
	)
}

@test "setup: what fails is told, and the steps that are undone" {
	need_tap
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "off",
		"tap": {"name": "tp0", "bridge": "no0"}}], "launcher": {"style": "env"}}' > bad.json
	run told alone -vv setup bad.json -- /bin/true
	[[ $output == *"trace: netlink RTM_GETLINK {IFLA_IFNAME \"no0\"} = -1 No such device (ENODEV)"* ]]
	printf '#!/no/such\n' > launcher
	chmod +x launcher
	run told alone -v setup off.json -- ./launcher
	[[ $output == *"info: undo step 3 of 9: open tap, device net0"* ]]
}

@test "caps: -v has each part, -vv each call" {
	diff <(told vhostctl -v caps) <(cat <<-'END'
		info: open /dev/vhost-net, and ask what it supports
		info: open /dev/vhost-vsock, and ask what it supports
		info: open /dev/vhost-scsi, and ask what it supports
		info: open /dev/net/tun, and ask what it supports
		info: open /dev/kvm, and ask what it supports
		info: make a tap in a network namespace of its own, and ask what it supports
		info: read the parameters of vhost's modules
	END
	)
	run told vhostctl -vv caps
	is_trace "$output"
	for call in 'open("/dev/vhost-net", O_RDWR|O_NONBLOCK)' 'open_in_new_netns("/dev/net/tun", O_RDWR|O_NONBLOCK)' \
		'read("/sys/module/vhost/parameters/max_mem_regions", ' "release(\"$(uname -r)\") = 0"; do
		[[ $output == *"trace: $call"* ]]
	done
}

@test "doctor: -v has each check, -vv each call" {
	diff <(told vhostctl -v doctor) <(cat <<-'END'
		info: open /dev/vhost-net, and ask its driver
		info: open /dev/vhost-vsock, and ask its driver
		info: open /dev/vhost-scsi, and ask its driver
		info: open /dev/net/tun, and ask its driver
		info: open /dev/kvm, and ask its driver
		info: create a tap, which goes at once
		info: read the limits of vhost and of this process
		info: look at the taps of running vhost devices
	END
	)
	run told vhostctl -vv doctor
	is_trace "$output"
	[[ $output == *'trace: open("/dev/net/tun", O_RDWR|O_NONBLOCK) = '* ]]
	[ "$(id -u)" = 0 ] || return 0
	run told vhostctl -vv doctor --user 65534
	is_trace "$output"
	[[ $output == *"trace: setresuid(65534, 65534, 65534) = 0"*"trace: capset(none) = 0"* ]]
}

@test "teardown: -v has the links, -vv each call" {
	need_tap
	sed 's/"tap": {/&"persist": true, /' off.json > persist.json
	run unshare -n bash -c '"$VHOSTCTL" setup persist.json -- /bin/true && "$VHOSTCTL" -vv teardown persist.json 2>&1 > /dev/null'
	is_trace "$output"
	[[ $output == *"info: delete the link tp0"$'\n'"trace: netlink RTM_DELLINK {index "*"} = 0"* ]]
}

@test "with --json each is a document, a line each, with its level" {
	run --separate-stderr vhostctl --json -vv plan off.json
	[ "$(jq -r '"\(.kind) \(.command) \(.level): \(.text)"' <<< "$stderr" | sed 's/= [0-9]*$/= N/')" = \
		"vhost-report message info: read off.json
vhost-report message trace: open(\"off.json\", O_RDONLY) = N
vhost-report message info: check the launcher's arguments, and list the steps" ]
}

@test "without -v nothing of it is there" {
	says 0 plan off.json
}
