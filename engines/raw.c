/*
 * raw.c: contents in one plain file, each in a slot of the same size, a whole
 * number of file system blocks: a request is one read of the device, with no
 * index, no compression and no checksum between. What the device itself gives
 * through the ring of the retrieve engine, and so the floor of any retriever.
 *
 * A store is a directory as store.h describes it, with the file db/values in
 * place of a RocksDB. Content item k (content * contexts + context) lies at
 * byte k * slot; how long it is follows from the workload or the corpus. A
 * wrong byte in the middle of the file is not noticed here; the harness, which
 * checks replies, does.
 */
#include "engines/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engines/store/direct.h"
#include "engines/store/ring.h"
#include "engines/store/slots.h"
#include "engines/store/store.h"
#include "engines/store/store_dir.h"
#include "workloads/file.h"

#define FORMAT_VERSION 1
#define PATH_NBYTES (WORKLOAD_PATH_NBYTES + 128)

/* Slots are a multiple of it; a device that wants more gets reads widened to it. */
#define BLOCK_NBYTES ((uint64_t)DIRECT_BLOCK_NBYTES)

/* A load that is killed loses at most this much. */
#define SYNC_INTERVAL_NBYTES (UINT64_C(128) << 20)
#define SYNC_INTERVAL_S 20

/* ---- where contents lie ---- */

static uint64_t round_up(uint64_t nbytes, uint64_t unit)
{
	return (nbytes + unit - 1) / unit * unit;
}

static uint64_t slot_nbytes(const struct engine_env *env)
{
	return env->content_nbytes_max > 0 ? round_up(env->content_nbytes_max, BLOCK_NBYTES)
					   : BLOCK_NBYTES;
}

static uint64_t item_count(const struct engine_env *env)
{
	return env->contents * env->workload->contexts;
}

static uint64_t content_nbytes(const struct engine_env *env, uint64_t content)
{
	const struct workload *w = env->workload;
	if (w->contents_kind != CONTENTS_ARCHIVE)
		return workload_content_nbytes(w, content);
	return env->corpus->documents[corpus_at(env->corpus, w->split, (uint32_t)content)].nbytes;
}

static void store_dir_name(char path[PATH_NBYTES], const struct engine_env *env)
{
	snprintf(path, PATH_NBYTES, "%s/raw", env->dir);
}

static void values_path(char path[STORE_PATH_NBYTES], const char *dir)
{
	store_dir_path(path, dir, "db/" STORE_VALUES_NAME);
}

/* Everything that the file depends on. */
static void make_identity(char *out, size_t capacity, const struct engine_env *env)
{
	snprintf(out, capacity,
		 "raw=%d slot=%" PRIu64 " contents=%016" PRIx64 " count=%" PRIu64
		 " contexts=%" PRIu32,
		 FORMAT_VERSION, slot_nbytes(env), env->fingerprint, env->contents,
		 env->workload->contexts);
}

static void raw_memory(const struct engine_env *env, uint64_t in_flight, uint64_t content_nbytes,
		       struct engine_memory *m)
{
	(void)env;
	m->used_bytes = in_flight * content_nbytes;
	m->mapped_bytes = in_flight * (round_up(content_nbytes, BLOCK_NBYTES) + BLOCK_NBYTES);
}

/* ---- loading ---- */

struct engine_load {
	const struct engine_env *env;
	char dir[PATH_NBYTES], path[STORE_PATH_NBYTES];
	int lock_fd, fd; /* -1: everything is stored already */
	struct store_counts counts;
	uint64_t unsynced_bytes;
	int64_t synced_s;
};

struct engine_load_thread {
	char unused;
};
static struct engine_load_thread the_load_thread;

