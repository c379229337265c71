/* test_mann_whitney.c: the rank test against tables and plain enumeration. */
#include "tests/test.h"

#include <math.h>

#include "bench/mann_whitney.h"
#include "workloads/prng.h"

static void assert_near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-12 + 1e-9 * want))
		fail_msg("%.15g is not %.15g", got, want);
}

/* Tails of U from the published tables (Mann and Whitney 1947, table 1; they
 * give P(U <= u) to 3 digits, here as the fractions they round). b lies wholly
 * above a but for `swaps` pairs: U = swaps. */
static void published_tails(void **state)
{
	(void)state;
	double a5[] = {1, 2, 3, 4, 5}, b5[] = {6, 7, 8, 9, 10};
	assert_near(mann_whitney_above(a5, 5, b5, 5), 1.0 / 252); /* U = 0: .004 */
	a5[4] = 6.5;
	assert_near(mann_whitney_above(a5, 5, b5, 5), 2.0 / 252); /* U = 1: .008 */
	a5[4] = 7.5;
	assert_near(mann_whitney_above(a5, 5, b5, 5), 4.0 / 252); /* U = 2: .016 */
	a5[4] = 8.5;
	assert_near(mann_whitney_above(a5, 5, b5, 5), 7.0 / 252); /* U = 3: .028 */

	double a3[] = {1, 2, 3}, b4[] = {4, 5, 6, 7};
	assert_near(mann_whitney_above(a3, 3, b4, 4), 1.0 / 35); /* .028 */
	a3[2] = 4.5;
	assert_near(mann_whitney_above(a3, 3, b4, 4), 2.0 / 35); /* .057 */
	a3[2] = 5.5;
	assert_near(mann_whitney_above(a3, 3, b4, 4), 4.0 / 35); /* .114 */

	double a2[] = {1, 2}, b2[] = {3, 4};
	assert_near(mann_whitney_above(a2, 2, b2, 2), 1.0 / 6);
	assert_near(mann_whitney_above(a2, 1, b2, 1), 1.0 / 2);
}

/* ---- every way to deal the values out ---- */

/* Twice the number of pairs in which b lies above a; a tie counts for one. */
static unsigned pairs(const double *values, unsigned count, unsigned b_mask)
{
	unsigned twice = 0;
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < count; k++)
			if (!(b_mask >> i & 1) && (b_mask >> k & 1))
				twice += values[k] > values[i] ? 2 : values[k] == values[i];
	return twice;
}

static double enumerated(const double *values, unsigned count, unsigned b_count, unsigned b_mask)
{
	unsigned all = 0, above = 0, seen = pairs(values, count, b_mask);
	for (unsigned mask = 0; mask < 1u << count; mask++)
		if ((unsigned)__builtin_popcount(mask) == b_count) {
			all++;
			above += pairs(values, count, mask) >= seen;
		}
	return (double)above / all;
}

static void check_enumerated(uint64_t key, unsigned a_count, unsigned b_count, unsigned distinct)
{
	double values[10], a[10], b[10];
	unsigned count = a_count + b_count, mask = ((1u << b_count) - 1) << a_count;
	for (unsigned i = 0; i < count; i++) {
		values[i] = 1.5 * (double)prng_below(prng_at(key, i), distinct);
		if (i < a_count)
			a[i] = values[i];
		else
			b[i - a_count] = values[i];
	}
	assert_near(mann_whitney_above(a, a_count, b, b_count),
		    enumerated(values, count, b_count, mask));
}

static void equals_plain_enumeration(void **state)
{
	(void)state;
	static const unsigned distinct[] = {1, 2, 3, 6, 1000000}; /* many ties to none */
	for (uint64_t trial = 0; trial < 40; trial++)
		for (unsigned n = 1; n <= 5; n++)
			for (unsigned m = 1; m <= 5; m++)
				check_enumerated(trial * 100 + n * 10 + m, n, m,
						 distinct[trial % 5]);
}

/* U = 0 in all pairs: one way of C(40, 20). */
static void exact_at_its_largest(void **state)
{
	(void)state;
	double a[20], b[20];
	for (unsigned i = 0; i < 20; i++) {
		a[i] = i;
		b[i] = 100 + i;
	}
	assert_near(mann_whitney_above(a, 20, b, 20) * 137846528820.0, 1);
	assert_near(mann_whitney_above(b, 20, a, 20), 1);
}

