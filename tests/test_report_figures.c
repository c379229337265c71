/*
 * test_report_figures.c: the figures of one result: that they show its values
 * and nothing else, say what is not there, and refuse what is damaged.
 */
#include "tests/test.h"

#include <jansson.h>
#include <math.h>

#include "bench/json_values.h"
#include "bench/report/report.h"
#include "bench/report/report_text.h"

static report_figure *const all_figures[] = {figure_percentiles, figure_at_rest, figure_moved,
					     figure_energy, figure_ratios};
#define FIGURES (sizeof all_figures / sizeof all_figures[0])

/* ---- results ---- */

static json_t *round_of(double x)
{
	return json_pack("{s:f,s:f,s:f,s:f,s:f,s:f}", "response_p50_ns", 1000 * x,
			 "response_p99_ns", 9000 * x, "achieved_rps", 100.0, "cpu_us_per_request",
			 10 * x, "moved_bytes_per_request", 512 * x, "joules_per_request",
			 0.001 * x);
}

/* An engine whose figures are `x` of those of another. */
static json_t *engine(const char *kind, double x)
{
	json_t *o = json_pack("{s:s,s:{s:i}}", "kind", kind, "requests", "completed", 300);
	json_put(o, "response_ns",
		 json_pack("{s:f,s:{s:f,s:f}}", "max", 16000 * x, "percentile", "50", 1000 * x,
			   "99", 9000 * x));
	json_put(o, "response_curve",
		 json_pack("[[i,f],[f,f],[f,f]]", 0, 500 * x, 50.0, 1000 * x, 99.5, 16000 * x));
	json_put(o, "bytes",
		 json_pack("{s:i,s:f,s:i,s:i,s:i,s:f,s:f,s:s}", "content", 40960,
			   "served_per_request", 4096.0, "at_rest", 20480, "at_rest_fixed", 4096,
			   "shared_at_rest", 1048576, "at_rest_per_content_byte", 0.412,
			   "moved_per_request", 600 * x, "moved_source", "counters"));
	json_put(o, "energy",
		 json_pack("{s:s,s:s,s:s,s:{s:f,s:f,s:f}}", "kind", "modelled", "source",
			   "modelled, platform Server", "why_not_measured", "no meter",
			   "joules_per_request", "low", 0.001 * x, "nominal", 0.002 * x, "high",
			   0.004 * x));
	json_put(o, "generator", NULL);
	json_put(o, "rounds", json_pack("[o,o,o]", round_of(x), round_of(2 * x), round_of(3 * x)));
	return o;
}

static json_t *ratio(double value, double low, double high)
{
	return json_pack("{s:f,s:[f,f]}", "value", value, "ci95", low, high);
}

static json_t *ratios(void)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:n,s:o}", "response_p50", ratio(4.25, 3.15, 5.35),
			 "response_p99", ratio(4, 2, 6), "achieved_rps", ratio(1, 1, 1),
			 "cpu_us_per_request", ratio(4, 4, 4), "moved_per_request",
			 "joules_per_request", ratio(0.0213, 0.0112, 0.0416));
}

/* retrieve, and generate whose figures are 4 times as large. */
static json_t *result(void)
{
	json_t *root = json_pack("{s:{s:s,s:s},s:{s:s}}", "workload", "scenario", "server",
				 "rate_iops", "100", "platform", "name", "Server");
	json_put(root, "engines",
		 json_pack("{s:o,s:o}", "retrieve", engine("retrieve", 1), "generate",
			   engine("generate", 4)));
	json_put(root, "ratios", json_pack("{s:o}", "generate/retrieve", ratios()));
	return root;
}

static json_t *at(json_t *root, const char *keys)
{
	return (json_t *)(uintptr_t)json_member(root, keys);
}

/* Replaces engines.LABEL.KEYS.key; value NULL: by null. */
static void set(json_t *root, const char *label, const char *keys, const char *key, json_t *value)
{
	json_put(at(json_object_get(at(root, "engines"), label), keys), key, value);
}

static int draw(struct plot *p, report_figure *figure, const json_t *root, struct error *e)
{
	struct report r = {.run_count = 1, .result = root, .result_path = "out/result.json"};

	e->text[0] = '\0';
	return figure(p, &r, e);
}

