/* test_report.c: what a report reads from results, and what it shows of them. */
#include "test.h"

#include <jansson.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/report/page.h"
#include "bench/report/report_read.h"
#include "bench/report/workload_ini.h"
#include "tests/scratch.h"
#include "workloads/workload.h"

#define SAMPLES "tests/fuzz/corpus/report/"

static json_t *sample(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, SAMPLES "%s", name);
	json_t *root = json_load_file(path, 0, NULL);
	assert_non_null(root);
	return root;
}

/* The member at "a.b.c"; item: its last key. */
static json_t *parent_of(json_t *root, const char *keys, char item[64])
{
	for (const char *dot; (dot = strchr(keys, '.')) != NULL; keys = dot + 1) {
		if (json_object_get(root, keys) != NULL) /* "99.9" */
			break;
		snprintf(item, 64, "%.*s", (int)(dot - keys), keys);
		root = json_object_get(root, item);
		assert_non_null(root);
	}
	snprintf(item, 64, "%s", keys);
	assert_non_null(json_object_get(root, item));
	return root;
}

/* The whole page, without pictures; NULL with e: refused. root is given up. */
static char *page_of(json_t *root, void (*print)(FILE *f, const struct page *p), struct error *e)
{
	char *text = json_dumps(root, JSON_REAL_PRECISION(6)), *out = NULL;
	struct report r;
	struct page p;
	size_t nbytes;

	json_decref(root);
	e->text[0] = '\0';
	int err = report_parse(&r, "r.json", text, strlen(text), e);
	free(text);
	if (err == 0) {
		err = page_make(&p, &r, ".", e);
		if (err == 0) {
			p.redraw = "gvr report r";
			FILE *f = open_memstream(&out, &nbytes);
			print(f, &p);
			assert_int_equal(fclose(f), 0);
			page_free(&p);
		}
		report_free(&r);
	}
	assert_true(err == 0 || err == -EBADMSG);
	return out;
}

/* ---- one result ---- */

static void a_result_is_read(void **state)
{
	json_t *root = sample("invalid_steps");
	char *text = json_dumps(root, 0);
	struct report r;
	struct error e;

	(void)state;
	assert_int_equal(report_parse(&r, "some/where/result.json", text, strlen(text), &e), 0);
	assert_int_equal(r.run_count, 1);
	assert_int_equal(r.engine_count, 3);
	assert_string_equal(r.runs[0].folder, "some/where");
	assert_string_equal(r.runs[0].name, "manpages");
	assert_false(r.runs[0].valid);
	assert_true(r.runs[0].compared);
	assert_true(r.runs[0].interval_days > 365 && r.runs[0].interval_days < 3650);
	assert_true(r.runs[0].target_latency_ns == 50e6);
	assert_true(r.runs[0].target_percentile == 99);
	assert_true(r.runs[0].contexts == 1);
	assert_string_equal(r.engines[1].label, "retrieve-4MiB");
	assert_string_equal(r.engines[2].kind, "generate");
	assert_int_equal(r.engines[2].colour, 2);
	assert_true(r.engines[2].response_p99_ns > r.engines[0].response_p99_ns);
	assert_non_null(r.result);
	report_free(&r);
	free(text);
	json_decref(root);
}

static void null_is_not_a_figure(void **state)
{
	json_t *root = sample("nulls");
	char *text = json_dumps(root, 0);
	struct report r;
	struct error e;

	(void)state;
	assert_int_equal(report_parse(&r, "r.json", text, strlen(text), &e), 0);
	assert_string_equal(r.runs[0].folder, ".");
	assert_false(r.runs[0].compared);
	assert_true(isnan(r.runs[0].interval_days) && isnan(r.engines[0].response_p50_ns) &&
		    isnan(r.engines[0].joules.nominal) && isnan(r.engines[0].cpu_us_per_request));
	report_free(&r);
	free(text);
	json_decref(root);
}

/* All that the page shows must be there; the message says what is not. */
static void a_missing_figure_is_refused(void **state)
{
	static const char *const keys[] = {
		"engines.retrieve.requests.verified",
		"engines.retrieve.response_ns.percentile.99.9",
		"engines.retrieve.bytes.at_rest_disk",
		"engines.generate.cpu.us_per_request",
		"engines.generate.energy.joules_per_request",
		"engines.generate.energy.source",
		"engines.generate.steady_state.why",
		"engines.retrieve.io_uring.cqes",
		"ratios",
		"breakeven.money.outcome",
		"breakeven.money.bounds_days",
		"breakeven.verdict",
		"breakeven.layers.generate.chips.macs_per_request",
		"breakeven.prices.constants.pue.high",
		"platform.constants.core_active_watts.source",
		"host.kernel",
		"workload.scenario",
		"workload.engines",
		"null_engine.ns_per_request",
		"energy.harness_joules",
		"meters",
	};
	struct error e;
	char item[64];

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		json_t *root = sample("always_regenerate");
		json_object_del(parent_of(root, keys[i], item), item);
		char *html = page_of(root, page_html, &e);
		if (html != NULL)
			fail_msg("%s may be missing", keys[i]);
		assert_memory_equal(e.text, "r.json: ", 8);
		const char *last = strrchr(keys[i], '.');
		if (strstr(e.text, last != NULL ? last + 1 : keys[i]) == NULL)
			fail_msg("%s: %s", keys[i], e.text);
		assert_non_null(strstr(e.text, "run again"));
	}
}

