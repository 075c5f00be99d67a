#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A device behind an IOMMU: frames in both directions while it asks for addresses, with both versions of the messages.
set -u
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usually_on 6.1 7.2

program=$VHC_BUILD/tests/vm/vm-iommu

# run_iommu PAIRS VERSION MODE
run_iommu() { run_tap --as "$*" "$program" "$@"; }

for pairs in 1 4; do
	for version in 1 2; do
		run_iommu "$pairs" "$version" used
	done
	run_iommu "$pairs" 2 all
done
run_iommu 4 2 many
becomes 'no worker is left' 0 count_workers
finish
