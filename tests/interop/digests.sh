# digests.sh: for interop_*.sh, which source it: a program that prints one digest a
# kernel, built by every compiler and for ARM, must print the same everywhere.
#
# folder   where programs are built
# sources  the program's, besides the kernels
# options  of the compiler; libraries: of the linker
rnn=engines/generate/rnn
number=0
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

build() { # build PROGRAM CC OPT...: from the kernels and sources, static
	program=$1 cc=$2
	shift 2
	machine=$($cc -dumpmachine)
	objects=
	for source in $rnn/kernel_*.c $sources; do
		object=$program.$(basename "$source").o
		# shellcheck disable=SC2046,SC2086
		$cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wvla -Werror "$@" -I. $options \
			$(flags "$machine" "$(basename "$source")") -c -o "$object" "$source" || return
		objects="$objects $object"
	done
	# shellcheck disable=SC2086
	$cc "$@" -static -o "$program" $objects $libraries
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
