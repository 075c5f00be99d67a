#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2154 # bats and lib.bash set
# graph: how it is printed, and graphviz. What it has of devices is tests/unit/cli.

load lib.bash

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir bin
}

# program NAME LINE...: a shell script, alone in the PATH of graph_with.
program() {
	printf '%s\n' '#!/bin/sh' "${@:2}" > "bin/$1"
	chmod +x "bin/$1"
}

graph_with() {
	run --separate-stderr env PATH="$PWD/bin" "$VHOSTCTL" --quiet graph "$@"
}

@test "graph: a graph in DOT, alone, and the same with its parts in the report" {
	run --separate-stderr vhostctl --quiet graph
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "${lines[0]}" = "digraph vhost {" ]
	[ "${lines[-1]}" = "}" ]
	dot=$output
	run --separate-stderr vhostctl --quiet --json graph
	[ "$status" = 0 ]
	[ "$(json '"\(.kind) \(.command)"')" = "vhost-report graph" ]
	[ "$(json '[.nodes[].id] as $ids | .edges | all(.from as $from | .to as $to | $ids | contains([$from, $to]))')" = true ]
	[ -d /sys/module/vhost ] || [ "$(json .text)" = "$dot" ]
}

@test "graph --svg: what graphviz makes of the DOT" {
	program dot 'echo "<svg>$*"' 'while read -r line; do echo "<!-- $line -->"; done' 'echo "</svg>"'
	graph_with --svg
	[ "$status" = 0 ]
	[ "${lines[0]}" = "<svg>-Tsvg" ]
	[ "${lines[1]}" = "<!-- digraph vhost { -->" ]
	[ "${lines[-1]}" = "</svg>" ]
	graph_with --svg --json
	[[ $(json .text) == "<svg>-Tsvg"* ]]
}

@test "graph --svg: an error that names the package, or what graphviz says" {
	graph_with --svg
	[ "$status" = 4 ]
	[ -z "$output" ]
	[[ $stderr == *'there is no program "dot"'*"apt-get install graphviz"* ]]
	# shellcheck disable=SC2016 # for its shell
	program dot 'echo "half of it"' 'printf "bad \033[31m line\nmore\n" >&2' 'exit 3'
	graph_with --svg
	[ "$status" = 5 ]
	[ -z "$output" ]
	[ "$stderr" = 'vhostctl: dot ended with status 3: bad \u001b[31m line' ]
	program dot 'kill -9 $$'
	graph_with --svg
	[ "$status" = 5 ]
	[[ $stderr == *"dot ended with status 137: it said nothing" ]]
	program dot 'exit 0'
	graph_with --svg
	[ "$status" = 5 ]
	[[ $stderr == *"dot wrote nothing"* ]]
}

@test "graph --svg: with graphviz itself" {
	command -v dot > /dev/null || skip "graphviz is not there"
	run --separate-stderr vhostctl --quiet graph --svg
	[ "$status" = 0 ]
	[[ $output == "<?xml"*"<svg"*"</svg>" ]]
}

@test "graph: wrong arguments" {
	fails 2 "unexpected argument" graph 1
	fails 2 "unknown option" graph --html graph.html
}
