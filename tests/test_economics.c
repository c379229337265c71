/*
 * test_economics.c: the break-even interval against the published tables that
 * it generalises, against hand calculation, and its ranges against chance.
 */
#include "tests/test.h"

#include <math.h>

#include "bench/builtin.h"
#include "bench/economics.h"
#include "tests/sanitized.h"
#include "workloads/prng.h"

#define YEAR_S (365.25 * 86400)
#define DAY_S 86400.0

static void is_near(double value, double want, double tolerance)
{
	if (!(fabs(value - want) <= tolerance * fabs(want)))
		fail_msg("%.17g, not %.17g within %g", value, want, tolerance);
}

static void is_interval(struct crossing c, double want_s, double within_s)
{
	assert_int_equal(c.kind, CROSSING_INTERVAL);
	if (!(fabs(c.interval_s - want_s) <= within_s))
		fail_msg("%.3f s, not %g s", c.interval_s, want_s);
}

/* ---- the literature: keep a page in fast storage, or fetch it each time ----
 *
 * Prices are for the life of the machine: what an access costs is the drive's
 * price for the part of each second that it is busy. */

static struct crossing page_of(double access_s, double drive_usd, double kept_usd)
{
	struct choice_side store = {0, kept_usd}, make = {access_s * drive_usd, 0};
	return crossing_of(store, make);
}

/* The 5 minute rule: 1 KB, 2000 $ for each access/s, 5 $ a KB. */
static void gray_and_putzolu_1987(void **state)
{
	(void)state;
	is_interval(page_of(1, 2000, 5), 400, 1e-9);
}

/* 128 pages a MB, 64 accesses/s, a drive of 2000 $, 15 $ a MB. */
static void gray_and_graefe_1997(void **state)
{
	(void)state;
	is_interval(page_of(1.0 / 64, 2000, 15.0 / 128), 266, 1);
}

struct device {
	double usd_per_mb; /* to keep a page on it */
	double usd;	   /* to fetch one from it */
	double latency_s, bytes_per_s;
};

static const struct device ram = {3.0 / 64, 0, 0, 0};
static const struct device sata = {0, 80, 0.012, 300e6};
static const struct device flash_999 = {999.0 / 32768, 999, 0.0001, 66e6};
static const struct device flash_400 = {400.0 / 32768, 400, 0.0001, 66e6};

/* Pages of 1, 4, 16, 64 and 256 KB; cells that the table leaves out are by hand
 * from its formula, (1024/KB) * access time * drive price / price of a MB. */
static void is_row(const struct device *keep, const struct device *fetch, const double *want_s)
{
	for (unsigned i = 0; i < 5; i++) {
		double kb = pow(4, i), access_s = fetch->latency_s + kb * 1000 / fetch->bytes_per_s;
		is_interval(page_of(access_s, fetch->usd, kb / 1024 * keep->usd_per_mb), want_s[i],
			    1);
	}
}

static void graefe_2007_table_3(void **state)
{
	(void)state;
	is_row(&ram, &sata, (const double[]){20978, 5248, 1316, 334, 88});
	is_row(&ram, &flash_999, (const double[]){2513, 876, 467, 365, 339});
	is_row(&flash_999, &sata, (const double[]){32253, 8070, 2024, 513, 135});
	is_row(&ram, &flash_400, (const double[]){1006, 351, 187, 146, 136});
	is_row(&flash_400, &sata, (const double[]){80553, 20155, 5056, 1281, 337});
}

/* Stored for 90 k$, or made again for 5 k$ + 20 k$ each time. */
static void adams_2009(void **state)
{
	(void)state;
	struct choice_side store = {0, 90}, make = {5 + 20, 0};
	struct crossing c = crossing_of(store, make);
	assert_int_equal(c.kind, CROSSING_INTERVAL);
	is_near(1 / c.interval_s, 3.6, 1e-12); /* uses within the life that was paid for */
}

/* ---- kinds ---- */

static void is_kind(double n, double d, enum crossing_kind want, double want_s)
{
	struct choice_side store = {10, 20 + d}, make = {10 + n, 20};
	struct crossing c = crossing_of(store, make);
	assert_int_equal(c.kind, want);
	assert_true(c.interval_s == want_s);
}