/* What must come out whole; root is released. */
static struct plot drawn(report_figure *figure, json_t *root)
{
	struct plot p;
	struct error e;

	if (draw(&p, figure, root, &e) != 0)
		fail_msg("%s", e.text);
	json_decref(root);
	assert_false(p.out_of_memory);
	return p;
}

static void assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void assert_damaged(report_figure *figure, json_t *root, const char *where)
{
	struct plot p;
	struct error e;

	assert_int_equal(draw(&p, figure, root, &e), -EBADMSG);
	assert_says(e.text, "out/result.json: ");
	assert_says(e.text, where);
	plot_free(&p);
	json_decref(root);
}

static void assert_not_drawn(report_figure *figure, json_t *root, const char *why)
{
	struct plot p = drawn(figure, root);
	assert_says(p.why_not, why);
	plot_free(&p);
}

static void assert_dots(const struct plot_row *row, unsigned count, const double *dots)
{
	assert_int_equal(row->dot_count, count);
	for (unsigned i = 0; i < count; i++)
		assert_true(row->dots[i] == dots[i]);
}

/* ---- texts ---- */

static void a_text_is_cut_between_characters(void **state)
{
	static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac",
						 "\xf0\x9f\x98\x80"};
	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		for (size_t capacity = 4; capacity < 24; capacity++) {
			char whole[64] = "", out[24];
			while (strlen(whole) < 40)
				strcat(whole, characters[k]);
			memset(out, 'x', sizeof out);
			report_text(out, capacity, "%s", whole);
			json_t *valid = json_string(out);
			assert_non_null(valid);
			json_decref(valid);
			assert_true(strlen(out) < capacity && strlen(out) + 4 >= capacity - 3);
			assert_string_equal(out + strlen(out) - 3, "\xe2\x80\xa6");
			assert_memory_equal(out, whole, strlen(out) - 3);
		}
	}
}

static void what_fits_is_not_cut(void **state)
{
	(void)state;
	char out[8];
	report_text(out, sizeof out, "%s", "1234567");
	assert_string_equal(out, "1234567");
	report_text(out, sizeof out, "%d", 1);
	report_text_item(out, sizeof out, "%d", 2);
	report_text_add(out, sizeof out, "%d", 3);
	assert_string_equal(out, "1; 23");
	report_text_add(out, sizeof out, "4567");
	assert_string_equal(out, "1; 2\xe2\x80\xa6");
}

static void assert_number(double value, const char *text)
{
	char out[32];
	report_text_number(out, sizeof out, value);
	assert_string_equal(out, text);
}

static void numbers_have_two_or_three_digits(void **state)
{
	(void)state;
	assert_number(0, "0");
	assert_number(0.0220317, "0.022");
	assert_number(0.0301, "0.030");
	assert_number(0.09949, "0.099");
	assert_number(0.0996, "0.100");
	assert_number(0.23075, "0.231");
	assert_number(0.9996, "1.00");
	assert_number(9.996, "10.0");
	assert_number(99.96, "100");
	assert_number(1241.79, "1242");
	assert_number(1.2e-7, "1.2e-07");
	assert_number(2.5e15, "2.5e+15");
	assert_number(NAN, "-");
}

/* ---- response times ---- */

static void curves_are_those_of_the_result(void **state)
{
	static const double percentiles[] = {50, 99.5}, ns[] = {1000, 16000}; /* not the least */
	(void)state;
	struct plot p = drawn(figure_percentiles, result());
	assert_int_equal(p.series_count, 2);
	assert_string_equal(p.series[1].label, "generate");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(p.series[i].colour, i);
		assert_int_equal(p.series[i].count, 2);
		for (unsigned k = 0; k < 2; k++) {
			assert_true(p.series[i].x[k] == percentiles[k]);
			assert_true(p.series[i].y[k] == ns[k] * (i == 0 ? 1 : 4));
		}
	}
	assert_string_equal(p.alt, "retrieve: 50 % within 1.00 us, 99 % within 9.00 us, all "
				   "within 16.0 us; generate: 50 % within 4.00 us, 99 % within "
				   "36.0 us, all within 64.0 us");
	assert_says(p.caption, "retrieve 300; generate 300");
	assert_says(p.caption, "open loop");
	assert_int_equal(p.mark_count, 0);
	assert_string_equal(p.why_not, "");
	plot_free(&p);
}

