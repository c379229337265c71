/*
 * arrivals.h: when requests are released. Nanoseconds from the start of the
 * schedule, kept in fixed point (2^-20 ns), so that a rate holds over any
 * length of run without drift.
 */
#ifndef GVR_ARRIVALS_H
#define GVR_ARRIVALS_H

#include <stdint.h>

#include "workloads/workload.h"

/* What a schedule is made of. */
struct arrivals_plan {
	enum rate_process process;
	double rates[RATE_STEPS_MAX]; /* requests a second, > 0 */
	unsigned rate_count;	      /* >= 1; more: steps, gone through again and again */
	uint64_t ramp_ns;	      /* the first rate holds that long before the steps begin */
	uint64_t step_ns;	      /* > 0 if rate_count > 1 */
	uint32_t agents, chain;	      /* bursts; else 1, 1 */
	uint64_t seed;
};

/* The plan of a workload of scenario server whose rate is not peak. */
void arrivals_plan(struct arrivals_plan *plan, const struct workload *w);

struct arrivals {
	struct arrivals_plan plan;
	uint64_t key;
	uint64_t index;				/* of the next arrival */
	unsigned step;				/* of the time reached */
	unsigned __int128 next_fp, step_end_fp; /* times, 2^-20 ns */
};

void arrivals_init(struct arrivals *a, const struct arrivals_plan *plan);

/*
 * The planned time of the next arrival, ns since the start; never decreases.
 * The first is due after the first gap.
 * linear: equal gaps; poisson: exponential gaps, -ln(U) of a pure function of
 * (key, index). A gap that crosses into a step of another rate is stretched
 * from there on, so that the process has the right rate at every instant.
 * bursts: an arrival is an agent that wakes up; plan.agents of them wake at
 * the same time, at equal gaps, and each stands for plan.chain requests of
 * which only the first has a planned time: request number arrival * chain.
 */
uint64_t arrivals_next_ns(struct arrivals *a);

/* Which of the rates holds at that time of the schedule. */
unsigned arrivals_step_at(const struct arrivals_plan *plan, uint64_t at_ns);

#endif
