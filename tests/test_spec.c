/* Spec records: what is written is parsed, what is wrong is refused. */
#include "tests/test.h"

#include "engines/generate/spec.h"

static const uint64_t SIZES[] = {0, 1, 127, 128, 16383, 16384, 1u << 26, UINT32_MAX, UINT64_MAX};
#define SIZE_COUNT (sizeof SIZES / sizeof SIZES[0])

static void header_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIZE_COUNT; i++) {
		uint8_t record[SPEC_HEADER_NBYTES_MAX + 3];
		size_t n = spec_write_header(record, false, SIZES[i]);
		assert_in_range(n, 2, SPEC_HEADER_NBYTES_MAX);
		struct spec spec;
		assert_int_equal(spec_parse(&spec, record, n + 3, UINT64_MAX), 0);
		assert_false(spec.raw);
		assert_true(spec.content_nbytes == SIZES[i]);
		assert_ptr_equal(spec.code, record + n);
		assert_int_equal(spec.code_nbytes, 3);
	}
}

static void header_is_as_short_as_leb128(void **state)
{
	(void)state;
	static const size_t lengths[SIZE_COUNT] = {2, 2, 2, 3, 3, 4, 5, 6, 11};
	uint8_t header[SPEC_HEADER_NBYTES_MAX];
	for (unsigned i = 0; i < SIZE_COUNT; i++)
		assert_int_equal(spec_write_header(header, true, SIZES[i]), lengths[i]);
}

static void raw_needs_all_its_bytes(void **state)
{
	(void)state;
	uint8_t record[SPEC_HEADER_NBYTES_MAX + 8] = {0};
	struct spec spec;
	size_t n = spec_write_header(record, true, 5);
	assert_int_equal(spec_parse(&spec, record, n + 5, 100), 0);
	assert_true(spec.raw);
	assert_int_equal(spec_parse(&spec, record, n + 4, 100), -EBADMSG);
	assert_int_equal(spec_parse(&spec, record, n + 6, 100), -EBADMSG);
}

static void too_large_a_content_is_refused(void **state)
{
	(void)state;
	uint8_t record[SPEC_HEADER_NBYTES_MAX];
	struct spec spec;
	size_t n = spec_write_header(record, false, 1000);
	assert_int_equal(spec_parse(&spec, record, n, 1000), 0);
	assert_int_equal(spec_parse(&spec, record, n, 999), -EBADMSG);
}

static void what_is_no_record_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t nbytes;
	} bad[] = {
		{"", 0},
		{"\x01", 1},
		{"\x00\x05", 2},
		{"\x03\x05", 2},
		{"\xff\x05", 2},
		{"\x01\x80", 2},					  /* cut */
		{"\x01\x80\x00", 3},					  /* not the shortest */
		{"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11},	  /* over 64 bits */
		{"\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12}, /* no end */
	};
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct spec spec;
		assert_int_equal(
			spec_parse(&spec, (const uint8_t *)bad[i].bytes, bad[i].nbytes, UINT64_MAX),
			-EBADMSG);
	}
}

static void novel_keys_differ(void **state)
{
	(void)state;
	assert_true(spec_novel_key(1, 2) == spec_novel_key(1, 2));
	for (uint64_t a = 0; a < 40; a++)
		for (uint64_t b = 0; b < a; b++) {
			assert_true(spec_novel_key(a / 4, (uint32_t)a % 4) !=
				    spec_novel_key(b / 4, (uint32_t)b % 4));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_comes_back),
		cmocka_unit_test(header_is_as_short_as_leb128),
		cmocka_unit_test(raw_needs_all_its_bytes),
		cmocka_unit_test(too_large_a_content_is_refused),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(novel_keys_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