static int64_t now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static int open_for_writing(struct engine_load *l, int flags, struct error *e)
{
	l->fd = open(l->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
	return l->fd >= 0 ? 0 : file_error(e, -errno, "cannot open it for writing", l->path);
}

/* Does the file hold the items that PROGRESS tells of? */
static bool holds_items(const struct engine_load *l)
{
	struct stat st;
	return fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size >= l->counts.items * slot_nbytes(l->env);
}

/* Goes on where an interrupted load stopped. -EBADMSG: it left nothing that
 * can be gone on from. */
static int resume(struct engine_load *l, struct error *e)
{
	struct store_counts before;
	int err = store_dir_check_files(l->dir);
	if (err == 0)
		err = store_dir_read_progress(l->dir, &before, &l->counts, e);
	if (err == 0)
		err = open_for_writing(l, 0, e);
	if (err != 0)
		return err == -ENOENT || err == -ESTALE ? -EBADMSG : err;
	if (l->counts.items <= item_count(l->env) && holds_items(l))
		return 0;
	close(l->fd);
	l->fd = -1;
	return -EBADMSG;
}

static int start_anew(struct engine_load *l, const char *identity, struct error *e)
{
	memset(&l->counts, 0, sizeof l->counts);
	int err = store_dir_empty(l->dir, e);
	if (err == 0)
		err = open_for_writing(l, O_CREAT | O_EXCL, e);
	if (err == 0)
		err = store_dir_sync_names(l->dir, e);
	if (err == 0)
		err = store_dir_write_progress(l->dir, &l->counts, &l->counts, e);
	if (err == 0)
		err = store_dir_write_identity(l->dir, identity, e);
	return err;
}

/* Brings the locked store to where put goes on. Only what is damaged, or
 * another's, is filled anew. */
static int take_up(struct engine_load *l, const char *identity, struct error *e)
{
	const char *why;
	int err = store_dir_judge(l->dir, identity, &l->counts, &why, e);
	if (err == -ENOENT) {
		err = resume(l, e);
		if (err == -EBADMSG)
			why = "had been loaded in part, and was damaged";
	}
	if (err != -ESTALE && err != -EBADMSG)
		return err;
	engine_notice_discarded(l->env, l->dir, why);
	return start_anew(l, identity, e);
}

static void free_load(struct engine_load *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->lock_fd >= 0)
		close(l->lock_fd);
	free(l);
}

static int check_size(const struct engine_env *env, const char *dir, struct error *e)
{
	if (item_count(env) <= (uint64_t)INT64_MAX / slot_nbytes(env))
		return 0;
	return error_set(e, -EFBIG, "%s: %" PRIu64 " slots of %" PRIu64 " bytes are no file", dir,
			 item_count(env), slot_nbytes(env));
}

static int open_store_to_fill(struct engine_load *l, struct error *e)
{
	char identity[256];
	make_identity(identity, sizeof identity, l->env);
	/* left alone: others may be serving from it, or it may be read-only */
	if (store_is_complete(l->dir, identity)) {
		l->counts.items = item_count(l->env);
		return 0;
	}
	int err = check_size(l->env, l->dir, e);
	if (err == 0)
		err = store_dir_lock_exclusive(&l->lock_fd, l->dir, e);
	return err != 0 ? err : take_up(l, identity, e);
}

static int raw_load_open(struct engine_load **out, const struct engine_env *env, uint64_t *next,
			 const struct progress *progress, struct error *e)
{
	(void)progress;
	struct engine_load *l = calloc(1, sizeof *l);
	if (l == NULL)
		return error_set(e, -ENOMEM, "raw: out of memory");
	l->env = env;
	l->lock_fd = -1;
	l->fd = -1;
	l->synced_s = now_s();
	store_dir_name(l->dir, env);
	values_path(l->path, l->dir);
	int err = open_store_to_fill(l, e);
	if (err != 0) {
		free_load(l);
		return err;
	}
	*next = l->counts.items;
	*out = l;
	return 0;
}

static int raw_load_thread_open(struct engine_load_thread **out, struct engine_load *l,
				struct error *e)
{
	(void)l;
	(void)e;
	*out = &the_load_thread;
	return 0;
}

static int raw_load_encode(struct engine_load_thread *t, uint64_t content, uint32_t context,
			   const uint8_t *bytes, size_t nbytes, const uint8_t **value,
			   size_t *value_nbytes, struct error *e)
{
	(void)t;
	(void)content;
	(void)context;
	(void)e;
	*value = bytes;
	*value_nbytes = nbytes;
	return 0;
}

static void raw_load_thread_close(struct engine_load_thread *t)
{
	(void)t;
}

/* Whole slots, on the disk, before PROGRESS tells of them. */
static int sync_values(struct engine_load *l, struct error *e)
{
	off_t nbytes = (off_t)(l->counts.items * slot_nbytes(l->env));
	if (ftruncate(l->fd, nbytes) != 0 || fdatasync(l->fd) != 0)
		return file_error(e, -errno, "cannot write it", l->path);
	l->unsynced_bytes = 0;
	l->synced_s = now_s();
	return store_dir_write_progress(l->dir, &l->counts, &l->counts, e);
}

