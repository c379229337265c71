#include "engines/generate/rnn/train_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "engines/generate/rnn/model_file.h"
#include "engines/generate/rnn/vocabulary_learn.h"
#include "workloads/prng.h"

#define ORDER_NAME UINT64_C(0x726e6e6f72646572)
#define ASIDE_ONE_IN 32u
#define ASIDE_BYTES_MAX (400u << 10)
#define ASIDE_DOCUMENT_MAX (64u << 10) /* a longer one would be read by one stream alone */
#define TEXT_NBYTES_MAX (UINT64_C(1) << 30)

/* ---- documents ---- */

struct order {
	uint64_t rank; /* a hash of its bytes */
	uint32_t document;
};

static int by_rank(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->document < y->document ? -1 : x->document > y->document;
}

/* In an order that depends on bytes alone; empty and repeated ones left out. */
static struct order *order_documents(const struct corpus *c, uint32_t *count)
{
	uint32_t all = corpus_count(c, SPLIT_TRAINING), n = 0, kept = 0;
	struct order *o = malloc(((size_t)all + 1) * sizeof *o);
	if (o == NULL)
		return NULL;
	for (uint32_t k = 0; k < all; k++) {
		uint32_t document = corpus_at(c, SPLIT_TRAINING, k);
		if (c->documents[document].nbytes > 0)
			o[n++] = (struct order){prng_key(c->documents[document].digest, ORDER_NAME),
						document};
	}
	qsort(o, n, sizeof *o, by_rank);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || o[i].rank != o[kept - 1].rank)
			o[kept++] = o[i];
	*count = kept;
	return o;
}

static int read_documents(struct train_text *t, const struct corpus *c, const struct order *o,
			  uint32_t count, const struct progress *progress, struct error *e)
{
	uint64_t end = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t nbytes = c->documents[o[i].document].nbytes;
		if (end + nbytes > TEXT_NBYTES_MAX)
			break;
		if (progress_step(progress, "reading", i, count) != 0)
			return error_set(e, -ECANCELED, "training was stopped");
		int err = corpus_read(c, o[i].document, t->bytes + end, e);
		if (err != 0)
			return err;
		t->documents[t->document_count++] =
			(struct train_document){.begin_byte = end, .nbytes = nbytes};
		end += nbytes;
	}
	t->byte_count = end;
	uint32_t wanted = t->document_count / ASIDE_ONE_IN;
	if (wanted == 0 && t->document_count > 1)
		wanted = 1;
	for (; t->aside_count < wanted && t->aside_bytes < ASIDE_BYTES_MAX &&
	       t->documents[t->aside_count].nbytes <= ASIDE_DOCUMENT_MAX;
	     t->aside_count++)
		t->aside_bytes += t->documents[t->aside_count].nbytes;
	return 0;
}

static int read_corpus(struct train_text *t, const struct corpus *c,
		       const struct progress *progress, struct error *e)
{
	uint32_t count;
	struct order *o = order_documents(c, &count);
	uint64_t nbytes = corpus_bytes(c, SPLIT_TRAINING);
	t->bytes = malloc((nbytes < TEXT_NBYTES_MAX ? nbytes : TEXT_NBYTES_MAX) + 1);
	t->documents = malloc(((size_t)(o != NULL ? count : 0) + 1) * sizeof *t->documents);
	int err = o == NULL || t->bytes == NULL || t->documents == NULL
			  ? error_set(e, -ENOMEM, "out of memory for the training documents")
			  : read_documents(t, c, o, count, progress, e);
	free(o);
	return err;
}

/* ---- tokens ---- */

static int learn_vocabulary(struct train_text *t, uint32_t wanted)
{
	struct token *tokens;
	uint32_t count;
	int err = vocabulary_learn(&tokens, &count, t->bytes + t->aside_bytes,
				   t->byte_count - t->aside_bytes, wanted);
	if (err != 0)
		return err;
	err = vocabulary_init(&t->vocabulary, tokens, count);
	if (err != 0)
		free(tokens);
	return err;
}

