/* The generator `rnn` with a model that no training made (rnn_model.h): what is
 * coded comes back, and contents are the same however they are made. */
#include "tests/rnn_model.h"
#include "tests/sanitized.h"
#include "tests/test.h"

#include <pthread.h>

#include "engines/generate/novel.h"
#include "engines/generate/rnn/kernel.h"
#include "engines/generate/rnn/rnn.h"
#include "engines/generate/spec.h"

static const struct generator_ops *const rnn = &rnn_generator;

/* What any build and any kernel must make of the synthetic model: its tokens
 * and tensors, specs of documents, novel contents, and those at 80 % and 95 %. */
#define GOLDEN_NETWORK UINT64_C(0x19d136ffaa6481ca)
#define GOLDEN_SPECS UINT64_C(0xb70a4144ff7f4d90)
#define GOLDEN_NOVEL UINT64_C(0xd39d04d7de7ae83b)
#define GOLDEN_SAMPLED UINT64_C(0x064f69dccc9ed29f)

#define DICTIONARY_NBYTES 20000u

struct fixture {
	struct shape shape;
	uint8_t *file;
	size_t file_nbytes;
	struct generator *generator;
	struct generator_session *session; /* of one lane */
};

static struct generator *open_model(const uint8_t *bytes, size_t nbytes)
{
	struct generator *g;
	struct error e = {""};
	if (rnn_open_memory(&g, bytes, nbytes, "a model", &e) != 0)
		fail_msg("%s", e.text);
	return g;
}

static struct generator_session *open_session(struct generator *g, unsigned lanes)
{
	struct generator_session *s;
	assert_int_equal(rnn->session_open(&s, g, lanes, NULL), 0);
	return s;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	unsetenv("GVR_CPU");
	f->shape = rnn_model_shape(512, 96, 2);
	f->file = rnn_model_make(&f->shape, DICTIONARY_NBYTES, &f->file_nbytes);
	f->generator = open_model(f->file, f->file_nbytes);
	f->session = open_session(f->generator, 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	rnn->session_close(f->session);
	rnn->close(f->generator);
	free(f->file);
	free(f);
	return 0;
}

/* ---- helpers ---- */

/* Returns the code's length, 0 with *overflow if it is more than capacity. */
static size_t encode(struct generator_session *s, const uint8_t *in, size_t nbytes, uint8_t *code,
		     size_t capacity, int *overflow)
{
	struct range_encoder rc;
	range_encoder_init(&rc, code, capacity);
	rnn->begin(s, 0);
	rnn->encode(s, &rc, in, nbytes);
	rnn->end(s, 0);
	size_t code_nbytes = range_encoder_finish(&rc);
	*overflow = rc.overflow;
	return code_nbytes;
}

static void decode(struct generator_session *s, const uint8_t *code, size_t code_nbytes,
		   uint8_t *out, size_t nbytes)
{
	struct generator_lane lane = {.out = out, .nbytes = nbytes};
	range_decoder_init(&lane.rc, code, code_nbytes);
	rnn->begin(s, 0);
	generator_make(rnn, s, &lane);
	rnn->end(s, 0);
	assert_int_equal(lane.made, nbytes);
}

/* Content `content` for `context`, by a session's lane. */
static void novel(struct generator_session *s, unsigned index, uint64_t content, uint32_t context,
		  uint8_t *out, size_t nbytes)
{
	struct generator_lane lane = {.index = index, .out = out, .nbytes = nbytes};
	novel_begin(rnn, s, &lane, content, context);
	generator_make(rnn, s, &lane);
	rnn->end(s, index);
}

/* No token costs more than 12 bits of surprise, a cluster's 16 and its own 16. */
static size_t code_nbytes_max(size_t nbytes)
{
	return nbytes * 11 / 2 + 16;
}

/* Codes and decodes; returns the code's length. */
static size_t round_trip(struct generator_session *s, const uint8_t *in, size_t nbytes)
{
	int overflow;
	uint8_t *code = malloc(code_nbytes_max(nbytes)), *out = malloc(nbytes + 1);
	size_t code_nbytes = encode(s, in, nbytes, code, code_nbytes_max(nbytes), &overflow);
	assert_int_equal(overflow, 0);
	out[nbytes] = 0xa5;
	decode(s, code, code_nbytes, out, nbytes);
	if (nbytes > 0)
		assert_memory_equal(in, out, nbytes);
	assert_int_equal(out[nbytes], 0xa5);
	free(out);
	free(code);
	return code_nbytes;
}

static void fill_random(uint8_t *out, size_t nbytes, uint64_t key)
{
	for (size_t i = 0; i < nbytes; i++)
		out[i] = (uint8_t)prng_at(key, i);
}

/* ---- archive contents ---- */

static void any_bytes_come_back(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[512] = {0};
	assert_true(round_trip(f->session, bytes, 0) == 0);
	for (unsigned b = 0; b < 256; b++) {
		bytes[0] = (uint8_t)b;
		round_trip(f->session, bytes, 1);
	}
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7);
	round_trip(f->session, bytes, sizeof bytes);
	memset(bytes, 0, sizeof bytes);
	round_trip(f->session, bytes, sizeof bytes);
	for (unsigned n = 2; n < 40; n++) {
		fill_random(bytes, n, n);
		round_trip(f->session, bytes, n);
	}
}

