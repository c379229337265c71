/* Model files of `rnn`: whatever the bytes are, they are refused or safe. */
#include "tests/rnn_extreme.h"
#include "tests/sanitized.h"
#include "tests/test.h"

#include <sys/stat.h>

#include "engines/generate/rnn/kernel.h"
#include "engines/generate/rnn/rnn.h"

static const struct generator_ops *const rnn = &rnn_generator;

/* Of tensors_list, with one layer. */
enum {
	TOKEN,
	PAIR,
	TRIPLE,
	CANDIDATE,
	IN,
	START,
	V,
	V_BIAS,
	O,
	UP,
	UP_BIAS,
	DOWN,
	P,
	HIT,
	HIT_BIAS,
	CLUSTER,
	CLUSTER_BIAS,
	NEXT,
	NEXT_BIAS,
	TENSORS
};

/* In the header: the shape's fields, then the numbers. */
#define SHAPE_AT 12u
#define SHAPE_FIELDS 11u
#define DICTIONARY_NBYTES_AT 64u
#define FRAME_NBYTES_AT 72u
#define FILE_NBYTES_AT 80u

struct fixture {
	struct shape shape;
	uint8_t *file; /* the right one; */
	uint8_t *copy; /* and one to damage */
	size_t nbytes, frame_at, frame_nbytes;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	unsetenv("GVR_CPU");
	f->shape = rnn_model_shape(320, 64, 1);
	f->file = rnn_model_make(&f->shape, 3000, &f->nbytes);
	f->copy = rnn_model_room(f->nbytes);
	f->frame_at = rnn_model_tensor_at(&f->shape, TENSORS);
	f->frame_nbytes = f->file[FRAME_NBYTES_AT] | (size_t)f->file[FRAME_NBYTES_AT + 1] << 8;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	free(f->copy);
	free(f->file);
	free(f);
	return 0;
}

/* ---- helpers ---- */

