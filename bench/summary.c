#include "bench/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/format.h"

#define REST_DIFFERS 1.2

/* ---- text ---- */

static void print_server(FILE *f, const struct workload *w)
{
	char target[32];

	fprintf(f, "Scenario server: ");
	for (unsigned i = 0; i < w->rate_count; i++)
		fprintf(f, "%s%g", i > 0 ? ", " : "", w->rate_iops[i]);
	fprintf(f, "%s ", w->rate_count == 0 ? "the highest rate that holds" : " requests/s");
	if (w->rate_process == RATE_BURSTS)
		fprintf(f,
			"in bursts:\n%" PRIu32 " agents wake together, each sends %" PRIu32
			" in a row\n",
			w->burst_agents, w->burst_chain);
	else
		fprintf(f, "at %s times\n", w->rate_process == RATE_POISSON ? "Poisson" : "even");
	format_ns(target, sizeof target, (double)w->target_latency_ns);
	if (w->target_latency_ns > 0)
		fprintf(f, "Target: response time p%g at most %s\n", w->target_latency_percentile,
			target);
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
			w->split != SPLIT_HELD_OUT ? ": dictionary and model were TRAINED on these"
			: contents_may_be_seen(c)
				? "; the model that was given MAY have been trained on these"
				: ", which neither dictionary nor model was trained on");
	if (w->scenario == SCENARIO_SERVER)
		print_server(f, w);
	else
		fprintf(f, "Scenario %s\n",
			w->scenario == SCENARIO_OFFLINE ? "offline: as fast as iodepth allows"
							: "single_stream: one after the other");
}

static void print_head(FILE *f, const struct run *run, const struct verdict *v)
{
	fprintf(f, "Result is: %s\n", v->reason_count == 0 ? "VALID" : "INVALID");
	for (unsigned i = 0; i < v->reason_count; i++)
		format_wrapped(f, "  * ", v->reasons[i]);
	print_setup(f, run);
	if (run->stream_requests > 0)
		fprintf(f,
			"Every engine was asked the same requests: digest %016" PRIx64
			"\nof the first %" PRIu64 "; %u rounds, engines in turns; ",
			run->stream_digest, run->stream_requests, run->rounds_done);
	fprintf(f, "harness %.0f ns/request\n", run->null_ns_per_request);
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

/* The highest rate that held the target; only with rate_iops = peak. */
static void cell_peak(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->peak.rate_iops == 0)
		snprintf(out, capacity, "none");
	else
		format_rate(out, capacity, er->peak.rate_iops);
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

static void cell_slip(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->planned_window_ns == 0) /* a closed loop plans nothing */
		none(out, capacity);
	else
		cell_percentile(out, capacity, &er->total->slip, 99);
}

static void cell_cpu(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->total->completed == 0 || er->stats.cpu_elsewhere)
		none(out, capacity);
	else
		format_ns(out, capacity, (double)er->total->cpu_ns / (double)er->total->completed);
}

static void cell_at_rest(char *out, size_t capacity, const struct engine_run *er)
{
	format_bytes(out, capacity, (double)er->stats.at_rest_bytes);
}

static void cell_on_disk(char *out, size_t capacity, const struct engine_run *er)
{
	format_bytes(out, capacity, (double)er->stats.at_rest_disk_bytes);
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

static void cell_moved(char *out, size_t capacity, const struct engine_run *er)
{
	if (!run_device_figures(er))
		none(out, capacity);
	else
		format_bytes(out, capacity,
			     (double)er->device.read_bytes / (double)er->total->completed);
}

static void cell_reads(char *out, size_t capacity, const struct engine_run *er)
{
	if (!run_device_figures(er))
		none(out, capacity);
	else
		snprintf(out, capacity, "%.2f",
			 (double)er->device.reads / (double)er->total->completed);
}

/* How much of the store a read could have met in the page cache. */
static void cell_cached(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->stats.store_dir[0] == '\0' || !er->cache.known || er->cache.store_bytes == 0)
		none(out, capacity);
	else if (er->cache.in_memory)
		snprintf(out, capacity, "all: tmpfs");
	else if (er->config->direct)
		snprintf(out, capacity, "bypassed");
	else
		snprintf(out, capacity, "%.0f %%",
			 100.0 * (double)er->cache.before_bytes / (double)er->cache.store_bytes);
}

