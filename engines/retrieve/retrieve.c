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
#include <sys/stat.h>

#include "engines/retrieve/codec.h"
#include "engines/store/ring.h"
#include "engines/store/slots.h"
#include "engines/store/store.h"

#define RECORD_VERSION 2
#define PATH_NBYTES (WORKLOAD_PATH_NBYTES + 128)

/* What need not be said in a store's name. */
#define DEFAULT_BLOCK_NBYTES 4096u

/* ---- names ---- */

static bool compresses_values(const struct engine_config *c)
{
	return c->compression_type == COMPRESSION_ZSTD &&
	       c->compression_unit == COMPRESSION_PER_VALUE;
}

static bool compresses_blocks(const struct engine_config *c)
{
	return c->compression_type == COMPRESSION_ZSTD &&
	       c->compression_unit == COMPRESSION_PER_BLOCK;
}

static bool has_dictionary(const struct engine_env *env)
{
	return compresses_values(env->config) && env->config->compression_max_dict_bytes > 0 &&
	       env->corpus != NULL && corpus_bytes(env->corpus, SPLIT_TRAINING) > 0;
}

static bool is_sst(const struct engine_config *c)
{
	return strcmp(c->layout, "segments") != 0;
}

static struct store_format store_format(const struct engine_config *c)
{
	bool per_block = compresses_blocks(c);
	return (struct store_format){
		.layout = is_sst(c) ? STORE_SST : STORE_SEGMENTS,
		.block_nbytes = c->block_size_bytes,
		.block_zstd_level = per_block ? c->compression_level : 0,
		.block_dictionary_bytes = per_block ? c->compression_max_dict_bytes : 0,
	};
}

