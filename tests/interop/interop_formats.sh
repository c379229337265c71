#!/bin/sh
# What gvr writes, read by other programs: RocksDB's own tool reads a stored
# value and zstd's own program unpacks it, jq reads result.json.
. "$(dirname "$0")/../cli/lib.sh"

load_zstd() {
	documents "$WORK/docs" 30
	cat >"$WORK/w.ini" <<-W
	[workload]
	name = formats
	contents = archive:$WORK/docs
	split = all
	scenario = offline
	number_ios = 200
	rounds = 2
	ramp_time = 0
	[engine "retrieve"]
	kind = retrieve
	direct = 0
	compression_level = 19
	compression_max_dict_bytes = 0
	[engine "generate"]
	kind = generate
	direct = 0
	W
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
}

# Contents are numbered in the order of their paths. A record is a format byte
# (2: zstd), the length (here 2 bytes) and a zstd frame without its magic number.
test_ldb_and_zstd_read_every_value() {
	load_zstd
	db=$(ls -d "$STORE"/formats-*/retrieve-*/db)
	content=0
	for page in "$WORK"/docs/*; do
		value=$(ldb --db="$db" --hex get "$(printf '0x%016x00000000' $content)" 2>/dev/null | sed 's/^0x//')
		case $value in 02*) ;; *) fail "content $content: record $value" ;; esac
		printf '28b52ffd%s' "$(printf '%s' "$value" | cut -c 7-)" | xxd -r -p |
			zstd -dcq >"$WORK/unpacked" ||
			fail "zstd cannot unpack content $content"
		cmp "$WORK/unpacked" "$page" || fail "content $content is not $page"
		content=$((content + 1))
	done
	[ $content -eq 30 ] || fail "$content contents"
}

test_jq_reads_the_result() {
	load_zstd
	jq -e '.schema_version == 1 and ((.result == "VALID") == (.why_invalid == []))
		and .engines.generate.requests.planned == 200
		and .engines.generate.requests.verified == 200
		and .engines.retrieve.requests.mismatched == 0
		and .engines.retrieve.requests.stream_digest == .request_stream.digest
		and .engines.generate.requests.stream_digest == .request_stream.digest
		and .engines.retrieve.io_uring.ring_created
		and .engines.retrieve.io_uring.sqes >= 200
		and .engines.retrieve.io_uring.sqes == .engines.retrieve.io_uring.cqes
		and .engines.retrieve.generator == null
		and .engines.generate.generator.name == "cm"
		and (.engines.generate.energy | .kind == "measured" or .kind == "modelled")
		and (.engines.generate.energy.joules_per_request | 0 <= .low and .low <= .nominal and .nominal <= .high)
		and (.breakeven | .time != null and .money.unit == "usd" and .energy != null and .carbon != null)
		and ([.. | numbers] | all(. < 1e300 and . > -1e300))
		and (.engines.generate.response_ns.percentile | keys) == ["50","90","99","99.9"]
		and (.ratios["generate/retrieve"].response_p50 | .ci95[0] <= .value and .value <= .ci95[1])' \
		"$WORK/r/result.json" >/dev/null || fail "result.json is not as design says"
}

run_tests
