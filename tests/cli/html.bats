#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2154 # inner shells expand; bats and lib.bash set
# --html: a page says what the document says, needs nothing else, and is there whole or not at all.

load lib.bash

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	state=$source_root/tests/unit/migration/golden/minor-1/iommu-4.json
	export SOURCE_DATE_EPOCH=1700000000
	vhostctl --json --quiet caps > caps.json
	host '["0x10b3d008000", "0xa"]' '["0x1c000000000ff83", "0x1e"]' > good.json
	host '["0x331008000", "0x0"]' '["0xff83", "0x0"]' > poor.json
}

# host VHOST TAP: the caps document of a host whose vhost and taps have these features.
host() {
	jq --argjson vhost "$1" --argjson tap "$2" '(.nodes[] | select(.path == "/dev/vhost-net")) |=
		(.opens = true | .error = "" | .reason = "" | .remedy = "" | .backend_features = "0x2" | .words = $vhost) |
		.tap.probed = true | .tap.reason = "" | .tap.words = $tap |
		.max_mem_regions = 64 | .max_tap_queues = 256 | del(.unknown)' caps.json
}

# page ARGUMENT...: the title of the page that they write, which has the values of the document.
page() {
	vhostctl --json --quiet "$@" --html page.html > document.json || true
	python3 "$here/page.py" page.html document.json
}

@test "--html: the page of each command has the verdict and what the document has" {
	need_python
	[ "$(page check "$state" --host good.json)" = "✓ yes The guest can move" ]
	[ "$(page check "$state" --host poor.json)" = "✗ no The guest cannot move" ]
	[[ $(cat page.html) == *'<header class="bad">'*'aria-hidden="true">✗</span>&nbsp;<code class="bad">host_uso</code>'* ]]
	jq '.tap.probed = false | .tap.reason = "not seen" | .tap.words = [] |
		.unknown = [{what: "tap", reason: "not seen", remedy: "become root"}]' good.json > dim.json
	[ "$(page check "$state" --host dim.json)" = "? unknown It cannot be told whether the guest can move" ]
	[ "$(page baseline good.json poor.json)" = "What every host of the set supports" ]
	[[ $(cat page.html) == *'<a href="#s0">nodes</a>'* ]]
	title=$(page doctor)
	[ "$title" = "$(jq -r 'if .ok then "✓ yes What vhost-net needs can be used" else "✗ no Something that vhost-net needs cannot be used" end' document.json)" ]
	[[ $(cat page.html) == *"<dt>checks[].fix</dt>"* ]]
}

@test "--html: the status and the result are as without it" {
	for form in --quiet --json; do
		run --separate-stderr vhostctl $form check "$state" --host poor.json
		plain=$output
		says 1 $form check "$state" --host poor.json --html page.html
		[ "$output" = "$plain" ]
	done
	# twice the same, byte by byte
	cp page.html before.html
	says 1 check "$state" --host poor.json -o page.html
	cmp page.html before.html
	[[ $(cat page.html) == *"2023-11-14 22:13 UTC</footer>"* ]]
}

@test "--html above RLIMIT_FSIZE: the status is 5, and no file is left" {
	run --separate-stderr bash -c 'ulimit -f 1; exec "$@"' - "$VHOSTCTL" baseline good.json poor.json --html limit.html
	[ "$status" = 5 ]
	[[ $stderr == *"cannot write the report to limit.html: File too large (EFBIG)"* ]]
	[ "$(echo limit.html*)" = "limit.html*" ]
}

@test "--html: nothing of a document or of a name is markup, and no control character is left" {
	need_python
	evil=$'<script>alert(1)<\302\202/script>&\'" \e[31m\u202egpj.exe\u2066\377'
	cp poor.json "${evil//\//_}.json"
	vhostctl baseline good.json "${evil//\//_}.json" --html page.html > /dev/null
	[ "$(python3 "$here/page.py" page.html)" = "What every host of the set supports" ]
	[[ $(cat page.html) == *'&lt;script&gt;alert(1)&lt;\u0082_script&gt;&amp;&#39;&quot; \u001b[31m\u202egpj.exe\u2066\u00ff'* ]]
	jq '(.nodes[] | select(.path == "/dev/vhost-net")) |= (.opens = false | .error = "ENOENT" | .words = [] |
		.reason = "</td></table><img src=x onerror=alert(1)>\u202e" | .remedy = "<a href=\"javascript:1\">")' good.json > rude.json
	says 1 check "$state" --host rude.json --html page.html
	python3 "$here/page.py" page.html
	[[ $(cat page.html) == *'&lt;img src=x onerror=alert(1)&gt;\u202e'* ]]
}