static void text_comes_back_smaller(void **state)
{
	struct fixture *f = *state;
	char text[4000];
	for (uint64_t k = 1000; k < 1010; k++) {
		size_t nbytes = rnn_model_text(text, sizeof text, k);
		size_t code = round_trip(f->session, (uint8_t *)text, nbytes);
		assert_true(nbytes > 200 && code < nbytes * 3 / 4);
	}
}

/* Longer than what is looked back on, so that half of it goes, several times. */
static void long_documents_come_back(void **state)
{
	struct fixture *f = *state;
	size_t nbytes = SANITIZED ? 48000 : 80000;
	char *text = malloc(nbytes);
	uint16_t *tokens = malloc(nbytes * sizeof *tokens);
	struct vocabulary *v = calloc(1, sizeof *v);
	struct token *set = rnn_model_tokens(f->shape.vocabulary);
	assert_int_equal(vocabulary_init(v, set, f->shape.vocabulary), 0);
	nbytes = rnn_model_texts(text, nbytes, 500);
	size_t count = vocabulary_cut(v, (uint8_t *)text, nbytes, tokens);
	assert_true(count > (SANITIZED ? 1 : 2) * MATCH_WINDOW);
	round_trip(f->session, (uint8_t *)text, nbytes);
	vocabulary_fini(v);
	free(v);
	free(tokens);
	free(text);
}

/* The record that is kept: the code, or the bytes where they are shorter, as
 * the encoder tells without writing beyond its room. Returns its length. */
static size_t record_nbytes(struct generator_session *s, const uint8_t *in, size_t nbytes)
{
	uint8_t header[SPEC_HEADER_NBYTES_MAX], *room = malloc(nbytes + 1);
	int overflow;
	room[nbytes] = 0x5a;
	size_t code = encode(s, in, nbytes, room, nbytes, &overflow);
	assert_int_equal(room[nbytes], 0x5a);
	assert_true(code <= nbytes);
	free(room);
	bool raw = overflow || code >= nbytes;
	return spec_write_header(header, raw, nbytes) + (raw ? nbytes : code);
}

static void random_bytes_cost_hardly_more(void **state)
{
	struct fixture *f = *state;
	static uint8_t bytes[100000];
	const size_t nbytes = SANITIZED ? 10000 : sizeof bytes;
	fill_random(bytes, nbytes, 1);
	assert_in_range(record_nbytes(f->session, bytes, nbytes), nbytes - 64, nbytes * 105 / 100);
	size_t code = round_trip(f->session, bytes, nbytes);
	assert_in_range(code, nbytes - 64, code_nbytes_max(nbytes));
}