static void every_sign_has_its_kind(void **state)
{
	(void)state;
	is_kind(6, 3, CROSSING_INTERVAL, 2);
	is_kind(-6, -3, CROSSING_REVERSED, 2);
	is_kind(-6, 3, CROSSING_ALWAYS_MAKE, 0);
	is_kind(0, 3, CROSSING_ALWAYS_MAKE, 0);
	is_kind(-6, 0, CROSSING_ALWAYS_MAKE, 0);
	is_kind(6, -3, CROSSING_ALWAYS_STORE, 0);
	is_kind(0, -3, CROSSING_ALWAYS_STORE, 0);
	is_kind(6, 0, CROSSING_ALWAYS_STORE, 0);
	is_kind(0, 0, CROSSING_EQUAL, 0);
}

/* What crossing_of says holds for the costs themselves. */
static void crossing_is_where_costs_are_equal(void **state)
{
	(void)state;
	struct choice_side store = {3, 8}, make = {11, 2};
	double interval_s = crossing_of(store, make).interval_s;
	for (unsigned i = 0; i < 2; i++) {
		double often_s = interval_s * (i == 0 ? 0.9 : 1.1);
		double stored = store.per_request / often_s + store.per_second;
		double made = make.per_request / often_s + make.per_second;
		assert_true((stored < made) == (i == 0));
	}
}

/* ---- the worked example: 4 KiB made at 0.87 MB/s, 1422 bytes more stored ---- */

static struct figure exactly(double v)
{
	return (struct figure){v, v, v};
}

static struct comparison example(void)
{
	struct constants platform, prices;
	struct comparison c = {0};
	assert_int_equal(platform_read(&platform, "server", NULL), 0);
	assert_int_equal(prices_read(&prices, NULL, NULL), 0);
	comparison_take_constants(&c, &platform, &prices);
	c.input[INPUT_SPACE_AMPLIFICATION] = exactly(1);
	c.input[INPUT_STORE + SIDE_STORED_BYTES] = exactly(2000);
	c.input[INPUT_MAKE + SIDE_STORED_BYTES] = exactly(2000 - 1422);
	c.input[INPUT_MAKE + SIDE_CPU_S] = exactly(4096 / 0.87e6);
	return c;
}

static double interval_of(const struct comparison *c, enum measure measure)
{
	struct break_even b;
	break_even_of(c, measure, &b);
	assert_int_equal(b.nominal.kind, CROSSING_INTERVAL);
	return b.nominal.interval_s;
}

static void worked_example_has_its_days(void **state)
{
	(void)state;
	struct comparison c = example();
	is_near(interval_of(&c, MEASURE_MONEY) / DAY_S, 78, 0.5 / 78);
	is_near(interval_of(&c, MEASURE_ENERGY) / DAY_S, 176, 0.5 / 176);
	is_near(interval_of(&c, MEASURE_CARBON) / DAY_S, 31, 0.5 / 31);
}

/* By hand: 4.7080460 ms of a core at 5.5 W are 25.894253 mJ. */
static void sides_cost_what_is_calculated_by_hand(void **state)
{
	(void)state;
	struct comparison c = example();
	c.input[INPUT_STORE + SIDE_DEVICE_READS] = exactly(2);
	c.input[INPUT_STORE + SIDE_DEVICE_BYTES] = exactly(8192);
	struct choice_side store = comparison_side(&c, MEASURE_ENERGY, INPUT_STORE);
	struct choice_side make = comparison_side(&c, MEASURE_ENERGY, INPUT_MAKE);
	is_near(store.per_request, (2 * 2.6e-6 + 8192 * 2.6e-9) * 1.2, 1e-9);
	is_near(make.per_request, 25.894253e-3 * 1.2, 1e-7);
	is_near(store.per_second, 2000 * 1.2e-12 * 1.2, 1e-12);
	make = comparison_side(&c, MEASURE_MONEY, INPUT_MAKE);
	is_near(make.per_request,
		4.7080460e-3 * 187.5 / 157788000 + 25.894253e-3 * 1.2 * 0.1 / 3.6e6, 1e-7);
	is_near(make.per_second, 578e-9 * 0.1 / 157788000 + 578 * 1.2e-12 * 1.2 * 0.1 / 3.6e6,
		1e-12);
	make = comparison_side(&c, MEASURE_CARBON, INPUT_MAKE);
	is_near(make.per_request,
		4.7080460e-3 * 25000 / 157788000 + 25.894253e-3 * 1.2 * 436 / 3.6e6, 1e-7);
	is_near(make.per_second, 578e-9 * 160 / 157788000 + 578 * 1.2e-12 * 1.2 * 436 / 3.6e6,
		1e-12);
}

