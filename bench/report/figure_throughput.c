/* figure_throughput.c: the response time over the rate, and where the knee is. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/format.h"
#include "bench/json_reader.h"
#include "bench/report/figure_text.h"
#include "bench/report/knee.h"
#include "bench/report/report.h"
#include "bench/report/report_text.h"

#define TEXT_NBYTES 48u
#define LOG_FROM 8 /* the axis is logarithmic where the rates differ by so much */
#define POINTS_TOLD 8u
#define OTHERS_DRAWN 24u /* more lines would be a thicket */

struct load {
	double offered, rate, latency_ns;
	bool counts; /* else it is INVALID, or was not served as it was asked */
};

/* An engine under loads that rise. */
struct curve {
	const char *label;
	char settings[FIGURE_NAME_NBYTES]; /* all but the rate */
	char name[PLOT_TEXT_NBYTES];	   /* both */
	unsigned colour;
	unsigned count, capacity;
	struct load *loads;
	/* of the loads that count */
	size_t knee;  /* count: none */
	double holds; /* the highest rate within the target; NAN: none, or no target */
	bool best;    /* of those of its label */
};

struct curves {
	unsigned count, capacity;
	struct curve *all;
	double target_ns; /* NAN: none */
	double percentile;
	bool out_of_memory;
};

/* ---- collecting ---- */

static void *one_more(struct curves *cs, void *array, unsigned count, unsigned *capacity,
		      size_t nbytes)
{
	if (count < *capacity)
		return array;
	unsigned more = *capacity == 0 ? 8 : *capacity * 2;
	void *moved = realloc(array, more * nbytes);
	if (moved == NULL)
		cs->out_of_memory = true;
	else
		*capacity = more;
	return moved;
}

/* NULL: no memory. */
static struct curve *find_curve(struct curves *cs, const struct report_engine *e,
				const char *settings)
{
	for (unsigned i = 0; i < cs->count; i++)
		if (strcmp(cs->all[i].label, e->label) == 0 &&
		    strcmp(cs->all[i].settings, settings) == 0)
			return &cs->all[i];
	void *all = one_more(cs, cs->all, cs->count, &cs->capacity, sizeof *cs->all);
	if (all == NULL)
		return NULL;
	cs->all = all;
	struct curve *c = &cs->all[cs->count++];
	*c = (struct curve){.label = e->label, .colour = e->colour, .holds = NAN};
	report_text(c->settings, sizeof c->settings, "%s", settings);
	report_text(c->name, sizeof c->name, "%s%s%s", e->label, settings[0] != '\0' ? ", " : "",
		    settings);
	return c;
}

static void add_load(struct curves *cs, struct curve *c, struct load load)
{
	if (c == NULL || !(load.rate > 0) || !(load.latency_ns > 0))
		return;
	void *loads = one_more(cs, c->loads, c->count, &c->capacity, sizeof *c->loads);
	if (loads == NULL)
		return;
	c->loads = loads;
	c->loads[c->count++] = load;
}

static void free_curves(struct curves *cs)
{
	for (unsigned i = 0; i < cs->count; i++)
		free(cs->all[i].loads);
	free(cs->all);
}

/* ---- one result ---- */

/* "response_ns.percentile.99": the target's where a result has it, else p99. */
static void choose_percentile(struct curves *cs, double target_percentile)
{
	static const double there[] = {50, 90, 99, 99.9};

	for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
		if (target_percentile == there[i]) {
			cs->percentile = target_percentile;
			return;
		}
	cs->percentile = 99;
	cs->target_ns = NAN;
}

static void read_steps(struct curves *cs, struct json_reader *r, const json_t *steps,
		       struct curve *c)
{
	char keys[TEXT_NBYTES];

