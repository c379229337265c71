/*
 * decode_tokens.c: how many tokens a second one lane of rnn makes, on one core:
 * the whole of decode, with candidates and range decoder, by CPU time. Called
 * by runq.sh, one round a call.
 *
 * usage: decode_tokens macs [MODEL]    multiply-accumulates of a token
 *        decode_tokens random [MODEL]  tokens/s with random weights in the shape
 *                                      of MODEL, or in train.c's: hardly a token
 *                                      is a candidate, so each takes all products
 *        decode_tokens model MODEL     tokens/s and bytes/s of that model
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engines/generate/rnn/model.h"
#include "engines/generate/rnn/model_file.h"
#include "engines/generate/rnn/rnn.h"
#include "engines/generate/rnn/train.h"
#include "workloads/prng.h"

#define CONTENT_NBYTES (16u << 10)
#define CALL_TOKENS 16u /* of a decode call with one lane (rnn.c) */
#define ROUND_S 1.0

static const struct generator_ops *const rnn = &rnn_generator;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "decode_tokens: %s failed\n", what);
	exit(1);
}

static struct shape shape_of(const char *path)
{
	uint8_t header[MODEL_HEADER_NBYTES];
	struct model_header h;
	if (path == NULL)
		return rnn_train_shape();
	FILE *f = fopen(path, "rb");
	check(f != NULL && fread(header, 1, sizeof header, f) == sizeof header, path);
	fclose(f);
	check(model_header_unpack(&h, header), path);
	return h.shape;
}

/* ---- a model of random weights ---- */

static float *random_parameters(const struct shape *s)
{
	struct tensors t;
	const struct tensor *list[TENSORS_MAX];
	tensors_layout(&t, s);
	unsigned count = tensors_list(&t, s, list);
	float *p = calloc(t.count, sizeof *p);
	check(p != NULL, "malloc");
	for (unsigned k = 0; k < count; k++) {
		const struct tensor *x = list[k];
		double range = x->kind == TENSOR_MATRIX ? 1.5 / sqrt(x->cols) : 1;
		for (size_t i = 0; i < (size_t)x->rows * x->cols; i++)
			p[x->at + i] = (float)((2 * prng_unit(prng_at(k, i)) - 1) * range);
	}
	return p;
}

/* The single bytes, then pairs of them. */
static struct token *some_tokens(uint32_t count)
{
	struct token *tokens = calloc(count, sizeof *tokens);
	check(tokens != NULL, "malloc");
	for (uint32_t i = 0; i < count; i++)
		tokens[i] = i < 256 ? (struct token){1, {(uint8_t)i}}
				    : (struct token){2, {(uint8_t)(i / 256), (uint8_t)i}};
	return tokens;
}

static void write_random(const char *path, const struct shape *s)
{
	static struct vocabulary v;
	struct error e;
	float *parameters = random_parameters(s);
	check(vocabulary_init(&v, some_tokens(s->vocabulary), s->vocabulary) == 0, "tokens");
	struct model_parts parts = {.shape = s,
				    .vocabulary = &v,
				    .parameters = parameters,
				    .dictionary = (const uint8_t *)"",
				    .dictionary_nbytes = 0};
	check(model_write_file(path, &parts, &e) == 0, path);
	vocabulary_fini(&v);
	free(parameters);
}

/* ---- measuring ---- */

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Makes the next content; the number of its tokens, to some 8 of them. */
static double make_content(struct generator_session *s, uint64_t key)
{
	static uint8_t out[CONTENT_NBYTES];
	struct generator_lane lane = {.out = out, .nbytes = sizeof out}, *lanes[] = {&lane};
	double calls = 0;
	range_decoder_init_random(&lane.rc, key);
	rnn->begin(s, 0);
	for (; lane.made < lane.nbytes; calls++)
		rnn->decode(s, lanes, 1);
	rnn->end(s, 0);
	return (calls - 0.5) * CALL_TOKENS;
}

static void measure(const char *path)
{
	struct generator *g;
	struct generator_session *s;
	struct error e = {""};
	double tokens = 0, contents = 0, begin_s, s_passed;
	check(rnn->open(&g, path, &e) == 0, e.text);
	check(rnn->session_open(&s, g, 1, &e) == 0, e.text);
	make_content(s, 0);
	begin_s = cpu_s();
	do {
		tokens += make_content(s, (uint64_t)++contents);
		s_passed = cpu_s() - begin_s;
	} while (s_passed < ROUND_S);
	printf("%.0f %.0f\n", tokens / s_passed, contents * CONTENT_NBYTES / s_passed);
	rnn->session_close(s);
	rnn->close(g);
}

static void measure_random(const struct shape *s)
{
	char path[] = "/tmp/gvr-decode-tokens-XXXXXX";
	int fd = mkstemp(path);
	check(fd >= 0, path);
	close(fd);
	write_random(path, s);
	measure(path);
	unlink(path);
}

int main(int argc, char **argv)
{
	check(argc == 2 || argc == 3, "usage: decode_tokens macs|random|model [MODEL];");
	struct shape s = shape_of(argc == 3 ? argv[2] : NULL);
	if (strcmp(argv[1], "macs") == 0)
		printf("%" PRIu64 "\n", model_macs(&s));
	else if (strcmp(argv[1], "random") == 0)
		measure_random(&s);
	else
		measure(argv[2]);
	return 0;
}
