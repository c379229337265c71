/* Draws against the theory of each distribution; the permutation. */
#include "tests/test.h"

#include <math.h>

#include "tests/sanitized.h"
#include "workloads/popularity.h"

#define DRAWS 1000000u
/* Of the laws that are asked for by name; half a minute's worth with sanitizers. */
#define ZIPF_DRAWS (SANITIZED ? DRAWS : 10000000u)

static struct popularity make(enum popularity_kind kind, double theta, uint64_t n, uint64_t seed)
{
	struct workload w = {.popularity = kind, .zipf_theta = theta};
	struct popularity p;
	popularity_init(&p, &w, n, seed);
	return p;
}

/* How far a chi-square of df degrees lies from its mean, in standard deviations
 * (Wilson and Hilferty's cube root). */
static double deviation(double chi2, double df)
{
	return (cbrt(chi2 / df) - (1 - 2 / (9 * df))) / sqrt(2 / (9 * df));
}

/* Counts against probabilities; bins of few expected draws are joined. */
static double chi_square_deviation(const uint64_t *count, const double *probability, unsigned bins)
{
	double chi2 = 0, expected = 0, seen = 0, draws = 0;
	unsigned df = 0;
	for (unsigned i = 0; i < bins; i++)
		draws += (double)count[i];
	for (unsigned i = 0; i < bins; i++) {
		expected += probability[i] * draws;
		seen += (double)count[i];
		if (expected < 10 && i + 1 < bins)
			continue;
		chi2 += expected > 0 ? (seen - expected) * (seen - expected) / expected : 0;
		df++;
		expected = seen = 0;
	}
	assert_true(df >= 2);
	return deviation(chi2, df - 1);
}

/* By how many standard deviations that many draws are off the law. */
static double zipf_deviation(double theta, double law_theta, uint64_t draws)
{
	enum { N = 1000 };
	struct popularity p = make(POPULARITY_ZIPF, theta, N, 7);
	uint64_t count[N] = {0};
	double probability[N], sum = 0;
	for (unsigned k = 0; k < N; k++)
		sum += probability[k] = pow(k + 1, -law_theta);
	for (unsigned k = 0; k < N; k++)
		probability[k] /= sum;
	for (uint64_t i = 0; i < draws; i++) {
		uint64_t rank = popularity_rank(&p, i);
		if (rank >= N)
			fail_msg("theta %g: rank %llu", theta, (unsigned long long)rank);
		count[rank]++;
	}
	return chi_square_deviation(count, probability, N);
}

static const double thetas[] = {0, 0.5, 0.99, 0.9999999, 1, 1.0000001, 1.2, 5};
#define THETAS (sizeof thetas / sizeof thetas[0])

static void zipf_follows_its_law(void **state)
{
	(void)state;
	for (unsigned t = 0; t < THETAS; t++) {
		bool near_1 = thetas[t] != 1 && fabs(thetas[t] - 1) < 1e-3;
		uint64_t draws = near_1 || thetas[t] == 5 ? DRAWS : ZIPF_DRAWS;
		double z = zipf_deviation(thetas[t], thetas[t], draws);
		if (fabs(z) > 4)
			fail_msg("theta %g: %g standard deviations off", thetas[t], z);
	}
}

/* Sum of k^-theta over [a, b] by Euler and Maclaurin; the first terms one by
 * one, where the series would not converge. */
static long double zipf_sum(uint64_t a, uint64_t b, double theta)
{
	long double sum = 0, t = theta;
	for (; a <= b && a < 200; a++)
		sum += powl((long double)a, -t);
	if (a > b)
		return sum;
	long double x = (long double)a, y = (long double)b, log_xy = logl(y / x);
	/* the integral, smooth through theta = 1 */
	long double area = fabsl(1 - t) * log_xy < 1e-12L
				   ? log_xy
				   : powl(x, 1 - t) * expm1l((1 - t) * log_xy) / (1 - t);
	long double fx = powl(x, -t), fy = powl(y, -t);
	return sum + area + (fx + fy) / 2 + t * (fx / x - fy / y) / 12;
}