/* Makes contents on three lanes and codes them: the digest of what was made. */
static uint64_t use(struct generator *g, size_t nbytes)
{
	struct generator_session *s;
	uint8_t out[3][200], code[2000];
	struct generator_lane lanes[3], *all[] = {&lanes[0], &lanes[1], &lanes[2]};
	struct range_encoder rc;
	assert_int_equal(rnn->session_open(&s, g, 3, NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		lanes[i] = (struct generator_lane){.index = i, .out = out[i], .nbytes = nbytes};
		range_decoder_init_random(&lanes[i].rc, i);
		rnn->begin(s, i);
		if (i > 0)
			rnn->prime(s, i, i);
	}
	for (unsigned count = 3; count > 0;) {
		rnn->decode(s, all, count);
		while (count > 0 && all[count - 1]->made == nbytes)
			count--;
		for (unsigned i = 0; i < count; i++)
			if (all[i]->made == nbytes)
				all[i--] = all[--count];
	}
	range_encoder_init(&rc, code, sizeof code);
	rnn->begin(s, 0);
	rnn->encode(s, &rc, out[1], nbytes);
	size_t code_nbytes = range_encoder_finish(&rc);
	rnn->session_close(s);
	uint64_t digest = XXH3_64bits(code, code_nbytes);
	for (unsigned i = 0; i < 3; i++)
		digest = prng_key(digest, XXH3_64bits(out[i], nbytes));
	return digest;
}

/* 0: it opens, and can be used. */
static int try_bytes(const uint8_t *bytes, size_t nbytes)
{
	struct generator *g;
	struct error e = {""};
	int err = rnn_open_memory(&g, bytes, nbytes, "a model", &e);
	if (err == 0) {
		use(g, 40);
		rnn->close(g);
	} else {
		assert_ptr_equal(strstr(e.text, "a model: "), e.text);
		assert_int_equal(err, -EBADMSG);
	}
	return err;
}

/* The copy as it was, so that it can be damaged once more. */
static uint8_t *whole(struct fixture *f)
{
	return memcpy(f->copy, f->file, f->nbytes);
}

/* What has become of the copy, its digests made right. */
static int try_sealed(struct fixture *f)
{
	rnn_model_seal(f->copy, f->nbytes);
	return try_bytes(f->copy, f->nbytes);
}

/* The file with `value` in place of what is at `at`. */
static int try_with(struct fixture *f, size_t at, uint64_t value, unsigned value_nbytes)
{
	rnn_model_put(whole(f) + at, value, value_nbytes);
	return try_sealed(f);
}

static size_t weights_at(const struct fixture *f, unsigned tensor, uint32_t rows)
{
	return rnn_model_tensor_at(&f->shape, tensor) + MODEL_ALIGNMENT +
	       aligned_nbytes(padded_rows(rows));
}

/* ---- what is damaged ---- */

static void the_file_is_as_described(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(try_bytes(f->file, f->nbytes), 0);
	assert_int_equal(model_network_nbytes(&f->shape), f->frame_at);
	assert_int_equal(f->nbytes, f->frame_at + aligned_nbytes(f->frame_nbytes));
	assert_memory_equal(f->file, MODEL_MAGIC, 8);
	whole(f);
	assert_int_equal(try_sealed(f), 0);
	assert_memory_equal(f->copy, f->file, f->nbytes); /* it was sealed so */
}

static void a_flipped_bit_is_refused(void **state)
{
	struct fixture *f = *state;
	whole(f);
	for (size_t at = 0; at < f->nbytes; at += at < MODEL_HEADER_NBYTES ? 1 : f->nbytes / 97) {
		f->copy[at] ^= (uint8_t)(1 << at % 8);
		assert_int_equal(try_bytes(f->copy, f->nbytes), -EBADMSG);
		f->copy[at] ^= (uint8_t)(1 << at % 8);
	}
}

static void a_cut_file_is_refused(void **state)
{
	struct fixture *f = *state;
	for (size_t n = 0; n <= f->nbytes; n += n < 200 ? 1 : 1 + f->nbytes / 60) {
		uint8_t *cut = rnn_model_room(n); /* so that a read past the end is seen */
		memcpy(cut, f->file, n);
		assert_int_equal(try_bytes(cut, n), -EBADMSG);
		if (n >= MODEL_HEADER_NBYTES) {
			rnn_model_put(cut + FILE_NBYTES_AT, n, 8);
			rnn_model_seal(cut, n);
			assert_int_equal(try_bytes(cut, n), -EBADMSG);
		}
		free(cut);
	}
}

static void a_longer_file_is_refused(void **state)
{
	struct fixture *f = *state;
	for (size_t more = 1; more <= 128; more++) {
		uint8_t *longer = rnn_model_room(f->nbytes + more);
		memset(longer + f->nbytes, 0, more);
		memcpy(longer, f->file, f->nbytes);
		assert_int_equal(try_bytes(longer, f->nbytes + more), -EBADMSG);
		rnn_model_put(longer + FILE_NBYTES_AT, f->nbytes + more, 8);
		rnn_model_seal(longer, f->nbytes + more);
		assert_int_equal(try_bytes(longer, f->nbytes + more), -EBADMSG);
		free(longer);
	}
}

/* With digests that are right: refused, or a model that can be used. */
static void any_byte_can_be_another(void **state)
{
	struct fixture *f = *state;
	unsigned opened = 0, tried = 0;
	size_t step = SANITIZED ? 997 : 131;
	for (size_t at = 0; at < f->nbytes; at += at < MODEL_HEADER_NBYTES ? 1 : step)
		for (unsigned value = 1; value <= 255; value *= 5) {
			whole(f)[at] ^= (uint8_t)value;
			opened += try_sealed(f) == 0;
			tried++;
		}
	assert_true(opened > tried / 4 && opened < tried);
}

/* ---- what the digests do not guard against ---- */

static void the_magic_and_the_version_must_be_right(void **state)
{
	struct fixture *f = *state;
	for (unsigned at = 0; at < SHAPE_AT; at++) {
		assert_int_equal(try_with(f, at, f->file[at] ^ 1u, 1), -EBADMSG);
		assert_int_equal(try_with(f, at, 0xff, 1), -EBADMSG);
	}
}

static void other_shapes_do_not_fit(void **state)
{
	struct fixture *f = *state;
	static const uint64_t values[] = {0,	1,    2,       3,	15,	  16,	     32,
					  48,	63,   65,      80,	96,	  128,	     256,
					  257,	384,  512,     1024,	1040,	  2048,	     4096,
					  8192, 8256, 1 << 20, 1 << 21, 1u << 31, UINT32_MAX};
	for (unsigned field = 0; field < SHAPE_FIELDS; field++)
		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			size_t at = SHAPE_AT + (size_t)4 * field;
			whole(f);
			rnn_model_put(f->copy + at, values[i], 4);
			if (memcmp(f->copy, f->file, MODEL_HEADER_NBYTES) != 0)
				assert_int_equal(try_sealed(f), -EBADMSG);
		}
}

