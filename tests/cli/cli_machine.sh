#!/bin/sh
# Machines that differ from the usual: large sectors, little memory, tight
# limits, a forbidden io_uring. gvr serves right, or says in one line what is
# wrong and what to do about it.
. "$(dirname "$0")/lib.sh"

# ---- sectors above 4 KiB ----

sectors() { # sectors NBYTES[?] COMMAND...
	nbytes=$1
	shift
	env BIG_SECTORS="$nbytes" LD_PRELOAD="$(preloaded big_sectors.so)" \
		ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

# every way to read a store: sizes that are no multiple of anything
direct_stores() { # direct_stores FILE
	cat >"$1" <<-W
	[workload]
	name = sectors
	contents = noise:150
	size = uniform:1-20000
	scenario = offline
	number_ios = 150
	rounds = 1
	ramp_time = 0
	[engine "segments"]
	kind = retrieve
	compression_type = none
	[engine "sst"]
	kind = retrieve
	layout = sst
	compression_type = none
	[engine "cached"]
	kind = retrieve
	layout = sst
	compression_type = none
	cache_size = 1MiB
	[engine "plain"]
	kind = retrieve
	io = pread
	fixedbufs = 0
	[engine "raw"]
	kind = raw
	fixedbufs = 1
	W
}

needs_direct() {
	dd if=/dev/zero of="$WORK/d" bs=4096 count=1 oflag=direct 2>/dev/null || exit 77
}

test_sectors_of_16_kib_are_served() {
	needs_direct
	direct_stores "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	for nbytes in 4096 16384 16384? 65536; do
		expect 0 sectors $nbytes "$GVR" verify "$WORK/w.ini" --store "$STORE"
	done
	# filled there, too
	rm -rf "$STORE"
	expect_run sectors 16384 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	[ "$(grep -c '"failed": 0' "$WORK/r/result.json")" -eq 5 ] || fail "requests failed"
	[ "$(grep -c '"mismatched": 0' "$WORK/r/result.json")" -eq 5 ] || fail "wrong bytes"
}

test_sectors_that_nothing_fits_name_direct() {
	needs_direct
	direct_stores "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	for nbytes in 131072 0 131072?; do
		expect 1 sectors $nbytes "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
		err_has "$STORE"
		err_has "set direct = 0"
	done
	direct=
	for engine in segments sst cached plain raw; do
		direct="$direct --set $engine.direct=0"
	done
	expect 0 sectors 131072 "$GVR" verify "$WORK/w.ini" --store "$STORE" $direct
}

# ---- memory ----

test_more_memory_than_there_is_is_refused_before_loading() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = memory
	contents = noise:12
	size = fixed:62MiB
	scenario = offline
	runtime = 1s
	[engine "big"]
	kind = retrieve
	numjobs = 256
	iodepth = 4096
	W
	for verb in run audit; do
		expect 1 "$GVR" $verb "$WORK/w.ini" --store "$STORE"
		err_has 'not enough memory: requests in flight take 62.0 TiB'
		err_has 'engine "big" (numjobs = 256, iodepth = 4096)'
		err_has 'lower iodepth or numjobs'
	done
	[ -z "$(find "$STORE" -type f)" ] || fail "something was loaded"
	# a store is only filled, or asked for each of its contents once
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE" --set workload.contents=noise:2 \
		--set workload.size=fixed:1MiB
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE" --set workload.contents=noise:2 \
		--set workload.size=fixed:1MiB --set big.numjobs=2 --set big.iodepth=8
}

test_cores_are_those_that_gvr_may_use() {
	"$GVR" run workloads/smoke.ini --store "$STORE" --out "$WORK/all" --set workload.runtime=100ms \
		--set workload.ramp_time=0 >/dev/null 2>&1 || true
	taskset -c "$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')" \
		"$GVR" run workloads/smoke.ini --store "$STORE" --out "$WORK/one" \
		--set workload.runtime=100ms --set workload.ramp_time=0 >/dev/null 2>&1 || true
	[ "$(json "$WORK/one/result.json" cores)" -eq 1 ] || fail "cores that it may not use"
	[ "$(json "$WORK/one/result.json" cores_machine)" -ge "$(json "$WORK/all/result.json" cores)" ] ||
		fail "the machine has fewer than gvr may use"
	[ "$(json "$WORK/one/result.json" cores_machine)" -eq 1 ] ||
		grep -q 'of the machine, which gvr may not all use' "$WORK/one/report.html" ||
		fail "the report does not tell"
}