static void a_text_is_no_figure(void **state)
{
	struct error e;
	char item[64];

	(void)state;
	json_t *root = sample("always_regenerate");
	json_object_set_new(parent_of(root, "engines.retrieve.bytes.resident", item), item,
			    json_string("1"));
	assert_null(page_of(root, page_html, &e));
	assert_non_null(strstr(e.text, "engines.retrieve.bytes.resident"));
}

/* ---- the page ---- */

static void the_page_says_what_was_found(void **state)
{
	struct error e;
	char *html = page_of(sample("invalid_steps"), page_html, &e);

	(void)state;
	assert_non_null(html);
	assert_non_null(strstr(html, "<strong class=\"badge invalid\">INVALID</strong>"));
	assert_non_null(strstr(html, "<li>generate: overloaded: "));
	assert_non_null(strstr(html, "Were this run VALID: Store what is asked for"));
	assert_non_null(
		strstr(html, "data-from=\"engines.retrieve-4MiB.response_ns.percentile.99\""));
	assert_non_null(strstr(html, "data-from=\"engines.generate.steps.3.rate_iops\""));
	assert_non_null(strstr(html, "data-from=\"breakeven.other_pairs.0.carbon.likely_days.1\""));
	free(html);
}

static void no_breakeven_is_told(void **state)
{
	struct error e;
	char *html = page_of(sample("nulls"), page_html, &e);

	(void)state;
	assert_non_null(html);
	assert_non_null(strstr(html, "Not known: retrieve: no energy"));
	free(html);
}

static void a_hostile_text_is_only_text(void **state)
{
	void (*const prints[])(FILE * f, const struct page *p) = {page_html, page_markdown};
	struct error e;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *text = page_of(sample("hostile"), prints[i], &e);
		assert_non_null(text);
		assert_null(strstr(text, "\n<script"));
		assert_null(strstr(text, ";<script"));
		assert_null(strstr(text, " <b onmouseover"));
		assert_null(strstr(text, "\xe2\x80\xae"));
		assert_null(strstr(text, "\xe2\x80\x8b"));
		assert_null(strchr(text, '\a'));
		if (i == 0) {
			assert_null(strstr(text, "<script"));
			assert_null(strstr(text, "<img"));
			assert_non_null(strstr(text, "<h1>&lt;script&gt;alert(1)&lt;/script&gt;"));
		}
		free(text);
	}
}

static void markdown_is_short(void **state)
{
	struct error e;
	char *text = page_of(sample("invalid_steps"), page_markdown, &e);

	(void)state;
	assert_non_null(text);
	assert_true(strlen(text) < 60000);
	assert_non_null(strstr(text, "Result is: **INVALID**"));
	assert_non_null(strstr(text, "\n| response time p50 | "));
	assert_non_null(strstr(text, "\n| money | interval | "));
	assert_non_null(strstr(text, "\n    gvr run "));
	free(text);
}

/* ---- the workload ---- */

static void compare_setting(void *arg, const char *label, const char *key, const char *value)
{
	const json_t *object = arg;

	if (label != NULL)
		object = json_object_get(json_object_get(object, "engines"), label);
	const char *expected = json_string_value(json_object_get(object, key));
	if (expected == NULL || strcmp(expected, value) != 0)
		fail_msg("%s.%s: %s, not %s", label != NULL ? label : "workload", key, value,
			 expected != NULL ? expected : "(none)");
}

static void count_setting(void *arg, const char *label, const char *key, const char *value)
{
	(void)label;
	(void)key;
	(void)value;
	++*(unsigned *)arg;
}