static json_t *with_target(const char *text)
{
	json_t *root = result();
	json_put(at(root, "workload"), "target_latency", json_string(text));
	json_put(at(root, "workload"), "target_latency_percentile", json_string("99"));
	return root;
}

static void the_target_is_marked(void **state)
{
	(void)state;
	struct plot p = drawn(figure_percentiles, with_target("1.5ms"));
	assert_int_equal(p.mark_count, 1);
	assert_false(p.marks[0].vertical);
	assert_true(p.marks[0].at == 1500000);
	assert_string_equal(p.marks[0].label, "target 1.5 ms");
	assert_says(p.alt, "target 1.5 ms for 99 % of the requests");
	plot_free(&p);
	p = drawn(figure_percentiles, with_target("2"));
	assert_true(p.marks[0].at == 2e9);
	assert_string_equal(p.marks[0].label, "target 2 s");
	plot_free(&p);
	assert_damaged(figure_percentiles, with_target("soon"), "workload.target_latency: ");
}

static json_t *with_curve(json_t *curve)
{
	json_t *root = result();
	set(root, "generate", "", "response_curve", curve);
	return root;
}

static void an_engine_without_requests_has_no_curve(void **state)
{
	(void)state;
	json_t *root = with_curve(json_array());
	set(root, "generate", "", "response_ns", NULL);
	struct plot p = drawn(figure_percentiles, json_incref(root));
	assert_int_equal(p.series_count, 1);
	assert_says(p.caption, "no request: generate.");
	assert_says(p.alt, "generate: nothing");
	plot_free(&p);
	set(root, "retrieve", "", "response_ns", NULL);
	set(root, "retrieve", "", "response_curve", json_array());
	assert_not_drawn(figure_percentiles, root, "no engine completed a request");
}

static void damaged_curves_are_refused(void **state)
{
	static const char *const curves[] = {
		"7",
		"null",
		"[[50]]",
		"[[50,1,2]]",
		"[[\"50\",1]]",
		"[[50,\"1\"]]",
		"[[100,1]]",
		"[[-1,1]]",
		"[[50,-1]]",
		"[[50,1e300]]",
		"[[50,null]]",
		"[50,1]",
		"[[50,1],[49,2]]",
		"[{\"50\":1}]",
		"[[true,1]]",
	};
	(void)state;
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
		assert_damaged(figure_percentiles,
			       with_curve(json_loads(curves[i], JSON_DECODE_ANY, NULL)),
			       "engines.generate.response_curve: ");
	json_t *endless = json_array();
	for (unsigned i = 0; i < 1001; i++)
		json_array_append_new(endless, json_pack("[i,i]", 50, 1));
	assert_damaged(figure_percentiles, with_curve(endless), "more points than any run has");
}

static void how_requests_came_is_said(void **state)
{
	(void)state;
	json_t *root = result();
	json_put(at(root, "workload"), "rate_iops", json_string("peak"));
	struct plot p = drawn(figure_percentiles, json_incref(root));
	assert_says(p.caption, "highest rate that each engine held");
	plot_free(&p);
	json_put(at(root, "workload"), "rate_iops", json_string("10,20"));
	p = drawn(figure_percentiles, json_incref(root));
	assert_says(p.caption, "10,20 a second, all these steps together");
	plot_free(&p);
	json_put(at(root, "workload"), "scenario", json_string("offline"));
	json_object_del(at(root, "workload"), "rate_iops");
	p = drawn(figure_percentiles, root);
	assert_says(p.caption, "offline");
	plot_free(&p);
}

/* ---- bytes ---- */

static void bytes_at_rest_are_stacked(void **state)
{
	(void)state;
	struct plot p = drawn(figure_at_rest, result());
	assert_int_equal(p.row_count, 3);
	assert_int_equal(p.segment_name_count, 3);
	assert_int_equal(p.rows[0].colour, PLOT_NEUTRAL);
	assert_int_equal(p.rows[0].segment_count, 1);
	assert_true(p.rows[0].segments[0] == 40960);
	assert_string_equal(p.rows[2].name, "generate");
	assert_int_equal(p.rows[2].colour, 1);
	assert_int_equal(p.rows[2].segment_count, 3);
	assert_true(p.rows[2].segments[0] == 20480 - 4096);
	assert_true(p.rows[2].segments[1] == 4096);
	assert_true(p.rows[2].segments[2] == 1048576);
	assert_string_equal(p.rows[2].value, "20.0 KiB + 1.00 MiB shared");
	assert_says(p.alt, "contents as they are: 40.0 KiB");
	assert_says(p.alt, "generate: 16.0 KiB contents, 4.00 KiB store itself, 1.00 MiB dict");
	assert_says(p.caption, "retrieve 0.412; generate 0.412");
	plot_free(&p);
}

