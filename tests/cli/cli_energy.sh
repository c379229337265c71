#!/bin/sh
# Energy, bytes and break-even from the outside: meters imitated, figures
# recomputed by awk from result.json and the price file alone.
. "$(dirname "$0")/lib.sh"

export GVR_NVML=none GVR_SYSFS=$WORK/sys
SLOW_GVR=$GVR SLOW_RAPL=$BUILD/tests/cli/fake_rapl
faster() { # faster TIMES: gvr and the imitated machine
	GVR=$(in_faster_time "$SLOW_GVR" "$1")
	FAKE_RAPL=$(in_faster_time "$SLOW_RAPL" "$1")
}
faster 10

# Archive contents with both engines; these settings instead.
workload() {
	[ -d "$WORK/docs" ] || documents "$WORK/docs" 200
	{
		printf '[workload]\nname = energy\ncontents = archive:%s\nss = none\n' "$WORK/docs"
		printf 'min_query_count = 1\nmin_duration = 0\nramp_time = 0\nscenario = offline\nrounds = 4\n'
		for s in 'runtime = 2s' "$@"; do echo "$s"; done |
			awk -F ' = ' '{ value[$1] = $0 } END { for (k in value) print value[k] }'
		printf '[engine "retrieve"]\nkind = retrieve\n[engine "generate"]\nkind = generate\n'
	} >"$WORK/w.ini"
}

flatten() { # the result, a path and its value a line
	awk -f "$ROOT/tests/cli/json_paths.awk" "$WORK/r/result.json" >"$WORK/flat"
}

run_it() { # run_it [OPTION...]
	expect_run "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" "$@"
	flatten
}

value() { # value PATH: of the last result
	awk -v path="$1" 'index($0, path " ") == 1 { print substr($0, length(path) + 2) }' "$WORK/flat"
}

near() { # near A B PART: equal but for that part
	awk -v a="$1" -v b="$2" -v part="$3" 'BEGIN {
		d = a - b; if (d < 0) d = -d; m = b < 0 ? -b : b; exit !(a != "" && b != "" && d <= part * m) }' ||
		fail "$1 is not $2 within $3"
}

start_machine() { # start_machine FOLDER IDLE PER_CORE
	"$FAKE_RAPL" "$@" &
	MACHINE=$!
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -e "$1/class/powercap/intel-rapl:0/name" ] || return 0
		sleep 0.1
	done
	fail "the imitated machine does not start"
}

zone() { # zone NAME ENERGY RANGE: one that stands still
	mkdir -p "$GVR_SYSFS/class/powercap/intel-rapl:0"
	echo "$1" >"$GVR_SYSFS/class/powercap/intel-rapl:0/name"
	echo "$2" >"$GVR_SYSFS/class/powercap/intel-rapl:0/energy_uj"
	echo "$3" >"$GVR_SYSFS/class/powercap/intel-rapl:0/max_energy_range_uj"
}

# ---- gvr probe ----

test_probe_without_any_meter() {
	mkdir -p "$GVR_SYSFS"
	expect 0 "$GVR" probe
	for meter in wall rapl_powercap rapl_perf battery nvml hwmon; do
		grep -q "^$meter  *not here: " "$WORK/out" || fail "$meter: $(cat "$WORK/out")"
	done
	out_has "energy is modelled"
	awk 'length($0) > 80 { exit 1 }' "$WORK/out" || fail "wider than 80 columns"
	expect 2 "$GVR" probe something
	expect 1 "$GVR" probe --calibrate
	err_has "no meter to calibrate with"
}

test_probe_of_a_constant_psys() {
	zone psys 0 262143328850
	expect 0 "$GVR" probe
	tr -s ' \n' ' ' <"$WORK/out" >"$WORK/text"
	grep -q "psys stands still: 0 J in 1.* s with all processors busy is no measurement" "$WORK/text" ||
		fail "$(cat "$WORK/out")"
	out_has "energy is modelled"
}

test_probe_without_permission() {
	zone package-0 1000 262143328850
	chmod 0 "$GVR_SYSFS/class/powercap/intel-rapl:0/energy_uj"
	chmod 755 "$SCRATCH" "$WORK"
	cp "$SLOW_GVR" "$WORK/gvr"
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null || exit 77
		expect 0 setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/gvr" probe
	else
		expect 0 "$WORK/gvr" probe
	fi
	out_has "run as root"
	out_has "energy is modelled"
}