static int raw_load_put(struct engine_load *l, uint64_t content, uint32_t context,
			const uint8_t *value, size_t value_nbytes, size_t content_nbytes_given,
			struct error *e)
{
	uint64_t item = content * l->env->workload->contexts + context;
	if (l->fd < 0 || item != l->counts.items || value_nbytes != content_nbytes_given ||
	    value_nbytes != content_nbytes(l->env, content))
		return error_set(e, -EINVAL,
				 "%s: content %" PRIu64 ", context %" PRIu32
				 " is not the next to store, or not of its length",
				 l->dir, content, context);
	int err = store_dir_write_at(l->fd, value, value_nbytes, item * slot_nbytes(l->env));
	if (err != 0)
		return file_error(e, err, "cannot write it", l->path);
	l->counts.items++;
	l->counts.payload_bytes += value_nbytes;
	l->counts.content_bytes += value_nbytes;
	l->counts.written_bytes += round_up(value_nbytes, BLOCK_NBYTES);
	l->unsynced_bytes += value_nbytes;
	if (l->unsynced_bytes < SYNC_INTERVAL_NBYTES && now_s() - l->synced_s < SYNC_INTERVAL_S)
		return 0;
	return sync_values(l, e);
}

static int raw_load_close(struct engine_load *l, bool complete, struct error *e)
{
	int err = 0;
	if (l->fd >= 0) {
		err = sync_values(l, e);
		if (err == 0 && complete)
			err = store_dir_write_complete(l->dir, &l->counts, false, e);
	}
	free_load(l);
	return err;
}

/* ---- serving: the engine ---- */

struct engine {
	const struct engine_env *env;
	char dir[PATH_NBYTES];
	int lock_fd, fd;
	uint64_t read_unit; /* reads begin and end at multiples of it: a block, or more */
	struct store_counts counts;
	pthread_mutex_t lock; /* of what follows: sums over closed workers */
	struct ring_stats ring;
	uint64_t buffers_bytes;
};

static void raw_close(struct engine *engine)
{
	if (engine->fd >= 0)
		close(engine->fd);
	if (engine->lock_fd >= 0)
		close(engine->lock_fd);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}

static int open_values(struct engine *engine, struct error *e)
{
	char path[STORE_PATH_NBYTES];
	struct stat st;
	bool direct = engine->env->config->direct;
	values_path(path, engine->dir);
	engine->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (direct ? O_DIRECT : 0));
	if (engine->fd < 0 || fstat(engine->fd, &st) != 0)
		return file_error(e, -errno, "cannot open it", path);
	uint64_t items = item_count(engine->env);
	if (engine->counts.items != items ||
	    (uint64_t)st.st_size / slot_nbytes(engine->env) != items)
		return error_set(e, -EBADMSG,
				 "%s: damaged; run: gvr load, which makes the store anew", path);
	if (!direct) /* single slots, far apart: reading ahead is waste */
		posix_fadvise(engine->fd, 0, 0, POSIX_FADV_RANDOM);
	return 0;
}

static int open_store(struct engine *engine, struct error *e)
{
	char identity[256];
	size_t alignment = 1;
	make_identity(identity, sizeof identity, engine->env);
	int err = store_dir_lock_shared(&engine->lock_fd, engine->dir, e);
	if (err == 0)
		err = store_dir_check_whole(engine->dir, identity, &engine->counts, e);
	if (err == 0 && engine->env->config->direct)
		err = store_dir_alignment(&alignment, engine->dir, e);
	engine->read_unit = direct_buffer_alignment(alignment);
	return err != 0 ? err : open_values(engine, e);
}

static int raw_open(struct engine **out, const struct engine_env *env, struct error *e)
{
	struct engine *engine = calloc(1, sizeof *engine);
	if (engine == NULL)
		return error_set(e, -ENOMEM, "raw: out of memory");
	engine->env = env;
	engine->lock_fd = -1;
	engine->fd = -1;
	pthread_mutex_init(&engine->lock, NULL);
	store_dir_name(engine->dir, env);
	int err = open_store(engine, e);
	if (err != 0) {
		raw_close(engine);
		return err;
	}
	*out = engine;
	return 0;
}

