/*
 * generator.h: the contract of a generator: a deterministic predictor of the
 * next symbol, integers only, trained once into a model file. Decoding *is*
 * generating: with a document's code as bit source it returns the document,
 * with pseudo-random bits it samples from the model.
 *
 * A session has lanes, each of which makes one content at a time, from the
 * frozen model: begin, prime if the content is novel, decode until it is made
 * (or one encode), end. One decode call advances several lanes, which begin
 * and end independently of each other; what a lane makes does not depend on
 * the others. What a lane learns within a content is undone by end.
 */
#ifndef GVR_GENERATOR_H
#define GVR_GENERATOR_H

#include <stdbool.h>
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
	uint64_t trained_on;	 /* fingerprint of the training split (corpus.h); 0: not known */
	uint64_t resident_bytes; /* memory of the open model, without sessions */
	uint64_t session_bytes;	 /* memory of a session, for each of its lanes */
	unsigned lanes_max;	 /* contents that one session can advance together, >= 1 */
	double macs_per_byte;	 /* multiply-accumulates for one byte, 0 if not counted */
	double tokens_per_byte;	 /* symbols that it predicts for one byte, on average */
	const char *kernel; /* which instructions it uses: static text; NULL: it has no choice */
};

/* How novel contents are sampled; part of what they are (spec.h). */
struct generator_sampling {
	uint32_t temperature_percentage; /* 100: as the model says; 1..1000 */
	uint32_t top_p_percentage;	 /* 100: from all symbols; 1..100 */
};

/* One content being made by a session. */
struct generator_lane {
	unsigned index;		 /* which of the session's lanes, from 0 */
	struct range_decoder rc; /* where its bits come from */
	uint8_t *out;		 /* nbytes of them; the caller's */
	size_t nbytes, made;	 /* made: bytes made so far */
};

/* How far training has come, for the learning curve. */
struct training_point {
	double elapsed_s;
	uint64_t steps, tokens; /* so far */
	unsigned threads;
	double bits_per_byte; /* of training documents that are kept aside to test on */
};

/* What a training may be told, and what it tells. A generator without a choice
 * (cm) leaves all of it alone. */
struct training {
	double minutes;	  /* how long to train; 0: the generator's default */
	uint64_t steps;	  /* instead of minutes, if not 0: exactly so many */
	unsigned threads; /* 0: as many as there are cores */
	/* Called as points become known; may be NULL. */
	void (*report)(void *arg, const struct training_point *point);
	void *report_arg;
};

struct generator_ops {
	const char *name;
	double train_minutes; /* how long train takes unless told; 0: as long as it needs */

	/* Trains on the training split of the corpus (which may be empty) and
	 * writes the model to path (temporary file, fsync, rename). The same
	 * documents give the same file: with cm on every machine and build, with
	 * rnn for equal steps and threads. training: NULL: all defaults. What a
	 * stopped training (-ECANCELED) has reached is kept, and is gone on from,
	 * where e says so. */
	int (*train)(const struct corpus *corpus, const char *path, const struct training *training,
		     const struct progress *progress, struct error *e);

	/* Is a file that begins with these bytes a model of this generator, of
	 * whatever version? */
	bool (*recognises)(const uint8_t magic[8]);

	/* -ENOENT (e says how to train one), -EBADMSG damaged or not a model
	 * of this generator and version. Every field is checked before use. */
	int (*open)(struct generator **out, const char *path, struct error *e);
	void (*close)(struct generator *g);
	void (*info)(const struct generator *g, struct generator_info *info);

	/* All memory a session needs is allocated here. lanes: 1..lanes_max. */
	int (*session_open)(struct generator_session **out, struct generator *g, unsigned lanes,
			    struct error *e);
	/* Lanes that were begun and not ended are given up. */
	void (*session_close)(struct generator_session *s);

	/* Optional, after session_open: contents are from now on sampled like this,
	 * in integers; not called for archive contents. NULL: the generator knows
	 * but one way. */
	void (*sample)(struct generator_session *s, const struct generator_sampling *how);

	/* Starts a content from the frozen model, on a lane that makes none. */
	void (*begin)(struct generator_session *s, unsigned lane);

	/* Conditions what follows on who asks: learns a context-specific text,
	 * which is a pure function of model and context. After begin. */
	void (*prime)(struct generator_session *s, unsigned lane, uint32_t context);

	/* Makes at least one more byte on each of the lanes (a token, a slice of
	 * bytes: some 50 us of work for all of them), none beyond its nbytes,
	 * and adds them to made. Each was begun, is given once and has made <
	 * nbytes; count: 1 to the session's lanes. */
	void (*decode)(struct generator_session *s, struct generator_lane *const *lanes,
		       unsigned count);

	/* Codes a whole content on lane 0, after begin. */
	void (*encode)(struct generator_session *s, struct range_encoder *rc, const uint8_t *in,
		       size_t nbytes);

	/* Back to the frozen model, in time proportional to what was touched;
	 * also of a content that is not yet made. */
	void (*end)(struct generator_session *s, unsigned lane);
};

extern const struct generator_ops cm_generator, rnn_generator;

/* generator.c: the trained generators, the default first; NULL-terminated. */
#define GENERATORS_MAX 4u
extern const struct generator_ops *const generator_registry[];

/* NULL if there is no trained generator of that name. */
const struct generator_ops *generator_find(const char *name);

/* Makes the rest of the content of a lane that was begun. */
void generator_make(const struct generator_ops *ops, struct generator_session *s,
		    struct generator_lane *lane);

#endif
