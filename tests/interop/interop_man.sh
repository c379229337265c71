#!/bin/sh
# The manual page, as mandoc reads it.
. "$(dirname "$0")/../cli/lib.sh"

test_mandoc_has_no_complaint() {
	expect 0 mandoc -Tlint -W warning "$ROOT/bench/gvr.1"
	[ ! -s "$WORK/out" ] || fail "$(cat "$WORK/out")"
}

test_it_is_shown() {
	mandoc -Tutf8 "$ROOT/bench/gvr.1" | col -bx >"$WORK/out" || fail "mandoc failed"
	out_has "WORKLOAD FILE"
}

test_a_mistake_is_noticed() {
	sed 's/^\.Sh FILES/.Xx FILES/' "$ROOT/bench/gvr.1" >"$WORK/bad.1"
	! mandoc -Tlint -W warning "$WORK/bad.1" >"$WORK/out" || fail "accepted"
}

run_tests
