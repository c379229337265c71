#!/bin/sh
# gvr compare: what it concludes, what it refuses, and how it says so.
. "$(dirname "$0")/lib.sh"

# result FILE FACTOR [ROUNDS [SCENARIO [OTHER]]]: a VALID result of two engines;
# r's response times are FACTOR times what they are with 1, the other's OTHER
# times, everything else is noise.
result() {
	mkdir -p "$(dirname "$1")"
	awk -v factor="$2" -v rounds="${3:-6}" -v scenario="${4:-server}" -v other="${5:-1}" '
	function engine(label, kind, f,   i, wobble) {
		printf("    \"%s\": {\n      \"kind\": \"%s\",\n      \"rounds\": [\n", label, kind)
		for (i = 0; i < rounds; i++) {
			wobble = 1 + ((i * 7 + length(label)) % 11) / 1000
			printf("        {\"response_p50_ns\": %.1f, \"response_p99_ns\": %.1f, ", 450000 * f * wobble, 2e6 * f * wobble)
			printf("\"achieved_rps\": %.3f, \"cpu_us_per_request\": %.3f, ", 40 / f * wobble, 400 * wobble)
			printf("\"moved_bytes_per_request\": %s}%s\n", kind == "retrieve" ? "5237.9" : "null", i < rounds - 1 ? "," : "")
		}
		printf("      ]\n    }")
	}
	BEGIN {
		print "{\n  \"schema_version\": 1,\n  \"tool\": {\"version\": \"0.1.0\", \"commit\": \"abc\"},"
		print "  \"time\": \"2026-01-02T03:04:05Z\",\n  \"result\": \"VALID\",\n  \"why_invalid\": [],"
		print "  \"host\": {\"cpu\": \"x\"},"
		printf("  \"workload\": {\"scenario\": \"%s\", \"rate_iops\": \"40\", \"content_count\": 130},\n", scenario)
		print "  \"request_stream\": {\"requests\": 30, \"digest\": \"8efe60a8c3b64c98\", \"first_requests\": 30, \"first_digest\": \"8efe60a8c3b64c98\"},\n  \"engines\": {"
		engine("r", "retrieve", factor)
		print ","
		engine("generate", "generate", other)
		print "\n  }\n}"
	}' >"$1"
}

# row ENGINE FIGURE: the words of that row of the table, one blank apart
row() {
	grep "^$1 *$2 " "$WORK/out" | tr -s ' '
}

test_the_same_is_no_regression() {
	result "$WORK/a/result.json" 1
	expect 0 "$GVR" compare "$WORK/a" "$WORK/a/result.json"
	[ "$(grep -c 'no difference$' "$WORK/out")" = 7 ] || fail "not 7 figures: $(cat "$WORK/out")"
	[ ! -s "$WORK/err" ] || fail "said something: $(cat "$WORK/err")"
	if grep -qE 'warning|differing' "$WORK/out"; then fail "warned of nothing"; fi
}

test_a_regression_is_exit_9() {
	result "$WORK/a/result.json" 1
	result "$WORK/b/result.json" 1.2
	expect 9 "$GVR" compare "$WORK/a" "$WORK/b"
	err_has "2 of 7 figures"
	row r p50 | grep -q '^r p50 452us 542us +20.0% +1[0-9.]*,+2[0-9.]* 0.00[0-9] regression$' || fail "$(row r p50)"
	row r p99 | grep -q 'regression$' || fail "$(row r p99)"
	row generate p50 | grep -q 'no difference$' || fail "$(row generate p50)"
	row r moved/req | grep -q ' 5.24k 5.24k ' || fail "$(row r moved/req)"
	if grep -q ' rps ' "$WORK/out"; then fail "a server's rate was compared"; fi
	awk 'length($0) > 80 { exit 1 }' "$WORK/out" || fail "wider than 80 columns"
}

test_an_improvement_is_none() {
	result "$WORK/a/result.json" 1.2
	result "$WORK/b/result.json" 1
	expect 0 "$GVR" compare "$WORK/a" "$WORK/b"
	row r p50 | grep -q 'improvement$' || fail "$(row r p50)"
}

