/*
 * test_report_many.c: figures of what a result means and of several results
 * together: that they show the figures of result.json and nothing else.
 */
#include "tests/test.h"

#include <jansson.h>
#include <math.h>

#include "bench/breakeven.h"
#include "bench/builtin.h"
#include "bench/energy_json.h"
#include "bench/json_values.h"
#include "bench/report/report.h"

#define SECOND_DAYS (1.0 / 86400)

static struct plot plot;
static struct error error;

static int teardown(void **state)
{
	(void)state;
	plot_free(&plot);
	return 0;
}

static void draw(report_figure *figure, const struct report *r)
{
	plot_free(&plot);
	error.text[0] = '\0';
	if (figure(&plot, r, &error) != 0)
		fail_msg("%s", error.text);
	assert_false(plot.out_of_memory);
}

static const struct plot_series *series(const char *name, enum plot_style style)
{
	for (unsigned i = 0; i < plot.series_count; i++)
		if (strcmp(plot.series[i].name, name) == 0 && plot.series[i].style == style)
			return &plot.series[i];
	return NULL;
}

static double y_at(const struct plot_series *s, double x)
{
	for (unsigned i = 0; s != NULL && i < s->count; i++)
		if (s->x[i] == x)
			return s->y[i];
	return NAN;
}

static bool has_note(const char *label)
{
	for (unsigned i = 0; i < plot.note_count; i++)
		if (strcmp(plot.notes[i].label, label) == 0)
			return true;
	return false;
}

static bool has_mark(const char *label, bool vertical, double at)
{
	for (unsigned i = 0; i < plot.mark_count; i++)
		if (strcmp(plot.marks[i].label, label) == 0 && plot.marks[i].at == at &&
		    plot.marks[i].vertical == vertical)
			return true;
	return false;
}

/* ---- a result ---- */

static json_t *percentiles(double ns)
{
	return json_pack("{s:{s:f,s:f}}", "percentile", "50", ns, "99", 2 * ns);
}

/* An engine of 130 contents of 4096 bytes. */
static json_t *engine(const char *kind, double cpu_us, double ratio, double shared)
{
	double content = 130 * 4096.0;
	json_t *modelled = json_pack("{s:f,s:f,s:b}", "device_reads_per_request", 1.0,
				     "device_bytes_per_request", 4096.0, "device_assumed", 0);
	struct figure joules = {cpu_us * 3e-6, cpu_us * 5.5e-6, cpu_us * 12e-6};
	json_t *energy =
		json_pack("{s:s,s:s,s:n,s:o,s:o}", "kind", "modelled", "source", "x", "scope",
			  "joules_per_request", json_range(joules), "modelled", modelled);
	json_t *bytes = json_pack("{s:f,s:f,s:f,s:f,s:f,s:f,s:n}", "content", content,
				  "served_per_request", 4096.0, "at_rest_per_content_byte", ratio,
				  "shared_at_rest", shared, "at_rest", 1000 + content * ratio,
				  "at_rest_fixed", 1000.0, "extrapolated");
	return json_pack("{s:s,s:{s:i},s:f,s:f,s:o,s:{s:f},s:o,s:o,s:o,s:[],s:[],s:n}", "kind",
			 kind, "requests", "completed", 100, "offered_rps", 40.0, "achieved_rps",
			 40.0, "bytes", bytes, "cpu", "us_per_request", cpu_us, "energy", energy,
			 "response_ns", percentiles(1000 * cpu_us), "service_ns",
			 percentiles(1000 * cpu_us), "rounds", "steps", "peak");
}

/* Of which figures are drawn; a report takes its root over. */
static json_t *result_of(json_t *store, json_t *make)
{
	static struct constants platform;
	json_t *root = json_object(), *engines = json_object();
	if (store != NULL)
		json_put(engines, "retrieve", store);
	json_put(engines, "generate", make);
	assert_int_equal(platform_read(&platform, "server", &error), 0);
	json_put(root, "platform", constants_json(&platform, &platform_table));
	json_put(root, "engines", engines);
	json_put(root, "workload",
		 json_pack("{s:s,s:s,s:i}", "scenario", "server", "contexts", "1", "content_count",
			   130));
	return root;
}

static json_t *usual_result(void)
{
	return result_of(engine("retrieve", 100, 0.25, 1e6), engine("generate", 3000, 0.15, 4e6));
}

/* Its break-even, with a price of its own. */
static void add_breakeven(json_t *root, enum price_constant price, double value)
{
	static struct constants prices;
	json_t *b;
	assert_int_equal(prices_read(&prices, NULL, &error), 0);
	prices.values[price].value = (struct figure){value, value, value};
	if (breakeven_of(&b, root, NULL, &prices, 0, "r.json", &error) != 0)
		fail_msg("%s", error.text);
	json_put(root, "breakeven", b);
}

/* A report as report_read would fill it, of one result. */
struct one {
	struct report report;
	struct report_run run;
	struct report_engine engines[8];
};

