/*
 * test_meters.c: which counters are believed, on a folder that imitates
 * powercap: wraps, no range, a zone that vanishes, no permission, standing still.
 */
#include "tests/test.h"

#include <math.h>

#include "bench/clock.h"
#include "bench/meter/meters.h"
#include "tests/fake_powercap.h"
#include "tests/scratch.h"

#define WRAP UINT64_C(262143328850)

struct fixture {
	char root[64];
	struct fake_powercap fake;
	struct meters meters;
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof f);
	snprintf(f.root, sizeof f.root, "/tmp/gvr-meters.XXXXXX");
	if (mkdtemp(f.root) == NULL)
		return -1;
	fake_init(&f.fake, f.root);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fake_stop();
	meters_close(&f->meters);
	return scratch_remove(f->root);
}

/* Opens and tries the meters of the imitation while its counters run. */
static const struct metered *calibrated(struct fixture *f)
{
	const struct meter_env env = {.sysfs = f->root, .nvml = "no such library", .wall = NULL};
	struct error e;

	fake_start(&f->fake);
	assert_int_equal(meters_open(&f->meters, &env, NULL, &e), 0);
	assert_int_equal(meters_calibrate(&f->meters, &e), 0);
	for (unsigned i = 0; i < METERS_COUNT; i++)
		if (f->meters.list[i].ops == &meter_rapl_powercap)
			return &f->meters.list[i];
	return NULL;
}

static void poll_for_ms(struct fixture *f, unsigned ms, struct meters_span *span)
{
	const struct timespec pause = {0, 10000000};

	meters_poll(&f->meters);
	span->begin_ns = clock_ns();
	while (clock_ns() < span->begin_ns + ms * UINT64_C(1000000)) {
		nanosleep(&pause, NULL);
		meters_poll(&f->meters);
	}
	span->end_ns = clock_ns();
	meters_poll(&f->meters);
}

static void assert_watts(const struct metered *m, struct meters_span span, double watts)
{
	double uj;

	assert_true(metered_energy_uj(m, span, &uj));
	double measured = uj * 1e3 / (double)(span.end_ns - span.begin_ns);
	if (measured < 0.99 * watts || measured > 1.01 * watts) /* an update more or less */
		fail_msg("%g W, not %g W", measured, watts);
}

static void packages_are_added_and_parts_are_not(void **state)
{
	struct fixture *f = *state;
	struct meters_span span;

	fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, WRAP);
	fake_add(&f->fake, "intel-rapl:1", "package-1\n", 30, WRAP);
	fake_add(&f->fake, "intel-rapl:0:0", "core\n", 15, WRAP);
	fake_add(&f->fake, "intel-rapl:2", "psys\n", 70, WRAP);
	const struct metered *m = calibrated(f);
	assert_string_equal(metered_why(m), "");
	assert_ptr_equal(meters_chosen(&f->meters), m);
	assert_int_equal(m->count, 4);
	assert_string_equal(m->domains[0].name, "package-0");
	assert_string_equal(m->domains[1].name, "package-0/core");
	assert_string_equal(m->domains[1].note, "part of package-0");
	poll_for_ms(f, 1000, &span);
	assert_watts(m, span, 50);
}

static void a_range_that_wraps_during_the_run_does_not_matter(void **state)
{
	struct fixture *f = *state;
	struct meters_span span;

	/* 8 J at 20 W: wraps every 0.4 s */
	fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, 8000000);
	const struct metered *m = calibrated(f);
	assert_string_equal(metered_why(m), "");
	poll_for_ms(f, 1300, &span);
	assert_string_equal(metered_why(m), "");
	assert_watts(m, span, 20);
}

static void idle_power_is_measured_before_and_after(void **state)
{
	struct fixture *f = *state;
	double watts[2];

	struct fake_zone *z = fake_add(&f->fake, "intel-rapl:0", "package-0\n", 30, WRAP);
	const struct metered *m = calibrated(f);
	metered_idle_watts(&f->meters, m, watts);
	assert_true(isnan(watts[0]) && isnan(watts[1]));
	fake_set_watts(&f->fake, z, 12);
	meters_idle(&f->meters, 0);
	meters_idle(&f->meters, 1);
	metered_idle_watts(&f->meters, m, watts);
	assert_true(watts[0] > 11 && watts[0] < 13);
	assert_true(watts[1] > 11 && watts[1] < 13);
	assert_true(f->meters.idle[0].end_ns <= f->meters.idle[1].begin_ns);
}

static void a_meter_that_sees_no_load_is_not_believed(void **state)
{
	struct fixture *f = *state;

	struct fake_zone *z = fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, WRAP);
	const struct metered *m = calibrated(f);
	assert_string_equal(metered_why(m), "");
	fake_set_watts(&f->fake, z, 22);
	meters_idle(&f->meters, 0);
	assert_non_null(strstr(metered_why(m), "it sees no load"));
	assert_null(meters_chosen(&f->meters));
}

static void a_counter_that_stops_half_way_holds_no_updates(void **state)
{
	struct fixture *f = *state;
	struct meters_span span, half;

	struct fake_zone *z = fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, WRAP);
	const struct metered *m = calibrated(f);
	poll_for_ms(f, 1000, &span);
	assert_true(metered_updates(m, span) > 0);
	fake_set_watts(&f->fake, z, 0);
	poll_for_ms(f, 1500, &half);
	span.end_ns = half.end_ns;
	assert_int_equal(metered_updates(m, span), 0);
}

static void a_long_name_of_a_zone_is_refused(void **state)
{
	struct fixture *f = *state;

	fake_add(&f->fake, "intel-rapl:0", "package-0-with-a-name-that-nobody-gives\n", 20, WRAP);
	assert_non_null(strstr(metered_why(calibrated(f)), "name cannot be read"));
}

