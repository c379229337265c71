/*
 * test_segments.c: places as bytes and back; values appended and read, in any
 * way of reading; what is damaged, cut or no place is an error.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/store/direct.h"
#include "engines/store/places.h"
#include "engines/store/segments.h"
#include "tests/scratch.h"
#include "workloads/prng.h"

#define VALUES 300u
#define VALUE_NBYTES_MAX 6000u
#define SMALL_SEGMENT_NBYTES ((uint64_t)64 << 10)

/* ---- places ---- */

static struct segment_place some_place(uint64_t i)
{
	struct segment_place p = {.segment = (uint32_t)(prng_mix(i) >> (32 + i % 32)),
				  .offset = prng_mix(i + 1) >> (2 + i % 61),
				  .nbytes = (uint32_t)(prng_mix(i + 2) >> (32 + i % 31)),
				  .digest = prng_mix(i + 3),
				  .head_nbytes = i % (STORE_HEAD_NBYTES_MAX + 1)};
	for (size_t k = 0; k < p.head_nbytes; k++)
		p.head[k] = (uint8_t)(i + k);
	return p;
}

static void assert_same_place(const struct segment_place *a, const struct segment_place *b)
{
	assert_int_equal(a->segment, b->segment);
	assert_true(a->offset == b->offset);
	assert_int_equal(a->nbytes, b->nbytes);
	assert_true(a->digest == b->digest);
	assert_int_equal(a->head_nbytes, b->head_nbytes);
	assert_memory_equal(a->head, b->head, a->head_nbytes);
}

static void a_place_reads_back(void **state)
{
	(void)state;
	uint8_t bytes[SEGMENT_PLACE_NBYTES_MAX];
	for (uint64_t i = 0; i < 10000; i++) {
		struct segment_place in = some_place(i), out;
		size_t nbytes = segment_place_write(&in, bytes);
		assert_in_range(nbytes, 1, sizeof bytes);
		assert_int_equal(segment_place_read(&out, bytes, nbytes), 0);
		assert_same_place(&in, &out);
	}
}

static void bytes_that_are_no_place_are_refused(void **state)
{
	(void)state;
	uint8_t bytes[SEGMENT_PLACE_NBYTES_MAX + 1] = {0};
	struct segment_place in = some_place(7), out;
	in.head_nbytes = 0;
	size_t nbytes = segment_place_write(&in, bytes);
	for (size_t cut = 0; cut < nbytes; cut++)
		assert_int_equal(segment_place_read(&out, bytes, cut), -EBADMSG);
	/* a head that is too long; numbers without end or beyond their range */
	assert_int_equal(segment_place_read(&out, bytes, nbytes + STORE_HEAD_NBYTES_MAX + 1),
			 -EBADMSG);
	memset(bytes, 0xff, sizeof bytes);
	assert_int_equal(segment_place_read(&out, bytes, sizeof bytes), -EBADMSG);
	static const uint8_t segment_2_32[] = {0x80, 0x80, 0x80, 0x80, 0x10, 0, 0, 0,
					       0,    0,	   0,	 0,    0,    0, 0};
	assert_int_equal(segment_place_read(&out, segment_2_32, sizeof segment_2_32), -EBADMSG);
}

static void places_are_found_by_number(void **state)
{
	(void)state;
	struct places *p;
	struct segment_place found;
	uint8_t bytes[SEGMENT_PLACE_NBYTES_MAX];
	assert_int_equal(places_create(&p, 5000, NULL), 0);
	for (uint64_t i = 0; i < 5000; i++) {
		struct segment_place place = some_place(i);
		size_t nbytes = segment_place_write(&place, bytes);
		assert_int_equal(places_find(p, i, &found), -ENOENT);
		assert_int_equal(places_add(p, bytes, nbytes), 0);
	}
	assert_int_equal(places_count(p), 5000);
	for (uint64_t i = 5000; i-- > 0;) {
		struct segment_place place = some_place(i);
		assert_int_equal(places_find(p, i, &found), 0);
		assert_same_place(&place, &found);
	}
	assert_int_equal(places_find(p, 5000, &found), -ENOENT);
	assert_int_equal(places_find(p, UINT64_MAX, &found), -ENOENT);
	/* about as much memory as the bytes themselves take */
	assert_in_range(places_resident_bytes(p), 5000 * 12, 5000 * 45);
	assert_int_equal(places_add(p, bytes, 12), -EBADMSG); /* there are all */
	places_destroy(p);
}