test_probe_of_a_meter_that_works() {
	start_machine "$GVR_SYSFS" 10 4
	expect 0 "$GVR" probe
	kill $MACHINE
	out_has "energy is measured by rapl_powercap"
	out_has "W at rest"
}

test_calibration_finds_what_the_machine_takes() {
	start_machine "$GVR_SYSFS" 10 4
	expect 0 "$GVR" probe --calibrate --out "$WORK/here.ini"
	kill $MACHINE
	out_has "Written: "
	near "$(sed -n '/^\[core_active_watts\]/,/^source/s/^nominal = //p' "$WORK/here.ini")" 4 0.25
	workload "platform = $WORK/here.ini" 'runtime = 1s'
	GVR_SYSFS=$WORK/none run_it
	[ "$(value engines.generate.energy.kind)" = modelled ] || fail "kind"
	near "$(value platform.constants.core_active_watts.nominal)" 4 0.25
	near "$(value engines.generate.energy.modelled.cpu_joules_per_request.nominal)" \
		"$(awk -v us="$(value engines.generate.cpu.us_per_request)" \
			-v w="$(value platform.constants.core_active_watts.nominal)" \
			'BEGIN { print us * 1e-6 * w }')" 1e-4
}

test_calibration_with_a_wall_meter() {
	expect 0 "$GVR" probe --calibrate --out "$WORK/new/here.ini" --wall-meter "command:exec $FAKE_RAPL - 10 4"
	near "$(sed -n '/^\[core_active_watts\]/,/^source/s/^nominal = //p' "$WORK/new/here.ini")" 4 0.25
	expect 2 "$GVR" probe --out "$WORK/here.ini"
}

test_a_wall_meter_that_sees_no_load() {
	expect 0 "$GVR" probe --wall-meter \
		"command:while :; do echo \$(date +%s.%N) 41 W; sleep 0.02; done"
	tr -s ' \n' ' ' <"$WORK/out" | grep -q "it sees no load: 41 W with all processors busy, 41 W at rest" ||
		fail "$(cat "$WORK/out")"
	out_has "energy is modelled"
}

# ---- gvr run ----

test_without_a_meter_it_is_modelled() {
	workload
	run_it
	out_has "Energy is not measured"
	for engine in retrieve generate; do
		[ "$(value engines.$engine.energy.kind)" = modelled ] || fail "$engine"
		value engines.$engine.energy.source | grep -q '^modelled ' || fail "source"
	done
	[ "$(value energy.kind)" = modelled ] || fail "the whole"
	# the parts make up the whole, within its range
	awk -v idle="$(value energy.idle_joules.nominal)" -v e="$(value energy.engines_joules.nominal)" \
		-v low="$(value energy.joules.low)" -v high="$(value energy.joules.high)" \
		-v whole="$(value energy.joules.nominal)" -v rest="$(value energy.harness_joules)" \
		'BEGIN { d = idle + e + rest - whole; exit !(low <= idle + e && idle + e <= high &&
			d < 1e-4 * whole && -d < 1e-4 * whole && rest >= 0) }' || fail "$(grep ^energy "$WORK/flat")"
}

test_with_a_meter_it_is_measured() {
	faster 3 # else reading the meter is much of what is measured
	start_machine "$GVR_SYSFS" 10 4
	workload 'runtime = 4s'
	run_it
	kill $MACHINE
	[ "$(value engines.generate.energy.kind)" = measured ] || fail "$(grep generate.energy "$WORK/flat")"
	[ "$(value engines.generate.energy.domains.0.name)" = package-0 ] || fail "domains"
	# 4 W for each second of CPU time; whatever else ran is in the meter as well
	awk -v us="$(value engines.generate.cpu.us_per_request)" \
		-v low="$(value engines.generate.energy.joules_per_request.low)" \
		-v high="$(value engines.generate.energy.joules_per_request.high)" \
		'BEGIN { j = us * 4e-6; exit !(low <= 1.3 * j && high >= 0.8 * j) }' ||
		fail "$(grep 'generate.*joules_per_request' "$WORK/flat")"
	near "$(value engines.generate.energy.idle_watts)" 10 0.5
	valid_by_hand "$WORK/r"
	expect 0 "$GVR" breakeven "$WORK/r"
	tr -s ' \n' ' ' <"$WORK/out" | grep -q "of generate: measured, and the device's reads modelled" ||
		fail "$(cat "$WORK/out")"
}

