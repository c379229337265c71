/* tables_engines.c: what the engines did, and why that can be believed. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bench/format.h"
#include "bench/json_values.h"
#include "bench/report/tables_internal.h"

#define P999_REQUESTS_MIN 10000

/* ---- figures of an engine, one row each ---- */

struct engine_row {
	const char *name;
	unsigned indent;
	const char *keys;
	tables_format *format;
};

static void fill_number(struct table *t, unsigned column, const struct place *at, const void *arg)
{
	const struct engine_row *row = arg;

	cell_number(t, column, at, row->keys, row->format);
}

/* Is there such a figure of any engine? Else the row says nothing. */
static bool any_has(const struct report *r, struct json_reader *reader, const char *keys)
{
	const json_t *engines = json_object_get(r->result, "engines");
	bool any = false;

	for (unsigned i = 0; i < r->engine_count; i++) {
		reader->label = r->engines[i].label;
		const json_t *value = json_reader_find(
			reader, json_object_get(engines, r->engines[i].label), keys);
		any |= value != NULL && !json_is_null(value);
	}
	reader->label = "";
	return any;
}

static void add_rows(struct table *t, const struct report *r, struct json_reader *reader,
		     const struct engine_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!any_has(r, reader, rows[i].keys))
			continue;
		table_row(t, rows[i].indent, rows[i].name);
		tables_each_engine(r, reader, t, fill_number, &rows[i]);
	}
}

static void fill_text(struct table *t, unsigned column, const struct place *at, const void *arg)
{
	cell_text(t, column, at, arg);
}

static void add_text(struct table *t, const struct report *r, struct json_reader *reader,
		     unsigned indent, const char *name, const char *keys)
{
	if (!any_has(r, reader, keys))
		return;
	table_row(t, indent, name);
	tables_each_engine(r, reader, t, fill_text, keys);
}

#define ADD_ROWS(t, r, reader, rows) add_rows(t, r, reader, rows, sizeof(rows) / sizeof(rows)[0])

/* A closed loop plans nothing that the harness could be late for. */
static bool is_open_loop(const struct report *r)
{
	for (unsigned i = 0; i < r->engine_count; i++)
		if (!isnan(r->engines[i].offered_rps))
			return true;
	return false;
}

/* How much of the store a read could have met in the page cache. */
static void fill_page_cache(struct table *t, unsigned column, const struct place *at,
			    const void *arg)
{
	const json_t *cache = json_reader_find(at->reader, at->object, "cache");

	(void)arg;
	if (json_is_true(json_object_get(cache, "in_memory")))
		table_text(t, column, "all: tmpfs");
	else if (json_is_true(json_object_get(cache, "direct")))
		table_text(t, column, "bypassed");
	else
		cell_number(t, column, at, "cache.page_cache_bytes_before", format_bytes);
}

/* With 10 requests beyond it at least: of fewer it is not much but the greatest. */
static void fill_p999(struct table *t, unsigned column, const struct place *at, const void *arg)
{
	(void)arg;
	cell_number(t, column, at, "response_ns.percentile.99.9", format_ns);
	if (!(json_number_at(at->object, "requests.completed") >= P999_REQUESTS_MIN))
		table_text(t, column, "-");
}

