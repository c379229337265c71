#!/bin/sh
# Sweeps: every combination once, whole runs kept whatever happens, and nothing
# begun that cannot be ended.
. "$(dirname "$0")/lib.sh"

GVR=$(in_faster_time "$GVR" 5)

# workload SETTING...: an engine that answers at once and one of 1 ms, 200/s
workload() {
	{
		printf '[workload]\nname = tiny\ncontents = noise:100\nsize = fixed:100\nramp_time = 0\n'
		printf 'ss = none\nmin_query_count = 1\nmin_duration = 0\nrounds = 2\nrate_process = linear\n'
		printf 'rate_iops = 200\n'
		printf '%s\n' "$@"
		printf '[engine "n"]\nkind = null\n[engine "d"]\nkind = delay\n'
	} >"$WORK/w.ini"
}

# sweep EXPECT... -- ARGUMENT...: with these words before and those behind
sweep() {
	before=
	while [ "$1" != -- ]; do
		before="$before $1"
		shift
	done
	shift
	$before "$GVR" sweep "$WORK/w.ini" --store "$STORE" --out "$WORK/s" "$@"
}

whole() { # whole NUMBER...: these runs are there, whole, and no others
	want=$(printf 'run-%04d\n' "$@")
	[ "$(ls -d "$WORK"/s/run-* | sed 's,.*/,,')" = "$want" ] || fail "not $want: $(ls "$WORK/s")"
	for n in $want; do
		[ "$(tail -n 1 "$WORK/s/$n/result.json")" = "}" ] || fail "$n/result.json is cut"
		for file in summary.txt $(sed -n 's/^ *"\([a-z]*\.[a-z.]*\)",*$/\1/p' "$WORK/s/$n/result.json"); do
			[ -s "$WORK/s/$n/$file" ] || fail "$n/$file is missing or empty"
		done
	done
}

wait_for() { # wait_for FILE: until it is there
	for i in $(seq 600); do
		[ ! -e "$1" ] || return 0
		sleep 0.05
	done
	fail "$1 never came: $(cat "$WORK/bg")"
}

in_background() { # in_background ARGUMENT...: a sweep, its process in $pid
	# which a shell makes ignore Ctrl-C, else
	env --default-signal=INT "$GVR" sweep "$WORK/w.ini" --store "$STORE" --out "$WORK/s" "$@" >"$WORK/bg" 2>"$WORK/bg.err" &
	pid=$!
}

test_every_combination_once() {
	workload 'runtime = 200ms'
	sweep expect 0 -- --over workload.rate_iops=100:400:x2 --over engine.d.iodepth=4,8
	whole 1 2 3 4 5 6
	out_has "6 runs of 2 engines; results in $WORK/s/"
	out_has "Some 3 s of measuring"
	[ "$(grep -c '^run-000[1-6] rate_iops=[124]00 iodepth=[48]: ' "$WORK/out")" = 6 ] || fail "$(cat "$WORK/out")"
	grep -qE '^run-0006 +400 +8 +(VALID|INVALID) +[0-9.]+ .?s +[0-9.]+ .?s +-$' "$WORK/out" ||
		fail "no row of the last run: $(cat "$WORK/out")"
	out_has "Report: $WORK/s/report.html"
	[ ! -s "$WORK/err" ] || fail "said something: $(cat "$WORK/err")"
	[ "$(grep -c '"done": true' "$WORK/s/sweep.json")" = 6 ] || fail "not all are done"
	for n in 1 2 3 4 5 6; do
		r=$WORK/s/run-000$n/result.json
		[ "$(json "$r" rate_iops)" = $((100 << (n - 1) / 2)) ] || fail "rate_iops of $n"
		[ "$(sed -n 's/^ *"iodepth": "\(.*\)",/\1/p' "$r" | tail -n 1)" = $((n % 2 ? 4 : 8)) ] || fail "iodepth of $n"
	done
	# the command of one makes the same one
	command=$(sed -n 's/^  "command": "gvr \(.*\)",$/\1/p' "$WORK/s/run-0003/result.json")
	case $command in
	"run $WORK/w.ini --set workload.rate_iops=200 --set d.iodepth=4 "*" --out $WORK/s/run-0003") ;;
	*) fail "command: $command" ;;
	esac
	sed '/"time"\|_ns"\|host/d' "$WORK/s/run-0003/result.json" | grep digest >"$WORK/digests"
	# shellcheck disable=SC2086
	expect_run "$GVR" $command
	sed '/"time"\|_ns"\|host/d' "$WORK/s/run-0003/result.json" | grep digest | cmp -s - "$WORK/digests" ||
		fail "other requests"
}

