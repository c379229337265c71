#!/bin/sh
# Runs every test of a build, as many programs side by side as there are processors
# and one more, for some wait; then those that judge time, each by itself. Called by
# `make test` with BUILD (folder), GVR (the program) and SAN (sanitizers, or ""). Of
# each program its TAP lines as it ends; in the end the seconds of all, slowest
# first, the failures, and the line that counts: "N passed, N failed, N skipped".
#
#	run.sh            cmocka programs, fuzz corpora, the command line
#	run.sh interop    the checks against outside programs
#	run.sh one NAME   one of them: its output, seconds and count into $LOGS
set -u

# Judged by time: what else runs on the machine would be measured with them.
ALONE="test_meter_wall cli_timed"
# What waits, kills or counts and runs no code that the others do not: a sanitizer
# sees nothing more there.
UNSANITIZED="cli_energy cli_store cli_timed cli_train cli_trust"

cd "$(dirname "$0")/.." || exit 1

command_of() { # command_of NAME: runs it
	case $1 in
	test_*) "$BUILD/tests/$1" ;;
	fuzz_*) "$BUILD/tests/fuzz/$1" "tests/fuzz/corpus/${1#fuzz_}"/* &&
		echo "ok - replayed tests/fuzz/corpus/${1#fuzz_}" ;;
	cli_*) sh "tests/cli/$1.sh" ;;
	interop_*) sh "tests/interop/$1.sh" ;;
	esac
}

# The sum of what `times` told: user and system time of the shell and its children.
cpu_seconds() {
	awk '{ for (i = 1; i <= NF; i++) { split($i, t, /[ms]/); s += 60 * t[1] + t[2] } }
		END { printf "%.1f", s }' "$1"
}

one() { # one NAME: TAP lines of a program
	name=$1 log=$LOGS/$1.log
	begin=$(date +%s.%N)
	command_of "$name" >"$log" 2>&1
	code=$?
	end=$(date +%s.%N)
	times >"$log.times" # not in a substitution, which has times of its own
	cpu=$(cpu_seconds "$log.times")
	# cmocka says "not ok N # SKIP" of a test that was skipped
	sed -i 's/^not ok \([0-9]*\) # SKIP/ok \1 # SKIP/' "$log"
	if [ $code -ne 0 ] && ! grep -q '^not ok' "$log"; then
		echo "not ok - $name: exit $code" >>"$log"
	elif ! grep -qE '^(not )?ok' "$log"; then
		echo "not ok - $name: ran no test" >>"$log"
	fi
	awk -v name="$name" -v begin="$begin" -v end="$end" -v cpu="$cpu" \
		'/^ok/ { n++ } /^not ok/ { n++; bad++ }
		END { printf "%7.1f %7.1f  %s: %d tests%s\n", end - begin, cpu, name, n,
			bad ? ", " bad " FAILED" : "" }' "$log" >"$LOGS/$name.seconds"
	flock "$LOGS" sh -c 'echo "== $1"; cat "$2"' - "$name" "$log"
}

names() { # names PATTERN...: of the sources that match
	for source in "$@"; do
		[ ! -e "$source" ] || basename "${source%.*}"
	done
}

without() { # without NAME...: those are not run
	for name in "$@"; do
		sed -i "/^$name\$/d" "$LOGS/names"
	done
}

if [ "${1-}" = one ]; then
	one "$2"
	exit 0
fi

LOGS=$BUILD/tests/logs/${1:-test}
export LOGS CMOCKA_MESSAGE_OUTPUT=TAP
rm -rf "$LOGS" && mkdir -p "$LOGS" || exit 1
jobs=$(($(nproc) + 1))

if [ "${1-}" = interop ]; then
	names tests/interop/interop_*.sh >"$LOGS/names"
else # the command line first: its scripts take longest
	names tests/cli/cli_*.sh tests/test_*.c tests/fuzz/fuzz_*.c >"$LOGS/names"
fi
[ -z "${SAN-}" ] || without $UNSANITIZED
alone=$(grep -xF "$(printf '%s\n' $ALONE)" "$LOGS/names")
without $ALONE
xargs -P "$jobs" -I NAME sh tests/run.sh one NAME <"$LOGS/names"
for name in $alone; do
	sh tests/run.sh one "$name"
done

echo
echo "seconds; of CPU time:"
sort -rn "$LOGS"/*.seconds
cat "$LOGS"/*.log >"$LOGS/all"
skipped=$(grep -ciE '^ok.*# skip' "$LOGS/all")
passed=$(($(grep -c '^ok' "$LOGS/all") - skipped))
failed=$(grep -c '^not ok' "$LOGS/all")
echo
[ "$failed" -eq 0 ] || { echo "failed:"; grep '^not ok' "$LOGS"/*.log | sed 's,.*/,,'; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