	snprintf(keys, sizeof keys, "response_ns.percentile.%g", cs->percentile);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		struct load load = {.rate = json_reader_number(r, step, "rate_iops"),
				    .latency_ns = json_reader_number(r, step, keys)};
		load.offered = load.rate;
		load.counts = json_reader_number(r, step, "completed") ==
			      json_reader_number(r, step, "planned");
		add_load(cs, c, load);
	}
}

static void read_probes(struct curves *cs, struct json_reader *r, const json_t *probes,
			struct curve *c)
{
	for (size_t i = 0; i < json_array_size(probes); i++) {
		const json_t *probe = json_array_get(probes, i), *held;
		struct load load = {.rate = json_reader_number(r, probe, "rate_iops"),
				    .latency_ns = json_reader_number(r, probe, "latency_ns")};
		held = json_object_get(probe, "held");
		if (!json_is_boolean(held))
			json_reader_damaged(r, "peak.probes.held", "missing, or not true or false");
		load.offered = load.rate;
		load.counts = json_is_true(held);
		add_load(cs, c, load);
	}
}

static int read_one(struct curves *cs, const struct report *r, struct error *e)
{
	const json_t *engines = json_object_get(r->result, "engines");
	struct json_reader reader = {r->result_path, "", e, 0};
	bool peak = false;

	cs->target_ns = r->runs[0].target_latency_ns;
	cs->percentile = r->runs[0].target_percentile;
	for (unsigned i = 0; i < r->engine_count; i++) {
		const json_t *engine = json_object_get(engines, r->engines[i].label);
		peak = peak || json_is_object(json_object_get(engine, "peak"));
	}
	if (!peak)
		choose_percentile(cs, cs->percentile);
	for (unsigned i = 0; i < r->engine_count; i++) {
		const json_t *engine = json_object_get(engines, r->engines[i].label);
		const json_t *steps = json_object_get(engine, "steps");
		reader.label = r->engines[i].label;
		if (!json_is_array(steps))
			json_reader_damaged(&reader, "steps", "missing, or not an array");
		if (peak)
			read_probes(cs, &reader,
				    json_object_get(json_object_get(engine, "peak"), "probes"),
				    find_curve(cs, &r->engines[i], ""));
		else if (json_array_size(steps) > 1)
			read_steps(cs, &reader, steps, find_curve(cs, &r->engines[i], ""));
	}
	return reader.err;
}

/* ---- several results ---- */

static unsigned rate_axis(const struct report *r)
{
	unsigned axis = 0;

	while (axis < r->axis_count && strcmp(r->axes[axis], "workload.rate_iops") != 0)
		axis++;
	return axis;
}

/* A target counts where all have it, and of the percentile that is shown. */
static double common_target_ns(const struct report *r)
{
	double target_ns = r->run_count > 0 ? r->runs[0].target_latency_ns : NAN;

	for (unsigned i = 0; i < r->run_count; i++)
		if (r->runs[i].target_latency_ns != target_ns || r->runs[i].target_percentile != 99)
			return NAN;
	return target_ns;
}

static void read_several(struct curves *cs, const struct report *r)
{
	unsigned axis = rate_axis(r);
	char settings[FIGURE_NAME_NBYTES] = "";

	cs->percentile = 99;
	cs->target_ns = common_target_ns(r);
	for (unsigned i = 0; i < r->engine_count && !cs->out_of_memory; i++) {
		const struct report_engine *e = &r->engines[i];
		if (axis < r->axis_count)
			figure_settings(settings, r, e->run, axis);
		add_load(cs, find_curve(cs, e, settings),
			 (struct load){.offered = e->offered_rps,
				       .rate = e->achieved_rps,
				       .latency_ns = e->response_p99_ns,
				       .counts = r->runs[e->run].valid});
	}
}

/* ---- judging ---- */

static int by_offered(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	if (x->offered != y->offered)
		return x->offered < y->offered ? -1 : 1;
	return x->rate < y->rate ? -1 : x->rate > y->rate;
}