static void zipf_follows_its_law_over_a_trillion(void **state)
{
	(void)state;
	enum { BINS = 40 };
	const uint64_t n = UINT64_C(1000000000000);
	for (unsigned t = 0; t < THETAS; t++) {
		struct popularity p = make(POPULARITY_ZIPF, thetas[t], n, 11);
		uint64_t last[BINS], count[BINS] = {0};
		double probability[BINS];
		for (unsigned i = 0; i < BINS; i++) /* 1, 2, 4 ... n */
			last[i] = i + 1 < BINS ? UINT64_C(1) << i : n;
		long double sum = zipf_sum(1, n, thetas[t]);
		for (unsigned i = 0; i < BINS; i++)
			probability[i] =
				(double)(zipf_sum(i > 0 ? last[i - 1] + 1 : 1, last[i], thetas[t]) /
					 sum);
		for (uint64_t i = 0; i < DRAWS; i++) {
			uint64_t number = popularity_rank(&p, i) + 1;
			unsigned bin = 0;
			assert_in_range(number, 1, n);
			while (number > last[bin])
				bin++;
			count[bin]++;
		}
		double z = chi_square_deviation(count, probability, BINS);
		if (fabs(z) > 4)
			fail_msg("theta %g: %g standard deviations off", thetas[t], z);
	}
}

/* The check of the check: it must notice a law that is a little off. */
static void chi_square_notices_another_theta(void **state)
{
	(void)state;
	assert_true(zipf_deviation(0.97, 0.99, DRAWS) > 4);
	if (!SANITIZED)
		assert_true(zipf_deviation(0.985, 0.99, ZIPF_DRAWS) > 4);
}

static void zipf_holds_at_the_edges(void **state)
{
	(void)state;
	static const uint64_t ns[] = {1, 2, 3, UINT64_C(1) << 53, UINT64_C(1) << 62};
	static const double edges[] = {0, 1e-9, 1, 50, 100};
	for (unsigned i = 0; i < 5; i++)
		for (unsigned t = 0; t < 5; t++) {
			struct popularity p = make(POPULARITY_ZIPF, edges[t], ns[i], 3);
			uint64_t first = 0;
			for (uint64_t k = 0; k < 2000; k++) {
				uint64_t rank = popularity_rank(&p, k);
				assert_true(rank < ns[i]);
				assert_true(popularity_content(&p, k) < ns[i]);
				first += rank == 0;
			}
			if (edges[t] >= 50) /* P(0) = 1 - 2^-50 */
				assert_int_equal(first, 2000);
		}
}

static void uniform_is_flat(void **state)
{
	(void)state;
	enum { N = 1000 };
	struct popularity p = make(POPULARITY_UNIFORM, 0, N, 5);
	uint64_t count[N] = {0}, content_count[N] = {0};
	double probability[N];
	for (unsigned k = 0; k < N; k++)
		probability[k] = 1.0 / N;
	for (uint64_t i = 0; i < DRAWS; i++) {
		count[popularity_rank(&p, i)]++;
		content_count[popularity_content(&p, i)]++;
	}
	assert_true(fabs(chi_square_deviation(count, probability, N)) < 4);
	assert_true(fabs(chi_square_deviation(content_count, probability, N)) < 4);
}

