#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The links of `vhostctl setup` on a kernel that has all kinds of them: bonds, VRFs, bridges that filter VLANs, macvtaps.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

modprobe -a bonding vrf bridge macvtap dummy tun
ok 'this kernel filters VLANs' ip link add vlans0 type bridge vlan_filtering 1
ip link delete vlans0
export CMOCKA_MESSAGE_OUTPUT=TAP
run_tap "$VHC_BUILD/tests/unit/host/test-host-run"
finish
