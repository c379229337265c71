/* Rates without drift, gaps of the right law. */
#include "tests/test.h"

#include <math.h>

#include "tests/sanitized.h"
#include "workloads/arrivals.h"
#include "workloads/exact.h"

/* The standard error of the rate over GAPS exponential gaps is 1 / sqrt(GAPS):
 * 0.03 % for 10^7, so that 0.1 % can be held by any seed. */
#define GAPS (SANITIZED ? 1000000u : 10000000u)
#define RATE_ERROR_MOST (SANITIZED ? 0.004 : 0.001)

static struct arrivals make(enum rate_process process, double rate, uint64_t seed)
{
	struct arrivals_plan plan = {.process = process,
				     .rates = {rate},
				     .rate_count = 1,
				     .agents = 1,
				     .chain = 1,
				     .seed = seed};
	struct arrivals a;
	arrivals_init(&a, &plan);
	return a;
}

static uint64_t time_of(enum rate_process process, double rate, uint64_t seed, uint32_t gaps)
{
	struct arrivals a = make(process, rate, seed);
	uint64_t last = 0;
	bool ordered = true;
	for (uint32_t i = 0; i < gaps; i++) {
		uint64_t now = arrivals_next_ns(&a);
		ordered &= now >= last;
		last = now;
	}
	assert_true(ordered);
	return last;
}

static void linear_keeps_its_rate(void **state)
{
	(void)state;
	enum { gaps = 1000000 };
	static const double rates[] = {0.5, 1000, 2999.7, 300000, 1e6, 7e6, 1e9};
	for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		double want_ns = gaps * 1e9 / rates[i];
		double got_ns = (double)time_of(RATE_LINEAR, rates[i], 1, gaps);
		/* a gap is rounded to 2^-20 ns, the time cut to 1 ns */
		assert_true(fabs(got_ns - want_ns) <= 1 + gaps * 0x1p-21);
	}
}

static void linear_gaps_are_equal(void **state)
{
	(void)state;
	struct arrivals a = make(RATE_LINEAR, 1e6, 1);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(arrivals_next_ns(&a), i * 1000);
}

static void poisson_keeps_its_rate(void **state)
{
	(void)state;
	static const double rates[] = {1e3, 1e4, 1e5, 3e5, 1e6};
	for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		double gaps = (double)time_of(RATE_POISSON, rates[i], i, GAPS) * rates[i] / 1e9;
		if (fabs(gaps / GAPS - 1) > RATE_ERROR_MOST)
			fail_msg("%g a second: %.4f %% off", rates[i], (gaps / GAPS - 1) * 100);
	}
}

/* The rate alone scales the times: rounding costs nothing visible. */
static void poisson_rate_scales_the_times(void **state)
{
	(void)state;
	const uint32_t gaps = 100000;
	double slow = (double)time_of(RATE_POISSON, 1e3, 1, gaps);
	assert_true(fabs((double)time_of(RATE_POISSON, 3e5, 1, gaps) * 300 / slow - 1) < 1e-7);
	assert_true(fabs((double)time_of(RATE_POISSON, 1e6, 1, gaps) * 1e3 / slow - 1) < 1e-7);
}

/* Over seeds, the error has the spread of that many exponential gaps. */
static void poisson_rate_has_no_bias(void **state)
{
	(void)state;
	const uint32_t seeds = 100, gaps = 100000;
	double sum = 0, squares = 0;
	for (uint64_t seed = 0; seed < seeds; seed++) {
		double off = (double)time_of(RATE_POISSON, 1e6, seed, gaps) / (gaps * 1e3) - 1;
		sum += off;
		squares += off * off;
	}
	assert_true(fabs(sum / seeds) < 4 / sqrt((double)seeds * gaps));
	/* chi-square of 100 degrees: 100 within 4 times sqrt(200) */
	assert_true(fabs(squares * gaps - seeds) < 4 * sqrt(2.0 * seeds));
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
	enum { N = 1000000 };
	const double mean_ns = 1e6;
	double *gap = malloc(N * sizeof *gap), d = 0;
	assert_non_null(gap);
	struct arrivals a = make(RATE_POISSON, 1e9 / mean_ns, 42);
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
	struct arrivals a = make(RATE_POISSON, 1000, 1), b = make(RATE_POISSON, 1000, 1);
	struct arrivals c = make(RATE_POISSON, 1000, 2);
	unsigned same = 0;
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t t = arrivals_next_ns(&a);
		assert_int_equal(t, arrivals_next_ns(&b));
		same += t == arrivals_next_ns(&c);
	}
	assert_int_equal(same, 0);
}

