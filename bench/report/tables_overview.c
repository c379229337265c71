/* tables_overview.c: several results, one row each. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/format.h"
#include "bench/report/tables_internal.h"

#define LABELS_MAX 3u

struct overview {
	struct table *t;
	const struct report *report;
	char *out; /* where the page goes, without links in it; NULL: not known */
	const char *labels[LABELS_MAX];
	unsigned label_count;
};

/* ---- paths ---- */

/* From the folder `from` to the path `to`, both as realpath gives them. */
static char *relative(const char *from, const char *to)
{
	size_t same = 0, nbytes;
	char *path = NULL;

	for (size_t i = 0;; i++) { /* as far as whole names are the same */
		bool from_ends = from[i] == '/' || from[i] == '\0';
		bool to_ends = to[i] == '/' || to[i] == '\0';
		if (from_ends && to_ends)
			same = i;
		if (from[i] != to[i] || from[i] == '\0')
			break;
	}
	FILE *f = open_memstream(&path, &nbytes);
	if (f == NULL)
		return NULL;
	for (const char *up = from + same; *up != '\0'; up++)
		if (*up == '/' && up[1] != '\0')
			fputs("../", f);
	to += same;
	fputs(to + strspn(to, "/"), f);
	if (fclose(f) == 0)
		return path;
	free(path);
	return NULL;
}

/* The folder of a run, seen from the page; as it was given where that is unknown. */
static char *folder_seen(const struct overview *o, const struct report_run *run)
{
	char *real = o->out != NULL ? realpath(run->folder, NULL) : NULL;
	char *seen = real != NULL ? relative(o->out, real) : strdup(run->folder);

	free(real);
	if (seen != NULL && seen[0] == '\0') {
		free(seen);
		seen = strdup(".");
	}
	return seen;
}

static bool has_page(const struct report_run *run)
{
	char *path;

	if (asprintf(&path, "%s/report.html", run->folder) < 0)
		return false;
	bool there = access(path, R_OK) == 0;
	free(path);
	return there;
}

/* ---- cells ---- */

static void put(struct overview *o, unsigned column, const char *keys, double v,
		tables_format *format)
{
	char text[64];

	if (isnan(v)) {
		table_text(o->t, column, "-");
		return;
	}
	json_t *value = v < 1e15 && v == floor(v) ? json_integer((json_int_t)v) : json_real(v);
	if (value == NULL) {
		o->t->out_of_memory = true;
		return;
	}
	format(text, sizeof text, v);
	table_number(o->t, column, text, value, keys);
	json_decref(value);
}

static void put_p99(struct overview *o, unsigned column, const struct report_run *run,
		    const char *label)
{
	const struct report_engine *engines = &o->report->engines[run->first_engine];
	double p99 = NAN;
	char *keys;

	for (unsigned i = 0; i < run->engine_count; i++)
		if (strcmp(engines[i].label, label) == 0)
			p99 = engines[i].response_p99_ns;
	if (asprintf(&keys, "engines.%s.response_ns.percentile.99", label) < 0) {
		o->t->out_of_memory = true;
		return;
	}
	put(o, column, keys, p99, format_ns);
	free(keys);
}

/* Or what there is instead: "Always regenerate", of the verdict's words. */
static void put_interval(struct overview *o, unsigned column, const struct report_run *run)
{
	char words[64];

	put(o, column, "breakeven.money.interval_days", run->interval_days, tables_days);
	if (!isnan(run->interval_days))
		return;
	snprintf(words, sizeof words, "%.*s", (int)strcspn(run->verdict, ":."), run->verdict);
	table_text(o->t, column, run->compared ? words : "not known");
}

static bool has_namesake(const struct report *r, const struct report_run *run)
{
	for (unsigned i = 0; i < r->run_count; i++)
		if (&r->runs[i] != run && strcmp(r->runs[i].name, run->name) == 0)
			return true;
	return false;
}

