/*
 * test_hlog.c: what gvr writes for HdrHistogram's tools, read by a decoder of
 * this file's own, written from the format. With HLOG_KEEP=DIR the files stay
 * there, beside what gvr's own histogram says of them (expected.txt), for
 * tests/interop/interop_hdr.sh.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "bench/hlog.h"
#include "tests/scratch.h"

#define LINES_MAX 32u
#define RAW_NBYTES_MAX (1u << 20)

static struct histogram h, decoded;
static char dir[] = "/tmp/gvr-test-hlog-XXXXXX", path[512];

/* ---- a decoder ---- */

static uint64_t big_endian(const uint8_t *p, unsigned nbytes)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < nbytes; i++)
		v = v << 8 | p[i];
	return v;
}

static unsigned base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	assert_true(c == '+' || c == '/');
	return c == '+' ? 62 : 63;
}

static size_t from_base64(uint8_t *out, const char *text)
{
	size_t chars = strlen(text), nbytes = 0;
	assert_int_equal(chars % 4, 0);
	while (chars > 0 && text[chars - 1] == '=')
		chars--;
	uint32_t bits = 0;
	for (size_t i = 0; i < chars; i++) {
		bits = bits << 6 | base64_digit(text[i]);
		if (i % 4 > 0)
			out[nbytes++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return nbytes;
}

static const uint8_t *varint(const uint8_t *p, int64_t *out)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < 9; i++) {
		uint8_t byte = *p++;
		bool more = i < 8 && byte >= 0x80;
		v |= (uint64_t)(more ? byte & 0x7f : byte) << (7 * i);
		if (!more)
			break;
	}
	*out = (int64_t)(v >> 1 ^ -(v & 1));
	return p;
}

/* Values by HdrHistogram's definition: element i of the counts array, at 2048
 * sub-buckets. */
static uint64_t value_of_index(uint32_t index)
{
	uint32_t bucket = index >> 10, sub_bucket = (index & 1023) + 1024;
	if (bucket == 0)
		return index;
	return (uint64_t)sub_bucket << (bucket - 1);
}

/* The histogram of a base64 text; returns the number of values in it. Of its
 * fields only counts and count are set. */
static uint64_t decode(struct histogram *out, const char *text)
{
	static uint8_t packed[RAW_NBYTES_MAX], raw[RAW_NBYTES_MAX];
	uLongf raw_nbytes = sizeof raw;

	size_t nbytes = from_base64(packed, text);
	assert_true(nbytes > 8);
	assert_int_equal(big_endian(packed, 4), 0x1c849314);
	assert_int_equal(big_endian(packed + 4, 4), nbytes - 8);
	assert_int_equal(uncompress(raw, &raw_nbytes, packed + 8, nbytes - 8), Z_OK);
	assert_int_equal(big_endian(raw, 4), 0x1c849313);
	assert_int_equal(big_endian(raw + 4, 4), raw_nbytes - 40);
	assert_int_equal(big_endian(raw + 8, 4), 0);
	assert_int_equal(big_endian(raw + 12, 4), 3);
	assert_int_equal(big_endian(raw + 16, 8), 1);
	assert_int_equal(big_endian(raw + 24, 8), UINT64_C(3600000000000));
	assert_true(big_endian(raw + 32, 8) == UINT64_C(0x3ff0000000000000)); /* 1.0 */
	memset(out, 0, sizeof *out);
	uint64_t index = 0;
	for (const uint8_t *p = raw + 40; p < raw + raw_nbytes;) {
		int64_t v;
		p = varint(p, &v);
		assert_true(p <= raw + raw_nbytes && index < HISTOGRAM_BUCKETS);
		if (v < 0) {
			index += (uint64_t)-v;
			continue;
		}
		out->counts[index++] = (uint64_t)v;
		out->count += (uint64_t)v;
	}
	return out->count;
}

/* ---- helpers ---- */

static char *read_text(const char *name)
{
	FILE *f = fopen(name, "rb");
	assert_non_null(f);
	char *text = calloc(1, RAW_NBYTES_MAX);
	assert_non_null(text);
	size_t nbytes = fread(text, 1, RAW_NBYTES_MAX - 1, f);
	assert_true(nbytes < RAW_NBYTES_MAX - 1);
	fclose(f);
	return text;
}

