#include "bench/mann_whitney.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 1000u
#define EXACT_MAX 20u
/* The sum of twice the ranks of 40 values. */
#define EXACT_SUM_MAX (2 * EXACT_MAX * (2 * EXACT_MAX + 1))

struct ranked {
	double value;
	bool is_b;
	unsigned twice_rank; /* tied values share the mean of their ranks: a half */
};

static int by_value(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;
	return (x > y) - (x < y);
}

/* Sorts and ranks. Returns the sum of t^3 - t over groups of t tied values. */
static double rank(struct ranked *r, unsigned count)
{
	double ties = 0;

	qsort(r, count, sizeof *r, by_value);
	for (unsigned i = 0, end; i < count; i = end) {
		for (end = i; end < count && r[end].value == r[i].value; end++)
			;
		double t = end - i;
		ties += t * t * t - t;
		for (unsigned k = i; k < end; k++)
			r[k].twice_rank = i + end + 1;
	}
	return ties;
}

/* In how many of all ways to choose b_count of the values do their ranks sum
 * up to at least what b's do: ways[k][s], k values with the sum s of twice their
 * ranks. Whole numbers below 2^53: exact. */
static double exact(const struct ranked *r, unsigned count, unsigned b_count, unsigned b_sum)
{
	static const unsigned rows = EXACT_MAX + 1, columns = EXACT_SUM_MAX + 1;
	double(*ways)[EXACT_SUM_MAX + 1] = calloc(rows, sizeof *ways);
	double all = 0, above = 0;

	if (ways == NULL)
		return 1;
	ways[0][0] = 1;
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = i + 1 < b_count ? i + 1 : b_count; k > 0; k--)
			for (unsigned s = r[i].twice_rank; s < columns; s++)
				ways[k][s] += ways[k - 1][s - r[i].twice_rank];
	for (unsigned s = 0; s < columns; s++) {
		all += ways[b_count][s];
		above += s >= b_sum ? ways[b_count][s] : 0;
	}
	free(ways);
	return above / all;
}

static double normal(double a_count, double b_count, double b_sum, double ties)
{
	double n = a_count + b_count;
	double u = b_sum / 2 - b_count * (b_count + 1) / 2;
	double variance = a_count * b_count / 12 * (n + 1 - ties / (n * (n - 1)));

	if (!(variance > 0))
		return 1; /* all are equal */
	return erfc((u - a_count * b_count / 2 - 0.5) / sqrt(2 * variance)) / 2;
}

double mann_whitney_above(const double *a, unsigned a_count, const double *b, unsigned b_count)
{
	unsigned count = a_count + b_count, b_sum = 0;

	assert(a_count <= COUNT_MAX && b_count <= COUNT_MAX);
	if (a_count == 0 || b_count == 0)
		return 1;
	struct ranked *r = calloc(count, sizeof *r);
	if (r == NULL)
		return 1;
	for (unsigned i = 0; i < count; i++)
		r[i] = (struct ranked){.value = i < a_count ? a[i] : b[i - a_count],
				       .is_b = i >= a_count};
	double ties = rank(r, count);
	for (unsigned i = 0; i < count; i++)
		b_sum += r[i].is_b ? r[i].twice_rank : 0;
	double p = a_count <= EXACT_MAX && b_count <= EXACT_MAX
			   ? exact(r, count, b_count, b_sum)
			   : normal(a_count, b_count, b_sum, ties);
	free(r);
	return p;
}
