/* page.c: what a page shows. */
#include "bench/report/page.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/json_reader.h"
#include "bench/report/method.h"
#include "bench/report/report_read.h"
#include "bench/report/workload_ini.h"

#define METHOD_MAX 16u

static report_figure *const of_one[] = {
	figure_percentiles, figure_throughput,	 figure_at_rest,       figure_moved,
	figure_energy,	    figure_ratios,	 figure_map_replicas,  figure_map_ssd_price,
	figure_contexts,    figure_pareto_bytes, figure_pareto_energy, NULL,
};
static report_figure *const of_several[] = {
	figure_intervals,     figure_throughput, figure_pareto_bytes,
	figure_pareto_energy, figure_contexts,	 NULL,
};

/* Of different workloads little can be held against each other. */
static report_figure *const of_different[] = {
	figure_intervals,
	NULL,
};

static int no_memory(struct error *e)
{
	return error_set(e, -ENOMEM, "out of memory");
}

static int make_plots(struct page *p, struct error *e)
{
	report_figure *const *figures = p->report->result != NULL	    ? of_one
					: report_is_one_workload(p->report) ? of_several
									    : of_different;
	unsigned count = 0;
	int err = 0;

	while (figures[count] != NULL)
		count++;
	p->plots = calloc(count + 1, sizeof *p->plots);
	p->pictures = calloc(count + 1, sizeof *p->pictures);
	if (p->plots == NULL || p->pictures == NULL)
		return no_memory(e);
	for (unsigned i = 0; i < count && err == 0; i++) {
		p->plot_count++;
		err = figures[i](&p->plots[i], p->report, e);
	}
	return err;
}

static void add_method(void *arg, const char *text)
{
	struct page *p = arg;

	if (p->method != NULL && p->method_count < METHOD_MAX)
		p->method[p->method_count++] = strdup(text);
}

/* The first reason was read before. */
static void check_reasons(const struct report *r, struct json_reader *reader)
{
	const json_t *reason;
	size_t i;

	json_array_foreach(json_object_get(r->result, "why_invalid"), i, reason)
	{
		if (!json_is_string(reason))
			json_reader_damaged(reader, "why_invalid", "an item that is no text");
	}
}

static int make_words(struct page *p, struct error *e)
{
	const struct report *r = p->report;
	struct json_reader reader = {r->result_path, "", e, 0};

	p->method = calloc(METHOD_MAX, sizeof *p->method);
	if (p->method == NULL)
		return no_memory(e);
	method_say(r, &reader, add_method, p);
	check_reasons(r, &reader);
	if (reader.err != 0)
		return reader.err;
	for (unsigned i = 0; i < p->method_count; i++)
		if (p->method[i] == NULL)
			return no_memory(e);
	return workload_ini(&p->workload_ini, r->result, r->result_path, e);
}

int page_make(struct page *p, const struct report *r, const char *out, struct error *e)
{
	int err;

	memset(p, 0, sizeof *p);
	p->report = r;
	if (r->result == NULL) {
		err = tables_overview(&p->overview, r, out, e);
	} else {
		err = tables_make(p->tables, r, e);
		if (err == 0)
			err = make_words(p, e);
	}
	if (err == 0)
		err = make_plots(p, e);
	if (err != 0)
		page_free(p);
	return err;
}

void page_free(struct page *p)
{
	for (unsigned i = 0; i < p->plot_count; i++) {
		plot_free(&p->plots[i]);
		plot_picture_free(&p->pictures[i]);
	}
	for (unsigned i = 0; i < p->method_count; i++)
		free(p->method[i]);
	tables_free(p->tables);
	table_free(&p->overview);
	free(p->plots);
	free(p->pictures);
	free(p->method);
	free(p->workload_ini);
	memset(p, 0, sizeof *p);
}

/* ---- several ---- */

const char *page_title(const struct report *r)
{
	return report_is_one_workload(r) ? r->runs[0].name : "Results";
}