/* The last field of a log's last line: its histogram. The text is the caller's. */
static char *log_of(const struct histogram *of)
{
	struct hlog *l;
	struct error e;
	assert_int_equal(hlog_open(&l, 1, "t", &e), 0);
	assert_int_equal(hlog_add(l, "t", 0, 1, of, &e), 0);
	snprintf(path, sizeof path, "%s/one.hlog", dir);
	assert_int_equal(hlog_write(l, path, &e), 0);
	hlog_close(l);
	char *text = read_text(path), *base64 = strrchr(text, ',') + 1;
	assert_non_null(strchr(base64, '\n'));
	*strchr(base64, '\n') = '\0';
	memmove(text, base64, strlen(base64) + 1);
	return text;
}

static void assert_decodes(const struct histogram *of)
{
	char *text = log_of(of);
	decode(&decoded, text);
	assert_memory_equal(decoded.counts, of->counts, sizeof of->counts);
	free(text);
}

/* ---- tests ---- */

static void the_layout_is_hdr_histograms(void **state)
{
	(void)state;
	/* ceil(log2(3.6e12 / 2048)) + 1 buckets, and half a bucket more each */
	assert_int_equal(HISTOGRAM_BUCKETS, (32 + 1) * 1024);
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t low = value_of_index(i);
		uint64_t next =
			i + 1 < HISTOGRAM_BUCKETS ? value_of_index(i + 1) : UINT64_C(1) << 42;
		assert_int_equal(histogram_bucket(low), i);
		assert_int_equal(histogram_bucket(next - 1), i);
		assert_int_equal(histogram_bucket_low(i), low);
		assert_int_equal(histogram_bucket_high(i), next - 1);
	}
}

/* Cookies, the header and the counts 0 (x2047), 0x80 as -2047 then 1: worked
 * out by hand from the format. zlib's own bytes may differ between versions. */
static void known_bytes(void **state)
{
	(void)state;
	static const uint8_t want[] = {
		0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 3, 0, 0, 0,	0,    0,    0,	  0,
		3,    0,    0,	  0,	0, 0, 0, 0, 1, 0, 0,	0x03, 0x46, 0x30, 0xb8,
		0xa0, 0,    0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xfd, 0x1f, /* -2047 -> 4093 */
		0x02,						      /* 1 -> 2 */
	};
	uint8_t packed[256], raw[256];
	uLongf raw_nbytes = sizeof raw;

	histogram_reset(&h);
	histogram_record(&h, 2047);
	char *text = log_of(&h);
	assert_memory_equal(text, "HISTFAAA", 8); /* as every such line begins */
	size_t nbytes = from_base64(packed, text);
	free(text);
	assert_int_equal(uncompress(raw, &raw_nbytes, packed + 8, nbytes - 8), Z_OK);
	assert_int_equal(raw_nbytes, sizeof want);
	assert_memory_equal(raw, want, sizeof want);
}

static void empty_histogram(void **state)
{
	(void)state;
	histogram_reset(&h);
	char *text = log_of(&h);
	assert_int_equal(decode(&decoded, text), 0);
	free(text);
}

static void single_values(void **state)
{
	(void)state;
	static const uint64_t values[] = {
		0, 1, 2, 2047, 2048, 4095, 4096, 123456789, HISTOGRAM_MAX_NS};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		histogram_reset(&h);
		assert_true(histogram_record(&h, values[i]));
		assert_decodes(&h);
		assert_int_equal(decoded.count, 1);
	}
}

static void every_bucket_and_runs_of_zeros(void **state)
{
	(void)state;
	for (uint32_t step = 1; step < 4000; step = step * 3 + 1) {
		histogram_reset(&h);
		for (uint32_t i = 0; i < histogram_bucket(HISTOGRAM_MAX_NS); i += step)
			histogram_record(&h, value_of_index(i));
		assert_decodes(&h);
		assert_true(decoded.count > 0);
	}
}

static void huge_counts(void **state)
{
	(void)state;
	static const uint64_t counts[] = {UINT64_C(1) << 31, (UINT64_C(1) << 32) + 1,
					  UINT64_C(1) << 55, (UINT64_C(1) << 56) - 1,
					  (UINT64_C(1) << 62) + 12345};
	histogram_reset(&h);
	for (uint32_t i = 0; i < 5; i++) {
		h.counts[i * 1000] = counts[i];
		h.count += counts[i];
	}
	h.min_ns = 0;
	h.max_ns = value_of_index(4000);
	assert_decodes(&h);
	/* no end of percentiles to show for so many, either */
	struct error e;
	snprintf(path, sizeof path, "%s/huge.hgrm", dir);
	assert_int_equal(hgrm_write(&h, path, &e), 0);
	char *text = read_text(path);
	assert_non_null(strstr(text, " 1.000000000000 "));
	free(text);
}