test_what_all_engines_share_is_unclear() {
	result "$WORK/a/result.json" 1
	result "$WORK/b/result.json" 1.3 6 server 1.3
	expect 0 "$GVR" compare "$WORK/a" "$WORK/b"
	[ "$(grep -c 'unclear$' "$WORK/out")" = 4 ] || fail "not 4 unclear: $(cat "$WORK/out")"
	out_has "perhaps the machine"
	# the machine is 20 % slower, and r by another 30 %
	result "$WORK/b/result.json" 1.56 6 server 1.2
	expect 9 "$GVR" compare "$WORK/a" "$WORK/b"
	row r p50 | grep -q 'regression$' || fail "$(row r p50)"
	row generate p50 | grep -q 'unclear$' || fail "$(row generate p50)"
	# the machine is faster, and r is not
	result "$WORK/b/result.json" 1 6 server 0.7
	expect 0 "$GVR" compare "$WORK/a" "$WORK/b"
	row r p50 | grep -q 'no difference$' || fail "$(row r p50)"
	row generate p50 | grep -q 'improvement$' || fail "$(row generate p50)"
}

test_the_threshold_is_kept() {
	result "$WORK/a/result.json" 1
	result "$WORK/b/result.json" 1.2
	expect 0 "$GVR" compare "$WORK/a" "$WORK/b" --threshold 25
	expect 9 "$GVR" compare --threshold 15 "$WORK/a" "$WORK/b"
	expect 9 "$GVR" compare --threshold=0 "$WORK/a" "$WORK/b"
	for bad in -1 100 nan inf x 5x ''; do
		expect 2 "$GVR" compare "$WORK/a" "$WORK/b" --threshold "$bad"
		err_has "--threshold"
	done
}

test_offline_rates_count_the_other_way() {
	result "$WORK/a/result.json" 1 6 offline
	result "$WORK/b/result.json" 1.2 6 offline
	expect 9 "$GVR" compare "$WORK/a" "$WORK/b"
	row r rps | grep -q 'regression$' || fail "$(row r rps)"
	expect 0 "$GVR" compare "$WORK/b" "$WORK/a"
	row r rps | grep -q 'improvement$' || fail "$(row r rps)"
}

test_too_few_rounds_are_no_pass() {
	result "$WORK/a/result.json" 1 3
	result "$WORK/b/result.json" 3 3
	expect 6 "$GVR" compare "$WORK/a" "$WORK/b"
	err_has "7 figures need 5 rounds"
	result "$WORK/a/result.json" 1 5
	result "$WORK/b/result.json" 3 5
	expect 9 "$GVR" compare "$WORK/a" "$WORK/b"
}

test_invalid_results_are_refused() {
	result "$WORK/a/result.json" 1
	result "$WORK/b/result.json" 1
	sed -i 's/"VALID"/"INVALID"/; s/"why_invalid": \[\]/"why_invalid": ["r: overloaded", "more"]/' "$WORK/b/result.json"
	expect 6 "$GVR" compare "$WORK/a" "$WORK/b"
	err_has "$WORK/b/result.json"
	err_has "r: overloaded"
	[ ! -s "$WORK/out" ] || fail "compared all the same"
}

test_what_differs_is_said() {
	result "$WORK/a/result.json" 1
	result "$WORK/b/result.json" 1
	sed -i 's/"rate_iops": "40"/"rate_iops": "50", "numjobs": 2/; s/"commit": "abc"/"commit": "def"/' "$WORK/b/result.json"
	expect 0 "$GVR" compare "$WORK/a" "$WORK/b"
	out_has "workload.rate_iops: 40 -> 50"
	out_has "workload.numjobs: (none) -> 2"
	out_has "tool.commit: abc -> def"
	if grep -q warning "$WORK/out"; then fail "warned of nothing"; fi
	sed -i 's/8efe60a8c3b64c98/0000000000000000/g' "$WORK/b/result.json"
	expect 0 "$GVR" compare "$WORK/a" "$WORK/b"
	out_has "warning: the request streams differ"
	sed -i 's/"content_count": 130/"content_count": 131/; s/"generate": {/"other": {/' "$WORK/b/result.json"
	expect 6 "$GVR" compare "$WORK/a" "$WORK/b"
	err_has "engine generate of A is missing in B"
	out_has "warning: the contents differ"
	out_has "engine generate is in A only"
	out_has "engine other is in B only"
}

test_nothing_in_common_is_no_pass() {
	result "$WORK/a/result.json" 1
	result "$WORK/b/result.json" 1
	sed -i 's/"generate": {/"g2": {/; s/"r": {/"r2": {/' "$WORK/b/result.json"
	expect 6 "$GVR" compare "$WORK/a" "$WORK/b"
	err_has "nothing can be compared"
}