void page_counts(const struct report *r, char *out, size_t capacity)
{
	unsigned valid = 0, missing = 0;

	for (unsigned i = 0; i < r->run_count; i++)
		valid += r->runs[i].valid;
	if (r->sweep_planned > r->run_count)
		missing = r->sweep_planned - r->run_count;
	snprintf(out, capacity, "%u results: %u VALID, %u INVALID", r->run_count, valid,
		 r->run_count - valid);
	if (missing > 0)
		snprintf(out + strlen(out), capacity - strlen(out), "; %u missing", missing);
}

/* The first result of the documents' folder that tells what they were; the run itself if
 * there is none before it. */
static const struct report_run *first_of_source(const struct report *r, unsigned run)
{
	unsigned i = 0;

	while (i < run && (r->runs[i].documents[0] == '\0' ||
			   strcmp(r->runs[i].source, r->runs[run].source) != 0))
		i++;
	return &r->runs[i];
}

void page_documents(const struct report *r, char *out, size_t capacity)
{
	static const char begin[] = "The documents changed between results, which may differ for "
				    "that alone. Over others than ";
	const struct report_run *before = NULL;
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < r->run_count; i++) {
		const struct report_run *run = &r->runs[i], *first = first_of_source(r, i);
		if (run->documents[0] == '\0' || strcmp(run->documents, first->documents) == 0)
			continue;
		if (n > capacity / 4 * 3) { /* many: the first tell enough */
			snprintf(out + n, capacity - n, " and others");
			n = strlen(out);
			break;
		}
		if (first != before)
			snprintf(out + n, capacity - n, "%s%.150s: ", n == 0 ? begin : "; than ",
				 first->folder);
		else
			snprintf(out + n, capacity - n, ", ");
		n = strlen(out);
		snprintf(out + n, capacity - n, "%.150s", run->folder);
		n = strlen(out);
		before = first;
	}
	if (n > 0)
		snprintf(out + n, capacity - n, ".");
}

/* What all VALID results say that have no interval: "Always regenerate"; "":
 * nothing, or not the same. */
static void common_words(const struct report *r, char *out, size_t capacity)
{
	const char *first = NULL;

	out[0] = '\0';
	for (unsigned i = 0; i < r->run_count; i++) {
		const char *verdict = r->runs[i].verdict;
		if (!r->runs[i].valid)
			continue;
		size_t nbytes = strcspn(verdict, ":.");
		if (!r->runs[i].compared ||
		    (first != NULL &&
		     (strncmp(first, verdict, nbytes) != 0 || strcspn(first, ":.") != nbytes)))
			return;
		first = verdict;
	}
	if (first != NULL)
		snprintf(out, capacity, "%.*s", (int)strcspn(first, ":."), first);
}

static void say_no_interval(const struct report *r, char *out, size_t capacity)
{
	char words[64];

	common_words(r, words, sizeof words);
	if (words[0] != '\0')
		snprintf(out, capacity, "%s, say all VALID results.", words);
	else
		snprintf(out, capacity, "No VALID result has a break-even interval.");
}

void page_range(const struct report *r, char *out, size_t capacity)
{
	double low = INFINITY, high = 0;
	unsigned with = 0, valid = 0;
	char ends[2][64], others[64] = "";

	for (unsigned i = 0; i < r->run_count; i++) {
		double days = r->runs[i].interval_days;
		valid += r->runs[i].valid;
		if (!r->runs[i].valid || isnan(days))
			continue;
		with++;
		low = fmin(low, days);
		high = fmax(high, days);
	}
	if (with == 0) {
		say_no_interval(r, out, capacity);
		return;
	}
	breakeven_format_days(ends[0], sizeof ends[0], low);
	breakeven_format_days(ends[1], sizeof ends[1], high);
	if (with < valid)
		snprintf(others, sizeof others, "; %u without one", valid - with);
	if (strcmp(ends[0], ends[1]) == 0)
		snprintf(out, capacity,
			 "The break-even interval by money of the VALID results: %s%s.", ends[0],
			 others);
	else
		snprintf(out, capacity,
			 "The break-even interval by money of the VALID results: from %s to %s%s.",
			 ends[0], ends[1], others);
}
