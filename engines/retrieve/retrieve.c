/*
 * retrieve.c: the engine that answers from a store of coded contents.
 *
 * Each request runs on a fiber (ring.h): it reads its record, decodes it into
 * the buffer of its slot, and is done. A record that holds the content as it
 * is needs no copy: the reply is the record, pinned until released.
 */
#include "engines/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "engines/retrieve/codec.h"
#include "engines/store/ring.h"
#include "engines/store/store.h"

#define RECORD_VERSION 1
#define PATH_NBYTES (WORKLOAD_PATH_NBYTES + 128)

/* ---- names ---- */

static bool has_dictionary(const struct engine_env *env)
{
	return env->config->compression_type == COMPRESSION_ZSTD &&
	       env->config->compression_max_dict_bytes > 0 && env->corpus != NULL &&
	       corpus_bytes(env->corpus, SPLIT_TRAINING) > 0;
}

static void dictionary_path(char path[PATH_NBYTES], const struct engine_env *env)
{
	snprintf(path, PATH_NBYTES, "%s/dict-%" PRIu64 "-l%d.gvrd", env->dir,
		 env->config->compression_max_dict_bytes, env->config->compression_level);
}

static void store_dir_name(char path[PATH_NBYTES], const struct engine_env *env)
{
	const struct engine_config *c = env->config;
	if (c->compression_type == COMPRESSION_NONE)
		snprintf(path, PATH_NBYTES, "%s/retrieve-%s-none", env->dir, c->layout);
	else if (!has_dictionary(env))
		snprintf(path, PATH_NBYTES, "%s/retrieve-%s-zstd-l%d", env->dir, c->layout,
			 c->compression_level);
	else
		snprintf(path, PATH_NBYTES, "%s/retrieve-%s-zstd-l%d-dict-%" PRIu64, env->dir,
			 c->layout, c->compression_level, c->compression_max_dict_bytes);
}

/* Everything that the stored bytes depend on. */
static void make_identity(char *out, size_t capacity, const struct engine_env *env,
			  const struct dictionary *d)
{
	const struct engine_config *c = env->config;
	bool zstd = c->compression_type == COMPRESSION_ZSTD;
	snprintf(out, capacity,
		 "record=%d layout=%s codec=%s level=%d dictionary=%016" PRIx64
		 " contents=%016" PRIx64 " count=%" PRIu64 " contexts=%" PRIu32,
		 RECORD_VERSION, c->layout, zstd ? "zstd" : "none", zstd ? c->compression_level : 0,
		 d->nbytes > 0 ? d->digest : 0, env->fingerprint, env->contents,
		 env->workload->contexts);
}

static const struct dictionary *dictionary_or_null(const struct dictionary *d)
{
	return d->nbytes > 0 ? d : NULL;
}

/* ---- loading ---- */

struct engine_load {
	const struct engine_env *env;
	struct dictionary dictionary; /* nbytes 0: none */
	struct codec *codec;
	struct store_writer *writer; /* NULL, as codec: everything is stored already */
};

struct engine_load_thread {
	struct codec_encoder *encoder;
};

static void notice_dictionary(const struct engine_load *l, bool was_damaged)
{
	char line[256];
	bool raw = strcmp(l->dictionary.how, "raw") == 0;
	snprintf(line, sizeof line, "dictionary: %s%zu bytes, %s",
		 was_damaged ? "was damaged; now " : "", l->dictionary.nbytes,
		 raw ? "the training documents' own bytes"
		     : "trained by zstd on the training documents");
	l->env->notice(line);
}

static int read_or_train(struct engine_load *l, const struct progress *progress, struct error *e)
{
	const struct engine_config *c = l->env->config;
	char path[PATH_NBYTES];
	if (!has_dictionary(l->env))
		return 0;
	dictionary_path(path, l->env);
	int err = dictionary_read(&l->dictionary, path, e);
	if (err != -ENOENT && err != -EBADMSG)
		return err;
	bool damaged = err == -EBADMSG;
	err = dictionary_train(l->env->corpus, c->compression_max_dict_bytes, c->compression_level,
			       path, progress, e);
	if (err == 0)
		err = dictionary_read(&l->dictionary, path, e);
	if (err == 0)
		notice_dictionary(l, damaged);
	return err;
}

