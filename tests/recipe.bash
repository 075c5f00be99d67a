# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# recipe SECTION NUMBER: prints a block of a section of vhostctl-recipes(7), counted from 1, as a reader would copy it.
recipe() {
	awk -v section=".Ss $1" -v number="$2" '/^\.S[hs]/ { here = $0 == section; n = 0 } /^\.Ed/ { inside = 0 }
		here && inside && n == number; /^\.Bd/ { inside = 1; n++ }' \
		"$(dirname "${BASH_SOURCE[0]}")/../man/vhostctl-recipes.7" | sed 's/\\e$/\\/'
}