/* ---- any code ---- */

/* What is made from random bits has these bits as its code: each token of it is
 * the one that a greedy cut finds, and none has two codes. */
static void random_bits_come_back(void **state)
{
	struct fixture *f = *state;
	static uint8_t bits[8000], made[3000], code[16600];
	for (uint64_t key = 0; key < (SANITIZED ? 10 : 100); key++) {
		int overflow;
		fill_random(bits, sizeof bits, key);
		decode(f->session, bits, sizeof bits, made, sizeof made);
		/* the last token may be cut off by the content's end */
		size_t whole = sizeof made - TOKEN_NBYTES_MAX, same = 0;
		size_t nbytes = encode(f->session, made, whole, code, sizeof code, &overflow);
		assert_in_range(nbytes, 400, sizeof bits);
		while (same < nbytes && code[same] == bits[same])
			same++;
		assert_in_range(same, nbytes - TOKEN_NBYTES_MAX * 4, nbytes);
	}
}

/* Any bytes are some content's code, also with nothing after them. */
static void any_code_is_decoded(void **state)
{
	struct fixture *f = *state;
	uint8_t code[300], out[600], again[600];
	for (unsigned i = 0; i < 40; i++) {
		fill_random(code, sizeof code, i);
		memset(code, i % 3 ? (int)code[0] : 0xff, i * 7);
		decode(f->session, code, i * 5, out, sizeof out);
		decode(f->session, code, i * 5, again, sizeof again);
		assert_memory_equal(out, again, sizeof out);
		round_trip(f->session, out, sizeof out);
	}
}

/* ---- novel contents ---- */

static void contents_are_by_seed_and_context(void **state)
{
	struct fixture *f = *state;
	uint8_t made[4][400];
	for (unsigned i = 0; i < 4; i++)
		novel(f->session, 0, i / 2, i % 2, made[i], sizeof made[i]);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < i; k++)
			assert_memory_not_equal(made[i], made[k], sizeof made[i]);
}

/* A context's state is kept, and replaced by that of others: never to be seen. */
static void a_kept_context_changes_nothing(void **state)
{
	struct fixture *f = *state;
	static const uint32_t contexts[] = {3, 3, 7, 3, 11, 2, 2, 3, UINT32_MAX, 3, 4, 3};
	uint8_t made[300], wanted[300];
	struct generator_session *kept = open_session(f->generator, 2);
	for (unsigned i = 0; i < sizeof contexts / sizeof *contexts; i++) {
		struct generator_session *fresh = open_session(f->generator, 1);
		novel(fresh, 0, 5, contexts[i], wanted, sizeof wanted);
		novel(kept, i % 2, 5, contexts[i], made, sizeof made);
		assert_memory_equal(wanted, made, sizeof made);
		rnn->session_close(fresh);
	}
	rnn->session_close(kept);
}

/* Of a dictionary that is too short, contexts are tokens by chance. */
static void a_context_needs_no_dictionary(void **state)
{
	(void)state;
	struct shape shape = rnn_model_shape(320, 64, 1);
	size_t nbytes;
	uint8_t *file = rnn_model_make(&shape, 100, &nbytes), made[3][200];
	struct generator *g = open_model(file, nbytes);
	struct generator_session *s = open_session(g, 3);
	for (uint32_t i = 0; i < 3; i++)
		novel(s, i, 1, i / 2, made[i], sizeof made[i]);
	assert_memory_equal(made[0], made[1], sizeof made[0]);
	assert_memory_not_equal(made[0], made[2], sizeof made[0]);
	rnn->session_close(s);
	rnn->close(g);
	free(file);
}