static void both_sides_are_one_distribution(void **state)
{
	(void)state;
	/* P(U >= u) + P(U <= u) = 1 + P(U = u); mirrored values swap the sides */
	for (uint64_t trial = 0; trial < 50; trial++) {
		double a[7], b[6], minus_a[7], minus_b[6];
		for (unsigned i = 0; i < 7; i++) {
			a[i] = (double)prng_below(prng_at(trial, i), trial % 2 ? 5 : 1u << 30);
			minus_a[i] = -a[i];
		}
		for (unsigned i = 0; i < 6; i++) {
			b[i] = (double)prng_below(prng_at(trial, 100 + i),
						  trial % 2 ? 5 : 1u << 30);
			minus_b[i] = -b[i];
		}
		double up = mann_whitney_above(a, 7, b, 6), down = mann_whitney_above(b, 6, a, 7);
		assert_true(up + down > 1 - 1e-12 && up <= 1 && down <= 1 && up > 0 && down > 0);
		assert_near(mann_whitney_above(minus_b, 6, minus_a, 7), up);
	}
}

static void nothing_and_sameness_prove_nothing(void **state)
{
	(void)state;
	double same[30], other[] = {9};
	for (unsigned i = 0; i < 30; i++)
		same[i] = 4;
	assert_near(mann_whitney_above(same, 5, same, 5), 1);
	assert_near(mann_whitney_above(same, 30, same, 30), 1);
	assert_near(mann_whitney_above(NULL, 0, other, 1), 1);
	assert_near(mann_whitney_above(other, 1, NULL, 0), 1);
	double infinite[] = {INFINITY, -INFINITY}, finite[] = {1, 2};
	assert_near(mann_whitney_above(finite, 2, infinite, 2),
		    enumerated((double[]){1, 2, 9, -9}, 4, 2, 12));
}

/* Beyond 20 values: n = m = 50, b's ranks 2, 4, ..., 100: U = 1275, mean 1250,
 * variance 50 * 50 * 101 / 12; P(Z >= 24.5 / 145.057). */
static void large_samples_are_normal(void **state)
{
	(void)state;
	static double a[1000], b[1000];
	for (unsigned i = 0; i < 1000; i++) {
		a[i] = 2 * i;
		b[i] = 2 * i + 1;
	}
	double z = 24.5 / sqrt(2500.0 * 101 / 12);
	assert_near(mann_whitney_above(a, 50, b, 50), erfc(z / sqrt(2)) / 2);
	assert_true(mann_whitney_above(a, 1000, b, 1000) > 0.4);
	/* 500 of 1000 above all others: far beyond any chance */
	assert_true(mann_whitney_above(a, 500, b + 500, 500) < 1e-100);
	assert_near(mann_whitney_above(b + 500, 500, a, 500), 1);
}

/* With ties: half of each sample 0, half 1, but one of b's. Variance by the
 * tied form: nm/12 (N + 1 - sum(t^3 - t) / (N (N - 1))). */
static void large_samples_with_ties(void **state)
{
	(void)state;
	double a[40], b[40];
	for (unsigned i = 0; i < 40; i++) {
		a[i] = i % 2;
		b[i] = i % 2 || i == 0;
	}
	/* zeros: 39, ones: 41; U = wins + half the ties = 21 * 20 + (19 * 20 + 21 * 20) / 2 */
	double u = 420 + (380 + 420) / 2.0;
	double ties = (39.0 * 39 * 39 - 39 + 41.0 * 41 * 41 - 41) / (80.0 * 79);
	double z = (u - 800 - 0.5) / sqrt(1600.0 / 12 * (81 - ties));
	assert_near(mann_whitney_above(a, 40, b, 40), erfc(z / sqrt(2)) / 2);
}

/* Where the exact way ends the normal approximation is as good: no step. */
static void exact_is_nearly_normal_at_20(void **state)
{
	(void)state;
	for (uint64_t trial = 0; trial < 50; trial++) {
		double a[20], b[20], u = 0;
		for (unsigned i = 0; i < 20; i++) {
			a[i] = prng_unit(prng_at(trial, i));
			b[i] = prng_unit(prng_at(trial, 100 + i)) + 0.1;
		}
		for (unsigned i = 0; i < 400; i++)
			u += b[i / 20] > a[i % 20];
		double normal = erfc((u - 200 - 0.5) / sqrt(2 * 400.0 * 41 / 12)) / 2;
		assert_true(fabs(mann_whitney_above(a, 20, b, 20) - normal) < 0.003);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_tails),
		cmocka_unit_test(equals_plain_enumeration),
		cmocka_unit_test(exact_at_its_largest),
		cmocka_unit_test(both_sides_are_one_distribution),
		cmocka_unit_test(nothing_and_sameness_prove_nothing),
		cmocka_unit_test(large_samples_are_normal),
		cmocka_unit_test(large_samples_with_ties),
		cmocka_unit_test(exact_is_nearly_normal_at_20),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
