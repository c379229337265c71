/* figure_pareto.c: latency against bytes, and against energy: what nothing else
 * beats in all three. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/format.h"
#include "bench/report/figure_text.h"
#include "bench/report/pareto.h"
#include "bench/report/report.h"
#include "bench/report/report_text.h"

#define TEXT_NBYTES 32u
#define LABELLED 12u /* more would cover each other */
#define TOLD 8u	     /* in words, of those in front and of the others */

enum value { BYTES, LATENCY, JOULES };

/* What is drawn of the points: the value along x. */
struct pareto_kind {
	const char *name, *title, *axis, *column;
	enum plot_unit unit;
	enum value x;
};

static const struct pareto_kind over_bytes = {
	"pareto_bytes",
	"Response time against bytes at rest",
	"bytes at rest for each content byte",
	"at_rest_per_content_byte_with_shared",
	PLOT_NUMBER,
	BYTES,
};
static const struct pareto_kind over_energy = {
	"pareto_energy",    "Response time against energy",
	"energy a request", "joules_per_request",
	PLOT_JOULES,	    JOULES,
};

struct pareto {
	struct pareto_point *points;
	unsigned count;
	unsigned unknown; /* engines that lack a value */
	unsigned invalid; /* of results that are INVALID */
};

/* ---- collecting ---- */

static bool is_shown(const struct report_engine *e)
{
	return strcmp(e->kind, "retrieve") == 0 || strcmp(e->kind, "generate") == 0;
}

static struct pareto_point point_of(const struct report_engine *e)
{
	struct pareto_point p = {.of = e};

	p.values[BYTES] = e->content_bytes > 0
				  ? (e->at_rest_bytes + e->shared_bytes) / e->content_bytes
				  : NAN;
	p.values[LATENCY] = e->response_p99_ns > 0 ? e->response_p99_ns : NAN;
	p.values[JOULES] = e->joules.nominal;
	return p;
}

/* INVALID results come last, so that those that count stand together: they may
 * neither be in front nor keep others from it. */
static void collect(struct pareto *pa, const struct report *r, bool valid)
{
	for (unsigned i = 0; i < r->engine_count; i++) {
		const struct report_engine *e = &r->engines[i];
		struct pareto_point p = point_of(e);
		if (!is_shown(e) || r->runs[e->run].valid != valid)
			continue;
		if (isnan(p.values[BYTES] + p.values[LATENCY] + p.values[JOULES])) {
			pa->unknown++;
			continue;
		}
		pa->points[pa->count++] = p;
		pa->invalid += !valid;
	}
}

/* Equal ones in the order of the results. */
static int by_latency(const void *a, const void *b)
{
	const struct pareto_point *x = a, *y = b;
	const struct report_engine *of_x = x->of, *of_y = y->of;

	if (x->values[LATENCY] != y->values[LATENCY])
		return x->values[LATENCY] < y->values[LATENCY] ? -1 : 1;
	return of_x < of_y ? -1 : of_x > of_y;
}

static int pareto_of(struct pareto *pa, const struct report *r)
{
	pa->points = calloc(r->engine_count + 1, sizeof *pa->points);
	if (pa->points == NULL)
		return -ENOMEM;
	collect(pa, r, true);
	pareto_mark(pa->points, pa->count);
	collect(pa, r, false);
	qsort(pa->points, pa->count, sizeof *pa->points, by_latency);
	return 0;
}

/* ---- drawing ---- */

static const struct report_engine *engine_of(const struct pareto *pa, unsigned point)
{
	return pa->points[point].of;
}

static void name_of(char name[FIGURE_NAME_NBYTES], const struct report *r,
		    const struct report_engine *e)
{
	char run[FIGURE_NAME_NBYTES] = "";

	if (r->run_count > 1)
		figure_run_name(run, r, e->run);
	report_text(name, FIGURE_NAME_NBYTES, "%s%s%s", e->label, run[0] != '\0' ? ", " : "", run);
}

/* The others of one label, so as not to have a series for each. */
static void draw_others(struct plot *p, const struct pareto *pa, unsigned first, enum value x,
			const char *label)
{
	const struct report_engine *e = engine_of(pa, first);
	char name[PLOT_TEXT_NBYTES];

	report_text(name, sizeof name, "%s, dominated or INVALID", e->label);
	struct plot_series *s = plot_add_series(p, name, label, PLOT_OPEN_POINTS, e->colour);
	for (unsigned i = first; i < pa->count; i++)
		if (!pa->points[i].in_front && strcmp(engine_of(pa, i)->label, e->label) == 0)
			plot_add_point(p, s, pa->points[i].values[x],
				       pa->points[i].values[LATENCY]);
}

static bool is_first_other(const struct pareto *pa, unsigned point)
{
	for (unsigned i = 0; i < point; i++)
		if (!pa->points[i].in_front &&
		    strcmp(engine_of(pa, i)->label, engine_of(pa, point)->label) == 0)
			return false;
	return !pa->points[point].in_front;
}

static void draw_points(struct plot *p, const struct report *r, const struct pareto *pa,
			enum value x)
{
	char name[FIGURE_NAME_NBYTES];
	unsigned labelled = 0;

