/*
 * test_energy.c: modelled energy by hand calculation, and measured energy on
 * counters whose power is known.
 */
#include "tests/test.h"

#include <math.h>

#include "bench/builtin.h"
#include "bench/clock.h"
#include "bench/energy.h"
#include "tests/fake_powercap.h"
#include "tests/scratch.h"

#define NEAR(a, b) assert_true(fabs((a) - (double)(b)) <= 1e-9 * fabs((double)(b)))

/* A run of one engine: 1000 requests in two rounds, with round figures. */
struct fixture {
	struct workload workload;
	struct run run;
	struct engine_config config;
	struct round_figures rounds[2];
	struct constants platform;
	struct energies energies;
	struct meters meters;
	struct fake_powercap fake;
	char root[64];
};

static void set_constant(struct fixture *f, enum platform_constant which, double low,
			 double nominal, double high)
{
	f->platform.values[which].value = (struct figure){low, nominal, high};
}

static int setup(void **state)
{
	static struct fixture f;
	struct engine_run *er = &f.run.engines[0];

	memset(&f, 0, sizeof f);
	snprintf(f.root, sizeof f.root, "/tmp/gvr-energy.XXXXXX");
	if (mkdtemp(f.root) == NULL)
		return -1;
	fake_init(&f.fake, f.root);
	f.run.workload = &f.workload;
	f.run.engine_count = 1;
	er->config = &f.config;
	er->rounds = f.rounds;
	er->rounds_done = 2;
	er->total = recorder_create(0);
	er->total->completed = 1000;
	er->total->content_bytes = 4000000;
	er->total->cpu_ns = 2000000000; /* 2 ms a request */
	er->total->verify_ns = 500000000;
	er->device_known = true;
	er->device = (struct device_counters){1500, 6000000}; /* 1.5 reads, 6000 bytes */
	snprintf(er->stats.store_dir, sizeof er->stats.store_dir, "/store");
	er->stats.resident_bytes = 2000000000;
	er->stats.at_rest_bytes = 3000000000000;
	er->stats.shared_at_rest_bytes = 1000000000000;
	for (unsigned i = 0; i < 2; i++)
		f.rounds[i] = (struct round_figures){
			.cpu_us_per_request = i == 0 ? 1500 : 2500,
			.completed = 500,
			.span = {i * UINT64_C(10000000000), (i + 1) * UINT64_C(10000000000)},
			.process_cpu_s = 1.5,
		};
	set_constant(&f, PLATFORM_CORE_ACTIVE_WATTS, 3, 5, 12);
	set_constant(&f, PLATFORM_CORE_IDLE_WATTS, 1, 2, 4);
	set_constant(&f, PLATFORM_DRAM_WATTS_PER_GB, 0.2, 0.4, 0.5);
	set_constant(&f, PLATFORM_SSD_WATTS_PER_TB, 0.5, 1, 2);
	set_constant(&f, PLATFORM_SSD_READ_MICROJOULES, 4, 10, 20);
	set_constant(&f, PLATFORM_SSD_READ_NANOJOULES_PER_BYTE, 2, 5, 8);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	recorder_destroy(f->run.engines[0].total);
	meters_close(&f->meters);
	return scratch_remove(f->root);
}

static const struct energy *energy_of_it(struct fixture *f)
{
	energies_of(&f->run, &f->platform, &f->energies);
	return &f->energies.of[0];
}

/* ---- modelled ---- */

static void it_is_what_was_used_times_the_constants(void **state)
{
	const struct energy *en = energy_of_it(*state);
	const struct energy_modelled *m = &en->modelled;

	assert_int_equal(en->kind, ENERGY_KIND_MODELLED);
	/* 2 ms x 5 W; 1.5 reads x 10 uJ + 6000 B x 5 nJ = 15 uJ + 30 uJ */
	NEAR(m->cpu_joules.nominal, 0.010);
	NEAR(m->device_joules.nominal, 45e-6);
	NEAR(m->joules.nominal, 0.010045);
	/* all low: 6 mJ + 6 uJ + 12 uJ; all high: 24 mJ + 30 uJ + 48 uJ */
	NEAR(m->joules.low, 0.006018);
	NEAR(m->joules.high, 0.024078);
	NEAR(en->joules_per_request.nominal, 0.010045);
	/* 2 GB x 0.4 W, 4 TB x 1 W */
	NEAR(m->resident_watts.nominal, 0.8);
	NEAR(m->at_rest_watts.nominal, 4);
	NEAR(en->idle_watts.nominal, 2.0 * (double)sysconf(_SC_NPROCESSORS_ONLN));
	NEAR(en->window_s, 20);
}

