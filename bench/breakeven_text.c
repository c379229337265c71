/* breakeven_text.c: a `breakeven` of result.json in words. */
#include <math.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/breakeven_internal.h"
#include "bench/format.h"
#include "bench/json_values.h"

#define CELL_NBYTES 64u
#define LINE_NBYTES 640u
#define SENSITIVITIES_PRINTED 5u

/* ---- numbers ---- */

struct unit {
	const char *name;
	double days;
};

/* The unit in which so many days are a handy number. */
static struct unit unit_of(double days)
{
	static const struct unit units[] = {
		{"seconds", 1 / 86400.0}, {"minutes", 1 / 1440.0}, {"hours", 1 / 24.0}, {"days", 1},
		{"years", 365.25},
	};
	unsigned u = 0;

	while (u + 1 < sizeof units / sizeof units[0] && days >= 2 * units[u + 1].days)
		u++;
	return units[u];
}

/* Two or three digits, never an exponent while they can be read. */
static void format_number(char *out, size_t capacity, double v)
{
	if (v == 0)
		snprintf(out, capacity, "0");
	else if (v >= 1e7 || v < 0.001)
		snprintf(out, capacity, "%.2g", v);
	else
		snprintf(out, capacity, "%.*f",
			 v >= 9.95    ? 0
			 : v >= 0.995 ? 1
			 : v >= 0.1   ? 2
				      : 4,
			 v);
}

/* Both ends in the unit of `of` days: "0.17 to 44 years". */
static void format_span(char *out, size_t capacity, double low_days, double high_days, double of)
{
	struct unit unit = unit_of(of);
	char low[CELL_NBYTES], high[CELL_NBYTES];

	format_number(low, sizeof low, low_days / unit.days);
	format_number(high, sizeof high, high_days / unit.days);
	if (isinf(low_days))
		snprintf(out, capacity, "without end");
	else if (isinf(high_days))
		snprintf(out, capacity, "%s %s or more", low, unit.name);
	else
		snprintf(out, capacity, "%s to %s %s", low, high, unit.name);
}

void breakeven_format_days(char *out, size_t capacity, double days)
{
	char number[CELL_NBYTES];
	struct unit unit = unit_of(days);

	if (isinf(days)) {
		snprintf(out, capacity, "for ever");
		return;
	}
	format_number(number, sizeof number, days / unit.days);
	snprintf(out, capacity, "%s %s", number, unit.name);
}

void breakeven_format_interval(char *out, size_t capacity, double days, double low_days,
			       double high_days)
{
	struct unit unit = unit_of(days);
	char nominal[CELL_NBYTES], low[CELL_NBYTES], high[CELL_NBYTES];

	format_number(nominal, sizeof nominal, days / unit.days);
	format_number(low, sizeof low, low_days / unit.days);
	format_number(high, sizeof high, high_days / unit.days);
	snprintf(out, capacity, isinf(high_days) ? "%s %s (%s or more)" : "%s %s (%s to %s)",
		 nominal, unit.name, low, high);
}

/* ---- the verdict ---- */

static void verdict_of(char *out, size_t capacity, const struct break_even *b)
{
	char interval[3 * CELL_NBYTES];

	breakeven_format_interval(interval, sizeof interval, b->nominal.interval_s / 86400,
				  b->likely.low_s / 86400, b->likely.high_s / 86400);
	switch (b->nominal.kind) {
	case CROSSING_INTERVAL:
		snprintf(out, capacity,
			 "Store what is asked for more often than once every %s; regenerate the "
			 "rest.",
			 interval);
		return;
	case CROSSING_REVERSED:
		snprintf(out, capacity,
			 "Regenerate what is asked for more often than once every %s; store the "
			 "rest: here making costs less than reading, but what it needs takes more "
			 "bytes than the stored content.",
			 interval);
		return;
	case CROSSING_ALWAYS_MAKE:
		snprintf(out, capacity,
			 "Always regenerate: it costs no more than reading, and takes no more "
			 "bytes.");
		return;
	case CROSSING_ALWAYS_STORE:
		snprintf(out, capacity,
			 "Always store: regenerating costs more than reading, and saves no bytes.");
		return;
	default:
		snprintf(out, capacity, "It is all the same: both cost as much.");
	}
}

