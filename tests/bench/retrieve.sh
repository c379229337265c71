#!/bin/sh
# Retrieval against its peers on one disk: fio's io_uring random reads before
# and after each round; between them both layouts of gvr (one thread; digest or
# block checksum of every value checked), gvr's plain baseline (RocksDB Get and
# pread on 32 threads) and RocksDB's own db_bench. O_DIRECT everywhere, values
# that do not compress, index blocks in memory, no data cached.
#
# BYTES=4GiB of values of each size (four times that on the disk while a size is
# measured), SIZES, DEPTHS, ROUNDS, SECONDS_EACH.
. "$(dirname "$0")/lib.sh"
sh tests/deps.sh install rocksdb-tools

bytes=$(numfmt --from=auto "$(echo "${BYTES:-4GiB}" | sed 's/B$//')")
sizes=${SIZES:-4 16 64}
depths=${DEPTHS:-1 8 32}
seconds=${SECONDS_EACH:-2}
threads=32
store=$work/retrieve

workload() { # workload KIB
	cat >"$tmp/w.ini" <<-W
		[workload]
		name = retrieve-$1
		contents = noise:$((bytes / 1024 / $1))
		size = fixed:${1}KiB
		popularity = uniform
		scenario = offline
		runtime = ${seconds}s
		ramp_time = 300ms
		rounds = 1
		verify = sample:64
		[engine "raw"]
		kind = raw
		[engine "segments"]
		kind = retrieve
		layout = segments
		compression_type = none
		[engine "sst"]
		kind = retrieve
		layout = sst
		compression_type = none
	W
	"$GVR" load "$tmp/w.ini" --store "$store" >&2
}

# One engine of the workload: all its lines, its label and what follows.
only() { # only LABEL
	sed -n '1,/^verify/p' "$tmp/w.ini"
	awk -v want="[engine \"$1\"]" '/^\[engine/ { on = $0 == want } on' "$tmp/w.ini"
}

# Every measurement is a line: IOPS, CPU us a read, reads of the device a read.
ours() { # ours LABEL SETTING...
	label=$1
	shift
	only "$label" >"$tmp/one.ini"
	gvr ".engines[\"$label\"] | \"\(.achieved_rps) \(.cpu.us_per_request) \(.bytes.device_reads_per_request)\"" \
		"$tmp/one.ini" --store "$store" $(printf -- '--set %s ' "$@")
}

# fio tells CPU time in percent of its runtime, which is in ms.
fio_reads() { # fio_reads KIB DEPTH
	fio_job '.jobs[0] | "\(.read.iops) \((.usr_cpu + .sys_cpu) * .read.runtime * 10
		/ .read.total_ios) -"' \
		--filename="$(echo "$store"/retrieve-"$1"-*/raw/db/values)" --readonly --direct=1 \
		--ioengine=io_uring --bs="$1k" --iodepth="$2" --runtime="$seconds" \
		--ramp_time=300ms
}

bench_db() { # bench_db KIB BENCHMARK ARGUMENT...
	kib=$1 benchmark=$2
	shift 2
	# what RocksDB wants for the comparison: whole values, no cache, no log
	db_bench --db="$store/db_bench-$kib" --benchmarks="$benchmark" --key_size=16 \
		--value_size=$((kib * 1024)) --num=$((bytes / 1024 / kib)) \
		--compression_type=none --cache_size=0 --open_files=-1 --disable_wal=1 \
		--use_direct_reads=1 --use_direct_io_for_flush_and_compaction=1 "$@" 2>"$tmp/db.err"
}

