#include "bench/breakeven.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/breakeven_internal.h"
#include "bench/economics.h"
#include "bench/energy_json.h"
#include "bench/json_reader.h"
#include "bench/json_values.h"

#define SIDES_MAX WORKLOAD_ENGINES_MAX
#define WHY_NBYTES 320u
#define SERVED_BYTES_MIN 1e-3 /* on average: nearly all of its contents are empty */

/* One engine, as the result tells of it. */
struct side {
	const char *label, *kind;
	const json_t *engine;
	char why[WHY_NBYTES]; /* not "": why it cannot be compared */
	double served_bytes;  /* of a request */
	double at_rest_ratio; /* bytes at rest per content byte */
	double shared_bytes;
	struct figure cpu_s, joules; /* a request's */
	struct figure reads;	     /* of the device, a request's */
	struct figure read_bytes;
	enum energy_scope scope;
	double service_p50_ns, response_p50_ns, response_p99_ns;
};

struct pair {
	const struct side *store, *make;
	const struct constants *platform, *prices;
	const json_t *result;
	struct comparison comparison;
	struct break_even measures[MEASURES];
};

static const char *const measure_names[MEASURES] = {"money", "energy", "carbon"};
static const char *const measure_units[MEASURES] = {"usd", "joules", "grams_co2e"};

/* ---- reading ---- */

