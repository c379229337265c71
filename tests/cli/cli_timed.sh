#!/bin/sh
# What can be seen only while nothing else runs on the machine: by itself, after
# all others.
. "$(dirname "$0")/lib.sh"

export GVR_NVML=none GVR_SYSFS=$WORK/sys

value() { # value PATH: of the result
	awk -f "$ROOT/tests/cli/json_paths.awk" "$WORK/r/result.json" |
		awk -v path="$1" 'index($0, path " ") == 1 { print substr($0, length(path) + 2) }'
}

# The device counts for all its users, so others may spoil a try: but never to less.
test_bytes_moved_are_the_devices_own() {
	device=/sys/dev/block/$(findmnt -no MAJ:MIN -T "$WORK" | tr -d ' ')/stat
	[ -r "$device" ] || exit 77
	printf '[workload]\ncontents = noise:50000\nsize = fixed:16KiB\nscenario = offline\nruntime = 1s\nss = none
ramp_time = 0\nmin_duration = 0\nrounds = 4\n[engine "retrieve"]\nkind = retrieve\ncompression_type = none\n' >"$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	sync
	for try in 1 2 3 4 5; do
		before=$(awk '{ print $3 }' "$device")
		expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
		moved=$((($(awk '{ print $3 }' "$device") - before) * 512))
		counted=$(awk -v each="$(value engines.retrieve.bytes.moved_per_request)" \
			-v n="$(value engines.retrieve.requests.completed)" 'BEGIN { printf "%.0f", each * n }')
		[ "$counted" -le $((moved + moved / 100)) ] || fail "$counted counted, $moved moved"
		[ "$counted" -lt $((moved - moved / 100)) ] || return 0
	done
	fail "$counted counted, $moved moved"
}

run_tests
