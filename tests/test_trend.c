/* test_trend.c: windows that double, and their sums. */
#include "tests/test.h"

#include "bench/trend.h"

#define MS UINT64_C(1000000)
#define START UINT64_C(123456789012345)

static uint64_t requests_of(const struct trend *t)
{
	uint64_t count = 0;
	for (unsigned i = 0; i < TREND_WINDOWS; i++)
		count += t->count[i];
	return count;
}

static void windows_begin_at_a_millisecond(void **state)
{
	(void)state;
	struct trend t;
	trend_reset(&t, START);
	for (unsigned i = 0; i < TREND_WINDOWS; i++) {
		trend_record(&t, START + i * MS, i);
		trend_record(&t, START + i * MS + MS - 1, i);
	}
	assert_int_equal(t.window_ns, MS);
	for (unsigned i = 0; i < TREND_WINDOWS; i++) {
		assert_int_equal(t.count[i], 2);
		assert_true(t.response_sum_ns[i] == 2.0 * i);
	}
}

static void full_windows_are_joined(void **state)
{
	(void)state;
	struct trend t;
	trend_reset(&t, START);
	for (unsigned i = 0; i <= TREND_WINDOWS; i++)
		trend_record(&t, START + i * MS, 1000 * i);
	assert_int_equal(t.window_ns, 2 * MS);
	for (unsigned i = 0; i < TREND_WINDOWS / 2; i++) {
		assert_int_equal(t.count[i], 2);
		assert_true(t.response_sum_ns[i] == 1000.0 * (4 * i + 1));
	}
	assert_int_equal(t.count[TREND_WINDOWS / 2], 1);
	assert_true(t.response_sum_ns[TREND_WINDOWS / 2] == 1000.0 * TREND_WINDOWS);
	for (unsigned i = TREND_WINDOWS / 2 + 1; i < TREND_WINDOWS; i++)
		assert_true(t.count[i] == 0 && t.response_sum_ns[i] == 0);
}

static void any_length_fits(void **state)
{
	(void)state;
	struct trend t;
	trend_reset(&t, START);
	uint64_t records = 0;
	for (uint64_t since_ns = 1; since_ns < UINT64_C(1) << 62; since_ns *= 2, records++)
		trend_record(&t, START + since_ns, 7);
	assert_int_equal(requests_of(&t), records);
	assert_true(trend_mean(&t) == 7);
	/* no wider than needed: the last request is in the upper half */
	assert_true((UINT64_C(1) << 61) / t.window_ns >= TREND_WINDOWS / 2);
}

static void the_end_of_time_fits(void **state)
{
	(void)state;
	struct trend t;
	trend_reset(&t, 0);
	trend_record(&t, UINT64_MAX, UINT64_MAX);
	trend_record(&t, UINT64_MAX, 0);
	trend_record(&t, 0, 0);
	assert_int_equal(requests_of(&t), 3);
}

static void before_the_start_is_the_start(void **state)
{
	(void)state;
	struct trend t;
	trend_reset(&t, START);
	trend_record(&t, START - 1, 5);
	trend_record(&t, 0, 5);
	trend_widen(&t, 0);
	assert_int_equal(t.count[0], 2);
	assert_int_equal(t.window_ns, MS);
}

static void mean_is_over_requests(void **state)
{
	(void)state;
	struct trend t;
	trend_reset(&t, START);
	assert_true(trend_mean(&t) == 0);
	for (unsigned i = 0; i < 99; i++)
		trend_record(&t, START, 100);
	trend_record(&t, START + 50 * MS, 10100);
	assert_true(trend_mean(&t) == 200);
	trend_reset(&t, START);
	assert_true(trend_mean(&t) == 0 && requests_of(&t) == 0);
}

/* Workers that each saw a part of the slice, one of them none of its end. */
static void trends_of_different_lengths_merge(void **state)
{
	(void)state;
	struct trend all, early, late, empty;
	trend_reset(&all, START);
	trend_reset(&early, START);
	trend_reset(&late, START);
	trend_reset(&empty, START);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t at_ns = START + i * MS;
		trend_record(&all, at_ns, i);
		trend_record(i < 20 ? &early : &late, at_ns, i);
	}
	assert_true(early.window_ns < late.window_ns);
	struct trend narrow_first = early, wide_first = late;
	trend_merge(&narrow_first, &late);
	trend_merge(&wide_first, &early);
	trend_merge(&wide_first, &empty);
	trend_merge(&empty, &all);
	assert_memory_equal(&narrow_first, &all, sizeof all);
	assert_memory_equal(&wide_first, &all, sizeof all);
	assert_memory_equal(&empty, &all, sizeof all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_begin_at_a_millisecond),
		cmocka_unit_test(full_windows_are_joined),
		cmocka_unit_test(any_length_fits),
		cmocka_unit_test(the_end_of_time_fits),
		cmocka_unit_test(before_the_start_is_the_start),
		cmocka_unit_test(mean_is_over_requests),
		cmocka_unit_test(trends_of_different_lengths_merge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