static void cut_documents(struct train_text *t)
{
	t->token_count = t->aside_tokens = 0;
	for (uint32_t i = 0; i < t->document_count; i++) {
		struct train_document *d = &t->documents[i];
		d->begin = (uint32_t)t->token_count;
		d->count = (uint32_t)vocabulary_cut(&t->vocabulary, t->bytes + d->begin_byte,
						    d->nbytes, t->tokens + d->begin);
		t->token_count += d->count;
		if (i < t->aside_count)
			t->aside_tokens = t->token_count;
	}
}

/* Numbers the tokens anew, by clusters. */
static int cluster_vocabulary(struct train_text *t)
{
	uint32_t count = t->vocabulary.count;
	uint16_t order[VOCABULARY_MAX];
	struct token *tokens = malloc(count * sizeof *tokens);
	if (tokens == NULL)
		return -ENOMEM;
	int err = vocabulary_cluster(order, count, t->tokens + t->aside_tokens,
				     t->token_count - t->aside_tokens);
	if (err == 0) {
		struct vocabulary v;
		for (uint32_t i = 0; i < count; i++)
			tokens[i] = t->vocabulary.tokens[order[i]];
		err = vocabulary_init(&v, tokens, count);
		if (err == 0) {
			vocabulary_fini(&t->vocabulary);
			t->vocabulary = v;
			return 0;
		}
	}
	free(tokens);
	return err;
}

static int make_tokens(struct train_text *t, uint32_t wanted)
{
	t->tokens = malloc((t->byte_count + 1) * sizeof *t->tokens);
	t->candidates = malloc((t->byte_count + 1) * sizeof *t->candidates);
	t->buckets = malloc(t->byte_count + 1);
	if (t->tokens == NULL || t->candidates == NULL || t->buckets == NULL)
		return -ENOMEM;
	int err = learn_vocabulary(t, wanted);
	if (err == 0) {
		cut_documents(t);
		err = cluster_vocabulary(t);
	}
	if (err == 0)
		cut_documents(t);
	return err;
}

/* ---- the dictionary ---- */

struct packer {
	ZSTD_CCtx *context;
	uint8_t *out;
	size_t capacity;
};

/* What the documents from `first` on come to in one frame. */
static size_t packed_nbytes(const struct packer *p, const struct train_text *t, uint32_t first)
{
	if (first == t->document_count)
		return 0;
	uint64_t begin = t->documents[first].begin_byte;
	size_t n = ZSTD_compress2(p->context, p->out, p->capacity, t->bytes + begin,
				  t->byte_count - begin);
	return ZSTD_isError(n) ? SIZE_MAX : n;
}

/* The first document of those that are together about so long, from the end. */
static uint32_t first_of(const struct train_text *t, double nbytes)
{
	uint32_t first = t->document_count;
	while (first > t->aside_count &&
	       (double)(t->byte_count - t->documents[first - 1].begin_byte) <= nbytes)
		first--;
	return first;
}

/* As many documents as fit, from the end of the order, or a little less: a few
 * guesses, each by how well the last one could be packed. */
static uint32_t choose_first(const struct packer *p, const struct train_text *t, size_t file_nbytes)
{
	uint32_t best = t->document_count;
	double nbytes = 2.5 * (double)file_nbytes;
	for (unsigned guess = 0; guess < 6; guess++) {
		uint32_t first = first_of(t, nbytes);
		if (first >= best && guess > 0)
			break;
		size_t packed = packed_nbytes(p, t, first);
		if (packed <= file_nbytes)
			best = first < best ? first : best;
		if (packed == 0 || first == t->aside_count ||
		    (packed <= file_nbytes && packed > file_nbytes / 100 * 97))
			break;
		uint64_t begin = t->documents[first].begin_byte;
		nbytes = 0.985 * (double)(t->byte_count - begin) * (double)file_nbytes /
			 (double)packed;
	}
	return best;
}

