/* workload_size.c: how long a novel or noise content is. */
#include "workloads/workload.h"

#include <math.h>

#include "workloads/exact.h"
#include "workloads/prng.h"

#define KEY_SIZES UINT64_C(0x73697a65) /* "size"; not of the seed: contents outlive it */
#define SIGMAS_MAX 4

/* A standard normal deviate by the polar method (Marsaglia, Bray 1964): libm's
 * cosine differs between machines, and this needs none. */
static double normal(uint64_t key)
{
	for (uint64_t i = 0;; i += 2) {
		double u = 2 * prng_unit(prng_at(key, i)) - 1;
		double v = 2 * prng_unit(prng_at(key, i + 1)) - 1;
		double s = u * u + v * v;
		if (s > 0 && s < 1)
			return u * sqrt(-2 * exact_log(s) / s);
	}
}

static uint64_t lognormal_nbytes(const struct size_distribution *d, double deviate)
{
	double nbytes = (double)d->low_bytes * exact_exp(d->sigma * deviate) + 0.5;
	if (nbytes >= (double)CONTENT_NBYTES_MAX)
		return CONTENT_NBYTES_MAX;
	return nbytes < 1 ? 1 : (uint64_t)nbytes;
}

uint64_t workload_content_nbytes(const struct workload *w, uint64_t content)
{
	const struct size_distribution *d = &w->size;
	uint64_t r = prng_at(KEY_SIZES, content);
	if (d->kind == SIZE_FIXED)
		return d->low_bytes;
	if (d->kind == SIZE_UNIFORM)
		return d->low_bytes + prng_below(r, d->high_bytes - d->low_bytes + 1);
	double deviate = normal(r);
	if (deviate > SIGMAS_MAX)
		deviate = SIGMAS_MAX;
	return lognormal_nbytes(d, deviate < -SIGMAS_MAX ? -SIGMAS_MAX : deviate);
}

uint64_t workload_content_nbytes_max(const struct workload *w)
{
	const struct size_distribution *d = &w->size;
	if (d->kind == SIZE_FIXED)
		return d->low_bytes;
	if (d->kind == SIZE_UNIFORM)
		return d->high_bytes;
	return lognormal_nbytes(d, SIGMAS_MAX);
}
