/* Rates without drift, gaps of the right law. */
#include "tests/test.h"

#include <math.h>

#include "workloads/arrivals.h"
#include "workloads/exact.h"

#define GAPS 1000000u

static uint64_t time_of(enum rate_process process, double rate, uint64_t seed, uint32_t gaps)
{
	struct arrivals a;
	arrivals_init(&a, process, rate, seed);
	uint64_t last = 0;
	for (uint32_t i = 0; i < gaps; i++) {
		uint64_t now = arrivals_next_ns(&a);
		assert_true(now >= last);
		last = now;
	}
	return last;
}

static void linear_keeps_its_rate(void **state)
{
	(void)state;
	static const double rates[] = {0.5, 1000, 2999.7, 300000, 1e6, 7e6, 1e9};
	for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		double want_ns = GAPS * 1e9 / rates[i];
		double got_ns = (double)time_of(RATE_LINEAR, rates[i], 1, GAPS);
		/* a gap is rounded to 2^-20 ns, the time cut to 1 ns */
		assert_true(fabs(got_ns - want_ns) <= 1 + GAPS * 0x1p-21);
	}
}

static void linear_gaps_are_equal(void **state)
{
	(void)state;
	struct arrivals a;
	arrivals_init(&a, RATE_LINEAR, 1e6, 1);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(arrivals_next_ns(&a), i * 1000);
}

static void poisson_keeps_its_rate(void **state)
{
	(void)state;
	static const double rates[] = {1e3, 1e4, 1e5, 3e5, 1e6};
	double unit = 0;
	for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		double gaps = (double)time_of(RATE_POISSON, rates[i], 1, GAPS) * rates[i] / 1e9;
		assert_true(fabs(gaps / GAPS - 1) <= 0.001);
		/* the rate alone scales the times: rounding costs nothing visible */
		unit = unit > 0 ? unit : gaps;
		assert_true(fabs(gaps / unit - 1) < 1e-8);
	}
}

/* Over seeds, the error has the spread of GAPS exponential gaps: 1 / sqrt(GAPS). */
static void poisson_rate_has_no_bias(void **state)
{
	(void)state;
	double sum = 0;
	for (uint64_t seed = 0; seed < 10; seed++)
		sum += (double)time_of(RATE_POISSON, 1e6, seed, GAPS) / (GAPS * 1e3) - 1;
	assert_true(fabs(sum / 10) < 4 / sqrt(10.0 * GAPS));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: sqrt(n) D < 1.95 at 0.1 %. */
static void poisson_gaps_are_exponential(void **state)
{
	(void)state;
	enum { N = 200000 };
	const double mean_ns = 1e6;
	double *gap = malloc(N * sizeof *gap), d = 0;
	assert_non_null(gap);
	struct arrivals a;
	arrivals_init(&a, RATE_POISSON, 1e9 / mean_ns, 42);
	uint64_t last = 0;
	for (unsigned i = 0; i < N; i++) {
		uint64_t now = arrivals_next_ns(&a);
		gap[i] = (double)(now - last) / mean_ns;
		last = now;
	}
	double correlation = 0;
	for (unsigned i = 1; i < N; i++)
		correlation += (gap[i] - 1) * (gap[i - 1] - 1) / N;
	assert_true(fabs(correlation) < 4 / sqrt(N));
	qsort(gap, N, sizeof *gap, compare);
	for (unsigned i = 0; i < N; i++) {
		double law = -expm1(-gap[i]);
		d = fmax(d, fmax(law - (double)i / N, (double)(i + 1) / N - law));
	}
	free(gap);
	assert_true(sqrt(N) * d < 1.95);
	assert_true(sqrt(N) * d > 0.2); /* nor better than chance */
}

static void seeds_give_other_times(void **state)
{
	(void)state;
	struct arrivals a, b, c;
	arrivals_init(&a, RATE_POISSON, 1000, 1);
	arrivals_init(&b, RATE_POISSON, 1000, 1);
	arrivals_init(&c, RATE_POISSON, 1000, 2);
	unsigned same = 0;
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t t = arrivals_next_ns(&a);
		assert_int_equal(t, arrivals_next_ns(&b));
		same += t == arrivals_next_ns(&c);
	}
	assert_int_equal(same, 0);
}

static void tiny_rates_do_not_overflow(void **state)
{
	(void)state;
	static const double rates[] = {5e-324, 1e-300, 1e-9};
	for (unsigned i = 0; i < 3; i++) {
		assert_true(time_of(RATE_LINEAR, rates[i], 1, 100) > UINT64_C(1) << 59);
		assert_true(time_of(RATE_POISSON, rates[i], 1, 100) > UINT64_C(1) << 59);
	}
}

/* exact.h against the long double functions of libm. */
static void exact_functions_are_exact(void **state)
{
	(void)state;
	for (int i = -40000; i <= 40000; i++) {
		double x = i / 1000.0, y = exp(x);
		assert_true(fabsl(exact_exp(x) - expl(x)) <= 6e-16L * expl(x));
		assert_true(fabsl(exact_expm1(x) - expm1l(x)) <= 6e-16L * fabsl(expm1l(x)));
		assert_true(fabsl(exact_log(y) - logl(y)) <= 6e-16L * fabsl(logl(y)));
		assert_true(fabsl(exact_log1p(y) - log1pl(y)) <= 6e-16L * log1pl(y));
		if (x < 0)
			assert_true(fabsl(exact_log1p(-y) - log1pl(-y)) <= 6e-16L * -log1pl(-y));
	}
	assert_true(exact_log(1) == 0 && exact_exp(0) == 1 && exact_expm1(0) == 0);
	assert_true(exact_exp(-4000) == 0 && isinf(exact_exp(4000)));
	/* the same bits on every machine */
	assert_true(exact_log(3) == 0x1.193ea7aad030bp+0);
	assert_true(exact_exp(1) == 0x1.5bf0a8b14576ap+1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_keeps_its_rate),
		cmocka_unit_test(linear_gaps_are_equal),
		cmocka_unit_test(poisson_keeps_its_rate),
		cmocka_unit_test(poisson_rate_has_no_bias),
		cmocka_unit_test(poisson_gaps_are_exponential),
		cmocka_unit_test(seeds_give_other_times),
		cmocka_unit_test(tiny_rates_do_not_overflow),
		cmocka_unit_test(exact_functions_are_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
