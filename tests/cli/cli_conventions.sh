#!/bin/sh
# What every program of the command line is expected to do: die of the signal that
# stopped it, bear closed descriptors and readers that leave, fit the terminal, keep
# names apart.
. "$(dirname "$0")/lib.sh"

# workload SETTING...: noise and an engine n that answers at once
workload() {
	{
		printf '[workload]\nname = tiny\ncontents = noise:100\nsize = fixed:100\nramp_time = 0\n'
		printf 'ss = none\nmin_query_count = 1\nmin_duration = 0\nrounds = 1\n'
		printf '%s\n' "$@"
		printf '[engine "n"]\nkind = null\n'
	} >"$WORK/w.ini"
}

# wait_for FILE: until it is there
wait_for() {
	for i in $(seq 600); do
		[ ! -e "$1" ] || return 0
		sleep 0.02
	done
	fail "$1 never came: $(cat "$WORK/out" "$WORK/err")"
}

run() {
	"$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" "$@"
}

# stopped_by SIGNAL CODE: a run ends soon, of that signal, and says so once
stopped_by() {
	rm -rf "$WORK/r"
	# a shell makes what is in the background ignore Ctrl-C
	env --default-signal=INT "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	wait_for "$WORK/r"
	kill -"$1" $pid
	code=0
	wait $pid || code=$?
	[ $code -eq "$2" ] || fail "$1: exit $code, not $2: $(cat "$WORK/out" "$WORK/err")"
	# before it measured it has no result, not even a part of one
	[ "$(cat "$WORK/err")" = "gvr: interrupted" ] || grep -q '  \* interrupted' "$WORK/out" ||
		fail "$1: $(cat "$WORK/out" "$WORK/err")"
	if grep -q '(null)' "$WORK/out"; then fail "$(cat "$WORK/out")"; fi
}

test_it_dies_of_the_signal_that_stopped_it() {
	workload 'rate_iops = 1000' 'runtime = 60s'
	stopped_by INT 130
	stopped_by TERM 143
	stopped_by HUP 129
}

# bash goes on if a program caught Ctrl-C for a purpose of its own and exits
test_ctrl_c_ends_the_loop_around_it() {
	command -v bash >/dev/null || return 77
	workload 'rate_iops = 1000' 'runtime = 60s'
	cat >"$WORK/loop" <<-'S'
	for i in 1 2 3; do "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r$i"; done
	S
	export WORK STORE
	env --default-signal=INT setsid bash "$WORK/loop" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	wait_for "$WORK/r1"
	kill -INT -$pid
	wait $pid || true
	[ ! -e "$WORK/r2" ] || fail "the loop went on"
}

test_signals_ignored_at_the_start_stay_ignored() {
	workload 'rate_iops = 1000' 'runtime = 500ms'
	for signal in INT HUP TERM; do
		rm -rf "$WORK/r"
		(trap '' $signal && run >"$WORK/out" 2>"$WORK/err") &
		pid=$!
		wait_for "$WORK/r"
		# of all of the subshell's the one that runs
		kill -$signal $pid "$(cat "/proc/$pid/task/$pid/children")" || fail "it had ended"
		code=0
		wait $pid || code=$?
		[ $code -eq 0 ] || [ $code -eq 6 ] || fail "$signal: exit $code"
		if grep -q interrupted "$WORK/r/result.json"; then fail "$signal stopped it"; fi
	done
}

test_closed_descriptors_are_no_files() {
	meter="command:ls -l /proc/\$PPID/fd >'$WORK/fds'; exit 1"
	"$GVR" probe --wall-meter "$meter" <&- >&- 2>&- || true
	for fd in 0 1 2; do
		grep -q " $fd -> /dev/null$" "$WORK/fds" || fail "descriptor $fd: $(cat "$WORK/fds")"
	done
}

