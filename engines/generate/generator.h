/*
 * generator.h: the contract of a generator: a deterministic predictor of the
 * next symbol, integers only, trained once into a model file. Decoding *is*
 * generating: with a document's code as bit source it returns the document,
 * with pseudo-random bits it samples from the model.
 *
 * A session makes one content at a time, from the frozen model: begin,
 * any number of decode (or encode, or prime) calls, end. What a session
 * learns within a content is undone by end.
 */
#ifndef GVR_GENERATOR_H
#define GVR_GENERATOR_H

#include <stddef.h>
#include <stdint.h>

#include "engines/generate/range_coder.h"
#include "workloads/corpus.h"
#include "workloads/error.h"

struct generator;	  /* an open model, read-only, shared by threads */
struct generator_session; /* per thread */

struct generator_info {
	uint64_t model_bytes;	 /* of the model file: bytes at rest */
	uint64_t model_digest;	 /* XXH3-64 of what the file holds: names the model */
	uint64_t resident_bytes; /* memory of the open model, without sessions */
	uint64_t session_bytes;	 /* memory of each session */
	double macs_per_byte;	 /* multiply-accumulates for one byte, 0 if not counted */
};

struct generator_ops {
	const char *name;

	/* Trains on the training split of the corpus (which may be empty) and
	 * writes the model to path (temporary file, fsync, rename). The same
	 * documents give the same file on every machine and build. */
	int (*train)(const struct corpus *corpus, const char *path, const struct progress *progress,
		     struct error *e);

	/* -ENOENT (e says how to train one), -EBADMSG damaged or not a model
	 * of this generator and version. Every field is checked before use. */
	int (*open)(struct generator **out, const char *path, struct error *e);
	void (*close)(struct generator *g);
	void (*info)(const struct generator *g, struct generator_info *info);

	/* All memory a session needs is allocated here. */
	int (*session_open)(struct generator_session **out, struct generator *g, struct error *e);
	void (*session_close)(struct generator_session *s);

	/* Starts a content from the frozen model. */
	void (*begin)(struct generator_session *s);

	/* Conditions what follows on who asks: learns a context-specific text,
	 * which is a pure function of model and context. After begin. */
	void (*prime)(struct generator_session *s, uint32_t context);

	/* Makes the next nbytes bytes from the decoder's bits. */
	void (*decode)(struct generator_session *s, struct range_decoder *rc, uint8_t *out,
		       size_t nbytes);

	/* Codes the next nbytes bytes. */
	void (*encode)(struct generator_session *s, struct range_encoder *rc, const uint8_t *in,
		       size_t nbytes);

	/* Back to the frozen model, in time proportional to what was touched. */
	void (*end)(struct generator_session *s);
};

extern const struct generator_ops cm_generator;

/* NULL if there is no trained generator of that name. */
const struct generator_ops *generator_find(const char *name);

#endif
