/*
 * arrivals.h: when requests are released. Nanoseconds from the start of the
 * schedule, kept in fixed point (2^-20 ns), so that a rate holds over any
 * length of run without drift.
 */
#ifndef GVR_ARRIVALS_H
#define GVR_ARRIVALS_H

#include <stdint.h>

#include "workloads/workload.h"

struct arrivals {
	enum rate_process process;
	double gap_mean_ns; /* 10^9 / rate */
	uint64_t key;
	uint64_t index;		   /* of the next request */
	unsigned __int128 next_fp; /* its time, 2^-20 ns */
};

/* rate_iops > 0. The first request is due after the first gap. */
void arrivals_init(struct arrivals *a, enum rate_process process, double rate_iops, uint64_t seed);

/* The planned time of the next request, ns since the start; never decreases.
 * linear: equal gaps; poisson: exponential gaps, -ln(U) of a pure function of
 * (key, index). */
uint64_t arrivals_next_ns(struct arrivals *a);

#endif