# ---- tight limits ----

# Sanitizers take terabytes of address space, and frames several times as large.
not_sanitized() {
	case $BUILD in
	*/release) ;;
	*) exit 77 ;;
	esac
}

test_a_small_stack_is_said() {
	for kib in 100 128 256; do
		expect 1 sh -c "ulimit -s $kib; exec '$GVR' run workloads/smoke.ini --store '$STORE' --out '$WORK/r'"
		err_has "the stack may have $kib KiB (ulimit -s)"
		err_has "ulimit -s 8192"
	done
	[ ! -e "$STORE" ] || fail "something was begun"
}

# What is asked for is what was measured, with room: all of it runs there.
test_a_stack_as_large_as_is_asked_for_is_enough() {
	not_sanitized
	documents "$WORK/docs" 60
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = stack
	contents = archive:$WORK/docs
	split = all
	scenario = offline
	number_ios = 60
	rounds = 1
	ramp_time = 0
	[engine "retrieve"]
	kind = retrieve
	direct = 0
	compression_level = 3
	compression_max_dict_bytes = 8KiB
	[engine "sst"]
	kind = retrieve
	layout = sst
	compression_unit = block
	io = pread
	direct = 0
	[engine "generate"]
	kind = generate
	direct = 0
	W
	expect_run sh -c "ulimit -s 512; exec '$GVR' run '$WORK/w.ini' --store '$STORE' --out '$WORK/r'"
	expect 0 sh -c "ulimit -s 512; exec '$GVR' train '$WORK/docs' -o '$WORK/m.gvrm' --generator rnn --steps 1"
	expect 0 sh -c "ulimit -s 512; exec '$GVR' report '$WORK/r'"
}

# Whichever file it is that cannot be opened any more.
test_too_few_open_files_name_their_limit() {
	documents "$WORK/docs" 20
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = files
	contents = archive:$WORK/docs
	split = all
	scenario = offline
	number_ios = 20
	rounds = 1
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
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	refused=0
	for files in 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		code=0
		sh -c "ulimit -n $files; exec '$GVR' verify '$WORK/w.ini' --store '$STORE'" \
			>"$WORK/out" 2>"$WORK/err" || code=$?
		[ $code -ne 0 ] || break
		[ "$(wc -l <"$WORK/err")" -eq 1 ] || fail "not one line: $(cat "$WORK/err")"
		err_has "(ulimit -n)"
		refused=$((refused + 1))
	done
	[ $code -eq 0 ] && [ $refused -gt 2 ] || fail "it was refused $refused times, last by $code"
}

test_little_address_space_is_one_line() {
	not_sanitized
	expect 1 sh -c "ulimit -v 200000; exec '$GVR' run workloads/smoke.ini --store '$STORE' --out '$WORK/r'"
	err_has "ulimit -v"
}

# ---- a forbidden io_uring ----

test_a_forbidden_io_uring_names_the_cause() {
	direct_stores "$WORK/w.ini"
	direct=
	for engine in segments sst cached plain raw; do
		direct="$direct --set $engine.direct=0"
	done
	without="$BUILD/tests/cli/without_io_uring"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE" $direct
	expect 4 "$without" "$GVR" verify "$WORK/w.ini" --store "$STORE" $direct
	[ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 0)" -ne 0 ] ||
		err_has "a seccomp filter forbids it"
	err_has "io = pread"
	expect 1 "$without" 38 "$GVR" verify "$WORK/w.ini" --store "$STORE" $direct
	err_has "this kernel has no io_uring"
	err_has "io = pread"
	expect 1 "$without" 24 "$GVR" verify "$WORK/w.ini" --store "$STORE" $direct
	err_has "(ulimit -n)"
}

run_tests