test_bad_files_are_named() {
	result "$WORK/a/result.json" 1
	expect 3 "$GVR" compare "$WORK/a" "$WORK/nowhere"
	err_has "$WORK/nowhere"
	mkdir "$WORK/empty"
	expect 3 "$GVR" compare "$WORK/empty" "$WORK/a"
	err_has "$WORK/empty/result.json"
	head -c 500 "$WORK/a/result.json" >"$WORK/half.json"
	expect 1 "$GVR" compare "$WORK/a" "$WORK/half.json"
	err_has "$WORK/half.json: line "
	sed 's/"response_p50_ns": [0-9.]*/"response_p50_ns": "x"/' "$WORK/a/result.json" >"$WORK/text.json"
	expect 1 "$GVR" compare "$WORK/text.json" "$WORK/a"
	err_has "$WORK/text.json: engines.r.rounds[0].response_p50_ns: not a number"
	sed 's/"schema_version": 1/"schema_version": 99/' "$WORK/a/result.json" >"$WORK/new.json"
	expect 1 "$GVR" compare "$WORK/new.json" "$WORK/a"
	err_has "schema_version: is 99"
	expect 1 "$GVR" compare "$WORK/a" /dev/null
	mkfifo "$WORK/pipe"
	expect 1 timeout 10 "$GVR" compare "$WORK/a" "$WORK/pipe"
	for file in tests/fuzz/corpus/result/*; do
		code=0
		"$GVR" compare "$WORK/a" "$file" >"$WORK/out" 2>"$WORK/err" || code=$?
		case $code in
		0 | 1 | 6) ;;
		*) fail "$file: exit $code: $(cat "$WORK/err")" ;;
		esac
		[ "$(wc -l <"$WORK/err")" -le 1 ] || fail "$file: $(cat "$WORK/err")"
		if grep -q "$(printf '[\033\007]')" "$WORK/out" "$WORK/err"; then
			fail "$file: control characters reached the terminal"
		fi
	done
}

test_unreadable_is_exit_4() {
	result "$WORK/a/result.json" 1
	chmod 000 "$WORK/a/result.json"
	if [ -r "$WORK/a/result.json" ]; then # root reads everything
		command -v setpriv >/dev/null || exit 77
		chmod 755 "$WORK"
		expect 4 setpriv --reuid=65534 --regid=65534 --clear-groups "$GVR" compare "$WORK/a" "$WORK/a"
	else
		expect 4 "$GVR" compare "$WORK/a" "$WORK/a"
	fi
	err_has "$WORK/a/result.json"
}

test_arguments() {
	expect 2 "$GVR" compare
	expect 2 "$GVR" compare one
	expect 2 "$GVR" compare one two three
	err_has "three"
	expect 2 "$GVR" compare one two --store x
	err_has "--store"
	expect 0 "$GVR" compare --help
	out_has "Example: gvr compare"
	expect 0 env -u HOME -u XDG_CACHE_HOME "$GVR" compare --help
}

test_results_of_runs_are_read() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = compare
	contents = noise:100
	scenario = offline
	number_ios = 600
	rounds = 6
	ramp_time = 0
	[engine "generate"]
	kind = generate
	[engine "retrieve"]
	kind = retrieve
	compression_type = none
	direct = 0
	W
	for r in a b; do
		code=0
		"$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/$r" >"$WORK/out" 2>"$WORK/err" || code=$?
		[ $code -eq 0 ] || [ $code -eq 6 ] || fail "run: exit $code: $(cat "$WORK/err")"
		sed -i 's/"result": "INVALID"/"result": "VALID"/' "$WORK/$r/result.json" # so short a run
	done
	expect 0 "$GVR" compare "$WORK/a" "$WORK/a"
	row retrieve rps | grep -q ' +0.0% .* no difference$' || fail "$(row retrieve rps)"
	row generate cpu/req | grep -q ' +0.0% .* no difference$' || fail "$(row generate cpu/req)"
	# timings of a busy machine may differ; the requests may not
	code=0
	"$GVR" compare "$WORK/a" "$WORK/b" >"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code -eq 0 ] || [ $code -eq 9 ] || fail "exit $code: $(cat "$WORK/err")"
	if grep -q warning "$WORK/out"; then fail "$(cat "$WORK/out")"; fi
}

run_tests
