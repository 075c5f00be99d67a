# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes one TAP stream of several suites', which in-vm marks. A suite that dies, that runs other tests than it planned,
# or that a failing VM took along, is a failed test itself. Exit status: 1 when anything failed.

function result(good, text) {
	print (good ? "ok " : "not ok ") ++total " - " kernel " " text
	failed += !good
	fflush()
}

function note(text) {
	print (text ~ /^#/ ? "" : "# ") text
	fflush()
}

/^# suite / {
	name = $3; count = bad = 0; plan = ""
	next
}

/^# end / {
	if (plan != count && plan != "skip")
		result(0, name ": ran " count " tests, planned " (plan == "" ? "none" : plan) ", status " $4)
	else if ($4 != 0 && !bad)
		result(0, name ": ended with status " $4)
	name = ""
	next
}

/^# vm failed/ {
	result(0, (name == "" ? "" : name ": ") "the VM ended early")
	name = ""
	next
}

/^1\.\.[0-9]+/ {
	plan = substr($1, 4) + 0
	if (sub(/^1\.\.0 *# *SKIP */, "")) {
		plan = "skip"
		result(1, name " # SKIP " $0)
	}
	next
}

/^(not )?ok( |$)/ {
	good = !/^not /
	sub(/^(not )?ok *[0-9]* *(- *)?/, "")
	count++
	bad += !good
	result(good, name ": " $0)
	next
}

{ note($0) }

END {
	print "1.." total + 0
	exit failed > 0 || total == 0
}
