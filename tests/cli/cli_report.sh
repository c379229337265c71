#!/bin/sh
# gvr report from the outside: files, exit codes, every figure of a page against
# result.json, what is refused.
. "$(dirname "$0")/lib.sh"

flatten() {
	awk -f "$ROOT/tests/cli/json_paths.awk" "$1"
}
SAMPLES=$ROOT/tests/fuzz/corpus/report

command -v gnuplot >/dev/null 2>&1 && HAS_GNUPLOT=yes || HAS_GNUPLOT=
needs_gnuplot() {
	[ -n "$HAS_GNUPLOT" ] || exit 77
}

tiny_workload() {
	printf '[workload]\nname = tiny\ncontents = noise:200\nsize = fixed:1KiB\nscenario = server\n'
	printf 'rate_iops = 2000\nruntime = 400ms\nrounds = 4\nramp_time = 0\nss = none\n'
	printf 'min_duration = 0\nmin_query_count = 1\n'
	printf '[engine "retrieve"]\nkind = retrieve\n[engine "generate"]\nkind = generate\n'
}

# One run, kept for all tests.
KEPT=$(mktemp -d "${TMPDIR:-/tmp}/gvr-kept.XXXXXX")
trap 'chmod -R u+rwX "$WORK" "$KEPT" 2>/dev/null; rm -rf "$SCRATCH" "$KEPT"' EXIT
KEPT_RUN=$KEPT/r
export TMPDIR=$KEPT/tmp
mkdir "$TMPDIR"
tiny_workload >"$KEPT/w.ini"
"$GVR" run "$KEPT/w.ini" --store "$KEPT/store" --out "$KEPT_RUN" >"$KEPT/out" 2>"$KEPT/err" ||
	[ $? -eq 6 ] || fail "$(cat "$KEPT/err")"

# figures_agree PAGE RESULT: every figure of a page is where it says in result.json.
figures_agree() {
	flatten "$2" >"$WORK/flat"
	grep -o '<data value="[^"]*" data-from="[^"]*">' "$1" |
		sed 's/<data value="\([^"]*\)" data-from="\([^"]*\)">/\2 \1/' >"$WORK/shown"
	awk 'NR == FNR { i = index($0, " "); at[substr($0, 1, i - 1)] = substr($0, i + 1); next }
		{ i = index($0, " "); path = substr($0, 1, i - 1); value = substr($0, i + 1); count++
		  if (!(path in at) || sprintf("%.17g", at[path]) != sprintf("%.17g", value)) {
			print path ": " value ", not " at[path]; bad = 1 } }
		END { if (count < 100) print count " figures"; exit bad || count < 100 }' \
		"$WORK/flat" "$WORK/shown" >"$WORK/differ"
}

test_run_draws_a_page() {
	needs_gnuplot
	grep -q "^Report: $KEPT_RUN/report.html$" "$KEPT/out" || fail "$(cat "$KEPT/out" "$KEPT/err")"
	[ -s "$KEPT_RUN/report.html" ] || fail "no page"
	[ ! -e "$KEPT_RUN/report.md" ] && [ ! -e "$KEPT_RUN/figures" ] || fail "more than a page"
	grep -q 'href="figures' "$KEPT_RUN/report.html" && fail "links to what is not there"
	figures_agree "$KEPT_RUN/report.html" "$KEPT_RUN/result.json" || fail "$(cat "$WORK/differ")"
}

test_report_writes_all() {
	needs_gnuplot
	mkdir -p "$WORK/new/r/figures" # of an earlier report, not of this one
	echo old >"$WORK/new/r/figures/contexts.svg"
	expect 0 "$GVR" report "$KEPT_RUN" --out "$WORK/new/r"
	out_has "Report: $WORK/new/r/report.html"
	[ ! -s "$WORK/err" ] || fail "$(cat "$WORK/err")"
	for name in $(sed -n 's/.*<figure id="figure_\([a-z_]*\)">.*/\1/p' "$WORK/new/r/report.html"); do
		count=$((${count:-0} + 1))
		for end in csv svg png; do
			[ -s "$WORK/new/r/figures/$name.$end" ] || fail "no $name.$end"
		done
	done
	[ "${count:-0}" -ge 4 ] || fail "$count figures"
	[ "$(ls "$WORK/new/r/figures" | wc -l)" -eq $((3 * count)) ] || fail "$(ls "$WORK/new/r/figures")"
	[ "$(find "$WORK/new" -type f | grep -vc '/figures/')" -eq 2 ] || fail "$(find "$WORK/new" -type f)"
	[ "$(wc -c <"$WORK/new/r/report.md")" -lt 60000 ] || fail "a long report.md"
	[ -z "$(ls "$TMPDIR")" ] || fail "left in TMPDIR: $(ls "$TMPDIR")"
	grep -q 'figures/ratios.csv' "$WORK/new/r/report.html" || fail "no link to the data"
}