/* The workload of the page is one that gvr run takes, and the same. */
static void the_workload_can_be_run_again(void **state)
{
	static const char *const names[] = {"always_regenerate", "invalid_steps", "contexts"};
	static struct workload w;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		json_t *root = sample(names[i]);
		json_t *workload = json_object_get(root, "workload");
		unsigned count = 0;
		char *ini;
		assert_int_equal(workload_ini(&ini, root, "r.json", &e), 0);
		if (workload_parse(&w, "r.ini", ini, strlen(ini), NULL, 0, &e) != 0)
			fail_msg("%s", e.text);
		workload_each_value(&w, compare_setting, workload);
		workload_each_value(&w, count_setting, &count);
		for (const char *c = ini; (c = strstr(c, " = ")) != NULL; c++)
			count--;
		assert_int_equal(count, 0);
		free(ini);
		json_decref(root);
	}
}

/* ---- several ---- */

static char folder[] = "/tmp/gvr-report.XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/gvr-report.XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return scratch_remove(folder);
}

/* folder/name/result.json, with a setting of its workload replaced. */
static void put_result(const char *name, const char *from, const char *key, const char *value)
{
	json_t *root = sample(from);
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0777), 0);
	snprintf(path, sizeof path, "%s/%s/result.json", folder, name);
	json_object_set_new(json_object_get(root, "workload"), key, json_string(value));
	json_object_set_new(root, "command", json_sprintf("gvr run w.ini --out s/%s", name));
	assert_int_equal(json_dump_file(root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)), 0);
	json_decref(root);
}

static void put_sweep(const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/sweep.json", folder);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int read_folder(struct report *r, struct error *e)
{
	const char *operand = folder;

	return report_read(r, &operand, 1, NULL, e);
}

static void several_have_what_differs_as_axes(void **state)
{
	char a[256], b[256];
	struct report r;
	struct error e;

	(void)state;
	put_result("a", "always_regenerate", "rate_iops", "500");
	put_result("b", "always_regenerate", "rate_iops", "1000");
	snprintf(a, sizeof a, "%s/a", folder);
	snprintf(b, sizeof b, "%s/b/result.json", folder);
	assert_int_equal(report_read(&r, (const char *[]){a, b}, 2, NULL, &e), 0);
	assert_int_equal(r.run_count, 2);
	assert_int_equal(r.engine_count, 6);
	assert_null(r.result);
	assert_null(r.sweep);
	assert_int_equal(r.axis_count, 1);
	assert_string_equal(r.axes[0], "workload.rate_iops");
	assert_string_equal(r.runs[0].settings[0], "500");
	assert_string_equal(r.runs[1].settings[0], "1000");
	assert_int_equal(r.engines[4].colour, r.engines[1].colour);
	assert_int_equal(r.engines[4].run, 1);
	report_free(&r);
}

static void different_workloads_have_no_axes(void **state)
{
	char a[256], b[256], line[PAGE_LINE_NBYTES];
	struct report r;
	struct error e;

	(void)state;
	put_result("a", "always_regenerate", "rate_iops", "500");
	put_result("b", "invalid_steps", "rate_iops", "1000");
	snprintf(a, sizeof a, "%s/a", folder);
	snprintf(b, sizeof b, "%s/b", folder);
	assert_int_equal(report_read(&r, (const char *[]){a, b}, 2, NULL, &e), 0);
	assert_int_equal(r.axis_count, 0);
	assert_string_equal(page_title(&r), "Results");
	r.runs[1].valid = true;
	page_range(&r, line, sizeof line);
	assert_string_equal(line,
			    "The break-even interval by money of the VALID results: 2.9 years; "
			    "1 without one.");
	report_free(&r);
}

#define SWEEP(values, runs)                                                                        \
	"{\"schema_version\":1,\"tool\":{\"version\":\"0\",\"commit\":\"0\"},\"workload\":\"w."    \
	"ini\","                                                                                   \
	"\"command\":\"gvr sweep "                                                                 \
	"w.ini\",\"axes\":[{\"key\":\"workload.rate_iops\",\"values\":[" values                    \
	"]}],\"runs\":[" runs "]}"
#define RUN(number, value, done)                                                                   \
	"{\"folder\":\"run-000" number "\",\"values\":[\"" value "\"],"                            \
	"\"settings\":\"000000000000000" number "\",\"done\":" done "}"
#define DONE "true,\"result\":\"VALID\""
#define MISSING "false,\"result\":null"

static void runs_of_a_sweep_that_are_not_done_are_missing(void **state)
{
	struct report r;
	struct error e;
	char line[PAGE_LINE_NBYTES];

	(void)state;
	put_result("run-0001", "always_regenerate", "rate_iops", "500");
	put_result("run-0002", "invalid_steps", "rate_iops", "1000");
	put_sweep(SWEEP(
		"\"500\",\"1000\",\"2000\"",
		RUN("1", "500", DONE) "," RUN("2", "1000", DONE) "," RUN("3", "2000", MISSING)));
	assert_int_equal(read_folder(&r, &e), 0);
	assert_int_equal(r.run_count, 2);
	assert_int_equal(r.sweep_planned, 3);
	assert_string_equal(r.sweep, "gvr sweep w.ini");
	assert_int_equal(r.axis_count, 1);
	assert_string_equal(r.runs[1].settings[0], "1000");
	page_counts(&r, line, sizeof line);
	assert_string_equal(line, "2 results: 1 VALID, 1 INVALID; 1 missing");
	page_range(&r, line, sizeof line); /* the INVALID one does not count */
	assert_string_equal(line, "Always regenerate, say all VALID results.");
	report_free(&r);
}

static void a_damaged_sweep_is_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "not JSON"},
		{"{\"schema_version\":1", "not JSON"},
		{"[]", "schema_version: not 1"},
		{"{\"schema_version\":2}", "schema_version: not 1"},
		{SWEEP("", ""), "axes: "},
		{SWEEP("\"500\"", ""), "not as many as the axes say"},
		{SWEEP("\"500\"", RUN("1", "500", MISSING)), "none of its runs is done"},
		{SWEEP("\"500\"", RUN("1", "501", DONE)), "not what the axes say"},
		{SWEEP("\"500\"", RUN("2", "500", DONE)), "not what the axes say"},
		{SWEEP("\"500\"", "7"), "not what the axes say"},
	};
	char path[256], other[256];
	struct report r;
	struct error e;

	(void)state;
	put_result("run-0001", "always_regenerate", "rate_iops", "500");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		put_sweep(cases[i].text);
		assert_int_equal(read_folder(&r, &e), -EBADMSG);
		if (strstr(e.text, cases[i].message) == NULL ||
		    strstr(e.text, "sweep.json: ") == NULL)
			fail_msg("%zu: %s", i, e.text);
	}
	put_sweep(SWEEP("\"500\",\"1000\"", RUN("1", "500", MISSING) "," RUN("2", "1000", DONE)));
	assert_int_equal(read_folder(&r, &e), -ENOENT);

	/* a whole result, but of another run */
	put_result("run-0002", "always_regenerate", "rate_iops", "1000");
	assert_int_equal(read_folder(&r, &e), 0);
	report_free(&r);
	put_sweep(SWEEP("\"1000\"", RUN("1", "1000", DONE)));
	snprintf(path, sizeof path, "%s/run-0001/result.json", folder);
	snprintf(other, sizeof other, "%s/run-0002/result.json", folder);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(read_folder(&r, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "is not the result of this run"));
}

