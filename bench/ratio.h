/*
 * ratio.h: ratios paired by round. Both engines of a pair were measured in
 * the same round, moments apart, so the machine's drift cancels.
 */
#ifndef GVR_RATIO_H
#define GVR_RATIO_H

#include <stdbool.h>

struct ratio {
	bool known;	  /* false: fewer than 2 rounds, or a zero or missing figure */
	double value;	  /* geometric mean of the rounds' ratios */
	double low, high; /* 95 % percentile-bootstrap interval over rounds */
};

/* a[i] / b[i] for count rounds. Figures <= 0 make it unknown. */
struct ratio ratio_paired(const double *a, const double *b, unsigned count);

#endif
