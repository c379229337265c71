// hdr_check.js: HdrHistogram's own JavaScript decoder over what gvr wrote.
//
// usage: node hdr_check.js expected FILE.hlog expected.txt FOLDER-OF-HGRM
//        node hdr_check.js result FILE.hlog result.json LABEL
//
// Throws at the first difference; prints how many histograms it compared.
"use strict";
const assert = require("assert");
const fs = require("fs");
const hdr = require(process.env.HDR_HISTOGRAM_JS);

const WIDTH_64_BITS = 64; // counts as doubles, not 32-bit integers
const PERCENTILES = [50, 90, 99, 99.9];

function readLog(path) {
	const reader = new hdr.HistogramLogReader(fs.readFileSync(path, "utf8"), WIDTH_64_BITS);
	const histograms = [];
	for (let h = reader.nextIntervalHistogram(); h != null; h = reader.nextIntervalHistogram())
		histograms.push(h);
	return histograms;
}

function empty(h) {
	return h.totalCount === 0;
}

// gvr never shows more than the greatest value; HdrHistogram shows its bucket's end.
function assertPercentile(h, p, value_ns, what) {
	const want = empty(h) ? 0 : h.highestEquivalentValue(value_ns);
	assert.strictEqual(empty(h) ? 0 : h.getValueAtPercentile(p), want, `${what}: p${p}`);
}

// A mean from buckets is off by half a bucket at most: 1 part in 1024.
function assertMean(h, mean_ns, what) {
	const mean = empty(h) ? 0 : h.mean;
	assert.ok(Math.abs(mean - mean_ns) <= mean_ns / 1000 + 1, `${what}: mean ${mean} ${mean_ns}`);
}

// Word by word the same, but that C rounds halves to even and JavaScript up:
// a number's last digit may be the next.
function assertSameText(got, want, what) {
	const words = (text) => text.split(/(\s+)/);
	assert.strictEqual(words(got).length, words(want).length, `${what}: words`);
	words(got).forEach((word, i) => {
		const other = words(want)[i];
		const digits = word.length - 1 - word.lastIndexOf(".");
		const near = Math.abs(word - other) < 1.01 * 10 ** -digits && word.includes(".");
		assert.ok(word === other || (near && word.length === other.length),
			`${what}: ${word} is not ${other}`);
	});
}

function compareExpected(logPath, expectedPath, folder) {
	const lines = fs.readFileSync(expectedPath, "utf8").trim().split("\n");
	const log = readLog(logPath);
	assert.strictEqual(log.length, lines.length);
	lines.forEach((line, i) => {
		const [tag, round, ...numbers] = line.split(" ");
		const [count, min, max, mean, ...percentiles] = numbers.map(Number);
		const h = log[i];
		assert.strictEqual(h.tag, tag, line);
		assert.strictEqual(h.startTimeStampMsec, 1700000000250 + round * 2000, line);
		assert.strictEqual(h.totalCount, count, line);
		if (count > 0) {
			assert.strictEqual(h.lowestEquivalentValue(h.minNonZeroValue), h.lowestEquivalentValue(min), line);
			assert.strictEqual(h.highestEquivalentValue(h.maxValue), h.highestEquivalentValue(max), line);
		}
		assertMean(h, mean, line);
		assert.strictEqual(percentiles.length, PERCENTILES.length);
		PERCENTILES.forEach((p, k) => assertPercentile(h, p, percentiles[k], line));
		if (count > 0)
			assertSameText(fs.readFileSync(`${folder}/round${round}.hgrm`, "utf8"),
				h.outputPercentileDistribution(5, 1), `round${round}.hgrm`);
	});
	return log.length;
}

// All rounds of a tag together are what result.json tells of the run.
function compareResult(logPath, resultPath, label) {
	const engine = JSON.parse(fs.readFileSync(resultPath, "utf8")).engines[label];
	const log = readLog(logPath);
	for (const tag of ["response", "service", "slip"]) {
		const rounds = log.filter((h) => h.tag === tag);
		const json = engine[`${tag}_ns`];
		assert.strictEqual(rounds.length, engine.rounds.length, `${tag}: lines`);
		const all = rounds[0];
		rounds.slice(1).forEach((h) => all.add(h));
		assert.strictEqual(all.totalCount, engine.requests.completed, `${tag}: count`);
		assertMean(all, json.mean, tag);
		assert.strictEqual(all.highestEquivalentValue(json.max), all.highestEquivalentValue(all.maxValue), tag);
		for (const p of PERCENTILES)
			assertPercentile(all, p, json.percentile[String(p)], tag);
	}
	return log.length;
}

const [mode, ...paths] = process.argv.slice(2);
console.log(mode === "result" ? compareResult(...paths) : compareExpected(...paths));