static void an_engine_may_keep_nothing(void **state)
{
	(void)state;
	json_t *root = result();
	set(root, "generate", "bytes", "at_rest", json_integer(0));
	set(root, "generate", "bytes", "at_rest_fixed", json_integer(0));
	set(root, "generate", "bytes", "shared_at_rest", json_integer(0));
	set(root, "retrieve", "bytes", "content", NULL);
	struct plot p = drawn(figure_at_rest, root);
	assert_string_equal(p.rows[0].value, "too many to be summed");
	assert_int_equal(p.rows[0].segment_count, 0);
	assert_string_equal(p.rows[2].value, "0 B");
	assert_says(p.alt, "generate: nothing");
	plot_free(&p);
}

static void a_store_is_no_less_than_an_empty_one(void **state)
{
	(void)state;
	json_t *root = result();
	set(root, "generate", "bytes", "at_rest_fixed", json_integer(20481));
	assert_damaged(figure_at_rest, root, "engines.generate.bytes: ");
}

static void bytes_moved_are_shown_by_round(void **state)
{
	(void)state;
	struct plot p = drawn(figure_moved, result());
	assert_int_equal(p.row_count, 2);
	assert_true(p.rows[1].nominal == 2400);
	assert_true(isnan(p.rows[1].low) && isnan(p.rows[1].high));
	assert_dots(&p.rows[1], 3, (double[]){2048, 4096, 6144});
	assert_string_equal(p.rows[1].value, "2.34 KiB");
	assert_int_equal(p.mark_count, 1);
	assert_true(p.marks[0].at == 4096);
	assert_string_equal(p.marks[0].label, "content: 4.00 KiB");
	assert_string_equal(p.alt, "retrieve: 600 B; generate: 2.34 KiB; content of a request: "
				   "4.00 KiB");
	plot_free(&p);
}

static json_t *unmoved(json_t *root, const char *label, const char *why)
{
	set(root, label, "bytes", "moved_per_request", NULL);
	set(root, label, "bytes", "moved_source", json_string(why));
	return root;
}

static void what_moves_nothing_says_why(void **state)
{
	(void)state;
	json_t *root = unmoved(result(), "generate", "unavailable: it has no store to read");
	struct plot p = drawn(figure_moved, json_incref(root));
	assert_string_equal(p.rows[1].value, "no store");
	assert_true(isnan(p.rows[1].nominal));
	assert_int_equal(p.rows[1].dot_count, 0);
	assert_says(p.caption, "Without a mark: generate: it has no store to read.");
	plot_free(&p);
	unmoved(root, "generate", "unavailable: others read meanwhile");
	p = drawn(figure_moved, json_incref(root));
	assert_string_equal(p.rows[1].value, "not known");
	assert_string_equal(p.why_not, "");
	plot_free(&p);
	unmoved(root, "retrieve", "unavailable: others read meanwhile");
	assert_not_drawn(figure_moved, root, "others read meanwhile");
}

static void contents_of_different_size_are_not_one_line(void **state)
{
	(void)state;
	json_t *root = result();
	set(root, "generate", "bytes", "served_per_request", json_real(8192));
	struct plot p = drawn(figure_moved, root);
	assert_int_equal(p.mark_count, 0);
	assert_says(p.caption, "retrieve 4.00 KiB; generate 8.00 KiB");
	plot_free(&p);
}

/* ---- energy ---- */

