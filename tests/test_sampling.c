/* Temperature and top-p, in integers. */
#include "tests/test.h"

#include "engines/generate/rnn/kernel_steps.h"
#include "engines/generate/rnn/sampling.h"
#include "workloads/prng.h"

#define ALL 65536u

static struct generator_sampling how(uint32_t temperature, uint32_t top_p)
{
	return (struct generator_sampling){temperature, top_p};
}

/* Frequencies of a softmax of random logits, as wide as `key` says. */
static void make_frequencies(uint32_t *out, unsigned count, uint64_t key)
{
	int32_t logits[1024];
	for (unsigned i = 0; i < count; i++)
		logits[i] = (int32_t)prng_below(prng_at(key, i), 1024 * (1 + key % 12));
	kernel_steps_portable.frequencies(out, logits, count);
}

static uint32_t sum_of(const uint32_t *f, unsigned count)
{
	uint32_t sum = 0;
	for (unsigned i = 0; i < count; i++)
		sum += f[i];
	return sum;
}

/* ---- top-p ---- */

/* Those kept are the largest, no more of them than needed. */
static void assert_kept_right(const uint32_t *before, const uint32_t *after, unsigned count,
			      uint32_t top_p)
{
	uint32_t kept = 0, least_kept = ALL + 1, most_cut = 0;
	for (unsigned i = 0; i < count; i++)
		if (after[i] > 0) {
			kept += before[i];
			least_kept = before[i] < least_kept ? before[i] : least_kept;
		} else if (before[i] > most_cut) {
			most_cut = before[i];
		}
	assert_true(least_kept >= most_cut);
	assert_true((uint64_t)kept * 100 >= (uint64_t)ALL * top_p);
	assert_true((uint64_t)(kept - least_kept) * 100 < (uint64_t)ALL * top_p);
	for (unsigned i = 0; i < count; i++) /* in proportion, but for the largest */
		if (after[i] > 0)
			assert_true(after[i] >= (uint64_t)before[i] * ALL / kept);
}

static void the_largest_are_kept(void **state)
{
	(void)state;
	static const unsigned counts[] = {1, 2, 8, 64, 128, 1024};
	for (uint64_t key = 0; key < 120; key++) {
		uint32_t before[1024], after[1024];
		unsigned count = counts[key % 6];
		uint32_t top_p = 1 + (uint32_t)(key * 17 % 100);
		struct generator_sampling s = how(100, top_p);
		make_frequencies(before, count, key);
		memcpy(after, before, sizeof after);
		sampling_cut(after, count, &s);
		assert_int_equal(sum_of(after, count), ALL);
		if (top_p == 100)
			assert_memory_equal(before, after, count * sizeof *after);
		else
			assert_kept_right(before, after, count, top_p);
	}
}

static void of_equals_the_first_are_kept(void **state)
{
	(void)state;
	struct generator_sampling half = how(100, 50), little = how(100, 1);
	uint32_t f[4] = {ALL / 4, ALL / 4, ALL / 4, ALL / 4};
	sampling_cut(f, 4, &half);
	assert_memory_equal(f, ((uint32_t[]){ALL / 2, ALL / 2, 0, 0}), sizeof f);
	uint32_t g[4] = {1, 30000, 30000, 5535};
	sampling_cut(g, 4, &little);
	assert_memory_equal(g, ((uint32_t[]){0, ALL, 0, 0}), sizeof g);
}

/* What rounding leaves goes to the largest. */
static void the_rest_goes_to_the_largest(void **state)
{
	(void)state;
	struct generator_sampling s = how(100, 90);
	uint32_t f[4] = {20000, 5536, 20000, 20000};
	sampling_cut(f, 4, &s);
	assert_memory_equal(f, ((uint32_t[]){21846, 0, 21845, 21845}), sizeof f);
}

