#!/bin/sh
# Reports as their readers meet them: in Chromium on a desk and in a hand, in
# light and in dark, printed; by HTML's rules; with names that mean harm. The
# screenshots stay in build/screenshots to be looked at.
. "$(dirname "$0")/../cli/lib.sh"

export NODE_MODULES="$ROOT/build/npm/node_modules"
SHOTS=$ROOT/build/screenshots
mkdir -p "$SHOTS"

# One browser for all pages. Nothing of it asks the network.
PROFILE=$SCRATCH/profile
mkdir "$PROFILE"
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
	--disable-background-networking --disable-component-update --disable-sync \
	--remote-debugging-port=0 --user-data-dir="$PROFILE" about:blank >"$PROFILE/log" 2>&1 &
browser=$!
trap 'kill $browser; wait $browser; rm -rf "$SCRATCH"' EXIT
for i in $(seq 300); do
	[ ! -s "$PROFILE/DevToolsActivePort" ] || break
	sleep 0.1
done
BROWSER=http://127.0.0.1:$(head -n 1 "$PROFILE/DevToolsActivePort")
export BROWSER

look() { # look REPORT.html...: nothing to complain of
	expect 0 node tests/interop/report_check.js "$SHOTS" "$@"
	printf '{"root":true,"extends":["html-validate:standard"]}\n' >"$WORK/.htmlvalidate.json"
	expect 0 node "$NODE_MODULES/html-validate/bin/html-validate.mjs" \
		--config "$WORK/.htmlvalidate.json" "$@"
}

test_the_kept_samples() {
	for result in results/*/result.json; do
		name=$(basename "$(dirname "$result")")
		mkdir "$WORK/$name"
		cp "$result" "$WORK/$name"
		expect 0 "$GVR" report "$WORK/$name"
		set -- "$@" "$WORK/$name/report.html"
	done
	look "$@"
}

test_an_index_of_several() {
	for json in results/*/result.json results/*/sweep.json; do
		set -- "$@" "$(dirname "$json")"
	done
	expect 0 "$GVR" report "$@" --out "$WORK/index"
	look "$WORK/index/report.html"
}

test_a_sweep() {
	"$GVR" sweep workloads/smoke.ini --store "$STORE" --out "$WORK/sweep" --set workload.runtime=500ms \
		--set workload.ramp_time=0 --over workload.rate_iops=500:2000:x2 --over generate.iodepth=1,8 \
		>"$WORK/out" 2>"$WORK/err" || fail "$(cat "$WORK/err")"
	expect 0 "$GVR" report "$WORK/sweep"
	look "$WORK/sweep/report.html"
}

# Names come from strangers: they are shown, and do nothing.
test_names_that_mean_harm() {
	long=$(printf 'a/%02500d' 0 | sed 's|0|x/|g')
	name='<script>alert(1)</script><img src=x onerror=alert(2)>"'"'"'`;|&#x202e;'
	mkdir "$WORK/evil"
	jq --arg name "$name" --arg long "$long" '.workload.name = $name | .workload.file = $long |
		.workload.store_dir = $long | .host.cpu = $name | .command = $long |
		.engines |= with_entries(if .key == "generate" then .key = $name else . end) |
		.workload.engines |= with_entries(if .key == "generate" then .key = $name else . end) |
		.ratios |= with_entries(.key |= sub("^generate/"; $name + "/"))' \
		results/manpages/result.json >"$WORK/evil/result.json"
	expect 0 "$GVR" report "$WORK/evil"
	look "$WORK/evil/report.html"
}

# The check itself: a page with faults does not pass.
test_faults_are_noticed() {
	mkdir "$WORK/bad"
	cat >"$WORK/bad/report.html" <<-'H'
	<!DOCTYPE html><html lang="en"><head><title>t</title></head><body style="color:#ccc">
	<svg viewBox="0 0 100 50" width="100" height="50"><text x="5" y="20">one text</text>
	<text x="8" y="20">two text</text><text x="90" y="40">clipped text</text></svg>
	<p style="width:2000px">wide</p><script>alert(1); console.error("x")</script></body></html>
	H
	node tests/interop/report_check.js "$WORK" "$WORK/bad/report.html" >"$WORK/out" 2>"$WORK/err" &&
		fail "nothing was noticed"
	for fault in "covers" "clipped in a figure" "page is" "a script ran" "console" \
		"without words" "axe color-contrast" "no figure shows"; do
		out_has "$fault"
	done
}

run_tests