/* ---- files ---- */

static int setup(void **state)
{
	char *dir = strdup("/var/tmp/gvr_segments_XXXXXX"), db[64]; /* /tmp may be a tmpfs */
	if (dir == NULL || mkdtemp(dir) == NULL)
		return 1;
	snprintf(db, sizeof db, "%s/db", dir);
	*state = dir;
	return mkdir(db, 0777);
}

static int teardown(void **state)
{
	int err = scratch_remove(*state);
	free(*state);
	return err;
}

static size_t value_nbytes(uint64_t i)
{
	return i % 17 == 0 ? 0 : i % 5 == 0 ? 4096 : prng_mix(i) % VALUE_NBYTES_MAX;
}

static void fill_value(uint64_t i, uint8_t *value)
{
	for (size_t k = 0; k < value_nbytes(i); k++)
		value[k] = (uint8_t)prng_mix(i * 10000 + k);
}

static void append_values(struct segments_writer *w, uint64_t from, uint64_t to,
			  struct segment_place *places)
{
	uint8_t value[VALUE_NBYTES_MAX];
	for (uint64_t i = from; i < to; i++) {
		fill_value(i, value);
		places[i] = (struct segment_place){.head_nbytes = i % 12};
		memset(places[i].head, 'h', places[i].head_nbytes);
		assert_int_equal(segments_append(w, value, value_nbytes(i), &places[i], NULL), 0);
	}
}

static struct segments_writer *open_writer(const char *dir, bool direct, uint32_t number,
					   uint64_t end)
{
	struct segments_writer *w;
	struct error e = {{0}};
	if (segments_writer_open(&w, dir, direct, SMALL_SEGMENT_NBYTES, number, end, &e) != 0)
		fail_msg("%s", e.text);
	return w;
}

/* A store of VALUES values; the number of its last segment. */
static uint32_t write_values(const char *dir, bool direct, struct segment_place *places)
{
	struct store_counts counts = {0};
	struct segments_writer *w = open_writer(dir, direct, 0, 0);
	append_values(w, 0, VALUES, places);
	assert_int_equal(segments_seal(w, &counts, NULL), 0);
	segments_writer_close(w);
	return (uint32_t)counts.segment_number;
}

static struct ring_buffer make_buffer(size_t alignment)
{
	struct ring_buffer b = {
		NULL, store_buffer_nbytes(alignment, 0, VALUE_NBYTES_MAX + STORE_HEAD_NBYTES_MAX)};
	assert_int_equal(
		posix_memalign((void **)&b.bytes, direct_buffer_alignment(alignment), b.nbytes), 0);
	return b;
}

/* alignment: of reads with O_DIRECT; 1: without. */
static void assert_holds(const char *dir, size_t alignment, uint32_t last,
			 const struct segment_place *places)
{
	uint8_t want[STORE_HEAD_NBYTES_MAX + VALUE_NBYTES_MAX];
	struct segments *s;
	struct store_value value;
	struct ring_buffer b = make_buffer(alignment);
	assert_int_equal(segments_open(&s, dir, alignment, last, NULL), 0);
	for (uint64_t i = 0; i < VALUES; i++) {
		assert_int_equal(segments_get(s, &places[i], &b, &value), 0);
		memset(want, 'h', places[i].head_nbytes);
		fill_value(i, want + places[i].head_nbytes);
		assert_int_equal(value.nbytes, places[i].head_nbytes + value_nbytes(i));
		assert_memory_equal(value.bytes, want, value.nbytes);
	}
	segments_close(s);
	free(b.bytes);
}