static int choose_dictionary(struct train_text *t, size_t file_nbytes, uint32_t *first)
{
	struct packer p = {
		.context = ZSTD_createCCtx(),
		.capacity = ZSTD_compressBound(t->byte_count),
	};
	p.out = malloc(p.capacity);
	int err = p.context == NULL || p.out == NULL ? -ENOMEM : 0;
	if (err == 0) {
		ZSTD_CCtx_setParameter(p.context, ZSTD_c_compressionLevel, MODEL_ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(p.context, ZSTD_c_windowLog, MODEL_ZSTD_WINDOW_LOG);
		*first = choose_first(&p, t, file_nbytes);
	}
	ZSTD_freeCCtx(p.context);
	free(p.out);
	return err;
}

static int make_dictionary(struct train_text *t, size_t file_nbytes)
{
	uint32_t first;
	int err = choose_dictionary(t, file_nbytes, &first);
	if (err != 0)
		return err;
	uint32_t begin =
		first < t->document_count ? t->documents[first].begin : (uint32_t)t->token_count;
	uint32_t count = (uint32_t)t->token_count - begin;
	uint16_t *tokens = malloc((count + (size_t)1) * sizeof *tokens);
	if (tokens == NULL)
		return -ENOMEM;
	memcpy(tokens, t->tokens + begin, count * sizeof *tokens);
	err = match_text_init(&t->dictionary, tokens, count, true);
	if (err != 0) {
		free(tokens);
		return err;
	}
	for (uint32_t i = first; i < t->document_count; i++) {
		struct train_document *d = &t->documents[i];
		d->dictionary_begin = d->begin - begin;
		d->dictionary_end = d->dictionary_begin + d->count;
	}
	uint64_t begin_byte =
		first < t->document_count ? t->documents[first].begin_byte : t->byte_count;
	t->dictionary_bytes = t->bytes + begin_byte;
	t->dictionary_nbytes = t->byte_count - begin_byte;
	return 0;
}

/* What the candidates would be if each document was not itself known. */
static int find_candidates(struct train_text *t)
{
	struct match *m = malloc(sizeof *m);
	if (m == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->document_count; i++) {
		const struct train_document *d = &t->documents[i];
		match_begin(m, &t->dictionary);
		m->leave_out_begin = d->dictionary_begin;
		m->leave_out_end = d->dictionary_end;
		for (uint32_t k = d->begin; k < d->begin + d->count; k++) {
			unsigned bucket = MATCH_BUCKETS;
			t->candidates[k] = match_candidate(m, &bucket);
			if (t->candidates[k] == MATCH_NONE)
				t->candidates[k] = (uint16_t)t->vocabulary.count;
			t->buckets[k] = (uint8_t)bucket;
			match_update(m, t->tokens[k]);
		}
	}
	free(m);
	return 0;
}

/* One of the things that are made of the documents, in turn. */
static int make_part(struct train_text *t, unsigned part, const struct train_text_options *o)
{
	switch (part) {
	case 0:
		return make_tokens(t, o->vocabulary);
	case 1:
		return make_dictionary(t, o->dictionary_file_nbytes);
	default:
		return find_candidates(t);
	}
}

static int make_parts(struct train_text *t, const struct train_text_options *o,
		      const struct progress *progress, struct error *e)
{
	for (unsigned part = 0; part < 3; part++) {
		if (progress_step(progress, "learning the vocabulary", part, 3) != 0)
			return error_set(e, -ECANCELED, "training was stopped");
		int err = make_part(t, part, o);
		if (err != 0)
			return error_set(e, err, "out of memory for the training documents");
	}
	return 0;
}

int train_text_make(struct train_text *t, const struct corpus *corpus,
		    const struct train_text_options *options, const struct progress *progress,
		    struct error *e)
{
	memset(t, 0, sizeof *t);
	int err = read_corpus(t, corpus, progress, e);
	if (err == 0)
		err = make_parts(t, options, progress, e);
	if (err != 0)
		train_text_fini(t);
	return err;
}

void train_text_fini(struct train_text *t)
{
	free(t->bytes);
	free(t->documents);
	free(t->tokens);
	free(t->candidates);
	free(t->buckets);
	vocabulary_fini(&t->vocabulary);
	match_text_fini(&t->dictionary);
	memset(t, 0, sizeof *t);
}
