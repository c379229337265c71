#include "bench/compare.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "bench/mann_whitney.h"
#include "bench/student.h"
#include "workloads/prng.h"

#define RESAMPLES 2000u
#define CONFIDENCE 0.95
#define NORMAL_95 1.959963984540054
#define BOOTSTRAP_KEY UINT64_C(0x636f6d70)

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static bool usable(const double *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!(values[i] > 0) || !isfinite(values[i]))
			return false;
	return count > 0;
}

static double mean_log(const double *values, unsigned count)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += log(values[i]);
	return sum / count;
}

/* ---- the interval ---- */

static void logs_of(double *logs, const double *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		logs[i] = log(values[i]);
}

/* The mean of as many logs, drawn with replacement. */
static double resampled_mean(const double *logs, unsigned count, uint64_t key)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += logs[prng_below(prng_at(key, i), count)];
	return sum / count;
}

/* Resampling few rounds shows too little spread: by sqrt((n - 1) / n), and it
 * knows nothing of t's wider tails. */
static double widening(unsigned count)
{
	return student_t(CONFIDENCE, count - 1) / NORMAL_95 * sqrt((double)count / (count - 1));
}

static void find_interval(struct compare_figure *f)
{
	double a[COMPARE_ROUNDS_MAX], b[COMPARE_ROUNDS_MAX], effects[RESAMPLES];
	unsigned fewest = f->a_count < f->b_count ? f->a_count : f->b_count;

	f->low = 0;
	f->high = INFINITY;
	if (fewest < 2)
		return;
	logs_of(a, f->a, f->a_count);
	logs_of(b, f->b, f->b_count);
	for (unsigned k = 0; k < RESAMPLES; k++)
		effects[k] =
			resampled_mean(b, f->b_count, prng_key(BOOTSTRAP_KEY, 2 * (uint64_t)k)) -
			resampled_mean(a, f->a_count, prng_key(BOOTSTRAP_KEY, 2 * (uint64_t)k + 1));
	qsort(effects, RESAMPLES, sizeof effects[0], by_value);
	double effect = log(f->ratio), wider = widening(fewest);
	f->low = exp(effect + wider * (effects[RESAMPLES * 25 / 1000] - effect));
	f->high = exp(effect + wider * (effects[RESAMPLES * 975 / 1000 - 1] - effect));
}

/* ---- chance ---- */

/* The least p that so many rounds can show: 1 of all ways to deal them out. */
static double least_p(unsigned a_count, unsigned b_count)
{
	double p = 1;

	for (unsigned i = 1; i <= b_count && p > 0; i++)
		p *= (double)i / (a_count + i);
	return p;
}

struct entry {
	double p;
	unsigned figure;
};

static int by_p(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return x->p != y->p ? (x->p > y->p) - (x->p < y->p)
			    : (x->figure > y->figure) - (x->figure < y->figure);
}

/* Corrects the p of the known figures for their number (Holm 1979). */
static void correct(double *p, const struct compare_figure *figures, unsigned count)
{
	struct entry order[COMPARE_FIGURES_MAX];
	unsigned known = 0;
	double greatest = 0;

	for (unsigned i = 0; i < count; i++)
		if (figures[i].known)
			order[known++] = (struct entry){p[i], i};
	if (known == 0)
		return;
	qsort(order, known, sizeof order[0], by_p);
	for (unsigned k = 0; k < known; k++) {
		greatest = fmax(greatest, fmin(1, order[k].p * (known - k)));
		p[order[k].figure] = greatest;
	}
}

/* Is b worse by chance? Is it better? Two families of questions. */
static void find_chances(struct compare_figure *figures, unsigned count)
{
	double worse[COMPARE_FIGURES_MAX], better[COMPARE_FIGURES_MAX], least[COMPARE_FIGURES_MAX];

	for (unsigned i = 0; i < count; i++) {
		const struct compare_figure *f = &figures[i];
		if (!f->known)
			continue;
		double above = mann_whitney_above(f->a, f->a_count, f->b, f->b_count);
		double below = mann_whitney_above(f->b, f->b_count, f->a, f->a_count);
		worse[i] = f->higher_is_better ? below : above;
		better[i] = f->higher_is_better ? above : below;
		least[i] = least_p(f->a_count, f->b_count);
	}
	correct(worse, figures, count);
	correct(better, figures, count);
	correct(least, figures, count);
	for (unsigned i = 0; i < count; i++) {
		struct compare_figure *f = &figures[i];
		if (!f->known)
			continue;
		f->p = (f->ratio > 1) == f->higher_is_better ? better[i] : worse[i];
		f->too_few = least[i] >= COMPARE_P;
	}
}

/* ---- all together ---- */

static double least(const double *values, unsigned count)
{
	double found = values[0];

	for (unsigned i = 1; i < count; i++)
		found = fmin(found, values[i]);
	return found;
}

static enum compare_word judge(const struct compare_figure *f, double threshold)
{
	if (!f->known)
		return COMPARE_UNKNOWN;
	bool above = f->low - 1 > threshold, below = 1 - f->high > threshold;
	if (f->others_add) {
		double ratio = least(f->b, f->b_count) / least(f->a, f->a_count);
		above = above && ratio - 1 > threshold;
		below = below && 1 - ratio > threshold;
	}
	if (!(f->p < COMPARE_P) || (!above && !below))
		return f->too_few ? COMPARE_UNKNOWN : COMPARE_SAME;
	return above == f->higher_is_better ? COMPARE_IMPROVEMENT : COMPARE_REGRESSION;
}

void compare_figures(struct compare_figure *figures, unsigned count, double threshold)
{
	assert(count <= COMPARE_FIGURES_MAX);
	for (unsigned i = 0; i < count; i++) {
		struct compare_figure *f = &figures[i];
		assert(f->a_count <= COMPARE_ROUNDS_MAX && f->b_count <= COMPARE_ROUNDS_MAX);
		f->known = usable(f->a, f->a_count) && usable(f->b, f->b_count);
		f->too_few = false;
		f->a_mean = f->b_mean = f->ratio = f->low = f->high = f->p = 0;
		if (!f->known)
			continue;
		double a = mean_log(f->a, f->a_count), b = mean_log(f->b, f->b_count);
		f->a_mean = exp(a);
		f->b_mean = exp(b);
		f->ratio = exp(b - a);
		find_interval(f);
	}
	find_chances(figures, count);
	for (unsigned i = 0; i < count; i++)
		figures[i].word = judge(&figures[i], threshold);
}

unsigned compare_rounds_needed(unsigned count)
{
	unsigned rounds = 2;

	while (least_p(rounds, rounds) * count >= COMPARE_P)
		rounds++;
	return rounds;
}