static struct report_engine engine_of(const char *label, const json_t *e)
{
	return (struct report_engine){
		.label = (char *)(uintptr_t)label,
		.kind = (char *)(uintptr_t)json_string_value(json_object_get(e, "kind")),
		.offered_rps = json_number_at(e, "offered_rps"),
		.achieved_rps = json_number_at(e, "achieved_rps"),
		.response_p99_ns = json_number_at(e, "response_ns.percentile.99"),
		.content_bytes = json_number_at(e, "bytes.content"),
		.at_rest_bytes = json_number_at(e, "bytes.at_rest"),
		.at_rest_fixed_bytes = json_number_at(e, "bytes.at_rest_fixed"),
		.shared_bytes = json_number_at(e, "bytes.shared_at_rest"),
		.joules = {NAN, json_number_at(e, "energy.joules_per_request.nominal"), NAN},
		.energy_kind = (char *)"modelled",
	};
}

static struct one *report_of(json_t *root)
{
	static struct one one;
	const char *label;
	json_t *e;
	if (one.report.result != NULL)
		json_decref((json_t *)(uintptr_t)one.report.result);
	one = (struct one){.run = {.name = (char *)"pages",
				   .folder = (char *)"out/pages",
				   .verdict = (char *)"",
				   .valid = true,
				   .contexts = 1,
				   .interval_days = NAN,
				   .target_latency_ns = NAN,
				   .target_percentile = 99}};
	json_object_foreach(json_object_get(root, "engines"), label, e)
	{
		one.engines[one.report.engine_count] = engine_of(label, e);
		one.engines[one.report.engine_count].colour = one.report.engine_count;
		one.report.engine_count++;
	}
	one.report.runs = &one.run;
	one.report.run_count = 1;
	one.report.engines = one.engines;
	one.report.result = root;
	one.report.result_path = "r.json";
	return &one;
}

static double interval_of(const struct one *o)
{
	return json_number_at(o->report.result, "breakeven.money.interval_days");
}

static void assert_damaged(report_figure *figure, const struct one *o, const char *where)
{
	plot_free(&plot);
	assert_int_equal(figure(&plot, &o->report, &error), -EBADMSG);
	if (strstr(error.text, where) == NULL)
		fail_msg("no %s in: %s", where, error.text);
}

/* ---- maps ---- */

/* On the grid, between its points, and beyond its end. */
static void the_line_meets_the_interval_of_the_result(void **state)
{
	const double copies[] = {1, 3, 3.3, 20}, usd[] = {0.1, 0.123, 0.001, 7};
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		json_t *root = usual_result();
		add_breakeven(root, PRICE_REPLICAS, copies[i]);
		struct one *o = report_of(root);
		draw(figure_map_replicas, &o->report);
		assert_true(y_at(series("break-even", PLOT_LINE), copies[i]) == interval_of(o));
		assert_true(plot.x.low == 1 && plot.x.high == fmax(10, copies[i]));
		root = usual_result();
		add_breakeven(root, PRICE_SSD_USD_PER_GB, usd[i]);
		o = report_of(root);
		draw(figure_map_ssd_price, &o->report);
		assert_true(y_at(series("break-even", PLOT_LINE), usd[i]) == interval_of(o));
		assert_true(plot.x.low == fmin(0.01, usd[i]) && plot.x.high == fmax(1, usd[i]));
	}
}

static void ten_copies_make_the_interval_ten_times_shorter(void **state)
{
	(void)state;
	json_t *root = usual_result();
	add_breakeven(root, PRICE_REPLICAS, 1);
	draw(figure_map_replicas, &report_of(root)->report);
	const struct plot_series *line = series("break-even", PLOT_LINE);
	for (unsigned copies = 2; copies <= 10; copies++)
		assert_true(fabs(y_at(line, copies) * copies / y_at(line, 1) - 1) < 1e-5);
}

/* From the axis to the band, the band, from the band to the other end. */
static void the_areas_fill_the_map(void **state)
{
	(void)state;
	json_t *root = usual_result();
	add_breakeven(root, PRICE_REPLICAS, 1);
	draw(figure_map_replicas, &report_of(root)->report);
	const struct plot_series *store = series("store", PLOT_AREA);
	const struct plot_series *band = series("likely range", PLOT_AREA);
	const struct plot_series *make = series("regenerate", PLOT_AREA);
	const struct plot_series *line = series("break-even", PLOT_LINE);
	assert_true(store->count == line->count && make->count == line->count);
	for (unsigned i = 0; i < line->count; i++) {
		assert_true(store->y[i] == plot.y.low && store->high[i] == band->y[i]);
		assert_true(band->y[i] < line->y[i] && line->y[i] < band->high[i]);
		assert_true(make->y[i] == band->high[i] && make->high[i] == plot.y.high);
	}
}

