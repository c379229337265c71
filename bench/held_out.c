#include "bench/held_out.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/allowed.h"
#include "engines/generate/spec.h"
#include "engines/retrieve/codec.h"

#define LEVEL 19

/* ---- a generator ---- */

#define THREADS_MAX 64u

struct coding {
	const struct corpus *corpus;
	const struct generator_ops *ops;
	struct generator *generator;
	_Atomic uint32_t next; /* of the held-out documents */
	_Atomic bool stop;
};

struct coder {
	struct coding *coding;
	pthread_t thread;
	struct generator_session *session;
	uint8_t *bytes, *record, *again;
	uint64_t record_bytes;
	int err;
	struct error e;
};

/* The record's length; the document is made again from it. */
static int code_document(struct coder *c, uint32_t document, size_t *record_nbytes)
{
	const struct coding *x = c->coding;
	const struct corpus_document *d = &x->corpus->documents[document];
	size_t nbytes = d->nbytes, header = spec_write_header(c->record, false, nbytes);
	struct range_encoder rc;

	int err = corpus_read(x->corpus, document, c->bytes, &c->e);
	if (err != 0)
		return err;
	range_encoder_init(&rc, c->record + header, nbytes);
	x->ops->begin(c->session, 0);
	x->ops->encode(c->session, &rc, c->bytes, nbytes);
	x->ops->end(c->session, 0);
	size_t code = range_encoder_finish(&rc);
	bool raw = rc.overflow || code >= nbytes;
	*record_nbytes = header + (raw ? nbytes : code);
	if (raw)
		return 0;
	struct generator_lane lane = {.out = c->again, .nbytes = nbytes};
	range_decoder_init(&lane.rc, c->record + header, code);
	x->ops->begin(c->session, 0);
	generator_make(x->ops, c->session, &lane);
	x->ops->end(c->session, 0);
	if (memcmp(c->again, c->bytes, nbytes) != 0)
		return error_set(&c->e, -EILSEQ,
				 "%s: made again by %s, it has other bytes; please report this",
				 x->corpus->files[d->file].path, x->ops->name);
	return 0;
}

static void *coder_main(void *arg)
{
	struct coder *c = arg;
	struct coding *x = c->coding;
	size_t record_nbytes;

	while (c->err == 0 && !x->stop) {
		uint32_t k = x->next++;
		if (k >= x->corpus->held_out_count)
			break;
		c->err = code_document(c, x->corpus->held_out[k], &record_nbytes);
		c->record_bytes += c->err == 0 ? record_nbytes : 0;
	}
	if (c->err != 0)
		x->stop = true;
	return NULL;
}

static int coder_init(struct coder *c, struct coding *x)
{
	size_t nbytes = corpus_nbytes_max(x->corpus, SPLIT_HELD_OUT);

	c->coding = x;
	c->bytes = malloc(nbytes + 1);
	c->record = malloc(nbytes + SPEC_HEADER_NBYTES_MAX);
	c->again = malloc(nbytes + 1);
	if (c->bytes == NULL || c->record == NULL || c->again == NULL)
		return error_set(&c->e, -ENOMEM, "out of memory");
	return x->ops->session_open(&c->session, x->generator, 1, &c->e);
}

static void coder_fini(struct coder *c, const struct generator_ops *ops)
{
	if (c->session != NULL)
		ops->session_close(c->session);
	free(c->bytes);
	free(c->record);
	free(c->again);
}

/* Shows how far the coders are until they are done. */
static int watch(struct coding *x, const struct progress *progress)
{
	uint32_t count = x->corpus->held_out_count;
	for (uint32_t k; (k = x->next) < count && !x->stop; usleep(20000))
		if (progress_step(progress, "coding the held-out documents", k, count) != 0) {
			x->stop = true;
			return -ECANCELED;
		}
	return 0;
}