test_a_zone_that_vanishes_is_not_measured() {
	start_machine "$GVR_SYSFS" 10 4
	workload 'runtime = 24s'
	expect 0 "$GVR" load "$WORK/w.ini" --store "$STORE"
	"$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	sleep 1.5 # 15 s of its own, of which 2 to 12 pass before it measures
	kill $MACHINE
	rm -r "$GVR_SYSFS/class"
	code=0
	wait $pid || code=$?
	[ $code -eq 0 ] || [ $code -eq 6 ] || fail "exit $code: $(cat "$WORK/err")"
	flatten
	[ "$(value engines.generate.energy.kind)" = modelled ] || fail "$(grep generate.energy "$WORK/flat")"
	out_has "is not measured"
}

test_a_wall_meter() {
	faster 1 # its lines may be late by less than a second
	workload 'runtime = 2400ms'
	run_it --wall-meter "command:exec $FAKE_RAPL - 10 4"
	[ "$(value engines.generate.energy.kind)" = measured ] || fail "$(grep generate.energy "$WORK/flat")"
	[ "$(value engines.generate.energy.scope)" = machine ] || fail "scope"
	pgrep -f "$FAKE_RAPL - 10 4" && fail "the command is still running"
	return 0
}

test_a_wall_meter_that_is_none() {
	workload
	expect 1 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --wall-meter "command:echo hello"
	err_has "--wall-meter command:echo hello"
	expect 2 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --wall-meter "nonsense"
	expect 3 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r" --wall-meter "file:$WORK/none"
	[ ! -e "$WORK/r/result.json" ] || fail "a result"
}

test_a_platform_that_is_none() {
	workload "platform = $WORK/none.ini"
	expect 3 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	printf '[about]\nname = x\n[core_active_watts]\nnominal = -1\nsource = me\n' >"$WORK/none.ini"
	expect 5 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	err_has "none.ini:4: nominal"
	[ ! -d "$STORE" ] || fail "it loaded first"
}

# ---- bytes ----

test_bytes_at_rest_are_what_du_says() {
	for layout in sst segments; do
		workload 'number_ios = 200'
		sed -i "s/^kind = retrieve/&\nlayout = $layout/" "$WORK/w.ini"
		rm -rf "$STORE"
		run_it
		all=0
		disk=0
		for engine in retrieve generate; do
			all=$((all + $(value engines.$engine.bytes.at_rest) + $(value engines.$engine.bytes.shared_at_rest)))
			disk=$((disk + $(value engines.$engine.bytes.at_rest_disk)))
		done
		du -sb "$STORE"/*/*/ >"$WORK/du"
		du -s -B1 "$STORE"/*/*/ >"$WORK/du.disk"
		shared=$(($(value engines.retrieve.bytes.shared_at_rest) + $(value engines.generate.bytes.shared_at_rest)))
		[ "$(awk '{ s += $1 } END { print s }' "$WORK/du")" -eq $((all - shared)) ] ||
			fail "$layout: $((all - shared)), du says $(cat "$WORK/du")"
		[ "$(awk '{ s += $1 } END { print s }' "$WORK/du.disk")" -eq $disk ] ||
			fail "$layout: $disk, du says $(cat "$WORK/du.disk")"
		[ "$(cat "$STORE"/*/*.gvrm "$STORE"/*/*.gvrd | wc -c)" -eq $shared ] ||
			fail "$layout: shared $shared: $(ls -l "$STORE"/*)"
	done
}