void breakeven_verdict(char verdict[BREAKEVEN_VERDICT_NBYTES], const struct break_even *money,
		       double energy_ratio, const char *how)
{
	char ratio[CELL_NBYTES];
	bool dearer = energy_ratio >= 1;

	verdict_of(verdict, BREAKEVEN_VERDICT_NBYTES, money);
	if (!(energy_ratio > 0))
		return;
	format_number(ratio, sizeof ratio, dearer ? energy_ratio : 1 / energy_ratio);
	size_t n = strlen(verdict);
	snprintf(verdict + n, BREAKEVEN_VERDICT_NBYTES - n,
		 " %s costs %s x the energy of %s per request%s.", dearer ? "Generation" : "A read",
		 ratio, dearer ? "a read" : "generation", how);
}

/* ---- reading a breakeven object ---- */

static const char *text(const json_t *object, const char *keys)
{
	const char *value = json_string_value(json_member(object, keys));
	return value != NULL ? value : "-";
}

/* An end of a span in days; null is one without end. */
static double end_of(const json_t *object, const char *key, size_t end)
{
	const json_t *value = json_array_get(json_member(object, key), end);
	return json_is_number(value) ? json_number_value(value) : INFINITY;
}

void breakeven_print_verdict(FILE *f, const json_t *breakeven)
{
	char line[LINE_NBYTES];

	if (json_is_string(json_member(breakeven, "why_unavailable"))) {
		snprintf(line, sizeof line, "Break-even: not known: %.400s.",
			 text(breakeven, "why_unavailable"));
		format_wrapped(f, "", line);
		return;
	}
	format_wrapped(f, "", text(breakeven, "verdict"));
}

/* ---- the intervals ---- */

static void print_measure(FILE *f, const json_t *pair, const char *name)
{
	const json_t *m = json_member(pair, name);
	double nominal = json_number_at(m, "interval_days");
	double low = end_of(m, "bounds_days", 0), high = end_of(m, "bounds_days", 1);
	bool reversed = strcmp(text(m, "outcome"), "reversed") == 0;
	char likely[3 * CELL_NBYTES], bounds[3 * CELL_NBYTES];

	if (isnan(nominal)) { /* nothing crosses; within the ranges it may */
		snprintf(likely, sizeof likely, "%s", text(m, "outcome"));
		nominal = isinf(high) ? low : high;
	} else {
		breakeven_format_interval(likely, sizeof likely, nominal,
					  end_of(m, "likely_days", 0), end_of(m, "likely_days", 1));
	}
	format_span(bounds, sizeof bounds, low, high, nominal);
	fprintf(f, "  %-8s%-36s%s%s\n", name, likely, low == high ? "the same" : bounds,
		reversed ? ", reversed" : "");
}

static void print_time(FILE *f, const json_t *pair)
{
	char retrieve[CELL_NBYTES], generate[CELL_NBYTES], bytes[CELL_NBYTES], line[LINE_NBYTES];
	double below = json_number_at(pair, "time.generate_faster_below_bytes");

	format_ns(retrieve, sizeof retrieve, json_number_at(pair, "time.retrieve_p50_ns"));
	format_ns(generate, sizeof generate, json_number_at(pair, "time.generate_p50_ns"));
	format_bytes(bytes, sizeof bytes, below);
	snprintf(line, sizeof line, "response p50: %s to read, %s to make%s%s", retrieve, generate,
		 isnan(below) ? "" : "; as fast for contents below ", isnan(below) ? "" : bytes);
	format_wrapped(f, "  time    ", line);
}

static void print_intervals(FILE *f, const json_t *pair)
{
	fprintf(f, "\n%.24s against %.24s: contents of %.0f bytes\n\n", text(pair, "retrieve"),
		text(pair, "generate"), json_number_at(pair, "content_bytes"));
	fprintf(f, "  %-8s%-36s%s\n", "by", "once every (likely range)", "if all inputs conspire");
	print_measure(f, pair, "money");
	print_measure(f, pair, "energy");
	print_measure(f, pair, "carbon");
	print_time(f, pair);
}