/* How many requests RocksDB's cache of blocks answered. */
static void cell_hits(char *out, size_t capacity, const struct engine_run *er)
{
	const struct engine_stats *s = &er->stats;
	if (s->cache_lookups == 0)
		none(out, capacity);
	else
		snprintf(out, capacity, "%.1f %%",
			 100.0 * (double)s->cache_hits / (double)s->cache_lookups);
}

static void cell_written(char *out, size_t capacity, const struct engine_run *er)
{
	if (er->stats.load_written_bytes == 0)
		none(out, capacity);
	else
		format_bytes(out, capacity, (double)er->stats.load_written_bytes);
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
	{"highest rate that holds", cell_peak},
	{"requests served", cell_rate},
	{"content served", cell_mib},
	{"response time p50", cell_p50},
	{"  p99", cell_p99},
	{"service time p50", cell_service},
	{"harness late (slip) p99", cell_slip},
	{"CPU time a request", cell_cpu},
	{"at rest: contents", cell_at_rest},
	{"  on disk", cell_on_disk},
	{"  shared (model, dict)", cell_shared},
	{"  bits a content byte", cell_bits},
	{"written to load", cell_written},
	{"moved a request", cell_moved},
	{"  device reads", cell_reads},
	{"store in page cache", cell_cached},
	{"block cache hits", cell_hits},
	{"resident memory", cell_resident},
};

#define NAME_WIDTH 24
#define CELL_WIDTH 14
#define COLUMNS_MAX 4u

/* A machine that is not one's own: its share of the high percentiles. */
static void print_withheld(FILE *f, const struct run *run)
{
	double most = 0;

	for (unsigned i = 0; i < run->engine_count; i++) {
		double part = run_withheld_part(&run->engines[i]);
		most = part > most ? part : most;
	}
	if (most > 0.005)
		fprintf(f,
			"\nThe machine withheld up to %.1f %% of its CPU time (other guests of a "
			"shared\nhost?): the highest percentiles are the machine's.\n",
			100 * most);
}

static void print_steady(FILE *f, const struct run *run)
{
	for (unsigned i = 0; i < run->engine_count; i++) {
		const struct engine_run *er = &run->engines[i];
		if (!er->steady.judged && er->steady.why[0] != '\0')
			fprintf(f, "\nSteady state of %.20s not judged: %s.\n", er->config->label,
				er->steady.why);
		if (steady_is_unclear(&er->steady, run->workload->ss_limit))
			fprintf(f, "\nSteady state of %.20s unclear: too much noise to tell.\n",
				er->config->label);
	}
}

/* Why figures are missing that an engine would else have. */
static void print_unknown(FILE *f, const struct run *run)
{
	for (unsigned i = 0; i < run->engine_count; i++) {
		const struct engine_run *er = &run->engines[i];
		if (er->stats.cpu_elsewhere)
			fprintf(f,
				"\nCPU time of %.20s is not known: a thread of the kernel "
				"submits.\n",
				er->config->label);
		if (er->stats.store_dir[0] != '\0' && er->total->completed > 0 &&
		    !run_device_figures(er))
			fprintf(f, "\nWhat %.20s moved is not known: %s.\n", er->config->label,
				er->device_known ? "others read from the device meanwhile"
						 : "its store lies on no block device");
	}
}

/* With fewer requests p99 is hardly more than the greatest. */
#define STEP_P99_MIN 1000u

/* Each step of rate_iops, one line an engine. */
static void print_steps(FILE *f, const struct run *run)
{
	char p50[32], p99[32];

	if (run->workload->scenario != SCENARIO_SERVER || run->workload->rate_count < 2)
		return;
	fprintf(f, "\n%-24s%14s%14s%14s%14s\n", "steps of rate_iops", "rate", "completed",
		"response p50", "p99");
	for (unsigned i = 0; i < run->engine_count; i++)
		for (unsigned k = 0; k < run->engines[i].total->step_count; k++) {
			const struct histogram *h = &run->engines[i].total->steps[k].response;
			cell_percentile(p50, sizeof p50, h, 50);
			cell_percentile(p99, sizeof p99, h, 99);
			if (h->count < STEP_P99_MIN)
				none(p99, sizeof p99);
			fprintf(f, "%-24.23s%12g/s%14" PRIu64 "%14s%14s\n",
				k == 0 ? run->engines[i].config->label : "",
				run->workload->rate_iops[k], h->count, p50, p99);
		}
}

