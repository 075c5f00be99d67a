#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# again.sh [CONFIG]: a launcher that crashes is started again on the tap that "persist" kept; then the tap goes. As root.
config=${1:-$(dirname "$0")/persist.json}
vhostctl setup "$config" -- sh -c 'kill -9 $$'
vhostctl setup "$config" -- true
vhostctl teardown "$config"