static void shapes_have_bounds(void **state)
{
	struct fixture *f = *state;
	struct shape s = f->shape;
	assert_true(model_shape_valid(&s));
	s = (struct shape){8192, 1024, LAYERS_MAX, 512, 512, 256, 240, 16, 1 << 20, 1 << 20, 1024};
	assert_true(model_shape_valid(&s));
	uint32_t *const fields[] = {&s.vocabulary,   &s.width,		 &s.layers,
				    &s.hidden,	     &s.token_width,	 &s.pair_width,
				    &s.triple_width, &s.candidate_width, &s.pair_rows,
				    &s.triple_rows,  &s.out_width};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		uint32_t value = *fields[i];
		static const uint32_t wrong[] = {0, 1 << 21, UINT32_MAX, UINT32_MAX - 15};
		for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
			*fields[i] = wrong[k];
			assert_false(model_shape_valid(&s));
		}
		*fields[i] = value + 1;
		assert_false(model_shape_valid(&s));
		*fields[i] = value;
	}
	s.candidate_width += 16; /* 1040 columns */
	assert_false(model_shape_valid(&s));
}

static void weights_have_bounds(void **state)
{
	struct fixture *f = *state;
	const struct shape *s = &f->shape;
	const struct {
		unsigned tensor;
		uint32_t rows, cols;
	} matrices[] = {{IN, s->width, shape_input(s)}, {V, 3 * s->width, s->width},
			{O, s->width, s->width},	{UP, s->hidden, s->width},
			{DOWN, s->width, s->hidden},	{P, s->out_width, s->width},
			{HIT, MATCH_BUCKETS, 64},	{CLUSTER, s->vocabulary / 64, 64},
			{NEXT, s->vocabulary, 64}};
	for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++) {
		size_t first = weights_at(f, matrices[i].tensor, matrices[i].rows);
		size_t last = first + padded_rows(matrices[i].rows) * matrices[i].cols - 1;
		for (int w = -128; w < 128; w += w == -65 || w == 62 ? 1 : w < 0 ? 21 : 13) {
			int wanted = w < -63 || w > 63 ? -EBADMSG : 0;
			assert_int_equal(try_with(f, first, (uint8_t)w, 1), wanted);
			assert_int_equal(try_with(f, last, (uint8_t)w, 1), wanted);
		}
	}
}

static void shifts_have_bounds(void **state)
{
	struct fixture *f = *state;
	static const unsigned matrices[] = {IN, V, O, UP, DOWN, P, HIT, CLUSTER, NEXT};
	static const uint32_t shifts[] = {0, 1, 2, 3, 24, 25, 31, 32, 258, 1u << 31, UINT32_MAX};
	for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
		for (size_t k = 0; k < sizeof shifts / sizeof *shifts; k++) {
			size_t at = rnn_model_tensor_at(&f->shape, matrices[i]);
			int wanted = shifts[k] < 2 || shifts[k] > 24 ? -EBADMSG : 0;
			assert_int_equal(try_with(f, at, shifts[k], 4), wanted);
		}
}

