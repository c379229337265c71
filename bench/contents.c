#include "bench/contents.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include "bench/files.h"
#include "bench/memory.h"
#include "bench/models.h"
#include "engines/generate/novel.h"
#include "engines/retrieve/codec.h"
#include "workloads/noise.h"
#include "workloads/prng.h"

static uint64_t mix_in(uint64_t hash, uint64_t value)
{
	return prng_mix(hash + prng_mix(value + 1));
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return mix_in(hash, XXH3_64bits(text, strlen(text)));
}

/* ---- opening ---- */

static const char *documents_dir(const struct workload *w)
{
	return w->contents_kind == CONTENTS_ARCHIVE ? w->contents_dir : w->corpus_dir;
}

int contents_keep_apart(const struct workload *w, const char *store_root, const char *out,
			struct error *e)
{
	const char *dir = documents_dir(w);

	if (dir[0] == '\0')
		return 0;
	int err = files_keep_apart(dir, store_root, "the store", "give --store DIR elsewhere", e);
	if (err == 0 && out != NULL)
		err = files_keep_apart(dir, out, "the folder of results",
				       "give --out DIR elsewhere", e);
	return err;
}

static int open_corpus(struct contents *c, const struct progress *progress, struct error *e)
{
	const struct workload *w = c->workload;
	const char *dir = documents_dir(w);
	char folder[WORKLOAD_PATH_NBYTES + 16], catalogue[WORKLOAD_PATH_NBYTES + 64];

	if (dir[0] == '\0')
		return 0;
	char *real = realpath(dir, NULL);
	if (real == NULL)
		return file_error(e, -errno, "cannot read the folder of documents", dir);
	snprintf(folder, sizeof folder, "%s/catalogues", c->store_root);
	c->corpus_source = mix_in(mix_text(0, real), w->chunk_bytes);
	snprintf(catalogue, sizeof catalogue, "%s/%016" PRIx64 ".gvrc", folder, c->corpus_source);
	free(real);
	int err = contents_keep_apart(w, c->store_root, NULL, e);
	if (err == 0)
		err = files_make_dirs(folder, e);
	if (err == 0)
		err = corpus_open(&c->corpus, dir, w->chunk_bytes, catalogue, progress, e);
	return err;
}

const char *contents_split_name(enum split split)
{
	return split == SPLIT_HELD_OUT ? "held-out" : split == SPLIT_TRAINING ? "training" : "all";
}

bool contents_may_be_seen(const struct contents *c)
{
	bool seen = false;
	for (unsigned i = 0; i < c->model_count; i++)
		seen |= c->models[i].may_have_seen;
	return seen;
}

static int count_contents(struct contents *c, struct error *e)
{
	const struct workload *w = c->workload;

	if (w->contents_kind == CONTENTS_ARCHIVE) {
		c->count = corpus_count(c->corpus, w->split);
		c->nbytes_max = corpus_nbytes_max(c->corpus, w->split);
		if (c->count == 0)
			return error_set(e, -ENODATA,
					 "%s: no document is in the %s split (%" PRIu32
					 " files); set split = all",
					 w->contents_dir, contents_split_name(w->split),
					 c->corpus->file_count);
	} else {
		c->count = w->contents_count;
		c->nbytes_max = workload_content_nbytes_max(w);
	}
	c->items = c->count * w->contexts;
	return 0;
}

/*
 * What their folder is named by. Of an archive that is where its documents
 * come from, not what they are: when documents change, what was stored of
 * them as they were is replaced, and its space reclaimed.
 */
static uint64_t source_hash(const struct contents *c)
{
	const struct workload *w = c->workload;

	if (w->contents_kind != CONTENTS_ARCHIVE)
		return c->fingerprint;
	return mix_in(mix_text(c->corpus_source, w->model), (uint64_t)w->split);
}

/* Everything that defines the contents, but for novel's model. */
static uint64_t definition_hash(const struct contents *c)
{
	const struct workload *w = c->workload;
	uint64_t h = mix_in(0, (uint64_t)w->contents_kind);

	if (c->corpus != NULL)
		h = mix_in(h, corpus_fingerprint(c->corpus, SPLIT_ALL));
	h = mix_text(h, w->model);
	if (w->contents_kind == CONTENTS_ARCHIVE)
		return mix_in(h, (uint64_t)w->split);
	h = mix_in(h, w->contents_count);
	h = mix_in(h, w->contexts);
	h = mix_in(h, (uint64_t)w->size.kind);
	h = mix_in(h, w->size.low_bytes);
	h = mix_in(h, w->size.high_bytes);
	h = mix_in(h, (uint64_t)(w->size.sigma * 1e9));
	h = mix_in(h, w->compress_percentage);
	h = mix_in(h, w->temperature_percentage);
	return mix_in(h, w->top_p_percentage);
}

static int make_dir(struct contents *c, struct error *e)
{
	char name[41];

	files_clean_name(name, sizeof name, c->workload->name);
	int n = snprintf(c->dir, sizeof c->dir, "%s/%s-%016" PRIx64, c->store_root, name,
			 source_hash(c));
	if (n < 0 || (size_t)n >= sizeof c->dir - 64)
		return file_error(e, -ENAMETOOLONG, "cannot make folder", c->store_root);
	return files_make_dirs(c->dir, e);
}

