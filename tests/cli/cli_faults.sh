#!/bin/sh
# Damage, crashes, full disks: one clear line, the right exit code, and never a
# wrong byte served as right.
. "$(dirname "$0")/lib.sh"

both() { # both FILE
	cat >"$1" <<-W
	[workload]
	name = faults
	contents = archive:$WORK/docs
	split = all
	scenario = offline
	number_ios = 100
	rounds = 2
	ramp_time = 0
	[engine "retrieve"]
	kind = retrieve
	compression_level = 3
	compression_max_dict_bytes = 8KiB
	direct = 0
	[engine "generate"]
	kind = generate
	direct = 0
	W
}

# Flips one byte in the middle of each file that matches, one at a time: gvr
# must refuse (1), say not VALID (6) or name it (8); where it still says that
# all is right, all is right, for it compared every byte.
flip_each() {
	for file in $(find "$STORE" -type f -path "$1" -size +0); do
		size=$(stat -c %s "$file")
		for offset in 0 $((size / 3)) $((size / 2)) $((size - 1)); do
			cp -a "$STORE" "$WORK/keep"
			flip "$file" "$offset"
			set +e
			"$GVR" verify "$WORK/w.ini" --store "$STORE" >"$WORK/out" 2>"$WORK/err"
			code=$?
			set -e
			case $code in
			0 | 1 | 3 | 8) ;;
			*) fail "$file at $offset: exit $code: $(cat "$WORK/err")" ;;
			esac
			[ $code -eq 0 ] || [ -s "$WORK/err" ] || fail "$file at $offset: silent"
			[ $code -ne 0 ] || undetected="$undetected $file:$offset"
			rm -rf "$STORE"
			mv "$WORK/keep" "$STORE"
		done
	done
}

test_a_flipped_byte_is_never_served() {
	documents "$WORK/docs" 40
	both "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	undetected=
	flip_each '*.gvrm'
	flip_each '*.gvrd'
	[ -z "$undetected" ] || fail "undetected:$undetected"
	flip_each '*.digest'
	flip_each '*.sst'
	flip_each '*/MANIFEST*'
	flip_each '*/CURRENT'
	flip_each '*/IDENTITY'
	flip_each '*/COMPLETE'
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
}

test_truncated_files_are_refused() {
	documents "$WORK/docs" 40
	both "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	for pattern in '*.gvrm' '*.gvrd' '*.sst' '*/MANIFEST*'; do
		for file in $(find "$STORE" -type f -path "$pattern"); do
			cp -a "$file" "$WORK/keep"
			truncate -s $(($(stat -c %s "$file") / 2)) "$file"
			expect 8 "$GVR" verify "$WORK/w.ini" --store "$STORE"
			cp -a "$WORK/keep" "$file"
		done
	done
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
}

test_load_repairs_a_damaged_model() {
	documents "$WORK/docs" 40
	both "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	model=$(ls "$STORE"/models/*.gvrm)
	flip "$model" 5000
	expect 1 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	err_has "$(basename "$model")"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
}

test_a_model_of_other_documents_is_refused() {
	documents "$WORK/docs" 40
	both "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	model=$(ls "$STORE"/models/*.gvrm)
	mkdir "$WORK/other"
	cp "$WORK"/docs/page000* "$WORK/other"
	expect 0 "$GVR" train "$WORK/other" -o "$model"
	expect 8 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	expect 1 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	err_has "not the model that was trained here"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
}

test_damage_in_half_loaded_digests_is_not_sealed() {
	documents "$WORK/docs" 30
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = faults
	contents = novel:2000
	corpus = $WORK/docs
	size = fixed:80
	[engine "generate"]
	kind = generate
	W
	"$GVR" load "$WORK/w.ini" --store "$STORE" >/dev/null 2>&1 &
	pid=$!
	for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		sleep 0.1
		part=$(find "$STORE" -name digests.part -size +4200c 2>/dev/null)
		[ -z "$part" ] || break
	done
	kill -9 $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	[ -z "$part" ] || [ ! -f "$part" ] || flip "$part" 60
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	flip "$(find "$STORE" -name digests)" 70
	expect 8 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
}

