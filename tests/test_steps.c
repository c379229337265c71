/* What is done between the matrix products: every table computes the same, and
 * what shape.h says. */
#include "tests/test.h"

#include <math.h>

#include "engines/generate/rnn/kernel.h"
#include "engines/generate/rnn/kernel_steps.h"
#include "workloads/prng.h"

#define WIDTH_MAX 1024u
#define RESIDUAL_MAX (1 << 24) /* what norm takes */
#define LOGIT_MAX ((1 << 30) - 1)

static const struct kernel_steps *const portable = &kernel_steps_portable;

/* Widths that vectors divide, and some that they do not. */
static const unsigned widths[] = {1, 2, 7, 15, 16, 17, 33, 64, 80, 96, 191, 336, 1023, 1024};
#define WIDTHS (sizeof widths / sizeof *widths)

/* ---- inputs ---- */

/* Within -max..max: of all magnitudes, with some at the ends. */
static int32_t number(uint64_t key, uint64_t i, int32_t max)
{
	uint64_t r = prng_at(key, i);
	int64_t limit = r % 7 == 0 ? max : (max >> (r >> 8) % 31) | 1;
	limit = limit > max ? max : limit;
	if (r % 11 == 0)
		return r & 1 << 20 ? (int32_t)limit : (int32_t)-limit;
	return (int32_t)((int64_t)prng_below(prng_mix(r), (uint64_t)(2 * limit + 1)) - limit);
}

static void fill(int32_t *out, size_t count, uint64_t key, int32_t max)
{
	for (size_t i = 0; i < count; i++)
		out[i] = number(key, i, max);
}

/* ---- every table as the portable one ---- */

/* Runs `check` with each other table that this CPU can run; skips without one. */
static void with_each_table(void (*check)(const struct kernel_steps *steps))
{
	unsigned count, checked = 0;
	const struct kernel *const *kernels = kernel_list(&count);
	for (unsigned i = 0; i < count; i++)
		if (kernels[i]->supported() && kernels[i]->steps != portable) {
			check(kernels[i]->steps);
			checked++;
		}
	if (checked == 0)
		skip();
}

/* The largest sums of the largest matrices: (acc - less) x multiplier < 2^31. */
static void check_scale(const struct kernel_steps *steps)
{
	static int32_t acc[WIDTH_MAX], less[WIDTH_MAX], multiplier[WIDTH_MAX], add[WIDTH_MAX];
	static int32_t want[WIDTH_MAX], got[WIDTH_MAX];
	for (unsigned k = 0; k < 4 * WIDTHS; k++) {
		unsigned n = widths[k % WIDTHS], shift = 2 + k * 5 % 23;
		fill(acc, n, k, 128 * 63 * 1024);
		fill(add, n, k + 1000, 1 << 24);
		for (unsigned i = 0; i < n; i++) {
			less[i] = 128 * number(k + 2000, i, 63 * 1024 / 2);
			acc[i] = number(k, i, 128 * 63 * 1024) + less[i];
			multiplier[i] = (int32_t)(prng_at(k, i) % 5 ? prng_at(k, i) % 256 : 255);
		}
		portable->scale(want, acc, less, multiplier, shift, add, n);
		steps->scale(got, acc, less, multiplier, shift, add, n);
		assert_memory_equal(want, got, n * sizeof *got);
		fill(want, n, k + 3000, RESIDUAL_MAX);
		memcpy(got, want, sizeof got);
		portable->accumulate(want, acc, less, multiplier, shift, n);
		steps->accumulate(got, acc, less, multiplier, shift, n);
		assert_memory_equal(want, got, n * sizeof *got);
	}
}

static void check_norm(const struct kernel_steps *steps)
{
	static int32_t r[WIDTH_MAX];
	static uint8_t want[WIDTH_MAX], got[WIDTH_MAX];
	for (unsigned k = 0; k < 26 * WIDTHS; k++) {
		unsigned n = widths[k % WIDTHS];
		fill(r, n, k, RESIDUAL_MAX >> k / WIDTHS);
		portable->norm(want, r, n);
		steps->norm(got, r, n);
		assert_memory_equal(want, got, n);
	}
}

