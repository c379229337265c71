#include "bench/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 80u

/* ---- numbers for people: 3 significant digits and a unit ---- */

static void format_scaled(char *out, size_t capacity, double value, const char *const *units,
			  double step, unsigned unit_count)
{
	unsigned u = 0;
	while (u + 1 < unit_count && value >= 999.5 * step / 1000) {
		value /= step;
		u++;
	}
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	if (value == (double)(uint64_t)value && u == 0)
		digits = 0;
	snprintf(out, capacity, "%.*f%s%s", digits, value, units[u][0] != '\0' ? " " : "",
		 units[u]);
}

static void format_ns(char *out, size_t capacity, double ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	format_scaled(out, capacity, ns, units, 1000, 4);
}

static void format_bytes(char *out, size_t capacity, double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	format_scaled(out, capacity, bytes, units, 1024, 5);
}

static void format_throughput(char *out, size_t capacity, double bytes_per_s)
{
	static const char *const units[] = {"B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s"};
	format_scaled(out, capacity, bytes_per_s, units, 1024, 5);
}

static void format_rate(char *out, size_t capacity, double per_s)
{
	snprintf(out, capacity, "%.*f /s", per_s < 9.995 ? 2 : per_s < 999.5 ? 1 : 0, per_s);
}

/* ---- text ---- */

/* Wraps one reason to the width, continued with an indent. */
static void print_wrapped(FILE *f, const char *prefix, const char *text)
{
	size_t column = (size_t)fprintf(f, "%s", prefix), indent = strlen(prefix);

	while (*text != '\0') {
		size_t word = strcspn(text, " ");
		if (column + 1 + word > WIDTH && column > indent) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		}
		column += (size_t)fprintf(f, "%s%.*s", column > indent ? " " : "", (int)word, text);
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

static void print_setup(FILE *f, const struct run *run)
{
	const struct workload *w = run->workload;
	const struct contents *c = run->contents;
	char bytes[32];

	format_bytes(bytes, sizeof bytes, (double)c->nbytes_max);
	fprintf(f, "\nWorkload %.60s: %" PRIu64 " contents", w->name, c->count);
	if (w->contexts > 1)
		fprintf(f, " x %" PRIu32 " contexts", w->contexts);
	fprintf(f, ", at most %s each\n", bytes);
	if (w->contents_kind == CONTENTS_ARCHIVE)
		fprintf(f, "of the %s split%s\n", contents_split_name(w->split),
			w->split == SPLIT_HELD_OUT
				? ", which neither dictionary nor model was trained on"
				: ": dictionary and model were TRAINED on these");
	if (w->scenario == SCENARIO_SERVER)
		fprintf(f, "Scenario server: %g requests/s at %s times\n", w->rate_iops,
			w->rate_process == RATE_POISSON ? "Poisson" : "even");
	else
		fprintf(f, "Scenario %s\n",
			w->scenario == SCENARIO_OFFLINE ? "offline: as fast as iodepth allows"
							: "single_stream: one after the other");
}

static void print_head(FILE *f, const struct run *run, const struct verdict *v)
{
	fprintf(f, "Result is: %s\n", v->reason_count == 0 ? "VALID" : "INVALID");
	for (unsigned i = 0; i < v->reason_count; i++)
		print_wrapped(f, "  * ", v->reasons[i]);
	print_setup(f, run);
	fprintf(f, "Every engine was asked the same requests: digest %016" PRIx64 "\n",
		run->stream_digest);
	fprintf(f,
		"of the first %" PRIu64 "; %u rounds, engines in turns; harness %.0f ns/request\n",
		run->stream_requests, run->rounds_done, run->null_ns_per_request);
}

/* ---- the table: one row a figure, one column an engine ---- */

typedef void (*cell_fn)(char *out, size_t capacity, const struct engine_run *er);

static void none(char *out, size_t capacity)
{
	snprintf(out, capacity, "-");
}

static void cell_workers(char *out, size_t capacity, const struct engine_run *er)
{
	snprintf(out, capacity, "%" PRIu32 " x %" PRIu32, er->config->numjobs, er->config->iodepth);
}

static void cell_verified(char *out, size_t capacity, const struct engine_run *er)
{
	snprintf(out, capacity, "%" PRIu64, er->total->verified);
}

static void cell_mismatched(char *out, size_t capacity, const struct engine_run *er)
{
	snprintf(out, capacity, "%" PRIu64, er->total->mismatched);
}

static void cell_rate(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->window_ns == 0)
		none(out, capacity);
	else
		format_rate(out, capacity,
			    (double)er->total->completed * 1e9 / (double)er->window_ns);
}