/* The answer at either end of an input, in that order. */
static void format_moved(char *out, size_t capacity, double at_low, double at_high, double nominal)
{
	struct unit unit = unit_of(isnan(nominal) ? fmin(at_low, at_high) : nominal);
	char ends[2][CELL_NBYTES];

	for (unsigned i = 0; i < 2; i++) {
		double days = i == 0 ? at_low : at_high;
		if (isinf(days))
			snprintf(ends[i], sizeof ends[i], "for ever");
		else
			format_number(ends[i], sizeof ends[i], days / unit.days);
	}
	snprintf(out, capacity, "%s, %s %s", ends[0], ends[1], unit.name);
}

static void print_sensitivity(FILE *f, const json_t *pair)
{
	const json_t *rows = json_member(pair, "money.sensitivity"), *row;
	double nominal = json_number_at(pair, "money.interval_days");
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	fprintf(f, "\nWhat moves the answer by money most, each input alone:\n\n");
	fprintf(f, "  %-26s%-24s%s\n", "input", "from, to", "then once every");
	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		char moved[3 * CELL_NBYTES], ends[2 * CELL_NBYTES];
		if (i == SENSITIVITIES_PRINTED)
			break;
		double at_low = json_number_at(row, "days_at_low");
		double at_high = json_number_at(row, "days_at_high");
		at_low = isnan(at_low) ? INFINITY : at_low;
		at_high = isnan(at_high) ? INFINITY : at_high;
		format_moved(moved, sizeof moved, at_low, at_high, nominal);
		snprintf(ends, sizeof ends, "%.4g, %.4g", json_number_at(row, "low"),
			 json_number_at(row, "high"));
		fprintf(f, "  %-26.25s%-24s%s\n", text(row, "input"), ends, moved);
	}
}

/* ---- bytes ---- */

/* When the model's bytes pay, in words. */
static void format_pays(char *out, size_t capacity, const json_t *crossing)
{
	const char *pays = text(crossing, "pays");
	char bytes[CELL_NBYTES];

	format_bytes(bytes, sizeof bytes, json_number_at(crossing, "content_bytes"));
	if (strcmp(pays, "from") == 0)
		snprintf(out, capacity, "pay from %s of contents on", bytes);
	else if (strcmp(pays, "up to") == 0)
		snprintf(out, capacity, "pay up to %s of contents", bytes);
	else if (strcmp(pays, "always") == 0)
		snprintf(out, capacity, "always pay, however small the catalogue");
	else
		snprintf(out, capacity, "%s",
			 strcmp(pays, "never") == 0 ? "never pay" : "neither pay nor cost");
}

void breakeven_catalogue(char out[BREAKEVEN_CATALOGUE_NBYTES], const json_t *breakeven)
{
	char pays[2 * CELL_NBYTES];

	format_pays(pays, sizeof pays, json_member(breakeven, "catalogue.model"));
	snprintf(out, BREAKEVEN_CATALOGUE_NBYTES,
		 "The model's own bytes, against the dictionary's, %s.", pays);
}

static void print_catalogue(FILE *f, const json_t *pair)
{
	const json_t *training = json_member(pair, "catalogue.model_and_training");
	char pays[2 * CELL_NBYTES], line[LINE_NBYTES], words[BREAKEVEN_CATALOGUE_NBYTES];

	breakeven_catalogue(words, pair);
	fputc('\n', f);
	format_wrapped(f, "", words);
	if (!json_is_object(training))
		return;
	format_pays(pays, sizeof pays, training);
	snprintf(
		line, sizeof line,
		"With the energy of its training, to be repaid by the energy of the bytes that are "
		"not kept over ssd_life_years, they %s.",
		pays);
	format_wrapped(f, "", line);
}

/* ---- the layers ---- */

static void format_us(char *out, size_t capacity, double v)
{
	format_ns(out, capacity, v * 1000);
}