static void hotspot_gives_the_hot_set_its_share(void **state)
{
	(void)state;
	static const double fractions[] = {0.001, 0.2, 0.5}, shares[] = {0.8, 0.9, 0, 1};
	const uint64_t n = 100000;
	for (unsigned f = 0; f < 3; f++)
		for (unsigned s = 0; s < 4; s++) {
			struct workload w = {.popularity = POPULARITY_HOTSPOT,
					     .hotspot_fraction = fractions[f],
					     .hotspot_probability = shares[s]};
			struct popularity p;
			popularity_init(&p, &w, n, 9);
			double hot = 0, half = 0;
			for (uint64_t i = 0; i < DRAWS; i++) {
				uint64_t rank = popularity_rank(&p, i);
				assert_true(rank < n);
				hot += (double)rank < fractions[f] * (double)n;
				half += (double)rank < fractions[f] * (double)n / 2;
			}
			double sigma = sqrt(shares[s] * (1 - shares[s]) / DRAWS);
			assert_true(fabs(hot / DRAWS - shares[s]) <= 4 * sigma);
			/* and within the hot set evenly */
			assert_true(fabs(half - hot / 2) <= 4 * sqrt(hot) / 2);
		}
}

static void hotspot_of_everything_is_uniform(void **state)
{
	(void)state;
	struct workload w = {.popularity = POPULARITY_HOTSPOT, .hotspot_fraction = 1};
	struct popularity p;
	popularity_init(&p, &w, 10, 1);
	uint64_t seen = 0;
	for (uint64_t i = 0; i < 1000; i++)
		seen |= UINT64_C(1) << popularity_rank(&p, i);
	assert_int_equal(seen, 0x3ff);
}

static void sequential_counts(void **state)
{
	(void)state;
	struct popularity p = make(POPULARITY_SEQUENTIAL, 0, 7, 1);
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(popularity_content(&p, i), i % 7);
}

/* Zipf with a steep theta over few ranks reaches every rank; then as many
 * contents as ranks, each of one rank, mean that the scattering is a bijection. */
static void scattering_is_a_bijection(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= 600; n++) {
		struct popularity p = make(POPULARITY_UNIFORM, 0, n, n);
		uint64_t content_of[600], rank_of[600], ranks = 0;
		memset(content_of, 0xff, sizeof content_of);
		memset(rank_of, 0xff, sizeof rank_of);
		for (uint64_t i = 0; ranks < n; i++) {
			uint64_t rank = popularity_rank(&p, i), content = popularity_content(&p, i);
			assert_true(content < n);
			if (content_of[rank] == UINT64_MAX) {
				assert_true(rank_of[content] == UINT64_MAX);
				content_of[rank] = content;
				rank_of[content] = rank;
				ranks++;
			}
			assert_int_equal(content_of[rank], content);
			assert_int_equal(rank_of[content], rank);
		}
	}
}

static void popular_contents_lie_apart(void **state)
{
	(void)state;
	const uint64_t n = UINT64_C(1) << 30;
	struct popularity p = make(POPULARITY_ZIPF, 1.2, n, 1);
	double sum = 0, sum2 = 0;
	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t rank = popularity_rank(&p, i);
		if (rank < 1000)
			continue;
		double at = (double)popularity_content(&p, i) / (double)n;
		sum += at * (1 - at);
		sum2 += 1;
	}
	/* of a uniform position, x (1 - x) has the mean 1/6 */
	assert_true(sum2 > 10000);
	assert_true(fabs(sum / sum2 - 1.0 / 6) < 0.005);
}

static void seed_fixes_draws_and_scattering(void **state)
{
	(void)state;
	struct popularity a = make(POPULARITY_ZIPF, 0.99, 1000000, 1);
	struct popularity b = make(POPULARITY_ZIPF, 0.99, 1000000, 1);
	struct popularity c = make(POPULARITY_ZIPF, 0.99, 1000000, 2);
	unsigned same = 0;
	for (uint64_t i = 0; i < 1000; i++) {
		/* in any order */
		assert_int_equal(popularity_content(&a, i), popularity_content(&b, i));
		assert_int_equal(popularity_content(&a, 999 - i), popularity_content(&b, 999 - i));
		same += popularity_content(&a, i) == popularity_content(&c, i);
	}
	assert_true(same < 10);
}

