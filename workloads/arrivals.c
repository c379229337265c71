#include "workloads/arrivals.h"

#include "workloads/exact.h"
#include "workloads/prng.h"

#define FRACTION_BITS 20
enum { KEY_GAPS = 3 };

void arrivals_init(struct arrivals *a, enum rate_process process, double rate_iops, uint64_t seed)
{
	double gap_mean_ns = 1e9 / rate_iops;
	*a = (struct arrivals){
		.process = process,
		/* at most 146 years, so that no sum of gaps can overflow */
		.gap_mean_ns = gap_mean_ns < 0x1p62 ? gap_mean_ns : 0x1p62,
		.key = prng_key(seed, KEY_GAPS),
	};
}

uint64_t arrivals_next_ns(struct arrivals *a)
{
	double gap_ns = a->gap_mean_ns;
	if (a->process == RATE_POISSON) /* 1 - [0, 1) is in (0, 1] */
		gap_ns *= -exact_log(1 - prng_unit(prng_at(a->key, a->index)));
	a->index++;
	a->next_fp += (unsigned __int128)(gap_ns * (1 << FRACTION_BITS) + 0.5);
	unsigned __int128 next_ns = a->next_fp >> FRACTION_BITS;
	return next_ns < UINT64_MAX ? (uint64_t)next_ns : UINT64_MAX;
}
