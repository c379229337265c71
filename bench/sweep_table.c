#include "bench/sweep_table.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/breakeven.h"
#include "bench/format.h"
#include "bench/json_values.h"
#include "bench/result_read.h"

#define WIDTH 80u
#define CELL_NBYTES 128u
#define COLUMNS_MAX (SWEEP_AXES_MAX + WORKLOAD_ENGINES_MAX + 3u)

/* ---- one run ---- */

/* Fit for a terminal. NULL: no memory. */
static char *clean_copy(const char *text)
{
	char *copy = strdup(text);

	if (copy != NULL)
		error_clean(copy);
	return copy;
}

/* null: without end. */
static double days_at(const json_t *days, size_t i)
{
	const json_t *value = json_array_get(days, i);
	return json_is_number(value) ? json_number_value(value) : INFINITY;
}

static char *breakeven_text(const json_t *root)
{
	const json_t *money = json_member(root, "breakeven.money");
	const json_t *likely = json_member(money, "likely_days");
	const char *outcome = json_string_value(json_member(money, "outcome"));
	double days = json_number_at(money, "interval_days");
	char text[CELL_NBYTES];

	if (outcome == NULL)
		return strdup("-");
	if (strcmp(outcome, "interval") != 0 || isnan(days))
		return clean_copy(outcome);
	breakeven_format_interval(text, sizeof text, days, days_at(likely, 0), days_at(likely, 1));
	return strdup(text);
}

static int take_engines(struct sweep_outcome *o, json_t *engines)
{
	const char *label;
	json_t *engine;

	json_object_foreach(engines, label, engine)
	{
		if (o->engine_count == WORKLOAD_ENGINES_MAX)
			break;
		o->engines[o->engine_count].p99_ns =
			json_number_at(engine, "response_ns.percentile.99");
		o->engines[o->engine_count].label = clean_copy(label);
		if (o->engines[o->engine_count++].label == NULL)
			return -ENOMEM;
		if (json_number_at(engine, "requests.mismatched") > 0)
			o->bytes_differ = true;
	}
	return 0;
}

int sweep_outcome_read(struct sweep_outcome *out, const struct sweep *s, unsigned run,
		       struct error *e)
{
	char folder[SWEEP_PATH_NBYTES];
	struct result_file *result;

