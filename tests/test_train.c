/* Training of rnn, on small corpora that the test makes. */
#include "tests/test.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "engines/generate/rnn/model_file.h"
#include "engines/generate/rnn/rnn.h"
#include "engines/generate/rnn/train.h"
#include "engines/generate/rnn/train_text.h"
#include "tests/sanitized.h"
#include "tests/scratch.h"
#include "workloads/prng.h"

static const struct generator_ops *const rnn = &rnn_generator;

#define MODEL_NBYTES_LIMIT ((size_t)4 << 20)

static char dir[64];

/* ---- corpora ---- */

static const char *const WORDS[] = {"the",  "file",   "returns", "error",  "if",   "a",
				    "call", "buffer", "of",	 "length", "zero", "pointer",
				    "to",   "system", "value",	 "and"};

/* Sentences of skewed word choice, with a heading. */
static size_t make_document(uint64_t number, size_t words, char *out, size_t capacity)
{
	size_t n = (size_t)snprintf(out, capacity, ".TH NAME%u 3\n.SH DESCRIPTION\n",
				    (unsigned)(number % 7));
	for (size_t i = 1; i <= words && n + 16 < capacity; i++) {
		uint64_t r = prng_at(number, i);
		const char *word = WORDS[(r % 16) * (r / 16 % 16) / 16];
		n += (size_t)snprintf(out + n, capacity - n, "%s%s", word,
				      r / 256 % 9 ? " " : ".\n");
	}
	return n;
}

static void path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static void write_bytes(const char *path, const void *bytes, size_t nbytes)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, nbytes, f), nbytes);
	assert_int_equal(fclose(f), 0);
}

static void write_document(const char *folder, unsigned number, const void *bytes, size_t nbytes)
{
	char path[160];
	snprintf(path, sizeof path, "%s/%s/%03u", dir, folder, number);
	write_bytes(path, bytes, nbytes);
}

static void make_folder(const char *name)
{
	char path[128];
	path_of(path, name);
	assert_int_equal(mkdir(path, 0777), 0);
}

static struct corpus *open_corpus(const char *name)
{
	struct corpus *c;
	struct error e;
	char path[128];
	path_of(path, name);
	assert_int_equal(corpus_open(&c, path, 0, NULL, NULL, &e), 0);
	return c;
}

/* Documents of about so many words, the first of them empty. */
static struct corpus *make_corpus(const char *name, unsigned documents, size_t words)
{
	static char text[65536];
	make_folder(name);
	for (unsigned i = 0; i < documents; i++) {
		size_t n = words / 2 + prng_at(i, 0) % words;
		write_document(name, i, text, i == 0 ? 0 : make_document(i, n, text, sizeof text));
	}
	return open_corpus(name);
}

static struct corpus *make_noise(const char *name, unsigned documents, size_t nbytes)
{
	uint8_t *bytes = malloc(nbytes);
	assert_non_null(bytes);
	make_folder(name);
	for (unsigned i = 0; i < documents; i++) {
		for (size_t k = 0; k < nbytes; k++)
			bytes[k] = (uint8_t)prng_at(i, k);
		write_document(name, i, bytes, nbytes);
	}
	free(bytes);
	return open_corpus(name);
}

static struct corpus *small; /* what most of the tests train on */

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/gvr-test-train-XXXXXX");
	assert_non_null(mkdtemp(dir));
	small = make_corpus("small", 60, 120);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	corpus_close(small);
	return scratch_remove(dir);
}

/* ---- training ---- */

/* What a training told. */
struct told {
	unsigned points;
	uint64_t first_steps, steps;
	double best_bits;
	bool best_is_last;
};

static void on_point(void *arg, const struct training_point *p)
{
	struct told *t = arg;
	if (t->points++ == 0)
		t->first_steps = p->steps;
	assert_true(t->points == 1 || p->steps > t->steps);
	assert_true(p->bits_per_byte >= 0 && p->bits_per_byte < 20);
	t->steps = p->steps;
	t->best_is_last = t->points == 1 || p->bits_per_byte < t->best_bits;
	if (t->best_is_last)
		t->best_bits = p->bits_per_byte;
}