static void the_map_shows_where_this_run_is(void **state)
{
	(void)state;
	json_t *root = usual_result();
	add_breakeven(root, PRICE_REPLICAS, 3);
	struct one *o = report_of(root);
	double asked = json_number_at(root, "breakeven.asked_every_days");
	draw(figure_map_replicas, &o->report);
	assert_true(has_mark("today: 3 copies", true, 3));
	/* 130 contents at 40 requests a second */
	assert_true(has_note("this run: 3.25 s"));
	assert_true(fabs(asked / (3.25 * SECOND_DAYS) - 1) < 1e-5);
	assert_true(plot.notes[0].x == 3 && plot.notes[0].y == asked);
	assert_true(plot.y.low < asked && asked < plot.y.high);
	assert_non_null(strstr(plot.caption, "Built-in prices"));
	assert_non_null(strstr(plot.caption, "modelled to make"));
	assert_non_null(strstr(plot.alt, "With 10 copies storing wins"));
}

static void a_price_of_nothing_is_not_on_a_logarithmic_axis(void **state)
{
	(void)state;
	json_t *root = usual_result();
	add_breakeven(root, PRICE_SSD_USD_PER_GB, 0);
	draw(figure_map_ssd_price, &report_of(root)->report);
	assert_true(plot.x.low == 0.01);
	assert_int_equal(plot.mark_count + plot.note_count, 0);
	assert_non_null(strstr(plot.caption, "Today's value, 0, is not on this axis."));
}

static void one_side_may_win_everywhere(void **state)
{
	(void)state;
	json_t *root = result_of(engine("retrieve", 100, 1, 0), engine("generate", 10, 0, 0));
	add_breakeven(root, PRICE_REPLICAS, 1);
	draw(figure_map_replicas, &report_of(root)->report);
	assert_null(series("store", PLOT_AREA));
	assert_null(series("break-even", PLOT_LINE));
	assert_true(series("regenerate", PLOT_AREA)->y[0] == plot.y.low);
	assert_non_null(strstr(plot.alt, "regenerating wins at every interval"));

	root = result_of(engine("retrieve", 100, 0.1, 0), engine("generate", 9000, 0.2, 0));
	add_breakeven(root, PRICE_REPLICAS, 1);
	draw(figure_map_replicas, &report_of(root)->report);
	assert_null(series("regenerate", PLOT_AREA));
	assert_true(series("store", PLOT_AREA)->high[0] == plot.y.high);
	assert_non_null(strstr(plot.alt, "storing wins at every interval"));
}

/* Cheaper to make, and dearer to keep. */
static void reversed_is_drawn_the_other_way_round(void **state)
{
	(void)state;
	json_t *root = result_of(engine("retrieve", 100, 0.1, 0), engine("generate", 10, 0.2, 0));
	add_breakeven(root, PRICE_REPLICAS, 1);
	struct one *o = report_of(root);
	assert_string_equal(json_string_value(json_member(root, "breakeven.money.outcome")),
			    "reversed");
	draw(figure_map_replicas, &o->report);
	assert_true(series("regenerate", PLOT_AREA)->y[0] == plot.y.low);
	assert_true(series("store", PLOT_AREA)->high[0] == plot.y.high);
	assert_true(y_at(series("break-even", PLOT_LINE), 1) == interval_of(o));
	assert_non_null(strstr(plot.alt, "With 1 copy regenerating wins for what is asked"));
}

static void where_both_cost_the_same_nothing_is_claimed(void **state)
{
	(void)state;
	json_t *root = result_of(engine("retrieve", 10, 0.1, 0), engine("generate", 10, 0.1, 0));
	add_breakeven(root, PRICE_REPLICAS, 1);
	draw(figure_map_replicas, &report_of(root)->report);
	assert_int_equal(plot.series_count, 1);
	assert_int_equal(plot.series[0].colour, PLOT_UNSURE_AREA);
	assert_non_null(strstr(plot.alt, "With 1 copy both cost the same."));
}

static void without_a_pair_there_is_no_map(void **state)
{
	(void)state;
	json_t *root = result_of(NULL, engine("generate", 10, 0.1, 0));
	add_breakeven(root, PRICE_REPLICAS, 1);
	draw(figure_map_replicas, &report_of(root)->report);
	assert_non_null(strstr(plot.why_not, "no break-even: it takes an engine of kind retrieve"));
	assert_int_equal(plot.series_count, 0);
}

static void a_damaged_break_even_names_the_place(void **state)
{
	(void)state;
	json_t *root = usual_result();
	assert_damaged(figure_map_replicas, report_of(root), "r.json: ");
	root = usual_result();
	add_breakeven(root, PRICE_REPLICAS, 1);
	json_object_del((json_t *)(uintptr_t)json_member(root, "breakeven.prices.constants"),
			"pue");
	assert_damaged(figure_map_ssd_price, report_of(root), "constants.pue");
	/* a break-even of other engines than these */
	root = usual_result();
	add_breakeven(root, PRICE_REPLICAS, 1);
	json_object_del(json_object_get(root, "engines"), "retrieve");
	assert_damaged(figure_map_replicas, report_of(root), "does not belong to its engines");
	root = usual_result();
	add_breakeven(root, PRICE_REPLICAS, 1);
	json_object_del(root, "platform");
	assert_damaged(figure_map_replicas, report_of(root), "platform");
	root = usual_result();
	add_breakeven(root, PRICE_REPLICAS, 1);
	json_object_del(json_object_get(root, "breakeven"), "asked_every_days");
	assert_damaged(figure_map_replicas, report_of(root), "breakeven.asked_every_days: missing");
}

