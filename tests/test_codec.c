/*
 * test_codec.c: what is encoded is decoded, no record harms, and dictionaries
 * are trained, kept and checked.
 */
#include "tests/test.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/retrieve/codec.h"
#include "workloads/prng.h"

#define NBYTES_MAX ((size_t)1 << 20)

/* ---- contents ---- */

static void fill_random(uint8_t *out, size_t nbytes, uint64_t key)
{
	for (size_t i = 0; i < nbytes; i++)
		out[i] = (uint8_t)prng_at(key, i);
}

/* Words of a small vocabulary: compressible, and alike from text to text. */
static void fill_text(uint8_t *out, size_t nbytes, uint64_t key)
{
	char word[24];
	size_t at = 0;
	for (uint64_t i = 0; at < nbytes; i++) {
		uint64_t number = prng_below(prng_at(key, i), 3000);
		int n = snprintf(word, sizeof word, "w%llx ",
				 (unsigned long long)prng_mix(number) >> 20);
		for (int k = 0; k < n && at < nbytes; k++)
			out[at++] = (uint8_t)word[k];
	}
}

/* ---- a folder of documents ---- */

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/gvr_codec_XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_dir(void **state)
{
	(void)state;
	return nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_document(unsigned number, const uint8_t *bytes, size_t nbytes)
{
	char path[128];
	snprintf(path, sizeof path, "%s/docs", dir);
	mkdir(path, 0777);
	snprintf(path, sizeof path, "%s/docs/%05u", dir, number);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, nbytes, f), nbytes);
	fclose(f);
}

static struct corpus *write_corpus(unsigned documents, size_t nbytes,
				   void (*fill)(uint8_t *out, size_t nbytes, uint64_t key))
{
	struct corpus *c;
	struct error e;
	char path[128];
	uint8_t *bytes = malloc(nbytes + 1);
	for (unsigned i = 0; i < documents; i++) {
		fill(bytes, nbytes, i);
		write_document(i, bytes, nbytes);
	}
	free(bytes);
	snprintf(path, sizeof path, "%s/docs", dir);
	if (corpus_open(&c, path, 0, NULL, NULL, &e) != 0)
		fail_msg("%s", e.text);
	return c;
}

static const char *dictionary_path(void)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/d.gvrd", dir);
	return path;
}

static struct dictionary train(const struct corpus *c, uint64_t max_nbytes)
{
	struct dictionary d = {0};
	struct error e;
	if (dictionary_train(c, max_nbytes, 3, dictionary_path(), NULL, &e) != 0 ||
	    dictionary_read(&d, dictionary_path(), &e) != 0)
		fail_msg("%s", e.text);
	return d;
}

static struct dictionary raw_dictionary(size_t nbytes)
{
	struct dictionary d = {.bytes = malloc(nbytes), .nbytes = nbytes, .how = "raw"};
	fill_text(d.bytes, nbytes, 99);
	return d;
}

/* ---- records ---- */

struct pair {
	struct codec *codec;
	struct codec_encoder *encoder;
	struct codec_decoder *decoder;
};

static struct pair make_pair(enum compression type, int level, const struct dictionary *d)
{
	struct pair p;
	assert_int_equal(codec_create(&p.codec, type, level, d, true, NULL), 0);
	assert_int_equal(codec_encoder_create(&p.encoder, p.codec, NBYTES_MAX), 0);
	assert_int_equal(codec_decoder_create(&p.decoder, p.codec), 0);
	return p;
}

static void free_pair(struct pair *p)
{
	codec_encoder_destroy(p->encoder);
	codec_decoder_destroy(p->decoder);
	codec_destroy(p->codec);
}