peer() { # peer KIB BENCHMARK ARGUMENT...: a read benchmark of db_bench
	times >"$tmp/before"
	bench_db "$@" --use_existing_db=1 --readonly=1 --duration="$seconds" >"$tmp/db.out"
	times >"$tmp/after"
	awk -v name="$2" '
		function cpu_s(  u, s) { split($1, u, /[ms]/); split($2, s, /[ms]/)
			return u[1] * 60 + u[2] + s[1] * 60 + s[2] }
		FNR == 2 && FILENAME ~ /before$/ { before = cpu_s() }
		FNR == 2 && FILENAME ~ /after$/ { after = cpu_s() }
		FILENAME ~ /db.out$/ && $1 == name {
			for (i = 2; i <= NF; i++) {
				if ($i == "ops/sec") iops = $(i - 1)
				if ($i == "operations;") ops = $(i - 1)
			}
		}
		END { if (iops == "") exit 1
			print iops, (ops > 0 ? (after - before) * 1e6 / ops : "-"), "-" }
	' "$tmp/before" "$tmp/after" "$tmp/db.out" || { cat "$tmp/db.out" "$tmp/db.err" >&2; exit 1; }
}

# The file that one round of WHO at this size and depth adds its line to: the
# figures, and the ratio of its IOPS to fio's in the same round.
note() { # note KIB DEPTH WHO
	cat "$tmp/now" "$tmp/fio" | tr '\n' ' ' | awk '{ print $1, $2, $3, $1 / $4 }' >>"$tmp/$1.$2.$3"
}

measure() { # measure KIB DEPTH: one round
	before=$(fio_reads "$1" "$2")
	ours segments segments.iodepth="$2" >"$tmp/segments"
	ours sst sst.iodepth="$2" >"$tmp/sst"
	if [ "$2" -eq $threads ]; then
		ours sst sst.io=pread sst.numjobs=$threads sst.iodepth=1 >"$tmp/get"
		peer "$1" readrandom --threads=$threads >"$tmp/readrandom"
		peer "$1" multireadrandom --threads=1 --batch_size=$threads \
			--multiread_batched=true >"$tmp/multireadrandom"
	fi
	after=$(fio_reads "$1" "$2")
	echo "$before $after" | awk '{ print ($1 + $4) / 2, ($2 + $5) / 2, "-" }' >"$tmp/fio"
	for who in segments sst get readrandom multireadrandom fio; do
		[ -f "$tmp/$who" ] || continue
		cp "$tmp/$who" "$tmp/now"
		note "$1" "$2" $who
		[ $who = fio ] || rm "$tmp/$who"
	done
}

median() { # median COLUMN FILE; "-" if it was not measured
	awk -v c="$1" '$c == "-" { exit 1 }' "$2" || { echo -; return; }
	spread "$1" <"$2" | cut -d' ' -f1
}

row() { # row KIB DEPTH WHO NAME
	[ -f "$tmp/$1.$2.$3" ] || return 0
	printf '%-7s%-6s%-24s%-8s%-21s%-7s%s\n' "$1KiB" "$2" "$4" "$(median 1 "$tmp/$1.$2.$3")" \
		"$(spread 4 <"$tmp/$1.$2.$3")" "$(median 2 "$tmp/$1.$2.$3")" \
		"$(median 3 "$tmp/$1.$2.$3")"
}

table() {
	echo
	echo "random reads of $(numfmt --to=iec-i "$bytes")B: median (min-max) of $rounds rounds in turns;"
	echo "$(fio_name)"
	printf '%-7s%-6s%-24s%-8s%-21s%-7s%s\n' value depth '' IOPS "to fio" "CPU us" reads
	for kib in $sizes; do
		for depth in $depths; do
			row "$kib" "$depth" fio "fio, io_uring"
			row "$kib" "$depth" segments "gvr, segments"
			row "$kib" "$depth" sst "gvr, sst"
			row "$kib" "$depth" get "RocksDB Get, $threads threads"
			row "$kib" "$depth" readrandom "db_bench, $threads threads"
			row "$kib" "$depth" multireadrandom "db_bench, MultiGet of $threads"
		done
	done
}

rm -rf "$store"
for kib in $sizes; do
	workload "$kib"
	bench_db "$kib" fillseq,compact >/dev/null
	for round in $(seq "$rounds"); do
		for depth in $depths; do
			measure "$kib" "$depth"
		done
	done
	rm -rf "$store"
done
table
