#!/bin/sh
# gvr init: from any directory to a workload file that runs as it is.
. "$(dirname "$0")/lib.sh"

GVR=$(in_faster_time "$GVR" 10)

# run_it FILE [ARGUMENT...]: runs a workload that init wrote, shortly
run_it() {
	expect_run "$GVR" run "$@" --store "$STORE" --out "$WORK/r" \
		--set workload.runtime=2s --set workload.ramp_time=0 --set workload.min_duration=0
	[ "$(json "$WORK/r/result.json" wrong)" != 1 ] || fail "wrong bytes"
	grep -q '^  with wrong bytes  *0  *0' "$WORK/out" || fail "not verified: $(cat "$WORK/out")"
}

test_the_second_command_is_run() {
	documents "$WORK/docs" 200
	: >"$WORK/docs/empty"
	ln -s page0001.txt "$WORK/docs/link"
	cd "$WORK"
	expect 0 "$GVR" init docs
	out_has "201 files"
	out_has "empty: 1"
	out_has "skipped: 1 symbolic links"
	out_has "Next: gvr run docs.ini"
	grep -q "^contents = archive:$WORK/docs$" docs.ini || fail "$(cat docs.ini)"
	grep -q '^split = held-out' docs.ini || fail "200 files have a held-out side"
	awk 'length($0) > 80 { exit 1 }' "$WORK/docs.ini" || fail "wider than 80 columns"
	run_it docs.ini
	out_has "Workload docs:"
	out_has "which neither dictionary nor model was trained on"
}

test_few_files_are_all_asked_for() {
	for count in 1 2 8; do
		rm -rf "$WORK/few" "$WORK/few.ini"
		documents "$WORK/few" $count
		expect 0 "$GVR" init "$WORK/few" --out "$WORK/few.ini"
		grep -q '^split = all' "$WORK/few.ini" || fail "$count files: $(cat "$WORK/few.ini")"
		run_it "$WORK/few.ini"
	done
}

test_odd_documents_run() {
	mkdir "$WORK/same" "$WORK/void" "$WORK/noise"
	for i in $(seq 70); do
		echo "all of them are equal" >"$WORK/same/$i"
		: >"$WORK/void/$i"
	done
	head -c 300000 /dev/urandom >"$WORK/noise/a"
	for d in same void noise; do
		expect 0 "$GVR" init "$WORK/$d" --out "$WORK/$d.ini"
		run_it "$WORK/$d.ini"
	done
}

test_large_files_are_cut() {
	mkdir "$WORK/big"
	head -c 200000 /dev/zero >"$WORK/big/small"
	truncate -s 200M "$WORK/big/large"
	expect 0 "$GVR" init "$WORK/big" --out "$WORK/big.ini"
	out_has "The first run encodes some 200 MiB"
	grep -q '^chunk = 64KiB' "$WORK/big.ini" || fail "$(cat "$WORK/big.ini")"
	grep -q '^iodepth = 1[0-9]$' "$WORK/big.ini" || fail "$(cat "$WORK/big.ini")"
	truncate -s 2M "$WORK/big/large"
	rm "$WORK/big.ini"
	expect 0 "$GVR" init "$WORK/big" --out "$WORK/big.ini"
	! grep -q '^chunk' "$WORK/big.ini" || fail "files of 2 MiB were cut"
}

test_paths_that_a_workload_file_can_hold() {
	for name in 'two  words' ' leading' "it's" 'a"b' 'a=b' 'a;b' '#a' 'a #b' 'a:b' '[a]' '\a' "$(printf 'gr\374n')" '-x' "$(printf 'gr\303\274n')"; do
		rm -rf "$WORK/in" "$WORK/w.ini"
		mkdir -p "$WORK/in/$name"
		echo hello >"$WORK/in/$name/a"
		expect 0 "$GVR" init "$WORK/in/$name" --out "$WORK/w.ini"
		expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
		out_has "1 files became 1 contents"
	done
}

test_paths_that_it_cannot_hold_are_refused() {
	for name in 'a ;b' 'trailing ' "$(printf 'a\nb')" "$(printf 'a\tb')"; do
		rm -rf "$WORK/in"
		mkdir -p "$WORK/in/$name"
		echo hello >"$WORK/in/$name/a"
		expect 5 "$GVR" init "$WORK/in/$name" --out "$WORK/w.ini"
		err_has "a workload file cannot hold this path"
		[ ! -e "$WORK/w.ini" ] || fail "written all the same"
	done
	# as it says: by a link to it
	mkdir "$WORK/in/a ;b"
	echo hello >"$WORK/in/a ;b/a"
	ln -s "a ;b" "$WORK/in/link"
	expect 0 "$GVR" init "$WORK/in/link" --out "$WORK/w.ini"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 5 "$GVR" init "$WORK/in/link" --out "$WORK/$(printf 'x\ny').ini"
	err_has "a name that a workload file cannot hold"
}

test_what_is_no_directory_of_documents() {
	mkdir "$WORK/empty" "$WORK/secret" "$WORK/docs"
	ln -s nowhere "$WORK/empty/link"
	echo hello | tee "$WORK/file" "$WORK/secret/a" >"$WORK/docs/a"
	cd "$WORK"
	expect 1 "$GVR" init empty
	err_has "no document in it (passed over: 1 links"
	expect 3 "$GVR" init missing
	err_has "missing: no such directory"
	expect 1 "$GVR" init file
	err_has "not a directory"
	expect 2 "$GVR" init
	expect 2 "$GVR" init docs empty
	ln -s docs link
	expect 0 "$GVR" init link --out link.ini
	[ ! -e docs.ini ] || fail "--out was not heeded"
	[ "$(id -u)" -ne 0 ] || return 0
	chmod 0 secret
	expect 4 "$GVR" init secret
}

test_nothing_is_replaced() {
	documents "$WORK/docs" 3
	cd "$WORK"
	echo mine >docs.ini
	expect 1 "$GVR" init docs
	err_has "docs.ini: is there already"
	[ "$(cat docs.ini)" = mine ] || fail "docs.ini was replaced"
	expect 1 "$GVR" init docs --out docs
	ln -s nowhere link.ini
	expect 1 "$GVR" init docs --out link.ini
	expect 3 "$GVR" init docs --out none/w.ini
	expect 1 "$GVR" init docs --out docs/w.ini
	err_has "would be one of its documents"
	cd docs
	expect 1 "$GVR" init .
	expect 0 "$GVR" init . --out ../here.ini
	err_has "the current folder lies in the directory"
	[ "$(ls "$WORK"/*.tmp.* "$WORK"/docs/*.tmp.* 2>/dev/null)" = "" ] || fail "temporary files"
}

test_many_files_are_only_listed() {
	# in memory, if that can be: it is not the disk that is tried
	many=$(mktemp -d /dev/shm/gvr-cli.XXXXXX 2>/dev/null || mktemp -d "$WORK/many.XXXXXX")
	trap 'rm -rf "$many"' EXIT
	(cd "$many" && seq 100000 | xargs touch)
	expect 0 timeout 20 "$GVR" init "$many" --out "$WORK/many.ini"
	out_has "100000 files"
}

run_tests
