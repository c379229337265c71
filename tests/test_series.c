/* test_series.c: energy over time from counters that wrap and from power. */
#include "tests/test.h"

#include "bench/meter/series.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)

static const struct meter_domain counter = {.unit = METER_ENERGY_UJ, .wrap_uj = 1000000};
static const struct meter_domain endless = {.unit = METER_ENERGY_UJ, .wrap_uj = 0};
static const struct meter_domain power = {.unit = METER_POWER_UW};

static int add(struct series *s, uint64_t time_ns, uint64_t value)
{
	return series_add(s, &(struct meter_reading){value, time_ns});
}

static double energy(const struct series *s, uint64_t begin_ns, uint64_t end_ns)
{
	double uj = -1;
	assert_true(series_energy_uj(s, begin_ns, end_ns, &uj));
	return uj;
}

static uint64_t updates(const struct series *s, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t readings;
	return series_updates(s, begin_ns, end_ns, &readings);
}

static void a_wrap_is_undone(void **state)
{
	(void)state;
	assert_int_equal(series_delta_uj(10, 25, 1000), 15);
	assert_int_equal(series_delta_uj(25, 25, 1000), 0);
	assert_int_equal(series_delta_uj(990, 5, 1000), 15);
	assert_int_equal(series_delta_uj(1000, 0, 1000), 0); /* its greatest value, then 0 */
	assert_int_equal(series_delta_uj(262143328850, 10, 262143328850), 10);
}

static void energy_goes_on_through_many_wraps(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &counter, false);
	/* 0.4 J every 100 ms = 4 W: wraps at each 2.5th reading */
	for (uint64_t i = 0; i <= 100; i++)
		assert_int_equal(add(&s, S + i * 100 * MS, i * 400000 % 1000000), 0);
	assert_float_equal(energy(&s, S, 11 * S), 40e6, 1e-3);
	assert_float_equal(energy(&s, 2 * S, 3 * S), 4e6, 1e-3);
	assert_int_equal(updates(&s, S, 11 * S), 100);
	series_free(&s);
}

static void between_readings_it_is_linear(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &endless, false);
	assert_int_equal(add(&s, 1 * S, 5000000), 0);
	assert_int_equal(add(&s, 2 * S, 15000000), 0);
	assert_int_equal(add(&s, 3 * S, 15000000), 0);
	assert_float_equal(energy(&s, S + S / 4, S + S / 2), 2.5e6, 1e-3);
	assert_float_equal(energy(&s, S + S / 2, 2 * S + S / 2), 5e6, 1e-3);
	assert_float_equal(energy(&s, S, S), 0, 0);
	assert_int_equal(updates(&s, S, 3 * S), 1);
	series_free(&s);
}

static void power_is_integrated(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &power, false);
	/* rises from 10 W to 30 W in 2 s: 40 J; then stays for 1 s: 30 J */
	assert_int_equal(add(&s, 1 * S, 10000000), 0);
	assert_int_equal(add(&s, 3 * S, 30000000), 0);
	assert_int_equal(add(&s, 4 * S, 30000000), 0);
	assert_float_equal(energy(&s, 1 * S, 3 * S), 40e6, 1e-3);
	assert_float_equal(energy(&s, 3 * S, 4 * S), 30e6, 1e-3);
	assert_int_equal(updates(&s, 1 * S, 4 * S), 1);
	series_free(&s);
}

static void every_line_of_a_wall_meter_is_an_update(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &power, true);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(add(&s, S + i * S, 57000000), 0);
	assert_int_equal(updates(&s, S, 4 * S), 3);
	series_free(&s);
}

static void what_readings_do_not_cover_is_not_known(void **state)
{
	struct series s;
	double uj;
	(void)state;
	series_init(&s, &endless, false);
	assert_false(series_energy_uj(&s, 0, 0, &uj));
	assert_int_equal(add(&s, 1 * S, 1), 0);
	assert_int_equal(add(&s, 2 * S, 2), 0);
	assert_false(series_energy_uj(&s, S - 1, 2 * S, &uj));
	assert_false(series_energy_uj(&s, S, 2 * S + 1, &uj));
	assert_false(series_energy_uj(&s, 2 * S, S, &uj));
	assert_true(series_energy_uj(&s, S, 2 * S, &uj));
	assert_int_equal(updates(&s, S - 1, 2 * S), 0);
	series_free(&s);
}