test_contexts_are_extrapolated_and_labelled() {
	printf '[workload]\ncontents = noise:100\ncontexts = 4\nextrapolate_contexts = 1000000\nsize = fixed:1000
scenario = offline\nnumber_ios = 100\nss = none\nramp_time = 0\nmin_duration = 0\nrounds = 1
[engine "retrieve"]\nkind = retrieve\ncompression_type = none
[engine "generate"]\nkind = generate\ngenerator = noise\n' >"$WORK/w.ini"
	run_it
	fixed=$(value engines.retrieve.bytes.at_rest_fixed)
	near "$(value engines.retrieve.bytes.extrapolated.at_rest)" \
		"$((fixed + ($(value engines.retrieve.bytes.at_rest) - fixed) * 250000))" 1e-5
	value engines.retrieve.bytes.extrapolated.how | grep -q '^extrapolated, not stored' || fail "how"
	[ "$(value engines.generate.bytes.extrapolated.at_rest)" = 0.0 ] || fail "of a generator"
	out_has "With 1000000 contexts retrieve would keep"
	sed -i 's/^extrapolate_contexts.*/extrapolate_contexts = 3/' "$WORK/w.ini"
	expect 5 "$GVR" run "$WORK/w.ini" --store "$STORE" --out "$WORK/r"
	err_has "extrapolate_contexts = 3: at least contexts = 4"
}

# ---- gvr breakeven ----

