/* test_meter_nvml.c: the meter of GPUs, with a library that stands for NVIDIA's. */
#include "tests/test.h"

#include "bench/clock.h"
#include "bench/meter/meter.h"

static char library[4096];
static struct meter_env env = {.sysfs = "/sys", .nvml = library};

static int find_library(void **state)
{
	(void)state;
	const char *build = getenv("BUILD");
	if (build == NULL) {
		print_error("BUILD, the folder of the build, is not set; `make test` sets it\n");
		return -1;
	}
	snprintf(library, sizeof library, "%s/tests/stub_nvml.so", build);
	return 0;
}

static int nothing_is_wrong(void **state)
{
	(void)state;
	return unsetenv("STUB_NVML");
}

static const struct meter_domain *open_stub(struct meter **m, const char *wrong)
{
	struct error e = {""};
	unsigned count = 0;
	setenv("STUB_NVML", wrong, 1);
	int err = meter_nvml.open(m, &env, &e);
	if (err != 0)
		print_error("%s\n", e.text);
	assert_int_equal(err, 0);
	const struct meter_domain *d = meter_nvml.domains(*m, &count);
	assert_int_equal(count, 2);
	return d;
}

static void a_millijoule_is_a_thousand_microjoules(void **state)
{
	(void)state;
	struct meter *m;
	struct error e;
	struct meter_reading a, b;
	const struct meter_domain *d = open_stub(&m, "");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(d[i].unit, METER_ENERGY_UJ);
		assert_int_equal(d[i].wrap_uj, 0);
		assert_true(d[i].counted);
		assert_string_equal(d[i].unusable, "");
		uint64_t before_ns = clock_ns();
		assert_int_equal(meter_nvml.read(m, i, &a, &e), 0);
		assert_int_equal(meter_nvml.read(m, i, &b, &e), 0);
		assert_in_range(a.time_ns, before_ns, b.time_ns);
		assert_in_range(b.time_ns, a.time_ns, clock_ns());
		/* open asked once whether there is energy */
		assert_int_equal(a.value, 1000 * (5000 + 2 * 1000 * (i + 1)));
		assert_int_equal(b.value - a.value, 1000 * 1000 * (i + 1));
	}
	assert_string_equal(d[0].name, "gpu-0 Stub 80GB");
	assert_string_equal(d[1].name, "gpu-1 Stub 80GB");
	meter_nvml.close(m);
}

static void without_energy_the_power_is_read(void **state)
{
	(void)state;
	struct meter *m;
	struct error e;
	struct meter_reading r;
	const struct meter_domain *d = open_stub(&m, "no_energy");
	assert_int_equal(d[0].unit, METER_ENERGY_UJ);
	assert_int_equal(d[1].unit, METER_POWER_UW);
	assert_string_equal(d[1].unusable, "");
	assert_int_equal(meter_nvml.read(m, 1, &r, &e), 0);
	assert_int_equal(r.value, 350000000);
	meter_nvml.close(m);
}

static void a_gpu_that_tells_nothing_is_unusable_and_the_other_is_not(void **state)
{
	(void)state;
	struct meter *m;
	const struct meter_domain *d = open_stub(&m, "neither");
	assert_string_equal(d[0].unusable, "");
	assert_non_null(strstr(d[1].unusable, "neither energy nor power"));
	assert_non_null(strstr(d[1].unusable, "Not Supported"));
	meter_nvml.close(m);
}

static void a_gpu_lost_before_is_unusable(void **state)
{
	(void)state;
	struct meter *m;
	const struct meter_domain *d = open_stub(&m, "lost");
	assert_string_equal(d[0].unusable, "");
	assert_string_equal(d[1].name, "gpu-1");
	assert_non_null(strstr(d[1].unusable, "GPU is lost"));
	meter_nvml.close(m);
}

static void a_gpu_lost_in_the_middle_is_an_error_that_names_it(void **state)
{
	(void)state;
	struct meter *m;
	struct error e = {""};
	struct meter_reading r;
	open_stub(&m, "");
	assert_int_equal(meter_nvml.read(m, 1, &r, &e), 0);
	setenv("STUB_NVML", "lost", 1);
	assert_int_equal(meter_nvml.read(m, 0, &r, &e), 0);
	assert_int_equal(meter_nvml.read(m, 1, &r, &e), -EIO);
	assert_non_null(strstr(e.text, "gpu-1 Stub 80GB"));
	assert_non_null(strstr(e.text, "GPU is lost"));
	meter_nvml.close(m);
}

/* Whether a counter that stands still is believed is not the meter's business. */
static void a_constant_counter_is_read_as_it_is(void **state)
{
	(void)state;
	struct meter *m;
	struct error e;
	struct meter_reading a, b;
	open_stub(&m, "constant");
	assert_int_equal(meter_nvml.read(m, 0, &a, &e), 0);
	assert_int_equal(meter_nvml.read(m, 0, &b, &e), 0);
	assert_int_equal(a.value, 5000000);
	assert_int_equal(b.value, a.value);
	meter_nvml.close(m);
}

static void expect_no_meter(const char *path, const char *wrong, int want, const char *reason)
{
	struct meter *m;
	struct error e = {""};
	struct meter_env other = {.sysfs = "/sys", .nvml = path};
	setenv("STUB_NVML", wrong, 1);
	assert_int_equal(meter_nvml.open(&m, &other, &e), want);
	if (strstr(e.text, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.text, reason);
}

static void no_library_no_gpu_no_driver_are_told_apart(void **state)
{
	(void)state;
	expect_no_meter("libno-such-thing.so.1", "", -ENOENT, "libno-such-thing.so.1");
	expect_no_meter(library, "no_gpu", -ENOENT, "finds no GPU");
	expect_no_meter(library, "init_error", -ENODEV, "Driver Not Loaded");
}

static void a_library_that_lacks_a_symbol_is_named_with_it(void **state)
{
	(void)state;
	expect_no_meter("libm.so.6", "", -ENOSYS, "libm.so.6 lacks nvmlInit_v2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_millijoule_is_a_thousand_microjoules),
		cmocka_unit_test(without_energy_the_power_is_read),
		cmocka_unit_test(a_gpu_that_tells_nothing_is_unusable_and_the_other_is_not),
		cmocka_unit_test(a_gpu_lost_before_is_unusable),
		cmocka_unit_test(a_gpu_lost_in_the_middle_is_an_error_that_names_it),
		cmocka_unit_test(a_constant_counter_is_read_as_it_is),
		cmocka_unit_test(no_library_no_gpu_no_driver_are_told_apart),
		cmocka_unit_test(a_library_that_lacks_a_symbol_is_named_with_it),
	};
	return cmocka_run_group_tests(tests, find_library, nothing_is_wrong);
}
