#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The tests of vhostctl that show more, or work at all, only with vhost-net.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 7.2

export VHOSTCTL=$VHC_BUILD/cli/vhostctl
exec bats --formatter tap --filter-tags vhost "$VHC_SOURCE"/tests/cli/{setup,setup-vsock,host,check-fds,loop,state,recipes}.bats