static void format_count(char *out, size_t capacity, double v)
{
	static const char *const units[] = {"", " k", " M", " G", " T"};
	unsigned u = 0;

	for (; u < 4 && v >= 999.5; u++)
		v /= 1000;
	snprintf(out, capacity, "%.3g%s", v, units[u]);
}

static void format_plain(char *out, size_t capacity, double v)
{
	snprintf(out, capacity, "%.3f", v);
}

static void format_usd(char *out, size_t capacity, double v)
{
	snprintf(out, capacity, "%.3g $", v);
}

static const struct {
	const char *layer, *name, *keys;
	void (*format)(char *out, size_t capacity, double v);
} layers[] = {
	{"energy", "a request", "energy.joules_per_request", format_joules},
	{"chips", "CPU time a request", "chips.cpu_us_per_request", format_us},
	{"", "requests in flight", "chips.requests_in_flight", format_count},
	{"", "multiply-adds a request", "chips.macs_per_request", format_count},
	{"infrastructure", "at rest: contents", "infrastructure.at_rest_bytes", format_bytes},
	{"", "  shared (model, dict)", "infrastructure.shared_at_rest_bytes", format_bytes},
	{"", "moved a request", "infrastructure.moved_bytes_per_request", format_bytes},
	{"", "resident memory", "infrastructure.resident_bytes", format_bytes},
	{"", "kept ready, a month", "infrastructure.usd_per_month", format_usd},
	{"model", "bits a content byte", "model.bits_per_byte", format_plain},
	{"", "tokens/s of a core", "model.tokens_per_core_second", format_count},
	{"", "tokens of a joule", "model.tokens_per_joule", format_count},
	{"", "content/s of a core", "model.content_bytes_per_core_second", format_throughput},
	{"application", "response time p50", "application.response_p50_ns", format_ns},
	{"", "  p99", "application.response_p99_ns", format_ns},
	{"", "requests served", "application.requests_per_s", format_rate},
	{"", "a million requests", "application.usd_per_million_requests", format_usd},
};

static void print_cell(FILE *f, const json_t *side, unsigned row)
{
	double v = json_number_at(side, layers[row].keys);
	char cell[CELL_NBYTES] = "-";

	if (!isnan(v))
		layers[row].format(cell, sizeof cell, v);
	fprintf(f, "%16s", cell);
}

static void print_layers(FILE *f, const json_t *pair)
{
	fprintf(f, "\n%-16s%-26s%16.15s%16.15s\n", "layer", "", text(pair, "retrieve"),
		text(pair, "generate"));
	for (unsigned i = 0; i < sizeof layers / sizeof layers[0]; i++) {
		fprintf(f, "%-16s%-26s", layers[i].layer, layers[i].name);
		print_cell(f, json_member(pair, "layers.retrieve"), i);
		print_cell(f, json_member(pair, "layers.generate"), i);
		fputc('\n', f);
	}
}

/* ---- all ---- */

static void print_sources(FILE *f, const json_t *breakeven)
{
	char line[LINE_NBYTES];

	snprintf(line, sizeof line,
		 "%.100s (%.20s). Energy of %.40s: %.80s; of %.40s: %.80s. A likely range moves "
		 "each "
		 "input by itself to the ends of its range and combines the moves as independent.",
		 text(breakeven, "prices.name"), text(breakeven, "prices.date"),
		 text(breakeven, "retrieve"), text(breakeven, "retrieve_energy"),
		 text(breakeven, "generate"), text(breakeven, "generate_energy"));
	fputc('\n', f);
	format_wrapped(f, "Prices: ", line);
}

void breakeven_print(FILE *f, const json_t *breakeven)
{
	const json_t *others = json_member(breakeven, "other_pairs"), *other;
	size_t i;

	breakeven_print_verdict(f, breakeven);
	if (json_is_string(json_member(breakeven, "why_unavailable")))
		return;
	print_intervals(f, breakeven);
	print_sensitivity(f, breakeven);
	print_catalogue(f, breakeven);
	print_layers(f, breakeven);
	json_array_foreach((json_t *)(uintptr_t)others, i, other) print_intervals(f, other);
	print_sources(f, breakeven);
}