static void an_old_reading_changes_nothing(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &endless, false);
	assert_int_equal(add(&s, 2 * S, 10), 0);
	assert_int_equal(add(&s, 2 * S, 99), 0);
	assert_int_equal(add(&s, 1 * S, 99), 0);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.last_value, 10);
	series_free(&s);
}

static void a_counter_that_falls_is_refused(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &endless, false);
	assert_int_equal(add(&s, 1 * S, 10), 0);
	assert_int_equal(add(&s, 2 * S, 9), -ERANGE);
	series_free(&s);
}

static void a_counter_that_falls_far_from_its_end_did_not_wrap(void **state)
{
	const struct meter_domain package = {.unit = METER_ENERGY_UJ, .wrap_uj = 262143328850};
	struct series s;
	(void)state;
	series_init(&s, &package, false);
	assert_int_equal(add(&s, S, 100000000), 0);
	assert_int_equal(add(&s, S + 100 * MS, 102000000), 0);
	/* as a wrap that would be 262 kJ in 0.1 s */
	assert_int_equal(add(&s, S + 200 * MS, 0), -ERANGE);
	series_free(&s);
}

static void power_that_was_not_read_is_not_known(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &power, false);
	assert_int_equal(add(&s, S, 20000000), 0);
	assert_int_equal(add(&s, 3 * S, 20000000), 0);
	assert_int_equal(add(&s, 11 * S, 20000000), -ETIME);
	series_free(&s);
	/* a wall meter says itself when that was */
	series_init(&s, &power, true);
	assert_int_equal(add(&s, S, 20000000), 0);
	assert_int_equal(add(&s, 11 * S, 20000000), 0);
	series_free(&s);
}

static void a_flood_of_lines_is_thinned(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &endless, true);
	for (uint64_t i = 0; i <= 10000; i++)
		assert_int_equal(add(&s, S + i * 10000, i), 0);
	assert_in_range(s.count, 190, 210);
	assert_float_equal(energy(&s, S, S + 100 * MS), 10000, 1e-6);
	series_free(&s);
}

static void a_gap_in_which_it_may_have_wrapped_is_refused(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &counter, false);
	/* 4 W: 0.5 J, half of what it can count, after 125 ms */
	assert_int_equal(add(&s, S, 0), 0);
	assert_int_equal(add(&s, S + 100 * MS, 400000), 0);
	assert_int_equal(add(&s, S + 220 * MS, 880000), 0);
	assert_int_equal(add(&s, S + 350 * MS, 900000), -ETIME);
	series_free(&s);
}

static void single_steps_of_a_counter_are_no_peak(void **state)
{
	struct series s;
	(void)state;
	series_init(&s, &counter, false);
	/* 1 mJ at once every 10 ms, looked at every 0.1 ms: 0.1 W, not 10 W */
	for (uint64_t i = 0; i <= 1000; i++)
		assert_int_equal(add(&s, S + i * MS / 10, i / 100 * 1000), 0);
	assert_true(s.peak_uw <= 0.2e6 && s.peak_uw >= 0.05e6);
	series_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrap_is_undone),
		cmocka_unit_test(energy_goes_on_through_many_wraps),
		cmocka_unit_test(between_readings_it_is_linear),
		cmocka_unit_test(power_is_integrated),
		cmocka_unit_test(every_line_of_a_wall_meter_is_an_update),
		cmocka_unit_test(what_readings_do_not_cover_is_not_known),
		cmocka_unit_test(an_old_reading_changes_nothing),
		cmocka_unit_test(a_counter_that_falls_is_refused),
		cmocka_unit_test(a_counter_that_falls_far_from_its_end_did_not_wrap),
		cmocka_unit_test(power_that_was_not_read_is_not_known),
		cmocka_unit_test(a_flood_of_lines_is_thinned),
		cmocka_unit_test(a_gap_in_which_it_may_have_wrapped_is_refused),
		cmocka_unit_test(single_steps_of_a_counter_are_no_peak),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
