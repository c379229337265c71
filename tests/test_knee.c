/*
 * test_knee.c: what is picked of many points: the knee of a curve, and those
 * that nothing else beats in every respect.
 */
#include "tests/test.h"

#include <math.h>

#include "bench/report/knee.h"
#include "bench/report/pareto.h"

static void of_a_queue_the_knee_is_at_half_its_capacity(void **state)
{
	double rate[19], latency[19];
	(void)state;
	/* M/M/1 of capacity 1000: the power is greatest at a load of 0.5 */
	for (unsigned i = 0; i < 19; i++) {
		rate[i] = 50 * (i + 1);
		latency[i] = 1 / (1000 - rate[i]);
	}
	assert_int_equal(knee_of(rate, latency, 19), 9);
	assert_true(rate[9] == 500);
}

static void what_is_not_known_is_no_knee(void **state)
{
	const double rate[] = {NAN, 100, 200, 300}, latency[] = {1, 1, NAN, 0};
	(void)state;
	assert_int_equal(knee_of(rate, latency, 4), 1);
	assert_int_equal(knee_of(rate + 2, latency + 2, 2), 2);
	assert_int_equal(knee_of(rate, latency, 0), 0);
}

static void of_equal_power_the_higher_rate_is_the_knee(void **state)
{
	const double rate[] = {200, 400, 100}, latency[] = {2, 4, 1};
	(void)state;
	assert_int_equal(knee_of(rate, latency, 3), 1);
}

static void a_point_is_in_front_unless_one_is_better_in_all(void **state)
{
	struct pareto_point p[] = {
		{.values = {1, 9, 5}}, {.values = {9, 1, 5}}, {.values = {9, 9, 1}},
		{.values = {2, 9, 5}}, /* the first needs less bytes, and no more of the rest */
		{.values = {9, 9, 9}},
	};
	const bool front[] = {true, true, true, false, false};
	(void)state;
	pareto_mark(p, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(p[i].in_front, front[i]);
}

static void equal_points_do_not_dominate_each_other(void **state)
{
	struct pareto_point p[] = {{.values = {1, 2, 3}}, {.values = {1, 2, 3}}};
	(void)state;
	pareto_mark(p, 2);
	assert_true(p[0].in_front && p[1].in_front);
}

static void an_unknown_value_keeps_out_and_keeps_nobody_out(void **state)
{
	struct pareto_point p[] = {{.values = {1, NAN, 1}}, {.values = {2, 2, 2}}};
	(void)state;
	pareto_mark(p, 2);
	assert_false(p[0].in_front);
	assert_true(p[1].in_front);
}

/* Against the definition, on values with many ties. */
static void the_front_is_what_the_definition_says(void **state)
{
	enum { N = 300 };
	static struct pareto_point p[N];
	uint32_t seed = 1;
	(void)state;
	for (unsigned i = 0; i < N; i++)
		for (unsigned v = 0; v < PARETO_VALUES; v++) {
			seed = seed * 1664525 + 1013904223;
			p[i].values[v] = seed >> 28;
		}
	pareto_mark(p, N);
	for (unsigned i = 0; i < N; i++) {
		bool beaten = false;
		for (unsigned k = 0; k < N; k++) {
			const double *a = p[k].values, *b = p[i].values;
			beaten = beaten || (a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2] &&
					    a[0] + a[1] + a[2] < b[0] + b[1] + b[2]);
		}
		assert_int_equal(p[i].in_front, !beaten);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_queue_the_knee_is_at_half_its_capacity),
		cmocka_unit_test(what_is_not_known_is_no_knee),
		cmocka_unit_test(of_equal_power_the_higher_rate_is_the_knee),
		cmocka_unit_test(a_point_is_in_front_unless_one_is_better_in_all),
		cmocka_unit_test(equal_points_do_not_dominate_each_other),
		cmocka_unit_test(an_unknown_value_keeps_out_and_keeps_nobody_out),
		cmocka_unit_test(the_front_is_what_the_definition_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