@test "--html: a place that cannot be written is refused first, one that fails prints nothing" {
	fails 5 "cannot write the report to /no/such/page.html: No such file or directory (ENOENT)" doctor --html /no/such/page.html
	fails 5 "cannot write the report to .: Is a directory (EISDIR)" doctor --html .
	fails 5 "cannot write the report to no/such.html: " check none.json --html no/such.html
	fails 5 "cannot write the report to /dev/full: No space left on device (ENOSPC)" doctor --html /dev/full
	fails 2 "missing value" doctor --html
	fails 2 "unknown option" list --html page.html
	fails 2 "--html writes one result, --watch makes many" status --watch 1 --html page.html 1
	[ ! -e page.html ]
}

@test "--html: a page is replaced as a whole, and stays where there is no result" {
	echo before > page.html
	ln page.html old.html
	fails 3 "none.json" check none.json --html page.html
	fails 3 "none.json" baseline good.json none.json --html page.html
	[ "$(cat page.html)" = before ]
	says 0 check "$state" --host good.json --html page.html
	[[ $(head -n 1 page.html) == "<!DOCTYPE html>" ]]
	[ "$(cat old.html)" = before ]
	ln -s page.html link.html
	says 1 check "$state" --host poor.json --html link.html
	[ -L link.html ]
	[[ $(cat page.html) == *"The guest cannot move"* ]]
	[ "$(echo page.html*)" = page.html ] # nothing is left beside it
}

# measured SCHEME PAGE...: "width fits|NEEDED background" of each page at 360 and 1280 pixels, as Chromium has it.
measured() {
	python3 - "${@:2}" > frames.html <<- 'END'
		import html, sys
		print("<!DOCTYPE html><meta charset=utf-8><body>")
		for name in sys.argv[1:]:
		    with open(name) as file:
		        page = html.escape(file.read())
		    for width in 360, 1280:
		        print(f'<iframe width={width} height=900 style="border: 0" srcdoc="{page}"></iframe>')
		print("""<script>onload = () => {
		    const lines = [...document.querySelectorAll("iframe")].map(frame => {
		        const root = frame.contentDocument.documentElement;
		        const body = frame.contentDocument.body;
		        const fits = root.scrollWidth <= root.clientWidth ? "fits" : root.scrollWidth;
		        return [frame.clientWidth, fits, getComputedStyle(body).backgroundColor].join(" ");
		    });
		    const text = document.createElement("pre");
		    text.textContent = lines.join("\\n");
		    document.body.replaceChildren(text);
		}</script>""")
	END
	local scheme=1
	[ "$1" = light ] || scheme=0
	HOME=$PWD timeout 300 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/chromium" \
		--blink-settings=preferredColorScheme=$scheme --dump-dom "file://$PWD/frames.html" 2> chromium.log |
		sed -n '/<pre>/,/<\/pre>/p' | sed 's/.*<pre>//; s/<\/pre>.*//'
}

@test "--html: in Chromium the page never scrolls sideways, and is dark where that is wanted" {
	command -v chromium > /dev/null || skip "chromium is not there"
	need_python
	long=$(printf 'x%.0s' {1..200})
	cp poor.json "$long.json"
	jq --arg long "$long" '(.nodes[] | select(.path == "/dev/vhost-net")) |= (.opens = false | .error = "ENOENT" |
		.reason = $long | .remedy = $long | .words = [])' good.json > wide.json
	vhostctl doctor --html doctor.html > doctor.txt || true
	vhostctl baseline good.json poor.json "$long.json" --html baseline.html > baseline.txt
	vhostctl check "$state" --host poor.json --html check.html > check.txt || true
	vhostctl check "$state" --host wide.json --html wide.html > wide.txt || true
	for scheme in "light rgb(255, 255, 255)" "dark rgb(20, 24, 29)"; do
		result=$(measured "${scheme%% *}" doctor.html baseline.html check.html wide.html)
		[ -n "$result" ] || skip "this chromium shows nothing: $(tail -n 1 chromium.log)"
		echo "$result"
		diff <(echo "$result") <(for _ in 1 2 3 4; do
			echo "360 fits ${scheme#* }"
			echo "1280 fits ${scheme#* }"
		done)
	done
}
