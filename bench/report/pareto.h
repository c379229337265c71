/* pareto.h: which of many have nothing that is better in every respect? */
#ifndef GVR_PARETO_H
#define GVR_PARETO_H

#include <stdbool.h>
#include <stddef.h>

#define PARETO_VALUES 3u

struct pareto_point {
	double values[PARETO_VALUES]; /* less is better */
	bool in_front;		      /* written by pareto_mark */
	const void *of;		      /* the caller's */
};

/*
 * in_front: no other is at most as great in all values and less in one; so of
 * equal ones each is. A point with a NAN neither is nor keeps another from it.
 * Takes count^2 comparisons.
 */
void pareto_mark(struct pareto_point *points, size_t count);

#endif
