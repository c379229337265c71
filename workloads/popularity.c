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

/* The logarithm of the x whose integral is y. */
static double log_of_inverse(const struct popularity *p, double y)
{
	return log1p_over(y * (1 - p->theta)) * y;
}

static double inverse(const struct popularity *p, double y, double log_x)
{
	if (y * (1 - p->theta) <= -1) /* rounding at the far end of a steep distribution */
		return (double)p->n;
	return exact_exp(log_x);
}

static double integral_inverse(const struct popularity *p, double y)
{
	return inverse(p, y, log_of_inverse(p, y));
}

static void zipf_init(struct popularity *p)
{
	p->h_x1 = integral(p, 1.5) - 1;
	p->h_n = integral(p, (double)p->n + 0.5);
	p->s = 2 - integral_inverse(p, integral(p, 2.5) - density(p, 2));
}

/* A point of the area under the hull of the density; its inverse is x. */
static double zipf_point(const struct popularity *p, uint64_t draws, uint64_t attempt)
{
	return p->h_n + prng_unit(prng_at(draws, attempt)) * (p->h_x1 - p->h_n);
}

/* The number (rank + 1) of the point u, whose inverse is x; 0: rejected. */
static uint64_t zipf_accept(const struct popularity *p, double u, double x)
{
	double k = x < 1 ? 1 : (double)(uint64_t)(x + 0.5);
	uint64_t number = k >= (double)p->n ? p->n : (uint64_t)k;
	k = (double)number;
	if (k - x <= p->s || u >= integral(p, k + 0.5) - density(p, k))
		return number;
	return 0;
}

static uint64_t zipf_rank(const struct popularity *p, uint64_t draws)
{
	for (uint64_t attempt = 0;; attempt++) {
		double u = zipf_point(p, draws, attempt);
		uint64_t number = zipf_accept(p, u, integral_inverse(p, u));
		if (number > 0)
			return number - 1;
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

static struct scatter scatter_of(uint64_t n, uint64_t key)
{
	unsigned bits = n > 1 ? 64 - (unsigned)__builtin_clzll(n - 1) : 0, low_bits = bits / 2;
	return (struct scatter){
		.key = key,
		.low_mask = (UINT64_C(1) << low_bits) - 1,
		.high_mask = (UINT64_C(1) << (bits - low_bits)) - 1,
		.low_bits = low_bits,
	};
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
		.scatter = scatter_of(n, prng_key(seed, KEY_SCATTER)),
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

/* A permutation of the numbers of so many bits: a Feistel network of 6 rounds.
 * Halves may differ by one bit; the rounds change them in turn. */
static uint64_t permute(const struct scatter *s, uint64_t x)
{
	uint64_t low = x & s->low_mask, high = x >> s->low_bits;
	high ^= prng_at(s->key, low) & s->high_mask;
	low ^= prng_at(s->key + 1, high) & s->low_mask;
	high ^= prng_at(s->key + 2, low) & s->high_mask;
	low ^= prng_at(s->key + 3, high) & s->low_mask;
	high ^= prng_at(s->key + 4, low) & s->high_mask;
	low ^= prng_at(s->key + 5, high) & s->low_mask;
	return high << s->low_bits | low;
}

/* A permutation of [0, n): on the fewest bits that hold n - 1, walked along its
 * cycle until it lands in [0, n), which takes fewer than 2 steps on average. */
static uint64_t scatter(const struct scatter *s, uint64_t n, uint64_t x)
{
	do
		x = permute(s, x);
	while (x >= n);
	return x;
}

uint64_t popularity_content(const struct popularity *p, uint64_t index)
{
	uint64_t rank = popularity_rank(p, index);
	return p->kind == POPULARITY_SEQUENTIAL ? rank : scatter(&p->scatter, p->n, rank);
}

/* zipf_rank of POPULARITY_LANES draws, step by step for all: the steps of one wait for
 * each other, those of several do not. */
static void zipf_ranks(const struct popularity *p, const uint64_t *draws, uint64_t *ranks)
{
	double u[POPULARITY_LANES], x[POPULARITY_LANES];

	for (unsigned i = 0; i < POPULARITY_LANES; i++)
		u[i] = zipf_point(p, draws[i], 0);
	for (unsigned i = 0; i < POPULARITY_LANES; i++)
		x[i] = log_of_inverse(p, u[i]);
	for (unsigned i = 0; i < POPULARITY_LANES; i++)
		x[i] = inverse(p, u[i], x[i]);
	for (unsigned i = 0; i < POPULARITY_LANES; i++) {
		uint64_t number = zipf_accept(p, u[i], x[i]);
		ranks[i] = number > 0 ? number - 1 : zipf_rank(p, draws[i]);
	}
}

void popularity_contents(const struct popularity *p, uint64_t first,
			 uint64_t contents[POPULARITY_LANES])
{
	uint64_t draws[POPULARITY_LANES];

	if (p->kind == POPULARITY_ZIPF) {
		for (unsigned i = 0; i < POPULARITY_LANES; i++)
			draws[i] = prng_at(p->key, first + i);
		zipf_ranks(p, draws, contents);
	} else {
		for (unsigned i = 0; i < POPULARITY_LANES; i++)
			contents[i] = popularity_rank(p, first + i);
	}
	if (p->kind == POPULARITY_SEQUENTIAL)
		return;
	for (unsigned i = 0; i < POPULARITY_LANES; i++)
		contents[i] = permute(&p->scatter, contents[i]);
	for (unsigned i = 0; i < POPULARITY_LANES; i++)
		if (contents[i] >= p->n)
			contents[i] = scatter(&p->scatter, p->n, contents[i]);
}
