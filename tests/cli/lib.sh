# lib.sh: what the command-line tests share. Each test is a function named
# test_*; run_tests runs them all, each in a fresh folder, as TAP.
set -u

: "${GVR:?the program under test}"
ROOT=$(pwd)
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/gvr-cli.XXXXXX")
WORK=$SCRATCH/work # what a test leaves there is gone before the next
STORE=$WORK/store
mkdir "$WORK"
chmod 755 "$SCRATCH" # for tests as another user
trap 'chmod -R u+rwX "$WORK" 2>/dev/null; rm -rf "$SCRATCH"' EXIT

# preloaded NAME: a library of tests/cli, where no blank is in its path, which the
# loader would take for two libraries
preloaded() {
	[ -e "$SCRATCH/$1" ] || cp "$BUILD/tests/cli/$1" "$SCRATCH"
	echo "$SCRATCH/$1"
}

# in_faster_time PROGRAM TIMES: a program that is that one, for which time runs so
# many times faster (faster_time.c); all of a script have one time of day
EPOCH=$(date +%s)
in_faster_time() {
	faster=$SCRATCH/$2/$(basename "$1")
	mkdir -p "$SCRATCH/$2"
	cat >"$faster" <<-W
	#!/bin/sh
	LD_PRELOAD=$(preloaded faster_time.so) FASTER_TIME=$2:$EPOCH ASAN_OPTIONS=verify_asan_link_order=0
	export LD_PRELOAD FASTER_TIME ASAN_OPTIONS
	exec "$1" "\$@"
	W
	chmod +x "$faster"
	echo "$faster"
}

fail() {
	echo "# $*" >&2
	exit 1
}

# expect CODE COMMAND...: the command must exit with CODE; its output is kept
# in $WORK/out and $WORK/err.
expect() {
	want=$1
	shift
	got=0
	"$@" >"$WORK/out" 2>"$WORK/err" || got=$?
	if [ "$got" -ne "$want" ]; then
		echo "# exit $got, not $want: $*" >&2
		sed 's/^/#   /' "$WORK/out" "$WORK/err" >&2
		exit 1
	fi
	# whatever fails, fails in one line
	if [ "$want" -ne 0 ] && [ "$want" -ne 6 ] && [ "$want" -ne 8 ]; then
		[ "$(wc -l <"$WORK/err")" -eq 1 ] || fail "more than one line on stderr: $(cat "$WORK/err")"
	fi
}

# expect_run COMMAND...: a run that is VALID or, on a machine that is busy with
# something else, INVALID for no other reason than that
expect_run() {
	got=0
	"$@" >"$WORK/out" 2>"$WORK/err" || got=$?
	[ $got -ne 0 ] || return 0
	[ $got -eq 6 ] || fail "exit $got: $* : $(cat "$WORK/out" "$WORK/err")"
	awk '/^  \* / { if (reason != "" && !busy) bad = 1; reason = $0; busy = 0 }
		/the harness was late|overloaded|no steady state|stood still/ { busy = 1 }
		END { exit bad || !busy }' "$WORK/out" || fail "INVALID: $(cat "$WORK/out")"
}

# valid_by_hand FOLDER: its result is VALID from now on, where the machine may have been
# busy and what is tested is not the verdict
valid_by_hand() {
	sed -i -z 's/"result": "INVALID"/"result": "VALID"/; s/"why_invalid": \[[^]]*\]/"why_invalid": []/' \
		"$1/result.json"
}

err_has() {
	grep -qF -- "$1" "$WORK/err" || fail "stderr lacks '$1': $(cat "$WORK/err")"
}

out_has() {
	grep -qF -- "$1" "$WORK/out" || fail "stdout lacks '$1': $(cat "$WORK/out")"
}

# json FILE KEY: the first value of a scalar key in a result.json
json() {
	sed -n "s/^ *\"$2\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}$/\\1/p" "$1" | head -n 1
}

# documents DIR COUNT: text files that look alike, as documents do
documents() {
	mkdir -p "$1"
	awk -v dir="$1" -v count="$2" 'BEGIN {
		split("the store keeps every page and reads it again when asked generator model bytes device time energy request latency of in to is with for", w, " ")
		seed = 7
		for (i = 0; i < count; i++) {
			file = sprintf("%s/page%04d.txt", dir, i)
			printf("PAGE %d\n\nNAME\n", i) > file
			for (k = 0; k < 150 + i % 90; k++) {
				seed = (seed * 16807) % 2147483647
				printf("%s%s", w[seed % 24 + 1], k % 11 == 10 ? ".\n" : " ") > file
			}
			printf("\nSEE ALSO\n") > file
			close(file)
		}
	}'
}

# flip FILE OFFSET: inverts one byte
flip() {
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf "$(printf '\\%03o' $((byte ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

run_tests() {
	number=0
	for t in $(sed -n 's/^\(test_[a-z0-9_]*\)() .*/\1/p' "$0"); do
		number=$((number + 1))
		rm -rf "${WORK:?}"/*
		(set -e; "$t")
		case $? in
		0) echo "ok $number - $t" ;;
		77) echo "ok $number - $t # SKIP" ;;
		*) echo "not ok $number - $t" ;;
		esac
	done
}
