/*
 * rnn_digest.c: one number for what `rnn` makes of a synthetic model: the model
 * file, novel contents on 1, 2, 7, 24 and 64 lanes, own and changed in sampling,
 * and the code of a document. Equal on every architecture, compiler, optimisation
 * and kernel. Needs nothing but libc and libm, to be linked for ARM: where a model
 * has a zstd frame, this program's have the plain bytes.
 *
 * usage: rnn_digest        "NAME yes" or "NAME no" of every kernel compiled in
 *        rnn_digest NAME   the digest; exit 1 if this CPU cannot run it, or if
 *                          contents depend on the lanes or do not come back
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <zstd.h>

#include "engines/generate/novel.h"
#include "engines/generate/rnn/kernel.h"
#include "engines/generate/rnn/rnn.h"
#include "engines/generate/rnn/train.h"
#include "tests/rnn_model.h"

/* ---- what is not linked ---- */

const struct generator_ops cm_generator = {.name = "cm"};

int rnn_train(const struct corpus *corpus, const char *path, const struct training *training,
	      const struct progress *progress, struct error *e)
{
	(void)corpus, (void)path, (void)training, (void)progress;
	return error_set(e, -ENOSYS, "not here");
}

size_t ZSTD_compressBound(size_t nbytes)
{
	return nbytes;
}

ZSTD_CCtx *ZSTD_createCCtx(void)
{
	static int context;
	return (ZSTD_CCtx *)(void *)&context;
}

size_t ZSTD_freeCCtx(ZSTD_CCtx *c)
{
	(void)c;
	return 0;
}

size_t ZSTD_CCtx_setParameter(ZSTD_CCtx *c, ZSTD_cParameter parameter, int value)
{
	(void)c, (void)parameter, (void)value;
	return 0;
}

size_t ZSTD_compress2(ZSTD_CCtx *c, void *out, size_t capacity, const void *in, size_t nbytes)
{
	(void)c, (void)capacity;
	memcpy(out, in, nbytes);
	return nbytes;
}

unsigned ZSTD_isError(size_t result)
{
	return result == (size_t)-1;
}

unsigned long long ZSTD_getFrameContentSize(const void *frame, size_t nbytes)
{
	(void)frame;
	return nbytes;
}

size_t ZSTD_decompress(void *out, size_t capacity, const void *frame, size_t nbytes)
{
	(void)capacity;
	memcpy(out, frame, nbytes);
	return nbytes;
}

/* ---- what is made ---- */

#define CONTENTS 66u
#define CONTENT_NBYTES 24u

static const struct generator_ops *const rnn = &rnn_generator;

static struct generator_session *open_session(struct generator *g, unsigned lanes)
{
	struct generator_session *s;
	if (rnn->session_open(&s, g, lanes, NULL) != 0)
		abort();
	return s;
}

/* All contents, on so many lanes; a lane that is done takes the next. */
static uint64_t digest_of_novel(struct generator *g, unsigned lane_count,
				const struct generator_sampling *how)
{
	static uint8_t out[CONTENTS][CONTENT_NBYTES];
	struct generator_lane lanes[KERNEL_BATCH_MAX] = {{0}}, *busy[KERNEL_BATCH_MAX];
	struct generator_session *s = open_session(g, lane_count);
	unsigned count = 1;
	rnn->sample(s, how);
	for (unsigned next = 0; count > 0;) {
		count = 0;
		for (unsigned i = 0; i < lane_count; i++) {
			struct generator_lane *l = &lanes[i];
			if (l->made == l->nbytes && next < CONTENTS) {
				*l = (struct generator_lane){.index = i,
							     .out = out[next],
							     .nbytes = CONTENT_NBYTES - next % 5};
				novel_begin(rnn, s, l, next, next % 3);
				next++;
			}
			if (l->made < l->nbytes)
				busy[count++] = l;
		}
		if (count > 0)
			rnn->decode(s, busy, count);
	}
	rnn->session_close(s);
	return XXH3_64bits(out, sizeof out);
}

/* Of a document's code, which must give the document. */
static uint64_t digest_of_spec(struct generator *g)
{
	uint8_t code[3000], out[400];
	char text[400];
	size_t nbytes = rnn_model_text(text, sizeof text, 1000);
	struct generator_session *s = open_session(g, 1);
	struct generator_lane lane = {.out = out, .nbytes = nbytes};
	struct range_encoder rc;
	range_encoder_init(&rc, code, sizeof code);
	rnn->begin(s, 0);
	rnn->encode(s, &rc, (uint8_t *)text, nbytes);
	rnn->end(s, 0);
	size_t code_nbytes = range_encoder_finish(&rc);
	range_decoder_init(&lane.rc, code, code_nbytes);
	rnn->begin(s, 0);
	generator_make(rnn, s, &lane);
	rnn->end(s, 0);
	rnn->session_close(s);
	if (memcmp(out, text, nbytes) != 0)
		abort();
	return XXH3_64bits(code, code_nbytes);
}

/* 0: it depends on the lanes. */
static uint64_t digest_of_lanes(struct generator *g, const struct generator_sampling *how)
{
	static const unsigned lanes[] = {1, 2, 7, 24, 64};
	uint64_t wanted = 0;
	for (unsigned i = 0; i < sizeof lanes / sizeof *lanes; i++) {
		uint64_t digest = digest_of_novel(g, lanes[i], how);
		if (i > 0 && digest != wanted) {
			fprintf(stderr, "rnn_digest: other contents on %u lanes\n", lanes[i]);
			return 0;
		}
		wanted = digest;
	}
	return wanted;
}

static int print_digest(const char *kernel)
{
	struct shape shape = rnn_model_shape(320, 64, 1);
	size_t nbytes;
	uint8_t *file = rnn_model_make(&shape, 2000, &nbytes);
	struct generator *g;
	struct error e;
	setenv("GVR_CPU", kernel, 1);
	if (rnn_open_memory(&g, file, nbytes, "the model", &e) != 0) {
		fprintf(stderr, "rnn_digest: %s\n", e.text);
		return 1;
	}
	uint64_t own = digest_of_lanes(g, &(struct generator_sampling){100, 100});
	uint64_t sampled = digest_of_novel(g, 24, &(struct generator_sampling){80, 95});
	uint64_t digest = prng_key(prng_key(XXH3_64bits(file, nbytes), own),
				   prng_key(sampled, digest_of_spec(g)));
	rnn->close(g);
	free(file);
	if (own == 0 || own == sampled)
		return 1;
	printf("%016" PRIx64 "\n", digest);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count;
	const struct kernel *const *kernels = kernel_list(&count);
	if (argc >= 2)
		return print_digest(argv[1]);
	for (unsigned i = 0; i < count; i++)
		printf("%s %s\n", kernels[i]->name, kernels[i]->supported() ? "yes" : "no");
	return 0;
}
