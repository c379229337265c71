/* figure_contexts.c: what more contexts, each with its own variant of every
 * content, take at rest. */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/format.h"
#include "bench/json_reader.h"
#include "bench/report/figure_text.h"
#include "bench/report/report.h"
#include "bench/report/report_text.h"

#define BYTES_NBYTES 32u
#define CURVE_POINTS 24u
#define BEYOND 10 /* of several results: so many times their most contexts */

/* Only engines that can keep contents, or make them. */
static bool is_shown(const struct report_engine *e)
{
	return (strcmp(e->kind, "retrieve") == 0 || strcmp(e->kind, "generate") == 0) &&
	       e->at_rest_bytes + e->shared_bytes > 0;
}

/* Each context takes as much as one of those that were stored. */
static double bytes_with(const struct report_engine *e, double stored, double contexts)
{
	return e->at_rest_fixed_bytes +
	       (e->at_rest_bytes - e->at_rest_fixed_bytes) * contexts / stored + e->shared_bytes;
}

/* From `from` contexts on, up to what `last` says of `to`; NAN: the same rule. */
static void add_extrapolation(struct plot *p, const struct report *r, const struct report_engine *e,
			      double from, double to, double last)
{
	double stored = r->runs[e->run].contexts;
	struct plot_series *s;
	char name[PLOT_TEXT_NBYTES];

	report_text(name, sizeof name, "%s, extrapolated", e->label);
	s = plot_add_series(p, name, e->label, PLOT_DASHED, e->colour);
	for (unsigned i = 0; i < CURVE_POINTS; i++) {
		double contexts = from * pow(to / from, (double)i / CURVE_POINTS);
		plot_add_point(p, s, contexts, bytes_with(e, stored, contexts));
	}
	plot_add_point(p, s, to, isnan(last) ? bytes_with(e, stored, to) : last);
}

static void say_bytes(char *text, const struct report_engine *e, double contexts, double bytes,
		      const char *how)
{
	char amount[BYTES_NBYTES];

	format_bytes(amount, sizeof amount, bytes);
	report_text_add(text, PLOT_ALT_NBYTES, " %s: %s with %.10g context%s%s.", e->label, amount,
			contexts, contexts == 1 ? "" : "s", how);
}

/* ---- one result ---- */

static int add_engine(struct plot *p, const struct report *r, const struct report_engine *e,
		      struct error *error)
{
	struct json_reader reader = {r->result_path, e->label, error, 0};
	const json_t *engine = json_object_get(json_object_get(r->result, "engines"), e->label);
	double contexts = json_reader_number(&reader, engine, "bytes.extrapolated.contexts");
	double at_rest = json_reader_number(&reader, engine, "bytes.extrapolated.at_rest");
	double shared = json_reader_number(&reader, engine, "bytes.extrapolated.shared_at_rest");
	double stored = r->runs[e->run].contexts, bytes = e->at_rest_bytes + e->shared_bytes;
	bool further = contexts > 1;

	if (reader.err != 0)
		return reader.err;
	if (further)
		add_extrapolation(p, r, e, 1, contexts, at_rest + shared);
	struct plot_series *s =
		plot_add_series(p, e->label, further ? "" : e->label, PLOT_POINTS, e->colour);
	plot_add_point(p, s, stored, bytes);
	say_bytes(p->alt, e, stored, bytes, "");
	if (further)
		say_bytes(p->alt, e, contexts, at_rest + shared, ", extrapolated");
	return 0;
}

static const struct report_engine *engine_of(const struct report *r, const char *side)
{
	const char *label =
		json_string_value(json_object_get(json_object_get(r->result, "breakeven"), side));

	for (unsigned i = 0; i < r->engine_count && label != NULL; i++)
		if (strcmp(r->engines[i].label, label) == 0)
			return &r->engines[i];
	return NULL;
}

/* From how many contexts on the stored contents take more than what makes them:
 * of the two that the break-even sets against each other. */
static void note_crossing(struct plot *p, const struct report *r)
{
	const struct report_engine *store = engine_of(r, "retrieve");
	const struct report_engine *make = engine_of(r, "generate");
	char label[PLOT_TEXT_NBYTES];

	if (store == NULL || make == NULL)
		return;
	double stored = r->runs[0].contexts;
	double at_none = bytes_with(make, stored, 0) - bytes_with(store, stored, 0);
	double each = bytes_with(store, stored, 1) - bytes_with(store, stored, 0) -
		      (bytes_with(make, stored, 1) - bytes_with(make, stored, 0));
	double contexts = at_none / each;
	if (!(each > 0) || !(contexts > 1) || !(contexts < p->series[0].x[p->series[0].count - 1]))
		return;
	snprintf(label, sizeof label, "equal at %.3g contexts", contexts);
	plot_add_note(p, contexts, bytes_with(store, stored, contexts), PLOT_NEUTRAL, label);
	report_text_add(p->alt, PLOT_ALT_NBYTES, " %s takes more than %s from %.10g contexts on.",
			store->label, make->label, ceil(contexts));
}

