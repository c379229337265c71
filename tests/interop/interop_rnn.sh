#!/bin/sh
# What the generator rnn makes has one digest: gcc and clang, -O0 and -O3, on this
# CPU and, cross-compiled, on an emulated ARM one, with every kernel.
set -u
number=0
folder=build/rnn-interop
generate=engines/generate
rnn=$generate/rnn
sources="$rnn/rnn.c $rnn/forward.c $rnn/greedy.c $rnn/match.c $rnn/model.c $rnn/model_header.c $rnn/model_write.c
	$rnn/sampling.c $rnn/tensors.c $rnn/vocabulary.c $generate/generator.c $generate/novel.c
	$generate/range_coder.c $generate/spec.c workloads/error.c workloads/file.c
	tests/interop/rnn_digest.c"
wanted=

say() { # say STATUS TEXT
	number=$((number + 1))
	echo "$1 $number - $2"
}

flags() { # flags MACHINE FILE: as in the Makefile
	case $1-$2 in
	x86_64*kernel_avx2.c) echo -mavx2 ;;
	x86_64*kernel_avx512.c) echo -mavx512f -mavx512vnni ;;
	x86_64*kernel_steps_avx2.c) echo -mavx2 ;;
	x86_64*kernel_steps_avx512.c) echo -mavx512f -mavx512bw -mavx512vl -mavx512dq -mprefer-vector-width=512 ;;
	x86_64*kernel_avxvnni.c) echo -mavx2 -mavxvnni ;;
	aarch64*kernel_neondot.c) echo -march=armv8.2-a+dotprod ;;
	esac
}

# zstd.h and xxhash.h are this machine's, for ARM as well: behind its own headers.
build() { # build PROGRAM CC OPT...: tests/interop/rnn_digest.c, static
	program=$1 cc=$2
	shift 2
	machine=$($cc -dumpmachine)
	objects=
	for source in $rnn/kernel_*.c $sources; do
		object=$program.$(basename "$source").o
		# shellcheck disable=SC2046
		$cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wvla -Werror "$@" -I. \
			-idirafter /usr/include -DXXH_INLINE_ALL -ffp-contract=off -fno-strict-aliasing \
			$(flags "$machine" "$(basename "$source")") -c -o "$object" "$source" || return
		objects="$objects $object"
	done
	# shellcheck disable=SC2086
	$cc "$@" -static -o "$program" $objects -lm
}

digest() { # digest TEXT KERNEL COMMAND...: must be what the others gave
	text=$1 kernel=$2
	shift 2
	got=$("$@" "$kernel") || got="exit $?"
	[ -n "$wanted" ] || wanted=$got
	if [ "$got" = "$wanted" ] && [ ${#got} -eq 16 ]; then
		say ok "$kernel by $text: $got"
	else
		say "not ok" "$kernel by $text: $got instead of $wanted"
	fi
}

digests() { # digests TEXT COMMAND...: of every kernel that runs there
	all=$1
	shift
	kernels=$("$@") || { say "not ok" "$all: runs"; return; }
	for name in $(echo "$kernels" | awk '$2 == "yes" { print $1 }'); do
		digest "$all" "$name" "$@"
	done
	echo "$kernels" | awk -v all="$all" '$2 == "no" { print "# " $1 " by " all ": not on this CPU" }'
}

# The kernels that must have been among them, lest an emulator lacks one unseen.
has() { # has KERNEL COMMAND...
	kernel=$1
	shift
	if "$@" | grep -q "^$kernel yes$"; then
		say ok "$kernel is there by $*"
	else
		say "not ok" "$kernel is there by $*"
	fi
}

mkdir -p $folder
for cc in gcc clang aarch64-linux-gnu-gcc; do
	for opt in -O0 -O3; do
		program=$folder/$cc$opt
		build "$program" $cc $opt || { say "not ok" "$cc $opt builds"; continue; }
		case $cc in
		aarch64*)
			digests "$cc $opt, qemu" qemu-aarch64 -cpu max "$program"
			digests "$cc $opt, qemu cortex-a53" qemu-aarch64 -cpu cortex-a53 "$program"
			has neondot qemu-aarch64 -cpu max "$program"
			has neon qemu-aarch64 -cpu cortex-a53 "$program"
			;;
		*) digests "$cc $opt" "$program" ;;
		esac
	done
done