/* Counts and names what there is to ask for. */
static int define(struct contents *c, struct error *e)
{
	int err = count_contents(c, e);
	if (err != 0)
		return err;
	c->fingerprint = definition_hash(c);
	return make_dir(c, e);
}

/* Novel contents are what the model makes: their set depends on it. */
static void refine_novel(struct contents *c)
{
	if (c->workload->contents_kind == CONTENTS_NOVEL)
		c->fingerprint = mix_in(c->fingerprint, c->models[0].digest);
}

/* ---- documents that change meanwhile ---- */

/* *count of them were left out. What was trained on all is not trained anew. */
static int leave_out(struct contents *c, bool bytes, uint32_t *count,
		     const struct progress *progress, struct error *e)
{
	uint64_t before = corpus_fingerprint(c->corpus, SPLIT_TRAINING);
	int err = corpus_leave_out_changed(c->corpus, bytes, count, progress, e);
	uint64_t now = corpus_fingerprint(c->corpus, SPLIT_TRAINING);
	if (err != 0 || now == before)
		return err;
	err = models_follow(c, before, e);
	return err == 0 ? dictionary_follow(c->dir, before, now, e) : err;
}

static int go_on_without_changed(struct contents *c, const struct progress *progress,
				 struct error *e)
{
	uint32_t count = 0;
	struct error why;

	if (c->corpus == NULL)
		return -ESTALE;
	int err = leave_out(c, true, &count, progress, &why);
	if (err == 0 && count == 0)
		return -ESTALE;
	*e = why;
	return err != 0 ? err : define(c, e);
}

int contents_leave_out_changed(struct contents *c, const struct progress *progress, struct error *e)
{
	int err = go_on_without_changed(c, progress, e);
	if (err == 0)
		refine_novel(c);
	return err;
}

/* Files that have just come: are they there to stay? */
static int settle(struct contents *c, const struct progress *progress, struct error *e)
{
	const unsigned steps = MODELS_YOUNG_MS / 20;
	uint32_t count;

	c->settled = true;
	for (unsigned i = 0; i < steps; i++) {
		if (progress_step(progress, "waiting whether new files stay", i, steps) != 0)
			return error_set(e, -ECANCELED, "stopped");
		usleep(20000);
	}
	int err = leave_out(c, false, &count, progress, e);
	return err == 0 && count > 0 ? define(c, e) : err;
}

void contents_notice_changing(const struct contents *c)
{
	char line[512];

	if (c->corpus == NULL || c->corpus->skipped.changing == 0)
		return;
	snprintf(line, sizeof line,
		 "documents: %" PRIu64 " left out that changed or went meanwhile, first %s",
		 c->corpus->skipped.changing, c->corpus->skipped.first_changing);
	error_clean(line);
	c->notice(line);
}

void contents_remember_changed(struct contents *c)
{
	uint32_t count;

	if (c->corpus != NULL) /* if it fails, the next run trains anew: no more */
		leave_out(c, false, &count, NULL, NULL);
}

/* ---- the whole ---- */

static int prepare_models(struct contents *c, enum contents_mode mode,
			  const struct progress *progress, struct error *e)
{
	for (;;) {
		int err = models_prepare(c, c->store_root, mode, progress, e);
		if (err == -EINPROGRESS)
			err = settle(c, progress, e);
		else if (err == -ESTALE && mode != CONTENTS_USE)
			err = go_on_without_changed(c, progress, e);
		else
			return err;
		if (err != 0)
			return err;
	}
}

/* Before what takes long: serving must be possible. */
static int check_memory(const struct contents *c, enum contents_mode mode, struct error *e)
{
	uint64_t requests_max = mode == CONTENTS_USE ? c->items : c->workload->number_ios;
	return memory_check(c, requests_max, &allowed_here, e);
}

static int begin(struct contents *c, const struct workload *w, const char *store_root,
		 const struct progress *progress, struct error *e)
{
	memset(c, 0, sizeof *c);
	c->workload = w;
	int n = snprintf(c->store_root, sizeof c->store_root, "%s", store_root);
	if (n < 0 || (size_t)n >= sizeof c->store_root)
		return file_error(e, -ENAMETOOLONG, "cannot make folder", store_root);
	return open_corpus(c, progress, e);
}

int contents_documents(const struct workload *w, const char *store_root, uint64_t *all,
		       uint64_t *old, const struct progress *progress, struct error *e)
{
	struct contents c;

	*all = *old = 0;
	int err = begin(&c, w, store_root, progress, e);
	if (err == 0 && c.corpus != NULL) {
		*all = corpus_fingerprint(c.corpus, SPLIT_ALL);
		*old = corpus_fingerprint_until(c.corpus, SPLIT_ALL, models_young_from_ns());
	}
	contents_close(&c);
	return err;
}