static double halved(struct comparison c, unsigned input, enum measure measure)
{
	double before = interval_of(&c, measure);
	c.input[input].nominal /= 2;
	return interval_of(&c, measure) / before;
}

/*
 * Energy is core watts over SSD watts. Of the money of a request a part of
 * 0.1336603 is electricity, of its emissions 0.8345743; of the standing money a
 * part of 0.0593682, of the standing emissions 0.1467496 (by hand, from the
 * terms above).
 */
#define E 0.1336603
#define K 0.0593682
#define EC 0.8345743
#define KC 0.1467496

static void halving_a_constant_changes_what_it_should(void **state)
{
	(void)state;
	static const struct {
		enum input input;
		double money, energy, carbon;
	} want[] = {
		{INPUT_CORE_ACTIVE_WATTS, 1 - E / 2, 0.5, 1 - EC / 2},
		{INPUT_SSD_WATTS_PER_TB, 1 / (1 - K / 2), 2, 1 / (1 - KC / 2)},
		{INPUT_SSD_READ_MICROJOULES, 1, 1, 1}, /* there are no reads */
		{INPUT_SSD_READ_NANOJOULES_PER_BYTE, 1, 1, 1},
		{INPUT_ELECTRICITY_USD_PER_KWH, (1 - E / 2) / (1 - K / 2), 1, 1},
		{INPUT_PUE, (1 - E / 2) / (1 - K / 2), 1, (1 - EC / 2) / (1 - KC / 2)},
		{INPUT_GRID_GCO2E_PER_KWH, 1, 1, (1 - EC / 2) / (1 - KC / 2)},
		{INPUT_SSD_USD_PER_GB, 2 / (1 + K), 1, 1},
		{INPUT_SSD_LIFE_YEARS, 1 / (2 - K), 1, 1 / (2 - KC)},
		{INPUT_SSD_EMBODIED_KG_PER_GB, 1, 1, 2 / (1 + KC)},
		{INPUT_CORE_USD, (1 + E) / 2, 1, 1},
		{INPUT_CORE_LIFE_YEARS, 2 - E, 1, 2 - EC},
		{INPUT_CORE_EMBODIED_KG, 1, 1, (1 + EC) / 2},
		{INPUT_REPLICAS, 2, 2, 2},
		{INPUT_SPACE_AMPLIFICATION, 2, 2, 2},
		{INPUT_MAKE + SIDE_CPU_S, 0.5, 0.5, 0.5},
		{INPUT_MAKE + SIDE_JOULES, 1, 1, 1}, /* none was measured */
	};
	struct comparison c = example();
	for (unsigned i = 0; i < sizeof want / sizeof want[0]; i++) {
		is_near(halved(c, want[i].input, MEASURE_MONEY), want[i].money, 1e-6);
		is_near(halved(c, want[i].input, MEASURE_ENERGY), want[i].energy, 1e-6);
		is_near(halved(c, want[i].input, MEASURE_CARBON), want[i].carbon, 1e-6);
	}
}

static void interval_hardly_depends_on_the_size(void **state)
{
	(void)state;
	struct comparison c = example();
	double before = interval_of(&c, MEASURE_MONEY);
	c.input[INPUT_STORE + SIDE_STORED_BYTES].nominal *= 10;
	c.input[INPUT_MAKE + SIDE_STORED_BYTES].nominal *= 10;
	c.input[INPUT_MAKE + SIDE_CPU_S].nominal *= 10;
	is_near(interval_of(&c, MEASURE_MONEY), before, 1e-12);
}

/* Of 25.9 mJ modelled, 40 mJ measured; 3 reads of 4096 bytes at 2.6 uJ + 2.6 nJ
 * a byte are 39.7488 uJ. */