static int draw_one(struct plot *p, const struct report *r, struct error *e)
{
	int err = 0;

	for (unsigned i = 0; i < r->engine_count && !err; i++)
		if (is_shown(&r->engines[i]))
			err = add_engine(p, r, &r->engines[i], e);
	if (err)
		return err;
	bool further = p->series_count > 0 && p->series[0].style == PLOT_DASHED;
	if (!further && r->runs[0].contexts <= 1)
		plot_cannot(p, "one context, so there are no personal variants: with contexts or "
			       "extrapolate_contexts in its workload it shows what more take");
	if (further)
		note_crossing(p, r);
	return 0;
}

/* ---- several ---- */

/* The same engine of another result, all settings but the contexts as in `like`. */
static bool goes_with(const struct report *r, const struct report_engine *like,
		      const struct report_engine *e, unsigned axis)
{
	if (strcmp(like->label, e->label) != 0 || !is_shown(e))
		return false;
	for (unsigned i = 0; i < r->axis_count; i++)
		if (i != axis &&
		    strcmp(r->runs[like->run].settings[i], r->runs[e->run].settings[i]) != 0)
			return false;
	return true;
}

static int by_contexts(const void *a, const void *b, void *arg)
{
	const struct report *r = arg;
	double x = r->runs[(*(const struct report_engine *const *)a)->run].contexts;
	double y = r->runs[(*(const struct report_engine *const *)b)->run].contexts;

	return x < y ? -1 : x > y;
}

static void add_line(struct plot *p, const struct report *r, const struct report_engine *first,
		     unsigned axis, const struct report_engine **points)
{
	unsigned count = 0;

	for (unsigned i = 0; i < r->engine_count; i++)
		if (goes_with(r, first, &r->engines[i], axis))
			points[count++] = &r->engines[i];
	qsort_r(points, count, sizeof *points, by_contexts, (void *)(uintptr_t)r);
	const struct report_engine *last = points[count - 1];
	double most = r->runs[last->run].contexts;
	add_extrapolation(p, r, last, most, BEYOND * most, NAN);
	struct plot_series *s =
		plot_add_series(p, first->label, "", PLOT_LINE_POINTS, first->colour);
	for (unsigned i = 0; i < count; i++) {
		double bytes = points[i]->at_rest_bytes + points[i]->shared_bytes;
		plot_add_point(p, s, r->runs[points[i]->run].contexts, bytes);
		if (i == 0 || i == count - 1)
			say_bytes(p->alt, first, r->runs[points[i]->run].contexts, bytes, "");
	}
}

/* Is it the first engine of that label that can be drawn? */
static bool is_first(const struct report *r, unsigned engine)
{
	for (unsigned i = 0; i < engine; i++)
		if (strcmp(r->engines[i].label, r->engines[engine].label) == 0 &&
		    is_shown(&r->engines[i]))
			return false;
	return is_shown(&r->engines[engine]);
}

static int draw_several(struct plot *p, const struct report *r, struct error *e)
{
	unsigned axis = 0;

	while (axis < r->axis_count && strcmp(r->axes[axis], "workload.contexts") != 0)
		axis++;
	if (axis == r->axis_count) {
		plot_cannot(p, "the results do not differ in contexts alone, so they do not tell "
			       "what personal variants take");
		return 0;
	}
	const struct report_engine **points = calloc(r->engine_count + 1, sizeof(*points));
	if (points == NULL)
		return error_set(e, -ENOMEM, "a figure: no memory");
	for (unsigned i = 0; i < r->engine_count; i++)
		if (is_first(r, i))
			add_line(p, r, &r->engines[i], axis, points);
	free(points);
	return 0;
}

int figure_contexts(struct plot *p, const struct report *r, struct error *e)
{
	plot_init(p, PLOT_XY, "contexts", "Bytes at rest, by contexts");
	plot_x(p, "contexts", "contexts", PLOT_NUMBER, true);
	plot_y(p, "at rest, with model or dictionary", "bytes", PLOT_BYTES, true);
	report_text_add(p->alt, PLOT_ALT_NBYTES, "Bytes at rest over the number of contexts.");
	int err = r->result != NULL ? draw_one(p, r, e) : draw_several(p, r, e);
	if (p->series_count == 0)
		plot_cannot(p, "no engine keeps anything at rest");
	report_text_add(
		p->caption, PLOT_ALT_NBYTES,
		"What an engine keeps, with its model or dictionary, when each context has its "
		"own variant of every content. Points were stored and counted; dashed lines are "
		"extrapolated: each further context takes as much as one of those that were.");
	return err;
}
