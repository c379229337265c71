#!/bin/sh
# gvr train with the generator rnn: what it is told, what it leaves, how it is
# stopped and gone on with; and workloads that use its model.
. "$(dirname "$0")/lib.sh"

train() { # train EXPECT DIR ARGUMENT...: to $WORK/m.gvrm
	want=$1 folder=$2
	shift 2
	expect "$want" "$GVR" train "$folder" -o "$WORK/m.gvrm" --generator rnn "$@"
}

# Every value of a key, in the card.
card() {
	json "$WORK/m.gvrm.json" "$1"
}

test_steps() {
	documents "$WORK/docs" 60
	train 0 "$WORK/docs" --steps 3 --threads 1
	out_has "       3 steps"
	out_has "generator rnn"
	out_has "each alone and made again"
	[ "$(stat -c %s "$WORK/m.gvrm")" -le 4194304 ] || fail "more than 4 MiB"
	[ ! -e "$WORK/m.gvrm.checkpoint" ] || fail "a checkpoint is left"
	[ "$(ls "$WORK" | grep -c '^m\.gvrm')" = 2 ] || fail "left: $(ls "$WORK")"
	cp "$WORK/m.gvrm" "$WORK/first"
	train 0 "$WORK/docs" --steps 3 --threads 1
	cmp "$WORK/first" "$WORK/m.gvrm" || fail "not the same model again"
}

test_minutes() {
	documents "$WORK/docs" 60
	begin=$(date +%s)
	train 0 "$WORK/docs" --minutes 0.01
	[ $(($(date +%s) - begin)) -le 20 ] || fail "took $(($(date +%s) - begin)) s"
	out_has "bits/byte"
	# the command that makes the same again
	card command | grep -qE '^gvr train DIR -o FILE --generator rnn --steps [1-9][0-9]* --threads [0-9]+$' ||
		fail "command: $(card command)"
	cp "$WORK/m.gvrm" "$WORK/first"
	train 0 "$WORK/docs" $(card command | grep -o -- '--steps.*')
	cmp "$WORK/first" "$WORK/m.gvrm" || fail "another model"
}

test_bad_values() {
	documents "$WORK/docs" 10
	for option in --minutes --steps --threads; do
		for value in 0 -1 abc '' 1x nan inf 1e300; do
			train 2 "$WORK/docs" $option "$value"
			err_has "gvr train: $option $value: "
		done
	done
	train 2 "$WORK/docs" --steps 1.5
	err_has "a whole number above 0"
	train 2 "$WORK/docs" --threads 3
	err_has "1, 2, 4, 8 or 16"
	train 2 "$WORK/docs" --threads 17
	train 2 "$WORK/docs" --steps 5 --minutes 1
	err_has "--minutes or --steps, not both"
	train 3 "$WORK/nothing" --steps 1
	[ ! -e "$WORK/m.gvrm" ] || fail "a model of nothing"
}

