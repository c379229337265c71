/*
 * steady.h: was the measurement taken in a steady state? In the manner of
 * fio's steadystate: the slope of a line fitted to, or the spread about the
 * mean of, the mean response time over windows of the measured time. Warm-up
 * is not part of it.
 */
#ifndef GVR_STEADY_H
#define GVR_STEADY_H

#include <stdbool.h>

#include "bench/trend.h"
#include "workloads/workload.h"

struct steady {
	bool judged;  /* false: ss = none, or too few requests; then why says so */
	bool reached; /* if judged */
	/* ss = slope: what the fitted lines change, as a part of the mean: from
	 * the first round to the last, and on average within a round. NAN: could
	 * not be fitted (fewer than 3 rounds; a round of fewer than 4 windows). */
	double across_rounds, within_round;
	/* ss = mean: how far the round furthest from the mean is off, as a part
	 * of it (one round: the eighth of its requests). NAN if ss = slope. */
	double spread;
	char why[160]; /* one clause for people, "" if reached: "response times rise by 84 %
			  within a round" */
};

/*
 * rounds: one trend a measured slice, in order; at most 1000. limit: as a part
 * of the mean, >= 0. Each round needs 32 requests to be judged.
 *
 * A slope counts against the run only if it exceeds the limit and differs from
 * 0 at 99 % confidence, so that noise alone does not invalidate: by Student's t
 * over the rounds; within a round, where there are fewer than 3, over eighths
 * of the rounds' requests. The fewer the rounds, the clearer a slope must be:
 * a queue at 110 % load for 5 rounds of 2000 requests is found 98 times of 100,
 * for 3 rounds 46 times.
 */
struct steady steady_judge(enum ss_kind kind, double limit, const char *what,
			   const struct trend *rounds, unsigned count);

/* True if a slope beyond the limit was found that noise may have made: neither
 * steady nor unsteady for certain. */
bool steady_is_unclear(const struct steady *s, double limit);

#endif
