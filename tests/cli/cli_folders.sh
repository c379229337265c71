#!/bin/sh
# cli_folders.sh: what lies in a directory of documents: nothing of gvr's own, and
# nothing that changes while gvr works with it.
. tests/cli/lib.sh

# workload FILE CONTENTS [LINE]...: a short one, which is INVALID for want of requests
workload() {
	file=$1 contents=$2
	shift 2
	{
		printf '[workload]\nname = w\n%s\n' "$contents"
		for line in "$@"; do printf '%s\n' "$line"; done
		printf 'scenario = offline\nruntime = 100ms\nrounds = 1\nmin_duration = 1ms\n'
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

run_tests