void tables_engines(struct table *t, const struct report *r, struct json_reader *reader)
{
	static const struct engine_row served[] = {
		{"requests verified", 0, "requests.verified", tables_count},
		{"with wrong bytes", 1, "requests.mismatched", tables_count},
		{"highest rate that holds", 0, "peak.rate_iops", format_rate},
		{"requests served", 0, "achieved_rps", format_rate},
		{"content served", 0, "content_mib_per_s", tables_mib_per_s},
		{"response time p50", 0, "response_ns.percentile.50", format_ns},
		{"p99", 1, "response_ns.percentile.99", format_ns},
	};
	static const struct engine_row service[] = {
		{"service time p50", 0, "service_ns.percentile.50", format_ns},
	};
	static const struct engine_row late[] = {
		{"harness late (slip) p99", 0, "slip_ns.percentile.99", format_ns},
	};
	static const struct engine_row bytes[] = {
		{"CPU time a request", 0, "cpu.us_per_request", tables_us},
		{"at rest: contents", 0, "bytes.at_rest", format_bytes},
		{"on disk", 1, "bytes.at_rest_disk", format_bytes},
		{"shared (model, dictionary)", 1, "bytes.shared_at_rest", format_bytes},
		{"bytes kept a content byte", 1, "bytes.at_rest_per_content_byte", tables_plain},
		{"written to load", 0, "bytes.written_to_load", format_bytes},
		{"moved a request", 0, "bytes.moved_per_request", format_bytes},
		{"device reads", 1, "bytes.device_reads_per_request", tables_plain},
	};
	static const struct engine_row memory[] = {
		{"block cache hits", 0, "cache.block_cache.hit_ratio", tables_part},
		{"resident memory", 0, "bytes.resident", format_bytes},
	};
	static const struct engine_row energy[] = {
		{"energy a request", 0, "energy.joules_per_request.nominal", format_joules},
		{"from", 1, "energy.joules_per_request.low", format_joules},
		{"to", 1, "energy.joules_per_request.high", format_joules},
	};
	static const struct engine_row tokens[] = {
		{"tokens of a joule", 0, "generator.tokens_per_joule.nominal", tables_count},
	};

	tables_init_engines(t, "engines", "What each engine did", r);
	ADD_ROWS(t, r, reader, served);
	table_row(t, 1, "p99.9");
	tables_each_engine(r, reader, t, fill_p999, NULL);
	ADD_ROWS(t, r, reader, service);
	if (is_open_loop(r))
		ADD_ROWS(t, r, reader, late);
	ADD_ROWS(t, r, reader, bytes);
	if (any_has(r, reader, "cache.state")) {
		table_row(t, 0, "store in page cache");
		tables_each_engine(r, reader, t, fill_page_cache, NULL);
	}
	ADD_ROWS(t, r, reader, memory);
	ADD_ROWS(t, r, reader, energy);
	add_text(t, r, reader, 1, "which is", "energy.kind");
	ADD_ROWS(t, r, reader, tokens);
}

/* ---- steps of rate_iops ---- */

/* With fewer requests p99 is hardly more than the greatest. */
#define STEP_P99_MIN 1000u

static void add_step(struct table *t, const char *label, const struct place *at)
{
	table_row(t, 0, label);
	cell_number(t, 1, at, "rate_iops", format_rate);
	cell_number(t, 2, at, "completed", tables_count);
	cell_number(t, 3, at, "response_ns.percentile.50", format_ns);
	if (json_number_at(at->object, "completed") >= STEP_P99_MIN)
		cell_number(t, 4, at, "response_ns.percentile.99", format_ns);
	else
		table_text(t, 4, "-");
}

static void add_steps(struct table *t, unsigned column, const struct place *at, const void *arg)
{
	const json_t *steps = json_reader_find(at->reader, at->object, "steps"), *step;
	size_t i;

	(void)column;
	(void)arg;
	json_array_foreach((json_t *)(uintptr_t)steps, i, step)
	{
		char *path;
		if (asprintf(&path, "%s.steps.%zu", at->path, i) < 0) {
			t->out_of_memory = true;
			return;
		}
		add_step(t, at->reader->label, &(struct place){at->reader, step, path});
		free(path);
	}
}

void tables_steps(struct table *t, const struct report *r, struct json_reader *reader)
{
	static const char *const columns[] = {"engine", "rate", "completed", "response p50", "p99"};

	table_init(t, "steps", "Steps of rate_iops", 5, columns);
	tables_each_engine(r, reader, t, add_steps, NULL);
}

/* ---- ratios ---- */

static void add_ratio(struct table *t, const char *name, const struct place *at)
{
	table_row(t, 0, name);
	cell_number(t, 1, at, "value", tables_ratio);
	cell_item(t, 2, at, "ci95", 0, tables_ratio, "-");
	cell_item(t, 3, at, "ci95", 1, tables_ratio, "-");
}

