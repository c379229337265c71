/* test_ratio.c: paired ratios and their intervals. */
#include "tests/test.h"

#include <math.h>

#include "bench/ratio.h"
#include "bench/student.h"
#include "tests/sanitized.h"
#include "workloads/prng.h"

static void constant_ratio_has_a_narrow_interval(void **state)
{
	(void)state;
	double a[5], b[5];
	for (unsigned i = 0; i < 5; i++) {
		b[i] = 10.0 + i * 7; /* the machine drifts, the ratio does not */
		a[i] = b[i] * 3;
	}
	struct ratio r = ratio_paired(a, b, 5);
	assert_true(r.known);
	assert_true(fabs(r.value - 3) < 1e-9 && fabs(r.low - 3) < 1e-9 && fabs(r.high - 3) < 1e-9);
}

static void identical_rounds_have_no_width(void **state)
{
	(void)state;
	double a[20], b[20];
	for (unsigned count = 2; count <= 20; count++) {
		for (unsigned i = 0; i < count; i++) {
			a[i] = 0.1;
			b[i] = 0.7;
		}
		struct ratio r = ratio_paired(a, b, count);
		assert_true(r.known && r.low == r.value && r.high == r.value);
	}
}

static void too_little_is_unknown(void **state)
{
	(void)state;
	double a[] = {1, 2, 3}, zero[] = {1, 0, 3}, missing[] = {1, -1, 3};
	double nan[] = {1, NAN, 3}, infinite[] = {1, INFINITY, 3};
	assert_true(ratio_paired(a, a, 3).known);
	assert_false(ratio_paired(a, a, 0).known);
	assert_false(ratio_paired(a, a, 1).known);
	assert_false(ratio_paired(a, zero, 3).known);
	assert_false(ratio_paired(missing, a, 3).known);
	assert_false(ratio_paired(a, nan, 3).known);
	assert_false(ratio_paired(infinite, infinite, 3).known);
}

static void extreme_figures_stay_finite(void **state)
{
	(void)state;
	double small[] = {5e-324, 5e-324}, large[] = {1.7e308, 1.7e308};
	struct ratio r = ratio_paired(small, large, 2);
	assert_true(r.known && r.value >= 0 && r.low <= r.high);
	double a[1000], b[1000];
	for (unsigned i = 0; i < 1000; i++)
		b[i] = 1 + (a[i] = i + 1);
	assert_true(ratio_paired(a, b, 1000).known);
}

/* As on a machine that stood still in one of two rounds. */
static void rounds_with_nothing_in_common_have_no_upper_end(void **state)
{
	(void)state;
	double a[] = {300, 20e6}, b[] = {90e6, 400};
	struct ratio r = ratio_paired(a, b, 2);
	assert_true(r.known && r.low >= 0 && r.value > 0 && r.value < RATIO_END_MAX);
	assert_true(isinf(r.high));
}

/* Exchanging the two sides inverts value and interval. */
static void sides_can_be_exchanged(void **state)
{
	(void)state;
	double a[] = {3, 4, 5, 9, 2}, b[] = {2, 2.5, 2.6, 3, 1.9};
	struct ratio r = ratio_paired(a, b, 5), s = ratio_paired(b, a, 5);
	assert_true(fabs(r.value * s.value - 1) < 1e-12);
	/* as far as a bootstrap's two ends are alike */
	assert_true(fabs(log(r.low * s.high)) < 0.05 * log(r.high / r.low));
	assert_true(fabs(log(r.high * s.low)) < 0.05 * log(r.high / r.low));
}

/* ---- coverage ---- */

enum noise { NOISE_NORMAL, NOISE_LOGNORMAL, NOISE_UNIFORM, NOISES };

static double normal(uint64_t key, uint64_t i)
{
	double u = 1 - prng_unit(prng_at(key, 2 * i)), v = prng_unit(prng_at(key, 2 * i + 1));
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static double noisy(enum noise noise, uint64_t key, uint64_t i)
{
	switch (noise) {
	case NOISE_NORMAL:
		return 1 + 0.05 * normal(key, i);
	case NOISE_LOGNORMAL:
		return exp(normal(key, i));
	default:
		return 0.9 + 0.2 * prng_unit(prng_at(key, i));
	}
}

#define TRIALS (SANITIZED ? 300u : 2000u)
/* 93 %; less where fewer trials make chance larger: 4 standard errors of 95 % */
#define COVERAGE_LEAST (SANITIZED ? 0.90 : 0.93)

/* The part of the trials whose interval holds the true ratio, 2; *width: the
 * mean width of the interval's logarithm. */
static double coverage(enum noise noise, unsigned count, double *width)
{
	unsigned covered = 0;
	*width = 0;
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		uint64_t key = prng_key(trial, noise * 100 + count);
		double a[20], b[20];
		for (unsigned i = 0; i < count; i++) {
			a[i] = 2 * noisy(noise, key, 2 * i);
			b[i] = noisy(noise, key, 2 * i + 1);
		}
		struct ratio r = ratio_paired(a, b, count);
		covered += r.low <= 2 && 2 <= r.high;
		*width += log(r.high / r.low) / TRIALS;
	}
	return (double)covered / TRIALS;
}

static void interval_covers_the_truth(void **state)
{
	(void)state;
	static const unsigned counts[] = {3, 5, 10, 20};
	for (enum noise noise = 0; noise < NOISES; noise++)
		for (unsigned i = 0; i < 4; i++) {
			double width, part = coverage(noise, counts[i], &width);
			if (part < COVERAGE_LEAST || part > 0.995)
				fail_msg("noise %d, %u rounds: %.1f %% covered", noise, counts[i],
					 part * 100);
		}
}

/* Student's interval of the logarithms is 2 t s / sqrt(n) wide, and the mean
 * of s is the noise (times 0.973 for 10 rounds): lognormal noise of 1 on both
 * sides is sqrt(2). */
static void interval_is_not_wider_than_needed(void **state)
{
	(void)state;
	double width, want = 2 * student_t(0.95, 9) * M_SQRT2 * 0.973 / sqrt(10);
	coverage(NOISE_LOGNORMAL, 10, &width);
	assert_true(fabs(width / want - 1) < 0.05);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_ratio_has_a_narrow_interval),
		cmocka_unit_test(identical_rounds_have_no_width),
		cmocka_unit_test(too_little_is_unknown),
		cmocka_unit_test(extreme_figures_stay_finite),
		cmocka_unit_test(rounds_with_nothing_in_common_have_no_upper_end),
		cmocka_unit_test(sides_can_be_exchanged),
		cmocka_unit_test(interval_covers_the_truth),
		cmocka_unit_test(interval_is_not_wider_than_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
