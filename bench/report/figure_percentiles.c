/* figure_percentiles.c: the whole distribution of response times. */
#include <math.h>
#include <string.h>

#include "bench/format.h"
#include "bench/report/figure_engines.h"
#include "bench/report/report_text.h"

#define POINTS_MAX 1000u /* some 40 are written */

/* One point of the curve: [percentile, ns]. */
static bool read_point(const json_t *point, double *percentile, double *ns)
{
	const json_t *x = json_array_get(point, 0), *y = json_array_get(point, 1);

	*percentile = json_number_value(x);
	*ns = json_number_value(y);
	return json_array_size(point) == 2 && json_is_number(x) && json_is_number(y) &&
	       *percentile >= 0 && *percentile < 100 && *ns >= 0 && *ns <= 1e21;
}

static void add_curve(struct plot *p, struct figure_engines *all,
		      const struct figure_engine *engine, const json_t *curve)
{
	struct plot_series *s =
		plot_add_series(p, engine->name, engine->name, PLOT_LINE, engine->colour);
	double before = 0, percentile, ns;

	for (size_t i = 0; i < json_array_size(curve); i++) {
		if (!read_point(json_array_get(curve, i), &percentile, &ns) ||
		    percentile < before) {
			json_reader_damaged(&all->json, "response_curve",
					    "not points [percentile, ns] in order");
			return;
		}
		if (percentile > 0) /* the least of all is an exception, orders of magnitude away */
			plot_add_point(p, s, percentile, ns);
		before = percentile;
	}
}

/* "retrieve: 50 % within 343 us, 99 % within 5.11 ms, all within 7.49 ms" */
static void describe(struct plot *p, struct figure_engines *all, const struct figure_engine *engine)
{
	char p50[32], p99[32], max[32];

	format_ns(p50, sizeof p50, figure_number(all, engine, "response_ns.percentile.50"));
	format_ns(p99, sizeof p99, figure_number(all, engine, "response_ns.percentile.99"));
	format_ns(max, sizeof max, figure_number(all, engine, "response_ns.max"));
	report_text_item(p->alt, sizeof p->alt,
			 "%s: 50 %% within %s, 99 %% within %s, all within %s", engine->name, p50,
			 p99, max);
}

/* Adds what is to be seen of an engine; false: it answered nothing. */
static bool add_engine(struct plot *p, struct figure_engines *all,
		       const struct figure_engine *engine)
{
	const json_t *curve = json_object_get(engine->json, "response_curve");

	all->json.label = engine->label;
	if (!json_is_array(curve))
		json_reader_damaged(&all->json, "response_curve", "missing, or not an array");
	if (json_array_size(curve) > POINTS_MAX)
		json_reader_damaged(&all->json, "response_curve", "more points than any run has");
	if (all->json.err != 0)
		return false;
	if (json_array_size(curve) == 0) {
		report_text_item(p->alt, sizeof p->alt, "%s: nothing, it completed no request",
				 engine->name);
		return false;
	}
	add_curve(p, all, engine, curve);
	describe(p, all, engine);
	return true;
}

/* "50ms" as people write it; it is a time. */
static void format_target(char *out, size_t capacity, const char *text)
{
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text[digits] != '\0' ? text + digits : "s";

	report_text(out, capacity, "target %.*s %s", (int)digits, text, unit);
}

/* The response time to hold, if there is one. */
static void add_target(struct plot *p, struct figure_engines *all)
{
	char label[PLOT_TEXT_NBYTES];
	uint64_t ns = 0;

	all->json.label = "";
	if (json_object_get(json_object_get(all->result, "workload"), "target_latency") == NULL)
		return;
	const char *text = json_reader_text(&all->json, all->result, "workload.target_latency");
	const char *percentile =
		json_reader_text(&all->json, all->result, "workload.target_latency_percentile");
	if (workload_time(text, &ns) != 0)
		json_reader_damaged(&all->json, "workload.target_latency", "not a time");
	if (all->json.err != 0)
		return;
	format_target(label, sizeof label, text);
	plot_add_mark(p, false, (double)ns, label);
	report_text_add(p->caption, sizeof p->caption, " The %s is for %s %% of them.", label,
			percentile);
	report_text_item(p->alt, sizeof p->alt, "%s for %s %% of the requests", label, percentile);
}

/* How requests came. */
static void explain_scenario(struct plot *p, struct figure_engines *all)
{
	char rates[64];

	all->json.label = "";
	const char *scenario = json_reader_text(&all->json, all->result, "workload.scenario");
	report_text_add(p->caption, sizeof p->caption,
			"Response time is done - planned, what a user waits: ");
	if (strcmp(scenario, "server") != 0) {
		report_text_add(p->caption, sizeof p->caption, "%s",
				strcmp(scenario, "offline") == 0
					? "offline, it holds the wait among the iodepth requests "
					  "that are in flight."
					: "one request comes when the one before it is done.");
		return;
	}
	const char *rate = json_reader_text(&all->json, all->result, "workload.rate_iops");
	report_text(rates, sizeof rates, "%s", rate);
	report_text_add(p->caption, sizeof p->caption,
			"requests come at their planned times, whether or not the engine keeps "
			"up (open loop), ");
	if (strcmp(rate, "peak") == 0)
		report_text_add(p->caption, sizeof p->caption,
				"at the highest rate that each engine held.");
	else
		report_text_add(p->caption, sizeof p->caption, "%s a second%s.", rates,
				strchr(rate, ',') != NULL ? ", all these steps together" : "");
}

static void explain_counts(struct plot *p, struct figure_engines *all)
{
	char counts[512] = "", missing[512] = "";

	for (unsigned i = 0; i < all->count; i++) {
		const struct figure_engine *engine = &all->of[i];
		double completed = figure_number(all, engine, "requests.completed");
		if (json_array_size(json_object_get(engine->json, "response_curve")) == 0)
			report_text_item(missing, sizeof missing, "%s", engine->name);
		else
			report_text_item(counts, sizeof counts, "%s %.0f", engine->name, completed);
	}
	report_text_add(
		p->caption, sizeof p->caption,
		" Requests: %s. Each step to the right (90 %%, 99 %%, 99.9 %%) leaves a tenth "
		"of those before; a curve ends at 99.99 %%, or where less than one request is "
		"left and its last points rest on few.",
		counts);
	if (missing[0] != '\0')
		report_text_add(p->caption, sizeof p->caption,
				" Without a curve, as it completed no request: %s.", missing);
}

int figure_percentiles(struct plot *p, const struct report *r, struct error *e)
{
	struct figure_engines all;
	unsigned drawn = 0;

	plot_init(p, PLOT_XY, "response_time", "Response time over the percentile of requests");
	plot_x(p, "requests that were faster", "percentile", PLOT_PERCENTILE, false);
	plot_y(p, "response time", "response_ns", PLOT_NS, true);
	if (figure_engines_read(&all, r, e) != 0)
		return all.json.err;
	for (unsigned i = 0; i < all.count; i++)
		drawn += add_engine(p, &all, &all.of[i]);
	if (drawn == 0)
		plot_cannot(p, "no engine completed a request");
	explain_scenario(p, &all);
	explain_counts(p, &all);
	add_target(p, &all);
	return all.json.err;
}