	for (unsigned i = 0; i < pa->count; i++)
		if (is_first_other(pa, i))
			draw_others(p, pa, i, x, r->run_count == 1 ? engine_of(pa, i)->label : "");
	for (unsigned i = 0; i < pa->count; i++) {
		if (!pa->points[i].in_front)
			continue;
		name_of(name, r, engine_of(pa, i));
		struct plot_series *s = plot_add_series(p, name, labelled++ < LABELLED ? name : "",
							PLOT_POINTS, engine_of(pa, i)->colour);
		plot_add_point(p, s, pa->points[i].values[x], pa->points[i].values[LATENCY]);
	}
}

/* A value of 0 (a generator that keeps nothing) has no logarithm. */
static bool is_log(const struct pareto *pa, enum value x)
{
	for (unsigned i = 0; i < pa->count; i++)
		if (!(pa->points[i].values[x] > 0))
			return false;
	return true;
}

/* ---- words ---- */

static void say_point(char *text, const struct report *r, const struct pareto *pa, unsigned i)
{
	char name[FIGURE_NAME_NBYTES], latency[TEXT_NBYTES], joules[TEXT_NBYTES];

	name_of(name, r, engine_of(pa, i));
	format_ns(latency, sizeof latency, pa->points[i].values[LATENCY]);
	format_joules(joules, sizeof joules, pa->points[i].values[JOULES]);
	report_text_add(text, PLOT_ALT_NBYTES, " %s (%.3g bytes, p99 %s, %s %s)", name,
			pa->points[i].values[BYTES], latency, joules,
			engine_of(pa, i)->energy_kind);
}

static void say_points(char *text, const struct report *r, const struct pareto *pa, bool in_front,
		       unsigned count)
{
	unsigned told = 0;

	for (unsigned i = 0; i < pa->count && told < TOLD; i++) {
		if (pa->points[i].in_front != in_front)
			continue;
		if (told++ > 0)
			report_text_add(text, PLOT_ALT_NBYTES, ";");
		say_point(text, r, pa, i);
	}
	if (told < count)
		report_text_add(text, PLOT_ALT_NBYTES, "; and %u more", count - told);
	report_text_add(text, PLOT_ALT_NBYTES, ".");
}

static void caption(struct plot *p, const struct report *r, const struct pareto *pa,
		    unsigned in_front)
{
	report_text_add(
		p->caption, PLOT_ALT_NBYTES,
		"Each point is an engine of a result. Filled: no other is at least as good in "
		"bytes at rest for each content byte (model and dictionary included), in p99 "
		"and in energy a request, and better in one.");
	if (pa->invalid > 0)
		report_text_add(p->caption, PLOT_ALT_NBYTES,
				" Points of INVALID results (%u) are open and do not count.",
				pa->invalid);
	if (pa->unknown > 0)
		report_text_add(p->caption, PLOT_ALT_NBYTES,
				" Left out, as one of the three is not known: %u.", pa->unknown);
	if (in_front > 0) {
		report_text_add(p->caption, PLOT_ALT_NBYTES, " In front:");
		say_points(p->caption, r, pa, true, in_front);
	}
}

static void describe(struct plot *p, const struct report *r, const struct pareto *pa)
{
	unsigned in_front = 0;

	for (unsigned i = 0; i < pa->count; i++)
		in_front += pa->points[i].in_front;
	report_text_add(p->alt, PLOT_ALT_NBYTES,
			"%u points by %s and response time, p99. In front%s", pa->count, p->x.name,
			in_front > 0 ? ":" : ": none.");
	if (in_front > 0)
		say_points(p->alt, r, pa, true, in_front);
	if (in_front < pa->count) {
		report_text_add(p->alt, PLOT_ALT_NBYTES, " Not in front:");
		say_points(p->alt, r, pa, false, pa->count - in_front);
	}
	caption(p, r, pa, in_front);
}

static int figure_pareto(struct plot *p, const struct report *r, const struct pareto_kind *kind,
			 struct error *e)
{
	struct pareto pa = {0};

	plot_init(p, PLOT_XY, kind->name, kind->title);
	int err = pareto_of(&pa, r);
	if (err)
		error_set(e, err, "a figure: no memory");
	else if (pa.count == 1)
		plot_cannot(p, "one engine alone has nothing that it is compared with");
	else if (pa.count == 0)
		plot_cannot(p, pa.unknown > 0
				       ? "of no engine all of bytes, response time and energy "
					 "are known"
				       : "there is no engine of kind retrieve or generate");
	if (!err && pa.count > 1) {
		plot_x(p, kind->axis, kind->column, kind->unit, is_log(&pa, kind->x));
		plot_y(p, "response time, p99", "response_p99_ns", PLOT_NS, true);
		draw_points(p, r, &pa, kind->x);
		describe(p, r, &pa);
	}
	free(pa.points);
	return err;
}

int figure_pareto_bytes(struct plot *p, const struct report *r, struct error *e)
{
	return figure_pareto(p, r, &over_bytes, e);
}

int figure_pareto_energy(struct plot *p, const struct report *r, struct error *e)
{
	return figure_pareto(p, r, &over_energy, e);
}