int contents_open(struct contents *c, const struct workload *w, const char *store_root,
		  enum contents_mode mode, void (*notice)(const char *line),
		  const struct progress *progress, struct error *e)
{
	int err = begin(c, w, store_root, progress, e);
	c->notice = notice;
	if (err == 0)
		err = define(c, e);
	if (err == 0 && mode != CONTENTS_REPAIR)
		err = check_memory(c, mode, e);
	if (err == 0)
		err = prepare_models(c, mode, progress, e);
	if (err != 0) {
		contents_close(c);
		return err;
	}
	refine_novel(c);
	if (mode == CONTENTS_REPAIR && contents_discard_damaged_digests(c))
		c->notice("the digests of the contents were damaged; made anew");
	return 0;
}

void contents_close(struct contents *c)
{
	contents_unmap_digests(c);
	if (c->corpus != NULL)
		corpus_close(c->corpus);
	memset(c, 0, sizeof *c);
}

struct engine_env contents_env(const struct contents *c, const struct engine_config *config)
{
	return (struct engine_env){
		.workload = c->workload,
		.config = config,
		.corpus = c->corpus,
		.contents = c->count,
		.content_nbytes_max = c->nbytes_max,
		.fingerprint = c->fingerprint,
		.dir = c->dir,
		.model_path = models_path(c, config),
		.notice = c->notice,
	};
}

/* ---- making ---- */

int contents_maker_open(struct contents_maker *m, const struct contents *c, struct error *e)
{
	int err;

	memset(m, 0, sizeof *m);
	m->contents = c;
	m->buf = malloc(c->nbytes_max > 0 ? c->nbytes_max : 1);
	if (m->buf == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	if (c->workload->contents_kind != CONTENTS_NOVEL)
		return 0;
	m->ops = c->models[0].ops;
	err = m->ops->open(&m->generator, c->models[0].path, e);
	if (err != 0)
		goto free_buf;
	err = m->ops->session_open(&m->session, m->generator, 1, e);
	if (err != 0)
		goto close_generator;
	if (m->ops->sample != NULL) {
		struct generator_sampling how = novel_sampling(c->workload);
		m->ops->sample(m->session, &how);
	}
	return 0;
close_generator:
	m->ops->close(m->generator);
free_buf:
	free(m->buf);
	return err;
}

void contents_maker_close(struct contents_maker *m)
{
	if (m->ops != NULL) {
		m->ops->session_close(m->session);
		m->ops->close(m->generator);
	}
	free(m->buf);
}

static void make_novel(struct contents_maker *m, uint64_t content, uint32_t context, size_t nbytes)
{
	struct generator_lane lane = {.out = m->buf, .nbytes = nbytes};

	novel_begin(m->ops, m->session, &lane, content, context);
	generator_make(m->ops, m->session, &lane);
	m->ops->end(m->session, lane.index);
}

int contents_make(struct contents_maker *m, uint64_t content, uint32_t context, size_t *nbytes,
		  struct error *e)
{
	const struct contents *c = m->contents;
	const struct workload *w = c->workload;

	if (w->contents_kind == CONTENTS_ARCHIVE) {
		uint32_t document = corpus_at(c->corpus, w->split, (uint32_t)content);
		*nbytes = c->corpus->documents[document].nbytes;
		return corpus_read(c->corpus, document, m->buf, e);
	}
	*nbytes = (size_t)workload_content_nbytes(w, content);
	if (w->contents_kind == CONTENTS_NOISE)
		noise_fill(content, context, w->compress_percentage, m->buf, *nbytes);
	else
		make_novel(m, content, context, *nbytes);
	return 0;
}

/* ---- right answers ---- */

bool contents_is_right(const struct contents *c, const struct request *r, uint8_t *scratch)
{
	const struct workload *w = c->workload;

	if (w->contents_kind == CONTENTS_NOISE) {
		size_t nbytes = (size_t)workload_content_nbytes(w, r->content);
		if (r->reply_nbytes != nbytes)
			return false;
		noise_fill(r->content, r->context, w->compress_percentage, scratch, nbytes);
		return memcmp(scratch, r->reply, nbytes) == 0;
	}
	uint64_t digest = XXH3_64bits(r->reply, r->reply_nbytes);
	if (w->contents_kind == CONTENTS_NOVEL)
		return r->reply_nbytes == workload_content_nbytes(w, r->content) &&
		       digest == le64toh(c->digests[r->content * w->contexts + r->context]);
	const struct corpus_document *d =
		&c->corpus->documents[corpus_at(c->corpus, w->split, (uint32_t)r->content)];
	return r->reply_nbytes == d->nbytes && digest == d->digest;
}

void contents_describe(const struct contents *c, uint64_t content, uint32_t context, char *out,
		       size_t capacity)
{
	const struct workload *w = c->workload;

	if (w->contents_kind != CONTENTS_ARCHIVE) {
		snprintf(out, capacity, "content %" PRIu64 ", context %" PRIu32, content, context);
		return;
	}
	const struct corpus_document *d =
		&c->corpus->documents[corpus_at(c->corpus, w->split, (uint32_t)content)];
	snprintf(out, capacity, "content %" PRIu64 " (%s at byte %" PRIu64 ")", content,
		 c->corpus->files[d->file].path, d->offset);
	error_clean(out);
}