static void raw_stats(struct engine *engine, struct engine_stats *stats)
{
	struct store_usage usage;
	struct stat st;

	memset(stats, 0, sizeof *stats);
	memcpy(stats->store_dir, engine->dir, sizeof stats->store_dir);
	store_disk_usage(engine->dir, &usage);
	stats->at_rest_bytes = usage.bytes;
	stats->at_rest_disk_bytes = usage.disk_bytes;
	if (fstat(engine->fd, &st) == 0)
		stats->at_rest_fixed_bytes = usage.bytes - (uint64_t)st.st_size;
	stats->payload_bytes = engine->counts.payload_bytes;
	stats->content_bytes = engine->counts.content_bytes;
	stats->resident_bytes = engine->buffers_bytes;
	stats->ring_created = engine->ring.created;
	stats->sqes = engine->ring.sqes;
	stats->cqes = engine->ring.cqes;
	stats->load_written_bytes = engine->counts.written_bytes;
	stats->cpu_elsewhere = engine->env->config->sqthread_poll;
}

/* ---- serving: a worker ---- */

struct engine_thread {
	struct engine *engine;
	struct slots *slots;
};

static int read_slot(struct slot *s, const struct engine *engine)
{
	struct request *req = s->req;
	const struct engine_env *env = engine->env;
	uint64_t item = req->content * env->workload->contexts + req->context;
	uint64_t nbytes = content_nbytes(env, req->content), unit = engine->read_unit;
	uint64_t offset = item * slot_nbytes(env), before = offset % unit;
	ssize_t got = ring_pread(engine->fd, s->read.bytes, round_up(before + nbytes, unit),
				 (off_t)(offset - before));
	if (got < 0)
		return (int)got;
	if ((uint64_t)got < before + nbytes)
		return -EBADMSG; /* the file was cut while it was served */
	req->reply = s->read.bytes + before;
	req->reply_nbytes = nbytes;
	return 0;
}

/* A slot, and what lies before it and behind in the units it is in. */
static uint64_t read_buffer_nbytes(const struct engine *engine)
{
	uint64_t slot = slot_nbytes(engine->env), unit = engine->read_unit;
	return unit > BLOCK_NBYTES ? round_up(slot, unit) + unit : slot;
}

/* Runs on a fiber. */
static void serve(struct slot *s, void *arg)
{
	s->req->error = read_slot(s, arg);
}

static int raw_thread_open(struct engine_thread **out, struct engine *engine, struct error *e)
{
	const struct engine_config *c = engine->env->config;
	struct slots_options o = {
		.depth = c->iodepth,
		.read_nbytes = read_buffer_nbytes(engine),
		.alignment = engine->read_unit,
		.io = c->io == STORE_IO_URING ? RING_IO_URING : RING_IO_PREAD,
		.sqthread_poll = c->sqthread_poll,
		.fixedbufs = c->fixedbufs,
		.hugepages = c->hugepages,
		.serve = serve,
		.arg = engine,
	};
	struct engine_thread *t = calloc(1, sizeof *t);
	if (t == NULL)
		return error_set(e, -ENOMEM, "raw: out of memory");
	t->engine = engine;
	int err = slots_create(&t->slots, &o, e);
	if (err != 0) {
		free(t);
		return err;
	}
	*out = t;
	return 0;
}

static void raw_thread_close(struct engine_thread *t)
{
	struct engine *engine = t->engine;
	struct ring_stats ring = slots_ring_stats(t->slots);
	pthread_mutex_lock(&engine->lock);
	engine->ring.created |= ring.created;
	engine->ring.sqes += ring.sqes;
	engine->ring.cqes += ring.cqes;
	engine->buffers_bytes += slots_resident_bytes(t->slots);
	pthread_mutex_unlock(&engine->lock);
	slots_destroy(t->slots);
	free(t);
}

static enum submit_status raw_submit(struct engine_thread *t, struct request *req)
{
	return slots_submit(t->slots, req);
}

static int raw_reap(struct engine_thread *t, struct request **done, unsigned cap, uint64_t wait_ns)
{
	return slots_reap(t->slots, done, cap, wait_ns);
}

static void raw_release(struct engine_thread *t, struct request *req)
{
	slots_release(t->slots, req);
}

const struct engine_ops raw_engine = {
	.name = "raw",
	.makes_replies = true,
	.memory = raw_memory,
	.load_open = raw_load_open,
	.load_thread_open = raw_load_thread_open,
	.load_encode = raw_load_encode,
	.load_thread_close = raw_load_thread_close,
	.load_put = raw_load_put,
	.load_close = raw_load_close,
	.open = raw_open,
	.thread_open = raw_thread_open,
	.submit = raw_submit,
	.reap = raw_reap,
	.release = raw_release,
	.thread_close = raw_thread_close,
	.stats = raw_stats,
	.close = raw_close,
};
