#!/bin/sh
# What a run can be trusted with: verdicts, targets, steps, bursts, the peak,
# states of the cache, an audit, Ctrl-C at any moment, and help.
. "$(dirname "$0")/lib.sh"

GVR=$(in_faster_time "$GVR" 5)

# workload SETTING...: one engine of known service time, 200/s for 1 s, and
# these settings instead, each "key = value"; "engine.key = value" of the engine.
workload() {
	{
		printf '[workload]\ncontents = noise:100\nsize = fixed:100\nramp_time = 0\nss = none\n'
		for s in 'min_query_count = 1' 'min_duration = 0' 'rate_iops = 200' 'runtime = 1s' \
			'rounds = 4' "$@"; do
			case $s in engine.*) ;; *) echo "$s" ;; esac
		done | awk -F ' = ' '!($1 in value) { order[++n] = $1 } { value[$1] = $2 }
			END { for (i = 1; i <= n; i++) print order[i] " = " value[order[i]] }'
		printf '[engine "d"]\nkind = delay\n'
		for s in "$@"; do
			case $s in engine.*) echo "${s#engine.}" ;; esac
		done
	} >"$WORK/w.ini"
}

run_gvr() { # run_gvr EXPECT...: the workload, with these words before
	"$@" "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
}

# values KEY: of that key, wherever it is in the result, one a line
values() {
	sed -n "s/^ *\"$1\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}$/\\1/p" "$WORK/r/result.json"
}

all_accounted() {
	set -- "$(json "$WORK/r/result.json" planned)" "$(json "$WORK/r/result.json" completed)" \
		"$(json "$WORK/r/result.json" failed)" "$(json "$WORK/r/result.json" dropped)"
	[ "$1" -gt 0 ] && [ "$1" -eq $(($2 + $3 + $4)) ] || fail "planned $1, completed $2, failed $3, dropped $4"
}

whole() { # what is in the result's folder is complete
	[ "$(tail -n 1 "$WORK/r/result.json")" = "}" ] || fail "result.json is cut"
	for file in result.json summary.txt d.hlog d.response.hgrm d.service.hgrm d.slip.hgrm; do
		[ -s "$WORK/r/$file" ] || fail "$file is missing or empty"
	done
	if ls "$WORK/r" | grep -F .tmp; then fail "a temporary file is left"; fi
}

test_bursts() {
	workload 'rate_process = bursts' 'rate_iops = 320' 'runtime = 2s' 'burst_agents = 16' \
		'burst_chain = 4' 'engine.service_time = fixed:1ms'
	run_gvr expect_run
	all_accounted
	[ $(($(json "$WORK/r/result.json" planned) % 64)) = 0 ] || fail "not whole bursts"
	# sixteen agents wait for each other: never less than theory says, unless the
	# machine was busy and agents came late or never
	[ "$(json "$WORK/r/result.json" result)" = VALID ] || return 77
	sed -n '/"response_ns": {/,/}/p' "$WORK/r/result.json" | sed -n 's/^ *"50": \([0-9]*\).*/\1/p' |
		head -n 1 | awk '{ exit !($1 >= 15.8e6) }' || fail "p50 below 16 ms"
}

test_rate_steps() {
	workload 'rate_process = linear' 'rate_iops = 100,400,200' 'runtime = 1500ms' 'rounds = 1' \
		'engine.service_time = fixed:100us'
	run_gvr expect_run
	all_accounted
	out_has "steps of rate_iops"
	sed -n '/"steps": \[/,/^      \]/p' "$WORK/r/result.json" | sed -n 's/^ *"planned": \([0-9]*\).*/\1/p' |
		awk '{ n[NR] = $1 } END { exit !(NR == 3 && n[1] >= 49 && n[1] <= 51 &&
			n[2] >= 199 && n[2] <= 201 && n[3] >= 99 && n[3] <= 101) }' ||
		fail "steps: $(values planned)"
}

test_the_peak() {
	workload 'rate_process = linear' 'rate_iops = peak' 'target_latency = 5ms' \
		'engine.service_time = fixed:1ms' 'engine.iodepth = 64'
	got=0
	"$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" >"$WORK/out" 2>"$WORK/err" || got=$?
	if grep -q "no rate was found" "$WORK/out"; then return 77; fi # too busy a machine
	[ $got -eq 0 ] || grep -qE 'above target_latency|the harness was late|overloaded' "$WORK/out" ||
		fail "exit $got: $(cat "$WORK/out" "$WORK/err")"
	all_accounted
	whole
	out_has "highest rate that holds"
	grep -q '"held": true' "$WORK/r/result.json" || fail "no probe held"
	grep -q '"held": false' "$WORK/r/result.json" || fail "every probe held"
	# one request a millisecond, and 5 ms of backlog in a probe of 250 ms; a
	# busy machine may hold much less
	sed -n '/"peak": {/,/}/p' "$WORK/r/result.json" | sed -n 's/^ *"rate_iops": \([0-9.]*\).*/\1/p' |
		head -n 1 | awk '{ exit !($1 > 0 && $1 < 1040) }' || fail "peak"
	# a result whose engines have request streams of their own can be read
	"$GVR" breakeven "$WORK/r" >"$WORK/out" 2>"$WORK/err" || [ $? -eq 6 ] || fail "$(cat "$WORK/err")"
	# only the rounds that count are in the log: three histograms each
	[ "$(grep -c '^Tag=' "$WORK/r/d.hlog")" = 12 ] || fail "not 12 intervals in the log"
}

