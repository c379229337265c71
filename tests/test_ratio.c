/* test_ratio.c: paired ratios and their intervals. */
#include "tests/test.h"

#include <math.h>

#include "bench/ratio.h"
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

static void too_little_is_unknown(void **state)
{
	(void)state;
	double a[] = {1, 2, 3}, zero[] = {1, 0, 3}, missing[] = {1, -1, 3};
	assert_false(ratio_paired(a, a, 1).known);
	assert_false(ratio_paired(a, zero, 3).known);
	assert_false(ratio_paired(missing, a, 3).known);
}

/* Noise of 10 % on both sides, 20 rounds: the 95 % interval must hold the
 * true ratio in most of 200 trials (percentile bootstrap: a little under). */
static void interval_covers_the_truth(void **state)
{
	(void)state;
	unsigned covered = 0;
	for (unsigned trial = 0; trial < 200; trial++) {
		double a[20], b[20];
		for (unsigned i = 0; i < 20; i++) {
			a[i] = 2 * (0.9 + 0.2 * prng_unit(prng_at(trial, 2 * i)));
			b[i] = 0.9 + 0.2 * prng_unit(prng_at(trial, 2 * i + 1));
		}
		struct ratio r = ratio_paired(a, b, 20);
		covered += r.low <= 2 && 2 <= r.high;
	}
	assert_in_range(covered, 170, 199);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_ratio_has_a_narrow_interval),
		cmocka_unit_test(too_little_is_unknown),
		cmocka_unit_test(interval_covers_the_truth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