static void check_cell(const struct kernel_steps *steps)
{
	static int32_t v[3 * WIDTH_MAX], h[WIDTH_MAX], h2[WIDTH_MAX];
	static uint8_t want[WIDTH_MAX], got[WIDTH_MAX];
	for (unsigned k = 0; k < WIDTHS; k++) {
		unsigned n = widths[k];
		fill(h, n, k, 4 << 14);
		memcpy(h2, h, sizeof h);
		for (unsigned step = 0; step < 20; step++) {
			fill(v, (size_t)3 * n, k * 100 + step, step % 2 ? 5000 : LOGIT_MAX);
			portable->cell(h, want, v, n);
			steps->cell(h2, got, v, n);
			assert_memory_equal(h, h2, n * sizeof *h);
			assert_memory_equal(want, got, n);
		}
	}
}

static void check_activations(const struct kernel_steps *steps)
{
	static int32_t x[WIDTH_MAX];
	static uint8_t want[WIDTH_MAX], got[WIDTH_MAX];
	for (unsigned k = 0; k < 4 * WIDTHS; k++) {
		unsigned n = widths[k % WIDTHS];
		fill(x, n, k, k % 2 ? 8192 : INT32_MAX);
		portable->square(want, x, n);
		steps->square(got, x, n);
		assert_memory_equal(want, got, n);
		portable->round(want, x, n);
		steps->round(got, x, n);
		assert_memory_equal(want, got, n);
	}
}

static void check_frequencies(const struct kernel_steps *steps)
{
	static int32_t logits[WIDTH_MAX];
	static uint32_t want[WIDTH_MAX], got[WIDTH_MAX];
	for (unsigned k = 0; k < 31 * WIDTHS; k++) {
		unsigned n = widths[k % WIDTHS];
		fill(logits, n, k, LOGIT_MAX >> k / WIDTHS);
		portable->frequencies(want, logits, n);
		steps->frequencies(got, logits, n);
		assert_memory_equal(want, got, n * sizeof *got);
	}
}

static void check_logistic(const struct kernel_steps *steps)
{
	for (int32_t x = -40000; x <= 40000; x += 3)
		assert_int_equal(portable->logistic(x), steps->logistic(x));
	assert_int_equal(portable->logistic(INT32_MIN), steps->logistic(INT32_MIN));
	assert_int_equal(portable->logistic(INT32_MAX), steps->logistic(INT32_MAX));
}

static void scales_are_the_same(void **state)
{
	(void)state;
	with_each_table(check_scale);
}

static void norms_are_the_same(void **state)
{
	(void)state;
	with_each_table(check_norm);
}

static void cells_are_the_same(void **state)
{
	(void)state;
	with_each_table(check_cell);
}

static void activations_are_the_same(void **state)
{
	(void)state;
	with_each_table(check_activations);
}

static void frequencies_are_the_same(void **state)
{
	(void)state;
	with_each_table(check_frequencies);
}

static void logistics_are_the_same(void **state)
{
	(void)state;
	with_each_table(check_logistic);
}

/* ---- the portable table against what is defined ---- */

static double within(double x, double max)
{
	return x > max ? max : x < -max ? -max : x;
}

static void scale_is_exact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		unsigned shift = 2 + i % 23;
		int32_t less = 128 * number(1, i, 63 * 512), add = number(3, i, 1 << 24), out;
		int32_t acc = less + number(2, i, 128 * 63 * 1024), r = add;
		int32_t multiplier = (int32_t)(prng_at(4, i) % 256);
		double wanted =
			add + floor((double)(acc - less) * multiplier * exp2(-(int)shift) + 0.5);
		portable->scale(&out, &acc, &less, &multiplier, shift, &add, 1);
		portable->accumulate(&r, &acc, &less, &multiplier, shift, 1);
		assert_true(out == wanted);
		assert_true(r == within(wanted, RESIDUAL_MAX));
	}
}

/* To the nearest of 8 bits, but for one unit. */
static void norm_is_within_a_unit(void **state)
{
	(void)state;
	static int32_t r[WIDTH_MAX];
	static uint8_t out[WIDTH_MAX];
	for (unsigned k = 0; k < 25 * WIDTHS; k++) {
		unsigned n = widths[k % WIDTHS];
		double square = 0;
		fill(r, n, k, RESIDUAL_MAX >> k / WIDTHS);
		portable->norm(out, r, n);
		for (unsigned i = 0; i < n; i++)
			square += r[i] / 1024.0 * (r[i] / 1024.0) / n;
		for (unsigned i = 0; i < n; i++) {
			double q = within(32 * (r[i] / 1024.0) / sqrt(square + 1.0 / 64), 127);
			assert_true(fabs(out[i] - 128 - q) <= 1);
		}
	}
}

static double gate(double x)
{
	return x < 0 ? 1 - gate(-x) : 1 - (1 - x / 4) * (1 - x / 4) / 2;
}