/* Of the codec, which is per value. */
static enum compression value_compression(const struct engine_config *c)
{
	return compresses_values(c) ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

static void dictionary_path(char path[PATH_NBYTES], const struct engine_env *env)
{
	snprintf(path, PATH_NBYTES, "%s/dict-%" PRIu64 "-l%d.gvrd", env->dir,
		 env->config->compression_max_dict_bytes, env->config->compression_level);
}

/* Not the whole identity: another of this name is replaced by it. */
static void store_dir_name(char path[PATH_NBYTES], const struct engine_env *env)
{
	const struct engine_config *c = env->config;
	bool per_block = c->compression_unit == COMPRESSION_PER_BLOCK;
	char codec[64] = "none", block[32] = "";
	if (c->compression_type == COMPRESSION_ZSTD && (has_dictionary(env) || per_block))
		snprintf(codec, sizeof codec, "%s-l%d-dict-%" PRIu64,
			 per_block ? "zstdblock" : "zstd", c->compression_level,
			 c->compression_max_dict_bytes);
	else if (c->compression_type == COMPRESSION_ZSTD)
		snprintf(codec, sizeof codec, "zstd-l%d", c->compression_level);
	if (is_sst(c) && c->block_size_bytes != DEFAULT_BLOCK_NBYTES)
		snprintf(block, sizeof block, "-b%" PRIu64, c->block_size_bytes);
	snprintf(path, PATH_NBYTES, "%s/retrieve-%s-%s%s", env->dir, c->layout, codec, block);
}

/* Everything that the stored bytes depend on. */
static void make_identity(char *out, size_t capacity, const struct engine_env *env,
			  const struct dictionary *d)
{
	const struct engine_config *c = env->config;
	struct store_format f = store_format(c);
	bool zstd = compresses_values(c);
	snprintf(out, capacity,
		 "record=%d layout=%s block=%zu blockzstd=%d,%" PRIu64
		 " codec=%s level=%d dictionary=%016" PRIx64 " contents=%016" PRIx64
		 " count=%" PRIu64 " contexts=%" PRIu32,
		 RECORD_VERSION, c->layout, f.block_nbytes, f.block_zstd_level,
		 f.block_dictionary_bytes, zstd ? "zstd" : "none", zstd ? c->compression_level : 0,
		 d->nbytes > 0 ? d->digest : 0, env->fingerprint, env->contents,
		 env->workload->contexts);
}

static const struct dictionary *dictionary_or_null(const struct dictionary *d)
{
	return d->nbytes > 0 ? d : NULL;
}

/* A value that is compressed is read into one buffer and decoded into another. */
static void retrieve_memory(const struct engine_env *env, uint64_t in_flight,
			    uint64_t content_nbytes, struct engine_memory *m)
{
	const struct engine_config *c = env->config;
	uint64_t value_nbytes = content_nbytes + CODEC_HEAD_NBYTES_MAX;
	uint64_t read_nbytes = store_buffer_nbytes(1, c->block_size_bytes, value_nbytes);
	uint64_t reply_nbytes = compresses_values(c) ? content_nbytes : 0;
	m->used_bytes = in_flight * content_nbytes;
	m->mapped_bytes = in_flight * (read_nbytes + reply_nbytes);
	m->mapped_bytes += is_sst(c) ? c->cache_size_bytes : 0;
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

/* why: it is made anew, NULL if it was not there. */
static void notice_dictionary(const struct engine_load *l, const char *why)
{
	char line[256];
	bool raw = strcmp(l->dictionary.how, "raw") == 0;
	snprintf(line, sizeof line, "dictionary: %s%s%zu bytes, %s", why != NULL ? why : "",
		 why != NULL ? "; now " : "", l->dictionary.nbytes,
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
	if (err == 0 &&
	    l->dictionary.trained_on == corpus_fingerprint(l->env->corpus, SPLIT_TRAINING))
		return 0;
	if (err != 0 && err != -ENOENT && err != -EBADMSG)
		return err;
	const char *why = err == 0	    ? "was trained on other documents"
			  : err == -EBADMSG ? "was damaged"
					    : NULL;
	dictionary_free(&l->dictionary);
	err = dictionary_train(l->env->corpus, c->compression_max_dict_bytes, c->compression_level,
			       path, progress, e);
	if (err == 0)
		err = dictionary_read(&l->dictionary, path, e);
	if (err == 0)
		notice_dictionary(l, why);
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
	struct store_format format = store_format(env->config);
	int err = store_writer_open(&l->writer, dir, identity, &format, env->config->direct,
				    env->workload->contexts, next, &discarded, e);
	engine_notice_discarded(env, dir, discarded);
	if (err != 0)
		return err;
	return codec_create(&l->codec, value_compression(env->config),
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
	return store_put(l->writer, content, context, value, value_nbytes,
			 codec_head_nbytes(value, value_nbytes), content_nbytes, e);
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
		.layout = is_sst(c) ? STORE_SST : STORE_SEGMENTS,
		.contexts = engine->env->workload->contexts,
		.direct = c->direct,
		.cache_bytes = is_sst(c) ? c->cache_size_bytes : 0,
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
		err = codec_create(&engine->codec, value_compression(env->config),
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
	stats->at_rest_bytes = store.at_rest.bytes;
	stats->at_rest_disk_bytes = store.at_rest.disk_bytes;
	stats->at_rest_fixed_bytes = store.at_rest.fixed_bytes;
	if (has_dictionary(engine->env)) {
		dictionary_path(path, engine->env);
		stats->shared_at_rest_bytes = file_nbytes(path);
		stats->dictionary_bytes = engine->dictionary.nbytes;
		memcpy(stats->dictionary_how, engine->dictionary.how, sizeof stats->dictionary_how);
	}
	/* what RocksDB compressed it does not tell apart from its index */
	stats->payload_bytes = compresses_blocks(engine->env->config) ? store.at_rest.bytes
								      : store.counts.payload_bytes;
	stats->content_bytes = store.counts.content_bytes;
	stats->resident_bytes = store.resident_bytes + engine->dictionary.nbytes +
				codec_nbytes(engine->codec) + engine->buffers_bytes;
	stats->ring_created = engine->ring.created;
	stats->sqes = engine->ring.sqes;
	stats->cqes = engine->ring.cqes;
	stats->load_written_bytes = store.counts.written_bytes;
	stats->cpu_elsewhere = engine->env->config->sqthread_poll;
	stats->cache_bytes = store.cache_bytes;
	stats->cache_lookups = store.cache_lookups;
	stats->cache_hits = store.cache_hits;
}

/* ---- serving: a worker ---- */

struct engine_thread {
	struct engine *engine;
	struct codec_decoder *decoder;
	struct slots *slots;
};

static int read_and_decode(struct slot *s, struct engine_thread *t)
{
	struct request *req = s->req;
	struct engine *engine = t->engine;
	int err = store_get(engine->store, req->content, req->context, &s->read, &s->value);
	if (err != 0)
		return err;
	err = codec_decode(t->decoder, s->value.bytes, s->value.nbytes, s->reply,
			   engine->env->content_nbytes_max, &req->reply, &req->reply_nbytes);
	bool in_record = err == 0 && req->reply != s->reply;
	if (!in_record)
		store_unpin(&s->value);
	return err;
}

/* Runs on a fiber. */
static void serve(struct slot *s, void *arg)
{
	struct request *req = s->req;
	req->error = read_and_decode(s, arg);
	if (req->error != 0) {
		req->reply = NULL;
		req->reply_nbytes = 0;
	}
}

static int open_slots(struct engine_thread *t, struct error *e)
{
	const struct engine_env *env = t->engine->env;
	const struct engine_config *c = env->config;
	size_t alignment = store_alignment(t->engine->store);
	struct slots_options o = {
		.depth = c->iodepth,
		.read_nbytes = store_buffer_nbytes(alignment, c->block_size_bytes,
						   env->content_nbytes_max + CODEC_HEAD_NBYTES_MAX),
		.alignment = alignment,
		.reply_nbytes = compresses_values(c) ? env->content_nbytes_max + 1 : 0,
		.io = c->io == STORE_IO_URING ? RING_IO_URING : RING_IO_PREAD,
		.sqthread_poll = c->sqthread_poll,
		.fixedbufs = c->fixedbufs,
		.hugepages = c->hugepages,
		.serve = serve,
		.arg = t,
	};
	return slots_create(&t->slots, &o, e);
}

static void free_thread(struct engine_thread *t)
{
	slots_destroy(t->slots);
	codec_decoder_destroy(t->decoder);
	free(t);
}

static int retrieve_thread_open(struct engine_thread **out, struct engine *engine, struct error *e)
{
	struct engine_thread *t = calloc(1, sizeof *t);
	if (t == NULL)
		return error_set(e, -ENOMEM, "retrieve: out of memory");
	t->engine = engine;
	int err = codec_decoder_create(&t->decoder, engine->codec);
	if (err != 0)
		error_set(e, err, "retrieve: out of memory for a decoder");
	else
		err = open_slots(t, e);
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
	struct ring_stats ring = slots_ring_stats(t->slots);
	pthread_mutex_lock(&engine->lock);
	engine->ring.created |= ring.created;
	engine->ring.sqes += ring.sqes;
	engine->ring.cqes += ring.cqes;
	engine->buffers_bytes += slots_resident_bytes(t->slots);
	pthread_mutex_unlock(&engine->lock);
	free_thread(t);
}

static enum submit_status retrieve_submit(struct engine_thread *t, struct request *req)
{
	return slots_submit(t->slots, req);
}

static int retrieve_reap(struct engine_thread *t, struct request **done, unsigned cap,
			 uint64_t wait_ns)
{
	return slots_reap(t->slots, done, cap, wait_ns);
}

static void retrieve_release(struct engine_thread *t, struct request *req)
{
	slots_release(t->slots, req);
}

const struct engine_ops retrieve_engine = {
	.name = "retrieve",
	.makes_replies = true,
	.memory = retrieve_memory,
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