static void unknown(struct side *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void unknown(struct side *s, const char *format, ...)
{
	va_list args;

	if (s->why[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(s->why, sizeof s->why, format, args);
	va_end(args);
}

/* The mean, and the least and greatest of any round. */
static struct figure cpu_of(struct json_reader *r, const struct side *s)
{
	const json_t *rounds = json_object_get(s->engine, "rounds");
	double nominal = json_reader_number(r, s->engine, "cpu.us_per_request");
	struct figure us = {nominal, nominal, nominal};

	if (!json_is_array(rounds))
		json_reader_damaged(r, "rounds", "missing, or not an array");
	for (size_t i = 0; i < json_array_size(rounds); i++) {
		double one = json_reader_number(r, json_array_get(rounds, i), "cpu_us_per_request");
		us.low = one < us.low ? one : us.low;
		us.high = one > us.high ? one : us.high;
	}
	return figure_times(us, 1e-6);
}

static void read_energy(struct json_reader *r, struct side *s)
{
	const json_t *energy = json_object_get(s->engine, "energy");
	const json_t *modelled = json_object_get(energy, "modelled");
	const char *kind = json_reader_text(r, energy, "kind");

	s->scope = ENERGY_MODELLED;
	if (strcmp(kind, "unavailable") == 0)
		unknown(s, "its energy is %.200s", json_reader_text(r, energy, "source"));
	else if (strcmp(kind, "measured") == 0)
		s->scope = strcmp(json_reader_text(r, energy, "scope"), "machine") == 0
				   ? ENERGY_MACHINE
				   : ENERGY_PROCESSOR;
	else if (strcmp(kind, "modelled") != 0)
		json_reader_damaged(r, "energy.kind",
				    "neither measured nor modelled nor unavailable");
	if (s->why[0] != '\0' || r->err != 0)
		return;
	s->joules = json_reader_range(r, energy,
				      s->scope == ENERGY_MODELLED ? "joules_per_request"
								  : "metered_joules_per_request");
	double reads = json_reader_number(r, modelled, "device_reads_per_request");
	double bytes = json_reader_number(r, modelled, "device_bytes_per_request");
	bool assumed = json_is_true(json_object_get(modelled, "device_assumed"));
	s->reads = (struct figure){assumed ? 0 : reads, reads, reads};
	s->read_bytes = (struct figure){assumed ? 0 : bytes, bytes, bytes};
	if (isnan(s->joules.nominal) || isnan(s->joules.low) || isnan(s->joules.high))
		unknown(s, "its energy is not known");
	if (isnan(reads) || isnan(bytes))
		unknown(s, "what it read of the device is not known");
}

static void read_side(struct json_reader *r, struct side *s, const char *label,
		      const json_t *engine)
{
	*s = (struct side){.label = label, .engine = engine};
	r->label = label;
	s->kind = json_reader_text(r, engine, "kind");
	if (strcmp(s->kind, "retrieve") != 0 && strcmp(s->kind, "generate") != 0)
		return;
	double completed = json_reader_number(r, engine, "requests.completed");
	s->served_bytes = json_reader_number(r, engine, "bytes.served_per_request");
	s->at_rest_ratio = json_reader_number(r, engine, "bytes.at_rest_per_content_byte");
	s->shared_bytes = json_reader_number(r, engine, "bytes.shared_at_rest");
	if (r->err != 0)
		return;
	if (completed == 0)
		unknown(s, "it completed no request");
	else if (!(s->served_bytes >= SERVED_BYTES_MIN))
		unknown(s, "its contents are empty");
	else if (!(json_reader_number(r, engine, "cpu.us_per_request") > 0))
		unknown(s, "its CPU time is not known");
	else if (isnan(s->at_rest_ratio) || isnan(s->shared_bytes))
		unknown(s, "its bytes at rest are not known");
	if (s->why[0] != '\0' || r->err != 0)
		return;
	s->cpu_s = cpu_of(r, s);
	s->service_p50_ns = json_reader_number(r, engine, "service_ns.percentile.50");
	s->response_p50_ns = json_reader_number(r, engine, "response_ns.percentile.50");
	s->response_p99_ns = json_reader_number(r, engine, "response_ns.percentile.99");
	read_energy(r, s);
}

static int read_sides(struct json_reader *r, const json_t *result, struct side *sides,
		      unsigned *count)
{
	const json_t *engines = json_object_get(result, "engines");
	const char *label;
	json_t *engine;

	*count = 0;
	if (!json_is_object(engines) || json_object_size(engines) > SIDES_MAX)
		json_reader_damaged(r, "engines", "missing, or more than any run has");
	if (r->err != 0)
		return r->err;
	json_object_foreach((json_t *)(uintptr_t)engines, label, engine)
		read_side(r, &sides[(*count)++], label, engine);
	return r->err;
}

/* ---- comparing ---- */

static struct figure point(double x)
{
	return (struct figure){x, x, x};
}

/* Of a content of `bytes` bytes: the two were asked for the same contents, but
 * other than at one rate not equally often. */
static void put_side(struct figure *input, const struct side *s, double bytes)
{
	double scale = bytes / s->served_bytes;

	input[SIDE_CPU_S] = figure_times(s->cpu_s, scale);
	input[SIDE_DEVICE_READS] = figure_times(s->reads, scale);
	input[SIDE_DEVICE_BYTES] = figure_times(s->read_bytes, scale);
	input[SIDE_JOULES] = figure_times(s->joules, scale);
	input[SIDE_STORED_BYTES] = point(bytes * s->at_rest_ratio);
}

static void compare(struct pair *p, const struct side *store, const struct side *make,
		    const struct constants *platform, const struct constants *prices)
{
	struct comparison *c = &p->comparison;

	memset(p, 0, sizeof *p);
	p->store = store;
	p->make = make;
	p->platform = platform;
	p->prices = prices;
	comparison_take_constants(c, platform, prices);
	put_side(&c->input[INPUT_STORE], store, store->served_bytes);
	put_side(&c->input[INPUT_MAKE], make, store->served_bytes);
	c->store_energy = store->scope;
	c->make_energy = make->scope;
	for (int m = 0; m < MEASURES; m++)
		break_even_of(c, (enum measure)m, &p->measures[m]);
}

/* How much of the catalogue is better stored, by money: more is greater. */
static double storing(const struct pair *p)
{
	const struct crossing *k = &p->measures[MEASURE_MONEY].nominal;

	switch (k->kind) {
	case CROSSING_INTERVAL:
		return k->interval_s;
	case CROSSING_ALWAYS_STORE:
		return INFINITY;
	case CROSSING_REVERSED: /* stores something: more than none, less than the other way */
		return DBL_MIN;
	default:
		return 0;
	}
}

/* The strongest of either side: of the generators the one that leaves the
 * least to storing, against the retriever that keeps the most against it. */
static unsigned headline(const struct pair *pairs, unsigned count)
{
	unsigned best = 0;
	double best_storing = INFINITY;

	for (unsigned i = 0; i < count; i++) {
		bool strongest = true;
		for (unsigned k = 0; k < count; k++)
			strongest = strongest && (pairs[k].make != pairs[i].make ||
						  storing(&pairs[k]) <= storing(&pairs[i]));
		if (strongest && storing(&pairs[i]) < best_storing) {
			best = i;
			best_storing = storing(&pairs[i]);
		}
	}
	return best;
}

/* ---- the pair as JSON ---- */

static json_t *days(double seconds)
{
	return json_figure(seconds / 86400);
}

static json_t *span_json(struct span s)
{
	json_t *a = json_array();

	json_array_append_new(a, days(s.low_s));
	json_array_append_new(a, days(s.high_s)); /* null: without end */
	return a;
}

static json_t *sensitivity_json(const struct pair *p, const struct break_even *b)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < INPUTS; i++) {
		const struct sensitivity *s = &b->inputs[i];
		if (s->swing <= 1)
			break;
		json_t *o = json_object();
		json_put(o, "input", json_string(input_name(s->input)));
		json_put(o, "unit", json_string(input_unit(s->input)));
		json_put(o, "low", json_figure(p->comparison.input[s->input].low));
		json_put(o, "high", json_figure(p->comparison.input[s->input].high));
		json_put(o, "days_at_low", days(s->at_low_s));
		json_put(o, "days_at_high", days(s->at_high_s));
		json_array_append_new(rows, o);
	}
	return rows;
}

static json_t *side_json(const struct pair *p, enum measure m, enum input side)
{
	struct choice_side cost = comparison_side(&p->comparison, m, side);
	json_t *o = json_object();

	json_put(o, "per_request", json_figure(cost.per_request));
	json_put(o, "per_content_day", json_figure(cost.per_second * 86400));
	return o;
}

static json_t *measure_json(const struct pair *p, enum measure m)
{
	static const char *const kinds[] = {
		[CROSSING_INTERVAL] = "interval",
		[CROSSING_REVERSED] = "reversed",
		[CROSSING_ALWAYS_MAKE] = "always regenerate",
		[CROSSING_ALWAYS_STORE] = "always store",
		[CROSSING_EQUAL] = "equal",
	};
	const struct break_even *b = &p->measures[m];
	bool crosses = b->nominal.kind == CROSSING_INTERVAL || b->nominal.kind == CROSSING_REVERSED;
	json_t *o = json_object();

	json_put(o, "outcome", json_string(kinds[b->nominal.kind]));
	json_put(o, "interval_days", crosses ? days(b->nominal.interval_s) : NULL);
	json_put(o, "likely_days", span_json(b->likely));
	json_put(o, "bounds_days", span_json(b->bounds));
	json_put(o, "unit", json_string(measure_units[m]));
	json_put(o, "retrieve", side_json(p, m, INPUT_STORE));
	json_put(o, "generate", side_json(p, m, INPUT_MAKE));
	json_put(o, "sensitivity", sensitivity_json(p, b));
	return o;
}

static json_t *time_json(const struct pair *p)
{
	const struct side *s = p->store, *m = p->make;
	double core_bytes_per_s = m->served_bytes / m->cpu_s.nominal;
	bool known = !isnan(s->response_p50_ns) && !isnan(m->response_p50_ns);
	json_t *o = json_object();

	json_put(o, "faster",
		 known ? json_text(s->response_p50_ns <= m->response_p50_ns ? s->label : m->label)
		       : NULL);
	json_put(o, "retrieve_p50_ns", json_figure(s->response_p50_ns));
	json_put(o, "generate_p50_ns", json_figure(m->response_p50_ns));
	json_put(o, "retrieve_p99_ns", json_figure(s->response_p99_ns));
	json_put(o, "generate_p99_ns", json_figure(m->response_p99_ns));
	json_put(o, "generate_bytes_per_core_second", json_figure(core_bytes_per_s));
	/* of many in flight a service time is mostly the wait for the others */
	const char *scenario = json_string_value(json_member(p->result, "workload.scenario"));
	bool alone = scenario == NULL || strcmp(scenario, "offline") != 0;
	json_put(o, "retrieve_service_p50_ns", json_figure(s->service_p50_ns));
	json_put(o, "generate_faster_below_bytes",
		 alone ? json_figure(
				 size_made_faster_bytes(s->service_p50_ns / 1e9, core_bytes_per_s))
		       : NULL);
	return o;
}

static json_t *crossing_json(const struct catalogue *k)
{
	static const char *const kinds[] = {
		[CROSSING_INTERVAL] = "from",	   [CROSSING_REVERSED] = "up to",
		[CROSSING_ALWAYS_MAKE] = "always", [CROSSING_ALWAYS_STORE] = "never",
		[CROSSING_EQUAL] = "equal",
	};
	struct catalogue_crossing c = catalogue_crossing_of(k);
	bool crosses = c.kind == CROSSING_INTERVAL || c.kind == CROSSING_REVERSED;
	json_t *o = json_object();

	json_put(o, "pays", json_string(kinds[c.kind]));
	json_put(o, "content_bytes", crosses ? json_figure(c.content_bytes) : NULL);
	return o;
}

static json_t *whole_bytes(double bytes)
{
	return bytes < 9e18 ? json_integer((json_int_t)bytes) : json_figure(bytes);
}

/* From how much content on the model's own bytes pay, in bytes at rest. */
static json_t *catalogue_json(const struct pair *p, double training_kwh)
{
	struct catalogue k = {
		.model_bytes = p->make->shared_bytes,
		.dictionary_bytes = p->store->shared_bytes,
		.make_ratio = p->make->at_rest_ratio,
		.store_ratio = p->store->at_rest_ratio,
	};
	json_t *o = json_object();

	json_put(o, "model_bytes", whole_bytes(k.model_bytes));
	json_put(o, "dictionary_bytes", whole_bytes(k.dictionary_bytes));
	json_put(o, "generate_bytes_per_content_byte", json_figure(k.make_ratio));
	json_put(o, "retrieve_bytes_per_content_byte", json_figure(k.store_ratio));
	json_put(o, "model", crossing_json(&k));
	k.training_bytes = training_as_bytes(&p->comparison, training_kwh * 3.6e6);
	json_put(o, "training_kwh", training_kwh > 0 ? json_figure(training_kwh) : NULL);
	json_put(o, "model_and_training", training_kwh > 0 ? crossing_json(&k) : NULL);
	return o;
}

static json_t *inputs_json(const struct pair *p)
{
	json_t *o = json_object();

	for (unsigned i = INPUT_STORE; i < INPUTS; i++) {
		json_t *value = json_range(p->comparison.input[i]);
		json_put(value, "unit", json_string(input_unit((enum input)i)));
		json_put(o, input_name((enum input)i), value);
	}
	return o;
}

static json_t *scope_json(enum energy_scope scope)
{
	return json_string(scope == ENERGY_MACHINE     ? "measured, the whole machine"
			   : scope == ENERGY_PROCESSOR ? "measured, and the device's reads modelled"
						       : "modelled");
}

/* By energy, of one request with the device's part: making over reading. */
static double energy_ratio(const struct pair *p)
{
	double store = comparison_side(&p->comparison, MEASURE_ENERGY, INPUT_STORE).per_request;
	double make = comparison_side(&p->comparison, MEASURE_ENERGY, INPUT_MAKE).per_request;

	return store > 0 ? make / store : NAN;
}

/* Is what was measured of both more than nothing? */
static bool is_certain(const struct pair *p)
{
	return p->store->joules.low > 0 && p->make->joules.low > 0;
}

static json_t *verdict_json(const struct pair *p)
{
	char verdict[BREAKEVEN_VERDICT_NBYTES];
	bool modelled = p->store->scope == ENERGY_MODELLED || p->make->scope == ENERGY_MODELLED;

	breakeven_verdict(verdict, &p->measures[MEASURE_MONEY], energy_ratio(p),
			  modelled	  ? " (modelled)"
			  : is_certain(p) ? ""
					  : " (within the meter's noise)");
	return json_string(verdict);
}

/* To keep an engine ready for a month: all its bytes at rest, and in memory. */
static double usd_per_month(const struct pair *p, const struct side *s, enum input side)
{
	const double month_s = 365.25 * 86400 / 12;
	struct comparison all = p->comparison;

	all.input[side + SIDE_STORED_BYTES].nominal =
		json_number_at(s->engine, "bytes.at_rest") + s->shared_bytes;
	return month_s * (comparison_side(&all, MEASURE_MONEY, side).per_second +
			  memory_usd_per_second(p->platform, p->prices,
						json_number_at(s->engine, "bytes.resident")));
}

static json_t *layer_json(const struct pair *p, const struct side *s, enum input side)
{
	double pue = p->comparison.input[INPUT_PUE].nominal;
	double scale = p->store->served_bytes / s->served_bytes; /* back to its own contents */
	struct choice_side joules = comparison_side(&p->comparison, MEASURE_ENERGY, side);
	struct choice_side usd = comparison_side(&p->comparison, MEASURE_MONEY, side);
	struct layer_costs costs = {
		.served_bytes = s->served_bytes,
		.joules = joules.per_request / pue / scale,
		.usd_per_million = usd.per_request * 1e6 / scale,
		.usd_per_month = usd_per_month(p, s, side),
	};
	return breakeven_layer_json(s->engine, &costs);
}

static json_t *layers_json(const struct pair *p)
{
	json_t *o = json_object();

	json_put(o, "retrieve", layer_json(p, p->store, INPUT_STORE));
	json_put(o, "generate", layer_json(p, p->make, INPUT_MAKE));
	return o;
}

/* How often the run asked the retriever for a content of a context, on average:
 * with an open loop, as it is else as often as the engine could. */
static double asked_every_days(const struct pair *p)
{
	const char *scenario = json_string_value(json_member(p->result, "workload.scenario"));
	const char *contexts = json_string_value(json_member(p->result, "workload.contexts"));
	double contents = json_number_at(p->result, "workload.content_count");
	double rate = json_number_at(p->store->engine, "achieved_rps");

	if (scenario == NULL || strcmp(scenario, "server") != 0)
		return NAN;
	return contents * (contexts != NULL ? strtod(contexts, NULL) : NAN) / rate / 86400;
}

static json_t *pair_json(const struct pair *p, double training_kwh)
{
	json_t *o = json_object();

	json_put(o, "verdict", verdict_json(p));
	json_put(o, "retrieve", json_text(p->store->label));
	json_put(o, "generate", json_text(p->make->label));
	json_put(o, "content_bytes", json_figure(p->store->served_bytes));
	json_put(o, "asked_every_days", json_figure(asked_every_days(p)));
	json_put(o, "time", time_json(p));
	for (int m = 0; m < MEASURES; m++)
		json_put(o, measure_names[m], measure_json(p, (enum measure)m));
	json_put(o, "energy_ratio", json_figure(energy_ratio(p)));
	json_put(o, "retrieve_energy", scope_json(p->store->scope));
	json_put(o, "generate_energy", scope_json(p->make->scope));
	json_put(o, "inputs", inputs_json(p));
	json_put(o, "catalogue", catalogue_json(p, training_kwh));
	json_put(o, "layers", layers_json(p));
	return o;
}

/* ---- all of it ---- */

static json_t *unavailable(const char *why)
{
	static const char *const names[] = {"verdict", "time", "money", "energy", "carbon"};
	json_t *o = json_object();

	json_put(o, "why_unavailable", json_text(why));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		json_put(o, names[i], NULL);
	return o;
}

static unsigned compare_all(struct pair *pairs, const struct side *sides, unsigned count,
			    const struct constants *platform, const struct constants *prices)
{
	unsigned pair_count = 0;

	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < count; k++)
			if (strcmp(sides[i].kind, "retrieve") == 0 && sides[i].why[0] == '\0' &&
			    strcmp(sides[k].kind, "generate") == 0 && sides[k].why[0] == '\0')
				compare(&pairs[pair_count++], &sides[i], &sides[k], platform,
					prices);
	return pair_count;
}