static void a_choice_of_two_is_cut_likewise(void **state)
{
	(void)state;
	struct generator_sampling all = how(100, 100), most = how(100, 90), little = how(100, 1);
	for (uint32_t p = 16; p <= 65520; p += 13) {
		assert_int_equal(sampling_cut_hit(p, &all), p);
		assert_int_equal(sampling_cut_hit(p, &little), p >= ALL / 2 ? ALL : 0);
		uint32_t cut = sampling_cut_hit(p, &most);
		uint32_t larger = p >= ALL - p ? p : ALL - p;
		if (larger * 100ull >= ALL * 90ull)
			assert_int_equal(cut, p >= ALL / 2 ? ALL : 0);
		else
			assert_int_equal(cut, p);
	}
}

/* ---- temperature ---- */

static void the_models_own_temperature_changes_nothing(void **state)
{
	(void)state;
	struct generator_sampling own = how(100, 100);
	int32_t logits[] = {0, 1, -1, 12345, INT32_C(1) << 29, -(INT32_C(1) << 29)};
	int32_t before[sizeof logits / sizeof *logits];
	memcpy(before, logits, sizeof logits);
	sampling_temper(logits, sizeof logits / sizeof *logits, &own);
	assert_memory_equal(logits, before, sizeof logits);
}

static void logits_are_divided(void **state)
{
	(void)state;
	static const uint32_t temperatures[] = {1, 7, 50, 80, 99, 101, 150, 333, 1000};
	for (size_t t = 0; t < sizeof temperatures / sizeof *temperatures; t++)
		for (unsigned i = 0; i < 200; i++) {
			int32_t x = (int32_t)prng_below(prng_at(t, i), 200001) - 100000, got = x;
			struct generator_sampling s = how(temperatures[t], 100);
			double wanted = x * 100.0 / temperatures[t];
			sampling_temper(&got, 1, &s);
			/* rounded down, with the factor rounded down to 2^-16 */
			assert_true(got >= wanted - 1 - 100000 * 0x1p-16 && got <= wanted + 2);
		}
}

static void extreme_logits_stay_within_bounds(void **state)
{
	(void)state;
	static const int32_t extremes[] = {(1 << 30) - 1, -(1 << 30) + 1, 1 << 29, -(1 << 29)};
	for (uint32_t t = 1; t <= 1000; t += t < 101 ? 1 : 37)
		for (unsigned i = 0; i < 4; i++) {
			int32_t x = extremes[i];
			struct generator_sampling s = how(t, 100);
			sampling_temper(&x, 1, &s);
			if (t != 100)
				assert_in_range(x + (INT64_C(1) << 29), 0, INT64_C(1) << 30);
			assert_int_equal(x < 0, extremes[i] < 0);
		}
}

static void tempering_keeps_the_order(void **state)
{
	(void)state;
	for (uint32_t t = 1; t <= 1000; t += 37) {
		struct generator_sampling s = how(t, 100);
		int32_t logits[300];
		for (int i = 0; i < 300; i++)
			logits[i] = (i - 150) * (i - 150) * (i - 150) * 40;
		sampling_temper(logits, 300, &s);
		for (int i = 1; i < 300; i++)
			assert_true(logits[i] >= logits[i - 1]);
	}
}

/* Cold: the largest takes more; hot: less. */
static void temperature_sharpens_and_flattens(void **state)
{
	(void)state;
	uint32_t last = ALL + 1;
	for (uint32_t t = 10; t <= 1000; t += 90) {
		struct generator_sampling s = how(t, 100);
		int32_t logits[64];
		uint32_t f[64];
		for (int i = 0; i < 64; i++)
			logits[i] = i * 80;
		sampling_temper(logits, 64, &s);
		kernel_steps_portable.frequencies(f, logits, 64);
		assert_true(f[63] < last);
		last = f[63];
	}
	assert_true(last < 2 * ALL / 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_are_kept),
		cmocka_unit_test(of_equals_the_first_are_kept),
		cmocka_unit_test(the_rest_goes_to_the_largest),
		cmocka_unit_test(a_choice_of_two_is_cut_likewise),
		cmocka_unit_test(the_models_own_temperature_changes_nothing),
		cmocka_unit_test(logits_are_divided),
		cmocka_unit_test(extreme_logits_stay_within_bounds),
		cmocka_unit_test(tempering_keeps_the_order),
		cmocka_unit_test(temperature_sharpens_and_flattens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