test_what_closed_descriptors_swallow() {
	workload 'number_ios = 1000' 'scenario = offline'
	code=0
	run 2>&- >"$WORK/out" || code=$?
	[ $code -eq 0 ] || [ $code -eq 6 ] || fail "exit $code without stderr"
	out_has "Result: "
	# a lost summary is an error, as on a full disk; help asked for in vain, too
	got=0
	"$GVR" help run >&- 2>"$WORK/err" || got=$?
	[ $got -eq 1 ] || fail "exit $got without stdout"
	err_has "standard output: cannot write all of it"
	got=0
	"$GVR" help run >/dev/full 2>"$WORK/err" || got=$?
	[ $got -eq 1 ] || fail "exit $got on a full disk"
	expect 0 "$GVR" help run <&-
}

# into_head COMMAND...: its reader takes one line and leaves; that is all right
into_head() {
	rm -f "$WORK/code"
	{
		code=0
		"$@" 2>"$WORK/err" || code=$?
		echo $code >"$WORK/code"
	} | head -n 1 >"$WORK/out"
	wait_for "$WORK/code"
	[ -s "$WORK/out" ] || fail "no line of $*"
	[ "$(cat "$WORK/code")" = 0 ] && [ ! -s "$WORK/err" ] ||
		fail "exit $(cat "$WORK/code") of $*: $(cat "$WORK/err")"
}

test_a_reader_that_had_enough() {
	into_head "$GVR" help run
	into_head "$GVR" breakeven "$ROOT/results/manpages" --format json
	# gone before the first byte
	mkfifo "$WORK/pipe"
	: <"$WORK/pipe" &
	(
		exec 3>"$WORK/pipe"
		wait $! || true
		"$GVR" help run >&3 2>"$WORK/err" || echo "exit $?" >>"$WORK/err"
	)
	wait
	[ ! -s "$WORK/err" ] || fail "$(cat "$WORK/err")"
}

# on_terminal COLUMNS COMMAND: what it writes on one so wide, in $WORK/screen
on_terminal() {
	SHELL=/bin/sh script -qc "stty cols $1; $2" "$WORK/screen" </dev/null >/dev/null
}

# the widest that stands in a line of the screen, in bytes
widest() {
	tr '\r' '\n' <"$WORK/screen" | grep -v '^Script ' | awk 'length($0) > n { n = length($0) } END { print n + 0 }'
}

test_progress_fits_the_terminal() {
	command -v script >/dev/null || return 77
	workload 'rate_iops = 1000' 'runtime = 500ms'
	load="'$GVR' run '$WORK/w.ini' --store '$STORE' --out '$WORK/r' >/dev/null"
	for columns in 20 40 80; do
		TERM=xterm on_terminal $columns "$load"
		grep -q '%' "$WORK/screen" || fail "no progress: $(cat "$WORK/screen")"
		[ "$(widest)" -lt $columns ] || fail "$(widest) in $columns columns: $(cat -A "$WORK/screen")"
		if grep -q "$(printf '\033')" "$WORK/screen"; then fail "escapes: $(cat -A "$WORK/screen")"; fi
	done
	# of a terminal that does not tell: 80
	TERM=xterm on_terminal 0 "$load"
	grep -q 'ETA' "$WORK/screen" || fail "0 columns: $(cat -A "$WORK/screen")"
	[ "$(widest)" -lt 80 ] || fail "$(widest) in 0 columns"
}

test_no_progress_where_lines_cannot_be_rewritten() {
	command -v script >/dev/null || return 77
	workload 'rate_iops = 1000' 'runtime = 100ms'
	load="'$GVR' run '$WORK/w.ini' --store '$STORE' --out '$WORK/r' >/dev/null"
	TERM=dumb on_terminal 80 "$load"
	if grep -q '%' "$WORK/screen"; then fail "TERM=dumb: $(cat -A "$WORK/screen")"; fi
	on_terminal 80 "unset TERM; $load"
	if grep -q '%' "$WORK/screen"; then fail "no TERM: $(cat -A "$WORK/screen")"; fi
}

# in_work COMMAND...: where `out` is a folder of this test's own
in_work() {
	mkdir -p "$WORK/d"
	(cd "$WORK/d" && "$@")
}

