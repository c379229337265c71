#!/bin/sh
# Makes the demo's corpus: the man pages of Debian's packages manpages and
# manpages-dev, unpacked, one file a page, 1-64 KiB.
#
# usage: manpages.sh DIR
#
# The packages are downloaded and unpacked, not installed: small images leave
# man pages out when a package is installed.
set -eu

mkdir -p "$(dirname "$1")"
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
packages="manpages manpages-dev"
work=$out.tmp
rm -rf "$work"
mkdir -p "$work/deb" "$work/pages"
# apt drops its privileges to a user who must be able to write here
chmod 777 "$work/deb" 2>/dev/null || true

download() {
	# shellcheck disable=SC2086
	(cd "$work/deb" && apt-get download -qq $packages >/dev/null 2>"$work/log")
}
if ! download; then
	as_root=
	[ "$(id -u)" = 0 ] || as_root=sudo
	$as_root apt-get update -qq
	download || { echo "cannot download $packages:" >&2; cat "$work/log" >&2; exit 1; }
fi
for deb in "$work"/deb/*.deb; do
	dpkg-deb -x "$deb" "$work/unpacked"
done
find "$work/unpacked/usr/share/man" -path '*/man/man*' -type f -name '*.gz' | while read -r page; do
	gunzip -c "$page" >"$work/pages/$(basename "$page" .gz)"
done
find "$work/pages" -type f \( -size -1024c -o -size +65536c \) -delete
rm -rf "$out"

mv "$work/pages" "$out"
rm -rf "$work"
echo "$out: $(find "$out" -type f | wc -l) pages, $(du -sb "$out" | cut -f1) bytes"
