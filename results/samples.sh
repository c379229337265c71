#!/bin/sh
# Makes the kept samples again, with the commands that anybody would use: each
# workload that tells a part of the story, a sweep of rates, and index.html over
# all of them. Called by `make samples`; some 25 minutes, on a machine that does
# nothing else. What is kept of a run: result.json, summary.txt and report.html.
set -eu
cd "$(dirname "$0")/.."
: "${GVR:?the program}"
STORE=build/demo/store

keep() { # keep FOLDER: of build/samples
	mkdir -p "results/$1"
	for file in result.json summary.txt report.html sweep.json; do
		[ ! -e "build/samples/$1/$file" ] || cp "build/samples/$1/$file" "results/$1/"
	done
}

for name in smoke manpages news-personalised agents cold-archive hot-set offline-factory; do
	echo "== $name"
	# INVALID (6) is a result as well
	"$GVR" run "workloads/$name.ini" --store "$STORE" --out "build/samples/$name" || [ $? -eq 6 ]
	rm -rf "results/$name"
	keep "$name"
done

echo "== manpages-rates"
"$GVR" sweep workloads/manpages.ini --over workload.rate_iops=10:80:x2 --set workload.runtime=30s \
	--set workload.target_latency_percentile=95 --store "$STORE" --out build/samples/manpages-rates
rm -rf results/manpages-rates
for run in build/samples/manpages-rates/run-*; do
	keep "manpages-rates/$(basename "$run")"
done
keep manpages-rates

# the figure of the README
"$GVR" report build/samples/manpages
cp build/samples/manpages/figures/map_ssd_price.svg results/manpages/

for json in results/*/result.json results/*/sweep.json; do
	set -- "$@" "$(dirname "$json")"
done
"$GVR" report "$@" --out results
mv results/report.html results/index.html
rm results/report.md
