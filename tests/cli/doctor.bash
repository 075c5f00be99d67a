# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2016,SC2034 # inner shells expand; the tests use it
#
# What the inner shells have: `finding CHECK KEY` of a new report, with $options; `mends CHECK RESULT TEXT` fails unless
# the check has that result and text, and is ok once its fix was run in this shell.
tools='
finding() { "$VHOSTCTL" --json doctor $options | jq -r --arg check "$1" "(.checks + .link_checks)[] | select(.check == \$check) | .$2"; }
mends() {
	local fix text
	fix=$(finding "$1" fix) text=$(finding "$1" text)
	echo "$1: $(finding "$1" result): $text [$fix]"
	[[ $(finding "$1" result) == "$2" && $text == *"$3"* && -n $fix ]] || return 1
	eval "$fix" > /dev/null || return 1
	[[ $fix != "kill "* ]] || wait "${fix#kill }" || :
	[[ $(finding "$1" result) == ok ]] || { "$VHOSTCTL" doctor $options; return 1; }
}'
