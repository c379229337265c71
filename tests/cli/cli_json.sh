#!/bin/sh
# --format json: one JSON text on standard output, nothing else, and the exit
# codes of the normal format.
. "$(dirname "$0")/lib.sh"

GVR=$(in_faster_time "$GVR" 10)

# json_is MEMBER VALUE: of $WORK/out
json_is() {
	got=$("$BUILD/tests/cli/json_check" "$1" <"$WORK/out") || fail "no JSON: $(head -c 2000 "$WORK/out")"
	[ "$got" = "$2" ] || fail "$1 is $got, not $2"
}

# json_has MEMBER...: of $WORK/out
json_has() {
	"$BUILD/tests/cli/json_check" "$@" <"$WORK/out" >/dev/null || fail "lacks $*: $(head -c 2000 "$WORK/out")"
}

workload() { # workload FILE: two engines over $WORK/docs, and one that makes no replies
	cat >"$1" <<-W
	[workload]
	name = docs
	contents = archive:$WORK/docs
	scenario = offline
	number_ios = 60
	rounds = 2
	ramp_time = 0
	split = all
	[engine "retrieve"]
	kind = retrieve
	layout = segments
	compression_level = 3
	compression_max_dict_bytes = 8KiB
	[engine "generate"]
	kind = generate
	[engine "null"]
	kind = null
	W
}

test_load_run_verify_breakeven_and_compare() {
	documents "$WORK/docs" 40
	# a name that a terminal would obey, of bytes that are no UTF-8
	bad=$WORK/docs/$(printf 'a\033[31m\nb\377\302\233')
	echo hello >"$bad"
	workload "$WORK/w.ini"

	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE" --format json
	json_is corpus/files 41
	json_is corpus/skipped/links 0
	json_is contents 41
	json_is loaded 41
	json_is present 0
	json_is engines/retrieve/loaded 41
	json_is engines/generate/loaded 41
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE" --format json
	json_is engines/retrieve/loaded 0
	json_is present 41

	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/a" --format json
	(cat "$WORK/a/result.json" && echo) | cmp - "$WORK/out" || fail "not the text of result.json"
	json_is engines/retrieve/requests/completed 60
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/b" --format=json

	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE" --format json
	json_is engines/retrieve/right 41
	json_is engines/generate/wrong 0
	json_is engines/null/right null
	json_is engines/null/why_unavailable "it makes no replies"

	code=0
	"$GVR" breakeven "$WORK/a" >/dev/null || code=$?
	expect $code "$GVR" breakeven "$WORK/a" --format json
	json_is result "$(json "$WORK/a/result.json" result)"
	json_has breakeven/money/likely_days/1 breakeven/verdict

	code=0
	"$GVR" compare "$WORK/a" "$WORK/b" >/dev/null 2>&1 || code=$?
	expect $code "$GVR" compare "$WORK/a" "$WORK/b" --format json
	json_has verdict why/0 figures/0/engine figures/0/change figures/0/ci figures/0/p figures/0/verdict
	json_is same_contents true
	json_is same_request_stream true
	json_is engines_only_in_a '[]'

	# what is damaged is told with its name
	for segment in $(find "$STORE"/docs-*/retrieve* -name "*.seg"); do
		head -c 3000 /dev/urandom | dd of="$segment" bs=1000 seek=2 conv=notrunc 2>/dev/null
	done
	expect 8 "$GVR" verify "$WORK/w.ini" --store "$STORE" --format json
	[ -s "$WORK/err" ] || fail "stderr says nothing"
	json_has engines/retrieve/first_wrong/0/name engines/retrieve/store
	[ "$("$BUILD/tests/cli/json_check" engines/retrieve/wrong <"$WORK/out")" -gt 0 ] || fail "none wrong"
}

test_compare_says_why_not() {
	cp -r "$ROOT/results/manpages" "$WORK/a"
	cp -r "$WORK/a" "$WORK/b"
	expect 0 "$GVR" compare "$WORK/a" "$WORK/b" --format json
	json_is verdict "no regression"
	json_is why '[]'
	json_is figures/0/verdict "no difference"
	json_is figures/0/change 0.0
	json_is differing '[]'
	sed -i 's/"result": "VALID"/"result": "INVALID"/; s/"why_invalid": \[\]/"why_invalid": ["by hand"]/' "$WORK/b/result.json"
	expect 6 "$GVR" compare "$WORK/a" "$WORK/b" --format json
	json_is verdict "not comparable"
	json_is b/result INVALID
	json_is figures '[]'
	expect 6 "$GVR" breakeven "$WORK/b" --format json
	json_is result INVALID
	json_is why_invalid '["by hand"]'
}

test_probe_lists_every_meter() {
	mkdir "$WORK/sys"
	expect 0 env GVR_SYSFS="$WORK/sys" GVR_NVML=none "$GVR" probe --format json
	json_is energy modelled
	json_is meter null
	json_is meters/1/name rapl_powercap
	json_is meters/1/state absent
	json_has meters/5/why
	expect 2 "$GVR" probe --calibrate --format json
	err_has "does not go with --calibrate"
}

test_audit_tells_every_check() {
	documents "$WORK/docs" 40
	workload "$WORK/w.ini"
	code=0
	"$GVR" audit "$WORK/w.ini" --store "$STORE" --set workload.runtime=500ms --format json \
		>"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code -eq 0 ] || [ $code -eq 6 ] || fail "exit $code: $(cat "$WORK/err")"
	json_is audit "$([ $code -eq 0 ] && echo PASSED || echo FAILED)"
	json_is engines/retrieve/accuracy/outcome pass
	json_is engines/null/accuracy/outcome null
	json_has engines/generate/repeat/outcome engines/generate/seeds/1/speed harness_ns_per_request
}

test_train_prints_the_card() {
	documents "$WORK/docs" 40
	expect 0 "$GVR" train "$WORK/docs" -o "$WORK/m.gvrm" --format json
	cmp "$WORK/out" "$WORK/m.gvrm.json" || fail "not the card"
	json_is model/generator cm
}

test_what_fails_prints_no_json() {
	expect 3 "$GVR" run "$WORK/none.ini" --format json
	[ ! -s "$WORK/out" ] || fail "$(cat "$WORK/out")"
	for verb in run verify audit load breakeven; do
		expect 2 "$GVR" $verb x --format xml
		err_has "gvr $verb: --format: normal or json, not xml"
	done
	expect 2 "$GVR" compare a b --format JSON
	expect 2 "$GVR" init x --format json
	err_has "unknown option --format"
	command -v head >/dev/null && [ -w /dev/full ] || return 0
	expect 1 sh -c "'$GVR' compare '$ROOT/results/manpages' '$ROOT/results/manpages' --format json >/dev/full"
}

run_tests
