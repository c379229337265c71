/*
 * histogram.h: a log-linear histogram in the manner of HdrHistogram: 1 ns to
 * 1 h at 3 significant digits (a value is known to 1 part in 1024 or better),
 * constant memory, mergeable.
 */
#ifndef GVR_HISTOGRAM_H
#define GVR_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define HISTOGRAM_MAX_NS UINT64_C(3600000000000)
/* Values below 2^11 are exact; each further power of two has 2^10 buckets. */
#define HISTOGRAM_LINEAR_BITS 11u
#define HISTOGRAM_HALF (1u << (HISTOGRAM_LINEAR_BITS - 1))
#define HISTOGRAM_BUCKETS ((42u - HISTOGRAM_LINEAR_BITS + 2u) * HISTOGRAM_HALF)

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t count;	       /* recorded, in range */
	uint64_t out_of_range; /* above HISTOGRAM_MAX_NS: counted here, in no bucket */
	uint64_t min_ns, max_ns;
	double sum_ns;
};

/* Empty. Some 270 KB: heap or static, not the stack. */
void histogram_reset(struct histogram *h);

static inline uint32_t histogram_bucket(uint64_t value_ns)
{
	unsigned bits = 63u - (unsigned)__builtin_clzll(value_ns | (HISTOGRAM_HALF * 2 - 1));
	unsigned shift = bits - (HISTOGRAM_LINEAR_BITS - 1);
	return shift * HISTOGRAM_HALF + (uint32_t)(value_ns >> shift);
}

/* One thread writes; another may look at the counts meanwhile (progress):
 * plain loads and stores to the processor, no race to the language. */
static inline void histogram_count(uint64_t *count)
{
	__atomic_store_n(count, __atomic_load_n(count, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

/* False: out of range, counted as such. */
static inline bool histogram_record(struct histogram *h, uint64_t value_ns)
{
	if (value_ns > HISTOGRAM_MAX_NS) {
		h->out_of_range++;
		return false;
	}
	histogram_count(&h->counts[histogram_bucket(value_ns)]);
	h->count++;
	h->sum_ns += (double)value_ns;
	if (value_ns < h->min_ns)
		h->min_ns = value_ns;
	if (value_ns > h->max_ns)
		h->max_ns = value_ns;
	return true;
}

/* The least and the greatest value that a bucket counts. */
uint64_t histogram_bucket_low(uint32_t bucket);
uint64_t histogram_bucket_high(uint32_t bucket);

void histogram_merge(struct histogram *into, const struct histogram *from);

/* Adds the counts of a histogram that another thread is recording into:
 * percentiles of `into` are right, its mean, minimum and maximum are not. */
void histogram_merge_live(struct histogram *into, const struct histogram *from);

/* The greatest value of the bucket that holds the percentile (0 < p <= 100),
 * never above the maximum; 0 if empty. */
uint64_t histogram_percentile(const struct histogram *h, double p);
double histogram_mean(const struct histogram *h);
double histogram_stddev(const struct histogram *h);

#endif