test_what_is_wrong_is_said_before_anything_runs() {
	workload 'runtime = 200ms'
	sweep expect 2 --
	err_has "nothing to sweep over: give --over"
	sweep expect 2 -- --over workload.rate_iops=8000:500:x2
	err_has "--over workload.rate_iops=8000:500:x2: the first is greater than the last"
	sweep expect 2 -- --over d.iodepth=1:10001:+1
	err_has "more than 10000 values"
	sweep expect 2 -- --over d.iodepth=1,2 --over engine.d.iodepth=3
	err_has "d.iodepth is swept over already"
	sweep expect 2 -- --over d.iodepth=1,2 --set engine.d.iodepth=3
	err_has "d.iodepth: in a --set and in an --over"
	sweep expect 5 -- --over workload.size=fixed:1KiB,fixed:1024
	err_has "run-0001 (size=fixed:1KiB) and run-0002 (size=fixed:1024) would be the same"
	sweep expect 5 -- --over workload.rounds=2 --over d.iodepth=4,0
	err_has "run-0002 (rounds=2 iodepth=0): --set d.iodepth=0: iodepth = 0: a whole number from 1 to 4096"
	sweep expect 5 -- --over e.iodepth=1,2
	err_has "e: neither workload nor the label of an engine"
	sweep expect 3 -- --over workload.platform=server,nowhere
	err_has "run-0002 (platform=nowhere): nowhere: no such platform file"
	expect 3 "$GVR" sweep "$WORK/none.ini" --over d.iodepth=1,2
	expect 2 "$GVR" run "$WORK/w.ini" --over d.iodepth=1,2
	[ ! -e "$WORK/s" ] || fail "something was made"
}

test_a_run_that_is_invalid_is_a_result() {
	workload 'runtime = 400ms'
	sweep expect 0 -- --over workload.rate_iops=100,4000
	whole 1 2
	grep -q '^run-0002 rate_iops=4000: INVALID: [nd]: ' "$WORK/out" || fail "no INVALID: $(cat "$WORK/out")"
	out_has "INVALID, and the first reason why:"
	grep -q '"result": "INVALID"' "$WORK/s/sweep.json" || fail "sweep.json"
}

test_wrong_bytes_are_told_in_the_end() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	contents = noise:100
	size = fixed:4KiB
	scenario = offline
	number_ios = 400
	rounds = 2
	ramp_time = 0
	[engine "raw"]
	kind = raw
	direct = 0
	W
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	for file in $(find "$STORE" -type f -size +300k); do flip "$file" 5000; done
	sweep expect 8 -- --over raw.iodepth=1,2
	whole 1 2
	out_has "How long it takes is not known before (number_ios or rate_iops = peak)"
	out_has "replies with wrong bytes"
	sweep expect 8 -- --over raw.iodepth=1,2
	out_has "2 of them there already, 0 to go"
}

test_goes_on_after_kill() {
	workload 'runtime = 1s'
	in_background --over d.iodepth=4,8,16
	wait_for "$WORK/s/run-0002.part/"
	kill -9 $pid
	if wait $pid 2>/dev/null; then fail "it had ended: $(cat "$WORK/bg")"; fi
	[ ! -e "$WORK/s/run-0002" ] || fail "the second run was over too soon"
	rm -r "$WORK/s/run-0002.part"
	whole 1
	mkdir "$WORK/s/run-0002.part"
	echo half >"$WORK/s/run-0002.part/result.json"
	kept=$(cksum "$WORK/s/run-0001/result.json")
	sweep expect 0 -- --over d.iodepth=4,8,16
	out_has "1 of them there already, 2 to go"
	whole 1 2 3
	[ "$(cksum "$WORK/s/run-0001/result.json")" = "$kept" ] || fail "measured again"
	if grep '^run-0001 iodepth' "$WORK/out"; then fail "measured again"; fi
	sweep expect 0 -- --over d.iodepth=4,8,16
	out_has "3 of them there already, 0 to go"
	[ "$(grep -c '^run-000. ' "$WORK/out")" -ge 3 ] || fail "no table"
}