/* 5 agents wake at the same time and ask 4 questions each: 20 requests. */
static void bursts_wake_together(void **state)
{
	(void)state;
	struct arrivals_plan plan = {
		.process = RATE_BURSTS, .rates = {1000}, .rate_count = 1, .agents = 5, .chain = 4};
	struct arrivals a;
	arrivals_init(&a, &plan);
	for (uint64_t burst = 1; burst <= 1000; burst++)
		for (unsigned agent = 0; agent < 5; agent++)
			assert_int_equal(arrivals_next_ns(&a), burst * 20000000);
}

enum { STEPS = 3 };
static const uint64_t ramp_ns = 2000000000, step_ns = 1000000000;
static const double step_rates[STEPS] = {10000, 50000, 1000};

static struct arrivals_plan stepped(enum rate_process process)
{
	struct arrivals_plan plan = {.process = process,
				     .rate_count = STEPS,
				     .ramp_ns = ramp_ns,
				     .step_ns = step_ns,
				     .agents = 1,
				     .chain = 1,
				     .seed = 1};
	memcpy(plan.rates, step_rates, sizeof step_rates);
	return plan;
}

/* The number of arrivals in each step of `cycles` cycles, and in the ramp. */
static void count_steps(enum rate_process process, unsigned cycles, double *count, double *ramp)
{
	struct arrivals_plan plan = stepped(process);
	struct arrivals a;
	uint64_t last = 0;
	arrivals_init(&a, &plan);
	memset(count, 0, STEPS * sizeof *count);
	*ramp = 0;
	for (;;) {
		uint64_t now = arrivals_next_ns(&a);
		assert_true(now >= last);
		last = now;
		if (now >= ramp_ns + cycles * STEPS * step_ns)
			return;
		*(now < ramp_ns ? ramp : &count[(now - ramp_ns) / step_ns % STEPS]) += 1;
	}
}

static void steps_each_have_their_rate(void **state)
{
	(void)state;
	enum { CYCLES = 20 };
	double count[STEPS], ramp;
	count_steps(RATE_LINEAR, CYCLES, count, &ramp);
	assert_true(fabs(ramp - 2 * step_rates[0]) <= 1);
	for (unsigned i = 0; i < STEPS; i++)
		assert_true(fabs(count[i] - CYCLES * step_rates[i]) <= CYCLES);
	count_steps(RATE_POISSON, CYCLES, count, &ramp);
	assert_true(fabs(ramp - 2 * step_rates[0]) <= 4 * sqrt(2 * step_rates[0]));
	for (unsigned i = 0; i < STEPS; i++) {
		double want = CYCLES * step_rates[i];
		assert_true(fabs(count[i] - want) <= 4 * sqrt(want));
	}
}

static void step_of_a_time_is_known(void **state)
{
	(void)state;
	struct arrivals_plan plan = stepped(RATE_LINEAR);
	assert_int_equal(arrivals_step_at(&plan, 0), 0);
	assert_int_equal(arrivals_step_at(&plan, ramp_ns + step_ns - 1), 0);
	assert_int_equal(arrivals_step_at(&plan, ramp_ns + step_ns), 1);
	assert_int_equal(arrivals_step_at(&plan, ramp_ns + 3 * step_ns - 1), 2);
	assert_int_equal(arrivals_step_at(&plan, ramp_ns + 3 * step_ns), 0);
	plan.rate_count = 1;
	plan.step_ns = 0;
	assert_int_equal(arrivals_step_at(&plan, ramp_ns + 3 * step_ns), 0);
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
		cmocka_unit_test(poisson_rate_scales_the_times),
		cmocka_unit_test(poisson_rate_has_no_bias),
		cmocka_unit_test(poisson_gaps_are_exponential),
		cmocka_unit_test(seeds_give_other_times),
		cmocka_unit_test(bursts_wake_together),
		cmocka_unit_test(steps_each_have_their_rate),
		cmocka_unit_test(step_of_a_time_is_known),
		cmocka_unit_test(tiny_rates_do_not_overflow),
		cmocka_unit_test(exact_functions_are_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
