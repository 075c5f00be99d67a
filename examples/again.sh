#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# again.sh CONFIG: a launcher that crashes is started again on the tap that "persist" kept; then the tap goes. As root.
vhostctl setup "$1" -- sh -c 'kill -9 $$'
vhostctl setup "$1" -- true
vhostctl teardown "$1"
