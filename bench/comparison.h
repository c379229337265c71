/* comparison.h: what `gvr compare` found, for people and as JSON. */
#ifndef GVR_COMPARISON_H
#define GVR_COMPARISON_H

#include <jansson.h>

#include "bench/compare.h"
#include "bench/result_read.h"
#include "workloads/error.h"

/* Why two results cannot be compared, or that one is worse; as a line each. */
#define COMPARISON_WHY_MAX 2u

/* The figures that are compared, and whose they are. */
struct comparison {
	const struct result_file *a, *b;
	double threshold; /* 0.05: 5 % */
	struct compare_figure figures[COMPARE_FIGURES_MAX];
	struct {
		const char *label;
		enum result_figure which;
	} names[COMPARE_FIGURES_MAX];
	unsigned count; /* 0: none, or a result is INVALID */
	struct error why[COMPARISON_WHY_MAX];
	unsigned why_count;
};

/* One with the same value in both, or in neither. */
bool comparison_same(const struct comparison *c, const char *path);
bool comparison_same_stream(const struct comparison *c);
bool comparison_same_contents(const struct comparison *c);

/* A setting that differs, or that one of the two lacks (NULL). The stream's, of
 * which comparison_same_stream tells, are left out. */
struct comparison_difference {
	const char *path, *a, *b;
};

/* Calls each for every one; in the order of A, then what B alone has. */
void comparison_differences(const struct comparison *c,
			    void (*each)(void *arg, const struct comparison_difference *d),
			    void *arg);

/* What differs, and the table; lines of at most 80 columns. */
void comparison_print(const struct comparison *c);

/* All of it; verdict: in a word or two. NULL: no memory. */
json_t *comparison_json(const struct comparison *c, const char *verdict);

#endif
