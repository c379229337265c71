#include "bench/histogram.h"

#include <math.h>
#include <string.h>

void histogram_reset(struct histogram *h)
{
	memset(h, 0, sizeof *h);
	h->min_ns = UINT64_MAX;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->counts[i] += from->counts[i];
	into->count += from->count;
	into->out_of_range += from->out_of_range;
	into->sum_ns += from->sum_ns;
	if (from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

void histogram_merge_live(struct histogram *into, const struct histogram *from)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t count = __atomic_load_n(&from->counts[i], __ATOMIC_RELAXED);
		into->counts[i] += count;
		into->count += count;
	}
	into->max_ns = HISTOGRAM_MAX_NS;
}

static unsigned bucket_shift(uint32_t bucket)
{
	uint32_t half = bucket / HISTOGRAM_HALF;
	return half < 2 ? 0 : half - 1;
}

uint64_t histogram_bucket_low(uint32_t bucket)
{
	unsigned shift = bucket_shift(bucket);
	return (uint64_t)(bucket - shift * HISTOGRAM_HALF) << shift;
}

uint64_t histogram_bucket_high(uint32_t bucket)
{
	return histogram_bucket_low(bucket) + (UINT64_C(1) << bucket_shift(bucket)) - 1;
}

uint64_t histogram_percentile(const struct histogram *h, double p)
{
	if (h->count == 0)
		return 0;
	uint64_t rank = (uint64_t)ceil((double)h->count * p / 100.0);
	if (rank == 0)
		rank = 1;
	uint64_t seen = 0;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->counts[i];
		if (seen >= rank) {
			uint64_t high = histogram_bucket_high(i);
			return high < h->max_ns ? high : h->max_ns;
		}
	}
	return h->max_ns;
}

double histogram_mean(const struct histogram *h)
{
	return h->count > 0 ? h->sum_ns / (double)h->count : 0;
}

double histogram_stddev(const struct histogram *h)
{
	if (h->count == 0)
		return 0;
	double mean = histogram_mean(h), squares = 0;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (h->counts[i] == 0)
			continue;
		double low = (double)histogram_bucket_low(i);
		double high = (double)histogram_bucket_high(i);
		double middle = (low + high) / 2;
		squares += (double)h->counts[i] * (middle - mean) * (middle - mean);
	}
	return sqrt(squares / (double)h->count);
}
