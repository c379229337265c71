#!/bin/sh
# Machines that differ from the usual: large sectors, little memory, tight
# limits, a forbidden io_uring. gvr serves right, or says in one line what is
# wrong and what to do about it.
. "$(dirname "$0")/lib.sh"

# ---- sectors above 4 KiB ----

sectors() { # sectors NBYTES[?] COMMAND...
	nbytes=$1
	shift
	env BIG_SECTORS="$nbytes" LD_PRELOAD="$BUILD/tests/cli/big_sectors.so" \
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

run_tests