static void biases_have_bounds(void **state)
{
	struct fixture *f = *state;
	static const unsigned biases[] = {START,    V_BIAS,	  UP_BIAS,
					  HIT_BIAS, CLUSTER_BIAS, NEXT_BIAS};
	static const int32_t values[] = {BIAS_MAX,  BIAS_MAX + 1,  INT32_MAX,
					 -BIAS_MAX, -BIAS_MAX - 1, INT32_MIN};
	for (size_t i = 0; i < sizeof biases / sizeof *biases; i++)
		for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
			size_t at = rnn_model_tensor_at(&f->shape, biases[i]);
			assert_int_equal(try_with(f, at, (uint32_t)values[k], 4),
					 k % 3 == 0 ? 0 : -EBADMSG);
		}
}

static void tokens_must_be_a_vocabulary(void **state)
{
	struct fixture *f = *state;
	const size_t token = 1 + TOKEN_NBYTES_MAX;
	uint8_t *tokens = f->copy + MODEL_HEADER_NBYTES;
	for (uint32_t i = 0; i < f->shape.vocabulary; i += 29) {
		size_t at = MODEL_HEADER_NBYTES + i * token;
		assert_int_equal(try_with(f, at, 0, 1), -EBADMSG);
		assert_int_equal(try_with(f, at, TOKEN_NBYTES_MAX + 1, 1), -EBADMSG);
		assert_int_equal(try_with(f, at, 255, 1), -EBADMSG);
		whole(f);
		memcpy(tokens + i * token, tokens + (i + 1) % f->shape.vocabulary * token, token);
		assert_int_equal(try_sealed(f), -EBADMSG);
	}
	/* token 0 is a byte's: without it that byte cannot be written */
	assert_int_equal(f->file[MODEL_HEADER_NBYTES], 1);
	memset(whole(f) + MODEL_HEADER_NBYTES, 24, token);
	assert_int_equal(try_sealed(f), -EBADMSG);
}

static void a_damaged_dictionary_is_refused(void **state)
{
	struct fixture *f = *state;
	unsigned refused = 0, tried = 0;
	for (size_t i = 0; i < f->frame_nbytes; i++, tried++)
		refused += try_with(f, f->frame_at + i, f->file[f->frame_at + i] ^ 0x55u, 1) != 0;
	assert_true(refused > tried / 4);
	memset(whole(f) + f->frame_at, 0, f->frame_nbytes);
	assert_int_equal(try_sealed(f), -EBADMSG);
}

static void a_wrong_dictionary_size_is_refused(void **state)
{
	struct fixture *f = *state;
	uint64_t text = f->file[DICTIONARY_NBYTES_AT] | f->file[DICTIONARY_NBYTES_AT + 1] << 8;
	const uint64_t sizes[] = {
		0,	    1,		text - 1,	text + 1,	 256u << 20,
		UINT32_MAX, UINT64_MAX, UINT64_MAX - 1, (256u << 20) + 1};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		assert_int_equal(try_with(f, DICTIONARY_NBYTES_AT, sizes[i], 8), -EBADMSG);
	const uint64_t frames[] = {0,
				   1,
				   f->frame_nbytes - 1,
				   f->frame_nbytes + 1,
				   f->frame_nbytes + 64,
				   f->nbytes,
				   64u << 20,
				   (64u << 20) + 1,
				   UINT64_MAX,
				   UINT64_MAX - 63};
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
		assert_int_equal(try_with(f, FRAME_NBYTES_AT, frames[i], 8), -EBADMSG);
}

/* ---- wild models ---- */

