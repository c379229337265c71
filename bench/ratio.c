#include "bench/ratio.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "workloads/prng.h"

#define RESAMPLES 2000u
#define ROUNDS_MAX 1000u
#define BOOTSTRAP_KEY UINT64_C(0x67767262)

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct ratio ratio_paired(const double *a, const double *b, unsigned count)
{
	struct ratio r = {0};
	double logs[ROUNDS_MAX], means[RESAMPLES], sum = 0;

	if (count < 2 || count > ROUNDS_MAX)
		return r;
	for (unsigned i = 0; i < count; i++) {
		if (!(a[i] > 0) || !(b[i] > 0))
			return r;
		logs[i] = log(a[i] / b[i]);
		sum += logs[i];
	}
	for (unsigned k = 0; k < RESAMPLES; k++) {
		double resampled = 0;
		for (unsigned i = 0; i < count; i++)
			resampled += logs[prng_below(
				prng_at(BOOTSTRAP_KEY, (uint64_t)k * ROUNDS_MAX + i), count)];
		means[k] = resampled / count;
	}
	qsort(means, RESAMPLES, sizeof means[0], by_value);
	r.known = true;
	r.value = exp(sum / count);
	r.low = exp(means[RESAMPLES * 25 / 1000]);
	r.high = exp(means[RESAMPLES * 975 / 1000 - 1]);
	return r;
}