# Every figure of the block once more, from the figures that the run measured,
# the platform in result.json and the price file.
recompute() { # recompute PRICES
	awk -v store="engines.$(value breakeven.retrieve)." -v make="engines.$(value breakeven.generate)." '
	function of(path) { if (!(path in v)) { print "no " path; bad = 1 } return v[path] }
	function same(path, x,    y, d) {
		y = of(path)
		d = y - x
		if (d < 0) d = -d
		if (d > 2e-5 * (x < 0 ? -x : x)) { print path " is " y ", not " x; bad = 1 }
	}
	# a content of the size that the store served
	function scale(e) { return of(store "bytes.served_per_request") / of(e "bytes.served_per_request") }
	function cpu(e) { return of(e "cpu.us_per_request") * 1e-6 * scale(e) }
	function joules(e) {
		return scale(e) * (of(e "cpu.us_per_request") * 1e-6 * w["core_active_watts"] + \
			of(e "energy.modelled.device_reads_per_request") * w["ssd_read_microjoules"] * 1e-6 + \
			of(e "energy.modelled.device_bytes_per_request") * w["ssd_read_nanojoules_per_byte"] * 1e-9)
	}
	function request(e, m) {
		if (m == "energy") return joules(e) * w["pue"]
		if (m == "money") return cpu(e) * w["core_usd"] / (w["core_life_years"] * year) + \
			joules(e) * w["pue"] * w["electricity_usd_per_kwh"] / 3.6e6
		return cpu(e) * w["core_embodied_kg"] * 1000 / (w["core_life_years"] * year) + \
			joules(e) * w["pue"] * w["grid_gco2e_per_kwh"] / 3.6e6
	}
	function kept(e) {
		return of(store "bytes.served_per_request") * of(e "bytes.at_rest_per_content_byte") * \
			w["replicas"] * w["space_amplification"]
	}
	function second(e, m) {
		if (m == "energy") return kept(e) * w["ssd_watts_per_tb"] * 1e-12 * w["pue"]
		if (m == "money") return kept(e) * (w["ssd_usd_per_gb"] * 1e-9 / (w["ssd_life_years"] * year) + \
			w["ssd_watts_per_tb"] * 1e-12 * w["pue"] * w["electricity_usd_per_kwh"] / 3.6e6)
		return kept(e) * (w["ssd_embodied_kg_per_gb"] * 1e-6 / (w["ssd_life_years"] * year) + \
			w["ssd_watts_per_tb"] * 1e-12 * w["pue"] * w["grid_gco2e_per_kwh"] / 3.6e6)
	}
	function days(m) { return (request(make, m) - request(store, m)) / (second(store, m) - second(make, m)) / 86400 }
	FILENAME == prices && /^\[/ { section = substr($0, 2, length($0) - 2) }
	FILENAME == prices && $2 == "=" && ($1 == "low" || $1 == "nominal" || $1 == "high") { end[section, $1] = $3 }
	FILENAME != prices { path = $1; sub(/^[^ ]* /, ""); v[path] = $0 }
	END {
		year = 365.25 * 86400
		for (k in end) { split(k, part, SUBSEP); if (part[2] == "nominal") { names[part[1]] = 1; w[part[1]] = end[k] } }
		n = split("core_active_watts ssd_watts_per_tb ssd_read_microjoules ssd_read_nanojoules_per_byte", p, " ")
		for (i = 1; i <= n; i++) {
			names[p[i]] = 1
			w[p[i]] = of("platform.constants." p[i] ".nominal")
			end[p[i], "low"] = of("platform.constants." p[i] ".low")
			end[p[i], "high"] = of("platform.constants." p[i] ".high")
		}
		split("money energy carbon", measures, " ")
		for (k = 1; k <= 3; k++) {
			m = measures[k]
			same("breakeven." m ".retrieve.per_request", request(store, m))
			same("breakeven." m ".generate.per_request", request(make, m))
			same("breakeven." m ".retrieve.per_content_day", second(store, m) * 86400)
			same("breakeven." m ".generate.per_content_day", second(make, m) * 86400)
			if (of("breakeven." m ".outcome") != "interval") continue
			t = days(m)
			same("breakeven." m ".interval_days", t)
			down = up = 0
			for (name in names) {
				nominal = w[name]
				if (!((name, "low") in end)) continue
				w[name] = end[name, "low"]; a = days(m)
				w[name] = end[name, "high"]; b = days(m)
				w[name] = nominal
				lo = a < b ? a : b; hi = a < b ? b : a
				if (lo < t) down += log(t / lo) ^ 2
				if (hi > t) up += log(hi / t) ^ 2
			}
			# each side s CPU time, from the least to the greatest of any round
			for (s = 1; s <= 2; s++) {
				e = s == 1 ? store : make
				path = e "cpu.us_per_request"
				nominal = v[path]; lo = hi = nominal
				for (i = 0; (e "rounds." i ".cpu_us_per_request") in v; i++) {
					x = v[e "rounds." i ".cpu_us_per_request"]
					if (x + 0 < lo + 0) lo = x
					if (x + 0 > hi + 0) hi = x
				}
				v[path] = lo; a = days(m); v[path] = hi; b = days(m); v[path] = nominal
				lo = a < b ? a : b; hi = a < b ? b : a
				if (lo < t) down += log(t / lo) ^ 2
				if (hi > t) up += log(hi / t) ^ 2
			}
			same("breakeven." m ".likely_days.0", t * exp(-sqrt(down)))
			same("breakeven." m ".likely_days.1", t * exp(sqrt(up)))
		}
		same("breakeven.energy_ratio", joules(make) / joules(store))
		same("breakeven.time.generate_bytes_per_core_second", of(make "bytes.served_per_request") / \
			of(make "cpu.us_per_request") * 1e6)
		if (of("breakeven.time.generate_faster_below_bytes") != "null") same("breakeven.time.generate_faster_below_bytes", of(store "service_ns.percentile.50") / 1000 * \
			of(make "bytes.served_per_request") / of(make "cpu.us_per_request"))
		if (of("breakeven.catalogue.model.pays") == "from")
			same("breakeven.catalogue.model.content_bytes", (of(make "bytes.shared_at_rest") - \
				of(store "bytes.shared_at_rest")) / (of(store "bytes.at_rest_per_content_byte") - \
				of(make "bytes.at_rest_per_content_byte")))
		same(store "bytes.at_rest_per_content_byte", (of(store "bytes.at_rest") - of(store "bytes.at_rest_fixed")) / of(store "bytes.content"))
		same(make "bytes.at_rest_per_content_byte", (of(make "bytes.at_rest") - of(make "bytes.at_rest_fixed")) / of(make "bytes.content"))
		exit bad
	}' prices="$1" "$WORK/flat" "$1" >"$WORK/wrong" || fail "$(cat "$WORK/wrong")"
}

test_every_figure_of_the_block_can_be_recomputed() {
	workload
	run_it
	recompute "$ROOT/bench/prices.ini"
	# that this would see a wrong figure
	sed -i 's/^\(breakeven.money.interval_days\) .*/\1 1/' "$WORK/flat"
	(recompute "$ROOT/bench/prices.ini") 2>/dev/null && fail "it sees nothing"
	return 0
}

test_other_prices_from_a_stored_result() {
	workload 'number_ios = 200'
	run_it
	valid_by_hand "$WORK/r"
	days=$(value breakeven.money.interval_days)
	[ "$(value breakeven.money.outcome)" = interval ] || fail "$(value breakeven.verdict)"
	expect 0 "$GVR" breakeven "$WORK/r"
	out_has "Built-in prices"
	head -n 1 "$WORK/out" | grep -q '^Store what is asked for more often than once every ' || fail "verdict"
	awk 'length($0) > 80 { exit 1 }' "$WORK/out" || fail "wider than 80 columns"
	cp "$WORK/out" "$WORK/before"
	# two copies of everything: half the interval
	printf '[about]\nname = Mine\ndate = 2026-01-02\n[replicas]\nnominal = 2\nsource = me\n' >"$WORK/p.ini"
	expect 0 "$GVR" breakeven "$WORK/r/result.json" --prices "$WORK/p.ini"
	out_has "Mine (2026-01-02)"
	cmp -s "$WORK/out" "$WORK/before" && fail "nothing changed"
	expect 0 "$GVR" breakeven "$WORK/r" --training-kwh 1
	out_has "With the energy of its training"
	expect 0 "$GVR" breakeven "$WORK/r" --platform laptop
	expect 3 "$GVR" breakeven "$WORK/r" --platform "$WORK/none.ini"
	expect 2 "$GVR" breakeven "$WORK/r" --training-kwh 0x10
	expect 2 "$GVR" breakeven "$WORK/r" --training-kwh -1
	expect 2 "$GVR" breakeven "$WORK/r" --training-kwh many
	near "$(value breakeven.money.interval_days)" "$days" 0
}

test_a_price_file_that_is_none() {
	workload 'number_ios = 200'
	run_it
	expect 3 "$GVR" breakeven "$WORK/r" --prices "$WORK/none.ini"
	printf '[about]\nname = x\ndate = 2026-01-02\n[ssd]\nnominal = 1\nsource = me\n' >"$WORK/p.ini"
	expect 5 "$GVR" breakeven "$WORK/r" --prices "$WORK/p.ini"
	err_has "p.ini:4: "
}

test_a_result_that_is_none() {
	workload 'number_ios = 200'
	run_it
	expect 3 "$GVR" breakeven "$WORK/none"
	valid_by_hand "$WORK/r"
	cp "$WORK/r/result.json" "$WORK/whole.json"
	head -c 3000 "$WORK/whole.json" >"$WORK/r/result.json"
	expect 1 "$GVR" breakeven "$WORK/r"
	for damage in 's/"platform": {/"platfrom": {/' 's/"schema_version": 1/"schema_version": 2/' \
		's/"us_per_request": [0-9]/"us_per_request": -1/' 's/"served_per_request"/"served"/' \
		's/"kind": "modelled"/"kind": "guessed"/' 's/"nominal": [0-9.]*/"nominal": 1e300/' \
		's/"at_rest_per_content_byte": [0-9.e-]*/"at_rest_per_content_byte": "much"/'; do
		sed "$damage" "$WORK/whole.json" >"$WORK/r/result.json"
		expect 1 "$GVR" breakeven "$WORK/r"
		err_has "result.json: "
	done
	sed 's/"result": "VALID"/"result": "INVALID"/; s/"why_invalid": \[\]/"why_invalid": ["one\\u001b[31m", "two"]/' \
		"$WORK/whole.json" >"$WORK/r/result.json"
	expect 6 "$GVR" breakeven "$WORK/r"
	out_has "Result is: INVALID"
	out_has "  * two"
	grep -q "$(printf '\033')" "$WORK/out" && fail "an escape"
	return 0
}

test_one_side_alone_is_no_question() {
	printf '[workload]\ncontents = noise:100\nsize = fixed:1000\nscenario = offline\nnumber_ios = 100\nss = none
ramp_time = 0\nmin_duration = 0\nrounds = 1\n[engine "retrieve"]\nkind = retrieve\n' >"$WORK/w.ini"
	run_it
	[ "$(value breakeven.money)" = null ] || fail "money"
	value breakeven.why_unavailable | grep -q "kind generate" || fail "why"
	grep -q "Break-even" "$WORK/r/summary.txt" && fail "the summary asks it"
	valid_by_hand "$WORK/r"
	expect 0 "$GVR" breakeven "$WORK/r"
	out_has "Break-even: not known"
}

run_tests
