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
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engines/store/ring.h"
#include "engines/store/store.h"
#include "engines/store/store_dir.h"
#include "workloads/file.h"

#define FORMAT_VERSION 1
#define PATH_NBYTES (WORKLOAD_PATH_NBYTES + 128)

/* What O_DIRECT wants offsets, lengths and buffers to be multiples of. */
#define BLOCK_NBYTES UINT64_C(4096)

/* A load that is killed loses at most this much. */
#define SYNC_INTERVAL_NBYTES (UINT64_C(128) << 20)
#define SYNC_INTERVAL_S 20

/* ---- where contents lie ---- */

static uint64_t round_up(uint64_t nbytes)
{
	return (nbytes + BLOCK_NBYTES - 1) / BLOCK_NBYTES * BLOCK_NBYTES;
}

static uint64_t slot_nbytes(const struct engine_env *env)
{
	return env->content_nbytes_max > 0 ? round_up(env->content_nbytes_max) : BLOCK_NBYTES;
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
	l->fd = open(l->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0666);
	return l->fd >= 0 ? 0 : file_error(e, -errno, "cannot open it for writing", l->path);
}

/* Goes on where an interrupted load stopped. -EBADMSG: it left nothing that
 * can be gone on from. */
static int resume(struct engine_load *l)
{
	struct stat st;
	if (store_dir_read_progress(l->dir, &l->counts, NULL) != 0 ||
	    l->counts.items > item_count(l->env) || open_for_writing(l, 0, NULL) != 0)
		return -EBADMSG;
	if (fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size >= l->counts.items * slot_nbytes(l->env))
		return 0;
	close(l->fd);
	l->fd = -1;
	return -EBADMSG;
}

/* Makes the name of the values durable. */
static int sync_db(const struct engine_load *l, struct error *e)
{
	char path[STORE_PATH_NBYTES];
	store_dir_path(path, l->dir, "db");
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || fsync(fd) != 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return err != 0 ? file_error(e, err, "cannot write it", path) : 0;
}

static int start_anew(struct engine_load *l, const char *identity, struct error *e)
{
	memset(&l->counts, 0, sizeof l->counts);
	int err = store_dir_empty(l->dir, e);
	if (err == 0)
		err = open_for_writing(l, O_CREAT | O_EXCL, e);
	if (err == 0)
		err = sync_db(l, e);
	if (err == 0)
		err = store_dir_write_progress(l->dir, &l->counts, e);
	if (err == 0)
		err = store_dir_write_identity(l->dir, identity, e);
	return err;
}

