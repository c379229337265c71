/* The cm generator, trained on a small corpus that the test makes. */
#include "tests/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include <xxhash.h>

#include "engines/generate/cm/cm.h"
#include "engines/generate/cm/file.h"
#include "workloads/prng.h"

static const struct generator_ops *const cm = &cm_generator;

/* What a build of any kind must make of the synthetic corpus. */
#define GOLDEN_MODEL UINT64_C(0xcdf9296a140baa2c)
#define GOLDEN_SAMPLES UINT64_C(0x7fe4cf79dafa73c5)

/* ---- a synthetic corpus ---- */

static const char *const WORDS[] = {"the",  "file",   "returns", "error",  "if",   "a",
				    "call", "buffer", "of",	 "length", "zero", "pointer",
				    "to",   "system", "value",	 "and"};

/* Sentences of skewed word choice, with a heading. */
static size_t make_document(uint64_t number, char *out, size_t capacity)
{
	size_t n = (size_t)snprintf(out, capacity, ".TH NAME%u 3\n.SH DESCRIPTION\n",
				    (unsigned)(number % 7));
	size_t words = 40 + prng_at(number, 0) % 150;
	for (size_t i = 1; i <= words; i++) {
		uint64_t r = prng_at(number, i);
		const char *word = WORDS[(r % 16) * (r / 16 % 16) / 16];
		n += (size_t)snprintf(out + n, capacity - n, "%s%s", word,
				      r / 256 % 9 ? " " : ".\n");
	}
	return n;
}

static void write_bytes(const char *path, const void *bytes, size_t nbytes)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, nbytes, f), nbytes);
	assert_int_equal(fclose(f), 0);
}

struct fixture {
	char dir[64], documents[96], model[96];
	struct corpus *corpus;
	struct generator *generator;
	struct generator_session *session;
	uint8_t *file; /* the model's bytes */
	size_t file_nbytes;
};

