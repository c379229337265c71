/*
 * compare.h: is a figure of run B worse than in run A? Statistics only. The
 * values of both runs are one each round; rounds of different runs are no
 * pairs. What changed between two runs by itself (a busier machine) looks like
 * any other change: compare_relative.h.
 */
#ifndef GVR_COMPARE_H
#define GVR_COMPARE_H

#include <stdbool.h>

#define COMPARE_ROUNDS_MAX 1000u
#define COMPARE_FIGURES_MAX 128u
#define COMPARE_P 0.05

enum compare_word {
	COMPARE_UNKNOWN,
	COMPARE_SAME,
	COMPARE_REGRESSION,
	COMPARE_IMPROVEMENT,
	COMPARE_UNCLEAR, /* the engine or the machine (compare_relative.h) */
};

struct compare_figure {
	/* given; counts at most COMPARE_ROUNDS_MAX */
	const double *a, *b;
	unsigned a_count, b_count;
	bool higher_is_better;
	/* others only ever add to it, as to what a device read: the least values
	 * must differ, too */
	bool others_add;
	unsigned engine, which; /* whose it is, and which of its figures */
	/* found */
	bool known;	       /* false: a value is missing or not above 0; the rest is 0 */
	bool too_few;	       /* with so few rounds nothing could be told from chance */
	double a_mean, b_mean; /* geometric means */
	double ratio;	       /* b_mean / a_mean */
	double low, high;      /* its 95 % interval; 0 and infinity with a single round */
	double p;	       /* how often chance alone shows a change like this, to the same
				* side, in any of the figures (Mann-Whitney, Holm) */
	enum compare_word word;
};

/* Compares count <= COMPARE_FIGURES_MAX figures, as one family: the chance of
 * one false regression among all is at most COMPARE_P. A regression: b is
 * worse, p < COMPARE_P, and the whole interval of ratio - 1 lies beyond
 * +-threshold (0.05: 5 %). An improvement: likewise to the other side. */
void compare_figures(struct compare_figure *figures, unsigned count, double threshold);

/* How many rounds in both runs let any one of so many figures be told from
 * chance. */
unsigned compare_rounds_needed(unsigned count);

#endif
