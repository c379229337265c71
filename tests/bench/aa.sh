#!/bin/sh
# Does gvr see differences where there are none? The same engine under two
# labels, again and again: how many of the 95 % intervals of their ratios hold
# 1 (95 % should, 90 % must), and how often gvr compare sees a regression from
# one run to the next (5 % may).
. "$(dirname "$0")/lib.sh"

runs=${RUNS:-40}
out=$work/aa
rm -rf $out
mkdir -p $out

workload() { # to which engines are added
	cat <<-W
		[workload]
		name = aa
		contents = noise:2000
		size = fixed:4KiB
		popularity = uniform
		rate_iops = 2000
		runtime = 1s
		ramp_time = 100ms
		min_duration = 0
		ss = none
		rounds = 10
	W
}

twice() { # twice KIND SETTING...: two engines of that kind
	kind=$1
	shift
	workload
	for label in a b; do
		printf '[engine "%s"]\nkind = %s\n' $label "$kind"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	done
}
twice retrieve 'compression_type = none' >$out/retrieve.ini
twice null >$out/null.ini
twice delay 'service_time = exponential:100us' >$out/delay.ini
# and engines that have little in common, for gvr compare
{
	workload
	printf '[engine "r"]\nkind = retrieve\ncompression_type = none\n'
	printf '[engine "g"]\nkind = generate\n[engine "n"]\nkind = null\n'
} >$out/mixed.ini

for run in $(seq "$runs"); do
	for scenario in server offline; do
		for kind in retrieve null delay mixed; do
			code=0
			"$GVR" run $out/$kind.ini --set workload.scenario=$scenario \
				--store $work/store --out $out/$kind-$scenario/"$run" \
				>"$tmp/log" 2>&1 || code=$?
			[ $code -eq 0 ] || [ $code -eq 6 ] || { cat "$tmp/log" >&2; exit $code; }
		done
	done
done

echo
echo "ratios of an engine to itself: 95 % intervals that hold 1, of $runs runs"
printf '%-20s' engine
printf '%10s' p50 p99 rps cpu
echo
for case in $out/*-*/; do
	case $case in */mixed-*) continue ;; esac
	printf '%-20s' "$(basename "$case")"
	for ratio in response_p50 response_p99 achieved_rps cpu_us_per_request; do
		jq -s --arg r $ratio '[.[] | .ratios[][$r] | select(. != null) | .ci95
			| if .[0] <= 1 and .[1] >= 1 then 100 else 0 end] | add / length' \
			"$case"/*/result.json >"$tmp/part"
		printf '%8.1f %%' "$(cat "$tmp/part")"
	done
	echo
done

echo
echo "gvr compare of each run with the next: regressions"
for case in $out/*-*/; do
	pairs=0 worse=0
	for run in $(seq $((runs - 1))); do
		code=0
		"$GVR" compare "$case/$run" "$case/$((run + 1))" >"$tmp/log" 2>&1 || code=$?
		[ $code -ne 6 ] || continue # one of the two was INVALID
		pairs=$((pairs + 1))
		[ $code -ne 9 ] || worse=$((worse + 1))
	done
	printf '%-20s%d of %d\n' "$(basename "$case")" $worse $pairs
done
