#include "bench/report/pareto.h"

#include <math.h>

static bool is_known(const struct pareto_point *p)
{
	for (unsigned i = 0; i < PARETO_VALUES; i++)
		if (isnan(p->values[i]))
			return false;
	return true;
}

/* A NAN compares as no advantage of either: both must be known. */
static bool dominates(const struct pareto_point *a, const struct pareto_point *b)
{
	bool less = false;

	for (unsigned i = 0; i < PARETO_VALUES; i++) {
		if (a->values[i] > b->values[i])
			return false;
		less = less || a->values[i] < b->values[i];
	}
	return less;
}

void pareto_mark(struct pareto_point *points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		points[i].in_front = is_known(&points[i]);
		for (size_t k = 0; k < count && points[i].in_front; k++)
			points[i].in_front =
				!is_known(&points[k]) || !dominates(&points[k], &points[i]);
	}
}