test_ctrl_c_keeps_what_is_whole() {
	workload 'runtime = 1s'
	in_background --over d.iodepth=4,8,16
	wait_for "$WORK/s/run-0002.part/"
	kill -INT $pid
	got=0
	wait $pid || got=$?
	[ $got = 130 ] || fail "exit $got"
	[ "$(cat "$WORK/bg.err")" = "gvr: interrupted" ] || fail "$(cat "$WORK/bg.err")"
	grep -q "1 of 3 runs are whole and kept in $WORK/s/; the same command goes on" "$WORK/bg" || fail "$(cat "$WORK/bg")"
	whole 1
	sweep expect 0 -- --over d.iodepth=4,8,16
	whole 1 2 3
}

test_ctrl_c_while_loading() {
	workload 'runtime = 1s'
	sed -i 's/^contents.*/contents = noise:20000/; s/^size.*/size = fixed:4KiB/; s/^kind = null/kind = retrieve/' "$WORK/w.ini"
	in_background --over d.iodepth=4,8
	wait_for "$STORE"
	kill -INT $pid
	got=0
	wait $pid || got=$?
	[ $got = 130 ] || fail "exit $got: $(cat "$WORK/bg")"
	[ "$(cat "$WORK/bg.err")" = "gvr: interrupted" ] || fail "$(cat "$WORK/bg.err")"
	grep -q "0 of 2 runs are whole" "$WORK/bg" || fail "$(cat "$WORK/bg")"
	if ls "$WORK/s" | grep run-; then fail "something of a run is left"; fi
}

test_a_workload_that_changes_meanwhile() {
	workload 'runtime = 1s'
	in_background --over d.iodepth=4,8
	wait_for "$WORK/s/run-0001.part/"
	workload 'runtime = 900ms'
	got=0
	wait $pid || got=$?
	[ $got = 1 ] || fail "exit $got: $(cat "$WORK/bg")"
	grep -qF "w.ini: changed since the sweep began; change it back" "$WORK/bg.err" || fail "$(cat "$WORK/bg.err")"
	whole 1
}

test_an_error_ends_it() {
	workload 'runtime = 200ms'
	cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
	expect 1 "$GVR" sweep "$WORK/w.ini" --store "$STORE" --out "$WORK/s" --over "d.cpus_allowed=$cpu,4095,4094"
	err_has 'run-0002 (cpus_allowed=4095): engine "d": cpus_allowed: CPU 4095 cannot be used here'
	out_has "1 of 3 runs are whole and kept in $WORK/s/"
	whole 1
}

test_another_sweep_is_kept_out() {
	workload 'runtime = 200ms'
	sweep expect 0 -- --over d.iodepth=4,8
	sweep expect 1 -- --over d.iodepth=4,9
	err_has "$WORK/s: holds a sweep over other values; sweep into another folder, or remove it"
	sweep expect 1 -- --over d.iodepth=4,8 --set workload.randseed=3
	err_has "holds a sweep with other settings"
	workload 'runtime = 300ms'
	sweep expect 1 -- --over d.iodepth=4,8
	err_has "holds a sweep with other settings (of the workload file"
	workload 'runtime = 200ms' '; a comment changes nothing'
	sweep expect 0 -- --over d.iodepth=4,8
	cp "$WORK/s/sweep.json" "$WORK/kept"
	head -c 300 "$WORK/kept" >"$WORK/s/sweep.json"
	sweep expect 1 -- --over d.iodepth=4,8
	err_has "sweep.json: not JSON"
	sed 's/"schema_version": 1/"schema_version": 2/' "$WORK/kept" >"$WORK/s/sweep.json"
	sweep expect 1 -- --over d.iodepth=4,8
	err_has "sweep.json: schema_version: not 1"
	rm "$WORK/s/sweep.json"
	sweep expect 1 -- --over d.iodepth=4,8
	err_has "no sweep.json beside it"
	cp "$WORK/kept" "$WORK/s/sweep.json"
	echo '{' >"$WORK/s/run-0002/result.json"
	sweep expect 1 -- --over d.iodepth=4,8
	err_has "remove $WORK/s/run-0002 to measure it again"
	rm -r "$WORK/s/run-0002"
	sweep expect 0 -- --over d.iodepth=4,8
	whole 1 2
}

