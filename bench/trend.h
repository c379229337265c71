/*
 * trend.h: how the mean response time went during one slice, in windows of
 * equal length, in constant memory: when the windows are full their pairs are
 * joined and the length doubles, so the slice's length need not be known.
 */
#ifndef GVR_TREND_H
#define GVR_TREND_H

#include <stdint.h>

#define TREND_WINDOWS 32u
#define TREND_WINDOW_MIN_NS UINT64_C(1000000)

struct trend {
	uint64_t start_ns;  /* clock time of the slice's begin */
	uint64_t window_ns; /* TREND_WINDOW_MIN_NS times a power of two */
	uint64_t count[TREND_WINDOWS];
	double response_sum_ns[TREND_WINDOWS];
};

void trend_reset(struct trend *t, uint64_t start_ns);

/* Joins pairs of windows until at_ns - start_ns falls into one. */
void trend_widen(struct trend *t, uint64_t at_ns);

/* at_ns: when the request was planned (clock time; before the start counts as
 * the start). The hot path: a shift or a division by window_ns is too much
 * only if measured so. */
static inline void trend_record(struct trend *t, uint64_t at_ns, uint64_t response_ns)
{
	uint64_t since_ns = at_ns > t->start_ns ? at_ns - t->start_ns : 0;
	if (since_ns >= t->window_ns * TREND_WINDOWS)
		trend_widen(t, at_ns);
	uint32_t window = (uint32_t)(since_ns / t->window_ns);
	t->count[window]++;
	t->response_sum_ns[window] += (double)response_ns;
}

/* Both of the same slice (same start_ns); the wider windows win. */
void trend_merge(struct trend *into, const struct trend *from);

/* Mean over all windows; 0 if empty. */
double trend_mean(const struct trend *t);

#endif
