#!/bin/sh
# Runs the checks against outside programs. The last line counts.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for script in tests/interop/interop_*.sh; do
	echo "== $(basename "$script" .sh)"
	sh "$script" 2>&1 | tee -a "$log"
done
passed=$(grep -c '^ok' "$log")
failed=$(grep -c '^not ok' "$log")
echo
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
