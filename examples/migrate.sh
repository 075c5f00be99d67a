#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# migrate.sh SOCKET ID HOST SOCKET-THERE URI: moves a guest to the QEMU that waits for it on HOST, if it can run there.
# The sockets are those of -qmp, ID is the one of the net device, and URI is where the other QEMU listens (-incoming).
# Commands run on HOST by ssh, or by $RSH.
set -euo pipefail
socket=$1 id=$2 host=$3 socket_there=$4 uri=$5
work=$(mktemp -d) && trap 'rm -r "$work"' EXIT
there() { ${RSH-ssh "$host"} "$@"; }
qemu() { # COMMAND [ARGUMENTS]
	python3 -c 'import json, socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(60); s.connect(sys.argv[1]); f = s.makefile("rw"); f.readline()
for command, arguments in [("qmp_capabilities", "{}"), (sys.argv[2], "".join(sys.argv[3:]) or "{}")]:
    f.write(json.dumps({"execute": command, "arguments": json.loads(arguments), "id": command}) + "\n"); f.flush()
    while (answer := json.loads(f.readline())).get("id") != command: pass
sys.exit(answer["error"]["desc"]) if "error" in answer else print(answer["return"].get("status"))' "$socket" "$@"
}

vhostctl --json dump --qmp "$socket" "$id" > "$work/before"
there vhostctl --json caps > "$work/caps"
# nothing may be unknown but the number of regions of memory, which QEMU does not show
vhostctl check --json "$work/before" --host "$work/caps" > "$work/check" ||
	jq -e 'all(.findings[]; .what == "regions" and (.known | not))' "$work/check" > /dev/null ||
	{ jq -r '.findings[].text' "$work/check" >&2; exit 1; }
qemu migrate-set-capabilities '{"capabilities": [{"capability": "return-path", "state": true}]}' > /dev/null
qemu migrate "{\"uri\": \"$uri\"}" > /dev/null
while status=$(qemu query-migrate) || exit; [[ $status != @(completed|failed|cancelled) ]]; do sleep 0.1; done
[ "$status" = completed ] || { qemu cont > /dev/null; echo "the guest stays here: $status" >&2; exit 1; }
there vhostctl --json dump --qmp "$socket_there" "$id" > "$work/after"
vhostctl state diff "$work/before" "$work/after"