test_lost_output_is_an_error() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = faults
	contents = noise:50
	scenario = offline
	number_ios = 50
	ramp_time = 0
	rounds = 2
	[engine "g"]
	kind = generate
	W
	code=0
	"$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" >/dev/full 2>"$WORK/err" || code=$?
	[ $code -eq 1 ] || fail "exit $code"
	err_has "standard output"
	: >"$WORK/file"
	expect 1 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/file"
	# a name is not a path
	mkdir "$WORK/here"
	cd "$WORK/here"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --set workload.name=../../x
	[ -f "$(echo "$WORK"/here/out/_*x-*/result.json)" ] || fail "no result below out/"
	cd "$ROOT"
}

test_not_loaded_is_exit_3() {
	documents "$WORK/docs" 40
	both "$WORK/w.ini"
	expect 3 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	err_has "gvr load"
}

test_a_damaged_catalogue_is_rebuilt() {
	documents "$WORK/docs" 40
	both "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	for file in "$STORE"/catalogues/*; do
		flip "$file" 40
	done
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	out_has "generate: 40 of 40 right"
}

test_killed_loads_go_on() {
	documents "$WORK/docs" 30
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = faults
	contents = novel:600
	contexts = 2
	corpus = $WORK/docs
	size = fixed:500
	[engine "retrieve"]
	kind = retrieve
	direct = 0
	compression_level = 3
	compression_max_dict_bytes = 4KiB
	[engine "plain"]
	kind = retrieve
	direct = 0
	compression_type = none
	[engine "generate"]
	kind = generate
	W
	for delay in 0.05 0.1 0.2 0.3 0.15 0.4 0.25 0.35 0.5 0.45; do
		"$GVR" load "$WORK/w.ini" --store "$STORE" >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
	done
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	out_has "retrieve: 1200 of 1200 right"
	out_has "plain: 1200 of 1200 right"
	out_has "generate: 1200 of 1200 right"
}

test_a_full_disk_is_said_and_survived() {
	mkdir -p "$WORK/small"
	mount -t tmpfs -o size=6m none "$WORK/small" 2>/dev/null || exit 77
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = faults
	contents = noise:20000
	size = fixed:4KiB
	[engine "retrieve"]
	kind = retrieve
	compression_type = none
	direct = 0
	W
	set +e
	(set -e; expect 1 "$GVR" load "$WORK/w.ini" --store "$WORK/small/s"; err_has "space")
	code=$?
	if [ $code -eq 0 ]; then
		mount -o remount,size=300m "$WORK/small"
		(set -e
			expect 0 "$GVR" load "$WORK/w.ini" --store "$WORK/small/s"
			expect 0 "$GVR" verify "$WORK/w.ini" --store "$WORK/small/s")
		code=$?
	fi
	umount "$WORK/small"
	return $code
}

test_two_loads_at_once_one_is_refused() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = faults
	contents = noise:30000
	size = fixed:4KiB
	[engine "retrieve"]
	kind = retrieve
	compression_type = zstd
	compression_level = 15
	direct = 0
	W
	"$GVR" load "$WORK/w.ini" --store "$STORE" >/dev/null 2>&1 &
	pid=$!
	sleep 0.7
	expect 1 "$GVR" load "$WORK/w.ini" --store "$STORE"
	wait $pid
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
}

test_forbidden_io_uring_stops_the_run() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = faults
	contents = noise:100
	scenario = offline
	number_ios = 100
	ramp_time = 0
	rounds = 2
	[engine "retrieve"]
	kind = retrieve
	compression_type = none
	direct = 0
	W
	without="$BUILD/tests/cli/without_io_uring"
	expect 4 "$without" "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	err_has "io = pread"
	expect_run "$without" "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --set retrieve.io=pread
	grep -q '"io_uring": null' "$WORK/r/result.json" || fail "a ring was reported"
}

run_tests
