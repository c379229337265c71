/*
 * ratio.h: ratios paired by round. Both engines of a pair were measured in
 * the same round, moments apart, so the machine's drift cancels.
 */
#ifndef GVR_RATIO_H
#define GVR_RATIO_H

#include <stdbool.h>

/* Rounds that have nothing in common leave the upper end of an interval anywhere. */
#define RATIO_END_MAX 1e21

struct ratio {
	bool known;	  /* false: fewer than 2 rounds, or a zero or missing figure */
	double value;	  /* geometric mean of the rounds' ratios */
	double low, high; /* 95 % interval: see below; high INFINITY: above RATIO_END_MAX */
};

/*
 * a[i] / b[i] for count rounds. Figures that are not above 0 and finite make
 * it unknown.
 *
 * The interval is a percentile bootstrap over the logarithms of the rounds'
 * ratios. As that alone covers too little for few rounds (84 % for 5: it takes
 * the spread of the rounds for that of the law), its ends are moved away from
 * the mean by t / z * sqrt(n / (n - 1)), t being Student's quantile of n - 1
 * degrees of freedom and z the normal law's. For normal noise this is
 * Student's interval; for skewed noise the bootstrap's skew is kept.
 * Simulated: 94.4 to 95 % for 3 to 20 rounds of noise on both sides, 93 % for
 * 2 rounds; still only 83 to 88 % where one side alone has spikes.
 */
struct ratio ratio_paired(const double *a, const double *b, unsigned count);

#endif
