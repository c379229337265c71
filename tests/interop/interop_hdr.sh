#!/bin/sh
# Histograms that gvr wrote, read by HdrHistogram's own JavaScript port: each
# line of a log, and percentile texts byte by byte.
. "$(dirname "$0")/../cli/lib.sh"

export HDR_HISTOGRAM_JS="$ROOT/build/npm/node_modules/hdr-histogram-js"

hdr_check() { # hdr_check WANTED-COUNT ARGUMENT...
	count=$1
	shift
	expect 0 node tests/interop/hdr_check.js "$@"
	[ "$(cat "$WORK/out")" = "$count" ] || fail "compared $(cat "$WORK/out") histograms, not $count"
}

test_every_line_and_text_reads_as_written() {
	mkdir "$WORK/kept"
	HLOG_KEEP=$WORK/kept expect 0 "$BUILD/tests/test_hlog"
	hdr_check 10 expected "$WORK/kept/test.hlog" "$WORK/kept/expected.txt" "$WORK/kept"
}

test_a_changed_log_is_noticed() {
	mkdir "$WORK/kept"
	HLOG_KEEP=$WORK/kept expect 0 "$BUILD/tests/test_hlog"
	sed '0,/^service 2 40000 /s//service 2 40001 /' "$WORK/kept/expected.txt" >"$WORK/other.txt"
	cmp -s "$WORK/kept/expected.txt" "$WORK/other.txt" && fail "nothing changed"
	if node tests/interop/hdr_check.js expected "$WORK/kept/test.hlog" "$WORK/other.txt" \
		"$WORK/kept" >/dev/null 2>&1; then
		fail "accepted"
	fi
}

test_the_logs_of_a_run_are_its_result() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = hdr
	contents = noise:100
	size = uniform:1-30000
	rate_iops = 800
	runtime = 2s
	ramp_time = 200ms
	rounds = 4
	[engine "g"]
	kind = generate
	[engine "r"]
	kind = retrieve
	compression_type = none
	direct = 0
	W
	# 6: the machine may be too busy for a valid run; its numbers must agree all the same
	code=0
	"$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" >"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code -eq 0 ] || [ $code -eq 6 ] || fail "exit $code: $(cat "$WORK/err")"
	for label in g r; do
		[ -f "$WORK/r/$label.hlog" ] || fail "no $label.hlog: gvr run does not write it"
		hdr_check 12 result "$WORK/r/$label.hlog" "$WORK/r/result.json" $label
		[ -s "$WORK/r/$label.response.hgrm" ] || fail "no $label.response.hgrm"
	done
}

run_tests