/* Brings the locked store to where put goes on. */
static int take_up(struct engine_load *l, const char *identity, struct error *e)
{
	const char *why;
	int state = store_dir_judge(l->dir, identity, &l->counts, &why);
	if (state == 0 || (state == -ENOENT && resume(l) == 0))
		return 0;
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

static int write_at(int fd, const uint8_t *bytes, size_t nbytes, uint64_t offset)
{
	while (nbytes > 0) {
		ssize_t n = pwrite(fd, bytes, nbytes, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		nbytes -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

/* Whole slots, on the disk, before PROGRESS tells of them. */
static int sync_values(struct engine_load *l, struct error *e)
{
	off_t nbytes = (off_t)(l->counts.items * slot_nbytes(l->env));
	if (ftruncate(l->fd, nbytes) != 0 || fdatasync(l->fd) != 0)
		return file_error(e, -errno, "cannot write it", l->path);
	l->unsynced_bytes = 0;
	l->synced_s = now_s();
	return store_dir_write_progress(l->dir, &l->counts, e);
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
	int err = write_at(l->fd, value, value_nbytes, item * slot_nbytes(l->env));
	if (err != 0)
		return file_error(e, err, "cannot write it", l->path);
	l->counts.items++;
	l->counts.payload_bytes += value_nbytes;
	l->counts.content_bytes += value_nbytes;
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
			err = store_dir_write_complete(l->dir, &l->counts, e);
	}
	free_load(l);
	return err;
}

/* ---- serving: the engine ---- */

struct engine {
	const struct engine_env *env;
	char dir[PATH_NBYTES];
	int lock_fd, fd;
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
	make_identity(identity, sizeof identity, engine->env);
	int err = store_dir_lock_shared(&engine->lock_fd, engine->dir, e);
	if (err == 0)
		err = store_dir_check_whole(engine->dir, identity, &engine->counts, e);
	if (err == 0 && engine->env->config->direct)
		err = store_dir_check_direct(engine->dir, e);
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
	memset(stats, 0, sizeof *stats);
	memcpy(stats->store_dir, engine->dir, sizeof stats->store_dir);
	store_disk_usage(engine->dir, &stats->at_rest_bytes, &stats->at_rest_disk_bytes);
	stats->payload_bytes = engine->counts.payload_bytes;
	stats->content_bytes = engine->counts.content_bytes;
	stats->resident_bytes = engine->buffers_bytes;
	stats->ring_created = engine->ring.created;
	stats->sqes = engine->ring.sqes;
	stats->cqes = engine->ring.cqes;
}

/* ---- serving: a worker ---- */

/* A request in flight, or whose reply is lent. */
struct slot {
	struct engine_thread *thread;
	struct request *req;
	uint8_t *buf;		 /* slot_nbytes bytes, aligned to a page */
	uint64_t touched_nbytes; /* of buf, so far */
	bool done;
	struct slot *next; /* in the list of free or of done slots */
};

struct engine_thread {
	struct engine *engine;
	struct ring *ring;
	struct slot *slots;
	struct slot *free_slots;
	struct slot *done_head, *done_tail;
	struct slot *submitting; /* while its request has not yet waited */
	uint8_t *buffers;
	size_t buffers_nbytes;
	unsigned depth;
};

/* Buffers are mapped, not touched: memory is used as contents need it. */
static int make_slots(struct engine_thread *t)
{
	uint64_t each_nbytes = slot_nbytes(t->engine->env);
	t->slots = calloc(t->depth, sizeof *t->slots);
	if (t->slots == NULL)
		return -ENOMEM;
	t->buffers_nbytes = each_nbytes * t->depth;
	t->buffers = mmap(NULL, t->buffers_nbytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->buffers == MAP_FAILED) {
		t->buffers = NULL;
		return -ENOMEM;
	}
	for (unsigned i = t->depth; i-- > 0;) {
		t->slots[i].thread = t;
		t->slots[i].buf = t->buffers + i * each_nbytes;
		t->slots[i].next = t->free_slots;
		t->free_slots = &t->slots[i];
	}
	return 0;
}

static void free_thread(struct engine_thread *t)
{
	ring_destroy(t->ring);
	if (t->buffers != NULL)
		munmap(t->buffers, t->buffers_nbytes);
	free(t->slots);
	free(t);
}

static int raw_thread_open(struct engine_thread **out, struct engine *engine, struct error *e)
{
	const struct engine_config *c = engine->env->config;
	struct engine_thread *t = calloc(1, sizeof *t);
	if (t == NULL)
		return error_set(e, -ENOMEM, "raw: out of memory");
	t->engine = engine;
	t->depth = c->iodepth;
	int err = make_slots(t);
	if (err != 0)
		error_set(e, err, "raw: out of memory for %u requests in flight", t->depth);
	else
		err = ring_create(&t->ring, t->depth,
				  c->io == STORE_IO_URING ? RING_IO_URING : RING_IO_PREAD, e);
	if (err != 0) {
		free_thread(t);
		return err;
	}
	*out = t;
	return 0;
}

static void raw_thread_close(struct engine_thread *t)
{
	struct engine *engine = t->engine;
	struct ring_stats ring = ring_get_stats(t->ring);
	pthread_mutex_lock(&engine->lock);
	engine->ring.created |= ring.created;
	engine->ring.sqes += ring.sqes;
	engine->ring.cqes += ring.cqes;
	for (unsigned i = 0; i < t->depth; i++)
		engine->buffers_bytes += t->slots[i].touched_nbytes;
	pthread_mutex_unlock(&engine->lock);
	free_thread(t);
}

static int read_slot(struct slot *s)
{
	struct request *req = s->req;
	const struct engine *engine = s->thread->engine;
	const struct engine_env *env = engine->env;
	uint64_t item = req->content * env->workload->contexts + req->context;
	uint64_t nbytes = content_nbytes(env, req->content), read_nbytes = round_up(nbytes);
	ssize_t got = ring_pread(engine->fd, s->buf, read_nbytes, (off_t)(item * slot_nbytes(env)));
	if (got < 0)
		return (int)got;
	if ((uint64_t)got != read_nbytes)
		return -EBADMSG; /* the file was cut while it was served */
	if (read_nbytes > s->touched_nbytes)
		s->touched_nbytes = read_nbytes;
	req->reply = s->buf;
	req->reply_nbytes = nbytes;
	return 0;
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
	req->reply = NULL;
	req->reply_nbytes = 0;
	req->error = read_slot(s);
	s->done = true;
	if (s->thread->submitting != s)
		push_done(s->thread, s);
}

static enum submit_status raw_submit(struct engine_thread *t, struct request *req)
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

static int raw_reap(struct engine_thread *t, struct request **done, unsigned cap, uint64_t wait_ns)
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

static void raw_release(struct engine_thread *t, struct request *req)
{
	struct slot *s = req->slot;
	req->slot = NULL;
	s->next = t->free_slots;
	t->free_slots = s;
}

const struct engine_ops raw_engine = {
	.name = "raw",
	.makes_replies = true,
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