/* ---- contexts ---- */

static void extrapolate(json_t *root, const char *label, double contexts, double at_rest)
{
	json_t *e = json_object_get(json_object_get(root, "engines"), label);
	double shared = json_number_at(e, "bytes.shared_at_rest");
	json_put(json_object_get(e, "bytes"), "extrapolated",
		 json_pack("{s:f,s:f,s:f,s:s}", "contexts", contexts, "at_rest", at_rest,
			   "shared_at_rest", shared, "how", "x"));
}

static void what_more_contexts_take_ends_where_the_result_says(void **state)
{
	(void)state;
	json_t *root =
		result_of(engine("retrieve", 100, 0.25, 1e6), engine("generate", 30, 0, 4e6));
	double each = 130 * 4096 * 0.25 / 4;
	json_t *make = json_object_get(json_object_get(root, "engines"), "generate");
	json_put(json_object_get(make, "bytes"), "at_rest", json_real(1000));
	extrapolate(root, "retrieve", 1e6, 1000 + each * 1e6);
	extrapolate(root, "generate", 1e6, 1000);
	add_breakeven(root, PRICE_REPLICAS, 1);
	struct one *o = report_of(root);
	o->run.contexts = 4;
	draw(figure_contexts, &o->report);
	const struct plot_series *store = series("retrieve, extrapolated", PLOT_DASHED);
	const struct plot_series *flat = series("generate, extrapolated", PLOT_DASHED);
	assert_true(y_at(store, 1e6) == 1000 + each * 1e6 + 1e6);
	assert_true(fabs(y_at(store, 1) - (1000 + each + 1e6)) < 1e-6);
	assert_true(y_at(flat, 1) == 4001000 && y_at(flat, 1e6) == 4001000);
	/* what was stored is a point on the line */
	assert_true(y_at(series("retrieve", PLOT_POINTS), 4) == 1000 + 4 * each + 1e6);
	/* 3e6 bytes more of a model, 33 280 for each context */
	assert_true(has_note("equal at 90.1 contexts"));
	assert_non_null(strstr(plot.alt, "retrieve takes more than generate from 91 contexts on."));
}

static void one_context_alone_tells_nothing_of_more(void **state)
{
	(void)state;
	json_t *root = usual_result();
	draw(figure_contexts, &report_of(root)->report);
	assert_non_null(strstr(plot.why_not, "no personal variants"));
	struct one *o = report_of(usual_result());
	o->run.contexts = 3;
	draw(figure_contexts, &o->report);
	assert_string_equal(plot.why_not, "");
	assert_non_null(series("retrieve", PLOT_POINTS));
	assert_null(series("retrieve, extrapolated", PLOT_DASHED));
}

static void a_damaged_extrapolation_names_the_place(void **state)
{
	(void)state;
	json_t *root = usual_result();
	extrapolate(root, "generate", 1000, 1e9);
	json_t *e = json_object_get(json_object_get(root, "engines"), "generate");
	json_object_set_new(json_object_get(json_object_get(e, "bytes"), "extrapolated"), "at_rest",
			    json_string("much"));
	assert_damaged(figure_contexts, report_of(root),
		       "engines.generate.bytes.extrapolated.at_rest");
}

/* ---- throughput of one result ---- */

static void add_step(json_t *e, double rate, int planned, int completed, double p99_ns)
{
	json_array_append_new(json_object_get(e, "steps"),
			      json_pack("{s:f,s:i,s:i,s:{s:{s:f,s:f}}}", "rate_iops", rate,
					"planned", planned, "completed", completed, "response_ns",
					"percentile", "50", p99_ns / 2, "99", p99_ns));
}

static void steps_of_a_rate_show_the_knee_and_the_target(void **state)
{
	(void)state;
	json_t *root = usual_result(), *engines = json_object_get(root, "engines");
	json_t *store = json_object_get(engines, "retrieve");
	json_t *make = json_object_get(engines, "generate");
	const double ns[] = {1e6, 1.5e6, 2e6, 4e7};
	for (unsigned i = 0; i < 4; i++) {
		add_step(store, 100 << i, 100, 100, ns[i]);
		add_step(make, 100 << i, 100, i < 2 ? 100 : 60, 100 * ns[i]);
	}
	struct one *o = report_of(root);
	o->run.target_latency_ns = 1.2e8;
	draw(figure_throughput, &o->report);
	assert_string_equal(plot.why_not, "");
	const struct plot_series *line = series("retrieve", PLOT_LINE_POINTS);
	assert_int_equal(line->count, 4);
	assert_true(y_at(line, 800) == 4e7);
	assert_true(has_note("knee 400/s"));
	assert_true(has_mark("target 120 ms", false, 1.2e8));
	/* of the other, two steps were not served: open, and no knee */
	assert_int_equal(series("generate", PLOT_LINE)->count, 4);
	assert_int_equal(series("generate", PLOT_POINTS)->count, 2);
	assert_int_equal(series("generate, not served as asked", PLOT_OPEN_POINTS)->count, 2);
	assert_true(has_note("knee ≥ 200/s"));
	assert_non_null(strstr(plot.caption, "retrieve holds it up to 800/s."));
	assert_non_null(strstr(plot.caption, "generate holds it up to 100/s."));
	assert_non_null(strstr(plot.alt, "2.00 ms at 400/s"));
}