/* Encodes, decodes, compares; returns the record's length. */
static size_t round_trip(struct pair *p, const uint8_t *bytes, size_t nbytes)
{
	const uint8_t *record, *back;
	size_t record_nbytes, back_nbytes;
	uint8_t *buf = malloc(nbytes + 1);
	assert_int_equal(codec_encode(p->encoder, bytes, nbytes, &record, &record_nbytes), 0);
	/* a copy of exact size, so that a read past its end is caught */
	uint8_t *copy = malloc(record_nbytes);
	memcpy(copy, record, record_nbytes);
	assert_int_equal(
		codec_decode(p->decoder, copy, record_nbytes, buf, nbytes, &back, &back_nbytes), 0);
	assert_int_equal(back_nbytes, nbytes);
	if (nbytes > 0)
		assert_memory_equal(back, bytes, nbytes);
	/* in the buffer, or in the record where that is raw */
	assert_true(copy[0] == 1 ? back > copy && back <= copy + record_nbytes : back == buf);
	free(copy);
	free(buf);
	return record_nbytes;
}

static void every_size_comes_back(struct pair *p)
{
	static const size_t sizes[] = {0,   1,	 2,    3,     100,   127,   128,
				       255, 256, 4096, 16383, 16384, 65536, NBYTES_MAX};
	uint8_t *bytes = malloc(NBYTES_MAX);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		fill_text(bytes, sizes[i], i);
		round_trip(p, bytes, sizes[i]);
		fill_random(bytes, sizes[i], i);
		round_trip(p, bytes, sizes[i]);
	}
	free(bytes);
	free_pair(p);
}

static void contents_come_back_plain(void **state)
{
	(void)state;
	struct pair p = make_pair(COMPRESSION_NONE, 0, NULL);
	every_size_comes_back(&p);
}

static void contents_come_back_from_zstd(void **state)
{
	(void)state;
	struct pair p = make_pair(COMPRESSION_ZSTD, 19, NULL);
	every_size_comes_back(&p);
}

static void contents_come_back_from_zstd_with_any_dictionary(void **state)
{
	(void)state;
	const size_t sizes[] = {1, 7, 8, 9, 5000, 100000};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct dictionary d = raw_dictionary(sizes[i]);
		struct pair p = make_pair(COMPRESSION_ZSTD, 3, &d);
		every_size_comes_back(&p);
		dictionary_free(&d);
	}
}

static void a_record_is_what_codec_h_says(void **state)
{
	(void)state;
	const uint8_t *record;
	size_t nbytes;
	uint8_t bytes[300];
	fill_random(bytes, sizeof bytes, 1);
	struct pair p = make_pair(COMPRESSION_ZSTD, 19, NULL);
	assert_int_equal(codec_encode(p.encoder, bytes, 0, &record, &nbytes), 0);
	assert_int_equal(nbytes, 2);
	assert_memory_equal(record, "\x01\x00", 2);
	/* random bytes are not made smaller, hence raw; 300 is AC 02 in LEB128 */
	assert_int_equal(codec_encode(p.encoder, bytes, 300, &record, &nbytes), 0);
	assert_int_equal(nbytes, 303);
	assert_memory_equal(record, "\x01\xac\x02", 3);
	assert_memory_equal(record + 3, bytes, 300);
	memset(bytes, 'a', sizeof bytes);
	assert_int_equal(codec_encode(p.encoder, bytes, 300, &record, &nbytes), 0);
	assert_memory_equal(record, "\x02\xac\x02", 3);
	assert_in_range(nbytes, 5, 20);
	free_pair(&p);

	struct dictionary d = raw_dictionary(1000);
	p = make_pair(COMPRESSION_ZSTD, 19, &d);
	assert_int_equal(codec_encode(p.encoder, bytes, 300, &record, &nbytes), 0);
	assert_memory_equal(record, "\x03\xac\x02", 3);
	free_pair(&p);
	dictionary_free(&d);
}

static void a_content_above_the_announced_size_is_refused(void **state)
{
	(void)state;
	struct codec *c;
	struct codec_encoder *x;
	const uint8_t *record;
	size_t nbytes;
	uint8_t bytes[2000] = {0};
	assert_int_equal(codec_create(&c, COMPRESSION_NONE, 0, NULL, true, NULL), 0);
	assert_int_equal(codec_encoder_create(&x, c, 100), 0);
	assert_int_equal(codec_encode(x, bytes, 100, &record, &nbytes), 0);
	assert_int_equal(codec_encode(x, bytes, 2000, &record, &nbytes), -EMSGSIZE);
	codec_encoder_destroy(x);
	codec_destroy(c);
}