/* Its folder, and of what workload it is where they differ. */
static char *name_of(const struct overview *o, const struct report_run *run, const char *seen)
{
	char *name;

	if (o->report->axis_count > 0)
		return strdup(seen);
	if (!has_namesake(o->report, run))
		return strdup(run->name);
	return asprintf(&name, "%s (%s)", run->name, seen) < 0 ? NULL : name;
}

static void put_name(struct overview *o, const struct report_run *run, const char *seen)
{
	char *name = name_of(o, run, seen), *link, *result;

	if (name == NULL || asprintf(&link, "%s/report.html", seen) < 0)
		link = NULL;
	if (link == NULL || asprintf(&result, "%s/result.json", seen) < 0)
		result = NULL;
	if (result != NULL) {
		table_row(o->t, 0, name);
		table_of_result(o->t, result);
		if (has_page(run))
			table_link(o->t, 0, name, link);
	}
	o->t->out_of_memory |= result == NULL;
	free(name);
	free(link);
	free(result);
}

static void put_run(struct overview *o, const struct report_run *run)
{
	const struct report *r = o->report;
	char *seen = folder_seen(o, run);
	unsigned column = 1;

	if (seen == NULL) {
		o->t->out_of_memory = true;
		return;
	}
	put_name(o, run, seen);
	for (unsigned i = 0; i < r->axis_count; i++)
		table_text(o->t, column++, run->settings[i]);
	table_text(o->t, column++, run->valid ? "VALID" : "INVALID");
	for (unsigned i = 0; i < o->label_count; i++)
		put_p99(o, column++, run, o->labels[i]);
	put_interval(o, column++, run);
	for (unsigned i = 0; i < 2; i++) /* without an interval they are 0 or without end */
		put(o, column++,
		    i == 0 ? "breakeven.money.likely_days.0" : "breakeven.money.likely_days.1",
		    isnan(run->interval_days) ? NAN : run->likely_days[i], tables_days);
	free(seen);
}

/* ---- the table ---- */

static void find_labels(struct overview *o)
{
	const struct report *r = o->report;

	for (unsigned i = 0; i < r->engine_count && o->label_count < LABELS_MAX; i++) {
		bool known = false;
		for (unsigned k = 0; k < o->label_count; k++)
			known |= strcmp(o->labels[k], r->engines[i].label) == 0;
		if (!known && strcmp(r->engines[i].kind, "null") != 0)
			o->labels[o->label_count++] = r->engines[i].label;
	}
}

static void init_columns(struct overview *o)
{
	const struct report *r = o->report;
	unsigned count = r->axis_count + o->label_count + 5, column = 0;
	char *p99[LABELS_MAX] = {NULL};
	const char **columns = calloc(count, sizeof *columns);

	if (columns == NULL) {
		o->t->out_of_memory = true;
		return;
	}
	columns[column++] = "result";
	for (unsigned i = 0; i < r->axis_count; i++)
		columns[column++] = r->axes[i];
	columns[column++] = "valid";
	for (unsigned i = 0; i < o->label_count; i++) {
		if (asprintf(&p99[i], "%s p99", o->labels[i]) < 0)
			p99[i] = NULL;
		columns[column++] = p99[i] != NULL ? p99[i] : "";
	}
	columns[column++] = "store, if asked once every";
	columns[column++] = "likely from";
	columns[column] = "to";
	table_init(o->t, "results", "Every result", count, columns);
	for (unsigned i = 0; i < o->label_count; i++)
		free(p99[i]);
	free(columns);
}

int tables_overview(struct table *t, const struct report *r, const char *out, struct error *e)
{
	struct overview o = {.t = t, .report = r, .out = realpath(out, NULL)};

	memset(t, 0, sizeof *t);
	find_labels(&o);
	init_columns(&o);
	for (unsigned i = 0; i < r->run_count && !t->out_of_memory; i++)
		put_run(&o, &r->runs[i]);
	free(o.out);
	if (!t->out_of_memory)
		return 0;
	table_free(t);
	return error_set(e, -ENOMEM, "out of memory");
}