static void a_target_of_a_percentile_that_is_not_there_is_left_out(void **state)
{
	(void)state;
	json_t *root = usual_result();
	json_t *e = json_object_get(json_object_get(root, "engines"), "retrieve");
	add_step(e, 100, 10, 10, 1e6);
	add_step(e, 200, 10, 10, 2e6);
	struct one *o = report_of(root);
	o->run.target_latency_ns = 5e6;
	o->run.target_percentile = 95;
	draw(figure_throughput, &o->report);
	assert_int_equal(plot.mark_count, 0);
	assert_string_equal(plot.y.name, "response time, p99");
	o->run.target_percentile = 50;
	draw(figure_throughput, &o->report);
	assert_true(y_at(series("retrieve", PLOT_LINE_POINTS), 200) == 1e6);
	assert_true(has_mark("target 5.00 ms", false, 5e6));
}

static void one_rate_is_no_curve(void **state)
{
	(void)state;
	draw(figure_throughput, &report_of(usual_result())->report);
	assert_non_null(strstr(plot.why_not, "gvr sweep"));
}

/* In the order of the search, which is not that of the rates. */
static void the_search_of_a_peak_is_a_curve(void **state)
{
	const double rates[] = {800, 100, 400, 600}, ns[] = {9e8, 1e6, 2e6, 8e7};
	(void)state;
	json_t *root = usual_result(), *probes = json_array();
	json_t *e = json_object_get(json_object_get(root, "engines"), "retrieve");
	for (unsigned i = 0; i < 4; i++)
		json_array_append_new(probes, json_pack("{s:f,s:f,s:b}", "rate_iops", rates[i],
							"latency_ns", ns[i], "held", ns[i] < 5e7));
	json_put(e, "peak", json_pack("{s:f,s:O}", "rate_iops", 400.0, "probes", probes));
	struct one *o = report_of(root);
	o->run.target_latency_ns = 5e7;
	o->run.target_percentile = 97;
	draw(figure_throughput, &o->report);
	const struct plot_series *line = series("retrieve", PLOT_LINE);
	assert_int_equal(line->count, 4);
	for (unsigned i = 1; i < 4; i++)
		assert_true(line->x[i - 1] < line->x[i]);
	assert_int_equal(series("retrieve, not served as asked", PLOT_OPEN_POINTS)->count, 2);
	assert_non_null(strstr(plot.caption, "retrieve holds it up to 400/s."));
	assert_string_equal(plot.y.name, "response time, p97");
	json_object_del(json_array_get(probes, 0), "held");
	json_decref(probes);
	assert_damaged(figure_throughput, o, "peak.probes.held");
}

/* ---- several results ---- */

#define RUNS_MAX 70u

/* A report of results that differ in up to two settings. */
struct many {
	struct report report;
	struct report_run runs[RUNS_MAX];
	struct report_engine engines[2 * RUNS_MAX];
	char *axes[2];
	char *settings[RUNS_MAX][2];
};

static struct many *many_of(const char *first_axis, const char *second_axis)
{
	static struct many m;
	memset(&m, 0, sizeof m);
	m.axes[0] = (char *)(uintptr_t)first_axis;
	m.axes[1] = (char *)(uintptr_t)second_axis;
	m.report = (struct report){
		.runs = m.runs, .engines = m.engines, .axes = m.axes, .axis_count = 2};
	return &m;
}

static struct report_run *add_run(struct many *m, const char *first, const char *second)
{
	unsigned i = m->report.run_count++;
	m->settings[i][0] = (char *)(uintptr_t)first;
	m->settings[i][1] = (char *)(uintptr_t)second;
	m->runs[i] = (struct report_run){.name = (char *)"pages",
					 .folder = (char *)"out/pages",
					 .verdict = (char *)"",
					 .valid = true,
					 .contexts = 1,
					 .interval_days = NAN,
					 .likely_days = {NAN, NAN},
					 .target_latency_ns = NAN,
					 .target_percentile = 99,
					 .first_engine = m->report.engine_count,
					 .settings = m->settings[i]};
	return &m->runs[i];
}