static void read_model(struct fixture *f)
{
	FILE *in = fopen(f->model, "rb");
	assert_non_null(in);
	f->file = malloc(MODEL_NBYTES_MAX + 1);
	assert_non_null(f->file);
	f->file_nbytes = fread(f->file, 1, MODEL_NBYTES_MAX + 1, in);
	fclose(in);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct error e;
	snprintf(f->dir, sizeof f->dir, "/tmp/gvr-test-cm-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->documents, sizeof f->documents, "%s/documents", f->dir);
	snprintf(f->model, sizeof f->model, "%s/model", f->dir);
	assert_int_equal(mkdir(f->documents, 0777), 0);
	for (unsigned i = 0; i < 60; i++) {
		char path[128], text[8192];
		size_t nbytes = i == 0 ? 0 : make_document(i, text, sizeof text);
		snprintf(path, sizeof path, "%s/%02u", f->documents, i);
		write_bytes(path, text, nbytes);
	}
	assert_int_equal(corpus_open(&f->corpus, f->documents, 0, NULL, NULL, &e), 0);
	assert_int_equal(cm->train(f->corpus, f->model, NULL, NULL, &e), 0);
	assert_int_equal(cm->open(&f->generator, f->model, &e), 0);
	assert_int_equal(cm->session_open(&f->session, f->generator, 1, &e), 0);
	read_model(f);
	*state = f;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	cm->session_close(f->session);
	cm->close(f->generator);
	corpus_close(f->corpus);
	free(f->file);
	nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* ---- helpers ---- */

#define NO_CONTEXT UINT32_MAX

static void start(struct generator_session *s, uint32_t context)
{
	cm->begin(s, 0);
	if (context != NO_CONTEXT)
		cm->prime(s, 0, context);
}

/* Returns the code's length. */
static size_t encode(struct generator_session *s, uint32_t context, const uint8_t *in,
		     size_t nbytes, uint8_t *code, size_t capacity)
{
	struct range_encoder rc;
	range_encoder_init(&rc, code, capacity);
	start(s, context);
	cm->encode(s, &rc, in, nbytes);
	cm->end(s, 0);
	size_t code_nbytes = range_encoder_finish(&rc);
	assert_int_equal(rc.overflow, 0);
	return code_nbytes;
}

static void decode(struct generator_session *s, uint32_t context, struct range_decoder rc,
		   uint8_t *out, size_t nbytes)
{
	struct generator_lane lane = {.rc = rc, .out = out, .nbytes = nbytes};
	start(s, context);
	generator_make(cm, s, &lane);
	cm->end(s, 0);
}

static void sample(struct generator_session *s, uint32_t context, uint64_t key, uint8_t *out,
		   size_t nbytes)
{
	struct range_decoder rc;
	range_decoder_init_random(&rc, key);
	decode(s, context, rc, out, nbytes);
}

/* Codes and decodes; returns the code's length. */
static size_t round_trip(struct generator_session *s, const uint8_t *in, size_t nbytes)
{
	size_t capacity = nbytes + nbytes / 16 + 64;
	uint8_t *code = malloc(capacity), *out = malloc(nbytes + 1);
	size_t code_nbytes = encode(s, NO_CONTEXT, in, nbytes, code, capacity);
	struct range_decoder rc;
	range_decoder_init(&rc, code, code_nbytes);
	decode(s, NO_CONTEXT, rc, out, nbytes);
	if (nbytes > 0)
		assert_memory_equal(in, out, nbytes);
	free(out);
	free(code);
	return code_nbytes;
}

/* ---- archive contents ---- */

static void documents_come_back_small(void **state)
{
	struct fixture *f = *state;
	uint64_t bytes = 0, code_bytes = 0;
	uint8_t buffer[8192];
	for (uint32_t k = 0; k < corpus_count(f->corpus, SPLIT_HELD_OUT); k++) {
		uint32_t document = corpus_at(f->corpus, SPLIT_HELD_OUT, k);
		assert_int_equal(corpus_read(f->corpus, document, buffer, NULL), 0);
		bytes += f->corpus->documents[document].nbytes;
		code_bytes += round_trip(f->session, buffer, f->corpus->documents[document].nbytes);
	}
	assert_true(bytes > 1000);
	/* a word of some 3.2 bits, its end of 0.5, in some 5.4 bytes; and what
	 * learning from so little costs */
	assert_true(code_bytes * 8 < bytes * 3 / 2);
}

static void any_bytes_come_back(void **state)
{
	struct fixture *f = *state;
	static uint8_t bytes[65536];
	round_trip(f->session, bytes, 0);
	for (unsigned b = 0; b < 256; b++) {
		bytes[0] = (uint8_t)b;
		round_trip(f->session, bytes, 1);
	}
	memset(bytes, 0, sizeof bytes);
	assert_true(round_trip(f->session, bytes, sizeof bytes) < sizeof bytes / 100);
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7);
	assert_true(round_trip(f->session, bytes, sizeof bytes) < sizeof bytes / 20);
}

static void random_bytes_cost_hardly_more(void **state)
{
	struct fixture *f = *state;
	static uint8_t bytes[65536];
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)prng_at(1, i);
	size_t nbytes = round_trip(f->session, bytes, sizeof bytes);
	assert_in_range(nbytes, sizeof bytes - 64, sizeof bytes * 102 / 100);
}

/* Longer than what a session remembers of a content. */
static void a_long_content_comes_back(void **state)
{
	struct fixture *f = *state;
	size_t nbytes = WINDOW_NBYTES / 32 * 33;
	uint8_t *bytes = malloc(nbytes);
	assert_non_null(bytes);
	for (size_t i = 0; i < nbytes; i++)
		bytes[i] = (uint8_t)(prng_at(2, i % 5000) & (i % 5000 < 50 ? 0xff : 0x0f));
	round_trip(f->session, bytes, nbytes);
	free(bytes);
}

/* In steps that are neither nothing nor all at once. */
static void decode_makes_slices(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[1000];
	struct generator_lane lane = {.out = bytes, .nbytes = sizeof bytes}, *lanes[] = {&lane};
	range_decoder_init_random(&lane.rc, 5);
	start(f->session, 1);
	for (size_t before = 0; before < sizeof bytes; before = lane.made) {
		cm->decode(f->session, lanes, 1);
		assert_in_range(lane.made - before, 1, 100);
	}
	assert_int_equal(lane.made, sizeof bytes);
	cm->end(f->session, 0);
}

