/* Noise: the same bytes everywhere, random where it must be, zero elsewhere. */
#include "tests/test.h"

#include <xxhash.h>

#include "workloads/noise.h"

static void golden_digest(void **state)
{
	(void)state;
	uint8_t out[5000];
	noise_fill(1, 2, 0, out, sizeof out);
	assert_true(XXH3_64bits(out, sizeof out) == UINT64_C(0x5e87733be56946e1));
	noise_fill(1, 2, 30, out, sizeof out);
	assert_true(XXH3_64bits(out, sizeof out) == UINT64_C(0x096dc47c6f71d187));
}

static void bytes_do_not_depend_on_alignment(void **state)
{
	(void)state;
	uint8_t want[1500], out[1500 + 16];
	for (uint32_t percentage = 0; percentage <= 100; percentage += 25) {
		noise_fill(9, 0, percentage, want, sizeof want);
		for (size_t shift = 0; shift < 16; shift++) {
			memset(out, 0xa5, sizeof out);
			noise_fill(9, 0, percentage, out + shift, sizeof want);
			assert_memory_equal(out + shift, want, sizeof want);
			for (size_t i = 0; i < 16; i++) /* nothing around it is touched */
				assert_int_equal(out[i < shift ? i : i + sizeof want], 0xa5);
		}
	}
}

static void every_length_is_filled_to_the_byte(void **state)
{
	(void)state;
	uint8_t whole[600], out[601];
	noise_fill(3, 0, 0, whole, sizeof whole);
	for (size_t nbytes = 0; nbytes <= 600; nbytes++) {
		memset(out, 0xa5, sizeof out);
		noise_fill(3, 0, 0, out, nbytes);
		assert_memory_equal(out, whole, nbytes);
		assert_int_equal(out[nbytes], 0xa5);
	}
	noise_fill(3, 0, 50, NULL, 0);
	noise_fill(3, 0, 0, NULL, 0);
}

static void the_percentage_of_each_block_is_zero(void **state)
{
	(void)state;
	uint8_t out[512 * 8 + 100];
	for (uint32_t percentage = 0; percentage <= 100; percentage++) {
		memset(out, 0xa5, sizeof out);
		noise_fill(77, 1, percentage, out, sizeof out);
		for (size_t at = 0; at < sizeof out; at += 512) {
			size_t block = sizeof out - at < 512 ? sizeof out - at : 512;
			size_t random = block * (100 - percentage) / 100, zeros = 0;
			for (size_t i = random; i < block; i++)
				assert_int_equal(out[at + i], 0);
			for (size_t i = 0; i < random; i++)
				zeros += out[at + i] == 0;
			assert_true(zeros <= 12); /* of 512 random bytes, 2 are */
		}
	}
}

/* Chi-square of all byte values of 1 MiB: 255 degrees, 255 +- 22.6. */
static void bytes_are_uniform(void **state)
{
	(void)state;
	static uint8_t out[1 << 20];
	noise_fill(12345, 0, 0, out, sizeof out);
	double count[256] = {0}, chi2 = 0, expected = sizeof out / 256.0;
	for (size_t i = 0; i < sizeof out; i++)
		count[out[i]]++;
	for (unsigned v = 0; v < 256; v++)
		chi2 += (count[v] - expected) * (count[v] - expected) / expected;
	assert_true(chi2 > 255 - 4 * 22.6 && chi2 < 255 + 4 * 22.6);
}

static void contents_and_contexts_differ(void **state)
{
	(void)state;
	static const struct {
		uint64_t content;
		uint32_t context;
	} names[] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}, {UINT64_C(1) << 32, 0}, {2, 0}, {0, 2}};
	enum { N = sizeof names / sizeof names[0] };
	uint8_t out[N][64];
	for (unsigned i = 0; i < N; i++) {
		noise_fill(names[i].content, names[i].context, 0, out[i], 64);
		for (unsigned j = 0; j < i; j++)
			for (unsigned at = 0; at < 64; at += 8)
				for (unsigned other = 0; other < 64; other += 8)
					assert_true(memcmp(out[i] + at, out[j] + other, 8) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_digest),
		cmocka_unit_test(bytes_do_not_depend_on_alignment),
		cmocka_unit_test(every_length_is_filled_to_the_byte),
		cmocka_unit_test(the_percentage_of_each_block_is_zero),
		cmocka_unit_test(bytes_are_uniform),
		cmocka_unit_test(contents_and_contexts_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
