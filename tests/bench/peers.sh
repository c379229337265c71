#!/bin/sh
# usage: peers.sh DIR MODEL.gvrm
#
# Bits a byte of the held-out documents of DIR, each alone, by general compressors
# at their strongest, by zstd with dictionaries of the training documents, by cm
# and by the model, a rnn; and from what amount of documents the model pays against
# each: what it takes more is by then saved. BUILD: folder with held_out.
set -eu
dir=$(realpath "$1")
model=$(realpath "$2")
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/docs"

# installed PACKAGE PROGRAM...: sets $program to the first that is there, and
# installs the package if none is; $reason if that fails.
installed() {
	package=$1
	shift
	for attempt in there installed; do
		for program in "$@"; do
			if command -v "$program" >/dev/null; then return 0; fi
		done
		[ $attempt = installed ] || sh tests/deps.sh install "$package" >"$tmp/log" 2>&1 || break
	done
	reason="cannot install $package: $(grep -v debconf "$tmp/log" | tail -n 1)"
	return 1
}

# Each of these prints what document $1 comes to, in bytes.
brotli_nbytes() {
	"$program" -q 11 -w 24 -c "$1" | wc -c
}

xz_nbytes() {
	"$program" --format=raw --lzma2=preset=9e -c "$1" | wc -c
}

ppmd_nbytes() {
	rm -f "$tmp/a.7z"
	"$program" a -t7z -m0=PPMd:o=8:mem=64m "$tmp/a.7z" "$1" >/dev/null
	"$program" l -slt "$tmp/a.7z" | sed -n 's/^Packed Size = \([0-9][0-9]*\)$/\1/p'
}

# Under one name, which is in the archive.
zpaq_archive() {
	rm -f "$tmp/a.zpaq"
	cp "$1" "$tmp/doc"
	(cd "$tmp" && "$program" a a.zpaq doc -m5 >/dev/null 2>&1)
	stat -c %s "$tmp/a.zpaq"
}

zpaq_nbytes() {
	if [ -z "${zpaq_frame:-}" ]; then
		printf x >"$tmp/one"
		zpaq_frame=$(zpaq_archive "$tmp/one")
	fi
	echo $(($(zpaq_archive "$1") - zpaq_frame + 1))
}

# measure NAME COMMAND PACKAGE PROGRAM...: a line "shared records name"
measure() {
	name=$1 command=$2
	shift 2
	if ! installed "$@"; then
		echo "- - $name: not measured ($reason)" >>"$tmp/lines"
		return
	fi
	for document in "$tmp"/docs/*; do
		if [ -s "$document" ]; then ${command}_nbytes "$document"; else echo 0; fi
	done | awk -v name="$name" '{ n += $1 } END { print 0, n, name }' >>"$tmp/lines"
}

table() {
	printf '%-30s%13s%12s%s\n' '' 'shared bytes' 'bits/byte' '   the model pays from'
	awk -v content="$content" '
		function amount(x) {
			return x < 1048576 ? sprintf("%.0f KiB", x / 1024) : sprintf("%.1f MiB", x / 1048576)
		}
		{
			name = $0
			sub(/^[^ ]* [^ ]* /, "", name)
		}
		NR == 1 { model = $1; records = $2 }
		$1 == "-" { print name; next }
		{
			more = model - $1
			saved = ($2 - records) / content
			pays = NR == 1 ? "" : saved <= 0 ? "never" : more <= 0 ? "always" : amount(more / saved)
			printf "%-30s%13d%12.4f   %s\n", name, $1, 8 * $2 / content, pays
		}' "$tmp/lines"
}

"$BUILD/tests/bench/held_out" "$dir" "$model" "$tmp/docs" >"$tmp/ours"
content=$(awk '$1 == "documents" { print $3 }' "$tmp/ours")
[ "$content" -gt 0 ] || { echo "peers: $dir: no document is held out"; exit 1; }
awk '$1 == "rnn" || $1 == "cm" { print $2, $3, $1 }
	$1 == "zstd" { print $2, $3, "zstd -19, dictionary" }' "$tmp/ours" >"$tmp/lines"
measure "brotli -q 11" brotli brotli brotli
measure "xz -9e" xz xz-utils xz
measure "PPMd, order 8, 64 MiB" ppmd 7zip 7zz 7z 7za
measure "zpaq -m5" zpaq zpaq zpaq

awk '$1 == "documents" { printf "\n%d held-out documents of %.0f bytes, each alone\n", $2, $3 / $2 }' "$tmp/ours"
table
cat <<-'W'
	Counted are: of rnn, cm and zstd, gvr's records; of brotli, its stream (window
	of 16 MiB; it brings a dictionary of its own); of xz, raw LZMA2; of PPMd, what
	7-Zip says is packed; of zpaq, its archive less that of a document of one byte.
W
