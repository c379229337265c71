/* test_calibrate.c: the line that power follows, and how well it does. */
#include "tests/test.h"

#include <math.h>

#include "bench/calibrate.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void an_exact_line_is_found(void **state)
{
	const struct calibrate_level levels[] = {{0, 10}, {1, 14.5}, {2, 19}, {4, 28}};
	struct calibrate_fit fit;
	(void)state;
	assert_true(calibrate_line(levels, 4, &fit));
	NEAR(fit.idle_watts, 10);
	NEAR(fit.active_watts.nominal, 4.5);
	NEAR(fit.active_watts.low, 4.5);
	NEAR(fit.active_watts.high, 4.5);
	NEAR(fit.error, 0);
}

static void the_nearest_line_has_least_squares(void **state)
{
	/* y = 9.5 + 5.5 x: residuals 0.5, -1, 0.5 */
	const struct calibrate_level levels[] = {{0, 10}, {1, 14}, {2, 21}};
	struct calibrate_fit fit;
	(void)state;
	assert_true(calibrate_line(levels, 3, &fit));
	NEAR(fit.active_watts.nominal, 5.5);
	NEAR(fit.idle_watts, 9.5);
	/* by single levels: (14 - 9.5) / 1 and (21 - 9.5) / 2 */
	NEAR(fit.active_watts.low, 4.5);
	NEAR(fit.active_watts.high, 5.75);
	NEAR(fit.error, 1.0 / 14);
}

static void what_follows_no_load_is_refused(void **state)
{
	const struct calibrate_level same[] = {{1, 10}, {1, 14}};
	const struct calibrate_level falling[] = {{0, 20}, {2, 14}};
	const struct calibrate_level flat[] = {{0, 20}, {1, 20}, {2, 20}};
	struct calibrate_fit fit;
	(void)state;
	assert_false(calibrate_line(same, 2, &fit));
	assert_false(calibrate_line(falling, 2, &fit));
	assert_false(calibrate_line(flat, 3, &fit));
	assert_false(calibrate_line(falling, 1, &fit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exact_line_is_found),
		cmocka_unit_test(the_nearest_line_has_least_squares),
		cmocka_unit_test(what_follows_no_load_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
