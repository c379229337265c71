#!/bin/sh
# The modules of npm that the checks use, in build/npm.
set -eu
cd "$(dirname "$0")/../.."
modules=build/npm/node_modules

# Node.js of another origin brings its own npm, which Debian's would break.
command -v npm >/dev/null 2>&1 || sh tests/deps.sh install nodejs npm
for name in axe-core hdr-histogram-js html-validate puppeteer-core; do
	[ -d "$modules/$name" ] || missing=yes
done
[ -z "${missing-}" ] || npm install --silent --no-audit --no-fund --prefix build/npm \
	axe-core@4 hdr-histogram-js@3 html-validate@10 puppeteer-core@24 >/dev/null