/* The same bits make the same beginning, however the slices fall. */
static void a_shorter_content_is_the_beginning(void **state)
{
	struct fixture *f = *state;
	uint8_t whole[3000], part[3000];
	sample(f->session, 1, 5, whole, sizeof whole);
	for (size_t nbytes = 1; nbytes < 200; nbytes += 23) {
		sample(f->session, 1, 5, part, nbytes);
		assert_memory_equal(whole, part, nbytes);
	}
}

/* ---- what a session leaves behind ---- */

static void end_undoes_everything(void **state)
{
	struct fixture *f = *state;
	struct generator_session *fresh;
	uint8_t expected[2000], got[2000];
	static uint8_t noise[30000];
	for (unsigned i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)prng_at(3, i);
	assert_int_equal(cm->session_open(&fresh, f->generator, 1, NULL), 0);
	sample(fresh, 3, 9, expected, sizeof expected);
	cm->session_close(fresh);
	for (unsigned i = 0; i < 3; i++) {
		round_trip(f->session, noise, sizeof noise);
		sample(f->session, i, i, got, sizeof got);
		sample(f->session, 3, 9, got, sizeof got);
		assert_memory_equal(expected, got, sizeof got);
	}
	cm->begin(f->session, 0); /* nothing between begin and end */
	cm->end(f->session, 0);
	sample(f->session, 3, 9, got, sizeof got);
	assert_memory_equal(expected, got, sizeof got);
}

static void sessions_do_not_disturb_each_other(void **state)
{
	struct fixture *f = *state;
	struct generator_session *other;
	uint8_t alone[1000], between[1000], ignored[1000];
	assert_int_equal(cm->session_open(&other, f->generator, 1, NULL), 0);
	sample(f->session, 1, 1, alone, sizeof alone);
	struct generator_lane a = {.out = between, .nbytes = sizeof between}, *of_a[] = {&a};
	struct generator_lane b = {.out = ignored, .nbytes = sizeof ignored}, *of_b[] = {&b};
	range_decoder_init_random(&a.rc, 1);
	range_decoder_init_random(&b.rc, 2);
	start(f->session, 1);
	start(other, 2);
	while (a.made < a.nbytes) {
		cm->decode(f->session, of_a, 1);
		cm->decode(other, of_b, 1);
	}
	cm->end(f->session, 0);
	cm->end(other, 0);
	assert_memory_equal(alone, between, sizeof alone);
	cm->session_close(other);
}

/* ---- novel contents ---- */

static void novel_bits_come_back(void **state)
{
	struct fixture *f = *state;
	static uint8_t bytes[4000], code[8000];
	for (uint64_t key = 0; key < 3; key++) {
		sample(f->session, (uint32_t)key, key, bytes, sizeof bytes);
		size_t nbytes =
			encode(f->session, (uint32_t)key, bytes, sizeof bytes, code, sizeof code);
		assert_true(nbytes > 100);
		for (size_t i = 0; i + 4 < nbytes; i++)
			assert_int_equal(code[i], (uint8_t)(prng_at(key, i / 8) >> (8 * (i % 8))));
	}
}

static void novel_contents_differ(void **state)
{
	struct fixture *f = *state;
	uint8_t samples[4][400];
	sample(f->session, 0, 0, samples[0], 400);
	sample(f->session, 0, 1, samples[1], 400);
	sample(f->session, 1, 0, samples[2], 400);
	sample(f->session, NO_CONTEXT, 0, samples[3], 400);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < i; k++)
			assert_memory_not_equal(samples[i], samples[k], 400);
}

/* Of `count` contexts, codes what each made with each; the mean length with
 * its own context, and with the others. */