/* Halves one constant; what each figure is then, as a part of before. */
static void assert_halved(struct fixture *f, enum platform_constant which, double cpu,
			  double device, double resident, double at_rest, double idle)
{
	struct energy before = *energy_of_it(f);
	struct figure was = f->platform.values[which].value;

	set_constant(f, which, was.low / 2, was.nominal / 2, was.high / 2);
	const struct energy *en = energy_of_it(f);
	NEAR(en->modelled.cpu_joules.nominal, cpu * before.modelled.cpu_joules.nominal);
	NEAR(en->modelled.device_joules.nominal, device * before.modelled.device_joules.nominal);
	NEAR(en->modelled.device_joules.high, which == PLATFORM_SSD_READ_MICROJOULES ? 15e-6 + 48e-6
					      : which == PLATFORM_SSD_READ_NANOJOULES_PER_BYTE
						      ? 30e-6 + 24e-6
						      : 78e-6);
	NEAR(en->modelled.resident_watts.nominal,
	     resident * before.modelled.resident_watts.nominal);
	NEAR(en->modelled.at_rest_watts.nominal, at_rest * before.modelled.at_rest_watts.nominal);
	NEAR(en->idle_watts.nominal, idle * before.idle_watts.nominal);
	NEAR(en->modelled.joules.nominal,
	     en->modelled.cpu_joules.nominal + en->modelled.device_joules.nominal);
	f->platform.values[which].value = was;
}

static void halving_a_constant_changes_what_it_should_and_no_more(void **state)
{
	struct fixture *f = *state;

	assert_halved(f, PLATFORM_CORE_ACTIVE_WATTS, 0.5, 1, 1, 1, 1);
	assert_halved(f, PLATFORM_CORE_IDLE_WATTS, 1, 1, 1, 1, 0.5);
	assert_halved(f, PLATFORM_DRAM_WATTS_PER_GB, 1, 1, 0.5, 1, 1);
	assert_halved(f, PLATFORM_SSD_WATTS_PER_TB, 1, 1, 1, 0.5, 1);
	/* of 45 uJ 15 are for reads and 30 for bytes */
	assert_halved(f, PLATFORM_SSD_READ_MICROJOULES, 1, 37.5 / 45, 1, 1, 1);
	assert_halved(f, PLATFORM_SSD_READ_NANOJOULES_PER_BYTE, 1, 30.0 / 45, 1, 1, 1);
}

static void an_engine_without_a_store_reads_nothing(void **state)
{
	struct fixture *f = *state;

	f->run.engines[0].stats.store_dir[0] = '\0';
	const struct energy *en = energy_of_it(f);
	NEAR(en->joules_per_request.nominal, 0.010);
	assert_true(en->modelled.device_joules.high == 0);
	assert_false(en->modelled.device.assumed);
}

static void unknown_reads_are_between_none_and_one(void **state)
{
	struct fixture *f = *state;

	f->run.engines[0].device_known = false;
	f->run.engines[0].stats.content_bytes = 1000000;
	f->run.engines[0].stats.payload_bytes = 250000; /* values of 1000 bytes: one page */
	const struct energy *en = energy_of_it(f);
	assert_true(en->modelled.device.assumed);
	assert_true(en->modelled.device_joules.low == 0);
	NEAR(en->modelled.device_joules.high, 20e-6 + 4096 * 8e-9);
}

static void unknown_cpu_time_is_no_energy(void **state)
{
	struct fixture *f = *state;

	f->run.engines[0].stats.cpu_elsewhere = true;
	const struct energy *en = energy_of_it(f);
	assert_int_equal(en->kind, ENERGY_KIND_UNAVAILABLE);
	assert_non_null(strstr(en->modelled.why, "sqthread_poll"));
	assert_int_equal(f->energies.whole.kind, ENERGY_KIND_UNAVAILABLE);
	assert_true(isnan(f->rounds[0].joules_per_request));
}

static void no_request_is_no_energy(void **state)
{
	struct fixture *f = *state;

	f->run.engines[0].total->completed = 0;
	assert_int_equal(energy_of_it(f)->kind, ENERGY_KIND_UNAVAILABLE);
}

static void rounds_differ_by_what_they_did(void **state)
{
	struct fixture *f = *state;

	energy_of_it(f);
	NEAR(f->rounds[0].joules_per_request, 1.5e-3 * 5 + 45e-6);
	NEAR(f->rounds[1].joules_per_request, 2.5e-3 * 5 + 45e-6);
}

static void engines_and_idle_are_the_whole(void **state)
{
	struct fixture *f = *state;

	energy_of_it(f);
	const struct energy_whole *w = &f->energies.whole;
	double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
	assert_int_equal(w->kind, ENERGY_KIND_MODELLED);
	/* 20 s; gvr used 3 s of CPU, 2 of them the engine's, and half of one verified */
	NEAR(w->idle_joules.nominal, 20 * 2 * cores);
	NEAR(w->engines_joules.nominal, 1000 * 0.010045);
	NEAR(w->joules.nominal, 20 * 2 * cores + 3 * 5 + 1000 * 45e-6);
	NEAR(w->harness_joules, 1 * 5.0);
	double parts = w->idle_joules.nominal + w->engines_joules.nominal;
	assert_true(w->joules.low <= parts && parts <= w->joules.high);
}

