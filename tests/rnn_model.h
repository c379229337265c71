/*
 * rnn_model.h: model files of `rnn` that no training made, for tests. The
 * parameters are pseudo-random multiples of powers of two, so that a file has
 * the same bytes on every machine (all but the dictionary's frame, which is
 * as the zstd at hand packs it). Needs no test library.
 */
#ifndef GVR_RNN_MODEL_TEST_H
#define GVR_RNN_MODEL_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "engines/generate/rnn/model.h"
#include "engines/generate/rnn/model_file.h"
#include "workloads/prng.h"

/* Where a file's header keeps what seals it. */
#define RNN_MODEL_DIGEST_AT 88u
#define RNN_MODEL_CHECK_AT (MODEL_HEADER_NBYTES - 8)

/* The smallest shape that is allowed has width 64 and one layer. */
static inline struct shape rnn_model_shape(uint32_t vocabulary, uint32_t width, uint32_t layers)
{
	return (struct shape){.vocabulary = vocabulary,
			      .width = width,
			      .layers = layers,
			      .hidden = 64,
			      .token_width = 16,
			      .pair_width = 16,
			      .triple_width = 16,
			      .candidate_width = 16,
			      .pair_rows = 64,
			      .triple_rows = 64,
			      .out_width = 64};
}

/* ---- text ---- */

static const char *const rnn_model_words[] = {
	"the", "file",	 "returns", "error",   "if",	 "a",	   "call",  "buffer",
	"of",  "length", "zero",    "pointer", "to the", "system", "value", "and"};

/* Document `number`: sentences of skewed word choice, with a heading. At most
 * capacity bytes, whole words; returns how many. */
static inline size_t rnn_model_text(char *out, size_t capacity, uint64_t number)
{
	char word[32];
	size_t n = 0, words = 40 + prng_at(number, 0) % 150;
	for (size_t i = 1; i <= words; i++) {
		uint64_t r = prng_at(number, i);
		const char *text = i == 1 ? ".TH NAME 3\n.SH DESCRIPTION\n"
					  : rnn_model_words[(r % 16) * (r / 16 % 16) / 16];
		size_t nbytes = (size_t)snprintf(word, sizeof word, "%s%s", text,
						 r / 256 % 9 ? " " : ".\n");
		if (n + nbytes > capacity)
			break;
		memcpy(out + n, word, nbytes);
		n += nbytes;
	}
	return n;
}

static inline size_t rnn_model_texts(char *out, size_t capacity, uint64_t first)
{
	size_t n = 0, more = 1;
	for (uint64_t i = first; more > 0; i++, n += more)
		more = rnn_model_text(out + n, capacity - n, i);
	return n;
}

/* ---- tokens ---- */

/* String k: words with and without blanks, then pairs of letters; the last is
 * as long as tokens can be. */
static inline struct token rnn_model_string(uint32_t k, uint32_t count)
{
	static const char *const forms[] = {"%s", " %s", "%s ", "%s.\n", " %s ", "\n%s"};
	char text[32];
	if (k + 1 == count)
		snprintf(text, sizeof text, "abcdefghijklmnopqrstuvwx");
	else if (k < 96)
		snprintf(text, sizeof text, forms[k / 16], rnn_model_words[k % 16]);
	else
		snprintf(text, sizeof text, "%c%c", 'A' + (k - 96) / 26 % 26, 'a' + (k - 96) % 26);
	if (strlen(text) < 2)
		snprintf(text, sizeof text, "a%c", '~');
	struct token t = {.nbytes = (uint8_t)strlen(text)};
	memcpy(t.bytes, text, t.nbytes);
	return t;
}

/* 256 bytes and count - 256 strings (at most 700), in a mixed order. malloc. */
static inline struct token *rnn_model_tokens(uint32_t count)
{
	struct token *tokens = calloc(count, sizeof *tokens);
	for (uint32_t i = 0; tokens != NULL && i < count; i++) {
		struct token t = {.nbytes = 1, .bytes = {(uint8_t)i}};
		tokens[i * 37 % count] = i < 256 ? t : rnn_model_string(i - 256, count - 256);
	}
	return tokens;
}

/* ---- parameters ---- */

static inline float rnn_model_number(uint64_t r, int max)
{
	return (float)((int)prng_below(r, (uint64_t)(2 * max + 1)) - max);
}

/* What goes in comes out about as large; the rows differ in scale. */
static inline void rnn_model_matrix(float *out, const struct tensor *t, uint64_t key)
{
	float unit = 1.0f / 512;
	for (uint32_t cols = t->cols; cols >= 256; cols /= 4)
		unit /= 2;
	for (uint32_t r = 0; r < t->rows; r++) {
		float scale = unit * (float)(1 + prng_below(prng_at(key ^ 0x5ca1e, r), 5)) / 2;
		for (uint32_t c = 0; c < t->cols; c++)
			out[(size_t)r * t->cols + c] =
				rnn_model_number(prng_at(key, (uint64_t)r * t->cols + c), 64) *
				scale;
	}
}

static inline void rnn_model_vector(float *out, const struct tensor *t, uint64_t key, int max,
				    float unit)
{
	for (size_t i = 0; i < (size_t)t->rows * t->cols; i++)
		out[i] = rnn_model_number(prng_at(key, i), max) * unit;
}