struct setting {
	const char *name; /* of the file */
	uint64_t steps;
	unsigned threads;
	unsigned stop_at; /* training is stopped at this part of 1000; 0: is not */
};

static int on_step(void *arg, const char *what, unsigned long long done, unsigned long long total)
{
	const struct setting *s = arg;
	assert_true(done <= total);
	return s->stop_at > 0 && strcmp(what, "training") == 0 && done >= s->stop_at;
}

static int try_train(const struct corpus *c, struct setting s, struct told *told, struct error *e)
{
	char path[128];
	struct training t = {
		.steps = s.steps, .threads = s.threads, .report = on_point, .report_arg = told};
	struct progress progress = {on_step, &s};
	*told = (struct told){0};
	path_of(path, s.name);
	return rnn->train(c, path, &t, &progress, e);
}

static struct told train(const struct corpus *c, const char *name, uint64_t steps, unsigned threads)
{
	struct told told;
	struct error e = {""};
	int err = try_train(c, (struct setting){name, steps, threads, 0}, &told, &e);
	if (err != 0)
		fail_msg("%s: %s", name, e.text);
	return told;
}

static bool exists(const char *name)
{
	char path[128];
	path_of(path, name);
	return access(path, F_OK) == 0;
}

static uint8_t *read_file(const char *name, size_t *nbytes)
{
	char path[128];
	struct stat st;
	path_of(path, name);
	assert_int_equal(stat(path, &st), 0);
	uint8_t *bytes = malloc((size_t)st.st_size + 1);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_non_null(bytes);
	*nbytes = fread(bytes, 1, (size_t)st.st_size, f);
	assert_int_equal(*nbytes, st.st_size);
	fclose(f);
	return bytes;
}

static bool same_files(const char *a, const char *b)
{
	size_t a_nbytes, b_nbytes;
	uint8_t *x = read_file(a, &a_nbytes), *y = read_file(b, &b_nbytes);
	bool same = a_nbytes == b_nbytes && memcmp(x, y, a_nbytes) == 0;
	free(x);
	free(y);
	return same;
}

/* ---- models ---- */

static size_t encode(struct generator_session *s, const uint8_t *in, size_t nbytes, uint8_t *code,
		     size_t capacity)
{
	struct range_encoder rc;
	range_encoder_init(&rc, code, capacity);
	rnn->begin(s, 0);
	rnn->encode(s, &rc, in, nbytes);
	rnn->end(s, 0);
	size_t code_nbytes = range_encoder_finish(&rc);
	assert_int_equal(rc.overflow, 0);
	return code_nbytes;
}

/* Codes and makes again; returns the code's length. */
static size_t round_trip(struct generator_session *s, const uint8_t *in, size_t nbytes)
{
	size_t capacity = 4 * nbytes + 64;
	uint8_t *code = malloc(capacity), *out = malloc(nbytes + 1);
	assert_true(code != NULL && out != NULL);
	size_t code_nbytes = encode(s, in, nbytes, code, capacity);
	struct generator_lane lane = {.out = out, .nbytes = nbytes};
	range_decoder_init(&lane.rc, code, code_nbytes);
	rnn->begin(s, 0);
	generator_make(rnn, s, &lane);
	rnn->end(s, 0);
	assert_memory_equal(in, out, nbytes);
	free(code);
	free(out);
	return code_nbytes;
}

struct opened {
	struct generator *g;
	struct generator_session *s;
	struct generator_info info;
};

