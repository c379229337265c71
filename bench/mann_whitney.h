/*
 * mann_whitney.h: are two samples from the same distribution? By ranks, so
 * that one outlier decides nothing.
 */
#ifndef GVR_MANN_WHITNEY_H
#define GVR_MANN_WHITNEY_H

/* The probability, were both the same, that b lies above a at least as
 * clearly as seen (one-sided; swap the arguments for the other side). Exact for
 * small samples (both at most 20), with ties too: percentiles from a histogram
 * tie often. Else the normal approximation with correction for ties and
 * continuity. 1 if a or b is empty or out of memory. No NaNs. counts at most
 * 1000. */
double mann_whitney_above(const double *a, unsigned a_count, const double *b, unsigned b_count);

#endif
