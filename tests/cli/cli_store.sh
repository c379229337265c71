#!/bin/sh
# Stores in either layout: kills, faults below the ring, a full disk, contents
# that are replaced. Nothing that was made durable is lost, nothing is served
# that is not whole.
. "$(dirname "$0")/lib.sh"

# Not on a tmpfs, which may be too small, and need not have O_DIRECT.
case $(stat -f -c %T "$WORK") in
tmpfs | ramfs)
	rm -rf "$SCRATCH"
	SCRATCH=$(mktemp -d /var/tmp/gvr-cli.XXXXXX)
	WORK=$SCRATCH/work
	STORE=$WORK/store
	mkdir "$WORK"
	;;
esac

# Contents that do not compress, with an engine for each layout that is named.
noise() { # noise FILE COUNT SIZE LAYOUT...
	file=$1
	cat >"$file" <<-W
	[workload]
	name = store
	contents = noise:$2
	size = $3
	scenario = offline
	number_ios = 400
	ramp_time = 0
	rounds = 2
	W
	shift 3
	for layout in "$@"; do
		cat >>"$file" <<-W
		[engine "$layout"]
		kind = retrieve
		layout = $layout
		compression_type = none
		W
	done
}

# How many items a store says are durable: in PROGRESS, the last "items" is of the
# state before the commit that it was about to make.
durable() {
	grep -o '"items": *[0-9]*' "$1/PROGRESS" | tail -n 1 | grep -o '[0-9]*$'
}

# Kills loads at 20 moments, from the start on to past the end of a whole load.
killed_at_20_moments() { # LAYOUT
	noise "$WORK/w.ini" 24000 uniform:4KiB-28KiB "$1"
	begin=$(date +%s%N)
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	whole_ms=$((($(date +%s%N) - begin) / 1000000))
	rm -rf "$STORE"
	for moment in 3 17 1 12 8 20 5 14 2 19 10 7 16 4 13 9 18 6 15 11; do
		"$GVR" load "$WORK/w.ini" --store "$STORE" >/dev/null 2>&1 &
		pid=$!
		sleep "$(awk "BEGIN { print $whole_ms * $moment / 24 / 1000 }")"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		db=$(ls -d "$STORE"/store-*/retrieve-* 2>/dev/null || true)
		[ -n "$db" ] && [ -f "$db/PROGRESS" ] || continue
		had=$(durable "$db")
		# serving what is not complete is refused, and so is nothing else
		[ -f "$db/COMPLETE" ] || expect 3 "$GVR" verify "$WORK/w.ini" --store "$STORE"
		if [ $((moment % 4)) -eq 0 ]; then
			expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
			[ "$(there)" -ge "$had" ] || fail "$had items were durable, $(there) are there"
			expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
			out_has "$1: 24000 of 24000 right"
			rm -rf "$STORE"
		fi
	done
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	out_has "$1: 24000 of 24000 right"
}

test_segments_survive_kills() {
	killed_at_20_moments segments
}

test_tables_survive_kills() {
	killed_at_20_moments sst
}

# Each file of a store, each with a byte flipped at several places: what is
# wrong is named, and no wrong byte is served.
test_a_flipped_byte_of_any_file_is_found() {
	noise "$WORK/w.ini" 300 uniform:1KiB-9KiB sst segments
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	found=0
	for file in $(find "$STORE" -type f -path '*/db/*' -size +0); do
		size=$(stat -c %s "$file")
		for offset in 20 $((size / 3)) $((size / 2)) $((size - 20)); do
			[ "$offset" -ge 0 ] && [ "$offset" -lt "$size" ] || continue
			flip "$file" "$offset"
			code=0
			"$GVR" verify "$WORK/w.ini" --store "$STORE" >"$WORK/out" 2>"$WORK/err" || code=$?
			case $code in
			0) ;; # a byte between values, or of no consequence
			1 | 8) found=$((found + 1)) ;;
			*) fail "$file at $offset: exit $code: $(cat "$WORK/err")" ;;
			esac
			flip "$file" "$offset"
			case $file:$code in
			*.seg:0) [ "$offset" -gt 4096 ] || fail "$file at $offset: not found" ;;
			*.sst:0) fail "$file at $offset: not found" ;;
			esac
		done
	done
	[ $found -ge 12 ] || fail "only $found flips were found"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
}

