/*
 * generate.c: the engine that makes a content again each time it is asked.
 *
 * Archive content: the spec is read from a store (through the same io_uring
 * FileSystem as the retrieve engine's blobs) and decoded. Novel content: the
 * spec follows from the ids, nothing is read and nothing is kept. Noise
 * content: the bytes are a function of the ids, made at memory speed.
 *
 * A session makes as many contents at a time as it has lanes; requests in
 * flight beyond that wait in order (batch.h). reap works for one step and
 * returns, so that the harness can release what falls due.
 */
#include "engines/engine.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engines/generate/batch.h"
#include "engines/generate/novel.h"
#include "engines/generate/generator.h"
#include "engines/generate/spec.h"
#include "engines/store/ring.h"
#include "engines/store/store.h"
#include "workloads/noise.h"

struct engine {
	const struct engine_env *env;
	const struct generator_ops *ops; /* NULL: noise */
	struct generator *generator;
	struct store *store; /* of specs; archive only */
	pthread_mutex_t lock;
	struct ring_stats ring; /* of all workers */
	uint64_t resident_bytes;
};

struct slot {
	struct batch_job job; /* first: a job of a queue is its slot; out: as long as any content */
	struct engine_thread *thread;
	struct request *req;
	struct store_value value; /* the spec's record, pinned while in use */
	struct spec spec;
	int error;
	struct slot *next_free;
};

struct engine_thread {
	struct engine *engine;
	struct batch *batch; /* NULL: noise */
	struct ring *ring;   /* archive only */
	struct slot *slots;
	struct slot *free_slots;
	struct batch_queue done;
	uint8_t *buffers;
	size_t buffers_nbytes;
};

static_assert(offsetof(struct slot, job) == 0, "first");

static struct slot *slot_of(struct batch_job *job)
{
	return (struct slot *)job;
}

static bool is_archive(const struct engine_env *env)
{
	return env->workload->contents_kind == CONTENTS_ARCHIVE;
}

/* ---- where specs are kept ---- */

static void spec_store_dir(char *out, size_t capacity, const struct engine_env *env)
{
	snprintf(out, capacity, "%s/specs-%s", env->dir, env->config->generator);
}

static void spec_store_identity(char *out, size_t capacity, const struct engine_env *env,
				const struct generator_info *info)
{
	snprintf(out, capacity,
		 "spec=1 generator=%s model=%016" PRIx64 " contents=%016" PRIx64 " count=%" PRIu64,
		 env->config->generator, info->model_digest, env->fingerprint, env->contents);
}

static size_t reply_nbytes(uint64_t content_nbytes)
{
	return (content_nbytes + 63) & ~(size_t)63;
}

static void generate_memory(const struct engine_env *env, uint64_t in_flight,
			    uint64_t content_nbytes, struct engine_memory *m)
{
	(void)env;
	m->used_bytes = m->mapped_bytes = in_flight * reply_nbytes(content_nbytes);
}

/* ---- loading ---- */

struct engine_load {
	const struct engine_env *env;
	const struct generator_ops *ops;
	struct generator *generator;
	struct store_writer *writer; /* NULL: complete already */
};

struct engine_load_thread {
	struct engine_load *load;
	struct generator_session *session;
	uint8_t *record; /* header and code */
	size_t capacity;
};

static int load_open_specs(struct engine_load *l, uint64_t *next, struct error *e)
{
	struct generator_info info;
	char dir[WORKLOAD_PATH_NBYTES + 64], identity[256];
	const char *discarded;

	l->ops->info(l->generator, &info);
	spec_store_dir(dir, sizeof dir, l->env);
	spec_store_identity(identity, sizeof identity, l->env, &info);
	if (store_is_complete(dir, identity)) {
		*next = l->env->contents;
		return 0;
	}
	/* specs are small and many share a block */
	static const struct store_format format = {.layout = STORE_SST, .block_nbytes = 4096};
	int err = store_writer_open(&l->writer, dir, identity, &format, l->env->config->direct, 1,
				    next, &discarded, e);
	engine_notice_discarded(l->env, dir, discarded);
	return err;
}

