# lib.sh: what the scripts that set gvr beside fio share. They are run by
# `make bench` with GVR (the program); what they keep lies in build/bench.
set -eu
cd "$(dirname "$0")/../.."
sh tests/deps.sh install fio jq

rounds=${ROUNDS:-5}
work=build/bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p $work

# gvr FILE ENGINE ARGUMENT...: runs it; its result is in $tmp/gvr/result.json,
# of which jq's program FILE makes a line of numbers. 6: ran, but too short or
# too uneven to be VALID, which is for the reader of the table to judge.
gvr() {
	figures=$1
	shift
	code=0
	"$GVR" run "$@" --out "$tmp/gvr" >"$tmp/log" 2>&1 || code=$?
	[ $code -eq 0 ] || [ $code -eq 6 ] || { cat "$tmp/log" >&2; exit $code; }
	jq -r "$figures" "$tmp/gvr/result.json"
}

# gvr reads into huge pages, which a device likes; so that fio can, some are
# reserved while it runs. Where that is not allowed it has small ones.
huge=/proc/sys/vm/nr_hugepages
memory=malloc
reserve_huge_pages() {
	reserved=$(cat $huge)
	trap 'rm -rf "$tmp"; echo "$reserved" >$huge' EXIT
	echo $((reserved + 16)) >$huge
	[ "$(cat $huge)" -lt $((reserved + 16)) ] || memory=mmaphuge
}
[ ! -w $huge ] || reserve_huge_pages

# fio_job FIGURES ARGUMENT...: the same for one job of fio.
fio_job() {
	figures=$1
	shift
	fio --name=job --rw=randread --thread=1 --norandommap=1 --time_based --lat_percentiles=1 \
		--mem=$memory --percentile_list=50:99 --output-format=json --output="$tmp/fio.json" "$@"
	jq -r "$figures" "$tmp/fio.json"
}

fio_name() {
	echo "$(fio --version), --mem=$memory"
}

# spread COLUMN < LINES: median (min-max) of a column of numbers.
spread() {
	awk -v c="$1" '{ print $c }' | sort -g | awk '
		function show(x) { return sprintf(x < 10 ? "%.3f" : x < 1000 ? "%.1f" : "%.0f", x) }
		{ x[NR] = $1 }
		END {
			m = int((NR + 1) / 2)
			median = NR % 2 ? x[m] : (x[m] + x[m + 1]) / 2
			printf "%s (%s-%s)\n", show(median), show(x[1]), show(x[NR])
		}'
}
