/* test_histogram.c: the histogram against what its definition says. */
#include "tests/test.h"

#include "bench/histogram.h"

static struct histogram h, other;

static void small_values_are_exact(void **state)
{
	(void)state;
	histogram_reset(&h);
	for (uint64_t v = 1; v <= 1000; v++)
		assert_true(histogram_record(&h, v));
	assert_int_equal(histogram_percentile(&h, 50), 500);
	assert_int_equal(histogram_percentile(&h, 99), 990);
	assert_int_equal(histogram_percentile(&h, 99.9), 999);
	assert_int_equal(histogram_percentile(&h, 100), 1000);
	assert_int_equal(h.min_ns, 1);
	assert_int_equal(h.max_ns, 1000);
	assert_true(histogram_mean(&h) == 500.5);
}

static void any_value_is_known_to_a_thousandth(void **state)
{
	(void)state;
	for (uint64_t v = 1; v <= HISTOGRAM_MAX_NS / 3; v = v * 3 + 1) {
		histogram_reset(&h);
		assert_true(histogram_record(&h, v));
		histogram_record(&h, HISTOGRAM_MAX_NS); /* the maximum does not cap the bucket */
		uint64_t got = histogram_percentile(&h, 50);
		assert_true(got >= v && got - v <= v / 1024);
	}
}

static void out_of_range_is_counted_not_dropped(void **state)
{
	(void)state;
	histogram_reset(&h);
	assert_true(histogram_record(&h, 0));
	assert_true(histogram_record(&h, HISTOGRAM_MAX_NS));
	assert_false(histogram_record(&h, HISTOGRAM_MAX_NS + 1));
	assert_false(histogram_record(&h, UINT64_MAX));
	assert_int_equal(h.count, 2);
	assert_int_equal(h.out_of_range, 2);
	assert_int_equal(h.max_ns, HISTOGRAM_MAX_NS);
}

static void merged_equals_recorded_together(void **state)
{
	(void)state;
	static struct histogram both;
	histogram_reset(&h);
	histogram_reset(&other);
	histogram_reset(&both);
	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t v = i * i * 977 + 13;
		histogram_record(i % 3 == 0 ? &h : &other, v);
		histogram_record(&both, v);
	}
	histogram_merge(&h, &other);
	assert_int_equal(h.count, both.count);
	assert_int_equal(h.min_ns, both.min_ns);
	assert_int_equal(h.max_ns, both.max_ns);
	assert_memory_equal(h.counts, both.counts, sizeof h.counts);
}

static void spread_of_a_uniform_distribution(void **state)
{
	(void)state;
	histogram_reset(&h);
	for (uint64_t v = 0; v < 1000000; v += 10)
		histogram_record(&h, v);
	/* (b - a) / sqrt(12) */
	double sd = histogram_stddev(&h);
	assert_true(sd > 288675 * 0.999 && sd < 288675 * 1.001);
}

static void empty_has_no_percentile(void **state)
{
	(void)state;
	histogram_reset(&h);
	assert_int_equal(histogram_percentile(&h, 50), 0);
	assert_true(histogram_mean(&h) == 0);
	assert_true(histogram_stddev(&h) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(any_value_is_known_to_a_thousandth),
		cmocka_unit_test(out_of_range_is_counted_not_dropped),
		cmocka_unit_test(merged_equals_recorded_together),
		cmocka_unit_test(spread_of_a_uniform_distribution),
		cmocka_unit_test(empty_has_no_percentile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