/* To the last result. */
static struct report_engine *add_engine(struct many *m, const char *label, double rps,
					double p99_ns)
{
	struct report_engine *e = &m->engines[m->report.engine_count++];
	bool stores = strcmp(label, "retrieve") == 0;
	*e = (struct report_engine){.run = m->report.run_count - 1,
				    .colour = stores ? 0 : 1,
				    .label = (char *)(uintptr_t)label,
				    .kind = (char *)(uintptr_t)label,
				    .offered_rps = rps,
				    .achieved_rps = rps,
				    .response_p99_ns = p99_ns,
				    .content_bytes = 1e6,
				    .at_rest_bytes = stores ? 3e5 : 1e5,
				    .shared_bytes = 1e5,
				    .joules = {NAN, stores ? 0.001 : 0.1, NAN},
				    .energy_kind = (char *)"modelled"};
	m->runs[e->run].engine_count++;
	return e;
}

/* Two depths at four rates, the highest first. */
static struct many *a_sweep(void)
{
	static const char *const rates[] = {"4000", "2000", "1000", "500"};
	struct many *m = many_of("workload.rate_iops", "generate.iodepth");
	for (unsigned depth = 0; depth < 2; depth++)
		for (unsigned i = 0; i < 4; i++) {
			double rate = strtod(rates[i], NULL);
			struct report_run *run = add_run(m, rates[i], depth == 0 ? "1" : "8");
			run->target_latency_ns = 1e8;
			run->valid = i > 0 || depth == 1;
			add_engine(m, "retrieve", rate, 1e6);
			add_engine(m, "generate", rate, (depth == 0 ? 2e7 : 1e7) * rate / 500);
		}
	return m;
}

static void a_sweep_gives_a_curve_for_each_setting(void **state)
{
	(void)state;
	draw(figure_throughput, &a_sweep()->report);
	/* the deeper queue holds the target up to 4000, the other up to 2000 */
	const struct plot_series *best = series("generate, iodepth 8", PLOT_LINE_POINTS);
	assert_non_null(best);
	assert_string_equal(best->label, "generate, iodepth 8");
	for (unsigned i = 1; i < 4; i++)
		assert_true(best->x[i - 1] < best->x[i]);
	const struct plot_series *other = series("generate, iodepth 1", PLOT_LINE);
	assert_int_equal(other->count, 4);
	assert_string_equal(other->label, "");
	assert_true(has_mark("target 100 ms", false, 1e8));
	assert_non_null(strstr(plot.caption, "generate, iodepth 8 holds it up to 4000/s."));
	assert_non_null(strstr(plot.caption, "lines alone"));
}

static void many_settings_are_not_a_thicket_of_lines(void **state)
{
	static char depths[30][8];
	(void)state;
	struct many *m = many_of("workload.rate_iops", "generate.iodepth");
	for (unsigned i = 0; i < 60; i++) {
		snprintf(depths[i / 2], sizeof depths[0], "%u", i / 2 + 1);
		add_run(m, i % 2 == 0 ? "100" : "200", depths[i / 2]);
		add_engine(m, "generate", i % 2 == 0 ? 100 : 200, 1e7 / (i / 2 + 1));
	}
	draw(figure_throughput, &m->report);
	assert_int_equal(plot.series_count, 1);
	assert_string_equal(plot.series[0].label, "generate, iodepth 30");
	assert_non_null(strstr(plot.caption, "29 others are not drawn."));
}

static void an_invalid_result_is_an_open_point_and_holds_nothing(void **state)
{
	(void)state;
	struct many *m = a_sweep();
	m->report.run_count = 4;
	m->report.engine_count = 8;
	draw(figure_throughput, &m->report);
	const struct plot_series *open = series("generate, iodepth 1, INVALID", PLOT_OPEN_POINTS);
	assert_int_equal(open->count, 1);
	assert_true(open->x[0] == 4000);
	assert_true(has_note("knee ≥ 2000/s"));
	assert_non_null(strstr(plot.caption, "retrieve, iodepth 1 holds it up to 2000/s."));
}

static void targets_that_differ_are_not_drawn(void **state)
{
	(void)state;
	struct many *m = a_sweep();
	m->runs[3].target_latency_ns = 2e8;
	draw(figure_throughput, &m->report);
	assert_int_equal(plot.mark_count, 0);
}

static void results_at_one_rate_are_points(void **state)
{
	(void)state;
	struct many *m = many_of("workload.size", "generate.iodepth");
	add_run(m, "1KiB", "1");
	add_engine(m, "generate", 40, 1e6);
	add_run(m, "4KiB", "1");
	add_engine(m, "generate", 40, 3e6);
	draw(figure_throughput, &m->report);
	assert_int_equal(plot.series_count, 1);
	assert_int_equal(plot.series[0].style, PLOT_POINTS);
	assert_int_equal(plot.series[0].count, 2);
	assert_int_equal(plot.note_count, 0);
}