/* Why there is no pair: of the first engine that had to be left out. */
static json_t *no_pair(const struct side *sides, unsigned count)
{
	char why[WHY_NBYTES + 160];

	for (unsigned i = 0; i < count; i++)
		if (sides[i].why[0] != '\0') {
			snprintf(why, sizeof why, "%.100s: %s", sides[i].label, sides[i].why);
			return unavailable(why);
		}
	return unavailable("it takes an engine of kind retrieve and one of kind generate");
}

int breakeven_of(json_t **out, const json_t *result, const struct constants *platform,
		 const struct constants *prices, double training_kwh, const char *path,
		 struct error *e)
{
	static struct side sides[SIDES_MAX];
	static struct pair pairs[SIDES_MAX * SIDES_MAX / 4];
	static struct constants own;
	struct json_reader r = {path, "", e, 0};
	unsigned count;

	const json_t *of = json_object_get(result, "platform");
	if (!json_is_object(of))
		json_reader_damaged(&r, "platform", "missing");
	if (r.err == 0)
		json_reader_constants(&r, of, &platform_table, &own);
	if (r.err != 0 || read_sides(&r, result, sides, &count) != 0)
		return r.err;
	unsigned pair_count =
		compare_all(pairs, sides, count, platform != NULL ? platform : &own, prices);
	if (pair_count == 0) {
		*out = no_pair(sides, count);
		json_clean(*out);
		return 0;
	}
	for (unsigned i = 0; i < pair_count; i++)
		pairs[i].result = result;
	unsigned best = headline(pairs, pair_count);
	json_t *others = json_array();
	*out = pair_json(&pairs[best], training_kwh);
	for (unsigned i = 0; i < pair_count; i++)
		if (i != best)
			json_array_append_new(others, pair_json(&pairs[i], training_kwh));
	json_put(*out, "prices", constants_json(prices, &price_table));
	json_put(*out, "other_pairs", others);
	json_clean(*out);
	return 0;
}