static void the_overview_links_to_the_pages_there_are(void **state)
{
	char path[256], a[256], b[256], *html = NULL;
	size_t nbytes;
	struct report r;
	struct error e;
	struct page p;

	(void)state;
	put_result("run 1", "always_regenerate", "rate_iops", "500");
	put_result("run-2", "always_regenerate", "rate_iops", "1000");
	snprintf(path, sizeof path, "%s/run 1/report.html", folder);
	fclose(fopen(path, "w"));
	snprintf(a, sizeof a, "%s/run 1//", folder);
	snprintf(b, sizeof b, "%s/run-2", folder);
	assert_int_equal(report_read(&r, (const char *[]){a, b}, 2, NULL, &e), 0);
	assert_string_equal(strrchr(r.runs[0].folder, '/'), "/run 1");
	assert_int_equal(page_make(&p, &r, folder, &e), 0);
	p.redraw = "gvr report";
	FILE *f = open_memstream(&html, &nbytes);
	page_html(f, &p);
	assert_int_equal(fclose(f), 0);
	assert_non_null(strstr(html, "<a href=\"run%201/report.html\">run 1</a>"));
	assert_null(strstr(html, "href=\"run-2"));
	assert_non_null(
		strstr(html, "<tr data-result=\"run-2/result.json\"><th scope=\"row\">run-2"));
	assert_non_null(strstr(html, "data-from=\"engines.retrieve.response_ns.percentile.99\""));
	free(html);
	page_free(&p);
	report_free(&r);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_is_read),
		cmocka_unit_test(null_is_not_a_figure),
		cmocka_unit_test(a_missing_figure_is_refused),
		cmocka_unit_test(a_text_is_no_figure),
		cmocka_unit_test(the_page_says_what_was_found),
		cmocka_unit_test(no_breakeven_is_told),
		cmocka_unit_test(a_hostile_text_is_only_text),
		cmocka_unit_test(markdown_is_short),
		cmocka_unit_test(the_workload_can_be_run_again),
		IN_FOLDER(several_have_what_differs_as_axes),
		IN_FOLDER(different_workloads_have_no_axes),
		IN_FOLDER(runs_of_a_sweep_that_are_not_done_are_missing),
		IN_FOLDER(a_damaged_sweep_is_refused),
		IN_FOLDER(the_overview_links_to_the_pages_there_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