test_every_figure_is_of_the_result() {
	needs_gnuplot
	expect 0 "$GVR" report "$KEPT_RUN" --out "$WORK/r"
	figures_agree "$WORK/r/report.html" "$KEPT_RUN/result.json" || fail "$(cat "$WORK/differ")"
	# and one that is not is seen
	sed 's/<data value="\([^"]*\)" data-from="engines.retrieve.response_ns.percentile.99">/<data value="1\1" data-from="engines.retrieve.response_ns.percentile.99">/' \
		"$WORK/r/report.html" >"$WORK/changed.html"
	figures_agree "$WORK/changed.html" "$KEPT_RUN/result.json" && fail "a changed figure is not seen"
	grep -q '^engines.retrieve.response_ns.percentile.99: ' "$WORK/differ" || fail "$(cat "$WORK/differ")"
	# what is shown is that value: of the plain counts exactly
	grep -o '<data value="[0-9]*" data-from="[^"]*requests[^"]*">[^<]*' "$WORK/r/report.html" |
		awk -F '"' '{ if (">" $2 != $5) { print; bad = 1 } } END { exit bad || NR < 10 }' ||
		fail "a count is shown as another"
}

test_the_same_result_gives_the_same_report() {
	needs_gnuplot
	expect 0 "$GVR" report "$KEPT_RUN" --out "$WORK/r"
	cp -r "$WORK/r" "$WORK/before"
	expect 0 "$GVR" report "$KEPT_RUN" --out "$WORK/r"
	diff -r "$WORK/before" "$WORK/r" >"$WORK/difference" || fail "$(cat "$WORK/difference")"
}

test_the_workload_of_the_page_can_be_run() {
	needs_gnuplot
	expect 0 "$GVR" report "$KEPT_RUN" --out "$WORK/r"
	sed -n '/<code>\[workload\]/,/<\/code>/p' "$WORK/r/report.html" |
		sed 's/.*<code>//; s/<\/code>.*//; s/&quot;/"/g; s/&amp;/\&/g' >"$WORK/again.ini"
	expect_run "$GVR" run "$WORK/again.ini" --store "$KEPT/store" --out "$WORK/again"
	flatten "$KEPT_RUN/result.json" | grep '^workload' | grep -v '^workload.file' >"$WORK/first"
	flatten "$WORK/again/result.json" | grep '^workload' | grep -v '^workload.file' |
		diff "$WORK/first" - >"$WORK/difference" || fail "$(cat "$WORK/difference")"
}

test_a_page_stands_alone() {
	needs_gnuplot
	for sample in always_regenerate invalid_steps contexts nulls extremes hostile; do
		expect 0 "$GVR" report "$SAMPLES/$sample" --out "$WORK/$sample"
		page=$WORK/$sample/report.html
		grep -qi '<script\|javascript:\|<img\|<iframe\|<link\|@import\|url(\| on[a-z]*="' "$page" &&
			fail "$sample: something active or from elsewhere"
		grep -q "default-src 'none'" "$page" || fail "no policy"
		grep -c '<h1>' "$page" | grep -qx 1 || fail "$sample: not one h1"
		# each id once
		grep -o ' id="[^"]*"' "$page" | sort | uniq -d | grep . && fail "$sample: an id twice"
		grep -q '>-*nan\|>-*inf' "$page" && fail "$sample: not a number"
	done
	return 0
}