static void measured_energy_takes_the_place_of_the_model(void **state)
{
	(void)state;
	struct comparison c = example();
	c.input[INPUT_MAKE + SIDE_JOULES] = exactly(0.04);
	c.input[INPUT_MAKE + SIDE_DEVICE_READS] = exactly(3);
	c.input[INPUT_MAKE + SIDE_DEVICE_BYTES] = exactly(3 * 4096);
	double device_j = 39.7488e-6;
	is_near(comparison_side(&c, MEASURE_ENERGY, INPUT_MAKE).per_request / 1.2,
		25.894253e-3 + device_j, 1e-7);
	c.make_energy = ENERGY_PROCESSOR;
	is_near(comparison_side(&c, MEASURE_ENERGY, INPUT_MAKE).per_request / 1.2, 0.04 + device_j,
		1e-12);
	c.make_energy = ENERGY_MACHINE;
	is_near(comparison_side(&c, MEASURE_ENERGY, INPUT_MAKE).per_request / 1.2, 0.04, 1e-12);
	assert_true(comparison_side(&c, MEASURE_ENERGY, INPUT_STORE).per_request == 0);
}

/* ---- sensitivity ---- */

static const struct sensitivity *row_of(const struct break_even *b, unsigned input)
{
	for (unsigned i = 0; i < INPUTS; i++)
		if (b->inputs[i].input == input)
			return &b->inputs[i];
	fail_msg("no row of input %u", input);
	return NULL;
}

/* Energy: watts of the core 3 to 12 of 5.5, of the SSD 0.3 to 3.3 of 1.2. */
static void sensitivity_is_sorted_by_swing(void **state)
{
	(void)state;
	struct comparison c = example();
	c.input[INPUT_MAKE + SIDE_CPU_S] = (struct figure){0.004, 0.005, 0.006};
	struct break_even b;
	break_even_of(&c, MEASURE_ENERGY, &b);
	double t = b.nominal.interval_s;
	assert_int_equal(b.inputs[0].input, INPUT_SSD_WATTS_PER_TB);
	is_near(b.inputs[0].swing, 3.3 / 0.3, 1e-9);
	is_near(b.inputs[0].at_low_s, t * 1.2 / 0.3, 1e-9);
	is_near(b.inputs[0].at_high_s, t * 1.2 / 3.3, 1e-9);
	assert_int_equal(b.inputs[1].input, INPUT_CORE_ACTIVE_WATTS);
	is_near(b.inputs[1].at_low_s, t * 3 / 5.5, 1e-9);
	assert_int_equal(b.inputs[2].input, INPUT_MAKE + SIDE_CPU_S);
	is_near(b.inputs[2].swing, 1.5, 1e-9);
	for (unsigned i = 3; i < INPUTS; i++)
		is_near(b.inputs[i].swing, 1, 1e-9);
}

static void equal_swings_are_sorted_by_name(void **state)
{
	(void)state;
	struct comparison c = example();
	for (unsigned i = 0; i < INPUTS; i++)
		c.input[i] = exactly(c.input[i].nominal);
	struct break_even b;
	break_even_of(&c, MEASURE_MONEY, &b);
	for (unsigned i = 0; i < INPUTS; i++) {
		assert_true(b.inputs[i].swing == 1);
		if (i > 0)
			assert_true(strcmp(input_name(b.inputs[i - 1].input),
					   input_name(b.inputs[i].input)) < 0);
	}
	assert_true(b.likely.low_s == b.nominal.interval_s &&
		    b.likely.high_s == b.nominal.interval_s);
	assert_true(b.bounds.low_s == b.nominal.interval_s &&
		    b.bounds.high_s == b.nominal.interval_s);
}

static void inputs_have_names_and_units(void **state)
{
	(void)state;
	assert_string_equal(input_name(INPUT_CORE_ACTIVE_WATTS), "core_active_watts");
	assert_string_equal(input_unit(INPUT_SSD_USD_PER_GB), "$/GB");
	assert_string_equal(input_name(INPUT_STORE + SIDE_STORED_BYTES), "store.stored_bytes");
	assert_string_equal(input_name(INPUT_MAKE + SIDE_CPU_S), "make.cpu_s");
	assert_string_equal(input_unit(INPUT_MAKE + SIDE_JOULES), "J");
}

/* ---- ranges ---- */

/* Two factors: exp(sqrt(ln(4)^2 + ln(5.5 / 3)^2)) downwards of 1 / SSD watts and
 * core watts, each at its end; all at once the product. */
static void independent_moves_add_as_squares(void **state)
{
	(void)state;
	struct comparison c = example();
	struct break_even b;
	break_even_of(&c, MEASURE_ENERGY, &b);
	double t = b.nominal.interval_s;
	is_near(b.likely.low_s, t * exp(-hypot(log(3.3 / 1.2), log(5.5 / 3))), 1e-9);
	is_near(b.likely.high_s, t * exp(hypot(log(1.2 / 0.3), log(12 / 5.5))), 1e-9);
	is_near(b.bounds.low_s, t * 1.2 / 3.3 * 3 / 5.5, 1e-9);
	is_near(b.bounds.high_s, t * 4 * 12 / 5.5, 1e-9);
}

