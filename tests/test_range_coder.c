/* The range coder: what is coded is decoded, at the cost that theory says. */
#include "tests/test.h"

#include <math.h>

#include "engines/generate/range_coder.h"
#include "workloads/prng.h"

#define BITS 200000u

/* A sequence of bits and probabilities; bits follow the probabilities. */
static uint32_t p1_of(uint64_t key, unsigned i)
{
	static const uint32_t extremes[4] = {1, 65535, 32768, 2};
	uint64_t r = prng_at(key, i);
	return key % 2 ? extremes[r % 4] : (uint32_t)prng_below(r, 65535) + 1;
}

static unsigned bit_of(uint64_t key, unsigned i)
{
	return prng_at(key ^ 0xb17, i) % 65536 < p1_of(key, i);
}

static size_t encode_bits(uint8_t *code, size_t capacity, uint64_t key, unsigned bits)
{
	struct range_encoder rc;
	range_encoder_init(&rc, code, capacity);
	for (unsigned i = 0; i < bits; i++)
		range_encode(&rc, bit_of(key, i), p1_of(key, i));
	size_t nbytes = range_encoder_finish(&rc);
	assert_int_equal(rc.overflow, 0);
	return nbytes;
}

static bool decodes(const uint8_t *code, size_t nbytes, uint64_t key, unsigned bits)
{
	struct range_decoder rc;
	range_decoder_init(&rc, code, nbytes);
	for (unsigned i = 0; i < bits; i++)
		if (range_decode(&rc, p1_of(key, i)) != bit_of(key, i))
			return false;
	return true;
}

static void what_is_coded_is_decoded(void **state)
{
	(void)state;
	static uint8_t code[BITS];
	for (uint64_t key = 0; key < 6; key++) {
		size_t nbytes = encode_bits(code, sizeof code, key, BITS);
		assert_true(decodes(code, nbytes, key, BITS));
	}
}

static void code_length_is_the_information(void **state)
{
	(void)state;
	static uint8_t code[BITS];
	for (uint64_t key = 0; key < 6; key++) {
		double information = 0;
		for (unsigned i = 0; i < BITS; i++) {
			double p = p1_of(key, i) / 65536.0;
			information -= log2(bit_of(key, i) ? p : 1 - p);
		}
		double coded = 8.0 * (double)encode_bits(code, sizeof code, key, BITS);
		assert_true(coded >= information - 8);
		assert_true(coded <= information * 1.0001 + 16);
	}
}

/* No shorter code decodes right: for few bits every shorter one is tried. */
static void code_is_the_shortest(void **state)
{
	(void)state;
	uint8_t code[64], other[2];
	for (uint64_t key = 0; key < 200; key += 2) {
		unsigned bits = 1 + (unsigned)key % 12;
		size_t nbytes = encode_bits(code, sizeof code, key, bits);
		assert_true(decodes(code, nbytes, key, bits));
		assert_true(nbytes == 0 || code[nbytes - 1] != 0);
		if (nbytes > 0)
			assert_false(decodes(code, 0, key, bits));
		for (unsigned v = 0; nbytes == 2 && v < 256; v++) {
			other[0] = (uint8_t)v;
			assert_false(decodes(other, 1, key, bits));
		}
	}
}

static void nothing_coded_is_nothing(void **state)
{
	(void)state;
	uint8_t byte;
	struct range_encoder rc;
	range_encoder_init(&rc, &byte, 0);
	assert_int_equal(range_encoder_finish(&rc), 0);
	assert_int_equal(rc.overflow, 0);
}