test_workloads_do_not_share_a_default_folder() {
	workload 'number_ios = 100' 'scenario = offline'
	mv "$WORK/w.ini" "$WORK/a.ini"
	cp "$WORK/a.ini" "$WORK/b.ini"
	expect_run in_work "$GVR" run ../a.ini --store "$STORE"
	kept=$(cksum "$WORK/d/out/tiny/result.json")
	expect 1 in_work "$GVR" run ../b.ini --store "$STORE"
	err_has "out/tiny: holds the result of another workload file, ../a.ini; give --out DIR, or the workload another name"
	[ "$(cksum "$WORK/d/out/tiny/result.json")" = "$kept" ] || fail "overwritten"
	# the same again, edited or called otherwise, replaces its own result
	sed -i 's/= 100$/= 200/' "$WORK/a.ini"
	expect_run in_work "$GVR" run "$WORK/a.ini" --store "$STORE"
	[ "$(cksum "$WORK/d/out/tiny/result.json")" != "$kept" ] || fail "not overwritten"
	mv "$WORK/a.ini" "$WORK/c.ini"
	expect_run in_work "$GVR" run ../c.ini --store "$STORE"
	# what --out names is the user's choice
	expect_run in_work "$GVR" run ../b.ini --store "$STORE" --out out/tiny
	expect_run in_work "$GVR" run ../b.ini --store "$STORE" --set "workload.name=日本語"
	out_has "Result: out/日本語/result.json"
	out_has "Workload 日本語: "
	grep -q '<title>[^<]*日本語' "$WORK/d/out/日本語/report.html" || fail "no title"
	# a sweep's folder is no run's
	mkdir "$WORK/d/out/x-sweep"
	: >"$WORK/d/out/x-sweep/sweep.json"
	expect 1 in_work "$GVR" run ../b.ini --store "$STORE" --set workload.name=x-sweep
	err_has "out/x-sweep: holds a sweep"
	mkdir "$WORK/d/out/tiny-sweep"
	: >"$WORK/d/out/tiny-sweep/result.json"
	expect 1 in_work "$GVR" sweep ../b.ini --store "$STORE" --over n.iodepth=1,2
	err_has "out/tiny-sweep: holds the result of a run"
}

test_one_writer_a_folder() {
	workload 'rate_iops = 1000' 'runtime = 60s'
	mkdir "$WORK/r"
	cp "$ROOT/results/manpages/result.json" "$WORK/r"
	"$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" >"$WORK/bg" 2>"$WORK/bg.err" &
	pid=$!
	# looked at, not tried: that would lock gvr out
	until grep -q ":$(stat -c %i "$WORK/r") " /proc/locks; do
		kill -0 $pid || fail "it had ended"
		sleep 0.02
	done
	expect 1 run
	err_has "$WORK/r: another gvr is writing there; wait for it, or use another --out"
	expect 1 "$GVR" sweep "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --over n.iodepth=1,2
	err_has "$WORK/r: another gvr is writing there"
	expect 1 "$GVR" report "$WORK/r"
	err_has "$WORK/r: another gvr is writing there"
	[ ! -e "$WORK/r/report.md" ] && [ ! -e "$WORK/r/figures" ] || fail "it wrote: $(ls "$WORK/r")"
	# reading goes on
	expect 0 "$GVR" breakeven "$WORK/r"
	expect 0 "$GVR" report "$WORK/r" --out "$WORK/elsewhere"
	kill -9 $pid
	wait $pid 2>/dev/null || true
	expect 0 "$GVR" report "$WORK/r"
}

# command_after PREFIX: the command that $WORK/out or $WORK/err tells, behind these words
command_after() {
	cat "$WORK/out" "$WORK/err" | sed -n "s/^.*$1\(gvr .*\)/\1/p" | head -n 1
}

