#include "engines/generate/cm/select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engines/generate/cm/layout.h"
#include "workloads/prng.h"

#define ORDER_NAME UINT64_C(0x636d2d6f72646572)

struct candidate {
	uint64_t rank; /* a hash of its bytes */
	uint32_t document, nbytes;
};

static int by_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->document < y->document ? -1 : x->document > y->document;
}

static uint32_t without_repeats(struct candidate *c, uint32_t count)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || c[i].rank != c[kept - 1].rank)
			c[kept++] = c[i];
	return kept;
}

/* The last that is taken is cut to what is left. */
static uint32_t within_limit(struct candidate *c, uint32_t count, uint32_t *nbytes)
{
	*nbytes = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (*nbytes == TEXT_NBYTES_MAX)
			return i;
		if (c[i].nbytes > TEXT_NBYTES_MAX - *nbytes)
			c[i].nbytes = TEXT_NBYTES_MAX - *nbytes;
		*nbytes += c[i].nbytes;
	}
	return count;
}

static struct candidate *choose(const struct corpus *corpus, uint32_t *count, uint32_t *nbytes)
{
	uint32_t all = corpus_count(corpus, SPLIT_TRAINING), n = 0;
	struct candidate *c = malloc(((size_t)all + 1) * sizeof *c);
	if (c == NULL)
		return NULL;
	for (uint32_t k = 0; k < all; k++) {
		uint32_t document = corpus_at(corpus, SPLIT_TRAINING, k);
		const struct corpus_document *d = &corpus->documents[document];
		if (d->nbytes > 0)
			c[n++] = (struct candidate){prng_key(d->digest, ORDER_NAME), document,
						    d->nbytes};
	}
	qsort(c, n, sizeof *c, by_rank);
	*count = within_limit(c, without_repeats(c, n), nbytes);
	return c;
}

static int read_into(struct text *t, const struct candidate *c, uint32_t count,
		     const struct corpus *corpus, const struct progress *progress, struct error *e)
{
	uint8_t *buffer = malloc(corpus_nbytes_max(corpus, SPLIT_TRAINING) + 1);
	if (buffer == NULL)
		return error_set(e, -ENOMEM, "out of memory for the training documents");
	uint32_t end = 0;
	int err = 0;
	for (uint32_t i = 0; i < count && !err; i++) {
		if (progress_step(progress, "reading", i, count) != 0)
			err = error_set(e, -ECANCELED, "training was stopped");
		else
			err = corpus_read(corpus, c[i].document, buffer, e);
		if (err)
			break;
		memcpy(t->bytes + end, buffer, c[i].nbytes);
		end += c[i].nbytes;
		t->ends[i] = end;
	}
	free(buffer);
	return err;
}

int select_documents(struct text *text, uint32_t *document_count, const struct corpus *corpus,
		     const struct progress *progress, struct error *e)
{
	uint32_t nbytes;
	struct candidate *c = choose(corpus, document_count, &nbytes);
	if (c == NULL)
		return error_set(e, -ENOMEM, "out of memory for the training documents");
	int err = text_init(text, nbytes, *document_count);
	if (err) {
		error_set(e, err, "out of memory for the training documents");
		goto free_candidates;
	}
	err = read_into(text, c, *document_count, corpus, progress, e);
	if (err)
		text_fini(text);
free_candidates:
	free(c);
	return err;
}
