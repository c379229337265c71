/* test_meter_sysfs.c: the meters that read sysfs, on folders that imitate it. */
#include "tests/test.h"

#include <unistd.h>

#include "bench/clock.h"
#include "bench/meter/meter.h"
#include "tests/scratch.h"

static char root[64];
static struct meter_env env = {.sysfs = root};

static int make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof root, "/tmp/gvr-sysfs.XXXXXX");
	return mkdtemp(root) != NULL ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	return scratch_remove(root);
}

static void put(const char *path, const char *text)
{
	assert_int_equal(scratch_put(root, path, text), 0);
}

static void take_away(const char *path)
{
	char full[512];
	snprintf(full, sizeof full, "%s/%s", root, path);
	assert_int_equal(unlink(full), 0);
}

static const struct meter_domain *open_meter(const struct meter_ops *ops, struct meter **m,
					     unsigned want_count)
{
	struct error e = {""};
	unsigned count = 0;
	int err = ops->open(m, &env, &e);
	if (err != 0)
		print_error("%s\n", e.text);
	assert_int_equal(err, 0);
	const struct meter_domain *d = ops->domains(*m, &count);
	assert_int_equal(count, want_count);
	return d;
}

static void expect_no_meter(const struct meter_ops *ops, int want, const char *reason)
{
	struct meter *m;
	struct error e = {""};
	assert_int_equal(ops->open(&m, &env, &e), want);
	if (strstr(e.text, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.text, reason);
}

static void expect_reading(const struct meter_ops *ops, struct meter *m, unsigned domain,
			   uint64_t want)
{
	struct error e = {""};
	struct meter_reading r = {0};
	uint64_t before_ns = clock_ns();
	int err = ops->read(m, domain, &r, &e);
	if (err != 0)
		print_error("%s\n", e.text);
	assert_int_equal(err, 0);
	assert_int_equal(r.value, want);
	assert_in_range(r.time_ns, before_ns, clock_ns());
}

static void expect_failure(const struct meter_ops *ops, struct meter *m, unsigned domain, int want,
			   const char *reason)
{
	struct error e = {""};
	struct meter_reading r;
	assert_int_equal(ops->read(m, domain, &r, &e), want);
	if (strstr(e.text, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.text, reason);
}

/* Opens as a user without rights. */
static const struct meter_domain *open_as_nobody(const struct meter_ops *ops, struct meter **m)
{
	uid_t user = geteuid();
	assert_int_equal(chmod(root, 0755), 0);
	assert_int_equal(seteuid(user == 0 ? 65534 : user), 0);
	const struct meter_domain *d = open_meter(ops, m, 1);
	assert_int_equal(seteuid(user), 0);
	return d;
}

static void an_empty_machine_has_none_of_them(void **state)
{
	(void)state;
	expect_no_meter(&meter_rapl_perf, -ENOENT, "the kernel has no power PMU (perf)");
	expect_no_meter(&meter_hwmon, -ENOENT, "tells energy or power");
	expect_no_meter(&meter_battery, -ENOENT, "no battery");
}

/* ---- rapl_perf ---- */

/* The kernel's software events stand for RAPL's: type 1; 0 is a clock of the
 * CPU in ns, 9 stands still. */
#define CLOCK "event=0x00"
#define STILL "event=0x09"
#define POWER "bus/event_source/devices/power/"

static void put_event(const char *name, const char *event, const char *scale, const char *unit)
{
	char path[128];
	snprintf(path, sizeof path, POWER "events/%s", name);
	put(path, event);
	snprintf(path, sizeof path, POWER "events/%s.scale", name);
	put(path, scale);
	snprintf(path, sizeof path, POWER "events/%s.unit", name);
	put(path, unit);
}

static void put_pmu(const char *cpumask)
{
	put(POWER "type", "1");
	put(POWER "cpumask", cpumask);
}

static void skip_unless_perf_is_allowed(struct meter *m, const struct meter_domain *d)
{
	if (d->unusable[0] == '\0')
		return;
	print_message("%s\n", d->unusable);
	meter_rapl_perf.close(m);
	skip();
}

/* A joule a second: a CPU's clock in ns, of which each is a nanojoule. */
static void perf_counts_become_microjoules(void **state)
{
	(void)state;
	struct meter *m;
	struct error e;
	struct meter_reading a, b;
	put_pmu("0");
	put_event("energy-pkg", CLOCK, "1e-9", "Joules");
	const struct meter_domain *d = open_meter(&meter_rapl_perf, &m, 1);
	skip_unless_perf_is_allowed(m, d);
	uint64_t before_ns = clock_ns();
	assert_int_equal(meter_rapl_perf.read(m, 0, &a, &e), 0);
	assert_in_range(a.time_ns, before_ns, clock_ns());
	usleep(50000);
	assert_int_equal(meter_rapl_perf.read(m, 0, &b, &e), 0);
	double watts = (double)(b.value - a.value) * 1e3 / (double)(b.time_ns - a.time_ns);
	if (!(watts > 0.9 && watts < 1.1))
		fail_msg("%g W instead of 1 W", watts);
	meter_rapl_perf.close(m);
}

/* The scale that kernels have, 2^-32 J, beside another of the same counter. */
static void perf_scale_is_read_in_all_its_digits(void **state)
{
	(void)state;
	struct meter *m;
	struct error e;
	struct meter_reading fine, coarse;
	put_pmu("0");
	put_event("energy-pkg", CLOCK, "2.3283064365386962890625e-10", "Joules");
	put_event("energy-ram", CLOCK, "1e-6", "Joules");
	const struct meter_domain *d = open_meter(&meter_rapl_perf, &m, 2);
	skip_unless_perf_is_allowed(m, d);
	usleep(50000);
	assert_int_equal(meter_rapl_perf.read(m, 0, &fine, &e), 0);
	assert_int_equal(meter_rapl_perf.read(m, 1, &coarse, &e), 0);
	double ratio = (double)coarse.value / (double)fine.value;
	if (!(ratio > 4294.967296 * 0.9 && ratio < 4294.967296 * 1.1))
		fail_msg("the scales differ by %g instead of 4294.967296", ratio);
	meter_rapl_perf.close(m);
}

static void a_perf_counter_that_stands_still_reads_0(void **state)
{
	(void)state;
	struct meter *m;
	put_pmu("0");
	put_event("energy-psys", STILL, "1e-9", "Joules");
	const struct meter_domain *d = open_meter(&meter_rapl_perf, &m, 1);
	skip_unless_perf_is_allowed(m, d);
	assert_string_equal(d[0].name, "psys");
	expect_reading(&meter_rapl_perf, m, 0, 0);
	meter_rapl_perf.close(m);
}

/* Names and notes are there whether or not perf may be used, or CPU 8 exists. */
static void each_package_has_its_domains_and_only_packages_are_counted(void **state)
{
	(void)state;
	static const struct {
		const char *name, *note;
	} want[] = {
		{"package-0", ""},
		{"package-1", ""},
		{"package-2", ""},
		{"psys", "includes the packages"},
		{"dram-0", "may or may not be part of package-0"},
		{"dram-1", "may or may not be part of package-1"},
		{"dram-2", "may or may not be part of package-2"},
		{"core-0", "part of package-0"},
		{"core-1", "part of package-1"},
		{"core-2", "part of package-2"},
		{"gpu-0", "part of package-0"},
		{"gpu-1", "part of package-1"},
		{"gpu-2", "part of package-2"},
	};
	struct meter *m;
	put_pmu("0-1,8");
	put_event("energy-pkg", STILL, "1e-9", "Joules");
	put_event("energy-psys", STILL, "1e-9", "Joules");
	put_event("energy-ram", STILL, "1e-9", "Joules");
	put_event("energy-cores", STILL, "1e-9", "Joules");
	put_event("energy-gpu", STILL, "1e-9", "Joules");
	const struct meter_domain *d =
		open_meter(&meter_rapl_perf, &m, sizeof want / sizeof want[0]);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		assert_string_equal(d[i].name, want[i].name);
		assert_string_equal(d[i].note, want[i].note);
		assert_int_equal(d[i].counted, want[i].note[0] == '\0');
		assert_int_equal(d[i].unit, METER_ENERGY_UJ);
		assert_int_equal(d[i].wrap_uj, 0);
	}
	meter_rapl_perf.close(m);
}

static void a_cpu_that_is_not_there_is_unusable(void **state)
{
	(void)state;
	struct meter *m;
	put_pmu("0,99999");
	put_event("energy-pkg", STILL, "1e-9", "Joules");
	const struct meter_domain *d = open_meter(&meter_rapl_perf, &m, 2);
	skip_unless_perf_is_allowed(m, d);
	assert_non_null(strstr(d[1].unusable, "cannot be opened on CPU 99999"));
	meter_rapl_perf.close(m);
}

static void perf_that_is_not_allowed_says_what_it_needs(void **state)
{
	(void)state;
	struct meter *m;
	put_pmu("0");
	put_event("energy-pkg", STILL, "1e-9", "Joules");
	const struct meter_domain *d = open_as_nobody(&meter_rapl_perf, &m);
	bool allowed = d[0].unusable[0] == '\0';
	if (!allowed) {
		assert_non_null(strstr(d[0].unusable, "CAP_PERFMON"));
		assert_non_null(strstr(d[0].unusable, "kernel.perf_event_paranoid=0"));
		assert_non_null(strstr(d[0].unusable, "seccomp profile must allow"));
	}
	meter_rapl_perf.close(m);
	if (allowed) {
		print_message("anyone may use perf here\n");
		skip();
	}
}

static void a_perf_event_that_is_not_understood_is_unusable(void **state)
{
	(void)state;
	static const struct {
		const char *event, *scale, *unit, *reason;
	} bad[] = {
		{"event=0x02,umask=1", "1e-9", "Joules", "does not read like event=0x02"},
		{"event=", "1e-9", "Joules", "does not read like event=0x02"},
		{"config=2", "1e-9", "Joules", "does not read like event=0x02"},
		{CLOCK, "1e-9", "Watts", "does not say Joules"},
		{CLOCK, "1e-9", "", "does not say Joules"},
		{CLOCK, "0", "Joules", "is not above 0"},
		{CLOCK, "-1e-9", "Joules", "is not above 0"},
		{CLOCK, "nan", "Joules", "is not above 0"},
		{CLOCK, "inf", "Joules", "is not above 0"},
		{CLOCK, "1e-9x", "Joules", "is not above 0"},
		{CLOCK, "1e-5", "Joules", "at most 1e-6"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct meter *m;
		put_pmu("0");
		put_event("energy-pkg", bad[i].event, bad[i].scale, bad[i].unit);
		const struct meter_domain *d = open_meter(&meter_rapl_perf, &m, 1);
		if (strstr(d->unusable, bad[i].reason) == NULL)
			fail_msg("%zu: \"%s\" does not say \"%s\"", i, d->unusable, bad[i].reason);
		meter_rapl_perf.close(m);
	}
}

static void a_cpumask_that_is_no_list_is_an_error(void **state)
{
	(void)state;
	static const char *const bad[] = {"0,",	 ",0", "0-", "3-1",  "x",
					  "0 1", "-1", "0;", "0-64", "0-99999999999999999999"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put_pmu(bad[i]);
		put_event("energy-pkg", STILL, "1e-9", "Joules");
		expect_no_meter(&meter_rapl_perf, -EINVAL, "cpumask");
	}
	put_pmu("");
	expect_no_meter(&meter_rapl_perf, -ENODATA, "cpumask");
}

static void a_power_pmu_without_energy_is_an_error(void **state)
{
	(void)state;
	put_pmu("0");
	expect_no_meter(&meter_rapl_perf, -ENODEV, "names no energy that is known");
	put(POWER "type", "4294967296");
	expect_no_meter(&meter_rapl_perf, -ERANGE, "32-bit");
}

/* ---- hwmon ---- */

#define HWMON "class/hwmon/"

static void the_only_sensor_is_counted(void **state)
{
	(void)state;
	struct meter *m;
	put(HWMON "hwmon0/name", "coretemp");
	put(HWMON "hwmon0/temp1_input", "45000");
	put(HWMON "hwmon3/name", "power_meter");
	put(HWMON "hwmon3/power1_average", "212000000");
	const struct meter_domain *d = open_meter(&meter_hwmon, &m, 1);
	assert_string_equal(d[0].name, "power_meter power1");
	assert_int_equal(d[0].unit, METER_POWER_UW);
	assert_true(d[0].counted);
	assert_string_equal(d[0].note, "");
	expect_reading(&meter_hwmon, m, 0, 212000000);
	put(HWMON "hwmon3/power1_average", "90500000");
	expect_reading(&meter_hwmon, m, 0, 90500000);
	meter_hwmon.close(m);
}

static void of_several_sensors_none_is_counted_and_each_has_a_name(void **state)
{
	(void)state;
	struct meter *m;
	put(HWMON "hwmon10/name", "ina");
	put(HWMON "hwmon10/power1_input", "3");
	put(HWMON "hwmon10/power1_label", "SoC");
	put(HWMON "hwmon2/name", "ina");
	put(HWMON "hwmon2/power1_input", "1");
	put(HWMON "hwmon2/power1_label", "SoC");
	put(HWMON "hwmon2/energy2_input", "2");
	put(HWMON "hwmon2/energy2_label", "DDR\ttotal");
	const struct meter_domain *d = open_meter(&meter_hwmon, &m, 3);
	assert_string_equal(d[0].name, "ina SoC");
	assert_string_equal(d[1].name, "ina DDR?total");
	assert_string_equal(d[2].name, "ina SoC #2");
	assert_int_equal(d[1].unit, METER_ENERGY_UJ);
	for (unsigned i = 0; i < 3; i++) {
		assert_false(d[i].counted);
		assert_non_null(strstr(d[i].note, "not known"));
		expect_reading(&meter_hwmon, m, i, i + 1);
	}
	meter_hwmon.close(m);
}

static void energy_goes_before_mean_power_before_power(void **state)
{
	(void)state;
	struct meter *m;
	put(HWMON "hwmon0/energy1_input", "10");
	put(HWMON "hwmon0/power1_average", "11");
	put(HWMON "hwmon0/power1_input", "12");
	put(HWMON "hwmon0/power2_average", "21");
	put(HWMON "hwmon0/power2_input", "22");
	const struct meter_domain *d = open_meter(&meter_hwmon, &m, 2);
	assert_string_equal(d[0].name, "hwmon0 energy1");
	assert_string_equal(d[1].name, "hwmon0 power2");
	expect_reading(&meter_hwmon, m, 0, 10);
	expect_reading(&meter_hwmon, m, 1, 21);
	meter_hwmon.close(m);
}

static void long_names_stay_unique(void **state)
{
	(void)state;
	struct meter *m;
	const char *label = "a label of a sensor that is very much longer than it ought to be";
	put(HWMON "hwmon0/name", "a driver with a long name as well");
	for (unsigned i = 1; i <= 12; i++) {
		char path[64];
		snprintf(path, sizeof path, HWMON "hwmon0/power%u_input", i);
		put(path, "1");
		snprintf(path, sizeof path, HWMON "hwmon0/power%u_label", i);
		put(path, label);
	}
	const struct meter_domain *d = open_meter(&meter_hwmon, &m, 12);
	for (unsigned i = 0; i < 12; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(d[i].name, d[k].name);
	meter_hwmon.close(m);
}

static void more_sensors_than_domains_do_no_harm(void **state)
{
	(void)state;
	struct meter *m;
	for (unsigned i = 0; i < 100; i++) {
		char path[64];
		snprintf(path, sizeof path, HWMON "hwmon%u/power%u_input", i / 50, i % 50 + 1);
		put(path, "1");
	}
	open_meter(&meter_hwmon, &m, METER_DOMAINS_MAX);
	meter_hwmon.close(m);
}

static void a_sensor_that_is_silent_or_gone_is_told_apart(void **state)
{
	(void)state;
	struct meter *m;
	put(HWMON "hwmon0/power1_input", "5");
	open_meter(&meter_hwmon, &m, 1);
	put(HWMON "hwmon0/power1_input", "");
	expect_failure(&meter_hwmon, m, 0, -ENODATA, "power1_input");
	put(HWMON "hwmon0/power1_input", "6");
	expect_reading(&meter_hwmon, m, 0, 6);
	take_away(HWMON "hwmon0/power1_input");
	expect_failure(&meter_hwmon, m, 0, -ENOENT, "power1_input");
	meter_hwmon.close(m);
}

static void a_sensor_that_may_not_be_read_says_what_it_needs(void **state)
{
	(void)state;
	struct meter *m;
	char full[128];
	put(HWMON "hwmon0/energy1_input", "5");
	snprintf(full, sizeof full, "%s/" HWMON "hwmon0/energy1_input", root);
	assert_int_equal(chmod(full, 0), 0);
	const struct meter_domain *d = open_as_nobody(&meter_hwmon, &m);
	assert_non_null(strstr(d[0].unusable, "needs root"));
	meter_hwmon.close(m);
}

/* ---- battery ---- */

#define SUPPLY "class/power_supply/"

static void put_battery(const char *name, const char *status)
{
	char path[128];
	snprintf(path, sizeof path, SUPPLY "%s/type", name);
	put(path, "Battery");
	snprintf(path, sizeof path, SUPPLY "%s/status", name);
	put(path, status);
}

static void batteries_that_empty_are_read_and_sorted(void **state)
{
	(void)state;
	struct meter *m;
	put_battery("BAT1", "Discharging");
	put(SUPPLY "BAT1/power_now", "7000000");
	put_battery("BAT0", "Discharging");
	put(SUPPLY "BAT0/power_now", "6500000");
	put(SUPPLY "AC/type", "Mains");
	put_battery("hid-mouse", "Discharging");
	put(SUPPLY "hid-mouse/scope", "Device");
	put(SUPPLY "hid-mouse/power_now", "1");
	const struct meter_domain *d = open_meter(&meter_battery, &m, 2);
	assert_string_equal(d[0].name, "BAT0");
	assert_string_equal(d[1].name, "BAT1");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(d[i].unit, METER_POWER_UW);
		assert_true(d[i].counted);
		assert_string_equal(d[i].unusable, "");
	}
	expect_reading(&meter_battery, m, 0, 6500000);
	expect_reading(&meter_battery, m, 1, 7000000);
	meter_battery.close(m);
}

/* 1.5 A at 12 V are 18 W; out of the battery may count as negative. */
static void current_times_voltage_is_power_of_either_sign(void **state)
{
	(void)state;
	struct meter *m;
	put_battery("BAT0", "Discharging");
	put(SUPPLY "BAT0/current_now", "1500000");
	put(SUPPLY "BAT0/voltage_now", "12000000");
	open_meter(&meter_battery, &m, 1);
	expect_reading(&meter_battery, m, 0, 18000000);
	put(SUPPLY "BAT0/current_now", "-1500000");
	expect_reading(&meter_battery, m, 0, 18000000);
	put(SUPPLY "BAT0/current_now", "4294967296");
	expect_failure(&meter_battery, m, 0, -EINVAL, "BAT0");
	meter_battery.close(m);
}

static void a_battery_on_mains_is_unusable(void **state)
{
	(void)state;
	static const char *const statuses[] = {"Charging", "Full", "Not charging", "Unknown"};
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		struct meter *m;
		put_battery("BAT0", statuses[i]);
		put(SUPPLY "BAT0/power_now", "0");
		const struct meter_domain *d = open_meter(&meter_battery, &m, 1);
		assert_string_equal(d[0].unusable, "on mains: it tells nothing; unplug to measure");
		meter_battery.close(m);
	}
}

static void a_battery_without_power_or_status_is_unusable(void **state)
{
	(void)state;
	struct meter *m;
	put_battery("BAT0", "Discharging");
	put_battery("BAT1", "");
	put(SUPPLY "BAT1/power_now", "1");
	const struct meter_domain *d = open_meter(&meter_battery, &m, 2);
	assert_non_null(strstr(d[0].unusable, "neither power_now nor current_now"));
	assert_non_null(strstr(d[1].unusable, "its status cannot be read"));
	meter_battery.close(m);
}

static void plugging_in_while_measuring_is_an_error(void **state)
{
	(void)state;
	struct meter *m;
	put_battery("BAT0", "Discharging");
	put(SUPPLY "BAT0/power_now", "9000000");
	open_meter(&meter_battery, &m, 1);
	expect_reading(&meter_battery, m, 0, 9000000);
	put(SUPPLY "BAT0/status", "Charging");
	expect_failure(&meter_battery, m, 0, -ESTALE, "BAT0 was plugged in while measuring");
	take_away(SUPPLY "BAT0/status");
	expect_failure(&meter_battery, m, 0, -ENOENT, "status");
	meter_battery.close(m);
}

#define IN_A_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_ROOT(an_empty_machine_has_none_of_them),
		IN_A_ROOT(perf_counts_become_microjoules),
		IN_A_ROOT(perf_scale_is_read_in_all_its_digits),
		IN_A_ROOT(a_perf_counter_that_stands_still_reads_0),
		IN_A_ROOT(each_package_has_its_domains_and_only_packages_are_counted),
		IN_A_ROOT(a_cpu_that_is_not_there_is_unusable),
		IN_A_ROOT(perf_that_is_not_allowed_says_what_it_needs),
		IN_A_ROOT(a_perf_event_that_is_not_understood_is_unusable),
		IN_A_ROOT(a_cpumask_that_is_no_list_is_an_error),
		IN_A_ROOT(a_power_pmu_without_energy_is_an_error),
		IN_A_ROOT(the_only_sensor_is_counted),
		IN_A_ROOT(of_several_sensors_none_is_counted_and_each_has_a_name),
		IN_A_ROOT(energy_goes_before_mean_power_before_power),
		IN_A_ROOT(long_names_stay_unique),
		IN_A_ROOT(more_sensors_than_domains_do_no_harm),
		IN_A_ROOT(a_sensor_that_is_silent_or_gone_is_told_apart),
		IN_A_ROOT(a_sensor_that_may_not_be_read_says_what_it_needs),
		IN_A_ROOT(batteries_that_empty_are_read_and_sorted),
		IN_A_ROOT(current_times_voltage_is_power_of_either_sign),
		IN_A_ROOT(a_battery_on_mains_is_unusable),
		IN_A_ROOT(a_battery_without_power_or_status_is_unusable),
		IN_A_ROOT(plugging_in_while_measuring_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