static int generate_load_open(struct engine_load **out, const struct engine_env *env,
			      uint64_t *next, const struct progress *progress, struct error *e)
{
	(void)progress;
	int err;

	*out = NULL;
	*next = env->contents * env->workload->contexts;
	if (!is_archive(env))
		return 0; /* no per-content bytes: nothing to load */
	struct engine_load *l = calloc(1, sizeof *l);
	if (l == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	l->env = env;
	l->ops = generator_find(env->config->generator);
	err = l->ops->open(&l->generator, env->model_path, e);
	if (err != 0)
		goto free_load;
	err = load_open_specs(l, next, e);
	if (err != 0)
		goto close_generator;
	*out = l;
	return 0;
close_generator:
	l->ops->close(l->generator);
free_load:
	free(l);
	return err;
}

static int generate_load_thread_open(struct engine_load_thread **out, struct engine_load *l,
				     struct error *e)
{
	struct engine_load_thread *t = calloc(1, sizeof *t);
	if (t == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	t->load = l;
	t->capacity = SPEC_HEADER_NBYTES_MAX + l->env->content_nbytes_max;
	t->record = malloc(t->capacity);
	int err = t->record == NULL ? error_set(e, -ENOMEM, "out of memory")
				    : l->ops->session_open(&t->session, l->generator, 1, e);
	if (err != 0) {
		free(t->record);
		free(t);
		return err;
	}
	*out = t;
	return 0;
}

static int generate_load_encode(struct engine_load_thread *t, uint64_t content, uint32_t context,
				const uint8_t *bytes, size_t nbytes, const uint8_t **value,
				size_t *value_nbytes, struct error *e)
{
	(void)content;
	(void)context;
	(void)e;
	const struct generator_ops *ops = t->load->ops;
	size_t header = spec_write_header(t->record, false, nbytes);
	struct range_encoder rc;

	range_encoder_init(&rc, t->record + header, nbytes);
	ops->begin(t->session, 0);
	ops->encode(t->session, &rc, bytes, nbytes);
	ops->end(t->session, 0);
	size_t code = range_encoder_finish(&rc);
	if (rc.overflow || code >= nbytes) { /* the bytes themselves are shorter */
		header = spec_write_header(t->record, true, nbytes);
		if (nbytes > 0)
			memcpy(t->record + header, bytes, nbytes);
		code = nbytes;
	}
	*value = t->record;
	*value_nbytes = header + code;
	return 0;
}

static void generate_load_thread_close(struct engine_load_thread *t)
{
	t->load->ops->session_close(t->session);
	free(t->record);
	free(t);
}

static int generate_load_put(struct engine_load *l, uint64_t content, uint32_t context,
			     const uint8_t *value, size_t value_nbytes, size_t content_nbytes,
			     struct error *e)
{
	return store_put(l->writer, content, context, value, value_nbytes, 0, content_nbytes, e);
}

static int generate_load_close(struct engine_load *l, bool complete, struct error *e)
{
	if (l == NULL)
		return 0;
	int err = l->writer != NULL ? store_writer_close(l->writer, complete, e) : 0;
	l->ops->close(l->generator);
	free(l);
	return err;
}

/* ---- serving ---- */

static int open_specs(struct engine *en, struct error *e)
{
	const struct engine_config *c = en->env->config;
	struct store_options options = {.layout = STORE_SST, .contexts = 1, .direct = c->direct};
	struct generator_info info;
	char dir[WORKLOAD_PATH_NBYTES + 64], identity[256];

	en->ops->info(en->generator, &info);
	spec_store_dir(dir, sizeof dir, en->env);
	spec_store_identity(identity, sizeof identity, en->env, &info);
	return store_open(&en->store, dir, identity, &options, e);
}

static int open_generator(struct engine *en, struct error *e)
{
	en->ops = generator_find(en->env->config->generator);
	if (en->ops == NULL)
		return 0; /* noise needs no model */
	int err = en->ops->open(&en->generator, en->env->model_path, e);
	if (err == 0 && is_archive(en->env)) {
		err = open_specs(en, e);
		if (err != 0)
			en->ops->close(en->generator);
	}
	return err;
}

static int generate_open(struct engine **out, const struct engine_env *env, struct error *e)
{
	struct engine *en = calloc(1, sizeof *en);
	if (en == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	en->env = env;
	int err = open_generator(en, e);
	if (err != 0) {
		free(en);
		return err;
	}
	pthread_mutex_init(&en->lock, NULL);
	*out = en;
	return 0;
}

/* Reply buffers are mapped, not touched: memory is used as contents need it. */
static int make_slots(struct engine_thread *t, unsigned depth, size_t content_nbytes_max)
{
	size_t stride = reply_nbytes(content_nbytes_max);
	t->buffers_nbytes = stride * depth > 0 ? stride * depth : 64;
	t->slots = calloc(depth, sizeof *t->slots);
	if (t->slots == NULL)
		return -ENOMEM;
	t->buffers = mmap(NULL, t->buffers_nbytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->buffers == MAP_FAILED) {
		free(t->slots);
		return -ENOMEM;
	}
	for (unsigned i = depth; i-- > 0;) {
		struct slot *s = &t->slots[i];
		s->thread = t;
		s->job.lane.out = t->buffers + stride * i;
		s->next_free = t->free_slots;
		t->free_slots = s;
	}
	return 0;
}

static void free_slots(struct engine_thread *t)
{
	munmap(t->buffers, t->buffers_nbytes);
	free(t->slots);
}

static int open_batch(struct engine_thread *t, struct error *e)
{
	struct engine *en = t->engine;
	const struct engine_config *c = en->env->config;

	if (en->ops == NULL)
		return 0;
	int err = batch_create(&t->batch, en->ops, en->generator, c->iodepth, e);
	if (err == 0 && !is_archive(en->env)) {
		struct generator_sampling how = novel_sampling(en->env->workload);
		batch_sample(t->batch, &how);
	}
	if (err == 0 && en->store != NULL) {
		struct ring_options o = {
			.depth = c->iodepth,
			.io = c->io == STORE_IO_URING ? RING_IO_URING : RING_IO_PREAD,
		};
		err = ring_create(&t->ring, &o, e);
		if (err != 0)
			batch_destroy(t->batch);
	}
	return err;
}

static int generate_thread_open(struct engine_thread **out, struct engine *en, struct error *e)
{
	struct engine_thread *t = calloc(1, sizeof *t);
	if (t == NULL)
		return error_set(e, -ENOMEM, "out of memory");
	t->engine = en;
	int err = make_slots(t, en->env->config->iodepth, en->env->content_nbytes_max);
	if (err != 0) {
		error_set(e, err,
			  "out of memory for %u replies of %" PRIu64 " bytes: lower iodepth",
			  en->env->config->iodepth, en->env->content_nbytes_max);
		goto free_thread;
	}
	err = open_batch(t, e);
	if (err != 0)
		goto free_slots;
	*out = t;
	return 0;
free_slots:
	free_slots(t);
free_thread:
	free(t);
	return err;
}

/* Hands a finished slot to its request. */
static void answer(struct slot *s)
{
	s->req->error = s->error;
	if (s->error != 0) {
		s->req->reply = NULL;
		s->req->reply_nbytes = 0;
		return;
	}
	s->req->reply = s->spec.raw ? s->spec.code : s->job.lane.out;
	s->req->reply_nbytes = s->job.lane.nbytes;
}

/* Runs on a fiber: reads the spec, then the slot waits for a lane. */
static void fetch_spec(void *arg)
{
	struct slot *s = arg;
	struct engine_thread *t = s->thread;
	struct engine *en = t->engine;

	s->error = store_get(en->store, s->req->content, s->req->context, NULL, &s->value);
	if (s->error == 0)
		s->error = spec_parse(&s->spec, s->value.bytes, s->value.nbytes,
				      en->env->content_nbytes_max);
	if (s->error == 0)
		s->job.lane.nbytes = (size_t)s->spec.content_nbytes;
	if (s->error != 0 || s->spec.raw)
		batch_queue_push(&t->done, &s->job);
	else
		batch_add(t->batch, &s->job);
}

static enum submit_status submit_noise(struct slot *s)
{
	const struct workload *w = s->thread->engine->env->workload;
	struct generator_lane *lane = &s->job.lane;

	lane->nbytes = (size_t)workload_content_nbytes(w, s->req->content);
	noise_fill(s->req->content, s->req->context, w->compress_percentage, lane->out,
		   lane->nbytes);
	answer(s);
	return SUBMIT_DONE;
}

static void submit_novel(struct slot *s)
{
	const struct engine_env *env = s->thread->engine->env;

	s->job.content = s->req->content;
	s->job.context = s->req->context;
	s->job.lane.nbytes = (size_t)workload_content_nbytes(env->workload, s->req->content);
	batch_add(s->thread->batch, &s->job);
}

static enum submit_status generate_submit(struct engine_thread *t, struct request *req)
{
	struct slot *s = t->free_slots;
	if (s == NULL)
		return SUBMIT_BUSY;
	t->free_slots = s->next_free;
	s->req = req;
	s->error = 0;
	memset(&s->value, 0, sizeof s->value);
	memset(&s->spec, 0, sizeof s->spec);
	req->slot = s;

	if (t->engine->ops == NULL)
		return submit_noise(s);
	if (t->ring == NULL) {
		submit_novel(s);
	} else {
		s->job.spec = &s->spec;
		s->error = ring_start(t->ring, fetch_spec, s);
		if (s->error != 0)
			batch_queue_push(&t->done, &s->job);
	}
	return SUBMIT_QUEUED;
}

static int generate_reap(struct engine_thread *t, struct request **done, unsigned cap,
			 uint64_t wait_ns)
{
	if (t->ring != NULL) {
		bool idle = batch_is_idle(t->batch) && t->done.head == NULL;
		int resumed = ring_poll(t->ring, idle ? wait_ns : 0);
		if (resumed < 0)
			return resumed;
	}
	if (t->done.head == NULL && t->batch != NULL)
		batch_step(t->batch, &t->done);
	unsigned n = 0;
	while (n < cap && t->done.head != NULL) {
		struct slot *s = slot_of(batch_queue_pop(&t->done));
		answer(s);
		done[n++] = s->req;
	}
	return (int)n;
}

static void generate_release(struct engine_thread *t, struct request *req)
{
	struct slot *s = req->slot;

	store_unpin(&s->value);
	s->next_free = t->free_slots;
	t->free_slots = s;
	req->slot = NULL;
}

static void generate_thread_close(struct engine_thread *t)
{
	struct engine *en = t->engine;
	struct generator_info info;
	struct ring_stats ring = {0};
	uint64_t session_bytes = 0;

	if (t->ring != NULL) {
		ring = ring_get_stats(t->ring);
		ring_destroy(t->ring);
	}
	if (t->batch != NULL) {
		en->ops->info(en->generator, &info);
		session_bytes = info.session_bytes * batch_lanes(t->batch);
		batch_destroy(t->batch);
	}
	pthread_mutex_lock(&en->lock);
	en->ring.created |= ring.created;
	en->ring.sqes += ring.sqes;
	en->ring.cqes += ring.cqes;
	en->resident_bytes += session_bytes + t->buffers_nbytes;
	pthread_mutex_unlock(&en->lock);
	free_slots(t);
	free(t);
}

static void add_store_stats(struct engine *en, struct engine_stats *stats)
{
	struct store_stats ss;

	spec_store_dir(stats->store_dir, sizeof stats->store_dir, en->env);
	store_get_stats(en->store, &ss);
	stats->at_rest_bytes = ss.at_rest.bytes;
	stats->at_rest_disk_bytes = ss.at_rest.disk_bytes;
	stats->at_rest_fixed_bytes = ss.at_rest.fixed_bytes;
	stats->payload_bytes = ss.counts.payload_bytes;
	stats->content_bytes = ss.counts.content_bytes;
	stats->load_written_bytes = ss.counts.written_bytes;
	stats->resident_bytes += ss.resident_bytes;
}

static void generate_stats(struct engine *en, struct engine_stats *stats)
{
	memset(stats, 0, sizeof *stats);
	snprintf(stats->generator, sizeof stats->generator, "%s", en->env->config->generator);
	stats->ring_created = en->ring.created;
	stats->sqes = en->ring.sqes;
	stats->cqes = en->ring.cqes;
	stats->resident_bytes = en->resident_bytes;
	if (en->ops != NULL) {
		struct generator_info info;
		en->ops->info(en->generator, &info);
		stats->model_bytes = info.model_bytes;
		stats->shared_at_rest_bytes = info.model_bytes;
		stats->macs_per_byte = info.macs_per_byte;
		stats->tokens_per_byte = info.tokens_per_byte;
		stats->kernel = info.kernel;
		stats->resident_bytes += info.resident_bytes;
	}
	if (en->store != NULL)
		add_store_stats(en, stats);
}

static void generate_close(struct engine *en)
{
	if (en->store != NULL)
		store_close(en->store);
	if (en->ops != NULL)
		en->ops->close(en->generator);
	pthread_mutex_destroy(&en->lock);
	free(en);
}

const struct engine_ops generate_engine = {
	.name = "generate",
	.makes_replies = true,
	.memory = generate_memory,
	.load_open = generate_load_open,
	.load_thread_open = generate_load_thread_open,
	.load_encode = generate_load_encode,
	.load_thread_close = generate_load_thread_close,
	.load_put = generate_load_put,
	.load_close = generate_load_close,
	.open = generate_open,
	.thread_open = generate_thread_open,
	.submit = generate_submit,
	.reap = generate_reap,
	.release = generate_release,
	.thread_close = generate_thread_close,
	.stats = generate_stats,
	.close = generate_close,
};
