#!/bin/sh
# What a request costs in the harness itself: gvr's null engine beside fio's,
# one worker, latencies recorded, in turns.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/null.ini" <<-W
	[workload]
	name = null
	contents = noise:1000000
	size = fixed:4KiB
	popularity = uniform
	scenario = offline
	runtime = 2s
	ramp_time = 200ms
	rounds = 1
	[engine "null"]
	kind = null
W

for round in $(seq "$rounds"); do
	for depth in 1 32; do
		ours=$(gvr '1e9 / .engines.null.achieved_rps' "$tmp/null.ini" \
			--set null.iodepth=$depth --store "$tmp/store")
		theirs=$(fio_job '1e9 / .jobs[0].read.iops' --ioengine=null --size=1t --bs=4k \
			--iodepth=$depth --runtime=2)
		echo "$ours $theirs" | awk '{ print $1, $2, $1 / $2 }' >>"$tmp/$depth"
	done
done

echo
echo "null engine, ns a request: median (min-max) of $rounds rounds in turns"
printf '%-8s%-24s%-24s%s\n' depth gvr "$(fio --version)" gvr/fio
for depth in 1 32; do
	printf '%-8s%-24s%-24s%s\n' $depth "$(spread 1 <"$tmp/$depth")" \
		"$(spread 2 <"$tmp/$depth")" "$(spread 3 <"$tmp/$depth")"
done
