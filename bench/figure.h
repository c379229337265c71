/* figure.h: a figure that is not known exactly. */
#ifndef GVR_FIGURE_H
#define GVR_FIGURE_H

struct figure {
	double low, nominal, high; /* low <= nominal <= high */
};

static inline struct figure figure_times(struct figure f, double by) /* by >= 0 */
{
	return (struct figure){f.low * by, f.nominal * by, f.high * by};
}

/* The ends are taken together, as if both were low or high at once. */
static inline struct figure figure_plus(struct figure a, struct figure b)
{
	return (struct figure){a.low + b.low, a.nominal + b.nominal, a.high + b.high};
}

#endif