static struct opened open_model(const char *name)
{
	struct opened o;
	struct error e = {""};
	char path[128];
	path_of(path, name);
	if (rnn->open(&o.g, path, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(rnn->session_open(&o.s, o.g, 1, &e), 0);
	rnn->info(o.g, &o.info);
	assert_true(o.info.model_bytes <= MODEL_NBYTES_LIMIT);
	return o;
}

static void close_model(struct opened *o)
{
	rnn->session_close(o->s);
	rnn->close(o->g);
}

/* The model of that name makes any bytes again, and novel ones. */
static void check_works(const char *name)
{
	uint8_t bytes[600], out[600];
	char text[600];
	struct opened o = open_model(name);
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)prng_at(4, i);
	round_trip(o.s, bytes, sizeof bytes);
	round_trip(o.s, (const uint8_t *)text, make_document(1, 60, text, sizeof text));
	struct generator_lane lane = {.out = out, .nbytes = sizeof out};
	range_decoder_init_random(&lane.rc, 7);
	rnn->begin(o.s, 0);
	rnn->prime(o.s, 0, 3);
	generator_make(rnn, o.s, &lane);
	rnn->end(o.s, 0);
	assert_int_equal(lane.made, sizeof out);
	close_model(&o);
}

/* ---- the same again ---- */

static void the_same_options_give_the_same_file(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 2; threads++) {
		train(small, "one", 2, threads);
		train(small, "two", 2, threads);
		assert_true(same_files("one", "two"));
		assert_false(exists("one.checkpoint"));
	}
	train(small, "two", 3, 2);
	assert_false(same_files("one", "two"));
}

/* Stopped after about a half; returns what it told. */
static struct told stop_halfway(const struct corpus *c, const char *name, uint64_t steps,
				unsigned threads)
{
	struct told told;
	struct error e = {""};
	char path[128], checkpoint[160];
	path_of(path, name);
	unlink(path);
	int err = try_train(c, (struct setting){name, steps, threads, 500}, &told, &e);
	assert_int_equal(err, -ECANCELED);
	assert_non_null(strstr(e.text, "run the same command to go on"));
	snprintf(checkpoint, sizeof checkpoint, "%s.checkpoint", path);
	assert_non_null(strstr(e.text, checkpoint));
	assert_int_equal(access(checkpoint, F_OK), 0);
	assert_false(exists(name));
	return told;
}

static void a_stopped_training_goes_on(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 2; threads++) {
		train(small, "whole", 4, threads);
		struct told before = stop_halfway(small, "parts", 4, threads);
		struct told after = train(small, "parts", 4, threads);
		assert_int_equal(before.steps, 2);
		assert_int_equal(after.first_steps, 3);
		assert_int_equal(after.steps, 4);
		assert_true(same_files("whole", "parts"));
		assert_false(exists("parts.checkpoint"));
	}
}

/* ---- checkpoints that are not what they should be ---- */

static void write_checkpoint(const uint8_t *bytes, size_t nbytes)
{
	char path[128];
	path_of(path, "parts.checkpoint");
	write_bytes(path, bytes, nbytes);
}

/* With what is now parts.checkpoint, training starts anew. */
static void check_ignored(void)
{
	struct told t = train(small, "parts", 2, 1);
	assert_int_equal(t.first_steps, 1);
	assert_true(same_files("whole", "parts"));
	assert_false(exists("parts.checkpoint"));
}

static void damaged_checkpoints_are_ignored(void **state)
{
	size_t nbytes;
	(void)state;
	train(small, "whole", 2, 1);
	stop_halfway(small, "parts", 2, 1);
	uint8_t *bytes = read_file("parts.checkpoint", &nbytes);
	const size_t cut[] = {0, 60, nbytes - 1};
	for (unsigned i = 0; i < sizeof cut / sizeof *cut; i++) {
		write_checkpoint(bytes, cut[i]);
		check_ignored();
	}
	/* in the head, whose plan begins at 32, and in what follows */
	const size_t flipped[] = {0, 16, 40, nbytes / 3, nbytes - 1};
	for (unsigned i = 0; i < sizeof flipped / sizeof *flipped; i++) {
		bytes[flipped[i]] ^= 0x10;
		write_checkpoint(bytes, nbytes);
		check_ignored();
		bytes[flipped[i]] ^= 0x10;
	}
	write_checkpoint(bytes, nbytes); /* as it was, it counts */
	assert_int_equal(train(small, "parts", 2, 1).first_steps, 2);
	free(bytes);
}