static void what_was_appended_is_read(void **state)
{
	struct segment_place places[VALUES];
	for (int direct = 0; direct < 2; direct++) {
		uint32_t last = write_values(*state, direct, places);
		assert_in_range(last, 5, 100); /* it took several */
		static const size_t alignments[] = {1, 4096, 16384, DIRECT_ALIGNMENT_MAX};
		for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++)
			assert_holds(*state, alignments[i], last, places);
	}
}

/* Blocks of the device that a value touches. */
static uint64_t blocks_of(const struct segment_place *p)
{
	return (p->offset % 4096 + p->nbytes + 4095) / 4096;
}

static void a_value_touches_few_blocks_and_little_is_left_free(void **state)
{
	struct segment_place places[VALUES];
	uint64_t more = 0, needed = 0, free_nbytes = 0;
	write_values(*state, false, places);
	for (uint64_t i = 0; i < VALUES; i++) {
		needed += (places[i].nbytes + 4095) / 4096;
		more += blocks_of(&places[i]) - (places[i].nbytes + 4095) / 4096;
		assert_true(places[i].offset + places[i].nbytes + 4096 <= SMALL_SEGMENT_NBYTES);
		if (i == 0 || places[i].segment != places[i - 1].segment)
			continue;
		uint64_t gap = places[i].offset - places[i - 1].offset - places[i - 1].nbytes;
		assert_true(gap <= 256);
		/* nothing is left free where that saves nothing */
		struct segment_place close = places[i];
		close.offset -= gap;
		assert_true(gap == 0 || blocks_of(&close) > blocks_of(&places[i]));
		free_nbytes += gap;
	}
	assert_true(more < needed / 2);
	assert_true(free_nbytes < VALUES * 16);
}

static void what_was_not_synced_is_written_anew(void **state)
{
	struct segment_place places[VALUES];
	struct store_counts counts = {0};
	struct segments_writer *w = open_writer(*state, true, 0, 0);
	append_values(w, 0, 90, places);
	assert_int_equal(segments_sync(w, &counts, NULL), 0);
	struct store_counts synced = counts;
	append_values(w, 90, 200, places); /* some of it gets to the files */
	segments_writer_close(w);
	w = open_writer(*state, true, (uint32_t)synced.segment_number, synced.segment_end_bytes);
	append_values(w, 90, VALUES, places);
	assert_int_equal(segments_seal(w, &counts, NULL), 0);
	segments_writer_close(w);
	assert_holds(*state, 4096, (uint32_t)counts.segment_number, places);
}

static void going_on_from_what_is_not_there_is_refused(void **state)
{
	struct segment_place places[VALUES];
	struct segments_writer *w;
	struct error e = {{0}};
	uint32_t last = write_values(*state, false, places);
	assert_int_equal(segments_writer_open(&w, *state, false, SMALL_SEGMENT_NBYTES, last,
					      SMALL_SEGMENT_NBYTES * 4, &e),
			 -EBADMSG);
	assert_non_null(strstr(e.text, ".seg: damaged; to repair: rm -r"));
	assert_int_equal(
		segments_writer_open(&w, *state, false, SMALL_SEGMENT_NBYTES, last, 4097, &e),
		-EBADMSG);
}

static void going_on_needs_the_segments_before(void **state)
{
	struct segment_place places[VALUES];
	struct store_counts counts = {0};
	struct segments_writer *w = open_writer(*state, false, 0, 0);
	char path[128];
	append_values(w, 0, VALUES, places);
	assert_int_equal(segments_sync(w, &counts, NULL), 0);
	segments_writer_close(w);
	snprintf(path, sizeof path, "%s/db/000001.seg", (const char *)*state);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(segments_writer_open(&w, *state, false, SMALL_SEGMENT_NBYTES,
					      (uint32_t)counts.segment_number,
					      counts.segment_end_bytes, NULL),
			 -EBADMSG);
}

static void an_empty_store_has_a_sealed_segment(void **state)
{
	struct store_counts counts = {0};
	struct segments *s;
	struct segments_writer *w = open_writer(*state, false, 0, 0);
	assert_int_equal(segments_seal(w, &counts, NULL), 0);
	segments_writer_close(w);
	assert_int_equal(counts.segment_number, 0);
	assert_true(counts.written_bytes > 0);
	assert_int_equal(segments_open(&s, *state, 1, 0, NULL), 0);
	segments_close(s);
}