static int open_writer(struct engine_load *l, uint64_t *next, struct error *e)
{
	const struct engine_env *env = l->env;
	char dir[PATH_NBYTES], identity[512];
	const char *discarded;
	store_dir_name(dir, env);
	make_identity(identity, sizeof identity, env, &l->dictionary);
	/* left alone: others may be serving from it, or it may be read-only */
	if (store_is_complete(dir, identity)) {
		*next = env->contents * env->workload->contexts;
		return 0;
	}
	int err = store_writer_open(&l->writer, dir, identity, env->workload->contexts, next,
				    &discarded, e);
	engine_notice_discarded(env, dir, discarded);
	if (err != 0)
		return err;
	return codec_create(&l->codec, env->config->compression_type,
			    env->config->compression_level, dictionary_or_null(&l->dictionary),
			    true, e);
}

static int retrieve_load_close(struct engine_load *l, bool complete, struct error *e)
{
	int err = l->writer != NULL ? store_writer_close(l->writer, complete, e) : 0;
	codec_destroy(l->codec);
	dictionary_free(&l->dictionary);
	free(l);
	return err;
}

static int retrieve_load_open(struct engine_load **out, const struct engine_env *env,
			      uint64_t *next, const struct progress *progress, struct error *e)
{
	struct engine_load *l = calloc(1, sizeof *l);
	if (l == NULL)
		return error_set(e, -ENOMEM, "retrieve: out of memory");
	l->env = env;
	int err = read_or_train(l, progress, e);
	if (err == 0)
		err = open_writer(l, next, e);
	if (err != 0) {
		retrieve_load_close(l, false, NULL);
		return err;
	}
	*out = l;
	return 0;
}

static int retrieve_load_thread_open(struct engine_load_thread **out, struct engine_load *l,
				     struct error *e)
{
	struct engine_load_thread *t = calloc(1, sizeof *t);
	int err = -ENOMEM;
	if (t != NULL)
		err = codec_encoder_create(&t->encoder, l->codec, l->env->content_nbytes_max);
	if (err != 0) {
		free(t);
		return error_set(e, err, "retrieve: cannot make an encoder: %s", strerror(-err));
	}
	*out = t;
	return 0;
}

static int retrieve_load_encode(struct engine_load_thread *t, uint64_t content, uint32_t context,
				const uint8_t *bytes, size_t nbytes, const uint8_t **value,
				size_t *value_nbytes, struct error *e)
{
	int err = codec_encode(t->encoder, bytes, nbytes, value, value_nbytes);
	if (err != 0)
		return error_set(e, err,
				 "retrieve: cannot encode content %" PRIu64 ", context %" PRIu32
				 ": %s",
				 content, context, strerror(-err));
	return 0;
}

static void retrieve_load_thread_close(struct engine_load_thread *t)
{
	codec_encoder_destroy(t->encoder);
	free(t);
}

static int retrieve_load_put(struct engine_load *l, uint64_t content, uint32_t context,
			     const uint8_t *value, size_t value_nbytes, size_t content_nbytes,
			     struct error *e)
{
	return store_put(l->writer, content, context, value, value_nbytes, content_nbytes, e);
}

/* ---- serving: the engine ---- */

struct engine {
	const struct engine_env *env;
	struct dictionary dictionary; /* nbytes 0: none */
	struct codec *codec;
	struct store *store;
	pthread_mutex_t lock; /* of what follows: sums over closed workers */
	struct ring_stats ring;
	uint64_t buffers_bytes;
};

static void retrieve_close(struct engine *engine)
{
	store_close(engine->store);
	codec_destroy(engine->codec);
	dictionary_free(&engine->dictionary);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}

static int open_store(struct engine *engine, struct error *e)
{
	const struct engine_config *c = engine->env->config;
	struct store_options options = {
		.direct = c->direct,
		.io = c->io == STORE_IO_URING ? RING_IO_URING : RING_IO_PREAD,
	};
	char dir[PATH_NBYTES], identity[512];
	store_dir_name(dir, engine->env);
	make_identity(identity, sizeof identity, engine->env, &engine->dictionary);
	return store_open(&engine->store, dir, identity, &options, e);
}

