#!/bin/sh
# What lies in a directory of documents: nothing of gvr's own, and
# nothing that changes while gvr works with it.
. "$(dirname "$0")/lib.sh"

# workload FILE CONTENTS [LINE]...: a short one, however slow the machine is
workload() {
	file=$1 contents=$2
	shift 2
	{
		printf '[workload]\nname = w\n%s\n' "$contents"
		for line in "$@"; do printf '%s\n' "$line"; done
		printf 'scenario = offline\nnumber_ios = 40\nrounds = 1\nramp_time = 0\nmin_duration = 1ms\n'
		printf '[engine "r"]\nkind = retrieve\nlayout = segments\ndirect = 0\n'
		printf '[engine "g"]\nkind = generate\ngenerator = cm\n'
	} >"$file"
}

archive() {
	workload "$1" "contents = archive:$2" "split = held-out"
}

# refused COMMAND...: for its place, and nothing was made in the directory
refused() {
	find "$WORK/docs" | sort >"$WORK/before"
	expect 1 "$@"
	err_has "lies in the folder of documents, "
	err_has elsewhere
	find "$WORK/docs" | sort | cmp -s - "$WORK/before" || fail "left something: $*"
	[ ! -e "$WORK/s" ] || fail "made the store: $*"
}

# else the second run would take the results of the first for documents
test_results_do_not_become_documents() {
	documents "$WORK/docs/deep" 6
	archive "$WORK/c.ini" "$WORK/docs"
	workload "$WORK/n.ini" "contents = novel:3" "size = fixed:50" "corpus = $WORK/docs"
	ln -s docs/deep "$WORK/link"
	cd "$WORK/docs/deep"
	for w in "$WORK/c.ini" "$WORK/n.ini"; do
		refused "$GVR" run "$w" --store "$WORK/s"
		refused "$GVR" run "$w" --store "$WORK/s" --out "$WORK/new/.././link/x/y"
		refused "$GVR" sweep "$w" --over workload.randseed=1,2 --store "$WORK/s"
		for verb in run load audit verify; do
			refused "$GVR" $verb "$w" --store ../new/deep
		done
		refused "$GVR" run "$w" --store "$WORK/docs" --out "$WORK/s"
		refused "$GVR" sweep "$w" --over workload.randseed=1,2 --store x --out "$WORK/s"
	done
	refused "$GVR" sweep "$WORK/c.ini" --store "$WORK/s" --out "$WORK/link/o" \
		--over "workload.contents=archive:$WORK,archive:$WORK/docs/deep"
	refused "$GVR" train .. -o "$WORK/link/elsewhere.gvrm"
	refused "$GVR" init .. --out "$WORK/docs/elsewhere.ini"
	err_has "$WORK/docs/elsewhere.ini"
}

# a name that only begins alike, and a link in the directory that leads out of it
test_results_beside_the_documents_are_fine() {
	documents "$WORK/docs" 6
	archive "$WORK/c.ini" "$WORK/docs"
	mkdir "$WORK/results"
	ln -s ../results "$WORK/docs/out"
	expect_run "$GVR" run "$WORK/c.ini" --store "$WORK/docs-store" --out "$WORK/docs/out/x"
	expect 0 "$GVR" train "$WORK/docs" -o "$WORK/docs.gvrm"
}

# rewrite FILE: as programs do that tell others how they are, until it is stopped
rewrite() {
	n=0
	while :; do
		n=$((n + 1))
		echo "status $n: all is well" >"$1.new"
		mv "$1.new" "$WORK/docs/status"
		sleep 0.02
	done
}

# until COMMAND: which must become true
until_true() {
	for _ in $(seq 600); do
		! "$@" || return 0
		sleep 0.05
	done
	fail "never so: $*"
}

status_changed() {
	! cmp -s "$WORK/docs/status" "$WORK/status-then"
}