/* A row that says nothing of any engine of the table is left out. */
static void print_row(FILE *f, const char *name, cell_fn cell, const struct engine_run *engines,
		      unsigned count)
{
	char cells[COLUMNS_MAX][32];
	bool says = false;

	for (unsigned i = 0; i < count; i++) {
		cell(cells[i], sizeof cells[i], &engines[i]);
		says |= strcmp(cells[i], "-") != 0;
	}
	if (!says)
		return;
	fprintf(f, "%-*s", NAME_WIDTH, name);
	for (unsigned i = 0; i < count; i++)
		fprintf(f, "%*s", CELL_WIDTH, cells[i]);
	fputc('\n', f);
}

#define LABEL_LINES_MAX 3u

/* Labels, each in as many lines as it takes, up to some. */
static void print_labels(FILE *f, const struct engine_run *engines, unsigned count)
{
	const unsigned width = CELL_WIDTH - 1;
	size_t longest = 0;

	for (unsigned i = 0; i < count; i++) {
		size_t nbytes = strlen(engines[i].config->label);
		longest = nbytes > longest ? nbytes : longest;
	}
	fputc('\n', f);
	for (size_t at = 0; at < longest && at < LABEL_LINES_MAX * width; at += width) {
		fprintf(f, "%-*s", NAME_WIDTH, "");
		for (unsigned i = 0; i < count; i++) {
			const char *label = engines[i].config->label;
			fprintf(f, "%*.*s", CELL_WIDTH, (int)width,
				at < strlen(label) ? label + at : "");
		}
		fputc('\n', f);
	}
}

/* Engines [first, first + count) beside each other: what fits 80 columns. */
static void print_table(FILE *f, const struct run *run, unsigned first, unsigned count)
{
	print_labels(f, &run->engines[first], count);
	bool peak = run->workload->scenario == SCENARIO_SERVER && run->workload->rate_count == 0;
	for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
		if (rows[k].cell != cell_peak || peak)
			print_row(f, rows[k].name, rows[k].cell, &run->engines[first], count);
}

/* By energy, each with its range and what it is. */
static void print_energy(FILE *f, const struct energy *energies, unsigned count)
{
	static const char *const kinds[] = {"-", "measured", "modelled"};
	char cell[64];

	fprintf(f, "%-*s", NAME_WIDTH, "energy a request");
	for (unsigned i = 0; i < count; i++) {
		none(cell, sizeof cell);
		if (energies[i].kind != ENERGY_KIND_UNAVAILABLE)
			format_joules(cell, sizeof cell, energies[i].joules_per_request.nominal);
		fprintf(f, "%*s", CELL_WIDTH, cell);
	}
	fprintf(f, "\n%-*s", NAME_WIDTH, "  from, to");
	for (unsigned i = 0; i < count; i++) {
		none(cell, sizeof cell);
		if (energies[i].kind != ENERGY_KIND_UNAVAILABLE)
			format_joules_range(cell, sizeof cell, energies[i].joules_per_request.low,
					    energies[i].joules_per_request.high);
		fprintf(f, "%*s", CELL_WIDTH, cell);
	}
	fprintf(f, "\n%-*s", NAME_WIDTH, "");
	for (unsigned i = 0; i < count; i++)
		fprintf(f, "%*s", CELL_WIDTH, kinds[energies[i].kind]);
	fputc('\n', f);
}

/* The machine at rest should take as much before the run as after it. */
static void print_rests(FILE *f, const struct energies *all)
{
	const struct figure *idle = &all->of[0].idle_watts;

	if (all->of[0].meter != NULL && idle->high > REST_DIFFERS * idle->low)
		fprintf(f,
			"The machine at rest took %.3g to %.3g W before and after: something else "
			"ran.\n",
			idle->low, idle->high);
}