static double normal(uint64_t key, uint64_t i)
{
	double u = 1 - prng_unit(prng_at(key, 2 * i)), v = prng_unit(prng_at(key, 2 * i + 1));
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* Log-normal on each side of the nominal value, with low and high as its 5th and
 * 95th percentile. */
static double drawn(const struct figure *f, double z)
{
	double end = z < 0 ? f->low : f->high;
	return end == f->nominal ? end : f->nominal * pow(end / f->nominal, fabs(z) / 1.644854);
}

static int by_value(const void *a, const void *b)
{
	const double *p = a, *q = b;
	return (*p > *q) - (*p < *q);
}

#define DRAWS 100000u

static struct span chance(const struct comparison *c, enum measure measure)
{
	static double intervals[DRAWS];
	for (unsigned k = 0; k < DRAWS; k++) {
		struct comparison one = *c;
		for (unsigned i = 0; i < INPUTS; i++)
			one.input[i] = exactly(drawn(&c->input[i], normal(prng_key(k, 7), i)));
		struct crossing x = crossing_of(comparison_side(&one, measure, INPUT_STORE),
						comparison_side(&one, measure, INPUT_MAKE));
		intervals[k] = x.kind == CROSSING_INTERVAL	? x.interval_s
			       : x.kind == CROSSING_ALWAYS_MAKE ? 0
								: INFINITY;
	}
	qsort(intervals, DRAWS, sizeof intervals[0], by_value);
	return (struct span){intervals[DRAWS / 20], intervals[DRAWS - DRAWS / 20]};
}

/* Both ends within 3 % where the interval is a product of its inputs, 10 % where
 * sums bend it, 35 % where one range reaches 50 times downwards and not upwards
 * (the emissions of making an SSD). */
static void likely_interval_is_that_of_chance(void **state)
{
	(void)state;
	static const double factors[MEASURES] = {1.1, 1.03, 1.35};
	struct comparison c = example();
	c.input[INPUT_STORE + SIDE_DEVICE_READS] = exactly(1);
	c.input[INPUT_STORE + SIDE_DEVICE_BYTES] = exactly(4096);
	c.input[INPUT_STORE + SIDE_CPU_S] = (struct figure){20e-6, 25e-6, 30e-6};
	c.input[INPUT_MAKE + SIDE_CPU_S] = (struct figure){0.004, 0.005, 0.006};
	for (enum measure m = 0; m < MEASURES; m++) {
		struct break_even b;
		break_even_of(&c, m, &b);
		struct span want = chance(&c, m);
		assert_true(fabs(log(b.likely.low_s / want.low_s)) < log(factors[m]));
		assert_true(fabs(log(b.likely.high_s / want.high_s)) < log(factors[m]));
	}
}

/* Any ranges: single moves lie within the likely interval, that within the
 * bounds, and every corner of chance too. */
static void bounds_hold_the_likely_interval(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < (SANITIZED ? 50u : 500u); trial++) {
		struct comparison c = example();
		uint64_t key = prng_key(trial, 11);
		for (unsigned i = 0; i < INPUTS; i++) {
			double v = c.input[i].nominal > 0 ? c.input[i].nominal : 1e-3;
			double down = exp(2 * prng_unit(prng_at(key, 2 * i)));
			double up = exp(2 * prng_unit(prng_at(key, 2 * i + 1)));
			c.input[i] = (struct figure){v / down, v, v * up};
		}
		for (enum measure m = 0; m < MEASURES; m++) {
			struct break_even b;
			break_even_of(&c, m, &b);
			assert_true(b.bounds.low_s <= b.likely.low_s &&
				    b.likely.low_s <= b.likely.high_s &&
				    b.likely.high_s <= b.bounds.high_s);
			for (unsigned i = 0; i < INPUTS; i++) {
				const struct sensitivity *r = &b.inputs[i];
				assert_true(b.bounds.low_s <= fmin(r->at_low_s, r->at_high_s));
				assert_true(b.bounds.high_s >= fmax(r->at_low_s, r->at_high_s));
			}
		}
	}
}

/* ---- ranges that reach where nothing crosses ---- */