/* ---- measured ---- */

/* Long enough for twice the updates that a round must hold. */
static uint64_t round_ns(const struct fixture *f)
{
	uint64_t update_ns = meters_chosen(&f->meters)->metered[0].update_ns;
	return 2 * METERS_UPDATES_MIN * update_ns + 200000000;
}

/* The machine rests at 10 W, then takes more for two rounds. */
static void run_measured(struct fixture *f, double busy_watts)
{
	const struct meter_env env = {.sysfs = f->root, .nvml = "none", .wall = NULL};
	struct fake_zone *z = fake_add(&f->fake, "intel-rapl:0", "package-0\n", 40, 262143328850);
	struct error e;

	fake_start(&f->fake);
	assert_int_equal(meters_open(&f->meters, &env, NULL, &e), 0);
	assert_int_equal(meters_calibrate(&f->meters, &e), 0);
	f->run.meters = &f->meters;
	fake_set_watts(&f->fake, z, 10);
	meters_idle(&f->meters, 0);
	fake_set_watts(&f->fake, z, busy_watts);
	for (unsigned i = 0; i < 2; i++) {
		meters_poll(&f->meters);
		f->rounds[i].span.begin_ns = clock_ns();
		while (clock_ns() < f->rounds[i].span.begin_ns + round_ns(f)) {
			nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
			meters_poll(&f->meters);
		}
		f->rounds[i].span.end_ns = clock_ns();
		meters_poll(&f->meters);
	}
	fake_set_watts(&f->fake, z, 10);
	meters_idle(&f->meters, 1);
	fake_stop();
}

static void measured_is_above_the_machine_at_rest(void **state)
{
	struct fixture *f = *state;

	run_measured(f, 30);
	const struct energy *en = energy_of_it(f);
	assert_string_equal(en->why, "");
	assert_int_equal(en->kind, ENERGY_KIND_MEASURED);
	assert_in_range((int)(en->idle_watts.nominal * 100), 900, 1100);
	assert_true(en->total_joules > 28 * en->window_s && en->total_joules < 32 * en->window_s);
	/* 20 W above rest; 2 of 2.5 s of CPU time were the engine's, the rest verified */
	double expected = 20 * en->window_s / 1000 * 2 / 2.5;
	assert_true(en->joules_per_request.nominal > 0.9 * expected);
	assert_true(en->joules_per_request.nominal < 1.1 * expected);
	assert_true(en->joules_per_request.low <= en->joules_per_request.nominal);
	assert_true(en->joules_per_request.high >= 0.9 * 20 * en->window_s / 1000);
	const struct energy_whole *w = &f->energies.whole;
	assert_int_equal(w->kind, ENERGY_KIND_MEASURED);
	NEAR(w->joules.nominal, en->total_joules);
	NEAR(w->idle_joules.nominal + w->engines_joules.nominal + w->harness_joules,
	     w->joules.nominal);
	assert_true(w->harness_joules > 0);
}

static void no_more_than_at_rest_is_modelled_instead(void **state)
{
	struct fixture *f = *state;

	run_measured(f, 9);
	const struct energy *en = energy_of_it(f);
	assert_int_equal(en->kind, ENERGY_KIND_MODELLED);
	assert_non_null(strstr(en->why, "no more than"));
	NEAR(en->joules_per_request.nominal, 0.010045);
	assert_true(en->idle_watts.nominal > 9 && en->idle_watts.nominal < 11);
}

static void rounds_too_short_for_the_meter_are_modelled(void **state)
{
	struct fixture *f = *state;

	run_measured(f, 30);
	f->rounds[1].span.end_ns = f->rounds[1].span.begin_ns + 20000000;
	const struct energy *en = energy_of_it(f);
	assert_int_equal(en->kind, ENERGY_KIND_MODELLED);
	assert_non_null(strstr(en->why, "100 are needed: set runtime = "));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_what_was_used_times_the_constants),
		CASE(halving_a_constant_changes_what_it_should_and_no_more),
		CASE(an_engine_without_a_store_reads_nothing),
		CASE(unknown_reads_are_between_none_and_one),
		CASE(unknown_cpu_time_is_no_energy),
		CASE(no_request_is_no_energy),
		CASE(rounds_differ_by_what_they_did),
		CASE(engines_and_idle_are_the_whole),
		CASE(measured_is_above_the_machine_at_rest),
		CASE(no_more_than_at_rest_is_modelled_instead),
		CASE(rounds_too_short_for_the_meter_are_modelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