/* The longer a match, the likelier its candidate, as with trained models. */
static inline void rnn_model_hit_bias(float *out)
{
	for (unsigned bucket = 0; bucket < MATCH_BUCKETS; bucket++)
		out[bucket] = (float)(bucket % 36 / 3) * 0.25f - 0.75f;
}

static inline float *rnn_model_parameters(const struct shape *s, uint64_t key)
{
	struct tensors t;
	const struct tensor *list[TENSORS_MAX];
	tensors_layout(&t, s);
	unsigned count = tensors_list(&t, s, list);
	float *out = calloc(t.count, sizeof *out);
	for (unsigned i = 0; out != NULL && i < count; i++) {
		float *at = out + list[i]->at;
		uint64_t name = prng_key(key, i);
		if (list[i]->kind == TENSOR_MATRIX)
			rnn_model_matrix(at, list[i], name);
		else if (list[i]->kind == TENSOR_TABLE)
			rnn_model_vector(at, list[i], name, 64, 1.0f / 32);
		else
			rnn_model_vector(at, list[i], name, 1024, 1.0f / 1024);
	}
	if (out != NULL)
		rnn_model_hit_bias(out + t.hit_bias.at);
	return out;
}

/* ---- files ---- */

/* 0 or -errno. dictionary_nbytes: at most that many bytes of text 0, 1, ... */
static inline int rnn_model_write(const char *path, const struct shape *s, size_t dictionary_nbytes)
{
	struct vocabulary *v = calloc(1, sizeof *v);
	struct token *tokens = rnn_model_tokens(s->vocabulary);
	float *parameters = rnn_model_parameters(s, 1);
	char *text = malloc(dictionary_nbytes + 1);
	struct error e;
	if (v == NULL || tokens == NULL || parameters == NULL || text == NULL ||
	    vocabulary_init(v, tokens, s->vocabulary) != 0)
		abort();
	struct model_parts parts = {.shape = s,
				    .vocabulary = v,
				    .parameters = parameters,
				    .dictionary = (const uint8_t *)text,
				    .dictionary_nbytes =
					    rnn_model_texts(text, dictionary_nbytes, 0),
				    .trained_on = 77};
	int err = model_write_file(path, &parts, &e);
	free(text);
	free(parameters);
	vocabulary_fini(v);
	free(v);
	return err;
}

/* nbytes bytes where a model's may begin; free. */
static inline uint8_t *rnn_model_room(size_t nbytes)
{
	void *p;
	if (posix_memalign(&p, MODEL_ALIGNMENT, nbytes > 0 ? nbytes : 1) != 0)
		abort();
	return p;
}

static inline uint8_t *rnn_model_read(const char *path, size_t *nbytes)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL || fseek(f, 0, SEEK_END) != 0)
		abort();
	*nbytes = (size_t)ftell(f);
	rewind(f);
	uint8_t *bytes = rnn_model_room(*nbytes);
	if (fread(bytes, 1, *nbytes, f) != *nbytes)
		abort();
	fclose(f);
	return bytes;
}

/* The bytes of a model file, free. */
static inline uint8_t *rnn_model_make(const struct shape *s, size_t dictionary_nbytes,
				      size_t *nbytes)
{
	char dir[] = "/tmp/gvr-rnn-model-XXXXXX", path[64];
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/model", dir);
	if (rnn_model_write(path, s, dictionary_nbytes) != 0)
		abort();
	uint8_t *bytes = rnn_model_read(path, nbytes);
	unlink(path);
	rmdir(dir);
	return bytes;
}

static inline void rnn_model_put(uint8_t *out, uint64_t value, unsigned nbytes)
{
	for (unsigned i = 0; i < nbytes; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

/* Where tensor i of tensors_list begins in the file; of one more than there are:
 * where the dictionary does. */
static inline size_t rnn_model_tensor_at(const struct shape *s, unsigned i)
{
	struct tensors t;
	const struct tensor *list[TENSORS_MAX];
	size_t at = MODEL_HEADER_NBYTES +
		    aligned_nbytes((size_t)s->vocabulary * (1 + TOKEN_NBYTES_MAX));
	tensors_layout(&t, s);
	tensors_list(&t, s, list);
	for (unsigned k = 0; k < i; k++) {
		size_t rows = list[k]->rows, cols = list[k]->cols;
		if (list[k]->kind == TENSOR_MATRIX)
			at += MODEL_ALIGNMENT + aligned_nbytes(padded_rows(list[k]->rows)) +
			      aligned_nbytes(padded_rows(list[k]->rows) * cols);
		else
			at += aligned_nbytes(rows * cols * (list[k]->kind == TENSOR_BIAS ? 4 : 1));
	}
	return at;
}

/* Makes the digests right again, so that what they guard is looked at. */
static inline void rnn_model_seal(uint8_t *bytes, size_t nbytes)
{
	if (nbytes < MODEL_HEADER_NBYTES)
		return;
	rnn_model_put(bytes + RNN_MODEL_DIGEST_AT,
		      XXH3_64bits(bytes + MODEL_HEADER_NBYTES, nbytes - MODEL_HEADER_NBYTES), 8);
	rnn_model_put(bytes + RNN_MODEL_CHECK_AT, XXH3_64bits(bytes, RNN_MODEL_CHECK_AT), 8);
}

#endif
