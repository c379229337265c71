/*
 * decode.c: what gvr's record costs above zstd itself: codec_decode beside
 * ZSTD_decompress_usingDDict, in turns, on the same contents with the same
 * dictionary and level; each checked against the content.
 *
 * usage: decode DIR   (documents; the dictionary is trained on 7 of 8)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "engines/retrieve/codec.h"
#include "workloads/corpus.h"

#define LEVEL 19
#define DICTIONARY_NBYTES ((uint64_t)1 << 20)
#define ROUNDS 15u
#define PASSES 10u

struct sample {
	uint8_t *content, *record, *frame;
	size_t content_nbytes, record_nbytes, frame_nbytes;
};

struct bench {
	struct corpus *corpus;
	struct dictionary dictionary;
	struct codec *codec;
	struct codec_encoder *encoder;
	struct codec_decoder *decoder;
	ZSTD_CCtx *cctx;
	ZSTD_DCtx *dctx;
	ZSTD_CDict *cdict;
	ZSTD_DDict *ddict;
	struct sample *samples;
	uint32_t count;
	uint8_t *out;
	size_t out_nbytes;
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "decode: %s failed\n", what);
	exit(1);
}

static void *copy(const void *bytes, size_t nbytes)
{
	void *p = malloc(nbytes + 1);
	check(p != NULL, "malloc");
	memcpy(p, bytes, nbytes);
	return p;
}

static void prepare_dictionary(struct bench *b, const char *dir)
{
	char path[] = "/tmp/gvr-decode-XXXXXX";
	struct error e = {{0}};
	int fd = mkstemp(path);
	check(fd >= 0, path);
	close(fd);
	check(corpus_open(&b->corpus, dir, 0, NULL, NULL, &e) == 0, dir);
	check(dictionary_train(b->corpus, DICTIONARY_NBYTES, LEVEL, path, NULL, &e) == 0,
	      "training");
	check(dictionary_read(&b->dictionary, path, &e) == 0, "reading the dictionary");
	unlink(path);
}

static void prepare_codecs(struct bench *b)
{
	const struct dictionary *d = &b->dictionary;
	b->out_nbytes = corpus_nbytes_max(b->corpus, SPLIT_HELD_OUT);
	b->out = malloc(b->out_nbytes + 1);
	check(codec_create(&b->codec, COMPRESSION_ZSTD, LEVEL, d, true, NULL) == 0, "codec");
	check(codec_encoder_create(&b->encoder, b->codec, b->out_nbytes) == 0, "encoder");
	check(codec_decoder_create(&b->decoder, b->codec) == 0, "decoder");
	b->cctx = ZSTD_createCCtx();
	b->dctx = ZSTD_createDCtx();
	b->cdict = ZSTD_createCDict(d->bytes, d->nbytes, LEVEL);
	b->ddict = ZSTD_createDDict(d->bytes, d->nbytes);
	check(b->out != NULL && b->cctx && b->dctx && b->cdict && b->ddict, "zstd");
}

static void prepare_sample(struct bench *b, struct sample *s, uint32_t document)
{
	const uint8_t *record;
	size_t bound;
	s->content_nbytes = b->corpus->documents[document].nbytes;
	s->content = malloc(s->content_nbytes + 1);
	check(s->content != NULL && corpus_read(b->corpus, document, s->content, NULL) == 0,
	      "reading");
	check(codec_encode(b->encoder, s->content, s->content_nbytes, &record, &s->record_nbytes) ==
		      0,
	      "encoding");
	s->record = copy(record, s->record_nbytes);
	bound = ZSTD_compressBound(s->content_nbytes);
	s->frame = malloc(bound);
	s->frame_nbytes = ZSTD_compress_usingCDict(b->cctx, s->frame, bound, s->content,
						   s->content_nbytes, b->cdict);
	check(!ZSTD_isError(s->frame_nbytes), "compressing");
}

static double cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void decode_ours(struct bench *b, const struct sample *s)
{
	const uint8_t *bytes;
	size_t nbytes;
	check(codec_decode(b->decoder, s->record, s->record_nbytes, b->out, b->out_nbytes, &bytes,
			   &nbytes) == 0 &&
		      nbytes == s->content_nbytes,
	      "decoding");
}

static void decode_theirs(struct bench *b, const struct sample *s)
{
	check(ZSTD_decompress_usingDDict(b->dctx, b->out, b->out_nbytes, s->frame, s->frame_nbytes,
					 b->ddict) == s->content_nbytes,
	      "decompressing");
}

static double one_round(struct bench *b, void (*decode)(struct bench *, const struct sample *))
{
	double begin_ns = cpu_ns();
	for (unsigned pass = 0; pass < PASSES; pass++)
		for (uint32_t i = 0; i < b->count; i++)
			decode(b, &b->samples[i]);
	return (cpu_ns() - begin_ns) / PASSES / b->count;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *x)
{
	qsort(x, ROUNDS, sizeof *x, by_value);
	return x[ROUNDS / 2];
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	double ours[ROUNDS], theirs[ROUNDS], ratio[ROUNDS];
	check(argc == 2, "usage: decode DIR;");
	prepare_dictionary(&b, argv[1]);
	prepare_codecs(&b);
	b.count = corpus_count(b.corpus, SPLIT_HELD_OUT);
	b.samples = calloc(b.count, sizeof *b.samples);
	check(b.count > 0 && b.samples != NULL, "choosing documents");
	for (uint32_t i = 0; i < b.count; i++)
		prepare_sample(&b, &b.samples[i], corpus_at(b.corpus, SPLIT_HELD_OUT, i));
	for (unsigned round = 0; round < ROUNDS; round++) {
		ours[round] = one_round(&b, decode_ours);
		theirs[round] = one_round(&b, decode_theirs);
		ratio[round] = ours[round] / theirs[round];
	}
	double ours_ns = median(ours), theirs_ns = median(theirs), middle = median(ratio);
	printf("zstd -%d, dictionary of %zu bytes, %u contents of %.0f bytes: CPU ns a content,\n"
	       "median of %u rounds in turns\n"
	       "gvr's record %.0f, ZSTD_decompress_usingDDict %.0f, ratio %.3f (%.3f-%.3f)\n",
	       LEVEL, b.dictionary.nbytes, b.count,
	       (double)corpus_bytes(b.corpus, SPLIT_HELD_OUT) / b.count, ROUNDS, median(ours),
	       median(theirs), median(ratio), ratio[0], ratio[ROUNDS - 1]);
	return 0;
}