test_a_store_of_another_format_is_made_anew() {
	noise "$WORK/w.ini" 100 fixed:2KiB sst segments
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	for file in "$STORE"/store-*/retrieve-*/COMPLETE; do
		sed -i 's/"format": *[0-9]*/"format": 1/' "$file"
	done
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	out_has "segments: 100 of 100 right"
}

# Leaves a load of 40000 that was killed after its first commit; sets $db, $had.
interrupted() { # LAYOUT
	noise "$WORK/w.ini" 40000 fixed:16KiB "$1"
	"$GVR" load "$WORK/w.ini" --store "$STORE" >/dev/null 2>&1 &
	pid=$!
	had=0
	while [ $had -eq 0 ] && kill -0 $pid 2>/dev/null; do
		db=$(ls -d "$STORE"/store-*/retrieve-* 2>/dev/null || true)
		[ ! -f "$db/PROGRESS" ] || had=$(durable "$db" || echo 0)
	done
	kill -9 $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	[ -f "$db/PROGRESS" ] || exit 77 # the machine was faster than this script
	had=$(durable "$db")
}

there() {
	sed -n 's/.* \([0-9]*\) were there.*/\1/p' "$WORK/out"
}

test_errors_that_are_no_damage_erase_nothing() {
	for layout in segments sst; do
		interrupted $layout
		for files in 5 7 9 11; do
			code=0
			(ulimit -n $files; "$GVR" load "$WORK/w.ini" --store "$STORE") >"$WORK/out" 2>"$WORK/err" ||
				code=$?
			[ $code -ne 0 ] || break
			[ "$(wc -l <"$WORK/err")" -eq 1 ] || fail "not one line: $(cat "$WORK/err")"
		done
		expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
		[ "$(there)" -ge "$had" ] || fail "$had were durable, $(there) are there"
		rm -rf "$STORE"
	done
}

test_a_limit_of_file_sizes_is_said() {
	noise "$WORK/w.ini" 2000 fixed:16KiB sst segments
	for layout in sst segments; do
		code=0
		(ulimit -f 2000; "$GVR" load "$WORK/w.ini" --store "$STORE") >"$WORK/out" 2>"$WORK/err" || code=$?
		[ $code -eq 1 ] || fail "exit $code"
		err_has "ulimit -f"
	done
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
}

test_pipes_and_links_in_a_store_do_no_harm() {
	noise "$WORK/w.ini" 100 fixed:2KiB segments
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	db=$(ls -d "$STORE"/store-*/retrieve-*)
	for name in COMPLETE IDENTITY db/000000.seg db/CURRENT; do
		rm "$db/$name"
		mkfifo "$db/$name"
		expect 8 timeout 20 "$GVR" verify "$WORK/w.ini" --store "$STORE"
		expect 0 timeout 20 "$GVR" load "$WORK/w.ini" --store "$STORE"
		expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	done
	rm "$db/LOCK"
	mkfifo "$db/LOCK"
	code=0
	timeout 20 "$GVR" verify "$WORK/w.ini" --store "$STORE" >"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code -ne 0 ] && [ $code -ne 124 ] || fail "exit $code"
	err_has "LOCK: not a file of gvr's; remove it"
	rm "$db/LOCK"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	rm -rf "$STORE"
	interrupted sst
	echo precious >"$WORK/precious"
	ln -sf "$WORK/precious" "$db/loading.sst"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	[ "$(cat "$WORK/precious")" = precious ] || fail "a link was followed"
}