static void context_costs(struct generator_session *s, unsigned count, double *own, double *others)
{
	uint8_t bytes[1500], code[6000];
	*own = *others = 0;
	for (uint32_t c = 0; c < count; c++) {
		sample(s, c, 100 + c, bytes, sizeof bytes);
		for (uint32_t k = 0; k < count; k++) {
			double n = (double)encode(s, k, bytes, sizeof bytes, code, sizeof code);
			*(k == c ? own : others) += n;
		}
	}
	*own /= count;
	*others /= count * (count - 1);
}

static void a_context_conditions_what_is_made(void **state)
{
	struct fixture *f = *state;
	double own, others;
	context_costs(f->session, 40, &own, &others);
	assert_true(own < others * 0.99);
}

/* ---- model files ---- */

static int open_bytes(const uint8_t *bytes, size_t nbytes)
{
	struct generator *g;
	struct error e = {""};
	int err = cm_open_memory(&g, bytes, nbytes, "a model", &e);
	if (err == 0)
		cm->close(g);
	else
		assert_ptr_equal(strstr(e.text, "a model: "), e.text);
	return err;
}

static void info_describes_the_file(void **state)
{
	struct fixture *f = *state;
	struct generator_info info;
	cm->info(f->generator, &info);
	assert_int_equal(info.model_bytes, f->file_nbytes);
	assert_true(info.model_bytes <= MODEL_NBYTES_MAX);
	assert_true(info.session_bytes <= 32u << 20);
	assert_int_equal(info.lanes_max, 1);
	assert_true(info.model_digest != 0);
	assert_int_equal(open_bytes(f->file, f->file_nbytes), 0);
}

static void a_cut_file_is_refused(void **state)
{
	struct fixture *f = *state;
	for (size_t n = 0; n < 70; n++)
		assert_int_equal(open_bytes(f->file, n), -EBADMSG);
	for (unsigned i = 1; i < 50; i++)
		assert_int_equal(open_bytes(f->file, f->file_nbytes * i / 50), -EBADMSG);
	assert_int_equal(open_bytes(f->file, f->file_nbytes - 1), -EBADMSG);
	f->file[f->file_nbytes] = 0;
	assert_int_equal(open_bytes(f->file, f->file_nbytes + 1), -EBADMSG);
}

static void a_flipped_bit_is_refused(void **state)
{
	struct fixture *f = *state;
	for (size_t bit = 0; bit < f->file_nbytes * 8; bit += bit < 600 ? 1 : f->file_nbytes / 7) {
		f->file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(open_bytes(f->file, f->file_nbytes), -EBADMSG);
		f->file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* With the checksum made right again, each field is still looked at. */
static void wrong_fields_are_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t header[MODEL_HEADER_NBYTES];
	memcpy(header, f->file, sizeof header);
	for (unsigned at = 0; at < MODEL_CHECKSUM_AT; at++) {
		f->file[at] ^= 0x41;
		uint64_t checksum = model_checksum(f->file, f->file_nbytes);
		for (unsigned i = 0; i < 8; i++)
			f->file[MODEL_CHECKSUM_AT + i] = (uint8_t)(checksum >> (8 * i));
		assert_int_equal(open_bytes(f->file, f->file_nbytes), -EBADMSG);
		memcpy(f->file, header, sizeof header);
	}
}

static void what_is_no_model_is_refused(void **state)
{
	struct fixture *f = *state;
	struct generator *g;
	struct error e;
	char path[128];
	snprintf(path, sizeof path, "%s/absent", f->dir);
	assert_int_equal(cm->open(&g, path, &e), -ENOENT);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, "gvr train"));
	snprintf(path, sizeof path, "%s/empty", f->dir);
	write_bytes(path, "", 0);
	assert_int_equal(cm->open(&g, path, &e), -EBADMSG);
	assert_int_equal(cm->open(&g, f->dir, &e), -EBADMSG);
}

/* ---- training ---- */

static int stop_at_once(void *arg, const char *what, unsigned long long done,
			unsigned long long total)
{
	(void)what, (void)done, (void)total;
	++*(unsigned *)arg;
	return 1;
}