test_nothing_is_written_of_a_damaged_result() {
	bytes=$(wc -c <"$KEPT_RUN/result.json")
	for part in 0 1 $((bytes / 3)) $((bytes / 2)) $((bytes - 3)); do
		mkdir -p "$WORK/cut"
		head -c "$part" "$KEPT_RUN/result.json" >"$WORK/cut/result.json"
		expect 1 "$GVR" report "$WORK/cut" --out "$WORK/r"
		err_has "$WORK/cut/result.json: "
	done
	sed 's/"schema_version": 1/"schema_version": 9/' "$KEPT_RUN/result.json" >"$WORK/cut/result.json"
	expect 1 "$GVR" report "$WORK/cut" --out "$WORK/r"
	err_has "schema_version: is 9"
	sed '/"at_rest_disk"/d' "$KEPT_RUN/result.json" >"$WORK/cut/result.json"
	expect 1 "$GVR" report "$WORK/cut" --out "$WORK/r"
	err_has "engines.retrieve.bytes.at_rest_disk: missing"
	[ ! -e "$WORK/r" ] || fail "written: $(ls -R "$WORK/r")"
	# nor of several of which one is
	sed '/"at_rest":/d' "$KEPT_RUN/result.json" >"$WORK/cut/result.json"
	expect 1 "$GVR" report "$KEPT_RUN" "$WORK/cut" --out "$WORK/several"
	[ ! -e "$WORK/several/report.html" ] || fail "written"
}

test_what_is_missing_or_not_allowed() {
	expect 3 "$GVR" report "$WORK/none"
	expect 3 "$GVR" report "$KEPT_RUN" "$WORK/none" --out "$WORK/r"
	mkdir "$WORK/empty"
	expect 3 "$GVR" report "$WORK/empty"
	err_has "$WORK/empty/result.json"
	expect 2 "$GVR" report
	expect 2 "$GVR" report "$KEPT_RUN" --store x
	expect 0 "$GVR" report --help
	out_has "usage: gvr report"
}

test_a_folder_that_cannot_be_written() {
	needs_gnuplot
	mkdir -p "$WORK/locked"
	cp "$KEPT_RUN/result.json" "$WORK/locked"
	chmod 755 "$WORK"
	chmod 555 "$WORK/locked"
	cp "$GVR" "$WORK/gvr"
	mkdir -m 777 "$WORK/t"
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null || exit 77
		expect 4 env TMPDIR="$WORK/t" setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/gvr" report "$WORK/locked"
	else
		expect 4 "$WORK/gvr" report "$WORK/locked"
	fi
	err_has "$WORK/locked"
}

test_without_gnuplot() {
	mkdir "$WORK/bin"
	expect 3 env PATH="$WORK/bin" "$GVR" report "$KEPT_RUN" --out "$WORK/r"
	err_has "gnuplot"
	[ ! -e "$WORK/r" ] || fail "a page without figures"
	# a run is what it is, and its page can be drawn later; an older one is not of it
	mkdir "$WORK/run"
	echo old >"$WORK/run/report.html"
	got=0
	env PATH="$WORK/bin" "$GVR" run "$KEPT/w.ini" --store "$KEPT/store" --out "$WORK/run" \
		>"$WORK/out" 2>"$WORK/err" || got=$?
	[ $got -eq 0 ] || [ $got -eq 6 ] || fail "exit $got: $(cat "$WORK/err")"
	err_has "gnuplot"
	grep -q '^Report:' "$WORK/out" && fail "a page that there is not"
	[ -s "$WORK/run/result.json" ] || fail "no result"
	[ ! -e "$WORK/run/report.html" ] || fail "the old page is there"
}