/* Energy of 1 s of a core at 5.5 W against 10 to 20 J measured of the store. */
static void a_move_may_end_at_0_or_never(void **state)
{
	(void)state;
	struct comparison c = example();
	struct break_even b;
	c.input[INPUT_MAKE + SIDE_CPU_S] = exactly(1);
	c.input[INPUT_CORE_ACTIVE_WATTS] = exactly(5.5);
	c.input[INPUT_SSD_WATTS_PER_TB] = exactly(1.2);
	c.store_energy = ENERGY_MACHINE;
	c.input[INPUT_STORE + SIDE_JOULES] = (struct figure){1, 2, 20};
	c.input[INPUT_STORE + SIDE_STORED_BYTES] = (struct figure){500, 2000, 3000};
	break_even_of(&c, MEASURE_ENERGY, &b);
	is_interval(b.nominal, 3.5 / (1422 * 1.2e-12), 1);
	const struct sensitivity *joules = row_of(&b, INPUT_STORE + SIDE_JOULES);
	assert_true(joules->at_high_s == 0 && isinf(joules->swing));
	is_near(joules->at_low_s, 4.5 / (1422 * 1.2e-12), 1e-9);
	assert_true(isinf(row_of(&b, INPUT_STORE + SIDE_STORED_BYTES)->at_low_s));
	assert_true(b.likely.low_s == 0 && isinf(b.likely.high_s));
	assert_true(b.bounds.low_s == 0 && isinf(b.bounds.high_s));
}

/* Nominally the model stores more than the dictionary; no single range changes
 * that, both together do. */
static void bounds_find_what_only_two_moves_reach(void **state)
{
	(void)state;
	struct comparison c = example();
	struct break_even b;
	c.input[INPUT_STORE + SIDE_STORED_BYTES] = (struct figure){960, 1000, 1040};
	c.input[INPUT_MAKE + SIDE_STORED_BYTES] = (struct figure){1000, 1050, 1100};
	c.input[INPUT_SSD_WATTS_PER_TB] = exactly(1.2);
	c.input[INPUT_CORE_ACTIVE_WATTS] = exactly(5.5);
	break_even_of(&c, MEASURE_ENERGY, &b);
	assert_int_equal(b.nominal.kind, CROSSING_ALWAYS_STORE);
	assert_true(isinf(b.likely.low_s) && isinf(b.likely.high_s));
	is_near(b.bounds.low_s, 4096 / 0.87e6 * 5.5 / (40 * 1.2e-12), 1e-9);
	assert_true(isinf(b.bounds.high_s));
}

/* Cheaper to make and dearer to keep: 1 J less, 1000 bytes more. */
static void a_reversed_rule_has_its_ranges_too(void **state)
{
	(void)state;
	struct comparison c = example();
	struct break_even b;
	c.input[INPUT_SSD_WATTS_PER_TB] = exactly(1.2);
	c.store_energy = c.make_energy = ENERGY_MACHINE;
	c.input[INPUT_STORE + SIDE_JOULES] = (struct figure){2, 3, 4};
	c.input[INPUT_MAKE + SIDE_JOULES] = exactly(2);
	c.input[INPUT_STORE + SIDE_STORED_BYTES] = exactly(1000);
	c.input[INPUT_MAKE + SIDE_STORED_BYTES] = (struct figure){1000, 2000, 3000};
	break_even_of(&c, MEASURE_ENERGY, &b);
	assert_int_equal(b.nominal.kind, CROSSING_REVERSED);
	is_near(b.nominal.interval_s, 1 / 1.2e-9, 1e-9);
	const struct sensitivity *joules = row_of(&b, INPUT_STORE + SIDE_JOULES);
	assert_true(joules->at_low_s == 0); /* always store */
	is_near(joules->at_high_s, 2 / 1.2e-9, 1e-9);
	const struct sensitivity *bytes = row_of(&b, INPUT_MAKE + SIDE_STORED_BYTES);
	assert_true(isinf(bytes->at_low_s)); /* always make */
	is_near(bytes->at_high_s, 0.5 / 1.2e-9, 1e-9);
	assert_true(b.bounds.low_s == 0 && isinf(b.bounds.high_s));
}