static int find_knee(struct curve *c)
{
	double *rates = calloc(2 * (size_t)c->count + 1, sizeof *rates);

	if (rates == NULL)
		return -ENOMEM;
	double *latencies = rates + c->count;
	unsigned counting = 0;
	for (unsigned i = 0; i < c->count; i++) {
		rates[i] = c->loads[i].counts ? c->loads[i].rate : NAN;
		latencies[i] = c->loads[i].latency_ns;
		counting += c->loads[i].counts;
	}
	/* of one point alone, nothing can be said */
	c->knee = counting > 1 ? knee_of(rates, latencies, c->count) : c->count;
	free(rates);
	return 0;
}

static int judge(struct curves *cs, struct curve *c)
{
	if (c->count > 0)
		qsort(c->loads, c->count, sizeof *c->loads, by_offered);
	for (unsigned i = 0; i < c->count; i++)
		if (c->loads[i].counts && c->loads[i].latency_ns <= cs->target_ns &&
		    !(c->loads[i].rate <= c->holds))
			c->holds = c->loads[i].rate;
	return find_knee(c);
}

static double power_of(const struct curve *c)
{
	return c->knee < c->count ? c->loads[c->knee].rate / c->loads[c->knee].latency_ns : 0;
}

/* Holds more within the target; else has the greater power. */
static bool is_better(const struct curve *a, const struct curve *b)
{
	double held_a = isnan(a->holds) ? 0 : a->holds, held_b = isnan(b->holds) ? 0 : b->holds;

	return held_a != held_b ? held_a > held_b : power_of(a) > power_of(b);
}

static int judge_all(struct curves *cs)
{
	int err = 0;

	for (unsigned i = 0; i < cs->count && !err; i++)
		err = judge(cs, &cs->all[i]);
	for (unsigned i = 0; i < cs->count; i++) {
		struct curve *c = &cs->all[i], *before = NULL;
		for (unsigned k = 0; k < i && before == NULL; k++)
			if (cs->all[k].best && strcmp(cs->all[k].label, c->label) == 0)
				before = &cs->all[k];
		c->best = before == NULL || is_better(c, before);
		if (before != NULL && c->best)
			before->best = false;
	}
	return err;
}

/* ---- drawing ---- */

/* Where the knee is at the least, or the greatest, rate that counts, it may lie
 * beyond. */
enum bound { AT, AT_MOST, AT_LEAST };

static enum bound knee_bound(const struct curve *c)
{
	bool below = false, above = false;

	for (unsigned i = 0; i < c->count; i++) {
		below = below || (c->loads[i].counts && i < c->knee);
		above = above || (c->loads[i].counts && i > c->knee);
	}
	return !below ? AT_MOST : !above ? AT_LEAST : AT;
}

static void rate_text(char text[TEXT_NBYTES], double rate)
{
	snprintf(text, TEXT_NBYTES, "%.3g/s", rate);
	if (rate >= 999.5)
		snprintf(text, TEXT_NBYTES, "%.0f/s", rate);
}

enum which { ALL, COUNTING, OTHERS };

static bool is_of(const struct load *l, enum which which)
{
	return which == ALL || l->counts == (which == COUNTING);
}

static void draw_loads(struct plot *p, const struct curve *c, const char *name, const char *label,
		       enum plot_style style, enum which which)
{
	struct plot_series *s = plot_add_series(p, name, label, style, c->colour);

	for (unsigned i = 0; i < c->count; i++)
		if (is_of(&c->loads[i], which))
			plot_add_point(p, s, c->loads[i].rate, c->loads[i].latency_ns);
}

static void draw_knee(struct plot *p, const struct curve *c)
{
	static const char *const signs[] = {"", "≤ ", "≥ "};
	char rate[TEXT_NBYTES], note[2 * TEXT_NBYTES];

	if (c->knee >= c->count)
		return;
	rate_text(rate, c->loads[c->knee].rate);
	snprintf(note, sizeof note, "knee %s%s", signs[knee_bound(c)], rate);
	plot_add_note(p, c->loads[c->knee].rate, c->loads[c->knee].latency_ns, c->colour, note);
}