static void lines_are_as_the_log_format_says(void **state)
{
	(void)state;
	struct hlog *l;
	struct error e;
	histogram_reset(&h);
	assert_int_equal(hlog_open(&l, 1441812279.474, "gvr\nrun", &e), 0);
	assert_int_equal(hlog_add(l, "response", 0.127, 1.0074, &h, &e), 0);
	histogram_record(&h, 2769000);
	assert_int_equal(hlog_add(l, "slip_2-B", 1.5, 60, &h, &e), 0);
	snprintf(path, sizeof path, "%s/lines.hlog", dir);
	assert_int_equal(hlog_write(l, path, &e), 0);
	hlog_close(l);
	char *text = read_text(path);
	static const char head[] =
		"#[gvr?run]\n"
		"#[Histogram log format version 1.3]\n"
		"#[StartTime: 1441812279.474 (seconds since epoch), 2015-09-09T15:24:39Z]\n"
		"#[BaseTime: 1441812279.474 (seconds since epoch)]\n"
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		"\"Interval_Compressed_Histogram\"\n"
		"Tag=response,0.127,1.007,0.000,HISTFAAA";
	assert_memory_equal(text, head, sizeof head - 1);
	assert_non_null(strstr(text, "\nTag=slip_2-B,1.500,60.000,2769000.000,HISTFAAA"));
	assert_int_equal(text[strlen(text) - 1], '\n');
	free(text);
}

static void a_long_comment_stays_one_line(void **state)
{
	(void)state;
	struct hlog *l;
	struct error e;
	char comment[5000];
	memset(comment, 'x', sizeof comment);
	comment[7] = '\r';
	comment[sizeof comment - 1] = '\0';
	assert_int_equal(hlog_open(&l, 0, comment, &e), 0);
	snprintf(path, sizeof path, "%s/comment.hlog", dir);
	assert_int_equal(hlog_write(l, path, &e), 0);
	hlog_close(l);
	char *text = read_text(path);
	assert_memory_equal(text, "#[xxxxxxx?xxx", 13);
	assert_null(strchr(text, '\r'));
	assert_memory_equal(strchr(text, '\n') - 2, "x]", 2);
	free(text);
}

/* 1 to 100, each once. Levels rise by 10 to 50, by 5 to 75, by 2.5 to 87.5 and
 * so on; each shows the first value at or above it. */
static void percentiles_of_1_to_100(void **state)
{
	(void)state;
	struct error e;
	histogram_reset(&h);
	for (uint64_t v = 1; v <= 100; v++)
		histogram_record(&h, v);
	snprintf(path, sizeof path, "%s/hundred.hgrm", dir);
	assert_int_equal(hgrm_write(&h, path, &e), 0);
	static const char head[] = "       Value     Percentile TotalCount 1/(1-Percentile)\n"
				   "\n"
				   "       1.000 0.000000000000          1           1.00\n"
				   "      10.000 0.100000000000         10           1.11\n"
				   "      20.000 0.200000000000         20           1.25\n"
				   "      30.000 0.300000000000         30           1.43\n"
				   "      40.000 0.400000000000         40           1.67\n"
				   "      50.000 0.500000000000         50           2.00\n"
				   "      55.000 0.550000000000         55           2.22\n"
				   "      60.000 0.600000000000         60           2.50\n"
				   "      65.000 0.650000000000         65           2.86\n"
				   "      70.000 0.700000000000         70           3.33\n"
				   "      75.000 0.750000000000         75           4.00\n"
				   "      78.000 0.775000000000         78           4.44\n";
	/* deviation of 1..n: sqrt((n^2 - 1) / 12) = 28.866 */
	static const char foot[] = "     100.000 1.000000000000        100\n"
				   "#[Mean    =       50.500, StdDeviation   =       28.866]\n"
				   "#[Max     =      100.000, Total count    =          100]\n"
				   "#[Buckets =           32, SubBuckets     =         2048]\n";
	char *text = read_text(path);
	assert_memory_equal(text, head, sizeof head - 1);
	assert_string_equal(text + strlen(text) - (sizeof foot - 1), foot);
	free(text);
}