/* The same bits make the same beginning. */
static void a_shorter_content_is_the_beginning(void **state)
{
	struct fixture *f = *state;
	uint8_t whole[700], part[700];
	novel(f->session, 0, 1, 5, whole, sizeof whole);
	for (size_t nbytes = 1; nbytes < sizeof whole; nbytes += 37) {
		novel(f->session, 0, 1, 5, part, nbytes);
		assert_memory_equal(whole, part, nbytes);
	}
}

static void decode_makes_something_but_not_all(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[3000];
	struct generator_lane lane = {.out = bytes, .nbytes = sizeof bytes}, *lanes[] = {&lane};
	novel_begin(rnn, f->session, &lane, 3, 3);
	for (size_t before = 0; before < sizeof bytes; before = lane.made) {
		rnn->decode(f->session, lanes, 1);
		assert_in_range(lane.made - before, 1, 16 * TOKEN_NBYTES_MAX);
	}
	rnn->end(f->session, 0);
}

/* What was given up half way leaves nothing behind. */
static void end_undoes_everything(void **state)
{
	struct fixture *f = *state;
	uint8_t wanted[500], made[500];
	struct generator_lane lane = {.out = made, .nbytes = sizeof made}, *lanes[] = {&lane};
	novel(f->session, 0, 8, 1, wanted, sizeof wanted);
	novel_begin(rnn, f->session, &lane, 9, 2);
	rnn->decode(f->session, lanes, 1);
	rnn->end(f->session, 0);
	rnn->begin(f->session, 0);
	rnn->end(f->session, 0);
	novel(f->session, 0, 8, 1, made, sizeof made);
	assert_memory_equal(wanted, made, sizeof made);
}

/* ---- sampling ---- */

static void sample_as(struct generator_session *s, uint32_t temperature, uint32_t top_p)
{
	rnn->sample(s, &(struct generator_sampling){temperature, top_p});
}

static void the_least_top_p_is_greedy(void **state)
{
	struct fixture *f = *state;
	uint8_t first[300], made[300];
	struct generator_session *s = open_session(f->generator, 1);
	sample_as(s, 100, 1);
	novel(s, 0, 0, 1, first, sizeof first);
	for (uint64_t content = 1; content < 5; content++) {
		novel(s, 0, content, 1, made, sizeof made);
		assert_memory_equal(first, made, sizeof made);
	}
	novel(s, 0, 0, 2, made, sizeof made);
	assert_memory_not_equal(first, made, sizeof made);
	rnn->session_close(s);
}

static void sampling_changes_what_is_made(void **state)
{
	struct fixture *f = *state;
	static const uint32_t how[][2] = {{100, 100}, {1000, 100}, {1, 100}, {100, 50}, {80, 95}};
	enum { N = sizeof how / sizeof *how };
	uint8_t made[N][300], own[300];
	struct generator_session *s = open_session(f->generator, 1);
	novel(s, 0, 4, 4, own, sizeof own);
	for (unsigned i = 0; i < N; i++) {
		sample_as(s, how[i][0], how[i][1]);
		novel(s, 0, 4, 4, made[i], sizeof made[i]);
		for (unsigned k = 0; k < i; k++)
			assert_memory_not_equal(made[i], made[k], sizeof made[i]);
	}
	assert_memory_equal(own, made[0], sizeof own); /* 100 and 100: the model's own */
	sample_as(s, 100, 100);
	novel(s, 0, 4, 4, made[0], sizeof made[0]);
	assert_memory_equal(own, made[0], sizeof own);
	rnn->session_close(s);
}

/* ---- batches ---- */

#define CONTENTS 80u
#define BATCH_NBYTES_MAX 400u

static size_t content_nbytes(uint64_t content)
{
	return 1 + prng_at(7, content) % BATCH_NBYTES_MAX;
}

static uint32_t content_context(uint64_t content)
{
	return (uint32_t)(content * 5 % 13);
}

struct batch {
	struct generator_session *session;
	struct generator_lane lanes[KERNEL_BATCH_MAX];
	bool busy[KERNEL_BATCH_MAX];
	unsigned lane_count;
	uint64_t next;
	uint8_t (*out)[BATCH_NBYTES_MAX];
};