void tables_ratios(struct table *t, const struct report *r, struct json_reader *reader)
{
	static const char *const columns[] = {"", "ratio", "95 % from", "to"};
	static const char *const figures[][2] = {
		{"response_p50", "response time p50"},
		{"response_p99", "response time p99"},
		{"achieved_rps", "requests served"},
		{"cpu_us_per_request", "CPU time a request"},
		{"moved_per_request", "moved a request"},
		{"joules_per_request", "energy a request"},
	};
	const json_t *ratios = json_reader_find(reader, r->result, "ratios"), *pair;
	const char *name;

	table_init(t, "ratios", "Engines against the first, paired round by round", 4, columns);
	json_object_foreach((json_t *)(uintptr_t)ratios, name, pair)
	{
		table_heading(t, name);
		for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
			const json_t *ratio = json_reader_find(reader, pair, figures[i][0]);
			char *path;
			if (asprintf(&path, "ratios.%s.%s", name, figures[i][0]) < 0) {
				t->out_of_memory = true;
				return;
			}
			if (json_is_object(ratio))
				add_ratio(t, figures[i][1], &(struct place){reader, ratio, path});
			free(path);
		}
	}
}

/* ---- validity ---- */

static void fill_steady(struct table *t, unsigned column, const struct place *at, const void *arg)
{
	const json_t *reached = json_reader_find(at->reader, at->object, "steady_state.reached");
	const char *why = json_reader_text(at->reader, at->object, "steady_state.why");
	char text[512];

	(void)arg;
	snprintf(text, sizeof text, "%s%s%.400s",
		 json_is_true(reached)	  ? "reached"
		 : json_is_false(reached) ? "not reached"
		 : why[0] != '\0'	  ? "not judged"
					  : "unclear: too much noise to tell",
		 why[0] != '\0' ? ": " : "", why);
	table_text(t, column, text);
}

void tables_validity(struct table *t, const struct report *r, struct json_reader *reader)
{
	static const struct engine_row requests[] = {
		{"planned", 0, "requests.planned", tables_count},
		{"completed", 0, "requests.completed", tables_count},
		{"failed", 0, "requests.failed", tables_count},
		{"dropped", 0, "requests.dropped", tables_count},
		{"compared with the right bytes", 0, "requests.verified", tables_count},
		{"wrong", 0, "requests.mismatched", tables_count},
		{"beyond what a histogram holds", 0, "response_ns.out_of_range", tables_count},
	};
	static const struct engine_row load[] = {
		{"offered", 0, "offered_rps", format_rate},
		{"served", 0, "achieved_rps", format_rate},
		{"in flight at most", 0, "in_flight_max", tables_count},
		{"measured for", 0, "window_s", tables_seconds},
		{"harness late (slip) p50", 0, "slip_ns.percentile.50", format_ns},
		{"p99", 1, "slip_ns.percentile.99", format_ns},
		{"CPU time that the machine withheld", 0, "cpu.withheld_part", tables_part},
		{"stood still for", 0, "cpu.paused_s", tables_seconds},
	};
	static const struct engine_row reads[] = {
		{"io_uring: submitted (SQEs)", 0, "io_uring.sqes", tables_count},
		{"completed (CQEs)", 1, "io_uring.cqes", tables_count},
		{"store", 0, "cache.store_bytes", format_bytes},
		{"in page cache before", 1, "cache.page_cache_bytes_before", format_bytes},
		{"after", 1, "cache.page_cache_bytes_after", format_bytes},
	};

	tables_init_engines(t, "validity", "What was checked, of each engine", r);
	table_heading(t, "Requests");
	ADD_ROWS(t, r, reader, requests);
	table_heading(t, "Load");
	ADD_ROWS(t, r, reader, load);
	table_heading(t, "Reads");
	ADD_ROWS(t, r, reader, reads);
}

void tables_sources(struct table *t, const struct report *r, struct json_reader *reader)
{
	tables_init_engines(t, "sources", "Where the figures come from, of each engine", r);
	table_row(t, 0, "steady state");
	tables_each_engine(r, reader, t, fill_steady, NULL);
	add_text(t, r, reader, 0, "caches before a round", "cache.state");
	add_text(t, r, reader, 0, "CPU time", "cpu.source");
	add_text(t, r, reader, 0, "bytes moved", "bytes.moved_source");
	add_text(t, r, reader, 0, "energy", "energy.source");
	add_text(t, r, reader, 1, "why not measured", "energy.why_not_measured");
	add_text(t, r, reader, 0, "generator", "generator.name");
	add_text(t, r, reader, 1, "its kernel", "generator.kernel");
	add_text(t, r, reader, 0, "dictionary", "dictionary.how");
}