test_several_results() {
	needs_gnuplot
	mkdir -p "$WORK/in/a b" "$WORK/in/b"
	cp "$KEPT_RUN/result.json" "$WORK/in/a b"
	cp "$KEPT_RUN/report.html" "$WORK/in/a b"
	sed 's/"rate_iops": "2000"/"rate_iops": "3000"/' "$KEPT_RUN/result.json" >"$WORK/in/b/result.json"
	expect 0 "$GVR" report "$WORK/in/a b" "$WORK/in/b" --out "$WORK/in"
	grep -q '<a href="a%20b/report.html">a b</a>' "$WORK/in/report.html" || fail "no link"
	grep -q '>workload.rate_iops</th>' "$WORK/in/report.html" || fail "no axis"
	grep -q '2 results: ' "$WORK/in/report.html" || fail "not counted"
	grep -q '| 3000 |' "$WORK/in/report.md" || fail "$(cat "$WORK/in/report.md")"
	grep '<tr data-result="b/result.json">' "$WORK/in/report.html" |
		grep -o '<data value="[^"]*" data-from="[^"]*">' |
		sed 's/.*value="\([^"]*\)" data-from="\([^"]*\)">/\2 \1/' >"$WORK/shown"
	[ "$(wc -l <"$WORK/shown")" -ge 2 ] || fail "no figures"
	flatten "$WORK/in/b/result.json" >"$WORK/flat"
	while read -r path value; do
		awk -v path="$path" -v v="$value" '$1 == path && $2 == v + 0 { found = 1 } END { exit !found }' \
			"$WORK/flat" || fail "$path: $value"
	done <"$WORK/shown"
}

# gnuplot does not say when a full disk cuts its pictures short.
test_pictures_cut_short() {
	needs_gnuplot
	mkdir "$WORK/bin"
	for file in 0.0 0.2; do # SVG, PNG
		printf '#!/bin/sh\n%s "$@" && truncate -s -20 %s\n' "$(command -v gnuplot)" $file >"$WORK/bin/gnuplot"
		chmod +x "$WORK/bin/gnuplot"
		expect 1 env PATH="$WORK/bin:$PATH" "$GVR" report "$KEPT_RUN" --out "$WORK/r"
		err_has "/$file is cut short"
		[ ! -e "$WORK/r" ] || fail "something was written: $(ls "$WORK/r")"
	done
}

# A sweep as gvr sweep leaves it: COUNT runs, the last of which is not done.
sweep() {
	mkdir -p "$WORK/s"
	awk -v count="$1" 'BEGIN {
		printf("{\"schema_version\":1,\"tool\":{\"version\":\"0\",\"commit\":\"0\"},\"workload\":\"w.ini\",")
		printf("\"command\":\"gvr sweep w.ini\",\"axes\":[{\"key\":\"workload.rate_iops\",\"values\":[")
		for (i = 1; i <= count; i++)
			printf("%s\"%d\"", i > 1 ? "," : "", i * 10)
		printf("]}],\"runs\":[")
		for (i = 1; i <= count; i++)
			printf("%s{\"folder\":\"run-%04d\",\"values\":[\"%d\"],\"settings\":\"%016x\",\"done\":%s}",
				i > 1 ? "," : "", i, i * 10, i,
				i < count ? "true,\"result\":\"VALID\"" : "false,\"result\":null")
		printf("]}\n") }' >"$WORK/s/sweep.json"
	i=1
	while [ $i -lt "$1" ]; do
		d=$WORK/s/run-$(printf %04d $i)
		mkdir "$d"
		sed "s|^  \"command\": .*|  \"command\": \"gvr run w.ini --out s/run-$(printf %04d $i)\",|" \
			"$KEPT_RUN/result.json" >"$d/result.json"
		i=$((i + 1))
	done
}

test_a_sweep() {
	needs_gnuplot
	sweep 4
	expect 0 "$GVR" report "$WORK/s"
	out_has "Report: $WORK/s/report.html"
	grep -q '3 results: .*; 1 missing' "$WORK/s/report.html" || fail "not counted"
	grep -q 'gvr sweep w.ini' "$WORK/s/report.html" || fail "no command"
	rm "$WORK/s/run-0002/result.json"
	expect 3 "$GVR" report "$WORK/s"
	err_has "run-0002/result.json"
}

test_a_thousand_results() {
	needs_gnuplot
	sweep 1001
	expect 0 "$GVR" report "$WORK/s"
	[ "$(wc -c <"$WORK/s/report.html")" -lt 2000000 ] || fail "$(wc -c <"$WORK/s/report.html") bytes"
	[ "$(wc -c <"$WORK/s/report.md")" -lt 60000 ] || fail "report.md: $(wc -c <"$WORK/s/report.md") bytes"
	grep -c '<tr data-result="run-' "$WORK/s/report.html" | grep -qx 1000 || fail "not every result"
	grep -q '<details>' "$WORK/s/report.html" || fail "all open"
}

run_tests