/* The line goes through all, so that it shows where it bends; its points tell
 * which of them count. */
static void draw_best(struct plot *p, const struct curve *c, bool joined, const char *uncounted)
{
	char name[2 * PLOT_TEXT_NBYTES];
	unsigned counting = 0;

	for (unsigned i = 0; i < c->count; i++)
		counting += c->loads[i].counts;
	if (joined && counting < c->count)
		draw_loads(p, c, c->name, c->name, PLOT_LINE, ALL);
	const char *label = joined && counting < c->count ? "" : c->name;
	if (counting > 0)
		draw_loads(p, c, c->name, label,
			   joined && counting == c->count ? PLOT_LINE_POINTS : PLOT_POINTS,
			   COUNTING);
	report_text(name, sizeof name, "%s, %s", c->name, uncounted);
	if (counting < c->count)
		draw_loads(p, c, name, counting > 0 ? "" : label, PLOT_OPEN_POINTS, OTHERS);
	if (joined)
		draw_knee(p, c);
}

static void describe(struct plot *p, const struct curves *cs, const struct curve *c, bool joined)
{
	static const char *const words[] = {"", "at most ", "at least "};
	char rate[TEXT_NBYTES], latency[TEXT_NBYTES];

	report_text_add(p->alt, PLOT_ALT_NBYTES, " %s:", c->name);
	for (unsigned i = 0; i < c->count && i < POINTS_TOLD; i++) {
		rate_text(rate, c->loads[i].rate);
		format_ns(latency, sizeof latency, c->loads[i].latency_ns);
		report_text_add(p->alt, PLOT_ALT_NBYTES, "%s %s at %s", i > 0 ? "," : "", latency,
				rate);
	}
	if (c->count > POINTS_TOLD)
		report_text_add(p->alt, PLOT_ALT_NBYTES, " and so on");
	if (joined && c->knee < c->count) {
		rate_text(rate, c->loads[c->knee].rate);
		report_text_add(p->alt, PLOT_ALT_NBYTES, "; knee %s%s", words[knee_bound(c)], rate);
	}
	report_text_add(p->alt, PLOT_ALT_NBYTES, ".");
	if (isnan(cs->target_ns))
		return;
	rate_text(rate, c->holds);
	const char *where = isnan(c->holds) ? "at no rate that was measured" : "up to ";
	const char *rest = isnan(c->holds) ? "" : rate;
	report_text_add(p->caption, PLOT_ALT_NBYTES, " %s holds it %s%s.", c->name, where, rest);
	report_text_add(p->alt, PLOT_ALT_NBYTES, " It holds the target %s%s.", where, rest);
}

static void draw_target(struct plot *p, const struct curves *cs)
{
	char latency[TEXT_NBYTES], label[2 * TEXT_NBYTES];

	if (isnan(cs->target_ns))
		return;
	format_ns(latency, sizeof latency, cs->target_ns);
	snprintf(label, sizeof label, "target %s", latency);
	plot_add_mark(p, false, cs->target_ns, label);
	report_text_add(p->caption, PLOT_ALT_NBYTES, " Target: p%g within %s.", cs->percentile,
			latency);
}

static double rate_ratio(const struct curves *cs)
{
	double low = INFINITY, high = 0;

	for (unsigned i = 0; i < cs->count; i++)
		for (unsigned k = 0; k < cs->all[i].count; k++) {
			low = fmin(low, cs->all[i].loads[k].rate);
			high = fmax(high, cs->all[i].loads[k].rate);
		}
	return high / low;
}