/* Lanes without a content take the next, not all of them at once. */
static void join_lanes(struct batch *b, uint64_t chance)
{
	for (unsigned i = 0; i < b->lane_count && b->next < CONTENTS; i++) {
		if (b->busy[i] || (prng_at(chance, i) % 3 != 0 && b->lane_count > 2))
			continue;
		uint64_t content = b->next++;
		b->lanes[i] = (struct generator_lane){
			.index = i, .out = b->out[content], .nbytes = content_nbytes(content)};
		novel_begin(rnn, b->session, &b->lanes[i], content, content_context(content));
		b->busy[i] = true;
	}
}

/* Advances some of the busy ones, in an order that changes. Returns how many. */
static unsigned advance_lanes(struct batch *b, uint64_t chance)
{
	struct generator_lane *some[KERNEL_BATCH_MAX];
	unsigned count = 0, busy = 0;
	for (unsigned k = 0; k < b->lane_count; k++) {
		unsigned i = (unsigned)((k + chance) % b->lane_count);
		busy += b->busy[i];
		if (b->busy[i] && prng_at(chance, 100 + i) % 4 != 0)
			some[count++] = &b->lanes[i];
	}
	if (count > 0)
		rnn->decode(b->session, some, count);
	for (unsigned k = 0; k < count; k++)
		if (some[k]->made == some[k]->nbytes) {
			rnn->end(b->session, some[k]->index);
			b->busy[some[k]->index] = false;
		}
	return busy;
}

static void make_all(struct generator *g, unsigned lanes, uint8_t (*out)[BATCH_NBYTES_MAX])
{
	struct batch b = {.session = open_session(g, lanes), .lane_count = lanes, .out = out};
	memset(out, 0, CONTENTS * sizeof *out);
	uint64_t chance = prng_key(lanes, 1);
	do
		join_lanes(&b, ++chance);
	while (advance_lanes(&b, chance) > 0 || b.next < CONTENTS);
	rnn->session_close(b.session);
}

static void contents_do_not_depend_on_the_batch(void **state)
{
	struct fixture *f = *state;
	static const unsigned lanes[] = {1, 2, 7, 24, 64};
	static uint8_t wanted[CONTENTS][BATCH_NBYTES_MAX], made[CONTENTS][BATCH_NBYTES_MAX];
	memset(wanted, 0, sizeof wanted);
	for (uint64_t c = 0; c < CONTENTS; c++)
		novel(f->session, 0, c, content_context(c), wanted[c], content_nbytes(c));
	for (unsigned i = 0; i < sizeof lanes / sizeof *lanes; i++) {
		make_all(f->generator, lanes[i], made);
		assert_memory_equal(wanted, made, sizeof made);
	}
}

struct maker {
	struct generator *generator;
	uint8_t out[CONTENTS][BATCH_NBYTES_MAX];
};

static void *run_maker(void *arg)
{
	struct maker *m = arg;
	make_all(m->generator, 5, m->out);
	return NULL;
}