static void energy_has_a_range_and_says_what_it_is(void **state)
{
	(void)state;
	json_t *root = result();
	json_put(at(root, "engines.generate"), "generator",
		 json_pack("{s:{s:f,s:f,s:n}}", "tokens_per_joule", "low", 100.0, "nominal", 200.0,
			   "high"));
	struct plot p = drawn(figure_energy, root);
	assert_int_equal(p.row_count, 2);
	assert_true(p.rows[1].low == 0.004 && p.rows[1].nominal == 0.008 &&
		    p.rows[1].high == 0.016);
	assert_dots(&p.rows[1], 3, (double[]){0.004, 0.008, 0.012});
	assert_string_equal(p.rows[1].value, "8.00 mJ, modelled");
	assert_says(p.alt, "retrieve: 2.00 mJ, modelled, range 1.00-4.00 mJ");
	assert_says(p.caption, "How: modelled, platform Server.");
	assert_says(p.caption, "Not measured: no meter.");
	assert_says(p.caption, "generate makes 200 tokens a joule (100 or more).");
	assert_null(strstr(p.caption, "Platform:"));
	plot_free(&p);
}

static void unavailable(json_t *root, const char *label)
{
	set(root, label, "energy", "kind", json_string("unavailable"));
	set(root, label, "energy", "source", json_string("unavailable: CPU time is not known"));
	set(root, label, "energy", "joules_per_request", NULL);
}

static void energy_may_be_unavailable(void **state)
{
	(void)state;
	json_t *root = result();
	unavailable(root, "generate");
	struct plot p = drawn(figure_energy, json_incref(root));
	assert_int_equal(p.row_count, 2);
	assert_string_equal(p.rows[1].value, "unavailable");
	assert_true(isnan(p.rows[1].nominal));
	assert_int_equal(p.rows[1].dot_count, 0);
	assert_says(p.caption, "generate: unavailable: CPU time is not known");
	plot_free(&p);
	unavailable(root, "retrieve");
	assert_not_drawn(figure_energy, root, "CPU time is not known");
}

static void a_kind_of_energy_goes_with_its_figure(void **state)
{
	(void)state;
	json_t *root = result();
	set(root, "generate", "energy", "kind", json_string("guessed"));
	assert_damaged(figure_energy, root, "engines.generate.energy.kind: ");
	root = result();
	set(root, "generate", "energy", "kind", json_string("unavailable"));
	assert_damaged(figure_energy, root, "engines.generate.energy.kind: ");
	root = result();
	set(root, "generate", "energy", "joules_per_request", NULL);
	assert_damaged(figure_energy, root, "engines.generate.energy.kind: ");
}

/* ---- ratios ---- */

static void ratios_are_those_of_the_result_and_of_its_rounds(void **state)
{
	(void)state;
	struct plot p = drawn(figure_ratios, result());
	assert_string_equal(p.x.name, "ratio to retrieve");
	assert_int_equal(p.row_count, 5); /* moved is null */
	assert_string_equal(p.rows[0].name, "response p50: generate");
	assert_int_equal(p.rows[0].colour, 1);
	assert_true(p.rows[0].low == 3.15 && p.rows[0].nominal == 4.25 && p.rows[0].high == 5.35);
	assert_dots(&p.rows[0], 3, (double[]){4, 4, 4});
	assert_string_equal(p.rows[0].value, "4.25x (3.15\xe2\x80\x93"
					     "5.35)");
	assert_string_equal(p.rows[4].name, "energy: generate");
	assert_string_equal(p.rows[4].value, "0.021x (0.011\xe2\x80\x93"
					     "0.042)");
	assert_int_equal(p.mark_count, 1);
	assert_true(p.marks[0].at == 1);
	assert_says(p.alt, "generate against retrieve, response p50 4.25x");
	assert_says(p.caption, "in 3 rounds");
	plot_free(&p);
}

static void an_interrupted_round_of_one_engine_is_left_out(void **state)
{
	(void)state;
	json_t *root = result();
	json_array_remove(at(root, "engines.generate.rounds"), 2);
	struct plot p = drawn(figure_ratios, json_incref(root));
	assert_int_equal(p.rows[0].dot_count, 2);
	assert_says(p.caption, "in 2 rounds");
	plot_free(&p);
	json_array_remove(at(root, "engines.generate.rounds"), 0);
	assert_not_drawn(figure_ratios, json_incref(root), "2 rounds or more");
	json_array_clear(at(root, "engines.generate.rounds"));
	assert_not_drawn(figure_ratios, root, "2 rounds or more");
}