static void the_front_is_filled_and_named_by_its_settings(void **state)
{
	(void)state;
	struct many *m = a_sweep();
	draw(figure_pareto_bytes, &m->report);
	/* equal runs of the store: all in front; the slower generators are not */
	assert_int_equal(series("generate, rate_iops 500, iodepth 8", PLOT_POINTS)->count, 1);
	assert_null(series("generate, rate_iops 500, iodepth 1", PLOT_POINTS));
	assert_true(series("generate, rate_iops 500, iodepth 8", PLOT_POINTS)->x[0] == 0.2);
	assert_int_equal(series("generate, dominated or INVALID", PLOT_OPEN_POINTS)->count, 7);
	/* the INVALID one is as good as the others of its kind */
	assert_null(series("retrieve, rate_iops 4000, iodepth 1", PLOT_POINTS));
	assert_non_null(series("retrieve, rate_iops 4000, iodepth 8", PLOT_POINTS));
	assert_non_null(strstr(plot.caption, "Points of INVALID results (2)"));
	assert_non_null(strstr(plot.alt, "generate, rate_iops 500, iodepth 8 (0.2 bytes, p99 10.0 "
					 "ms, 100 mJ modelled)"));
	draw(figure_pareto_energy, &m->report);
	assert_true(series("generate, rate_iops 500, iodepth 8", PLOT_POINTS)->x[0] == 0.1);
	assert_true(plot.x.log);
}

static void what_lacks_a_value_is_left_out_and_said(void **state)
{
	(void)state;
	struct many *m = many_of("workload.size", "generate.iodepth");
	add_run(m, "1KiB", "1");
	add_engine(m, "generate", 40, 1e6)->joules.nominal = NAN;
	draw(figure_pareto_energy, &m->report);
	assert_non_null(strstr(plot.why_not, "are known"));
	add_engine(m, "retrieve", 40, 1e6);
	add_engine(m, "null", 40, 1);
	draw(figure_pareto_energy, &m->report);
	assert_non_null(strstr(plot.why_not, "one engine alone"));
	add_engine(m, "retrieve", 40, 2e6)->joules.nominal = 0.0005;
	draw(figure_pareto_energy, &m->report);
	assert_string_equal(plot.why_not, "");
	assert_int_equal(plot.series_count, 2);
	assert_non_null(strstr(plot.caption, "is not known: 1."));
}

static void nothing_at_rest_is_drawn_on_a_linear_axis(void **state)
{
	(void)state;
	struct many *m = many_of("workload.size", "generate.iodepth");
	add_run(m, "1KiB", "1");
	struct report_engine *e = add_engine(m, "generate", 40, 1e6);
	e->at_rest_bytes = e->shared_bytes = 0;
	add_engine(m, "retrieve", 40, 2e6);
	draw(figure_pareto_bytes, &m->report);
	assert_false(plot.x.log);
	assert_true(series("generate", PLOT_POINTS)->x[0] == 0);
}

static void contexts_that_were_swept_are_joined(void **state)
{
	static const char *const contexts[] = {"100", "1", "10"};
	(void)state;
	struct many *m = many_of("workload.contexts", "generate.iodepth");
	for (unsigned i = 0; i < 6; i++) {
		struct report_run *run = add_run(m, contexts[i % 3], i < 3 ? "1" : "8");
		run->contexts = strtod(contexts[i % 3], NULL);
		struct report_engine *e = add_engine(m, "retrieve", 40, 1e6);
		e->at_rest_fixed_bytes = 1000;
		e->at_rest_bytes = 1000 + 500 * run->contexts;
		e->shared_bytes = 0;
	}
	draw(figure_contexts, &m->report);
	const struct plot_series *line = series("retrieve", PLOT_LINE_POINTS);
	assert_int_equal(line->count, 3); /* of the first combination alone */
	for (unsigned i = 0; i < 3; i++)
		assert_true(line->y[i] == 1000 + 500 * line->x[i]);
	assert_true(line->x[0] == 1 && line->x[2] == 100);
	const struct plot_series *beyond = series("retrieve, extrapolated", PLOT_DASHED);
	assert_true(beyond->x[0] == 100 && y_at(beyond, 1000) == 501000);
	draw(figure_contexts, &a_sweep()->report);
	assert_non_null(strstr(plot.why_not, "do not differ in contexts"));
}

static void intervals_are_told_in_rows(void **state)
{
	(void)state;
	struct many *m = many_of("workload.rate_iops", "generate.iodepth");
	struct report_run *run = add_run(m, "500", "8");
	run->interval_days = 78;
	run->likely_days[0] = 31;
	run->likely_days[1] = 179;
	run->verdict = (char *)"Store what is asked for more often than once every 78 days.";
	run = add_run(m, "1000", "8");
	run->interval_days = 7;
	run->likely_days[0] = 0;
	run->verdict = (char *)"Regenerate what is asked for more often than once every 7.0 days.";
	run = add_run(m, "2000", "8");
	run->verdict = (char *)"Always store: regenerating costs more than reading.";
	run = add_run(m, "4000", "8");
	run->verdict = (char *)"blind: its CPU time is not known";
	draw(figure_intervals, &m->report);
	assert_int_equal(plot.row_count, 4);
	assert_string_equal(plot.rows[0].name, "rate_iops 500, iodepth 8");
	assert_string_equal(plot.rows[0].value, "78 days (31 to 179)");
	assert_true(plot.rows[0].nominal == 78 && plot.rows[0].low == 31 &&
		    plot.rows[0].high == 179);
	/* a range without an end goes to the end of the axis */
	assert_string_equal(plot.rows[1].value, "7.0 days (0 or more), reversed");
	assert_true(plot.rows[1].low == plot.x.low && plot.rows[1].high == plot.x.high);
	assert_string_equal(plot.rows[2].value, "Always store");
	assert_true(isnan(plot.rows[2].nominal));
	assert_string_equal(plot.rows[3].value, "blind: its CPU time is not known");
	assert_non_null(strstr(plot.alt, "rate_iops 500, iodepth 8: 78 days (31 to 179)"));
}