static int retrieve_open(struct engine **out, const struct engine_env *env, struct error *e)
{
	char path[PATH_NBYTES];
	int err = 0;
	struct engine *engine = calloc(1, sizeof *engine);
	if (engine == NULL)
		return error_set(e, -ENOMEM, "retrieve: out of memory");
	engine->env = env;
	pthread_mutex_init(&engine->lock, NULL);
	if (has_dictionary(env)) {
		dictionary_path(path, env);
		err = dictionary_read(&engine->dictionary, path, e);
	}
	if (err == 0)
		err = codec_create(&engine->codec, env->config->compression_type,
				   env->config->compression_level,
				   dictionary_or_null(&engine->dictionary), false, e);
	if (err == 0)
		err = open_store(engine, e);
	if (err != 0) {
		retrieve_close(engine);
		return err;
	}
	*out = engine;
	return 0;
}

static uint64_t file_nbytes(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void retrieve_stats(struct engine *engine, struct engine_stats *stats)
{
	char path[PATH_NBYTES];
	struct store_stats store;
	memset(stats, 0, sizeof *stats);
	store_dir_name(stats->store_dir, engine->env);
	store_get_stats(engine->store, &store);
	stats->at_rest_bytes = store.at_rest_bytes;
	stats->at_rest_disk_bytes = store.at_rest_disk_bytes;
	if (has_dictionary(engine->env)) {
		dictionary_path(path, engine->env);
		stats->shared_at_rest_bytes = file_nbytes(path);
		stats->dictionary_bytes = engine->dictionary.nbytes;
		memcpy(stats->dictionary_how, engine->dictionary.how, sizeof stats->dictionary_how);
	}
	stats->payload_bytes = store.counts.payload_bytes;
	stats->content_bytes = store.counts.content_bytes;
	stats->resident_bytes = store.resident_bytes + engine->dictionary.nbytes +
				codec_nbytes(engine->codec) + engine->buffers_bytes;
	stats->ring_created = engine->ring.created;
	stats->sqes = engine->ring.sqes;
	stats->cqes = engine->ring.cqes;
}

/* ---- serving: a worker ---- */

/* A request in flight, or whose reply is lent. */
struct slot {
	struct engine_thread *thread;
	struct request *req;
	struct store_value value; /* pin NULL: not held */
	uint8_t *buf;		  /* content_nbytes_max bytes; NULL: nothing is compressed */
	size_t touched_nbytes;	  /* of buf, so far */
	bool done;
	struct slot *next; /* in the list of free or of done slots */
};

struct engine_thread {
	struct engine *engine;
	struct codec_decoder *decoder;
	struct ring *ring;
	struct slot *slots;
	struct slot *free_slots;
	struct slot *done_head, *done_tail;
	struct slot *submitting; /* while its request has not yet waited */
	uint8_t *buffers;
	size_t buffers_nbytes;
	unsigned depth;
};

static size_t round_up(size_t x, size_t unit)
{
	return (x + unit - 1) / unit * unit;
}

/* Mapped, not allocated: 32 buffers of 64 MiB take memory only where used. */
static int map_buffers(struct engine_thread *t)
{
	const struct engine_env *env = t->engine->env;
	size_t each_nbytes = round_up(env->content_nbytes_max + 1, 4096);
	if (env->config->compression_type == COMPRESSION_NONE)
		return 0;
	t->buffers_nbytes = each_nbytes * t->depth;
	t->buffers = mmap(NULL, t->buffers_nbytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->buffers == MAP_FAILED) {
		t->buffers = NULL;
		return -ENOMEM;
	}
	for (unsigned i = 0; i < t->depth; i++)
		t->slots[i].buf = t->buffers + i * each_nbytes;
	return 0;
}

static int make_slots(struct engine_thread *t)
{
	t->slots = calloc(t->depth, sizeof *t->slots);
	if (t->slots == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < t->depth; i++) {
		t->slots[i].thread = t;
		t->slots[i].next = t->free_slots;
		t->free_slots = &t->slots[i];
	}
	return map_buffers(t);
}

static void free_thread(struct engine_thread *t)
{
	ring_destroy(t->ring);
	codec_decoder_destroy(t->decoder);
	if (t->buffers != NULL)
		munmap(t->buffers, t->buffers_nbytes);
	free(t->slots);
	free(t);
}

static int retrieve_thread_open(struct engine_thread **out, struct engine *engine, struct error *e)
{
	const struct engine_config *c = engine->env->config;
	struct engine_thread *t = calloc(1, sizeof *t);
	if (t == NULL)
		return error_set(e, -ENOMEM, "retrieve: out of memory");
	t->engine = engine;
	t->depth = c->iodepth;
	int err = make_slots(t);
	if (err == 0)
		err = codec_decoder_create(&t->decoder, engine->codec);
	if (err != 0) {
		free_thread(t);
		return error_set(e, err, "retrieve: out of memory for %u requests in flight",
				 c->iodepth);
	}
	err = ring_create(&t->ring, t->depth,
			  c->io == STORE_IO_URING ? RING_IO_URING : RING_IO_PREAD, e);
	if (err != 0) {
		free_thread(t);
		return err;
	}
	*out = t;
	return 0;
}

static void retrieve_thread_close(struct engine_thread *t)
{
	struct engine *engine = t->engine;
	struct ring_stats ring = ring_get_stats(t->ring);
	pthread_mutex_lock(&engine->lock);
	engine->ring.created |= ring.created;
	engine->ring.sqes += ring.sqes;
	engine->ring.cqes += ring.cqes;
	for (unsigned i = 0; i < t->depth; i++)
		engine->buffers_bytes += round_up(t->slots[i].touched_nbytes, 4096);
	pthread_mutex_unlock(&engine->lock);
	free_thread(t);
}

static void unpin(struct slot *s)
{
	if (s->value.pin != NULL)
		store_unpin(&s->value);
}

static int read_and_decode(struct slot *s)
{
	struct request *req = s->req;
	struct engine *engine = s->thread->engine;
	int err = store_get(engine->store, req->content, req->context, &s->value);
	if (err != 0)
		return err;
	err = codec_decode(s->thread->decoder, s->value.bytes, s->value.nbytes, s->buf,
			   engine->env->content_nbytes_max, &req->reply, &req->reply_nbytes);
	bool in_record = err == 0 && req->reply != s->buf;
	if (!in_record)
		unpin(s);
	if (err == 0 && !in_record && req->reply_nbytes > s->touched_nbytes)
		s->touched_nbytes = req->reply_nbytes;
	return err;
}

static void push_done(struct engine_thread *t, struct slot *s)
{
	s->next = NULL;
	if (t->done_head == NULL)
		t->done_head = s;
	else
		t->done_tail->next = s;
	t->done_tail = s;
}

/* Runs on a fiber. */
static void serve(void *arg)
{
	struct slot *s = arg;
	struct request *req = s->req;
	req->error = read_and_decode(s);
	if (req->error != 0) {
		req->reply = NULL;
		req->reply_nbytes = 0;
	}
	s->done = true;
	if (s->thread->submitting != s)
		push_done(s->thread, s);
}

static enum submit_status retrieve_submit(struct engine_thread *t, struct request *req)
{
	struct slot *s = t->free_slots;
	if (s == NULL)
		return SUBMIT_BUSY;
	t->free_slots = s->next;
	s->req = req;
	s->done = false;
	req->slot = s;
	t->submitting = s;
	int err = ring_start(t->ring, serve, s);
	t->submitting = NULL;
	if (err != 0) { /* as many fibers as slots: cannot be */
		s->next = t->free_slots;
		t->free_slots = s;
		return SUBMIT_BUSY;
	}
	return s->done ? SUBMIT_DONE : SUBMIT_QUEUED;
}

static int retrieve_reap(struct engine_thread *t, struct request **done, unsigned cap,
			 uint64_t wait_ns)
{
	int err = ring_poll(t->ring, t->done_head == NULL ? wait_ns : 0);
	if (err < 0)
		return err;
	unsigned count = 0;
	while (count < cap && t->done_head != NULL) {
		done[count++] = t->done_head->req;
		t->done_head = t->done_head->next;
	}
	return (int)count;
}

static void retrieve_release(struct engine_thread *t, struct request *req)
{
	struct slot *s = req->slot;
	unpin(s);
	req->slot = NULL;
	s->next = t->free_slots;
	t->free_slots = s;
}

const struct engine_ops retrieve_engine = {
	.name = "retrieve",
	.makes_replies = true,
	.load_open = retrieve_load_open,
	.load_thread_open = retrieve_load_thread_open,
	.load_encode = retrieve_load_encode,
	.load_thread_close = retrieve_load_thread_close,
	.load_put = retrieve_load_put,
	.load_close = retrieve_load_close,
	.open = retrieve_open,
	.thread_open = retrieve_thread_open,
	.submit = retrieve_submit,
	.reap = retrieve_reap,
	.release = retrieve_release,
	.thread_close = retrieve_thread_close,
	.stats = retrieve_stats,
	.close = retrieve_close,
};
