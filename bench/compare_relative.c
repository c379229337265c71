#include "bench/compare_relative.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* The figures of all engines relative to one. */
struct relative {
	struct compare_figure figures[COMPARE_FIGURES_MAX];
	unsigned of[COMPARE_FIGURES_MAX]; /* which of the given ones each is */
	unsigned count;
	double values[COMPARE_FIGURES_MAX][2][COMPARE_ROUNDS_MAX];
};

static bool is_change(const struct compare_figure *f)
{
	return f->word == COMPARE_REGRESSION || f->word == COMPARE_IMPROVEMENT;
}

static const double *divide(double *out, const double *values, const double *by, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		out[i] = values[i] / by[i];
	return out;
}

static void add(struct relative *r, const struct compare_figure *f, unsigned index,
		const struct compare_figure *by)
{
	double(*values)[COMPARE_ROUNDS_MAX] = r->values[r->count];

	r->of[r->count] = index;
	r->figures[r->count++] = (struct compare_figure){
		.a = divide(values[0], f->a, by->a, f->a_count),
		.b = divide(values[1], f->b, by->b, f->b_count),
		.a_count = f->a_count,
		.b_count = f->b_count,
		.higher_is_better = f->higher_is_better,
	};
}

/* The same figure of that engine; NULL: it has none to divide by. */
static const struct compare_figure *find(const struct compare_figure *figures, unsigned count,
					 unsigned engine, const struct compare_figure *like)
{
	for (unsigned i = 0; i < count; i++) {
		const struct compare_figure *f = &figures[i];
		if (f->engine == engine && f->which == like->which && f->known &&
		    f->a_count == like->a_count && f->b_count == like->b_count)
			return f;
	}
	return NULL;
}

static void judge_against(struct relative *r, struct compare_figure *figures, unsigned count,
			  unsigned engine, double threshold)
{
	r->count = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct compare_figure *by = find(figures, count, engine, &figures[i]);
		if (figures[i].engine != engine && figures[i].known && by != NULL)
			add(r, &figures[i], i, by);
	}
	compare_figures(r->figures, r->count, threshold);
	for (unsigned k = 0; k < r->count; k++) {
		struct compare_figure *f = &figures[r->of[k]];
		if (is_change(f) && r->figures[k].word != f->word)
			f->word = COMPARE_UNCLEAR;
	}
}

int compare_relative(struct compare_figure *figures, unsigned count, double threshold)
{
	struct relative *r = malloc(sizeof *r);
	unsigned engines = 0, changes = 0;

	if (r == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		engines = figures[i].engine >= engines ? figures[i].engine + 1 : engines;
		changes += is_change(&figures[i]);
	}
	for (unsigned engine = 0; engine < engines && changes > 0; engine++)
		judge_against(r, figures, count, engine, threshold);
	free(r);
	return 0;
}
