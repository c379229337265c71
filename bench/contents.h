/*
 * contents.h: the content set of a workload: what there is to ask for, where
 * its artefacts are kept, what the right bytes are.
 *
 * Under the store root:
 *   catalogues/HASH.gvrc    what a directory's files are (corpus.h)
 *   models/                 trained generators, by their training documents
 *   NAME-HASH/              one content set: dictionaries, stores
 *     digests                 novel: XXH3-64 of every (content, context)
 * HASH covers everything that defines the contents, so that a changed corpus
 * or size never meets a store made for another.
 */
#ifndef GVR_CONTENTS_H
#define GVR_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/engine.h"
#include "engines/generate/generator.h"
#include "workloads/corpus.h"
#include "workloads/workload.h"

/* The trained model of one generator. */
struct contents_model {
	const struct generator_ops *ops;
	char path[WORKLOAD_PATH_NBYTES + 64];
	uint64_t digest;     /* names the model */
	uint64_t trained_on; /* fingerprint of its training documents; 0: not known */
	bool own;	     /* trained here, not given */
	bool may_have_seen;  /* the contents of an archive: it was given, trained on others */
};

struct contents {
	const struct workload *workload;
	struct corpus *corpus; /* archive's documents, novel's training documents, or NULL */
	uint64_t count;	       /* content ids */
	uint64_t items;	       /* count * contexts */
	uint64_t nbytes_max;
	uint64_t fingerprint;
	uint64_t corpus_source;		  /* where its documents come from: folder and cutting */
	void (*notice)(const char *line); /* told what is made on the way */
	char store_root[WORKLOAD_PATH_NBYTES], dir[WORKLOAD_PATH_NBYTES];
	bool settled; /* files that had just come were given time to go again */
	/* one of each trained generator that an engine names; novel: the one
	 * that makes the contents */
	struct contents_model models[GENERATORS_MAX];
	unsigned model_count;
	const uint64_t *digests; /* novel, mapped; NULL until contents_map_digests */
	size_t digests_map_nbytes;
};

/* What contents_open may do about the models that a workload needs. */
enum contents_mode {
	CONTENTS_USE,	 /* verify: it must be there */
	CONTENTS_MAKE,	 /* run: one that is missing, or of documents as they were before
			  * they changed, is trained; a damaged one refused */
	CONTENTS_REPAIR, /* load: a damaged one is trained anew */
};

/* Refuses, -ENOTSUP, a store or a folder of results (NULL: none is written) that lies
 * among the workload's documents. Writes nothing: for before the first write. */
int contents_keep_apart(const struct workload *w, const char *store_root, const char *out,
			struct error *e);

/* The fingerprint of the workload's documents as they are now: of all, and of those that
 * have not just come; 0: it has no documents. Reads what has changed, trains nothing. */
int contents_documents(const struct workload *w, const char *store_root, uint64_t *all,
		       uint64_t *old, const struct progress *progress, struct error *e);

/* Opens the content set: reads the corpus (or its catalogue), makes the
 * directories, checks that serving fits into memory (memory.h; not of what is only
 * loaded: CONTENTS_REPAIR), sees to the models. notice is called with a line for each
 * thing made. Documents that change meanwhile are left out. Where a model would be
 * trained anew only for files that have just come, waits first whether they stay. */
int contents_open(struct contents *c, const struct workload *w, const char *store_root,
		  enum contents_mode mode, void (*notice)(const char *line),
		  const struct progress *progress, struct error *e);
void contents_close(struct contents *c);

/*
 * After a load that ended with -ESTALE: looks at the documents again. What has changed
 * or gone is no longer of the content set; models stay, although they were trained on
 * it. Nothing may be open that looks at the contents. 0: to be loaded again; -ESTALE, e
 * as it was: nothing has changed; -ENODATA: nothing remains to ask for.
 */
int contents_leave_out_changed(struct contents *c, const struct progress *progress,
			       struct error *e);

/* Tells what was left out because it changed, if anything was. */
void contents_notice_changing(const struct contents *c);

/* For the end, when all is measured: what has changed or gone since it was read will not
 * be missed, nor models be trained anew without it, when the contents are next opened. c
 * is good for closing only. */
void contents_remember_changed(struct contents *c);

/* As a workload file writes it. */
const char *contents_split_name(enum split split);
/* Was a model given that may have been trained on these contents? */
bool contents_may_be_seen(const struct contents *c);

/* What engine `config` may look at. */
struct engine_env contents_env(const struct contents *c, const struct engine_config *config);

/* Makes the right bytes of contents; one per thread. */
struct contents_maker {
	const struct contents *contents;
	const struct generator_ops *ops;
	struct generator *generator;
	struct generator_session *session;
	uint8_t *buf; /* nbytes_max bytes */
};
int contents_maker_open(struct contents_maker *m, const struct contents *c, struct error *e);
void contents_maker_close(struct contents_maker *m);
/* Leaves the content's *nbytes bytes in m->buf. */
int contents_make(struct contents_maker *m, uint64_t content, uint32_t context, size_t *nbytes,
		  struct error *e);

/* ---- right answers ---- */

/* Opens the digests of novel contents for appending, after those already
 * there: *next is how many. */
struct digest_writer;
int digest_writer_open(struct digest_writer **out, const struct contents *c, uint64_t *next,
		       struct error *e);
int digest_writer_put(struct digest_writer *d, uint64_t digest, struct error *e);
/* complete: checksums them and gives the file its name. */
int digest_writer_close(struct digest_writer *d, bool complete, struct error *e);

/* True if this set's right answers must be loaded and are not. */
bool contents_needs_digests(const struct contents *c);
/* Novel: maps the digest file; others: nothing to do. */
int contents_map_digests(struct contents *c, struct error *e);
void contents_unmap_digests(struct contents *c);
/* Removes a digest file that is damaged, so that load makes it anew: true. */
bool contents_discard_damaged_digests(struct contents *c);

/* True if the reply is what the content is. scratch: nbytes_max bytes (noise
 * is made anew to compare). */
bool contents_is_right(const struct contents *c, const struct request *r, uint8_t *scratch);

/* The content in words, for messages: its path, or its ids. */
void contents_describe(const struct contents *c, uint64_t content, uint32_t context, char *out,
		       size_t capacity);

#endif