# Each command that is printed is given to a shell as it stands.
test_commands_that_are_printed_can_be_copied() {
	place="$WORK/it's my place"
	mkdir "$place"
	documents "$place/doc s" 40
	cd "$place"
	gvr() {
		"$GVR" "$@"
	}
	expect 0 gvr init "doc s" --out "-a b.ini"
	expect_run eval "$(command_after 'Next: ') --store 'st ore' --out '-my results' --set workload.runtime=200ms --set workload.ramp_time=0 \
		--set workload.min_duration=0 --set workload.min_query_count=1 --set workload.ss=none"
	more=$(command_after 'More: ')
	expect 0 eval "$more"
	out_has "contents of"
	redo=$(sed -n 's/^ *"command": "\(.*\)",$/\1/p' "./-my results/result.json")
	expect_run eval "$redo"
	expect 0 gvr report "./-my results" --out "a report"
	code=$(sed -n 's/^    \(gvr report .*\)/\1/p; s/.*<code>\(gvr report [^<]*\)<.*/\1/p' "a report/report.md" "a report/report.html" | head -n 1)
	expect 0 eval "$(echo "$code" | sed "s/&#39;/'/g")"
	# what repairs a store
	rm -r "st ore"
	expect 3 gvr verify "./-a b.ini" --store "st ore"
	load=$(command_after 'run ')
	[ -n "$load" ] || fail "no remedy: $(cat "$WORK/err")"
	expect 0 eval "$load --store 'st ore'"
	flip "$(find "st ore" -name '*.seg')" 4200 # the first values
	expect 8 gvr verify "./-a b.ini" --store "st ore"
	repair=$(sed -n 's/.*to repair: \(rm -r .*\), then \(gvr load .*\)/\1 \&\& \2/p' "$WORK/err" | head -n 1)
	[ -n "$repair" ] || fail "no remedy: $(cat "$WORK/err")"
	expect 0 eval "$repair --store 'st ore'"
	expect 0 gvr verify "./-a b.ini" --store "st ore"
}

test_no_pictures_without_a_letter() {
	echo '<fontconfig></fontconfig>' >"$WORK/no fonts"
	set -- "$GVR" report "$ROOT/results/manpages" --out "$WORK/r"
	expect 0 "$@"
	drawn=$(cd "$WORK/r/figures" && ls *.png | wc -l)
	[ "$drawn" -gt 3 ] && [ "$(ls "$WORK/r/figures" | wc -l)" -eq $((3 * drawn)) ] || fail "$(ls "$WORK/r/figures")"
	expect 1 env FONTCONFIG_FILE="$WORK/no fonts" "$@"
	err_has "$WORK/r/figures: no PNG is written: this machine has no font"
	err_has "apt-get install fonts-dejavu-core"
	out_has "$WORK/r/report.html"
	# all the rest, and nothing of the report before
	[ "$(cd "$WORK/r/figures" && ls *.svg *.csv | wc -l)" -eq $((2 * drawn)) ] || fail "$(ls "$WORK/r/figures")"
	[ "$(ls "$WORK/r/figures" | wc -l)" -eq $((2 * drawn)) ] || fail "PNG: $(ls "$WORK/r/figures")"
	[ -s "$WORK/r/report.md" ] || fail "no report.md"
	if grep -q '\.png' "$WORK/r/report.html"; then fail "a link to nothing"; fi
	grep -q 'href="figures/[a-z]*\.svg"' "$WORK/r/report.html" || fail "no link"
}

test_what_may_be_meant_otherwise_is_told() {
	workload 'rate_iops = 400,5' 'runtime = 100ms'
	expect_run run
	err_has "gvr: rate_iops = 400,5: two steps, 400/s and then 5/s; a single rate has a point, as 400.5"
	expect_run run --set workload.rate_iops=400,50
	[ ! -s "$WORK/err" ] || fail "$(cat "$WORK/err")"
	sed -i 's/"n"/"workload"/' "$WORK/w.ini"
	expect 5 run
	err_has "w.ini:12: [engine \"workload\"]"
	workload
	HOME=/home/me expect 5 run --set workload.contents=archive:~/docs
	err_has "~/docs: ~ is the shell's, which did not replace it; write /home/me/docs"
	HOME=/home/me expect 2 "$GVR" run "$WORK/w.ini" --out=~/r
	err_has "--out ~/r: ~ is the shell's"
	HOME=/home/me expect 2 "$GVR" run "$WORK/w.ini" --store=~/s
}

run_tests