static void identical_sides_are_equal(void **state)
{
	(void)state;
	struct comparison c = example();
	struct break_even b;
	for (unsigned i = 0; i < SIDE_INPUTS; i++)
		c.input[INPUT_STORE + i] = c.input[INPUT_MAKE + i];
	break_even_of(&c, MEASURE_CARBON, &b);
	assert_int_equal(b.nominal.kind, CROSSING_EQUAL);
	assert_true(b.bounds.low_s == 0 && b.bounds.high_s == 0);
}

/* ---- the model's own bytes, and time ---- */

/* 4 MB of model against a dictionary of 1 MiB, 0.98 against 1.44 bits a byte:
 * 2951424 / 0.0575 bytes; against one of 4 MB and of 5 MB the model always pays. */
static void a_model_pays_from_some_catalogue_on(void **state)
{
	(void)state;
	struct catalogue k = {4e6, 1048576, 0.98 / 8, 1.44 / 8, 0};
	struct catalogue_crossing x = catalogue_crossing_of(&k);
	assert_int_equal(x.kind, CROSSING_INTERVAL);
	is_near(x.content_bytes, 51329113, 1e-6);
	k.training_bytes = 1e6;
	is_near(catalogue_crossing_of(&k).content_bytes, 3951424 / 0.0575, 1e-6);
	k.training_bytes = 0;
	k.dictionary_bytes = 4e6;
	assert_int_equal(catalogue_crossing_of(&k).kind, CROSSING_ALWAYS_MAKE);
	k.dictionary_bytes = 5e6;
	assert_int_equal(catalogue_crossing_of(&k).kind, CROSSING_ALWAYS_MAKE);
	k.store_ratio = 0.9 / 8;
	x = catalogue_crossing_of(&k); /* a smaller model that stores more: up to some size */
	assert_int_equal(x.kind, CROSSING_REVERSED);
	is_near(x.content_bytes, 1e6 / 0.01, 1e-6);
	k.dictionary_bytes = 3e6;
	assert_int_equal(catalogue_crossing_of(&k).kind, CROSSING_ALWAYS_STORE);
}

/* 1.2 W/TB over 5 years of 157788000 s: 189.3456 J for each MB, 2 copies twice. */
static void training_is_counted_as_bytes_kept(void **state)
{
	(void)state;
	struct comparison c = example();
	is_near(training_as_bytes(&c, 189.3456), 1e6, 1e-9);
	c.input[INPUT_REPLICAS] = exactly(2);
	is_near(training_as_bytes(&c, 189.3456), 5e5, 1e-9);
	assert_true(training_as_bytes(&c, 0) == 0);
	c.input[INPUT_SSD_WATTS_PER_TB] = exactly(0);
	assert_true(training_as_bytes(&c, 0) == 0);
	assert_true(isinf(training_as_bytes(&c, 1)));
}

/* 100 us to read; 1 MB/s: 100 bytes. */
static void small_contents_are_made_faster(void **state)
{
	(void)state;
	is_near(size_made_faster_bytes(100e-6, 1e6), 100, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gray_and_putzolu_1987),
		cmocka_unit_test(gray_and_graefe_1997),
		cmocka_unit_test(graefe_2007_table_3),
		cmocka_unit_test(adams_2009),
		cmocka_unit_test(every_sign_has_its_kind),
		cmocka_unit_test(crossing_is_where_costs_are_equal),
		cmocka_unit_test(worked_example_has_its_days),
		cmocka_unit_test(sides_cost_what_is_calculated_by_hand),
		cmocka_unit_test(halving_a_constant_changes_what_it_should),
		cmocka_unit_test(interval_hardly_depends_on_the_size),
		cmocka_unit_test(measured_energy_takes_the_place_of_the_model),
		cmocka_unit_test(sensitivity_is_sorted_by_swing),
		cmocka_unit_test(equal_swings_are_sorted_by_name),
		cmocka_unit_test(inputs_have_names_and_units),
		cmocka_unit_test(independent_moves_add_as_squares),
		cmocka_unit_test(likely_interval_is_that_of_chance),
		cmocka_unit_test(bounds_hold_the_likely_interval),
		cmocka_unit_test(a_move_may_end_at_0_or_never),
		cmocka_unit_test(bounds_find_what_only_two_moves_reach),
		cmocka_unit_test(a_reversed_rule_has_its_ranges_too),
		cmocka_unit_test(identical_sides_are_equal),
		cmocka_unit_test(a_model_pays_from_some_catalogue_on),
		cmocka_unit_test(training_is_counted_as_bytes_kept),
		cmocka_unit_test(small_contents_are_made_faster),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