static void training_can_be_stopped(void **state)
{
	struct fixture *f = *state;
	struct error e;
	char path[128];
	unsigned steps = 0;
	struct progress progress = {stop_at_once, &steps};
	snprintf(path, sizeof path, "%s/stopped", f->dir);
	assert_int_equal(cm->train(f->corpus, path, NULL, &progress, &e), -ECANCELED);
	assert_int_equal(steps, 1);
	assert_int_equal(access(path, F_OK), -1);
}

static void training_needs_a_folder(void **state)
{
	struct fixture *f = *state;
	struct error e;
	char path[128];
	snprintf(path, sizeof path, "%s/absent/model", f->dir);
	assert_int_equal(cm->train(f->corpus, path, NULL, NULL, &e), -ENOENT);
	assert_non_null(strstr(e.text, path));
}

/* One document is held out, so that nothing trains. */
static void an_empty_training_split_gives_a_model(void **state)
{
	struct fixture *f = *state;
	struct error e;
	char dir[96], path[128];
	struct corpus *corpus;
	snprintf(dir, sizeof dir, "%s/one", f->dir);
	assert_int_equal(mkdir(dir, 0777), 0);
	snprintf(path, sizeof path, "%s/document", dir);
	write_bytes(path, "alone", 5);
	assert_int_equal(corpus_open(&corpus, dir, 0, NULL, NULL, &e), 0);
	assert_int_equal(corpus_count(corpus, SPLIT_TRAINING), 0);
	snprintf(path, sizeof path, "%s/one.model", f->dir);
	assert_int_equal(cm->train(corpus, path, NULL, NULL, &e), 0);
	corpus_close(corpus);

	struct generator *g;
	struct generator_session *s;
	struct generator_info info;
	assert_int_equal(cm->open(&g, path, &e), 0);
	assert_int_equal(cm->session_open(&s, g, 1, &e), 0);
	cm->info(g, &info);
	assert_true(info.model_bytes < 100000);
	round_trip(s, (const uint8_t *)"alone", 5);
	uint8_t one[200], two[200];
	sample(s, 1, 7, one, sizeof one);
	sample(s, 2, 7, two, sizeof two);
	assert_memory_not_equal(one, two, sizeof one);
	cm->session_close(s);
	cm->close(g);
}

static void every_build_makes_the_same(void **state)
{
	struct fixture *f = *state;
	struct generator_info info;
	uint8_t samples[4][1000];
	cm->info(f->generator, &info);
	for (unsigned i = 0; i < 4; i++)
		sample(f->session, i, i, samples[i], sizeof samples[i]);
	uint64_t digest = XXH3_64bits(samples, sizeof samples);
	if (info.model_digest != GOLDEN_MODEL || digest != GOLDEN_SAMPLES)
		print_message("model 0x%016llx samples 0x%016llx\n",
			      (unsigned long long)info.model_digest, (unsigned long long)digest);
	assert_true(info.model_digest == GOLDEN_MODEL);
	assert_true(digest == GOLDEN_SAMPLES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_come_back_small),
		cmocka_unit_test(any_bytes_come_back),
		cmocka_unit_test(random_bytes_cost_hardly_more),
		cmocka_unit_test(a_long_content_comes_back),
		cmocka_unit_test(decode_makes_slices),
		cmocka_unit_test(a_shorter_content_is_the_beginning),
		cmocka_unit_test(end_undoes_everything),
		cmocka_unit_test(sessions_do_not_disturb_each_other),
		cmocka_unit_test(novel_bits_come_back),
		cmocka_unit_test(novel_contents_differ),
		cmocka_unit_test(a_context_conditions_what_is_made),
		cmocka_unit_test(info_describes_the_file),
		cmocka_unit_test(a_cut_file_is_refused),
		cmocka_unit_test(a_flipped_bit_is_refused),
		cmocka_unit_test(wrong_fields_are_refused),
		cmocka_unit_test(what_is_no_model_is_refused),
		cmocka_unit_test(training_can_be_stopped),
		cmocka_unit_test(training_needs_a_folder),
		cmocka_unit_test(an_empty_training_split_gives_a_model),
		cmocka_unit_test(every_build_makes_the_same),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
