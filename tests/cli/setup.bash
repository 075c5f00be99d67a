# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the tests of `vhostctl setup` begin with: a folder with a document that has no vhost, and one that requires it.

setup() {
	need_tap
	cd "$BATS_TEST_TMPDIR" || return
	document off > off.json
	document require > require.json
}

# document VHOST [DEVICE-MEMBERS [LAUNCHER-MEMBERS]]
document() {
	printf '{"kind": "vhost-setup", "version": 1, "devices": [{"id": "net0", "type": "net", "vhost": "%s"%s,
		"tap": {"name": "tp0", "address": ["192.0.2.1/24"], "mtu": 1400}}],
		"launcher": {"style": "env"%s}}' "$1" "${2:+, $2}" "${3:+, $3}"
}