static void more_results_than_rows_are_counted(void **state)
{
	(void)state;
	struct many *m = many_of("workload.rate_iops", "workload.size");
	for (unsigned i = 0; i < RUNS_MAX; i++) {
		struct report_run *run = add_run(m, "500", "1KiB");
		run->interval_days = run->likely_days[0] = run->likely_days[1] = 7;
	}
	draw(figure_intervals, &m->report);
	assert_int_equal(plot.row_count, 60);
	assert_non_null(strstr(plot.caption, "The first 60 of 70 results."));
}

static void results_of_other_workloads_are_named_by_them(void **state)
{
	(void)state;
	struct many *m = many_of("retrieve.iodepth", "generate.iodepth");
	struct report_run *run = add_run(m, "1", "2");
	run->interval_days = run->likely_days[0] = run->likely_days[1] = 7;
	add_run(m, "1", "8")->name = (char *)"letters";
	add_run(m, "4", "")->name = (char *)"pages";
	draw(figure_intervals, &m->report);
	/* pages are there twice; both axes end in iodepth */
	assert_string_equal(plot.rows[0].name, "retrieve.iodepth 1, generate.iodepth 2");
	assert_string_equal(plot.rows[1].name, "letters");
	assert_string_equal(plot.rows[2].name, "retrieve.iodepth 4");
}

static void without_any_interval_there_are_no_rows(void **state)
{
	(void)state;
	draw(figure_intervals, &a_sweep()->report);
	assert_non_null(strstr(plot.why_not, "no result has a break-even interval"));
	draw(figure_map_replicas, &a_sweep()->report);
	assert_string_equal(plot.why_not, "it is drawn of one result");
}

/* Names of strangers: long, and cut only between characters of UTF-8. */
static void long_names_leave_whole_texts(void **state)
{
	static char label[4000];
	(void)state;
	for (unsigned i = 0; i + 3 < sizeof label; i += 3)
		memcpy(label + i, "\xe2\x82\xac", 3);
	struct many *m = a_sweep();
	for (unsigned i = 0; i < m->report.engine_count; i += 2)
		m->engines[i].label = label;
	static report_figure *const figures[] = {figure_throughput, figure_pareto_bytes,
						 figure_pareto_energy};
	for (unsigned i = 0; i < 3; i++) {
		draw(figures[i], &m->report);
		json_t *text = json_pack("[s,s]", plot.alt, plot.caption);
		assert_non_null(text); /* only valid UTF-8 becomes JSON */
		json_decref(text);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_line_meets_the_interval_of_the_result),
		TEST(ten_copies_make_the_interval_ten_times_shorter),
		TEST(the_areas_fill_the_map),
		TEST(the_map_shows_where_this_run_is),
		TEST(a_price_of_nothing_is_not_on_a_logarithmic_axis),
		TEST(one_side_may_win_everywhere),
		TEST(reversed_is_drawn_the_other_way_round),
		TEST(where_both_cost_the_same_nothing_is_claimed),
		TEST(without_a_pair_there_is_no_map),
		TEST(a_damaged_break_even_names_the_place),
		TEST(what_more_contexts_take_ends_where_the_result_says),
		TEST(one_context_alone_tells_nothing_of_more),
		TEST(a_damaged_extrapolation_names_the_place),
		TEST(steps_of_a_rate_show_the_knee_and_the_target),
		TEST(a_target_of_a_percentile_that_is_not_there_is_left_out),
		TEST(one_rate_is_no_curve),
		TEST(the_search_of_a_peak_is_a_curve),
		TEST(a_sweep_gives_a_curve_for_each_setting),
		TEST(many_settings_are_not_a_thicket_of_lines),
		TEST(an_invalid_result_is_an_open_point_and_holds_nothing),
		TEST(targets_that_differ_are_not_drawn),
		TEST(results_at_one_rate_are_points),
		TEST(the_front_is_filled_and_named_by_its_settings),
		TEST(what_lacks_a_value_is_left_out_and_said),
		TEST(nothing_at_rest_is_drawn_on_a_linear_axis),
		TEST(contexts_that_were_swept_are_joined),
		TEST(intervals_are_told_in_rows),
		TEST(more_results_than_rows_are_counted),
		TEST(results_of_other_workloads_are_named_by_them),
		TEST(without_any_interval_there_are_no_rows),
		TEST(long_names_leave_whole_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