test_a_file_that_keeps_changing_is_left_out() {
	documents "$WORK/docs" 40
	archive "$WORK/w.ini" "$WORK/docs"
	rewrite "$WORK/status" &
	writer=$!
	trap 'kill $writer' EXIT
	until_true [ -e "$WORK/docs/status" ]
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	for _ in 1 2; do
		cp "$WORK/docs/status" "$WORK/status-then"
		until_true status_changed
		expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
		! grep trained "$WORK/err" || fail "trained anew"
		err_has "documents: 1 left out that changed or went meanwhile, first status"
		[ "$(json "$WORK/r/result.json" changing)" = 1 ] || fail "not in result.json"
	done
	cp "$WORK/docs/status" "$WORK/status-then"
	until_true status_changed
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	out_has "skipped: 1 that changed or went meanwhile, first status"
	kill $writer
	trap - EXIT
	wait $writer 2>/dev/null || :
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	out_has "41 files became 41 contents" # it rests, and is a document as others are
}

are_old() {
	[ "$(find "$WORK/docs" -newerct '2 seconds ago')" = "" ]
}

catalogue_is_new() {
	[ "$(find "$STORE/catalogues" -name '*.gvrc' -newer "$WORK/before")" != "" ]
}

# load_while_files_pass: these are there when gvr looks, and gone within 2 seconds,
# unless the machine is busy
load_while_files_pass() {
	touch "$WORK/before"
	for i in 1 2 3 4 5; do echo "passing $i" >"$WORK/docs/tmp$i"; done
	"$GVR" load "$WORK/w.ini" --store "$STORE" >"$WORK/out" 2>"$WORK/err" &
	until_true catalogue_is_new
	rm "$WORK"/docs/tmp*
	wait $! || fail "$(cat "$WORK/err")"
	! grep -q trained "$WORK/err"
}

# The model would be trained on them, and trained anew when they have gone.
test_files_that_are_soon_gone_train_nothing_anew() {
	documents "$WORK/docs" 40
	archive "$WORK/w.ini" "$WORK/docs"
	for _ in 1 2 3 4; do
		expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
		until_true are_old
		! load_while_files_pass || break
	done
	! grep trained "$WORK/err" || fail "trained anew"
	out_has "40 files became 40 contents"
	out_has "skipped: 5 that changed or went meanwhile, first tmp1"
	echo "to stay" >"$WORK/docs/new"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	err_has "documents changed; trained anew"
}

# Figures of other documents must not stand beside each other unsaid.
test_a_sweep_keeps_to_its_documents() {
	documents "$WORK/docs" 12
	archive "$WORK/w.ini" "$WORK/docs"
	set -- "$GVR" sweep "$WORK/w.ini" --store "$STORE" --out "$WORK/s" --over workload.randseed=1,2
	expect 0 "$@"
	rm -r "$WORK/s/run-0002"
	mv "$WORK/docs/page0003.txt" "$WORK/kept"
	find "$STORE/models" -type f -exec cksum {} + >"$WORK/before"
	expect 1 "$@"
	err_has "$WORK/s: the documents have changed since run-0001 was measured"
	err_has "sweep into another folder"
	[ ! -e "$WORK/s/run-0002" ] || fail "measured"
	find "$STORE/models" -type f -exec cksum {} + | cmp -s - "$WORK/before" || fail "trained"
	mv "$WORK/kept" "$WORK/docs/page0003.txt"
	expect 0 "$@"

	rm "$WORK/docs/page0003.txt"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/other"
	expect 0 "$GVR" report "$WORK/s/run-0001" "$WORK/s/run-0002" "$WORK/other" --out "$WORK/p"
	said="The documents changed between results, which may differ for that alone."
	grep -F "$said" "$WORK/p/report.html" | grep -F "/s/run-0001: " | grep -qF "/other." ||
		fail "report.html does not say it"
	grep -qF "$said" "$WORK/p/report.md" || fail "report.md does not say it"
	expect 0 "$GVR" report "$WORK/s" --out "$WORK/p"
	! grep -F "$said" "$WORK/p/report.html" || fail "said of the same documents"

	# results of both, as an older gvr left them
	rm -r "$WORK/s/run-0002"
	sed -i 's|--out [^"]*|--out s/run-0002|' "$WORK/other/result.json"
	mv "$WORK/other" "$WORK/s/run-0002"
	expect 1 "$@"
	err_has "the documents have changed since"
}

# Of /proc and /sys the sizes are not true.
test_files_of_the_kernel_are_no_documents() {
	[ -r /proc/sys/kernel/random/boot_id ] || return 77
	archive "$WORK/w.ini" /proc/sys/kernel/random
	expect 1 timeout 20 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	err_has "no document in it"
	err_has "whose size is not what can be read"
}

run_tests
