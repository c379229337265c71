#!/bin/sh
# Runs every test of a build: cmocka programs, fuzz corpora, command line.
# Called by `make test` with BUILD (folder) and GVR (the program). The last
# line counts: "N passed, N failed, N skipped".
set -u

cd "$(dirname "$0")/.." || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT

run() { # run NAME COMMAND...: TAP lines of the command, shown and counted
	name=$1
	shift
	echo "== $name"
	"$@" >"$log.one" 2>&1
	code=$?
	# cmocka says "not ok N # SKIP" of a test that was skipped
	sed -i 's/^not ok \([0-9]*\) # SKIP/ok \1 # SKIP/' "$log.one"
	cat "$log.one"
	cat "$log.one" >>"$log"
	if [ $code -ne 0 ] && ! grep -q '^not ok' "$log.one"; then
		echo "not ok - $name: exit $code" | tee -a "$log"
	elif ! grep -qE '^(not )?ok' "$log.one"; then
		echo "not ok - $name: ran no test" | tee -a "$log"
	fi
	rm -f "$log.one"
}

replay() { # replay PROGRAM CORPUS
	"$1" "$2"/* && echo "ok - replayed $2"
}

export CMOCKA_MESSAGE_OUTPUT=TAP
for source in tests/test_*.c; do
	[ -e "$source" ] || continue
	run "$(basename "$source" .c)" "$BUILD/tests/$(basename "$source" .c)"
done
for source in tests/fuzz/fuzz_*.c; do
	[ -e "$source" ] || continue
	name=$(basename "$source" .c)
	run "$name" replay "$BUILD/tests/fuzz/$name" "tests/fuzz/corpus/${name#fuzz_}"
done
for script in tests/cli/cli_*.sh; do
	[ -e "$script" ] || continue
	run "$(basename "$script" .sh)" sh "$script"
done

skipped=$(grep -ciE '^ok.*# skip' "$log")
passed=$(($(grep -c '^ok' "$log") - skipped))
failed=$(grep -c '^not ok' "$log")
echo
[ "$failed" -eq 0 ] || { echo "failed:"; grep '^not ok' "$log"; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
