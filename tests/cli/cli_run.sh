#!/bin/sh
# Whole runs: identical bytes, identical requests, honest verdicts.
. "$(dirname "$0")/lib.sh"

GVR=$(in_faster_time "$GVR" 5)

archive() { # archive FILE: two engines over $WORK/docs
	cat >"$1" <<-W
	[workload]
	name = docs
	contents = archive:$WORK/docs
	popularity = zipf:0.99
	scenario = offline
	number_ios = 300
	rounds = 3
	ramp_time = 0
	[engine "retrieve"]
	kind = retrieve
	compression_level = 9
	compression_max_dict_bytes = 8KiB
	direct = 0
	iodepth = 8
	[engine "generate"]
	kind = generate
	direct = 0
	W
}

digests() { # the stream digests in a result, one a line, without repeats
	sed -n 's/^ *"\(stream_\)\{0,1\}digest": "\([0-9a-f]*\)".*/\2/p' "$1" | sort -u
}

test_archive_is_valid_and_identical() {
	documents "$WORK/docs" 120
	: >"$WORK/docs/empty"
	head -c 3000 /dev/urandom >"$WORK/docs/random.bin"
	printf 'x' >"$WORK/docs/one byte"
	ln -s page0001.txt "$WORK/docs/link"
	archive "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE" --set workload.split=all
	out_has "123 files became 123 contents"
	out_has "1 symbolic links"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE" --set workload.split=all
	out_has "retrieve: 123 of 123 right"
	out_has "generate: 123 of 123 right"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	[ "$(head -n 1 "$WORK/out")" = "Result is: $(json "$WORK/r/result.json" result)" ] || fail "verdicts differ"
	awk 'length($0) > 80 && !/^Result: / { exit 1 }' "$WORK/out" || fail "wider than 80 columns"
	[ "$(grep -c '"verified": 300' "$WORK/r/result.json")" = 2 ] || fail "not all were verified"
	[ "$(grep -c '"mismatched": 0' "$WORK/r/result.json")" = 2 ] || fail "mismatches"
	[ "$(digests "$WORK/r/result.json" | wc -l)" = 1 ] || fail "the engines' streams differ"
}

test_streams_repeat_and_do_not_depend_on_workers() {
	documents "$WORK/docs" 60
	archive "$WORK/w.ini"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r1"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r2" \
		--set generate.numjobs=3 --set engine.retrieve.numjobs=2
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r3" --set workload.randseed=2
	[ "$(digests "$WORK/r1/result.json")" = "$(digests "$WORK/r2/result.json")" ] || fail "differ"
	[ "$(digests "$WORK/r1/result.json")" != "$(digests "$WORK/r3/result.json")" ] || fail "same"
}

test_server_streams_repeat_with_their_times() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	contents = noise:100
	size = uniform:1-3000
	rate_iops = 500
	runtime = 1s
	ramp_time = 200ms
	rounds = 2
	min_query_count = 1
	[engine "g"]
	kind = generate
	[engine "g2"]
	kind = generate
	numjobs = 2
	W
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r1"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r2" --set g.numjobs=4
	[ "$(digests "$WORK/r1/result.json")" = "$(digests "$WORK/r2/result.json")" ] || fail "differ"
	[ "$(digests "$WORK/r1/result.json" | wc -l)" = 1 ] || fail "the engines' streams differ"
	planned=$(json "$WORK/r1/result.json" planned)
	[ "$planned" -gt 400 ] && [ "$planned" -lt 600 ] || fail "planned $planned"
}

test_overload_is_invalid_and_says_so() {
	documents "$WORK/docs" 60
	archive "$WORK/w.ini"
	sed -i '/number_ios/d; s/^scenario.*/scenario = server\nrate_iops = 200000\nruntime = 600ms/' "$WORK/w.ini"
	expect 6 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	[ "$(head -n 1 "$WORK/out")" = "Result is: INVALID" ] || fail "$(head -n 1 "$WORK/out")"
	out_has "overloaded"
	[ "$(json "$WORK/r/result.json" result)" = INVALID ] || fail "result.json"
}

test_chunks_and_deep_folders() {
	mkdir -p "$WORK/docs/a/b/c"
	head -c 100000 /dev/urandom >"$WORK/docs/a/b/c/big"
	documents "$WORK/docs/a" 9
	archive "$WORK/w.ini"
	sed -i 's/^name.*/name = chunks\nchunk = 16KiB\nsplit = all/' "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	out_has "10 files became 16 contents"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	out_has "generate: 16 of 16 right"
}

test_a_changed_folder_is_loaded_again() {
	documents "$WORK/docs" 40
	archive "$WORK/w.ini"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --set workload.split=all
	echo "a new document" >"$WORK/docs/new.txt"
	echo "changed" >>"$WORK/docs/page0003.txt"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --set workload.split=all
	[ "$(json "$WORK/r/result.json" content_count)" = 41 ] || fail "the new file is missing"
}

test_novel_content_by_context() {
	documents "$WORK/docs" 60
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = novel
	contents = novel:30
	contexts = 3
	corpus = $WORK/docs
	size = fixed:300
	scenario = offline
	number_ios = 200
	rounds = 2
	ramp_time = 0
	[engine "retrieve"]
	kind = retrieve
	direct = 0
	compression_level = 3
	compression_max_dict_bytes = 4KiB
	[engine "generate"]
	kind = generate
	numjobs = 2
	W
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	out_has "retrieve: 90 of 90 right"
	out_has "generate: 90 of 90 right"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	# the generator keeps nothing per content
	sed -n '/"generate": {$/,$p' "$WORK/r/result.json" | grep -q '"at_rest": 0,' || fail "at rest"
}

test_interrupted_keeps_a_partial_result() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	contents = noise:100
	rate_iops = 100
	runtime = 60s
	ramp_time = 0
	rounds = 20
	[engine "g"]
	kind = generate
	W
	"$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	sleep 1.5
	kill -TERM $pid
	set +e
	wait $pid
	code=$?
	set -e
	[ $code -eq 143 ] || fail "exit $code"
	[ "$(json "$WORK/r/result.json" result)" = INVALID ] || fail "result.json"
	grep -q interrupted "$WORK/r/result.json" || fail "no reason"
}

run_tests
