#!/bin/sh
# One stream of this generator beside one of llama2.c's int8 program (runq.c), at
# the same multiply-accumulates a token, on one core, in turns.
#
# BUILD (folder with decode_tokens), RUNQ=/path/to/runq.c (else it is downloaded),
# ROUNDS, MODEL (a model file: of its shape, and its own speed is told as well).
set -eu
cd "$(dirname "$0")/../.."

rounds=${ROUNDS:-5}
model=${MODEL:-}
url=https://raw.githubusercontent.com/karpathy/llama2.c/350e04fe35433e6d2941dce5a1f53308f87058eb/runq.c
sha256=ba9cc681afca79f994f815dfeffc4a61c5b3ca8c5d4d4dcb75c8d375856ba548
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

not_measured() {
	echo "runq: not measured ($1)"
	runq=
}

get_runq() {
	runq=${RUNQ:-}
	if [ -n "$runq" ]; then
		[ -r "$runq" ] || not_measured "$runq cannot be read"
		return
	fi
	runq=$tmp/runq.c
	if ! command -v curl >/dev/null; then
		not_measured "no curl; set RUNQ=/path/to/llama2.c/runq.c"
	elif ! curl -fsSL --max-time 30 -o "$runq" $url 2>"$tmp/err"; then
		not_measured "$(head -n 1 "$tmp/err"); set RUNQ=/path/to/llama2.c/runq.c"
	elif ! echo "$sha256  $runq" | sha256sum -c --quiet >/dev/null 2>&1; then
		not_measured "what $url gives is not what it was"
	fi
}

compile() { # compile COMPILER GROUP FLAG...
	compiler=$1 group=$2
	shift 2
	command -v "$compiler" >/dev/null || return 1
	"$compiler" -std=gnu11 -w -Ofast -march=native "$@" -D_GNU_SOURCE -DGROUP="$group" \
		-DRUNQ="\"$(realpath "$runq")\"" -o "$tmp/$compiler-$group$*" \
		tests/bench/runq_tokens.c -lm 2>>"$tmp/err"
}

# On one core, the same for all.
cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
alone() {
	OMP_NUM_THREADS=1 taskset -c "$cpu" "$@"
}

# Of its variants (compiler, size of groups, OpenMP or not), the one that is
# fastest here.
choose_variant() {
	for compiler in gcc clang; do
		for group in 64 128; do
			compile $compiler $group || true
			compile $compiler $group -fopenmp || true
		done
	done
	for round in 1 2; do
		for v in "$tmp"/gcc-* "$tmp"/clang-*; do
			[ ! -x "$v" ] || alone "$v" "$macs" | sed "s/^/$(basename "$v") /"
		done
	done | sort -k4,4gr | head -n 1 >"$tmp/fastest"
	variant=$(cut -d' ' -f1 "$tmp/fastest")
	[ -n "$variant" ] || not_measured "it does not compile: $(head -n 1 "$tmp/err")"
}

median() { # median COLUMN FILE
	awk -v c="$1" '{ print $c }' "$2" | sort -g |
		awk '{ x[NR] = $1 } END { m = int((NR + 1) / 2); print NR % 2 ? x[m] : (x[m] + x[m + 1]) / 2 }'
}

decode=$BUILD/tests/bench/decode_tokens
macs=$("$decode" macs $model)
get_runq
[ -z "$runq" ] || choose_variant
for round in $(seq "$rounds"); do
	alone "$decode" random $model >>"$tmp/ours"
	[ -z "$model" ] || alone "$decode" model "$model" >>"$tmp/model"
	[ -z "$runq" ] || alone "$tmp/$variant" "$macs" >>"$tmp/theirs"
done

echo
echo "tokens/s of one stream on one core (CPU time), median of $rounds rounds in turns"
printf '%-38s%14s%12s%14s\n' '' "MACs a token" tokens/s "GMAC/s"
row() { # row NAME MACS RATE
	echo "$2 $3" | awk -v name="$1" '{ printf "%-38s%14d%12.0f%14.2f\n", name, $1, $2, $1 * $2 / 1e9 }'
}
ours=$(median 1 "$tmp/ours")
row "rnn, every token in full" "$macs" "$ours"
[ -z "$model" ] || printf '%-38s%14s%12.0f   %.0f bytes/s\n' "rnn, $(basename "$model")" "at most so" \
	"$(median 1 "$tmp/model")" "$(median 2 "$tmp/model")"
[ -n "$runq" ] || exit 0
theirs=$(median 3 "$tmp/theirs")
row "llama2.c runq.c ($variant)" "$(median 1 "$tmp/theirs")" "$theirs"
paste -d' ' "$tmp/ours" "$tmp/theirs" | awk '{ print $1 / $5 }' >"$tmp/ratio"
printf 'ratio, median of rounds: %.2f; attention comes on top of its MACs: %s a token\n' \
	"$(median 1 "$tmp/ratio")" "$(median 2 "$tmp/theirs")"
