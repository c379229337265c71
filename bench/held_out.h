/*
 * held_out.h: what the held-out documents cost, each alone, in real records:
 * by a generator's model, and by zstd with a dictionary of the same training
 * documents.
 */
#ifndef GVR_HELD_OUT_H
#define GVR_HELD_OUT_H

#include "engines/generate/generator.h"
#include "workloads/corpus.h"

struct held_out_cost {
	uint64_t documents, content_bytes;
	uint64_t record_bytes; /* headers included, the model or the dictionary not */
};

/* Codes every held-out document with the open model and makes it again, on all
 * cores. -EILSEQ: one came back different (e names it). */
int held_out_generator(struct held_out_cost *out, const struct corpus *corpus,
		       const struct generator_ops *ops, struct generator *g,
		       const struct progress *progress, struct error *e);

/* zstd -19 with a dictionary of at most dictionary_bytes, trained for the
 * purpose into the file scratch, which is removed; *dictionary_nbytes: what it
 * came to. */
int held_out_zstd(struct held_out_cost *out, uint64_t *dictionary_nbytes,
		  const struct corpus *corpus, uint64_t dictionary_bytes, const char *scratch,
		  const struct progress *progress, struct error *e);

#endif