static void a_round_without_the_figure_has_no_dot(void **state)
{
	(void)state;
	json_t *root = result();
	json_t *round = json_array_get(at(root, "engines.retrieve.rounds"), 1);
	json_put(round, "response_p50_ns", NULL);
	json_put(round, "response_p99_ns", json_integer(0));
	struct plot p = drawn(figure_ratios, root);
	assert_int_equal(p.rows[0].dot_count, 2);
	assert_int_equal(p.rows[1].dot_count, 2);
	plot_free(&p);
}

static void one_engine_has_no_ratio(void **state)
{
	(void)state;
	json_t *root = result();
	json_object_del(at(root, "engines"), "generate");
	assert_not_drawn(figure_ratios, root, "one engine alone");
}

static void damaged_ratios_are_refused(void **state)
{
	static const char *const texts[] = {
		"7",
		"{}",
		"{\"value\":\"4\",\"ci95\":[3,5]}",
		"{\"value\":4,\"ci95\":[3]}",
		"{\"value\":4,\"ci95\":[5,3]}",
		"{\"value\":4,\"ci95\":[3,1e300]}",
		"{\"value\":-4,\"ci95\":[3,5]}",
		"{\"value\":null,\"ci95\":[3,5]}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		json_t *root = result();
		json_object_set_new(json_object_get(at(root, "ratios"), "generate/retrieve"),
				    "response_p99", json_loads(texts[i], JSON_DECODE_ANY, NULL));
		assert_damaged(figure_ratios, root, "ratios.generate/retrieve.response_p99: ");
	}
	json_t *root = result();
	json_object_clear(at(root, "ratios"));
	assert_damaged(figure_ratios, root, "engines.generate.ratios: ");
}

static void an_interval_may_have_no_end(void **state)
{
	(void)state;
	json_t *root = result();
	json_t *pair = json_object_get(at(root, "ratios"), "generate/retrieve");
	json_object_set_new(pair, "response_p50",
			    json_pack("{s:f,s:[f,n]}", "value", 4.25, "ci95", 3.0));
	struct plot p = drawn(figure_ratios, root);
	assert_true(p.rows[0].low == 3 && isnan(p.rows[0].high));
	assert_string_equal(p.rows[0].value, "4.25x");
	plot_free(&p);
}

/* ---- anything ---- */

static bool is_text(const char *s, size_t capacity)
{
	json_t *valid = memchr(s, '\0', capacity) != NULL ? json_string(s) : NULL;
	bool is = valid != NULL;

	json_decref(valid);
	return is;
}

static void assert_texts(const struct plot *p)
{
	assert_true(is_text(p->caption, sizeof p->caption));
	assert_true(is_text(p->alt, sizeof p->alt));
	assert_true(is_text(p->why_not, sizeof p->why_not));
	for (unsigned i = 0; i < p->series_count; i++)
		assert_true(is_text(p->series[i].label, sizeof p->series[i].label));
	for (unsigned i = 0; i < p->row_count; i++) {
		assert_true(is_text(p->rows[i].name, sizeof p->rows[i].name));
		assert_true(is_text(p->rows[i].value, sizeof p->rows[i].value));
	}
}

/* Each figure draws it, says why not, or refuses it with a reason. */
static void try_all(const json_t *root)
{
	for (unsigned i = 0; i < FIGURES; i++) {
		struct plot p;
		struct error e;
		int err = draw(&p, all_figures[i], root, &e);
		assert_true(err == 0 || err == -EBADMSG);
		assert_int_equal(err == 0, e.text[0] == '\0');
		assert_texts(&p);
		plot_free(&p);
	}
}

static void damage_below(json_t *root, json_t *value);

/* Tries the result with a member replaced by all that it could be, and without it. */
static void damage_member(json_t *root, json_t *object, const char *key)
{
	static const char *const values[] = {"null", "\"text\"", "\"\"", "-1", "1e300",
					     "0",    "true",	 "[]",	 "{}"};
	json_t *before = json_incref(json_object_get(object, key));

	damage_below(root, before);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		json_object_set_new(object, key, json_loads(values[i], JSON_DECODE_ANY, NULL));
		try_all(root);
	}
	json_object_del(object, key);
	try_all(root);
	json_object_set_new(object, key, before);
}