test_the_card_describes_the_model() {
	documents "$WORK/docs" 60
	train 0 "$WORK/docs" --steps 1 --threads 1
	[ "$(head -c 1 "$WORK/m.gvrm.json")" = "{" ] && [ "$(tail -n 1 "$WORK/m.gvrm.json")" = "}" ] ||
		fail "not one object"
	[ "$(card generator)" = rnn ] || fail "generator"
	[ "$(card bytes)" = "$(stat -c %s "$WORK/m.gvrm")" ] || fail "bytes"
	[ "$(card folder)" = "$WORK/docs" ] || fail "folder"
	[ $(($(card training_documents) + $(card held_out_documents))) = 60 ] || fail "documents"
	[ $(($(card training_bytes) + $(card held_out_bytes))) = "$(cat "$WORK"/docs/* | wc -c)" ] || fail "bytes"
	for key in schema_version version commit digest training_fingerprint held_out_fingerprint \
		elapsed_s command steps tokens record_bytes bits_per_byte dictionary_bytes; do
		[ -n "$(card $key)" ] || fail "no $key"
	done
	grep -q '"curve": \[' "$WORK/m.gvrm.json" && grep -q '"zstd_19": \[' "$WORK/m.gvrm.json" || fail "lists"
	grep -q '"model_pays_from_bytes": ' "$WORK/m.gvrm.json" || fail "from when it pays"
	awk '/"record_bytes"/ { gsub(/[^0-9]/, ""); record = $0 }
		/"held_out_bytes"/ { gsub(/[^0-9]/, ""); content = $0 }
		/"held_out": \{/ { here = 1 }
		here && /"bits_per_byte"/ && !bits { bits = $2 + 0 }
		END { exit !(content > 0 && (bits - 8 * record / content) ^ 2 < 1e-6) }' "$WORK/m.gvrm.json" ||
		fail "bits_per_byte is not that of record_bytes"
	command -v python3 >/dev/null || return 0
	python3 -m json.tool "$WORK/m.gvrm.json" >/dev/null || fail "not JSON"
}

test_folders_of_every_kind() {
	mkdir "$WORK/none" "$WORK/one"
	printf x >"$WORK/one/x"
	train 0 "$WORK/one" --steps 2
	[ -s "$WORK/m.gvrm" ] && [ -s "$WORK/m.gvrm.json" ] || fail "nothing is left"
	for i in 1 2 3 4 5 6 7 8 9; do
		head -c 700 /dev/urandom >"$WORK/one/$i"
	done
	train 0 "$WORK/one" --steps 2
}

# As someone who may not write everywhere.
nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

test_a_folder_that_cannot_be_written() {
	documents "$WORK/docs" 20
	mkdir "$WORK/locked"
	cp "$GVR" "$WORK/gvr"
	chmod -R a+rX "$WORK"
	chmod 555 "$WORK/locked"
	# said at once, not after a training
	expect 4 nobody timeout 20 "$WORK/gvr" train "$WORK/docs" -o "$WORK/locked/m" --generator rnn
	err_has "$WORK/locked/m: cannot write"
	expect 3 timeout 20 "$GVR" train "$WORK/docs" -o "$WORK/absent/m" --generator rnn
	err_has "$WORK/absent/m: cannot write"
	expect 1 timeout 20 "$GVR" train "$WORK/docs" -o "$WORK/docs" --generator rnn
	err_has "$WORK/docs: cannot write"
}

test_a_full_disk() {
	documents "$WORK/docs" 20
	mkdir -p "$WORK/small"
	mount -t tmpfs -o size=200k none "$WORK/small" 2>/dev/null || exit 77
	code=0
	(set -e
		expect 1 "$GVR" train "$WORK/docs" -o "$WORK/small/m" --generator rnn --steps 1
		err_has "space"
		[ -z "$(ls "$WORK/small")" ] || fail "left: $(ls "$WORK/small")") || code=$?
	umount "$WORK/small"
	return $code
}

test_ctrl_c_and_on() {
	documents "$WORK/docs" 60
	train 0 "$WORK/docs" --steps 12 --threads 1
	mv "$WORK/m.gvrm" "$WORK/whole"
	env --default-signal=INT "$GVR" train "$WORK/docs" -o "$WORK/m.gvrm" --generator rnn \
		--steps 12 --threads 1 >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	for wait in $(seq 500); do
		grep -q ' [2-9] steps' "$WORK/out" && break
		sleep 0.02
	done
	kill -INT $pid || fail "it had ended: $(cat "$WORK/out" "$WORK/err")"
	code=0
	wait $pid || code=$?
	[ $code -eq 130 ] || fail "exit $code: $(cat "$WORK/err")"
	[ "$(wc -l <"$WORK/err")" = 1 ] || fail "not one line: $(cat "$WORK/err")"
	err_has "run the same command to go on"
	err_has "$WORK/m.gvrm.checkpoint"
	[ -s "$WORK/m.gvrm.checkpoint" ] && [ ! -e "$WORK/m.gvrm" ] || fail "left: $(ls "$WORK")"
	train 0 "$WORK/docs" --steps 12 --threads 1
	out_has "      12 steps"
	if grep -q ' 1 steps' "$WORK/out"; then fail "it began anew"; fi
	cmp "$WORK/whole" "$WORK/m.gvrm" || fail "another model than without a stop"
	[ ! -e "$WORK/m.gvrm.checkpoint" ] || fail "the checkpoint is left"
}

# workload FILE LINE...: of these lines and an engine g
workload() {
	file=$1
	shift
	{
		printf '[workload]\nname = t\nscenario = offline\nnumber_ios = 60\nrounds = 2\nramp_time = 0\n'
		printf 'min_duration = 0\nss = none\nmodel = %s\n' "$WORK/m.gvrm"
		printf '%s\n' "$@"
		printf '[engine "g"]\nkind = generate\ngenerator = rnn\niodepth = 6\n'
	} >"$file"
}

no_wrong_bytes() {
	grep -qE '^requests verified +[1-9][0-9]*$' "$WORK/out" || fail "nothing verified"
	grep -qE '^  with wrong bytes +0$' "$WORK/out" || fail "wrong bytes: $(cat "$WORK/out")"
}

# Of the contents that load makes with this setting.
contents_digest() {
	expect 0 "$GVR" load "$WORK/w.ini" --store "$WORK/other" "$@"
	find "$WORK/other" -name digests -exec cat {} + | cksum
	rm -r "$WORK/other"
}

test_a_workload_with_the_model() {
	documents "$WORK/docs" 60
	train 0 "$WORK/docs" --steps 1 --threads 1
	workload "$WORK/w.ini" "contents = archive:$WORK/docs"
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	if grep -q "other documents" "$WORK/out" "$WORK/err"; then fail "not other documents"; fi
	expect 0 "$GVR" verify "$WORK/w.ini" --store "$STORE"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	no_wrong_bytes
	# with a document more, it is another training split
	documents "$WORK/docs" 70
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	cat "$WORK/out" "$WORK/err" | tr -s ' \n' '  ' | grep -q "trained on other documents than the training split" ||
		fail "no notice: $(cat "$WORK/out" "$WORK/err")"
}

test_novel_contents() {
	documents "$WORK/docs" 60
	train 0 "$WORK/docs" --steps 1 --threads 1
	workload "$WORK/w.ini" 'contents = novel:40' 'size = fixed:300' 'contexts = 4' \
		'temperature_percentage = 80' 'top_p_percentage = 90'
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	no_wrong_bytes
	# sampled otherwise, they are other contents
	plain=$(contents_digest)
	[ "$(contents_digest)" = "$plain" ] || fail "not the same again"
	[ "$(contents_digest --set workload.temperature_percentage=100)" != "$plain" ] || fail "temperature"
	[ "$(contents_digest --set workload.top_p_percentage=50)" != "$plain" ] || fail "top_p"
	sed -i 's/^generator = rnn/generator = cm/' "$WORK/w.ini"
	expect 5 "$GVR" load "$WORK/w.ini" --store "$STORE"
	err_has "w.ini:13: temperature_percentage: "
	err_has "set generator = rnn there"
}

run_tests
