#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# examples/ansible: a play over a fleet.  Each host is a network namespace of this one.
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set
load lib.bash

state=$source_root/tests/unit/migration/golden/minor-1/split-1.json

setup() {
	command -v ansible-playbook > /dev/null || skip "ansible-playbook is not there"
	[ "$(id -u)" = 0 ] || skip "makes network namespaces: needs root"
	unshare -n true 2> /dev/null || skip "no network namespaces here"
	cd "$BATS_TEST_TMPDIR" || exit
	export HOME=$PWD ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_RETRY_FILES_ENABLED=0
	cp -r "$source_root/examples/ansible" fleet
	jq -n '{kind: "vhost-caps", version: 1, kernel: "6.12.95",
		nodes: [{path: "/dev/vhost-net", opens: true, error: "", reason: "", remedy: "", features: [],
			words: ["0x10331008000", "0x0"], backend_features: "0x2", ioctls: []}],
		tap: {probed: true, reason: "", offloads: "0x7f", words: ["0x1c0000000007f83", "0x0"], features: []},
		max_mem_regions: 64, max_tap_queues: 256, parameters: []}' > new.json
	jq '.kernel = "6.1.0" | .nodes[0].words = ["0x331008000", "0x0"] | .tap.words[0] = "0x7f83"' new.json > old.json
	jq '.nodes[0].words = ["0x331000000", "0x0"]' new.json > poor.json
	jq '.tap += {probed: false, reason: "no root", words: []} |
		.unknown = [{what: "tap", reason: "no root", remedy: "be root"}]' new.json > user.json
}

# fleet COUNT FILE COUNT FILE...: an inventory of so many hosts with each document.
fleet() {
	{
		echo "[all]"
		local n=0
		while [ $# -gt 0 ]; do
			for ((i = 0; i < $1; i++)); do
				echo "host$((n += 1)) document=$PWD/$2"
			done
			shift 2
		done
		cat <<- END
			[all:vars]
			ansible_connection=local
			ansible_python_interpreter=$(command -v python3)
			vhost_command=["unshare", "-n", "sh", "-c", "[ \"\$1 \$2\" = 'caps --json' ] && cat {{ document }}", "sh"]
			vhost_here=["$VHOSTCTL"]
		END
	} > inventory.ini
}

play() {
	run --separate-stderr timeout 1200 ansible-playbook -f 4 -i inventory.ini "$@" fleet/move.yml
}

@test "ansible: what 20 hosts have in common, and a guest that can move to all of them" {
	fleet 12 new.json 8 old.json
	play -e "{\"vhost_states\": [\"$state\"]}"
	[ "$status" = 0 ] || { echo "$output$stderr"; return 1; }
	[[ $output != *"changed=0 "*"failed=1"* ]]
	[ "$(jq -r '[.groups[].count] | join(" ")' fleet/vhost/baseline.json)" = "12 8" ]
	[ "$(jq -r '.nodes[0].words[0]' fleet/vhost/baseline.json)" = 0x331008000 ]
	set -- fleet/vhost/hosts/*.json
	[ $# = 20 ]
}

@test "ansible: a guest that cannot move fails the play with the reasons" {
	fleet 1 new.json 1 poor.json
	play -e "{\"vhost_states\": [\"$state\"]}"
	[ "$status" != 0 ]
	[[ $output$stderr == *"mrg_rxbuf (15)"* ]]
	fleet 1 new.json 1 user.json
	play -e "{\"vhost_states\": [\"$state\"]}"
	[ "$status" != 0 ]
	[[ $output$stderr == *"what tap has is not known: host2.json: no root"* ]]
}

@test "ansible: a guest of which not all is known fails the play, unless it is assumed of its launcher" {
	need_python
	# mtu; the checksum is of the members in this order
	edit "$state" '. as $all | del(.rings, .memory) | .running = true | .partial = ["0x8", "0x0"] |
		.rings = $all.rings | .memory = $all.memory' > partial.json
	fleet 2 new.json
	play -e "{\"vhost_states\": [\"$PWD/partial.json\", \"$state\"]}"
	[ "$status" != 0 ]
	[[ $output$stderr == *"or it cannot be told"* ]]
	[[ $output$stderr == *"partial.json: it is not known which features of its launcher the guest has: mtu (3)"* ]]
	[[ $output$stderr != *"split-1.json: "* ]]
	play -e "{\"vhost_states\": [\"$PWD/partial.json\"], \"vhost_check_options\": [\"--assume-model\"]}"
	[ "$status" = 0 ] || { echo "$output$stderr"; return 1; }
}

@test "ansible: a host may be called as the document of all of them" {
	fleet 1 new.json 1 old.json
	sed -i 's/^host1 /baseline /' inventory.ini
	play
	[ "$status" = 0 ] || { echo "$output$stderr"; return 1; }
	diff <(jq -S . new.json) <(jq -S . fleet/vhost/hosts/baseline.json)
	[ "$(jq -r '[.groups[].count] | join(" ")' fleet/vhost/baseline.json)" = "1 1" ]
}

@test "ansible: the mask is a fact of each host; a broken host is named" {
	fleet 1 new.json 1 old.json
	cat > fleet/facts.yml <<- 'END'
		- hosts: all
		  gather_facts: false
		  roles: [migration]
		  tasks:
		    - ansible.builtin.debug:
		        msg: "{{ inventory_hostname }} {{ vhost_mask }} {{ vhost_baseline.kind }}"
	END
	run --separate-stderr timeout 1200 ansible-playbook -i inventory.ini fleet/facts.yml
	[[ $output == *"host1 queue_reset=off vhost-caps"*"host2 queue_reset=off vhost-caps"* ]] || { echo "$output$stderr"; return 1; }
	echo '{' > broken.json
	fleet 1 new.json 1 broken.json
	play
	[ "$status" != 0 ]
	[[ $output$stderr == *"host2.json: the vhost-caps document is wrong"* ]]
}