static void cells_follow_their_definition(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		int32_t v[3], h = number(5, i, 4 << 14);
		uint8_t out;
		double before = h / 16384.0;
		fill(v, 3, 100 + i, i % 2 ? 5000 : LOGIT_MAX);
		double z = within(v[0] / 1024.0, 4), c = within(v[1] / 1024.0, 4);
		double g = within(v[2] / 1024.0, 4), now = before + gate(z) * (c - before);
		portable->cell(&h, &out, v, 1);
		assert_true(fabs(h / 16384.0 - now) < 0.002);
		assert_true(h >= -(4 << 14) && h <= 4 << 14);
		assert_true(fabs(out - 128 - within(16 * now * g * gate(g), 127)) <= 1);
	}
}

static void activations_follow_their_definition(void **state)
{
	(void)state;
	for (int32_t x = -20000; x <= 20000; x++) {
		uint8_t square, rounded;
		double a = x < 0 ? 0 : x / 1024.0;
		portable->square(&square, &x, 1);
		portable->round(&rounded, &x, 1);
		assert_int_equal(square, (int)within(floor(16 * a * a + 0.5), 255));
		assert_int_equal(rounded - 128, (int)within(floor(x / 32.0 + 0.5), 127));
	}
}

static void assert_whole(const int32_t *logits, unsigned count)
{
	static uint32_t f[WIDTH_MAX];
	uint64_t sum = 0;
	unsigned most = 0;
	portable->frequencies(f, logits, count);
	for (unsigned i = 0; i < count; i++) {
		assert_in_range(f[i], 1, 65536);
		sum += f[i];
		most = f[i] > f[most] ? i : most;
	}
	assert_int_equal(sum, 65536);
	for (unsigned i = 0; i < count; i++) /* the largest is that of the largest logit */
		assert_true(logits[i] <= logits[most]);
}

static void frequencies_are_a_whole(void **state)
{
	(void)state;
	static int32_t logits[WIDTH_MAX];
	for (unsigned k = 0; k < 31 * WIDTHS; k++) {
		unsigned n = widths[k % WIDTHS];
		fill(logits, n, k, LOGIT_MAX >> k / WIDTHS);
		assert_whole(logits, n);
	}
	for (unsigned n = 1; n <= WIDTH_MAX; n += 1 + n / 3) {
		for (unsigned i = 0; i < n; i++)
			logits[i] = -LOGIT_MAX;
		assert_whole(logits, n);
		logits[n / 2] = LOGIT_MAX;
		assert_whole(logits, n);
	}
}

static void frequencies_are_a_softmax(void **state)
{
	(void)state;
	int32_t logits[64];
	uint32_t f[64];
	for (unsigned k = 0; k < 200; k++) {
		double sum = 0;
		for (unsigned i = 0; i < 64; i++) {
			logits[i] = (int32_t)prng_below(prng_at(k, i), 8 * 1024);
			sum += exp2(logits[i] / 1024.0);
		}
		portable->frequencies(f, logits, 64);
		for (unsigned i = 0; i < 64; i++) {
			double p = exp2(logits[i] / 1024.0) / sum;
			assert_true(fabs(f[i] / 65536.0 - p) < p * 0.008 + 40.0 / 65536);
		}
	}
}

static void logistic_is_one(void **state)
{
	(void)state;
	uint32_t last = 0;
	for (int32_t x = -40000; x <= 40000; x++) {
		uint32_t p = portable->logistic(x);
		double wanted = 65536 / (1 + exp2(-x / 1024.0));
		assert_true(p >= last); /* monotone */
		assert_in_range(p, 16, 65520);
		assert_int_equal(p + portable->logistic(-x), 65536);
		assert_true(fabs(p - wanted) < 80);
		last = p;
	}
	assert_int_equal(portable->logistic(INT32_MAX), 65520);
	assert_int_equal(portable->logistic(INT32_MIN), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scales_are_the_same),
		cmocka_unit_test(norms_are_the_same),
		cmocka_unit_test(cells_are_the_same),
		cmocka_unit_test(activations_are_the_same),
		cmocka_unit_test(frequencies_are_the_same),
		cmocka_unit_test(logistics_are_the_same),
		cmocka_unit_test(scale_is_exact),
		cmocka_unit_test(norm_is_within_a_unit),
		cmocka_unit_test(cells_follow_their_definition),
		cmocka_unit_test(activations_follow_their_definition),
		cmocka_unit_test(frequencies_are_a_whole),
		cmocka_unit_test(frequencies_are_a_softmax),
		cmocka_unit_test(logistic_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