	*out = (struct sweep_outcome){0};
	sweep_run_folder(s, run, folder);
	int err = result_read(&result, folder, e);
	if (err != 0)
		return err;
	out->valid = result->valid;
	out->why_invalid = clean_copy(result->why_invalid);
	out->breakeven = breakeven_text(result->json);
	err = take_engines(out, json_object_get(result->json, "engines"));
	result_close(result);
	if (err != 0 || out->why_invalid == NULL || out->breakeven == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	return 0;
}

void sweep_outcome_free(struct sweep_outcome *o)
{
	for (unsigned i = 0; i < o->engine_count; i++)
		free(o->engines[i].label);
	free(o->why_invalid);
	free(o->breakeven);
	*o = (struct sweep_outcome){0};
}

void sweep_outcome_print(FILE *f, const struct sweep *s, unsigned run,
			 const struct sweep_outcome *o)
{
	char settings[512], name[SWEEP_NAME_NBYTES], p99[32];

	sweep_run_name(name, run);
	sweep_grid_describe(&s->file.grid, run, settings, sizeof settings);
	error_clean(settings);
	fprintf(f, "%s %s: ", name, settings);
	if (!o->valid) {
		fprintf(f, "INVALID: %s\n", o->why_invalid);
		return;
	}
	fprintf(f, "VALID");
	if (strcmp(o->breakeven, "-") != 0)
		fprintf(f, ", break-even %s", o->breakeven);
	for (unsigned i = 0; i < o->engine_count; i++) {
		format_ns(p99, sizeof p99, o->engines[i].p99_ns);
		fprintf(f, ", %s p99 %s", o->engines[i].label, p99);
	}
	fputc('\n', f);
}

/* ---- all runs ---- */

enum column_kind { COLUMN_RUN, COLUMN_AXIS, COLUMN_RESULT, COLUMN_P99, COLUMN_BREAKEVEN };

struct column {
	enum column_kind kind;
	unsigned index; /* of the axis, of the engine */
	const char *head;
	size_t width;
	bool left_out;
};

struct columns {
	const struct sweep *sweep;
	const struct sweep_outcome *outcomes;
	unsigned count;
	struct column of[COLUMNS_MAX];
};

static void cell(char out[CELL_NBYTES], const struct columns *c, const struct column *column,
		 unsigned run)
{
	const struct sweep_outcome *o = &c->outcomes[run];

	switch (column->kind) {
	case COLUMN_RUN:
		sweep_run_name(out, run);
		break;
	case COLUMN_AXIS:
		snprintf(out, CELL_NBYTES, "%s",
			 sweep_grid_value(&c->sweep->file.grid, run, column->index));
		error_clean(out);
		break;
	case COLUMN_RESULT:
		snprintf(out, CELL_NBYTES, "%s", o->valid ? "VALID" : "INVALID");
		break;
	case COLUMN_P99:
		format_ns(out, CELL_NBYTES,
			  column->index < o->engine_count ? o->engines[column->index].p99_ns : NAN);
		break;
	case COLUMN_BREAKEVEN:
		snprintf(out, CELL_NBYTES, "%s", o->breakeven);
		break;
	}
}

static void add_column(struct columns *c, enum column_kind kind, unsigned index, const char *head)
{
	struct column *column = &c->of[c->count++];
	char text[CELL_NBYTES];

	*column =
		(struct column){.kind = kind, .index = index, .head = head, .width = strlen(head)};
	for (unsigned i = 0; i < c->sweep->file.grid.run_count; i++) {
		cell(text, c, column, i);
		if (strlen(text) > column->width)
			column->width = strlen(text);
	}
}

static size_t width(const struct columns *c)
{
	size_t sum = 0;

	for (unsigned i = 0; i < c->count; i++)
		sum += c->of[i].left_out ? 0 : c->of[i].width + 2;
	return sum - 2;
}

/* The last engines first. */
static void leave_out(struct columns *c)
{
	for (unsigned i = c->count; i-- > 0 && width(c) > WIDTH;)
		if (c->of[i].kind == COLUMN_P99)
			c->of[i].left_out = true;
}

static void add_columns(struct columns *c)
{
	const struct sweep_grid *g = &c->sweep->file.grid;

	add_column(c, COLUMN_RUN, 0, "run");
	for (unsigned i = 0; i < g->axis_count; i++)
		add_column(c, COLUMN_AXIS, i, sweep_grid_name(g, i));
	add_column(c, COLUMN_RESULT, 0, "result");
	for (unsigned i = 0; i < c->outcomes[0].engine_count; i++)
		add_column(c, COLUMN_P99, i, c->outcomes[0].engines[i].label);
	add_column(c, COLUMN_BREAKEVEN, 0, "break-even");
	leave_out(c);
}

static void print_cell(FILE *f, const struct columns *c, const struct column *column,
		       const char *text)
{
	bool left = column->kind == COLUMN_RUN || column->kind == COLUMN_RESULT;
	bool last = column == &c->of[c->count - 1];

	fprintf(f, left ? "%-*s%s" : "%*s%s", (int)column->width, text, last ? "\n" : "  ");
}

/* Above the first of the figures that are times. */
static void print_over_head(FILE *f, const struct columns *c)
{
	size_t before = 0;

	for (unsigned i = 0; i < c->count; i++) {
		const struct column *column = &c->of[i];
		if (column->kind == COLUMN_P99 && !column->left_out) {
			fprintf(f, "%*s\n", (int)(before + column->width), "p99 of");
			return;
		}
		before += column->left_out ? 0 : column->width + 2;
	}
}

static void print_rows(FILE *f, const struct columns *c)
{
	char text[CELL_NBYTES];

	print_over_head(f, c);
	for (unsigned i = 0; i < c->count; i++)
		if (!c->of[i].left_out)
			print_cell(f, c, &c->of[i], c->of[i].head);
	for (unsigned run = 0; run < c->sweep->file.grid.run_count; run++)
		for (unsigned i = 0; i < c->count; i++)
			if (!c->of[i].left_out) {
				cell(text, c, &c->of[i], run);
				print_cell(f, c, &c->of[i], text);
			}
}

static void print_left_out(FILE *f, const struct columns *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < c->count; i++)
		if (c->of[i].left_out)
			fprintf(f, "%s%s", count++ == 0 ? "\nNot shown, for width: p99 of " : ", ",
				c->of[i].head);
	if (count > 0)
		fputc('\n', f);
}

static void print_invalid(FILE *f, const struct columns *c)
{
	char name[SWEEP_NAME_NBYTES], prefix[SWEEP_NAME_NBYTES + 4];
	bool any = false;

	for (unsigned i = 0; i < c->sweep->file.grid.run_count; i++) {
		if (c->outcomes[i].valid)
			continue;
		if (!any)
			fputs("\nINVALID, and the first reason why:\n", f);
		any = true;
		sweep_run_name(name, i);
		snprintf(prefix, sizeof prefix, "  %s  ", name);
		format_wrapped(f, prefix, c->outcomes[i].why_invalid);
	}
}

static int read_outcomes(struct sweep_outcome *outcomes, const struct sweep *s, bool *bytes_differ,
			 struct error *e)
{
	*bytes_differ = false;
	for (unsigned i = 0; i < s->file.grid.run_count; i++) {
		int err = sweep_outcome_read(&outcomes[i], s, i, e);
		if (err != 0)
			return err;
		*bytes_differ |= outcomes[i].bytes_differ;
	}
	return 0;
}

int sweep_table_print(FILE *f, const struct sweep *s, bool *bytes_differ, struct error *e)
{
	struct columns c = {.sweep = s};
	struct sweep_outcome *outcomes = calloc(s->file.grid.run_count, sizeof *outcomes);

	if (outcomes == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	int err = read_outcomes(outcomes, s, bytes_differ, e);
	if (err == 0) {
		c.outcomes = outcomes;
		add_columns(&c);
		print_rows(f, &c);
		print_left_out(f, &c);
		print_invalid(f, &c);
	}
	for (unsigned i = 0; i < s->file.grid.run_count; i++)
		sweep_outcome_free(&outcomes[i]);
	free(outcomes);
	return err;
}
