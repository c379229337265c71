#!/bin/sh
# The same bytes from other compilers and other optimisation: every cmocka
# program, the golden digests among them, built by clang -O0 and gcc -O1.
set -u
number=0
jobs=$(nproc)

check() { # check NAME CC OPT
	number=$((number + 1))
	build=build/$1
	programs=$(for t in tests/test_*.c; do echo "$build/${t%.c}"; done)
	# shellcheck disable=SC2086
	if ! ${MAKE:-make} -s -j"$jobs" CC="$2" OPT="$3 -Werror" BUILD="$build" $programs >"$build.log" 2>&1; then
		tail -n 20 "$build.log"
		echo "not ok $number - $2 $3 builds"
		return
	fi
	# shellcheck disable=SC2016
	if ! echo "$programs" | xargs -P "$jobs" -I PROGRAM \
		sh -c '"$1" >"$1.log" 2>&1 || { cat "$1.log"; exit 1; }' - PROGRAM; then
		echo "not ok $number - $2 $3: a program fails"
		return
	fi
	echo "ok $number - all programs build without a warning and pass with $2 $3"
}

mkdir -p build
check clang-O0 clang -O0
check gcc-O1 gcc -O1
