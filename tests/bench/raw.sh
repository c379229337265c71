#!/bin/sh
# The harness on a real device: gvr's raw engine beside fio on the same file,
# O_DIRECT through io_uring, in turns. Both count from before a read is handed
# over until it is back. A gvr/fio of 0.9 to 1.1 is the aim.
. "$(dirname "$0")/lib.sh"

# Reads of 4k and 64k, each from a file of 1 GiB.
workload() { # workload SIZE CONTENTS
	cat >"$tmp/$1.ini" <<-W
		[workload]
		name = raw-$1
		contents = noise:$2
		size = fixed:$1
		popularity = uniform
		scenario = offline
		runtime = 2s
		ramp_time = 300ms
		rounds = 1
		verify = none
		[engine "raw"]
		kind = raw
	W
	"$GVR" load "$tmp/$1.ini" --store $work/store >&2
}
workload 4KiB 262144
workload 64KiB 16384
cases='4KiB:1 4KiB:8 4KiB:32 64KiB:1 64KiB:8'

for round in $(seq "$rounds"); do
	for case in $cases; do
		size=${case%:*} depth=${case#*:}
		ours=$(gvr '.engines.raw | "\(.service_ns.percentile["50"] / 1e3)
			\(.service_ns.percentile["99"] / 1e3) \(.achieved_rps)"' "$tmp/$size.ini" \
			--set raw.iodepth="$depth" --store $work/store)
		theirs=$(fio_job '.jobs[0].read | "\(.lat_ns.percentile["50.000000"] / 1e3)
			\(.lat_ns.percentile["99.000000"] / 1e3) \(.iops)"' \
			--filename="$(echo $work/store/raw-"$size"-*/raw/db/values)" --readonly --direct=1 \
			--ioengine=io_uring --bs=${size%iB} --iodepth="$depth" --runtime=2 --ramp_time=300ms)
		echo $ours $theirs >>"$tmp/$case"
	done
done

echo
echo "raw reads: median (min-max) of $rounds rounds in turns; $(fio_name)"
printf '%-7s%-6s%-7s%-21s%-21s%s\n' read depth '' gvr "$(fio --version)" gvr/fio
for case in $cases; do
	column=0
	for figure in 'p50 us' 'p99 us' IOPS; do
		column=$((column + 1))
		awk -v c=$column '{ print $c, $(c + 3), $c / $(c + 3) }' "$tmp/$case" >"$tmp/one"
		printf '%-7s%-6s%-7s%-21s%-21s%s\n' "${case%:*}" "${case#*:}" "$figure" \
			"$(spread 1 <"$tmp/one")" "$(spread 2 <"$tmp/one")" "$(spread 3 <"$tmp/one")"
	done
done