static void percentiles_of_nothing_and_of_one(void **state)
{
	(void)state;
	struct error e;
	histogram_reset(&h);
	snprintf(path, sizeof path, "%s/few.hgrm", dir);
	assert_int_equal(hgrm_write(&h, path, &e), 0);
	char *text = read_text(path);
	assert_string_equal(text, "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
				  "#[Mean    =        0.000, StdDeviation   =        0.000]\n"
				  "#[Max     =        0.000, Total count    =            0]\n"
				  "#[Buckets =           32, SubBuckets     =         2048]\n");
	free(text);
	histogram_record(&h, 7);
	assert_int_equal(hgrm_write(&h, path, &e), 0);
	text = read_text(path);
	assert_non_null(strstr(text, "\n\n"
				     "       7.000 0.000000000000          1           1.00\n"
				     "       7.000 1.000000000000          1\n"
				     "#[Mean    =        7.000,"));
	free(text);
}

static void a_place_that_cannot_be_written_is_named(void **state)
{
	(void)state;
	struct hlog *l;
	struct error e = {""};
	histogram_reset(&h);
	assert_int_equal(hlog_open(&l, 0, "", &e), 0);
	assert_int_equal(hlog_write(l, "/nowhere/at/all.hlog", &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nowhere/at/all.hlog"));
	assert_int_equal(hgrm_write(&h, "/nowhere/at/all.hgrm", &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nowhere/at/all.hgrm"));
	/* the log is as good as before */
	snprintf(path, sizeof path, "%s/again.hlog", dir);
	assert_int_equal(hlog_write(l, path, &e), 0);
	assert_int_equal(hlog_write(l, dir, &e), -EISDIR);
	hlog_close(l);
	hlog_close(NULL);
}

/* ---- what outside readers are given ---- */

/* Latencies as they are: most near 100 us, some far out. */
static void record_round(unsigned round)
{
	histogram_reset(&h);
	for (uint64_t i = 0; i < 20000 * (uint64_t)round; i++) {
		uint64_t v = 60000 + i * 7919 % 90001;
		histogram_record(&h, i % 97 == 0 ? v * (1 + i % 1013) * round : v);
	}
	if (round == 3)
		h.counts[histogram_bucket(70000)] += UINT64_C(5) << 32, h.count += UINT64_C(5)
										   << 32;
	if (round == 4)
		histogram_record(&h, HISTOGRAM_MAX_NS);
}

static void expect_line(FILE *f, const char *tag, unsigned round)
{
	double sum = 0;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum += (double)h.counts[i] * (double)histogram_bucket_low(i);
	fprintf(f, "%s %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %.17g", tag, round, h.count,
		h.count > 0 ? h.min_ns : 0, h.max_ns, h.count > 0 ? sum / (double)h.count : 0);
	static const double percentiles[] = {50, 90, 99, 99.9};
	for (size_t i = 0; i < 4; i++)
		fprintf(f, " %" PRIu64, histogram_percentile(&h, percentiles[i]));
	putc('\n', f);
}

static void files_for_outside_readers(void **state)
{
	(void)state;
	const char *keep = getenv("HLOG_KEEP");
	const char *to = keep != NULL ? keep : dir;
	struct hlog *l;
	struct error e;

	snprintf(path, sizeof path, "%s/expected.txt", to);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(hlog_open(&l, 1700000000.25, "test_hlog", &e), 0);
	for (unsigned round = 0; round < 5; round++) {
		record_round(round); /* round 0: nothing */
		assert_int_equal(hlog_add(l, "response", round * 2.0, 2, &h, &e), 0);
		expect_line(f, "response", round);
		assert_int_equal(hlog_add(l, "service", round * 2.0, 2, &h, &e), 0);
		expect_line(f, "service", round);
		snprintf(path, sizeof path, "%s/round%u.hgrm", to, round);
		assert_int_equal(hgrm_write(&h, path, &e), 0);
	}
	assert_int_equal(fclose(f), 0);
	snprintf(path, sizeof path, "%s/test.hlog", to);
	assert_int_equal(hlog_write(l, path, &e), 0);
	hlog_close(l);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_layout_is_hdr_histograms),
		cmocka_unit_test(known_bytes),
		cmocka_unit_test(empty_histogram),
		cmocka_unit_test(single_values),
		cmocka_unit_test(every_bucket_and_runs_of_zeros),
		cmocka_unit_test(huge_counts),
		cmocka_unit_test(lines_are_as_the_log_format_says),
		cmocka_unit_test(a_long_comment_stays_one_line),
		cmocka_unit_test(percentiles_of_1_to_100),
		cmocka_unit_test(percentiles_of_nothing_and_of_one),
		cmocka_unit_test(a_place_that_cannot_be_written_is_named),
		cmocka_unit_test(files_for_outside_readers),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