/* What an engine's energy is, or why it is not measured. */
static void describe_energy(char *line, size_t capacity, const struct energies *all,
			    const struct energy *en)
{
	char how[256];

	if (en->kind == ENERGY_KIND_MEASURED) {
		energy_measured_how(en, how, sizeof how);
		snprintf(line, capacity, "is measured %s.", how);
		return;
	}
	snprintf(line, capacity, "is not measured: %.400s; %s%.100s.", en->why,
		 en->kind == ENERGY_KIND_MODELLED ? "modelled: platform " : "nor modelled: ",
		 en->kind == ENERGY_KIND_MODELLED ? all->platform->name : en->modelled.why);
}

/* Said once if it is the same for all. */
static void print_energy_source(FILE *f, const struct run *run, const struct energies *all)
{
	char first[640], line[640], prefix[64];
	bool same = true;

	describe_energy(first, sizeof first, all, &all->of[0]);
	for (unsigned i = 1; i < run->engine_count; i++) {
		describe_energy(line, sizeof line, all, &all->of[i]);
		same = same && strcmp(line, first) == 0;
	}
	fputc('\n', f);
	for (unsigned i = 0; i < (same ? 1 : run->engine_count); i++) {
		describe_energy(line, sizeof line, all, &all->of[i]);
		snprintf(prefix, sizeof prefix, "Energy%s%.40s ", same ? "" : " of ",
			 same ? "" : run->engines[i].config->label);
		fputs(prefix, f);
		format_wrapped_from(f, strlen(prefix), line);
	}
	print_rests(f, all);
}

/* Is there anything to store or regenerate? Else it is no question. */
static bool compares(const struct run *run)
{
	bool retrieves = false, generates = false;

	for (unsigned i = 0; i < run->engine_count; i++) {
		retrieves |= strcmp(run->engines[i].config->kind, "retrieve") == 0;
		generates |= strcmp(run->engines[i].config->kind, "generate") == 0;
	}
	return retrieves && generates;
}

static void print_extrapolated(FILE *f, const struct run *run)
{
	const struct workload *w = run->workload;
	char bytes[32], line[512];

	for (unsigned i = 0; w->extrapolate_contexts > 0 && i < run->engine_count; i++) {
		const struct engine_run *er = &run->engines[i];
		format_bytes(bytes, sizeof bytes, run_extrapolated_bytes(w, &er->stats));
		snprintf(line, sizeof line,
			 "With %" PRIu64 " contexts %.40s would keep %s (extrapolated from the "
			 "%" PRIu32 " that were stored).",
			 w->extrapolate_contexts, er->config->label, bytes, w->contexts);
		if (i == 0)
			fputc('\n', f);
		format_wrapped(f, "", line);
	}
}

/* What the interval leaves out: bytes that all contents share. */
static void print_catalogue(FILE *f, const json_t *breakeven)
{
	char words[BREAKEVEN_CATALOGUE_NBYTES];

	if (json_object_get(breakeven, "why_unavailable") != NULL)
		return;
	breakeven_catalogue(words, breakeven);
	format_wrapped(f, "", words);
}

char *summary_text(const struct run *run, const struct verdict *v, const struct energies *energies,
		   const json_t *breakeven)
{
	char *text = NULL;
	size_t nbytes = 0;
	FILE *f = open_memstream(&text, &nbytes);

	if (f == NULL)
		return NULL;
	print_head(f, run, v);
	for (unsigned i = 0; i < run->engine_count; i += COLUMNS_MAX) {
		unsigned left = run->engine_count - i;
		unsigned count = left < COLUMNS_MAX ? left : COLUMNS_MAX;
		print_table(f, run, i, count);
		print_energy(f, &energies->of[i], count);
	}
	print_extrapolated(f, run);
	print_steps(f, run);
	print_steady(f, run);
	print_unknown(f, run);
	print_withheld(f, run);
	if (run->engine_count > 0) /* stopped early, it has opened none */
		print_energy_source(f, run, energies);
	if (compares(run)) {
		fprintf(f, "\n%s", v->reason_count > 0 ? "Were this run VALID:\n" : "");
		breakeven_print_verdict(f, breakeven);
		print_catalogue(f, breakeven);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