static void cell_mib(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->window_ns == 0 || er->total->content_bytes == 0)
		none(out, capacity);
	else
		format_throughput(out, capacity,
				  (double)er->total->content_bytes * 1e9 / (double)er->window_ns);
}

static void cell_percentile(char *out, size_t capacity, const struct histogram *h, double p)
{
	if (h->count == 0)
		none(out, capacity);
	else
		format_ns(out, capacity, (double)histogram_percentile(h, p));
}

static void cell_p50(char *out, size_t capacity, const struct engine_run *er)
{
	cell_percentile(out, capacity, &er->total->response, 50);
}

static void cell_p99(char *out, size_t capacity, const struct engine_run *er)
{
	cell_percentile(out, capacity, &er->total->response, 99);
}

static void cell_service(char *out, size_t capacity, const struct engine_run *er)
{
	cell_percentile(out, capacity, &er->total->service, 50);
}

static void cell_cpu(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->total->completed == 0)
		none(out, capacity);
	else
		format_ns(out, capacity, (double)er->total->cpu_ns / (double)er->total->completed);
}

static void cell_at_rest(char *out, size_t capacity, const struct engine_run *er)
{
	format_bytes(out, capacity, (double)er->stats.at_rest_bytes);
}

static void cell_shared(char *out, size_t capacity, const struct engine_run *er)
{
	format_bytes(out, capacity, (double)er->stats.shared_at_rest_bytes);
}

static void cell_bits(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->stats.content_bytes == 0)
		none(out, capacity);
	else
		snprintf(out, capacity, "%.3f",
			 (double)er->stats.payload_bytes * 8 / (double)er->stats.content_bytes);
}

/* What the device read says nothing of an engine that has no store. */
static bool device_figures(const struct engine_run *er)
{
	return er->device_known && er->total->completed > 0 && er->stats.store_dir[0] != '\0';
}

static void cell_moved(char *out, size_t capacity, const struct engine_run *er)
{
	if (!device_figures(er))
		none(out, capacity);
	else
		format_bytes(out, capacity,
			     (double)er->device.read_bytes / (double)er->total->completed);
}

static void cell_reads(char *out, size_t capacity, const struct engine_run *er)
{
	if (!device_figures(er))
		none(out, capacity);
	else
		snprintf(out, capacity, "%.2f",
			 (double)er->device.reads / (double)er->total->completed);
}

static void cell_resident(char *out, size_t capacity, const struct engine_run *er)
{
	format_bytes(out, capacity, (double)er->stats.resident_bytes);
}

static const struct {
	const char *name;
	cell_fn cell;
} rows[] = {
	{"workers x iodepth", cell_workers},
	{"requests verified", cell_verified},
	{"  with wrong bytes", cell_mismatched},
	{"requests served", cell_rate},
	{"content served", cell_mib},
	{"response time p50", cell_p50},
	{"  p99", cell_p99},
	{"service time p50", cell_service},
	{"CPU time a request", cell_cpu},
	{"at rest: contents", cell_at_rest},
	{"  shared (model, dict)", cell_shared},
	{"  bits a content byte", cell_bits},
	{"moved a request", cell_moved},
	{"  device reads", cell_reads},
	{"resident memory", cell_resident},
};

#define NAME_WIDTH 24
#define CELL_WIDTH 14
#define COLUMNS_MAX 4u

/* Engines [first, first + count) beside each other: what fits 80 columns. */
static void print_table(FILE *f, const struct run *run, unsigned first, unsigned count)
{
	fprintf(f, "\n%-*s", NAME_WIDTH, "");
	for (unsigned i = 0; i < count; i++)
		fprintf(f, "%*.*s", CELL_WIDTH, CELL_WIDTH - 1,
			run->engines[first + i].config->label);
	fputc('\n', f);
	for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
		fprintf(f, "%-*s", NAME_WIDTH, rows[k].name);
		for (unsigned i = 0; i < count; i++) {
			char cell[32];
			rows[k].cell(cell, sizeof cell, &run->engines[first + i]);
			fprintf(f, "%*s", CELL_WIDTH, cell);
		}
		fputc('\n', f);
	}
}

char *summary_text(const struct run *run, const struct verdict *v)
{
	char *text = NULL;
	size_t nbytes = 0;
	FILE *f = open_memstream(&text, &nbytes);

	if (f == NULL)
		return NULL;
	print_head(f, run, v);
	for (unsigned i = 0; i < run->engine_count; i += COLUMNS_MAX) {
		unsigned left = run->engine_count - i;
		print_table(f, run, i, left < COLUMNS_MAX ? left : COLUMNS_MAX);
	}
	fprintf(f, "\nEnergy: not measured (this version of gvr has no meter).\n");
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