/* ---- damage ---- */

static void flip(const char *dir, uint32_t number, off_t offset)
{
	char path[128];
	uint8_t byte;
	snprintf(path, sizeof path, "%s/db/%06u.seg", dir, number);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
	close(fd);
}

static void a_flipped_bit_of_a_value_is_ebadmsg(void **state)
{
	struct segment_place places[VALUES];
	struct segments *s;
	struct store_value value;
	struct ring_buffer b = make_buffer(1);
	uint32_t last = write_values(*state, false, places);
	for (uint64_t i = 1; i < VALUES; i += 16) {
		const struct segment_place *p = &places[i];
		if (p->nbytes == 0)
			continue;
		flip(*state, p->segment, (off_t)(p->offset + i % p->nbytes));
		assert_int_equal(segments_open(&s, *state, 1, last, NULL), 0);
		assert_int_equal(segments_get(s, p, &b, &value), -EBADMSG);
		segments_close(s);
		flip(*state, p->segment, (off_t)(p->offset + i % p->nbytes));
	}
	assert_holds(*state, 1, last, places);
	free(b.bytes);
}

static void a_damaged_header_or_seal_is_ebadmsg(void **state)
{
	struct segment_place places[VALUES];
	struct segments *s;
	struct error e = {{0}};
	struct stat st;
	char path[128];
	uint32_t last = write_values(*state, false, places);
	snprintf(path, sizeof path, "%s/db/%06u.seg", (const char *)*state, last);
	assert_int_equal(stat(path, &st), 0);
	for (off_t k = 0; k < 32; k++) {
		flip(*state, 1, k);
		assert_int_equal(segments_open(&s, *state, 1, last, &e), -EBADMSG);
		assert_non_null(strstr(e.text, "000001.seg: damaged"));
		flip(*state, 1, k);
		flip(*state, last, st.st_size - 4096 + k);
		assert_int_equal(segments_open(&s, *state, 1, last, &e), -EBADMSG);
		flip(*state, last, st.st_size - 4096 + k);
	}
	assert_int_equal(truncate(path, st.st_size - 4096), 0); /* not sealed */
	assert_int_equal(segments_open(&s, *state, 1, last, &e), -EBADMSG);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(segments_open(&s, *state, 1, last, &e), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(segments_open(&s, *state, 1, last, &e), -EBADMSG);
}

static void a_place_outside_its_segment_is_ebadmsg(void **state)
{
	struct segment_place places[VALUES], p;
	struct segments *s;
	struct store_value value;
	struct ring_buffer b = make_buffer(1);
	uint32_t last = write_values(*state, false, places);
	assert_int_equal(segments_open(&s, *state, 1, last, NULL), 0);
	p = places[1];
	p.segment = last + 1;
	assert_int_equal(segments_get(s, &p, &b, &value), -EBADMSG);
	p = places[1];
	p.offset = SMALL_SEGMENT_NBYTES;
	assert_int_equal(segments_get(s, &p, &b, &value), -EBADMSG);
	p = places[1];
	p.nbytes = UINT32_MAX; /* more than the buffer, too */
	assert_int_equal(segments_get(s, &p, &b, &value), -EBADMSG);
	segments_close(s);
	free(b.bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_reads_back),
		cmocka_unit_test(bytes_that_are_no_place_are_refused),
		cmocka_unit_test(places_are_found_by_number),
		TEST(what_was_appended_is_read),
		TEST(a_value_touches_few_blocks_and_little_is_left_free),
		TEST(what_was_not_synced_is_written_anew),
		TEST(going_on_from_what_is_not_there_is_refused),
		TEST(going_on_needs_the_segments_before),
		TEST(an_empty_store_has_a_sealed_segment),
		TEST(a_flipped_bit_of_a_value_is_ebadmsg),
		TEST(a_damaged_header_or_seal_is_ebadmsg),
		TEST(a_place_outside_its_segment_is_ebadmsg),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