static void damage_below(json_t *root, json_t *value)
{
	json_t *keys = json_array(), *element, *member;
	const char *key;
	size_t i;

	json_object_foreach(value, key, member) json_array_append_new(keys, json_string(key));
	json_array_foreach(keys, i, element) damage_member(root, value, json_string_value(element));
	json_decref(keys);
	json_array_foreach(value, i, element) damage_below(root, element);
}

static void no_damage_is_too_much(void **state)
{
	(void)state;
	json_t *root = with_target("5ms");
	try_all(root);
	damage_below(root, root);
	json_decref(root);
	try_all(json_null());
	try_all(NULL);
}

static void missing_figures_are_named(void **state)
{
	(void)state;
	json_t *root = result();
	json_object_del(at(root, "engines.generate.bytes"), "shared_at_rest");
	assert_damaged(figure_at_rest, root, "engines.generate.bytes.shared_at_rest: missing");
	root = result();
	set(root, "generate", "bytes", "moved_per_request", json_string("1"));
	assert_damaged(figure_moved, root, "engines.generate.bytes.moved_per_request: not a num");
	root = result();
	json_object_del(json_array_get(at(root, "engines.generate.rounds"), 1),
			"joules_per_request");
	assert_damaged(figure_energy, root,
		       "engines.generate.rounds[1].joules_per_request: missing");
	root = result();
	set(root, "generate", "", "rounds", json_integer(3));
	assert_damaged(figure_ratios, root, "engines.generate.rounds: ");
	root = result();
	json_object_clear(at(root, "engines"));
	assert_damaged(figure_percentiles, root, "engines: missing");
}

static void sixteen_engines_of_long_names_fit(void **state)
{
	(void)state;
	json_t *root = result();
	static char label[5100], pair[10300];
	json_object_clear(at(root, "engines"));
	json_object_clear(at(root, "ratios"));
	for (unsigned i = 0; i < 16; i++) {
		for (size_t k = 0; k < 5000; k += 2)
			memcpy(label + k, "\xc3\xa9", 3);
		snprintf(label + 5000, 99, "%u", i);
		json_object_set_new(at(root, "engines"), label, engine("retrieve", 1 + i));
		if (i > 0) {
			size_t n = (size_t)snprintf(pair, sizeof pair, "%s/", label);
			memcpy(pair + n, label, 5000);
			memcpy(pair + n + 5000, "0", 2);
			json_object_set_new(at(root, "ratios"), pair, ratios());
		}
	}
	try_all(root);
	struct plot p = drawn(figure_ratios, root);
	assert_int_equal(p.row_count, 4 * 5);
	assert_says(p.rows[1].name, "response p99: ");
	assert_says(p.caption, "first 4 of 15 pairs");
	plot_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_cut_between_characters),
		cmocka_unit_test(what_fits_is_not_cut),
		cmocka_unit_test(numbers_have_two_or_three_digits),
		cmocka_unit_test(curves_are_those_of_the_result),
		cmocka_unit_test(the_target_is_marked),
		cmocka_unit_test(an_engine_without_requests_has_no_curve),
		cmocka_unit_test(damaged_curves_are_refused),
		cmocka_unit_test(how_requests_came_is_said),
		cmocka_unit_test(bytes_at_rest_are_stacked),
		cmocka_unit_test(an_engine_may_keep_nothing),
		cmocka_unit_test(a_store_is_no_less_than_an_empty_one),
		cmocka_unit_test(bytes_moved_are_shown_by_round),
		cmocka_unit_test(what_moves_nothing_says_why),
		cmocka_unit_test(contents_of_different_size_are_not_one_line),
		cmocka_unit_test(energy_has_a_range_and_says_what_it_is),
		cmocka_unit_test(energy_may_be_unavailable),
		cmocka_unit_test(a_kind_of_energy_goes_with_its_figure),
		cmocka_unit_test(ratios_are_those_of_the_result_and_of_its_rounds),
		cmocka_unit_test(an_interrupted_round_of_one_engine_is_left_out),
		cmocka_unit_test(a_round_without_the_figure_has_no_dot),
		cmocka_unit_test(one_engine_has_no_ratio),
		cmocka_unit_test(damaged_ratios_are_refused),
		cmocka_unit_test(an_interval_may_have_no_end),
		cmocka_unit_test(no_damage_is_too_much),
		cmocka_unit_test(missing_figures_are_named),
		cmocka_unit_test(sixteen_engines_of_long_names_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
