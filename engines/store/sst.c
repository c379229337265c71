/*
 * sst.c: layout 'sst': values in RocksDB's own tables. Filled in key order
 * without a log, flushed at intervals; read by rocksdb_get_pinned, one fiber a
 * read, the I/O through ring_pread (ring_fs.cc).
 */
#include "engines/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engines/store/ring_fs.h"
#include "engines/store/store_dir.h"

#define KEY_NBYTES 12
#define BLOCK_NBYTES 4096

/* A load that is killed loses at most this much: what lies in memory. */
#define FLUSH_INTERVAL_NBYTES ((uint64_t)128 << 20)
#define FLUSH_INTERVAL_S 20

/* Above the interval and the largest value: only store_put flushes, so that
 * PROGRESS tells of every flush. */
#define WRITE_BUFFER_NBYTES ((size_t)512 << 20)

#define CHECKSUM_XXH3 4 /* CRC32C is in software in Debian's RocksDB */

/* ---- keys ---- */

static void put_big_endian(uint8_t *p, uint64_t x, unsigned nbytes)
{
	while (nbytes-- > 0) {
		p[nbytes] = (uint8_t)x;
		x >>= 8;
	}
}

static void make_key(char key[KEY_NBYTES], uint64_t content, uint32_t context)
{
	put_big_endian((uint8_t *)key, content, 8);
	put_big_endian((uint8_t *)key + 8, context, 4);
}

static uint64_t get_big_endian(const uint8_t *p, unsigned nbytes)
{
	uint64_t x = 0;
	for (unsigned i = 0; i < nbytes; i++)
		x = x << 8 | p[i];
	return x;
}

/* ---- RocksDB's errors ---- */

/* RocksDB reports text only; where the system refused, it ends in strerror. */
static int errno_of(const char *message)
{
	static const int errnos[] = {ENOSPC, EDQUOT, EFBIG,  EACCES, EPERM, EROFS,
				     EMFILE, ENFILE, ENOMEM, EBUSY,  EINVAL};
	static const char *const damage[] = {"Corruption", "Invalid argument", "NotFound",
					     "Not implemented"};
	for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++)
		if (strncmp(message, damage[i], strlen(damage[i])) == 0)
			return -EBADMSG;
	for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
		if (strstr(message, strerror(errnos[i])) != NULL)
			return -errnos[i];
	return -EIO;
}

static const char *remedy(int err)
{
	switch (err) {
	case -EBADMSG:
		return "damaged; run: gvr load, which makes the store anew";
	case -ENOSPC:
	case -EDQUOT:
		return "make room, then run again: the load goes on where it stopped";
	case -EMFILE:
		return "raise the limit of open files (ulimit -n)";
	default:
		return "RocksDB failed";
	}
}

/* Takes RocksDB's message over. */
static int rocksdb_error(struct error *e, const char *dir, char *message)
{
	int err = errno_of(message);
	error_set(e, err, "%s/db: %s (%.400s)", dir, remedy(err), message);
	rocksdb_free(message);
	return err;
}

/* ---- options ---- */

static rocksdb_options_t *create_options(void)
{
	char *message = NULL;
	rocksdb_options_t *base = rocksdb_options_create();
	rocksdb_options_t *o = rocksdb_options_create();
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();

	rocksdb_options_set_create_if_missing(base, 1);
	rocksdb_get_options_from_string(base, ring_fs_options(), o, &message);
	rocksdb_options_destroy(base);
	rocksdb_free(message); /* it cannot fail: the environment is registered */

	rocksdb_block_based_options_set_checksum(table, CHECKSUM_XXH3);
	rocksdb_block_based_options_set_format_version(table, 5);
	rocksdb_block_based_options_set_block_size(table, BLOCK_NBYTES);
	/* no cache of data blocks: it would hide the device, and each engine's
	 * memory is reported. Index blocks are then held by their open table,
	 * and there is no filter: every key asked for is there */
	rocksdb_block_based_options_set_no_block_cache(table, 1);
	rocksdb_options_set_block_based_table_factory(o, table);
	rocksdb_block_based_options_destroy(table);

	rocksdb_options_set_compression(o, rocksdb_no_compression); /* values are coded */
	rocksdb_options_set_stats_dump_period_sec(o, 0);
	rocksdb_options_set_stats_persist_period_sec(o, 0);
	return o;
}

/* ---- filling ---- */

struct store_writer {
	char dir[STORE_PATH_NBYTES - 64];
	int lock_fd;
	uint32_t contexts;
	bool was_complete; /* nothing to do: db stays closed */
	rocksdb_t *db;
	rocksdb_writeoptions_t *write_options;
	struct store_counts counts; /* of all that was put, by this load or before */
	uint64_t unflushed_bytes;
	int64_t flushed_s; /* time of the last flush */
};