/* All likely bits, then an unlikely 0: a long run of 0xff carries. */
static void carries_go_through_runs_of_ff(void **state)
{
	(void)state;
	uint8_t code[64];
	for (unsigned ones = 0; ones < 40; ones++) {
		struct range_encoder rc;
		range_encoder_init(&rc, code, sizeof code);
		for (unsigned i = 0; i < ones; i++)
			range_encode(&rc, 0, 1 + i * 977 % 3);
		for (unsigned i = 0; i < 24; i++)
			range_encode(&rc, 0, 65535 - i % 2);
		size_t nbytes = range_encoder_finish(&rc);
		struct range_decoder rd;
		range_decoder_init(&rd, code, nbytes);
		for (unsigned i = 0; i < ones; i++)
			assert_int_equal(range_decode(&rd, 1 + i * 977 % 3), 0);
		for (unsigned i = 0; i < 24; i++)
			assert_int_equal(range_decode(&rd, 65535 - i % 2), 0);
	}
}

static void too_small_a_buffer_is_told(void **state)
{
	(void)state;
	static uint8_t code[BITS];
	size_t nbytes = encode_bits(code, sizeof code, 0, 1000);
	for (size_t capacity = 0; capacity < nbytes; capacity++) {
		uint8_t *exact = malloc(capacity + 1);
		exact[capacity] = 0xa5;
		struct range_encoder rc;
		range_encoder_init(&rc, exact, capacity);
		for (unsigned i = 0; i < 1000; i++)
			range_encode(&rc, bit_of(0, i), p1_of(0, i));
		range_encoder_finish(&rc);
		assert_int_equal(rc.overflow, 1);
		assert_int_equal(exact[capacity], 0xa5);
		free(exact);
	}
}

/* Any bytes decode to some bits, and those bits code to the bytes again. */
static void any_bits_decode_and_come_back(void **state)
{
	(void)state;
	static uint8_t code[BITS];
	for (uint64_t key = 0; key < 20; key++) {
		struct range_decoder rd;
		struct range_encoder rc;
		range_decoder_init_random(&rd, key);
		range_encoder_init(&rc, code, sizeof code);
		for (unsigned i = 0; i < 20000; i++) {
			uint32_t p1 = p1_of(key, i);
			range_encode(&rc, range_decode(&rd, p1), p1);
		}
		size_t nbytes = range_encoder_finish(&rc);
		assert_true(nbytes > 100);
		for (size_t i = 0; i + 4 < nbytes; i++)
			assert_int_equal(code[i], (uint8_t)(prng_at(key, i / 8) >> (8 * (i % 8))));
	}
}

/* The extreme codes belong to some bits, too. */
static void all_ones_are_a_code(void **state)
{
	(void)state;
	uint8_t ones[40], code[64];
	memset(ones, 0xff, sizeof ones);
	struct range_decoder rd;
	struct range_encoder rc;
	range_decoder_init(&rd, ones, sizeof ones);
	range_encoder_init(&rc, code, sizeof code);
	for (unsigned i = 0; i < 200; i++) {
		uint32_t p1 = p1_of(0, i);
		range_encode(&rc, range_decode(&rd, p1), p1);
	}
	size_t nbytes = range_encoder_finish(&rc);
	assert_true(nbytes > 10);
	assert_memory_equal(code, ones, nbytes - 2);
}

static void random_bits_follow_their_probability(void **state)
{
	(void)state;
	static const uint32_t p1s[3] = {655, 20000, 60000};
	for (unsigned k = 0; k < 3; k++) {
		struct range_decoder rd;
		range_decoder_init_random(&rd, k);
		double ones = 0, p = p1s[k] / 65536.0;
		for (unsigned i = 0; i < BITS; i++)
			ones += range_decode(&rd, p1s[k]);
		assert_true(fabs(ones - BITS * p) < 5 * sqrt(BITS * p * (1 - p)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_coded_is_decoded),
		cmocka_unit_test(code_length_is_the_information),
		cmocka_unit_test(code_is_the_shortest),
		cmocka_unit_test(nothing_coded_is_nothing),
		cmocka_unit_test(carries_go_through_runs_of_ff),
		cmocka_unit_test(too_small_a_buffer_is_told),
		cmocka_unit_test(any_bits_decode_and_come_back),
		cmocka_unit_test(all_ones_are_a_code),
		cmocka_unit_test(random_bits_follow_their_probability),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