test_a_missed_target() {
	workload 'rate_iops = 50' 'runtime = 400ms' 'target_latency = 1ms' \
		'engine.service_time = fixed:5ms'
	run_gvr expect 6
	out_has "above target_latency = 1.00 ms"
	[ "$(json "$WORK/r/result.json" result)" = INVALID ] || fail "result.json"
	whole
}

test_short_runs() {
	workload 'runtime = 400ms' 'min_duration = 2s' 'min_query_count = 500'
	run_gvr expect 6
	tr -s ' \n' '  ' <"$WORK/out" >"$WORK/line"
	grep -q "less than min_duration = 2.00 s; raise runtime" "$WORK/line" || fail "$(cat "$WORK/line")"
	grep -q "500 are needed (min_query_count, for target_latency_percentile)" "$WORK/line" ||
		fail "$(cat "$WORK/line")"
}

test_cpus_allowed() {
	cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
	workload "engine.cpus_allowed = $cpu" 'engine.numjobs = 2'
	run_gvr expect_run
	all_accounted
	rm -r "$WORK/r"
	workload 'engine.cpus_allowed = 4095'
	run_gvr expect 1
	err_has 'engine "d": cpus_allowed: CPU 4095 cannot be used here'
	[ ! -e "$WORK/r/result.json" ] || fail "a result of nothing"
}

test_histogram_files() {
	workload 'runtime = 400ms'
	run_gvr expect_run
	whole
	[ "$(grep -c '^Tag=' "$WORK/r/d.hlog")" = 12 ] || fail "not 3 histograms of 4 rounds"
	grep -q '#\[Mean' "$WORK/r/d.response.hgrm" || fail "hgrm"
}

# On the disk of the build: /tmp may be memory.
test_cache_states() {
	STORE=$(mktemp -d "$ROOT/build/gvr-cli.XXXXXX")
	trap 'rm -rf "$STORE"' EXIT
	cat >"$WORK/w.ini" <<-W
	[workload]
	contents = noise:200
	size = fixed:4KiB
	scenario = offline
	number_ios = 400
	ramp_time = 0
	rounds = 2
	ss = none
	[engine "d"]
	kind = retrieve
	compression_type = none
	direct = 0
	W
	for state in as-is warm cold; do
		got=0
		"$GVR" run "$WORK/w.ini" --set workload.cache_state=$state --store "$STORE" \
			--out "$WORK/r" >"$WORK/out" 2>"$WORK/err" || got=$?
		if [ $got -eq 6 ] && grep -q "put --store on a disk" "$WORK/out"; then return 77; fi
		[ $got -eq 0 ] || fail "$state: exit $got: $(cat "$WORK/out" "$WORK/err")"
		[ "$(json "$WORK/r/result.json" state)" = $state ] || fail "$state: not said"
		store=$(json "$WORK/r/result.json" store_bytes)
		before=$(json "$WORK/r/result.json" page_cache_bytes_before)
		after=$(json "$WORK/r/result.json" page_cache_bytes_after)
		[ "$store" -ge 819200 ] || fail "$state: a store of $store bytes"
		case $state in
		warm) [ "$before" -ge $((store * 9 / 10)) ] || fail "warm: $before of $store" ;;
		cold) [ "$before" -eq 0 ] && [ "$after" -gt 0 ] || fail "cold: $before, then $after" ;;
		esac
	done
}

audited() { # audited FILE: two engines that give replies, in short slices
	cat >"$1" <<-W
	[workload]
	contents = noise:200
	size = fixed:1KiB
	rate_iops = 1000
	runtime = 200ms
	rounds = 4
	[engine "r"]
	kind = retrieve
	compression_type = none
	direct = 0
	[engine "g"]
	kind = generate
	W
}

# How fast it is may depend on what else the machine does; the bytes may not.
test_an_audit() {
	audited "$WORK/w.ini"
	code=0
	"$GVR" audit "$WORK/w.ini" --store "$STORE" >"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code -eq 0 ] || [ $code -eq 6 ] || fail "exit $code: $(cat "$WORK/out" "$WORK/err")"
	[ "$(grep -c '^  PASS accuracy: [1-9][0-9]* replies checked, 0 wrong$' "$WORK/out")" = 2 ] ||
		fail "$(cat "$WORK/out")"
	word=$([ $code -eq 0 ] && echo PASSED || echo FAILED)
	[ "$(head -n 1 "$WORK/out")" = "Audit is: $word" ] || fail "exit $code: $(head -n 1 "$WORK/out")"
	awk 'length($0) > 80 { exit 1 }' "$WORK/out" || fail "wider than 80 columns"
}