test_two_at_once() {
	workload 'runtime = 1s'
	in_background --over d.iodepth=4,8
	wait_for "$WORK/s/run-0001.part/"
	sweep expect 1 -- --over d.iodepth=4,8
	err_has "$WORK/s: another gvr is writing there"
	wait $pid || fail "the first failed: $(cat "$WORK/bg.err")"
	whole 1 2
}

test_a_folder_that_cannot_be_written() {
	workload 'runtime = 200ms'
	: >"$WORK/s"
	sweep expect 1 -- --over d.iodepth=4,8
	err_has "$WORK/s: cannot make folder"
	[ "$(id -u)" -ne 0 ] || return 0
	rm "$WORK/s"
	mkdir -m 555 "$WORK/s"
	sweep expect 4 -- --over d.iodepth=4,8
	err_has "$WORK/s"
}

test_platforms_and_names() {
	workload 'runtime = 200ms'
	mkdir "$WORK/here"
	cd "$WORK/here" || fail cd
	expect 0 "$GVR" sweep ../w.ini --store "$STORE" --over workload.platform=laptop,server
	for n in 1:Laptop 2:Datacentre; do
		sed -n '/^  "platform": {/,$p' "out/tiny-sweep/run-000${n%:*}/result.json" >platform
		case $(json platform name) in "${n#*:}"*) ;; *) fail "platform of $n: $(head -n 3 platform)" ;; esac
	done
}

test_progress_on_a_terminal() {
	command -v script >/dev/null || return 77
	workload 'runtime = 2s'
	code=0
	script -qec "'$GVR' sweep '$WORK/w.ini' --store '$STORE' --out '$WORK/s' --over d.iodepth=4,8" \
		"$WORK/typed" </dev/null >/dev/null || code=$?
	[ $code -eq 0 ] || fail "exit $code: $(cat "$WORK/typed")"
	tr '\r' '\n' <"$WORK/typed" >"$WORK/lines"
	grep -qE 'run 2/2 iodepth=8: measuring .* [0-9]+ % of it, all ETA [0-9]+m[0-9]+s' "$WORK/lines" ||
		fail "no line of the second run: $(cat "$WORK/lines")"
	awk '/ETA/ && length($0) > 83 { exit 1 }' "$WORK/lines" || fail "too wide: $(cat "$WORK/lines")"
}

# Neither a result from elsewhere nor that of another run stands for a run.
test_a_run_is_its_own() {
	workload 'runtime = 200ms'
	sweep expect 0 -- --over d.iodepth=1,2
	mv "$WORK/s/run-0001" "$WORK/s/x" && mv "$WORK/s/run-0002" "$WORK/s/run-0001"
	mv "$WORK/s/x" "$WORK/s/run-0002"
	expect 1 "$GVR" report "$WORK/s"
	err_has "run-0001/result.json: is not the result of this run"
	sweep expect 1 -- --over d.iodepth=1,2
	err_has "run-0001: holds another result; remove it to measure it again"
	rm -r "$WORK/s"/run-000*
	sweep expect 0 -- --over d.iodepth=1,2
	whole 1 2
}

# For programs: sweep.json and nothing else; how it goes is told on stderr.
test_format_json() {
	workload 'runtime = 200ms'
	"$GVR" sweep "$WORK/w.ini" --store "$STORE" --out "$WORK/s" --over d.iodepth=1,2 --format json \
		>"$WORK/out" 2>"$WORK/err" || fail "$(cat "$WORK/err")"
	"$BUILD/tests/cli/json_check" schema_version <"$WORK/out" >"$WORK/version" || fail "no JSON: $(cat "$WORK/out")"
	[ "$(cat "$WORK/version")" = 1 ] || fail "$(cat "$WORK/version")"
	err_has "2 runs of 2 engines"
	[ -s "$WORK/s/report.html" ] || fail "no report"
	[ -s "$WORK/s/run-0002/report.html" ] || fail "no report of a run"
}

run_tests