test_a_damaged_index_is_loaded_anew() {
	noise "$WORK/w.ini" 300 uniform:1KiB-9KiB segments
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	flip "$(find "$STORE" -name '*.sst')" 3000
	expect 8 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	err_has "was damaged; filled anew"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
}

# ---- faults below the ring ----

# The library does nothing to a program without rings, as timeout.
faulty() { # faulty KIND:N COMMAND...
	how=$1
	shift
	env FAULTY_RING="$how" LD_PRELOAD="$(preloaded faulty_ring.so)" \
		ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

test_short_reads_are_gone_on_from() {
	noise "$WORK/w.ini" 200 fixed:16KiB sst segments
	expect_run faulty short:3 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	grep -q '"failed": 0' "$WORK/r/result.json" || fail "short reads failed"
	grep -q '"mismatched": 0' "$WORK/r/result.json" || fail "short reads were taken for whole"
}

test_reads_that_fail_make_a_run_invalid() {
	noise "$WORK/w.ini" 200 fixed:16KiB sst segments
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	for kind in eio end; do
		expect 6 faulty $kind:7 timeout 60 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
		out_has "Result is: INVALID"
		out_has "failed"
		[ "$(grep -c '"mismatched": 0' "$WORK/r/result.json")" -eq 2 ] || fail "wrong bytes"
		[ "$(grep -c '"failed": 0' "$WORK/r/result.json")" -eq 0 ] || fail "no request failed"
	done
}

# ---- contents that are replaced ----

used_kib() {
	du -sk "$STORE" | cut -f1
}

test_space_of_replaced_contents_is_reclaimed() {
	documents "$WORK/docs" 160
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = store
	contents = archive:$WORK/docs
	split = all
	[engine "sst"]
	kind = retrieve
	compression_level = 1
	compression_max_dict_bytes = 4KiB
	[engine "segments"]
	kind = retrieve
	layout = segments
	compression_type = none
	[engine "raw"]
	kind = raw
	[engine "generate"]
	kind = generate
	W
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	before=$(used_kib)
	for time in 1 2 3; do
		for k in 1 2 3 4 5; do
			echo "replaced, the $time. time" >>"$WORK/docs/page000$k.txt"
		done
		expect 3 "$GVR" verify "$WORK/w.ini" --store "$STORE"
		err_has "the documents have changed since"
		expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
		err_has "was made for other contents"
		expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
		out_has "segments: 160 of 160 right"
	done
	after=$(used_kib)
	[ "$after" -le $((before + before / 10)) ] || fail "$before KiB became $after"
}

test_a_full_disk_leaves_what_was_stored() {
	mkdir -p "$WORK/small"
	mount -t tmpfs -o size=400m none "$WORK/small" 2>/dev/null || exit 77
	for layout in segments sst; do
		noise "$WORK/w.ini" 40000 fixed:16KiB $layout
		set +e
		(set -e
			expect 1 "$GVR" load "$WORK/w.ini" --set $layout.direct=0 --store "$WORK/small/s"
			err_has "make room"
			had=$(durable "$WORK"/small/s/store-*/retrieve-*)
			[ "$had" -gt 0 ] || fail "nothing was kept"
			mount -o remount,size=1g "$WORK/small"
			expect 0 "$GVR" load "$WORK/w.ini" --set $layout.direct=0 --store "$WORK/small/s"
			[ "$(there)" -ge "$had" ] || fail "$had were durable, $(there) are there"
			expect 0 "$GVR" verify "$WORK/w.ini" --set $layout.direct=0 --store "$WORK/small/s"
			out_has "$layout: 40000 of 40000 right")
		code=$?
		set -e
		rm -rf "$WORK/small/s"
		mount -o remount,size=400m "$WORK/small"
		[ $code -eq 0 ] || break
	done
	umount "$WORK/small"
	return $code
}

run_tests