/* One of another training is left as it is, and the training refused. */
static void check_refused(void)
{
	char path[128], checkpoint[128];
	struct error e;
	struct training how = {.steps = 2, .threads = 1};
	size_t nbytes, after;
	uint8_t *before = read_file("parts.checkpoint", &nbytes);
	path_of(path, "parts");
	path_of(checkpoint, "parts.checkpoint");
	assert_int_equal(rnn_generator.train(small, path, &how, NULL, &e), -EEXIST);
	assert_non_null(strstr(e.text, "another training"));
	uint8_t *now = read_file("parts.checkpoint", &after);
	assert_int_equal(after, nbytes);
	assert_memory_equal(now, before, nbytes);
	free(before);
	free(now);
	unlink(checkpoint);
}

/* Of other documents, of another number of steps or threads. */
static void foreign_checkpoints_are_not_lost(void **state)
{
	struct corpus *other = make_corpus("other", 40, 100);
	(void)state;
	stop_halfway(other, "parts", 2, 1);
	check_refused();
	stop_halfway(small, "parts", 3, 1);
	check_refused();
	stop_halfway(small, "parts", 2, 2);
	check_refused();
	corpus_close(other);
}

/* ---- corpora of every kind ---- */

static void one_document_gives_a_model(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) { /* some are held out, and then nothing is left */
		char name[32];
		uint8_t byte = (uint8_t)i;
		snprintf(name, sizeof name, "one%u", i);
		make_folder(name);
		write_document(name, 0, &byte, 1);
		struct corpus *c = open_corpus(name);
		uint32_t count = corpus_count(c, SPLIT_TRAINING);
		if (i == 0 || count == 0) {
			train(c, "model", 1, 1);
			check_works("model");
		}
		corpus_close(c);
		if (count == 0)
			return;
	}
	fail_msg("none was held out");
}

static void a_training_split_of_empty_documents_gives_a_model(void **state)
{
	(void)state;
	make_folder("empty");
	for (unsigned i = 0; i < 20; i++)
		write_document("empty", i, "", 0);
	struct corpus *c = open_corpus("empty");
	train(c, "model", 2, 2);
	check_works("model");
	corpus_close(c);
}

static void the_same_document_again_and_again_gives_a_model(void **state)
{
	(void)state;
	make_folder("same");
	for (unsigned i = 0; i < 64; i++)
		write_document("same", i, "the same", 8);
	struct corpus *c = open_corpus("same");
	train(c, "model", 2, 2);
	check_works("model");
	corpus_close(c);
}

static void noise_gives_a_model(void **state)
{
	uint8_t bytes[4000];
	(void)state;
	struct corpus *c = make_noise("noise", 40, 1500);
	train(c, "model", 2, 1);
	corpus_close(c);
	check_works("model");
	struct opened o = open_model("model");
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)prng_at(999, i);
	assert_in_range(round_trip(o.s, bytes, sizeof bytes), sizeof bytes - 64,
			sizeof bytes * 3 / 2);
	close_model(&o);
}

/* As the model file will have it. */
static size_t packed_nbytes(const struct train_text *t)
{
	size_t capacity = ZSTD_compressBound(t->dictionary_nbytes);
	uint8_t *frame = malloc(capacity);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	assert_true(frame != NULL && c != NULL);
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, MODEL_ZSTD_LEVEL);
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, MODEL_ZSTD_WINDOW_LOG);
	size_t n = ZSTD_compress2(c, frame, capacity, t->dictionary_bytes, t->dictionary_nbytes);
	assert_false(ZSTD_isError(n));
	ZSTD_freeCCtx(c);
	free(frame);
	return n;
}

