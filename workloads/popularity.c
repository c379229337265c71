#include "workloads/popularity.h"

#include "workloads/exact.h"
#include "workloads/prng.h"

enum { KEY_DRAWS = 1, KEY_SCATTER = 2 };

/*
 * Zipf by rejection-inversion (Hoermann, Derflinger: Rejection-inversion to
 * generate variates from monotone discrete distributions, 1996). h(x) =
 * x^-theta is the density, H its integral from 1. Written with expm1(x)/x and
 * log1p(x)/x, H and its inverse are smooth through theta = 1.
 */

static double expm1_over(double x)
{
	return x == 0 ? 1 : exact_expm1(x) / x;
}

static double log1p_over(double x)
{
	return x == 0 ? 1 : exact_log1p(x) / x;
}

static double density(const struct popularity *p, double x)
{
	return exact_exp(-p->theta * exact_log(x));
}

static double integral(const struct popularity *p, double x)
{
	double log_x = exact_log(x);
	return expm1_over((1 - p->theta) * log_x) * log_x;
}

static double integral_inverse(const struct popularity *p, double y)
{
	double t = y * (1 - p->theta);
	if (t <= -1) /* rounding at the far end of a steep distribution */
		return (double)p->n;
	return exact_exp(log1p_over(t) * y);
}

static void zipf_init(struct popularity *p)
{
	p->h_x1 = integral(p, 1.5) - 1;
	p->h_n = integral(p, (double)p->n + 0.5);
	p->s = 2 - integral_inverse(p, integral(p, 2.5) - density(p, 2));
}

static uint64_t zipf_rank(const struct popularity *p, uint64_t draws)
{
	for (uint64_t attempt = 0;; attempt++) {
		double u = p->h_n + prng_unit(prng_at(draws, attempt)) * (p->h_x1 - p->h_n);
		double x = integral_inverse(p, u);
		double k = x < 1 ? 1 : (double)(uint64_t)(x + 0.5);
		uint64_t rank = k >= (double)p->n ? p->n : (uint64_t)k;
		k = (double)rank;
		if (k - x <= p->s || u >= integral(p, k + 0.5) - density(p, k))
			return rank - 1;
	}
}

static uint64_t hotspot_rank(const struct popularity *p, uint64_t draws)
{
	uint64_t r = prng_at(draws, 1);
	if (p->hot == p->n || prng_unit(prng_at(draws, 0)) < p->hot_probability)
		return prng_below(r, p->hot);
	return p->hot + prng_below(r, p->n - p->hot);
}

static uint64_t hot_count(double fraction, uint64_t n)
{
	double hot = fraction * (double)n + 0.5;
	if (hot >= (double)n)
		return n;
	return hot < 1 ? 1 : (uint64_t)hot;
}

void popularity_init(struct popularity *p, const struct workload *w, uint64_t n, uint64_t seed)
{
	*p = (struct popularity){
		.kind = w->popularity,
		.n = n,
		.theta = w->zipf_theta,
		.hot = hot_count(w->hotspot_fraction, n),
		.hot_probability = w->hotspot_probability,
		.key = prng_key(seed, KEY_DRAWS),
		.scatter_key = prng_key(seed, KEY_SCATTER),
	};
	if (p->kind == POPULARITY_ZIPF)
		zipf_init(p);
}

uint64_t popularity_rank(const struct popularity *p, uint64_t index)
{
	uint64_t draws = prng_at(p->key, index);
	switch (p->kind) {
	case POPULARITY_ZIPF:
		return zipf_rank(p, draws);
	case POPULARITY_HOTSPOT:
		return hotspot_rank(p, draws);
	case POPULARITY_SEQUENTIAL:
		return index % p->n;
	default:
		return prng_below(prng_at(draws, 0), p->n);
	}
}

static unsigned bit_count(uint64_t x)
{
	return x == 0 ? 0 : 64 - (unsigned)__builtin_clzll(x);
}

/* A permutation of [0, n): a Feistel network of 6 rounds on the fewest bits
 * that hold n - 1, walked along its cycle until it lands in [0, n), which takes
 * fewer than 2 steps on average. Halves may differ by one bit; the rounds change
 * them in turn. */
static uint64_t scatter(uint64_t key, uint64_t n, uint64_t x)
{
	unsigned bits = bit_count(n - 1), low_bits = bits / 2;
	uint64_t low_mask = (UINT64_C(1) << low_bits) - 1;
	uint64_t high_mask = (UINT64_C(1) << (bits - low_bits)) - 1;
	do {
		uint64_t low = x & low_mask, high = x >> low_bits;
		for (uint64_t round = 0; round < 6; round += 2) {
			high ^= prng_at(key + round, low) & high_mask;
			low ^= prng_at(key + round + 1, high) & low_mask;
		}
		x = high << low_bits | low;
	} while (x >= n);
	return x;
}

uint64_t popularity_content(const struct popularity *p, uint64_t index)
{
	uint64_t rank = popularity_rank(p, index);
	return p->kind == POPULARITY_SEQUENTIAL ? rank : scatter(p->scatter_key, p->n, rank);
}