test_an_audit_of_a_flipped_byte() {
	audited "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	flip "$(find "$STORE" -name '*.sst')" 100000
	expect 8 "$GVR" audit "$WORK/w.ini" --store "$STORE"
	[ "$(head -n 1 "$WORK/out")" = "Audit is: FAILED" ] || fail "$(head -n 1 "$WORK/out")"
	grep -q '^  FAIL accuracy: .* replies checked, [1-9][0-9]* wrong$' "$WORK/out" || fail "$(cat "$WORK/out")"
}

# interrupt ARGUMENT...: gvr with these, stopped by Ctrl-C after a while; it
# must end soon, of that signal
interrupt() {
	env --default-signal=INT "$GVR" "$@" --store "$STORE" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	sleep 1.5
	kill -INT $pid || fail "it had ended: $(cat "$WORK/out" "$WORK/err")"
	begin=$(date +%s)
	code=0
	wait $pid || code=$?
	[ $(($(date +%s) - begin)) -le 5 ] || fail "took $(($(date +%s) - begin)) s to stop"
	[ $code -eq 130 ] || fail "exit $code: $(cat "$WORK/out" "$WORK/err")"
}

interrupted_run() {
	interrupt run "$WORK/w.ini" --out "$WORK/r"
	[ "$(head -n 1 "$WORK/out")" = "Result is: INVALID" ] || fail "$(head -n 1 "$WORK/out")"
	out_has "* interrupted"
	whole
	[ "$(json "$WORK/r/result.json" result)" = INVALID ] || fail "result.json"
	grep -q '"interrupted after' "$WORK/r/result.json" || fail "no reason"
}

test_ctrl_c_in_a_round() {
	workload 'runtime = 600s' 'rounds = 2'
	interrupted_run
	all_accounted
	workload 'scenario = offline' 'rate_iops = 200' 'runtime = 600s' 'rounds = 2'
	sed -i '/rate_iops/d' "$WORK/w.ini"
	interrupted_run
	all_accounted
}

test_ctrl_c_between_short_rounds() {
	workload 'runtime = 600s' 'rounds = 1000'
	interrupted_run
	all_accounted
}

test_ctrl_c_in_the_search_for_the_peak() {
	workload 'rate_iops = peak' 'target_latency = 500ms' 'runtime = 600s' 'rounds = 1' \
		'engine.service_time = fixed:1ms'
	interrupted_run
	grep -q '"interrupted after 0 of 1 rounds"' "$WORK/r/result.json" || fail "rounds"
	workload 'rate_iops = peak' 'target_latency = 500ms' 'runtime = 600s' 'rounds = 1000' \
		'engine.service_time = fixed:1ms'
	interrupted_run
}

test_ctrl_c_in_an_audit() {
	audited "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	sed -i 's/runtime = 200ms/runtime = 600s/' "$WORK/w.ini"
	interrupt audit "$WORK/w.ini"
	[ "$(sed -n 1,2p "$WORK/out")" = "Audit is: FAILED
  * interrupted" ] || fail "$(cat "$WORK/out")"
}

test_help() {
	expect 0 "$GVR" help
	sed -n 's/^  gvr \([a-z]*\) .*/\1/p' "$WORK/out" >"$WORK/verbs"
	[ "$(wc -l <"$WORK/verbs")" -ge 6 ] || fail "verbs: $(cat "$WORK/verbs")"
	while read -r verb; do
		expect 0 "$GVR" "$verb" --help
		cp "$WORK/out" "$WORK/help"
		[ ! -s "$WORK/err" ] || fail "$verb: said something on stderr"
		grep -q "^usage: gvr $verb " "$WORK/help" || fail "$verb: no usage"
		grep -q "^Example: gvr $verb " "$WORK/help" || fail "$verb: no example"
		awk 'length($0) > 80 { exit 1 }' "$WORK/help" || fail "$verb: wider than 80 columns"
		expect 0 "$GVR" help "$verb"
		cmp -s "$WORK/out" "$WORK/help" || fail "help $verb is not $verb --help"
	done <"$WORK/verbs"
	expect 2 "$GVR" help nothing
	err_has "no verb nothing"
}

test_progress() {
	workload 'runtime = 2s'
	run_gvr expect_run
	[ ! -s "$WORK/err" ] || fail "no terminal, and yet: $(cat "$WORK/err")"
	command -v script >/dev/null || return 77
	code=0
	script -qec "'$GVR' run '$WORK/w.ini' --store '$STORE' --out '$WORK/r'" "$WORK/typed" \
		</dev/null >/dev/null || code=$?
	[ $code -eq 0 ] || [ $code -eq 6 ] || fail "exit $code: $(cat "$WORK/typed")"
	tr '\r' '\n' <"$WORK/typed" | grep -qE 'measuring d [0-9]+/s p99 [0-9.]+ .?s +[0-9]+ %' ||
		fail "no rate or no p99: $(cat "$WORK/typed")"
}

run_tests