static int run_coders(struct coder *coders, unsigned count, struct coding *x,
		      const struct progress *progress, struct error *e)
{
	unsigned started = 0;
	int err = 0;

	while (started < count &&
	       pthread_create(&coders[started].thread, NULL, coder_main, &coders[started]) == 0)
		started++;
	if (started == 0)
		return error_thread(e, -EAGAIN, "threads");
	if (watch(x, progress) != 0)
		err = error_set(e, -ECANCELED, "stopped");
	for (unsigned i = 0; i < started; i++) {
		pthread_join(coders[i].thread, NULL);
		if (err == 0 && coders[i].err != 0) {
			err = coders[i].err;
			*e = coders[i].e;
		}
	}
	return err;
}

int held_out_generator(struct held_out_cost *out, const struct corpus *corpus,
		       const struct generator_ops *ops, struct generator *g,
		       const struct progress *progress, struct error *e)
{
	struct coding x = {.corpus = corpus, .ops = ops, .generator = g};
	unsigned cores = allowed_cores(&allowed_here);
	unsigned count = cores < THREADS_MAX ? cores : THREADS_MAX;
	struct coder *coders = calloc(count, sizeof *coders);
	int err = coders == NULL ? error_set(e, -ENOMEM, "out of memory") : 0;

	for (unsigned i = 0; i < count && err == 0; i++) {
		err = coder_init(&coders[i], &x);
		if (err != 0)
			*e = coders[i].e;
	}
	if (err == 0)
		err = run_coders(coders, count, &x, progress, e);
	*out = (struct held_out_cost){.documents = corpus->held_out_count,
				      .content_bytes = corpus->held_out_bytes};
	for (unsigned i = 0; coders != NULL && i < count; i++) {
		out->record_bytes += coders[i].record_bytes;
		coder_fini(&coders[i], ops);
	}
	free(coders);
	return err;
}

/* ---- zstd ---- */

static int code_all(struct held_out_cost *out, const struct corpus *corpus,
		    struct codec_encoder *encoder, const struct progress *progress, struct error *e)
{
	uint8_t *bytes = malloc(corpus_nbytes_max(corpus, SPLIT_HELD_OUT) + 1);
	int err = bytes == NULL ? error_set(e, -ENOMEM, "out of memory") : 0;

	*out = (struct held_out_cost){.documents = corpus->held_out_count,
				      .content_bytes = corpus->held_out_bytes};
	for (uint32_t k = 0; k < corpus->held_out_count && err == 0; k++) {
		const uint8_t *record;
		size_t nbytes;
		uint32_t document = corpus->held_out[k];
		if (progress_step(progress, "zstd on the held-out documents", k,
				  corpus->held_out_count) != 0)
			err = error_set(e, -ECANCELED, "stopped");
		if (err == 0)
			err = corpus_read(corpus, document, bytes, e);
		if (err != 0)
			break;
		err = codec_encode(encoder, bytes, corpus->documents[document].nbytes, &record,
				   &nbytes);
		if (err != 0)
			error_set(e, err, "zstd cannot code a document: out of memory");
		else
			out->record_bytes += nbytes;
	}
	free(bytes);
	return err;
}

static int code_with(struct held_out_cost *out, const struct corpus *corpus,
		     const struct dictionary *d, const struct progress *progress, struct error *e)
{
	struct codec *codec;
	struct codec_encoder *encoder;
	int err = codec_create(&codec, COMPRESSION_ZSTD, LEVEL, d, true, e);
	if (err != 0)
		return err;
	err = codec_encoder_create(&encoder, codec, corpus_nbytes_max(corpus, SPLIT_HELD_OUT));
	if (err != 0) {
		error_set(e, err, "out of memory for zstd");
	} else {
		err = code_all(out, corpus, encoder, progress, e);
		codec_encoder_destroy(encoder);
	}
	codec_destroy(codec);
	return err;
}

int held_out_zstd(struct held_out_cost *out, uint64_t *dictionary_nbytes,
		  const struct corpus *corpus, uint64_t dictionary_bytes, const char *scratch,
		  const struct progress *progress, struct error *e)
{
	struct dictionary d;
	int err = dictionary_train(corpus, dictionary_bytes, LEVEL, scratch, progress, e);
	if (err == 0)
		err = dictionary_read(&d, scratch, e);
	unlink(scratch);
	if (err != 0)
		return err;
	*dictionary_nbytes = d.nbytes;
	err = code_with(out, corpus, &d, progress, e);
	dictionary_free(&d);
	return err;
}