static void a_window_tells_how_many_updates_it_holds(void **state)
{
	struct fixture *f = *state;
	struct meters_span span;

	fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, WRAP);
	const struct metered *m = calibrated(f);
	/* written every millisecond, or a little more */
	assert_true(m->metered[0].update_ns >= 1000000);
	poll_for_ms(f, 50, &span);
	assert_true(metered_updates(m, span) < METERS_UPDATES_MIN);
	assert_true(metered_updates(m, span) >= 50000000 / m->metered[0].update_ns);
	span.begin_ns -= 900000000;
	assert_true(metered_updates(m, span) >= 950000000 / m->metered[0].update_ns);
}

static void a_counter_that_stands_still_is_no_measurement(void **state)
{
	struct fixture *f = *state;

	fake_add(&f->fake, "intel-rapl:0", "package-0\n", 0, WRAP);
	const struct metered *m = calibrated(f);
	assert_non_null(strstr(metered_why(m), "stands still: 0 J"));
	assert_null(meters_chosen(&f->meters));
}

static void only_a_constant_psys_is_no_measurement(void **state)
{
	struct fixture *f = *state;

	fake_add(&f->fake, "intel-rapl:0", "psys\n", 0, WRAP);
	const struct metered *m = calibrated(f);
	assert_non_null(strstr(metered_why(m), "stands still"));
	assert_null(meters_chosen(&f->meters));
}

static void psys_alone_stands_for_nothing_that_is_compared(void **state)
{
	struct fixture *f = *state;

	fake_add(&f->fake, "intel-rapl:0", "psys\n", 40, WRAP);
	const struct metered *m = calibrated(f);
	assert_string_not_equal(metered_why(m), "");
	assert_null(meters_chosen(&f->meters));
}

static void one_package_of_two_that_stands_still_spoils_the_sum(void **state)
{
	struct fixture *f = *state;

	fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, WRAP);
	fake_add(&f->fake, "intel-rapl:1", "package-1\n", 0, WRAP);
	assert_non_null(strstr(metered_why(calibrated(f)), "stands still"));
}

static void a_range_of_zero_is_refused(void **state)
{
	struct fixture *f = *state;

	fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, 0);
	const struct metered *m = calibrated(f);
	assert_non_null(strstr(metered_why(m), "max_energy_range_uj is 0"));
	assert_null(meters_chosen(&f->meters));
}

static void a_counter_beyond_its_range_is_refused(void **state)
{
	struct fixture *f = *state;

	struct fake_zone *z = fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, WRAP);
	fake_write_number(z->dir, "max_energy_range_uj", 1000);
	assert_non_null(strstr(metered_why(calibrated(f)), "beyond max_energy_range_uj"));
}

static void garbage_is_refused(void **state)
{
	struct fixture *f = *state;

	struct fake_zone *z = fake_add(&f->fake, "intel-rapl:0", "package-0\n", 0, WRAP);
	fake_write(z->dir, "energy_uj", "-12\n");
	assert_non_null(strstr(metered_why(calibrated(f)), "energy_uj cannot be read: no number"));
}

static void a_zone_that_vanishes_is_told(void **state)
{
	struct fixture *f = *state;
	struct meters_span span;
	double uj;

	fake_add(&f->fake, "intel-rapl:0", "package-0\n", 20, WRAP);
	const struct metered *m = calibrated(f);
	assert_string_equal(metered_why(m), "");
	f->fake.removed = 0;
	poll_for_ms(f, 100, &span);
	assert_string_equal(metered_why(m), "the zone vanished");
	assert_false(metered_energy_uj(m, span, &uj));
	assert_null(meters_chosen(&f->meters));
}

static void no_permission_names_the_remedy(void **state)
{
	struct fixture *f = *state;
	char path[600];

	if (geteuid() == 0)
		skip(); /* root may read everything; tests/cli does this as another user */
	struct fake_zone *z = fake_add(&f->fake, "intel-rapl:0", "package-0\n", 0, WRAP);
	snprintf(path, sizeof path, "%s/energy_uj", z->dir);
	assert_int_equal(chmod(path, 0), 0);
	const char *why = metered_why(calibrated(f));
	assert_non_null(strstr(why, "run as root"));
	assert_non_null(strstr(why, "chmod a+r"));
}

static void no_zones_is_a_machine_without_the_meter(void **state)
{
	const struct metered *m = calibrated(*state);

	assert_int_equal(m->err, -ENOENT);
	assert_non_null(strstr(metered_why(m), "no zone intel-rapl"));
	assert_null(meters_chosen(&((struct fixture *)*state)->meters));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(packages_are_added_and_parts_are_not),
		CASE(a_range_that_wraps_during_the_run_does_not_matter),
		CASE(idle_power_is_measured_before_and_after),
		CASE(a_meter_that_sees_no_load_is_not_believed),
		CASE(a_counter_that_stops_half_way_holds_no_updates),
		CASE(a_long_name_of_a_zone_is_refused),
		CASE(a_window_tells_how_many_updates_it_holds),
		CASE(a_counter_that_stands_still_is_no_measurement),
		CASE(only_a_constant_psys_is_no_measurement),
		CASE(psys_alone_stands_for_nothing_that_is_compared),
		CASE(one_package_of_two_that_stands_still_spoils_the_sum),
		CASE(a_range_of_zero_is_refused),
		CASE(a_counter_beyond_its_range_is_refused),
		CASE(garbage_is_refused),
		CASE(a_zone_that_vanishes_is_told),
		CASE(no_permission_names_the_remedy),
		CASE(no_zones_is_a_machine_without_the_meter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