static const struct {
	struct workload w;
	uint64_t n, hash;
} kept[] = {
	{{.popularity = POPULARITY_UNIFORM}, 100000, UINT64_C(0xa173cf4dcde4e6e0)},
	{{.popularity = POPULARITY_UNIFORM}, 1, 0},
	{{.popularity = POPULARITY_UNIFORM}, UINT64_C(1) << 63, UINT64_C(0xa6f9fca48a8982e2)},
	{{.popularity = POPULARITY_ZIPF, .zipf_theta = 0}, 777, UINT64_C(0x735629c88c348687)},
	{{.popularity = POPULARITY_ZIPF, .zipf_theta = 0.99}, 100000, UINT64_C(0x6ac9f65a8816b07)},
	{{.popularity = POPULARITY_ZIPF, .zipf_theta = 0.99},
	 UINT64_C(1000000000000),
	 UINT64_C(0xff437bb40961d5cc)},
	{{.popularity = POPULARITY_ZIPF, .zipf_theta = 1}, 1000000, UINT64_C(0xa4ff93f36b6da819)},
	{{.popularity = POPULARITY_ZIPF, .zipf_theta = 1.2}, 1000000, UINT64_C(0xddff8f319d0d3131)},
	{{.popularity = POPULARITY_ZIPF, .zipf_theta = 5}, 1000000, UINT64_C(0x239abb10a9842a7)},
	{{.popularity = POPULARITY_HOTSPOT, .hotspot_fraction = 0.2, .hotspot_probability = 0.8},
	 1000000,
	 UINT64_C(0x4aa058be11fe5e96)},
	{{.popularity = POPULARITY_SEQUENTIAL}, 1000000, UINT64_C(0x40e6b1198eab0878)},
};
#define KEPT (sizeof kept / sizeof kept[0])

/* The same on every machine, byte order and compiler, and in every release:
 * the hashes are those of the first one. */
static void draws_are_the_same_for_ever(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KEPT; k++) {
		struct popularity p;
		uint64_t hash = 0;
		popularity_init(&p, &kept[k].w, kept[k].n, 1);
		for (uint64_t i = 0; i < 10000; i++)
			hash = hash * UINT64_C(0x9e3779b97f4a7c15) + popularity_content(&p, i);
		if (hash != kept[k].hash)
			fail_msg("row %u: %llx", k, (unsigned long long)hash);
	}
}

static void several_at_once_are_the_same_as_one_by_one(void **state)
{
	(void)state;
	static const uint64_t firsts[] = {0, 12345, UINT64_C(1) << 62};
	for (unsigned k = 0; k < KEPT; k++) {
		struct popularity p;
		popularity_init(&p, &kept[k].w, kept[k].n, 1);
		for (unsigned i = 0; i < 300; i++) {
			uint64_t first = firsts[i % 3] + i, contents[POPULARITY_LANES];
			popularity_contents(&p, first, contents);
			for (unsigned lane = 0; lane < POPULARITY_LANES; lane++)
				assert_true(contents[lane] == popularity_content(&p, first + lane));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zipf_follows_its_law),
		cmocka_unit_test(zipf_follows_its_law_over_a_trillion),
		cmocka_unit_test(chi_square_notices_another_theta),
		cmocka_unit_test(zipf_holds_at_the_edges),
		cmocka_unit_test(uniform_is_flat),
		cmocka_unit_test(hotspot_gives_the_hot_set_its_share),
		cmocka_unit_test(hotspot_of_everything_is_uniform),
		cmocka_unit_test(sequential_counts),
		cmocka_unit_test(scattering_is_a_bijection),
		cmocka_unit_test(popular_contents_lie_apart),
		cmocka_unit_test(draws_are_the_same_for_ever),
		cmocka_unit_test(several_at_once_are_the_same_as_one_by_one),
		cmocka_unit_test(seed_fixes_draws_and_scattering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
