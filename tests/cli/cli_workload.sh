#!/bin/sh
# What gvr says of bad arguments and bad workload files.
. "$(dirname "$0")/lib.sh"

good() { # good FILE: a workload that is right
	cat >"$1" <<-W
	[workload]
	name = t
	contents = noise:50
	size = fixed:512
	scenario = offline
	number_ios = 100
	rounds = 2
	ramp_time = 0
	[engine "a"]
	kind = generate
	W
}

test_help_of_every_verb_has_an_example() {
	expect 0 "$GVR" --help
	for verb in train load run verify; do
		out_has "gvr $verb"
	done
	for verb in train load run verify; do
		expect 0 "$GVR" $verb --help
		out_has "Example:"
		awk 'length($0) > 80 { exit 1 }' "$WORK/out" || fail "$verb --help is wider than 80"
		expect 0 "$GVR" --help
	done
}

test_help_lists_the_keys() {
	expect 0 "$GVR" run --help
	for key in contents contexts popularity rate_iops runtime verify compression_type generator; do
		out_has "$key"
	done
}

test_bad_arguments_are_exit_2() {
	expect 2 "$GVR" fly
	expect 2 "$GVR" run
	expect 2 "$GVR" run a.ini b.ini
	expect 2 "$GVR" run a.ini --fast
	expect 2 "$GVR" run a.ini --out
	expect 2 "$GVR" train dir
	expect 2 "$GVR" train dir -o x --generator gpt
	err_has "no generator named gpt; there is cm"
}

test_missing_workload_is_exit_3() {
	expect 3 "$GVR" run "$WORK/none.ini"
	err_has none.ini
}

test_bad_workload_is_exit_5_and_names_the_line() {
	good "$WORK/w.ini"
	sed -i 's/^rounds = 2/ronds = 2/' "$WORK/w.ini"
	expect 5 "$GVR" run "$WORK/w.ini"
	err_has "w.ini:7: "
	err_has ronds
	good "$WORK/w.ini"
	sed -i 's/^rounds = 2/rounds = many/' "$WORK/w.ini"
	expect 5 "$GVR" load "$WORK/w.ini"
	err_has "w.ini:7: "
	err_has many
}

test_a_pipe_is_read_but_not_waited_for() {
	good "$WORK/w.ini"
	mkfifo "$WORK/pipe"
	expect 5 timeout 10 "$GVR" run "$WORK/pipe"
	err_has "pipe:1: a pipe that nothing comes through"
	(sleep 0.2; cat "$WORK/w.ini" >"$WORK/pipe") &
	expect 0 timeout 10 "$GVR" load "$WORK/pipe" --store "$STORE"
	wait
	(sleep 1.5; cat "$WORK/w.ini") | expect 0 "$GVR" load /dev/stdin --store "$STORE"
}

test_set_replaces_and_is_checked() {
	good "$WORK/w.ini"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --set workload.number_ios=64
	[ "$(json "$WORK/r/result.json" planned)" = 64 ] || fail "number_ios was not set"
	expect 5 "$GVR" run "$WORK/w.ini" --set workload.number_ios=-1
	err_has number_ios
	expect 5 "$GVR" run "$WORK/w.ini" --set nobody.iodepth=4
}

test_set_may_change_the_scenario() {
	cat >"$WORK/w.ini" <<-W
	[workload]
	contents = noise:50
	size = fixed:512
	rate_iops = 100
	runtime = 200ms
	ramp_time = 0
	rounds = 2
	min_duration = 0
	ss = none
	[engine "a"]
	kind = generate
	numjobs = 2
	iodepth = 8
	W
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --set workload.scenario=offline
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" \
		--set workload.scenario=single_stream
	grep -q '"iodepth": "1"' "$WORK/r/result.json" || fail "more than one in flight"
	grep -q '"numjobs": "1"' "$WORK/r/result.json" || fail "more than one worker"
	expect 5 "$GVR" run "$WORK/w.ini" --set workload.scenario=offline --set workload.rate_iops=5
}

test_missing_folder_is_exit_3() {
	good "$WORK/w.ini"
	sed -i "s|^contents = .*|contents = archive:$WORK/nothing|; /^size/d" "$WORK/w.ini"
	expect 3 "$GVR" run "$WORK/w.ini" --store "$STORE"
	err_has nothing
}

test_missing_model_is_exit_3() {
	documents "$WORK/docs" 20
	good "$WORK/w.ini"
	sed -i "s|^contents = .*|contents = archive:$WORK/docs\nmodel = $WORK/no.gvrm|; /^size/d" "$WORK/w.ini"
	expect 3 "$GVR" run "$WORK/w.ini" --store "$STORE"
	err_has no.gvrm
}

# Else each run would find other documents than the one before.
test_a_store_among_the_documents_is_refused() {
	documents "$WORK/docs" 20
	good "$WORK/w.ini"
	sed -i "s|^contents = .*|contents = archive:$WORK/docs|; /^size/d" "$WORK/w.ini"
	ln -s "$WORK/docs" "$WORK/link"
	for store in "$WORK/docs/store" "$WORK/link/deep/store"; do
		expect 1 "$GVR" load "$WORK/w.ini" --store "$store"
		err_has "lies in the folder of documents"
	done
}

test_unwritable_store_is_exit_4() {
	good "$WORK/w.ini"
	mkdir -p "$WORK/locked"
	mkdir -p "$WORK/r" && chmod 777 "$WORK/r"
	chmod 555 "$WORK/locked" && chmod 755 "$WORK"
	if [ "$(id -u)" = 0 ]; then
		# root may write anywhere: be nobody
		cp "$GVR" "$WORK/gvr-nobody" && chmod 755 "$WORK/gvr-nobody" && chmod 644 "$WORK/w.ini"
		expect 4 setpriv --reuid=65534 --regid=65534 --clear-groups \
			"$WORK/gvr-nobody" run "$WORK/w.ini" --store "$WORK/locked/s" --out "$WORK/r"
	else
		expect 4 "$GVR" run "$WORK/w.ini" --store "$WORK/locked/s" --out "$WORK/r"
	fi
	err_has locked
}

run_tests