static void assert_bad(struct pair *p, const uint8_t *record, size_t record_nbytes,
		       size_t buf_nbytes)
{
	const uint8_t *bytes;
	size_t nbytes;
	uint8_t *buf = malloc(buf_nbytes + 1);
	uint8_t *copy = malloc(record_nbytes + 1);
	memcpy(copy + 1, record, record_nbytes);
	assert_int_equal(
		codec_decode(p->decoder, copy + 1, record_nbytes, buf, buf_nbytes, &bytes, &nbytes),
		-EBADMSG);
	free(copy);
	free(buf);
}

static void bad_records_are_ebadmsg(void **state)
{
	(void)state;
	struct pair p = make_pair(COMPRESSION_ZSTD, 3, NULL);
	static const struct {
		const char *bytes;
		size_t nbytes, buf_nbytes;
	} bad[] = {
		{"", 0, 10},			 /* nothing */
		{"\x01", 1, 10},		 /* no length */
		{"\x01\x80", 2, 10},		 /* length cut */
		{"\x01\x03xy", 4, 10},		 /* raw, a byte missing */
		{"\x01\x03xyzz", 6, 10},	 /* raw, a byte too many */
		{"\x01\x0bxxxxxxxxxxx", 13, 10}, /* longer than the buffer */
		{"\x02\x03", 2, 10},		 /* zstd without a frame */
		{"\x02\x03xyz", 5, 10},		 /* zstd of no frame */
		{"\x03\x00", 2, 10},		 /* dictionary, and there is none */
		{"\x00\x00", 2, 10},		 /* no such format */
		{"\xff\x00", 2, 10},
		{"\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 11, 10},     /* above 2^64 */
		{"\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12, 10}, /* 11 bytes */
		{"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, 10},     /* 2^64 - 1 */
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_bad(&p, (const uint8_t *)bad[i].bytes, bad[i].nbytes, bad[i].buf_nbytes);
	free_pair(&p);
}

static void a_cut_or_mislabelled_record_is_ebadmsg(void **state)
{
	(void)state;
	const uint8_t *record;
	size_t nbytes;
	uint8_t text[2000], copy[2100];
	fill_text(text, sizeof text, 5);
	struct dictionary d = raw_dictionary(3000);
	struct pair p = make_pair(COMPRESSION_ZSTD, 3, &d);
	assert_int_equal(codec_encode(p.encoder, text, sizeof text, &record, &nbytes), 0);
	assert_int_equal(record[0], 3);
	memcpy(copy, record, nbytes);
	for (size_t cut = 0; cut < nbytes; cut++)
		assert_bad(&p, copy, cut, sizeof text);
	assert_bad(&p, copy, nbytes, sizeof text - 1); /* the buffer is too small */
	copy[1]++;				       /* a byte longer than it is */
	assert_bad(&p, copy, nbytes, sizeof text + 1);
	copy[1] -= 2; /* a byte shorter */
	assert_bad(&p, copy, nbytes, sizeof text);
	free_pair(&p);
	/* a codec without the dictionary does not guess */
	copy[1]++;
	p = make_pair(COMPRESSION_ZSTD, 3, NULL);
	assert_bad(&p, copy, nbytes, sizeof text);
	free_pair(&p);
	p = make_pair(COMPRESSION_NONE, 3, NULL);
	assert_bad(&p, copy, nbytes, sizeof text);
	free_pair(&p);
	dictionary_free(&d);
}

/* Contents much larger than the dictionary must get parameters of their own:
 * with the dictionary's they take 1.8 times as much. */
static void a_small_dictionary_does_not_harm_a_large_content(void **state)
{
	(void)state;
	size_t nbytes = 1 << 20;
	uint8_t *text = malloc(nbytes);
	fill_text(text, nbytes, 3);
	struct dictionary d = raw_dictionary(2000);
	struct pair with = make_pair(COMPRESSION_ZSTD, 19, &d);
	struct pair without = make_pair(COMPRESSION_ZSTD, 19, NULL);
	size_t with_nbytes = round_trip(&with, text, nbytes);
	size_t without_nbytes = round_trip(&without, text, nbytes);
	assert_in_range(with_nbytes, 1, without_nbytes + without_nbytes / 20);
	free_pair(&with);
	free_pair(&without);
	dictionary_free(&d);
	free(text);
}

/* ---- dictionaries ---- */

static void training_is_deterministic_and_pays(void **state)
{
	(void)state;
	struct corpus *c = write_corpus(200, 1500, fill_text);
	struct dictionary first = train(c, 16384), second = train(c, 16384);
	assert_string_equal(first.how, "trained");
	assert_in_range(first.nbytes, 1, 16384);
	assert_int_equal(first.nbytes, second.nbytes);
	assert_int_equal(first.digest, second.digest);
	assert_memory_equal(first.bytes, second.bytes, first.nbytes);

	struct pair with = make_pair(COMPRESSION_ZSTD, 3, &first);
	struct pair without = make_pair(COMPRESSION_ZSTD, 3, NULL);
	size_t with_nbytes = 0, without_nbytes = 0;
	uint8_t text[1500];
	for (unsigned i = 0; i < 20; i++) { /* texts that nobody trained on */
		fill_text(text, sizeof text, 1000 + i);
		with_nbytes += round_trip(&with, text, sizeof text);
		without_nbytes += round_trip(&without, text, sizeof text);
	}
	assert_in_range(with_nbytes, 1, without_nbytes * 9 / 10);
	assert_true(codec_nbytes(with.codec) > 0);
	assert_int_equal(codec_nbytes(without.codec), 0);
	free_pair(&with);
	free_pair(&without);
	dictionary_free(&first);
	dictionary_free(&second);
	corpus_close(c);
}

static void few_documents_are_their_own_dictionary(void **state)
{
	(void)state;
	struct corpus *c = write_corpus(12, 300, fill_text);
	struct dictionary d = train(c, 1 << 20);
	assert_string_equal(d.how, "raw");
	assert_int_equal(d.nbytes, corpus_bytes(c, SPLIT_TRAINING));
	struct pair p = make_pair(COMPRESSION_ZSTD, 3, &d);
	uint8_t text[300];
	unsigned in_training = 0;
	for (uint32_t k = 0; k < corpus_count(c, SPLIT_TRAINING); k++) {
		assert_int_equal(corpus_read(c, corpus_at(c, SPLIT_TRAINING, k), text, NULL), 0);
		/* it is in the dictionary: a reference to it is all there is */
		in_training += round_trip(&p, text, sizeof text) < 30;
	}
	assert_int_equal(in_training, corpus_count(c, SPLIT_TRAINING));
	free_pair(&p);
	dictionary_free(&d);
	corpus_close(c);
}

static void fill_like_a_dictionary(uint8_t *out, size_t nbytes, uint64_t key)
{
	fill_text(out, nbytes, key);
	memcpy(out, "\x37\xa4\x30\xec", 4);
}

static void a_document_like_a_dictionary_is_not_taken_for_one(void **state)
{
	(void)state;
	struct corpus *c = write_corpus(12, 300, fill_like_a_dictionary);
	struct dictionary d = train(c, 1 << 20);
	assert_string_equal(d.how, "raw");
	struct pair p = make_pair(COMPRESSION_ZSTD, 3, &d);
	every_size_comes_back(&p);
	dictionary_free(&d);
	corpus_close(c);
}

/* As of five photographs: no two bytes in common. */
static void samples_that_zdict_refuses_are_taken_raw(void **state)
{
	(void)state;
	struct corpus *c = write_corpus(5, 40000, fill_random);
	struct dictionary d = train(c, 65536);
	assert_string_equal(d.how, "raw");
	assert_int_equal(d.nbytes, 65536);
	struct pair p = make_pair(COMPRESSION_ZSTD, 3, &d);
	every_size_comes_back(&p);
	dictionary_free(&d);
	corpus_close(c);
}

static void no_documents_are_enodata(void **state)
{
	(void)state;
	struct error e = {{0}};
	struct corpus *c = write_corpus(3, 0, fill_text);
	assert_int_equal(dictionary_train(c, 1000, 3, dictionary_path(), NULL, &e), -ENODATA);
	assert_true(strlen(e.text) > 0);
	assert_int_not_equal(access(dictionary_path(), F_OK), 0);
	corpus_close(c);
}

static int stop(void *arg, const char *what, unsigned long long done, unsigned long long total)
{
	(void)arg;
	(void)what;
	(void)done;
	(void)total;
	return 1;
}

static void training_can_be_stopped(void **state)
{
	(void)state;
	struct error e;
	struct progress progress = {.step = stop};
	struct corpus *c = write_corpus(20, 300, fill_text);
	assert_int_equal(dictionary_train(c, 1000, 3, dictionary_path(), &progress, &e),
			 -ECANCELED);
	assert_int_not_equal(access(dictionary_path(), F_OK), 0);
	corpus_close(c);
}

static void a_dictionary_that_cannot_be_written_is_its_errno(void **state)
{
	(void)state;
	struct error e;
	struct corpus *c = write_corpus(20, 300, fill_text);
	assert_int_equal(dictionary_train(c, 1000, 3, "/nowhere/at/all.gvrd", NULL, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nowhere/at/all.gvrd"));
	corpus_close(c);
}

static void an_absent_dictionary_is_enoent(void **state)
{
	(void)state;
	struct dictionary d;
	struct error e;
	assert_int_equal(dictionary_read(&d, dictionary_path(), &e), -ENOENT);
	assert_non_null(strstr(e.text, dictionary_path()));
	assert_non_null(strstr(e.text, "gvr load"));
}

static void assert_damaged(void)
{
	struct dictionary d;
	struct error e;
	assert_int_equal(dictionary_read(&d, dictionary_path(), &e), -EBADMSG);
	assert_non_null(strstr(e.text, dictionary_path()));
	assert_non_null(strstr(e.text, "gvr load"));
	assert_null(d.bytes);
}

static void a_flipped_or_cut_dictionary_is_ebadmsg(void **state)
{
	(void)state;
	struct stat st;
	struct corpus *c = write_corpus(12, 20, fill_text);
	struct dictionary d = train(c, 1000);
	dictionary_free(&d);
	corpus_close(c);
	assert_int_equal(stat(dictionary_path(), &st), 0);
	FILE *f = fopen(dictionary_path(), "r+b");
	for (long at = 0; at < st.st_size; at++) {
		for (int undo = 0; undo < 2; undo++) {
			fseek(f, at, SEEK_SET);
			int byte = fgetc(f);
			fseek(f, at, SEEK_SET);
			fputc(byte ^ (at % 2 == 0 ? 0x01 : 0x80), f);
			fflush(f);
			if (!undo)
				assert_damaged();
		}
	}
	fclose(f);
	assert_int_equal(dictionary_read(&d, dictionary_path(), NULL), 0);
	dictionary_free(&d);
	for (off_t nbytes = st.st_size - 1; nbytes >= 0; nbytes -= 1 + st.st_size / 20) {
		assert_int_equal(truncate(dictionary_path(), nbytes), 0);
		assert_damaged();
	}
}

#define IN_DIR(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents_come_back_plain),
		cmocka_unit_test(contents_come_back_from_zstd),
		cmocka_unit_test(contents_come_back_from_zstd_with_any_dictionary),
		cmocka_unit_test(a_record_is_what_codec_h_says),
		cmocka_unit_test(a_content_above_the_announced_size_is_refused),
		cmocka_unit_test(bad_records_are_ebadmsg),
		cmocka_unit_test(a_cut_or_mislabelled_record_is_ebadmsg),
		cmocka_unit_test(a_small_dictionary_does_not_harm_a_large_content),
		IN_DIR(training_is_deterministic_and_pays),
		IN_DIR(few_documents_are_their_own_dictionary),
		IN_DIR(a_document_like_a_dictionary_is_not_taken_for_one),
		IN_DIR(samples_that_zdict_refuses_are_taken_raw),
		IN_DIR(no_documents_are_enodata),
		IN_DIR(training_can_be_stopped),
		IN_DIR(a_dictionary_that_cannot_be_written_is_its_errno),
		IN_DIR(an_absent_dictionary_is_enoent),
		IN_DIR(a_flipped_or_cut_dictionary_is_ebadmsg),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