/* The same on every kernel, so that nothing overflowed; the sanitizer sees more. */
static void assert_usable_everywhere(const struct shape *s, uint64_t key, unsigned shift)
{
	size_t nbytes;
	uint8_t *file = rnn_extreme_make(s, key, shift, &nbytes);
	uint64_t wanted = 0;
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	for (unsigned i = 0; i < count; i++) {
		struct generator *g;
		struct error e = {""};
		if (!kernels[i]->supported())
			continue;
		setenv("GVR_CPU", kernels[i]->name, 1);
		if (rnn_open_memory(&g, file, nbytes, "extreme", &e) != 0)
			fail_msg("%s", e.text);
		uint64_t digest = use(g, 12);
		wanted = i == 0 ? digest : wanted;
		assert_true(digest == wanted);
		rnn->close(g);
	}
	free(file);
	unsetenv("GVR_CPU");
}

static void numbers_can_be_as_large_as_allowed(void **state)
{
	(void)state;
	struct shape small = rnn_model_shape(256, 64, 2), input = rnn_model_shape(320, 64, 1);
	struct shape large = rnn_model_shape(512, 1024, 1);
	input.token_width = input.candidate_width = 512 - 16;
	large.hidden = large.token_width = 512;
	large.pair_width = large.candidate_width = 240;
	large.triple_width = 32;
	large.out_width = 1024;
	for (uint64_t key = 0; key < 8; key++) {
		uint64_t signs = key < 2 ? key * UINT64_C(0x5555555555555555) : prng_at(key, 0);
		assert_usable_everywhere(&small, signs, 2 + 3 * (unsigned)(key % 8));
		assert_usable_everywhere(&input, signs, 2);
		if (key < (SANITIZED ? 2 : 4))
			assert_usable_everywhere(&large, signs, 2);
	}
}

/* ---- files ---- */

static int open_path(const char *path)
{
	struct generator *g;
	struct error e = {""};
	int err = rnn->open(&g, path, &e);
	if (err == 0)
		rnn->close(g);
	else
		assert_non_null(strstr(e.text, path));
	return err;
}

static void what_is_no_model_is_refused(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/gvr-test-rnn-model-XXXXXX", path[64], absent[80];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/model", dir);
	snprintf(absent, sizeof absent, "%s/absent", dir);
	assert_int_equal(open_path(absent), -ENOENT);
	assert_int_equal(open_path(dir), -EBADMSG);
	assert_int_equal(open_path("/dev/null"), -EBADMSG);
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(open_path(path), -EBADMSG);
	assert_int_equal(rnn_model_write(path, &f->shape, 3000), 0);
	assert_int_equal(open_path(path), 0);
	assert_int_equal(truncate(path, (off_t)f->nbytes - 1), 0);
	assert_int_equal(open_path(path), -EBADMSG);
	assert_int_equal(truncate(path, (off_t)MODEL_FILE_NBYTES_MAX + 1), 0);
	assert_int_equal(open_path(path), -EBADMSG);
	unlink(path);
	rmdir(dir);
}

static void models_are_told_from_others(void **state)
{
	struct fixture *f = *state;
	uint8_t magic[8];
	memcpy(magic, f->file, 8);
	assert_true(rnn->recognises(magic));
	magic[7] ^= 1;
	assert_false(rnn->recognises(magic));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_is_as_described),
		cmocka_unit_test(a_flipped_bit_is_refused),
		cmocka_unit_test(a_cut_file_is_refused),
		cmocka_unit_test(a_longer_file_is_refused),
		cmocka_unit_test(any_byte_can_be_another),
		cmocka_unit_test(the_magic_and_the_version_must_be_right),
		cmocka_unit_test(other_shapes_do_not_fit),
		cmocka_unit_test(shapes_have_bounds),
		cmocka_unit_test(weights_have_bounds),
		cmocka_unit_test(shifts_have_bounds),
		cmocka_unit_test(biases_have_bounds),
		cmocka_unit_test(tokens_must_be_a_vocabulary),
		cmocka_unit_test(a_damaged_dictionary_is_refused),
		cmocka_unit_test(a_wrong_dictionary_size_is_refused),
		cmocka_unit_test(numbers_can_be_as_large_as_allowed),
		cmocka_unit_test(what_is_no_model_is_refused),
		cmocka_unit_test(models_are_told_from_others),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
