#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A device behind an IOMMU: frames in both directions while it asks for addresses, with both versions of the messages.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

program=$VHC_BUILD/tests/vm/vm-iommu

# run_iommu PAIRS VERSION MODE: adds each result of the program to the suite's.
run_iommu() {
	local line said lines
	said=$("$program" "$@" 2>&1)
	mapfile -t lines <<< "$said"
	for line in "${lines[@]}"; do
		case $line in
		'ok '*) pass "$*: ${line#*- }" ;;
		'not ok '*) fail "$*: ${line#*- }" ;;
		'#'*) echo "$line" ;;
		esac
	done
	like "$*: the program runs to completion" "$said" '1\.\.[0-9]+'
}

for pairs in 1 4; do
	for version in 1 2; do
		run_iommu "$pairs" "$version" used
	done
	run_iommu "$pairs" 2 all
done
run_iommu 4 2 many
becomes 'no worker is left' 0 count_workers
finish
