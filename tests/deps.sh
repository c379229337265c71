#!/bin/sh
# Installs those of the named Debian packages that are missing, or only names them.
# usage: deps.sh install|check PACKAGE...
set -eu

how=$1
shift

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "make deps: this is not a Debian system. Install the equivalents of: $*" >&2
	echo "make deps: then build with NODEPS=1" >&2
	exit 1
fi

missing=
for package in "$@"; do
	status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
	[ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$how" = check ]; then
	echo "make: missing packages:$missing; install them by: make deps" >&2
	exit 1
fi

as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "make deps: missing packages:$missing; run as root: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
echo "installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