static int64_t now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static int open_for_writing(struct store_writer *w, struct error *e)
{
	char path[STORE_PATH_NBYTES], *message = NULL;
	store_dir_path(path, w->dir, "db");
	rocksdb_options_t *o = create_options();
	rocksdb_options_set_write_buffer_size(o, WRITE_BUFFER_NBYTES);
	rocksdb_options_set_max_open_files(o, 256);
	/* tables do not overlap, so the compaction at the end only moves them */
	rocksdb_options_set_disable_auto_compactions(o, 1);
	w->db = ring_fs_open(o, path, false, &message);
	rocksdb_options_destroy(o);
	return message == NULL ? 0 : rocksdb_error(e, w->dir, message);
}

static void close_db(struct store_writer *w)
{
	if (w->db != NULL)
		rocksdb_close(w->db);
	w->db = NULL;
}

/* How many items the last key of db stands for; 0 if there is none, or none
 * that can be read. */
static uint64_t items_in_db(const struct store_writer *w)
{
	uint64_t items = 0;
	size_t key_nbytes;
	rocksdb_readoptions_t *o = rocksdb_readoptions_create();
	rocksdb_iterator_t *it = rocksdb_create_iterator(w->db, o);
	rocksdb_iter_seek_to_last(it);
	if (rocksdb_iter_valid(it)) {
		const uint8_t *key = (const uint8_t *)rocksdb_iter_key(it, &key_nbytes);
		if (key_nbytes == KEY_NBYTES)
			items = get_big_endian(key, 8) * w->contexts + get_big_endian(key + 8, 4) +
				1;
	}
	rocksdb_iter_destroy(it);
	rocksdb_readoptions_destroy(o);
	return items;
}

/* Goes on where an interrupted load stopped. -EBADMSG: it left nothing that
 * can be gone on from. */
static int resume(struct store_writer *w)
{
	struct store_counts counts;
	if (store_dir_read_progress(w->dir, &counts, NULL) != 0)
		return -EBADMSG;
	int err = open_for_writing(w, NULL);
	if (err != 0)
		return err;
	if (items_in_db(w) < counts.items) {
		close_db(w);
		return -EBADMSG;
	}
	w->counts = counts;
	return 0;
}

static int start_anew(struct store_writer *w, const char *identity, struct error *e)
{
	memset(&w->counts, 0, sizeof w->counts);
	int err = store_dir_empty(w->dir, e);
	if (err == 0)
		err = open_for_writing(w, e);
	if (err == 0)
		err = store_dir_write_progress(w->dir, &w->counts, e);
	if (err == 0)
		err = store_dir_write_identity(w->dir, identity, e);
	return err;
}

/* Complete, begun or neither: brings the locked store to where put goes on. */
static int take_up(struct store_writer *w, const char *identity, const char **discarded,
		   struct error *e)
{
	int state = store_dir_judge(w->dir, identity, &w->counts, discarded);
	if (state == 0) {
		w->was_complete = true;
		return 0;
	}
	if (state == -ENOENT && resume(w) == 0)
		return 0;
	return start_anew(w, identity, e);
}

static void free_writer(struct store_writer *w)
{
	close_db(w);
	rocksdb_writeoptions_destroy(w->write_options);
	close(w->lock_fd);
	free(w);
}