static void draw_others(struct plot *p, const struct curves *cs)
{
	unsigned others = 0;

	for (unsigned i = 0; i < cs->count; i++)
		others += !cs->all[i].best && cs->all[i].count > 0;
	if (others == 0)
		return;
	report_text_add(p->caption, PLOT_ALT_NBYTES,
			" With points: the settings of each engine that hold the target at "
			"the highest rate, else those of the greatest power; ");
	if (others > OTHERS_DRAWN) {
		report_text_add(p->caption, PLOT_ALT_NBYTES, "%u others are not drawn.", others);
		return;
	}
	report_text_add(p->caption, PLOT_ALT_NBYTES, "lines alone: its others.");
	for (unsigned i = 0; i < cs->count; i++)
		if (!cs->all[i].best && cs->all[i].count > 0)
			draw_loads(p, &cs->all[i], cs->all[i].name, "", PLOT_LINE, ALL);
}

static void draw(struct plot *p, const struct curves *cs, bool joined, const char *uncounted)
{
	char name[PLOT_TEXT_NBYTES], column[PLOT_TEXT_NBYTES];

	snprintf(name, sizeof name, "response time, p%g", cs->percentile);
	snprintf(column, sizeof column, "response_p%g_ns", cs->percentile);
	plot_x(p, "throughput", "requests_per_second", PLOT_PER_SECOND, rate_ratio(cs) >= LOG_FROM);
	plot_y(p, name, column, PLOT_NS, true);
	report_text_add(p->alt, PLOT_ALT_NBYTES, "Response time, p%g, over requests a second.",
			cs->percentile);
	report_text_add(
		p->caption, PLOT_ALT_NBYTES,
		"How long a response takes at most for %g %% of requests, from the time it was "
		"planned for, at each rate. Open points: %s.",
		cs->percentile, uncounted);
	if (joined)
		report_text_add(
			p->caption, PLOT_ALT_NBYTES,
			" Knee: the rate with the greatest throughput for its latency (power, "
			"Kleinrock 1979); beyond it more requests mostly wait.");
	draw_others(p, cs);
	draw_target(p, cs);
	for (unsigned i = 0; i < cs->count; i++)
		if (cs->all[i].best && cs->all[i].count > 0)
			draw_best(p, &cs->all[i], joined, uncounted);
	for (unsigned i = 0; i < cs->count; i++)
		if (cs->all[i].best && cs->all[i].count > 0)
			describe(p, cs, &cs->all[i], joined);
}

/* The rates to sweep over are those around what the slowest engine served. */
static void say_why_not(struct plot *p, const struct report *r, bool one)
{
	double slowest = INFINITY;

	for (unsigned i = 0; i < r->engine_count; i++)
		if (r->engines[i].achieved_rps < slowest)
			slowest = r->engines[i].achieved_rps;
	if (!one || !(slowest >= 1 && slowest < 1e8))
		plot_cannot(p, "no result tells several rates and their response times");
	else
		plot_cannot(
			p,
			"it was measured at one rate only: gvr sweep FILE%s --over "
			"workload.rate_iops=%.0f:%.0f:x2 shows how the response time grows with "
			"the rate",
			isnan(r->engines[0].offered_rps) ? " --set workload.scenario=server" : "",
			fmax(1, floor(slowest / 4)), ceil(slowest * 2));
}

int figure_throughput(struct plot *p, const struct report *r, struct error *e)
{
	struct curves cs = {.target_ns = NAN};
	bool one = r->result != NULL, joined = one || rate_axis(r) < r->axis_count;
	int err = 0;

	plot_init(p, PLOT_XY, "throughput", "Response time over throughput");
	if (one)
		err = read_one(&cs, r, e);
	else
		read_several(&cs, r);
	if (!err && (cs.out_of_memory || judge_all(&cs) != 0))
		err = error_set(e, -ENOMEM, "a figure: no memory");
	if (!err)
		draw(p, &cs, joined, one ? "not served as asked" : "INVALID");
	if (p->series_count == 0)
		say_why_not(p, r, one);
	free_curves(&cs);
	return err;
}