/* Whole documents, as many as there is room for, none of those kept aside. */
static void the_dictionary_takes_the_room_that_is_left(void **state)
{
	static const size_t rooms[] = {100, 3000, 10000, 20000, 1 << 20};
	struct corpus *c = make_corpus("packed", 80, 500);
	size_t before = 0;
	(void)state;
	for (unsigned i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		struct train_text t;
		struct error e;
		struct train_text_options o = {256, rooms[i]};
		assert_int_equal(train_text_make(&t, c, &o, NULL, &e), 0);
		size_t n = t.dictionary_nbytes > 0 ? packed_nbytes(&t) : 0;
		assert_true(n <= rooms[i] && n >= before);
		assert_true(i == 0 || i == 4 || n > rooms[i] / 2);
		uint64_t begin = (uint64_t)(t.dictionary_bytes - t.bytes);
		assert_int_equal(begin + t.dictionary_nbytes, t.byte_count);
		assert_true(begin >= t.aside_bytes);
		assert_true(i < 4 || begin == t.aside_bytes);
		before = n;
		train_text_fini(&t);
	}
	corpus_close(c);
}

static void training_needs_a_folder(void **state)
{
	struct told told;
	struct error e = {""};
	(void)state;
	int err = try_train(small, (struct setting){"absent/model", 1000000, 1, 0}, &told, &e);
	assert_int_equal(err, -ENOENT);
	assert_int_equal(told.points, 0); /* said before anything is trained */
	assert_non_null(strstr(e.text, "absent/model"));
}

static int stop_at_once(void *arg, const char *what, unsigned long long done,
			unsigned long long total)
{
	(void)arg, (void)what, (void)done, (void)total;
	return 1;
}

static void reading_can_be_stopped(void **state)
{
	struct training t = {.steps = 1, .threads = 1};
	struct error e = {""};
	char path[128];
	(void)state;
	path_of(path, "stopped");
	struct progress progress = {stop_at_once, NULL};
	assert_int_equal(rnn->train(small, path, &t, &progress, &e), -ECANCELED);
	assert_false(exists("stopped"));
	assert_false(exists("stopped.checkpoint"));
}

/* ---- what floats say and what integers do ---- */

/* The documents kept aside, by the model in integers: bits a byte. */
static double coded_bits(const struct corpus *c, const char *name)
{
	struct train_text t;
	struct error e;
	struct train_text_options o = {.vocabulary = 4096, .dictionary_file_nbytes = 1 << 20};
	struct opened model = open_model(name);
	uint64_t code_nbytes = 0;
	assert_int_equal(train_text_make(&t, c, &o, NULL, &e), 0);
	assert_true(t.aside_count > 0);
	for (uint32_t i = 0; i < t.aside_count; i++)
		code_nbytes += round_trip(model.s, t.bytes + t.documents[i].begin_byte,
					  t.documents[i].nbytes);
	double bits = 8 * (double)code_nbytes / (double)t.aside_bytes;
	train_text_fini(&t);
	close_model(&model);
	return bits;
}

static void integers_code_what_floats_promise(void **state)
{
	(void)state;
	struct corpus *c = make_corpus("long", 40, 900);
	struct told told = train(c, "model", SANITIZED ? 8 : 24, 2);
	double bits = coded_bits(c, "model");
	print_message("# promised %.4f, coded %.4f bits/byte\n", told.best_bits, bits);
	/* a little less: what a greedy cut rules out has no share of the code */
	assert_true(bits < 1.005 * told.best_bits && bits > 0.95 * told.best_bits);
	if (!SANITIZED)
		assert_true(told.best_bits < 2);
	corpus_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_options_give_the_same_file),
		cmocka_unit_test(a_stopped_training_goes_on),
		cmocka_unit_test(damaged_checkpoints_are_ignored),
		cmocka_unit_test(foreign_checkpoints_are_not_lost),
		cmocka_unit_test(one_document_gives_a_model),
		cmocka_unit_test(a_training_split_of_empty_documents_gives_a_model),
		cmocka_unit_test(the_same_document_again_and_again_gives_a_model),
		cmocka_unit_test(noise_gives_a_model),
		cmocka_unit_test(the_dictionary_takes_the_room_that_is_left),
		cmocka_unit_test(training_needs_a_folder),
		cmocka_unit_test(reading_can_be_stopped),
		cmocka_unit_test(integers_code_what_floats_promise),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
