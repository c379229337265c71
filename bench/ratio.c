#include "bench/ratio.h"

#include <math.h>
#include <stdint.h>

#include "bench/student.h"
#include "workloads/prng.h"

/* The ends then have a standard error of 2 % of the interval's half width. */
#define RESAMPLES 4000u
#define ROUNDS_MAX 1000u
#define BOOTSTRAP_KEY UINT64_C(0x67767262)
#define NORMAL_95 1.959964

/* Moves the values below the pivot to the front (or_equal: and those equal to
 * it). Returns how many. No branch depends on a value: none is mispredicted. */
static unsigned to_front(double *values, unsigned count, double pivot, bool or_equal)
{
	unsigned front = 0;

	for (unsigned i = 0; i < count; i++) {
		double value = values[i];
		values[i] = values[front];
		values[front] = value;
		front += (value < pivot) | (or_equal & (value == pivot));
	}
	return front;
}

/* What values[rank] would be if they were sorted; leaves them in any order. */
static double select_rank(double *values, unsigned count, unsigned rank)
{
	for (;;) {
		double pivot = values[count / 2];
		unsigned below = to_front(values, count, pivot, false);
		if (rank < below) {
			count = below;
			continue;
		}
		unsigned up_to = below + to_front(values + below, count - below, pivot, true);
		if (rank < up_to)
			return pivot;
		values += up_to;
		count -= up_to;
		rank -= up_to;
	}
}

/* The mean of count values drawn from logs: 32 random bits a draw. */
static double resampled_mean(const double *logs, unsigned count, uint64_t key)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i += 2) {
		uint64_t r = prng_at(key, i);
		sum += logs[(r & UINT32_MAX) * count >> 32];
		if (i + 1 < count)
			sum += logs[(r >> 32) * count >> 32];
	}
	return sum / count;
}

/* By how much the ends of the bootstrap lie too near to the mean. */
static double widening(unsigned count)
{
	return student_t(0.95, count - 1) / NORMAL_95 * sqrt(count / (count - 1.0));
}

struct ratio ratio_paired(const double *a, const double *b, unsigned count)
{
	struct ratio r = {0};
	double logs[ROUNDS_MAX], means[RESAMPLES], sum = 0;

	if (count < 2 || count > ROUNDS_MAX)
		return r;
	for (unsigned i = 0; i < count; i++) {
		if (!(a[i] > 0) || !(b[i] > 0) || isinf(a[i]) || isinf(b[i]))
			return r;
		logs[i] = log(a[i]) - log(b[i]);
		sum += logs[i];
	}
	for (unsigned k = 0; k < RESAMPLES; k++)
		means[k] = resampled_mean(logs, count, prng_at(BOOTSTRAP_KEY, k));
	double mean = sum / count, wide = widening(count);
	double low = select_rank(means, RESAMPLES, RESAMPLES * 25 / 1000);
	double high = select_rank(means, RESAMPLES, RESAMPLES * 975 / 1000 - 1);
	r.known = true;
	r.value = exp(mean);
	r.low = exp(mean + wide * (low - mean));
	r.high = exp(mean + wide * (high - mean));
	if (r.high > RATIO_END_MAX)
		r.high = INFINITY;
	return r;
}