static void threads_share_a_model(void **state)
{
	struct fixture *f = *state;
	static struct maker makers[2];
	pthread_t threads[2];
	for (unsigned i = 0; i < 2; i++) {
		makers[i].generator = f->generator;
		assert_int_equal(pthread_create(&threads[i], NULL, run_maker, &makers[i]), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_memory_equal(makers[0].out, makers[1].out, sizeof makers[0].out);
}

/* ---- every build, every kernel ---- */

static uint64_t digest_of_specs(struct generator_session *s)
{
	char text[3000];
	uint8_t code[16500];
	uint64_t digest = 0;
	for (uint64_t k = 0; k < 4; k++) {
		int overflow;
		size_t nbytes = rnn_model_text(text, sizeof text, k == 3 ? 2 : 1000 + k);
		if (k == 2)
			fill_random((uint8_t *)text, nbytes, 2);
		size_t n = encode(s, (uint8_t *)text, nbytes, code, sizeof code, &overflow);
		digest = prng_key(digest, XXH3_64bits(code, n));
	}
	return digest;
}

static uint64_t digest_of_novel(struct generator_session *s)
{
	uint8_t made[1000];
	uint64_t digest = 0;
	for (uint32_t k = 0; k < 6; k++) {
		novel(s, 0, k, k % 4, made, sizeof made);
		digest = prng_key(digest, XXH3_64bits(made, sizeof made));
	}
	return digest;
}

static void assert_golden(const char *what, uint64_t got, uint64_t golden)
{
	if (got != golden)
		print_message("%s: 0x%016llx\n", what, (unsigned long long)got);
	assert_true(got == golden);
}

static void assert_golden_session(struct generator *g, const char *kernel)
{
	char what[64];
	struct generator_session *s = open_session(g, 1);
	snprintf(what, sizeof what, "%s: specs", kernel);
	assert_golden(what, digest_of_specs(s), GOLDEN_SPECS);
	snprintf(what, sizeof what, "%s: novel", kernel);
	assert_golden(what, digest_of_novel(s), GOLDEN_NOVEL);
	sample_as(s, 80, 95);
	snprintf(what, sizeof what, "%s: sampled", kernel);
	assert_golden(what, digest_of_novel(s), GOLDEN_SAMPLED);
	rnn->session_close(s);
}

static void every_build_makes_the_same(void **state)
{
	struct fixture *f = *state;
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	size_t network = model_network_nbytes(&f->shape) - MODEL_HEADER_NBYTES;
	assert_golden("network", XXH3_64bits(f->file + MODEL_HEADER_NBYTES, network),
		      GOLDEN_NETWORK);
	for (unsigned i = 0; i < count; i++) {
		if (!kernels[i]->supported())
			continue;
		setenv("GVR_CPU", kernels[i]->name, 1);
		struct generator *g = open_model(f->file, f->file_nbytes);
		assert_golden_session(g, kernels[i]->name);
		rnn->close(g);
	}
}

static int forget_gvr_cpu(void **state)
{
	(void)state;
	return unsetenv("GVR_CPU");
}

static void info_describes_the_model(void **state)
{
	struct fixture *f = *state;
	struct generator_info info;
	rnn->info(f->generator, &info);
	assert_int_equal(info.model_bytes, f->file_nbytes);
	assert_true(info.model_digest == XXH3_64bits(f->file, f->file_nbytes));
	assert_int_equal(info.trained_on, 77);
	assert_int_equal(info.lanes_max, KERNEL_BATCH_MAX);
	assert_in_range(info.session_bytes, 100000, 1000000);
	assert_true(info.resident_bytes > f->file_nbytes);
	assert_true(info.macs_per_byte > 5000 &&
		    info.macs_per_byte < (double)model_macs(&f->shape));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes_come_back),
		cmocka_unit_test(text_comes_back_smaller),
		cmocka_unit_test(long_documents_come_back),
		cmocka_unit_test(random_bytes_cost_hardly_more),
		cmocka_unit_test(random_bits_come_back),
		cmocka_unit_test(any_code_is_decoded),
		cmocka_unit_test(contents_are_by_seed_and_context),
		cmocka_unit_test(a_kept_context_changes_nothing),
		cmocka_unit_test(a_context_needs_no_dictionary),
		cmocka_unit_test(a_shorter_content_is_the_beginning),
		cmocka_unit_test(decode_makes_something_but_not_all),
		cmocka_unit_test(end_undoes_everything),
		cmocka_unit_test(the_least_top_p_is_greedy),
		cmocka_unit_test(sampling_changes_what_is_made),
		cmocka_unit_test(contents_do_not_depend_on_the_batch),
		cmocka_unit_test(threads_share_a_model),
		cmocka_unit_test_teardown(every_build_makes_the_same, forget_gvr_cpu),
		cmocka_unit_test(info_describes_the_model),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