int store_writer_open(struct store_writer **out, const char *dir, const char *identity,
		      uint32_t contexts, uint64_t *next, const char **discarded, struct error *e)
{
	*discarded = NULL;
	struct store_writer *w = calloc(1, sizeof *w);
	if (w == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", dir);
	if (strlen(dir) >= sizeof w->dir) {
		free(w);
		return error_set(e, -ENAMETOOLONG, "%s: the path is too long", dir);
	}
	strcpy(w->dir, dir);
	w->contexts = contexts;
	int err = store_dir_lock_exclusive(&w->lock_fd, dir, e);
	if (err != 0) {
		free(w);
		return err;
	}
	w->write_options = rocksdb_writeoptions_create();
	rocksdb_writeoptions_disable_WAL(w->write_options, 1);
	err = take_up(w, identity, discarded, e);
	if (err != 0) {
		free_writer(w);
		return err;
	}
	w->flushed_s = now_s();
	*next = w->counts.items;
	*out = w;
	return 0;
}

static int flush(struct store_writer *w, struct error *e)
{
	char *message = NULL;
	rocksdb_flushoptions_t *o = rocksdb_flushoptions_create();
	rocksdb_flush(w->db, o, &message);
	rocksdb_flushoptions_destroy(o);
	if (message != NULL)
		return rocksdb_error(e, w->dir, message);
	w->unflushed_bytes = 0;
	w->flushed_s = now_s();
	return store_dir_write_progress(w->dir, &w->counts, e);
}

int store_put(struct store_writer *w, uint64_t content, uint32_t context, const void *value,
	      size_t value_nbytes, uint64_t content_nbytes, struct error *e)
{
	char key[KEY_NBYTES], *message = NULL;
	if (w->was_complete || content * w->contexts + context != w->counts.items)
		return error_set(e, -EINVAL,
				 "%s: content %llu, context %u is not the next to store", w->dir,
				 (unsigned long long)content, context);
	make_key(key, content, context);
	rocksdb_put(w->db, w->write_options, key, sizeof key, value, value_nbytes, &message);
	if (message != NULL)
		return rocksdb_error(e, w->dir, message);
	w->counts.items++;
	w->counts.payload_bytes += value_nbytes;
	w->counts.content_bytes += content_nbytes;
	w->unflushed_bytes += value_nbytes + KEY_NBYTES;
	if (w->unflushed_bytes < FLUSH_INTERVAL_NBYTES && now_s() - w->flushed_s < FLUSH_INTERVAL_S)
		return 0;
	return flush(w, e);
}

/* All tables to one level, where RocksDB finds a key fastest. */
static int finish(struct store_writer *w, struct error *e)
{
	int err = flush(w, e);
	if (err != 0)
		return err;
	rocksdb_compact_range(w->db, NULL, 0, NULL, 0); /* reports nothing; put and open do */
	close_db(w);
	return store_dir_write_complete(w->dir, &w->counts, e);
}

int store_writer_close(struct store_writer *w, bool complete, struct error *e)
{
	int err = 0;
	if (!w->was_complete)
		err = complete ? finish(w, e) : flush(w, e);
	free_writer(w);
	return err;
}

bool store_is_complete(const char *dir, const char *identity)
{
	struct store_counts counts;
	return store_dir_check_identity(dir, identity) == 0 &&
	       store_dir_read_complete(dir, &counts, NULL) == 0;
}

/* ---- serving ---- */

struct store {
	char dir[STORE_PATH_NBYTES - 64];
	int lock_fd;
	rocksdb_t *db;
	rocksdb_readoptions_t *read_options;
	struct store_counts counts;
};

/* Every table stays open, and the usual limit is 1024 files. */
static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/*
 * Read-only: a RocksDB that may change checks on each read that no other read
 * of its thread is under way, which is just what fibers do. All tables are
 * opened here: a table opened by a read would hold a lock while its fiber
 * waits.
 */
static int open_for_reading(struct store *s, const struct store_options *options, struct error *e)
{
	char path[STORE_PATH_NBYTES], *message = NULL;
	store_dir_path(path, s->dir, "db");
	raise_file_limit();
	rocksdb_options_t *o = create_options();
	rocksdb_options_set_create_if_missing(o, 0);
	rocksdb_options_set_max_open_files(o, -1);
	rocksdb_options_set_use_direct_reads(o, options->direct);
	s->db = ring_fs_open(o, path, true, &message);
	rocksdb_options_destroy(o);
	return message == NULL ? 0 : rocksdb_error(e, s->dir, message);
}

int store_open(struct store **out, const char *dir, const char *identity,
	       const struct store_options *options, struct error *e)
{
	struct store *s = calloc(1, sizeof *s);
	if (s == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", dir);
	if (strlen(dir) >= sizeof s->dir) {
		free(s);
		return error_set(e, -ENAMETOOLONG, "%s: the path is too long", dir);
	}
	strcpy(s->dir, dir);
	int err = store_dir_lock_shared(&s->lock_fd, dir, e);
	if (err != 0) {
		free(s);
		return err;
	}
	err = store_dir_check_whole(s->dir, identity, &s->counts, e);
	if (err == 0 && options->direct)
		err = store_dir_check_direct(s->dir, e);
	if (err == 0)
		err = open_for_reading(s, options, e);
	if (err != 0) {
		close(s->lock_fd);
		free(s);
		return err;
	}
	s->read_options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_verify_checksums(s->read_options, 1);
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	rocksdb_readoptions_destroy(s->read_options);
	rocksdb_close(s->db);
	close(s->lock_fd);
	free(s);
}

int store_get(struct store *s, uint64_t content, uint32_t context, struct store_value *value)
{
	char key[KEY_NBYTES], *message = NULL;
	make_key(key, content, context);
	rocksdb_pinnableslice_t *pin =
		rocksdb_get_pinned(s->db, s->read_options, key, sizeof key, &message);
	if (message != NULL) {
		int err = errno_of(message);
		rocksdb_free(message);
		return err;
	}
	if (pin == NULL)
		return -ENOENT;
	value->bytes = (const uint8_t *)rocksdb_pinnableslice_value(pin, &value->nbytes);
	value->pin = pin;
	return 0;
}

void store_unpin(struct store_value *value)
{
	rocksdb_pinnableslice_destroy(value->pin);
	value->pin = NULL;
}

void store_get_stats(struct store *s, struct store_stats *stats)
{
	memset(stats, 0, sizeof *stats);
	stats->counts = s->counts;
	store_disk_usage(s->dir, &stats->at_rest_bytes, &stats->at_rest_disk_bytes);
	rocksdb_property_int(s->db, "rocksdb.estimate-table-readers-mem", &stats->resident_bytes);
}
