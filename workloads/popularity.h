/*
 * popularity.h: which content is asked for. O(1) time and memory per draw,
 * correct up to 10^12 contents and beyond. Draws are pure functions of
 * (key, index).
 */
#ifndef GVR_POPULARITY_H
#define GVR_POPULARITY_H

#include <stdint.h>

#include "workloads/workload.h"

/* The permutation rank -> content id. */
#define POPULARITY_LANES 8u

struct scatter {
	uint64_t key;
	uint64_t low_mask, high_mask; /* of the two halves of a rank's bits */
	unsigned low_bits;
};

struct popularity {
	enum popularity_kind kind;
	uint64_t n; /* contents, >= 1 */
	double theta;
	double h_x1, h_n, s; /* zipf: constants of rejection-inversion */
	uint64_t hot;	     /* hotspot: ranks [0, hot) are the hot set */
	double hot_probability;
	uint64_t key; /* of this stream's draws */
	struct scatter scatter;
};

/* n >= 1. The seed fixes draws and permutation. */
void popularity_init(struct popularity *p, const struct workload *w, uint64_t n, uint64_t seed);

/* The rank asked by request `index`, 0 the most popular: zipf P(rank) is
 * proportional to (rank + 1)^-theta, any theta >= 0, by rejection-inversion
 * (Hoermann and Derflinger 1996), exact; hotspot: a rank of the first
 * fraction * n with the given probability, else one of the others. */
uint64_t popularity_rank(const struct popularity *p, uint64_t index);

/* The content asked by request `index`: the rank, scattered over [0, n) by a
 * keyed permutation so that popular contents do not lie side by side in a
 * store. sequential is not scattered: index mod n. */
uint64_t popularity_content(const struct popularity *p, uint64_t index);

/* The same for POPULARITY_LANES requests from `first` on. A draw is one long
 * chain of dependent steps, so that 8 at once take a fraction of 8 times one. */
void popularity_contents(const struct popularity *p, uint64_t first,
			 uint64_t contents[POPULARITY_LANES]);

#endif
