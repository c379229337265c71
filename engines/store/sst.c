/*
 * sst.c: sorted tables of RocksDB. Each is written by itself and then taken in
 * as a whole (ingested): no log, no memtable, nothing is written twice. Read
 * by rocksdb_get_pinned, one fiber a read, the I/O by ring_fs.cc.
 */
#include "engines/store/sst.h"

#include <errno.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/store/ring_fs.h"
#include "engines/store/store_dir.h"

#define CHECKSUM_XXH3 4 /* CRC32C is in software in Debian's RocksDB */

/* An index of places is searched within a block as well: small blocks. */
#define PLACES_BLOCK_NBYTES 4096

#define READAHEAD_NBYTES ((size_t)2 << 20)

/* zstd trains a dictionary on so many times its size. */
#define DICTIONARY_SAMPLES 100

/* ---- RocksDB's errors ---- */

/* RocksDB reports text only; where the system refused, it ends in strerror. */
static int errno_of(const char *message)
{
	static const int errnos[] = {ENOSPC, EDQUOT, EFBIG,  EACCES, EPERM, EROFS,
				     EMFILE, ENFILE, ENOMEM, EBUSY,  EINVAL};
	static const char *const damage[] = {"Corruption", "Invalid argument", "NotFound",
					     "Not implemented"};
	/* whatever RocksDB makes of it: a limit is no damage */
	if (strstr(message, strerror(EMFILE)) != NULL)
		return -EMFILE;
	for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++)
		if (strncmp(message, damage[i], strlen(damage[i])) == 0)
			return -EBADMSG;
	for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
		if (strstr(message, strerror(errnos[i])) != NULL)
			return -errnos[i];
	return -EIO;
}

static int db_damaged(struct error *e, int err, const char *dir, const char *why)
{
	char db[STORE_PATH_NBYTES];

	store_dir_path(db, dir, "db");
	return store_dir_damaged(e, err, db, dir, why);
}

/* Takes RocksDB's message over. */
static int rocksdb_error(struct error *e, const char *dir, char *message)
{
	int err = errno_of(message);
	if (err == -EBADMSG)
		db_damaged(e, err, dir, message);
	else
		error_set(e, err, "%s/db: RocksDB failed: %.400s%s", dir, message,
			  store_dir_remedy(err));
	rocksdb_free(message);
	return err;
}

/* ---- options ---- */

static rocksdb_options_t *create_options(bool direct)
{
	char *message = NULL;
	rocksdb_options_t *base = rocksdb_options_create();
	rocksdb_options_t *o = rocksdb_options_create();

	rocksdb_options_set_create_if_missing(base, 1);
	rocksdb_get_options_from_string(base, ring_fs_options(direct), o, &message);
	rocksdb_options_destroy(base);
	rocksdb_free(message); /* it cannot fail: the environment is registered */
	rocksdb_options_set_stats_dump_period_sec(o, 0);
	rocksdb_options_set_stats_persist_period_sec(o, 0);
	rocksdb_options_set_compression(o, rocksdb_no_compression);
	return o;
}

/* cache NULL: none of data blocks. Index blocks are held by their open table,
 * and there is no filter: every key asked for is there. */
static void set_tables(rocksdb_options_t *o, size_t block_nbytes, rocksdb_cache_t *cache)
{
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
	rocksdb_block_based_options_set_checksum(table, CHECKSUM_XXH3);
	rocksdb_block_based_options_set_format_version(table, 5);
	rocksdb_block_based_options_set_block_size(table, block_nbytes);
	if (cache != NULL)
		rocksdb_block_based_options_set_block_cache(table, cache);
	else
		rocksdb_block_based_options_set_no_block_cache(table, 1);
	rocksdb_options_set_block_based_table_factory(o, table);
	rocksdb_block_based_options_destroy(table);
}

static void set_compression(rocksdb_options_t *o, const struct store_format *f)
{
	if (f->block_zstd_level == 0)
		return;
	rocksdb_options_set_compression(o, rocksdb_zstd_compression);
	rocksdb_options_set_compression_options(o, -14, f->block_zstd_level, 0,
						(int)f->block_dictionary_bytes);
	rocksdb_options_set_compression_options_zstd_max_train_bytes(
		o, (int)(f->block_dictionary_bytes * DICTIONARY_SAMPLES));
}

/* ---- filling ---- */

struct sst_writer {
	char dir[STORE_PATH_NBYTES - 64];
	rocksdb_t *db;
	rocksdb_options_t *options;
	rocksdb_envoptions_t *env_options;
	rocksdb_sstfilewriter_t *table; /* NULL: nothing was added since the last commit */
	bool finished;			/* the table is whole, and not yet taken in */
};

int sst_writer_open(struct sst_writer **out, const char *dir, const struct store_format *f,
		    bool direct, struct error *e)
{
	char path[STORE_PATH_NBYTES], *message = NULL;
	struct sst_writer *w = calloc(1, sizeof *w);
	if (w == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", dir);
	strcpy(w->dir, dir);
	store_dir_path(path, dir, "db");
	w->options = create_options(direct);
	set_tables(w->options, f->layout == STORE_SEGMENTS ? PLACES_BLOCK_NBYTES : f->block_nbytes,
		   NULL);
	set_compression(w->options, f);
	rocksdb_options_set_max_open_files(w->options, 256);
	rocksdb_options_set_disable_auto_compactions(w->options, 1);
	w->env_options = rocksdb_envoptions_create();
	w->db = ring_fs_open(w->options, path, false, &message);
	if (message != NULL) {
		int err = rocksdb_error(e, dir, message);
		sst_writer_close(w);
		return err;
	}
	*out = w;
	return 0;
}

bool sst_last_key(const struct sst_writer *w, uint8_t key[SST_KEY_NBYTES])
{
	size_t nbytes;
	bool found = false;
	rocksdb_readoptions_t *o = rocksdb_readoptions_create();
	rocksdb_iterator_t *it = rocksdb_create_iterator(w->db, o);
	rocksdb_iter_seek_to_last(it);
	if (rocksdb_iter_valid(it)) {
		const char *bytes = rocksdb_iter_key(it, &nbytes);
		found = nbytes == SST_KEY_NBYTES;
		if (found)
			memcpy(key, bytes, nbytes);
	}
	rocksdb_iter_destroy(it);
	rocksdb_readoptions_destroy(o);
	return found;
}

static int begin_table(struct sst_writer *w, struct error *e)
{
	char path[STORE_PATH_NBYTES], *message = NULL;
	store_dir_path(path, w->dir, STORE_TABLE_NAME);
	if (unlink(path) != 0 && errno != ENOENT) { /* RocksDB would follow a link */
		int err = -errno;
		return error_set(e, err, "%s: cannot remove it: %s; remove it, then run again",
				 path, strerror(-err));
	}
	w->table = rocksdb_sstfilewriter_create(w->env_options, w->options);
	w->finished = false;
	rocksdb_sstfilewriter_open(w->table, path, &message);
	return message == NULL ? 0 : rocksdb_error(e, w->dir, message);
}

int sst_add(struct sst_writer *w, const uint8_t key[SST_KEY_NBYTES], const void *value,
	    size_t nbytes, struct error *e)
{
	char *message = NULL;
	int err = w->table == NULL ? begin_table(w, e) : 0;
	if (err != 0)
		return err;
	rocksdb_sstfilewriter_put(w->table, (const char *)key, SST_KEY_NBYTES, value, nbytes,
				  &message);
	return message == NULL ? 0 : rocksdb_error(e, w->dir, message);
}

int sst_finish_table(struct sst_writer *w, uint64_t *written_bytes, struct error *e)
{
	char *message = NULL;
	*written_bytes = 0;
	if (w->table == NULL)
		return 0;
	rocksdb_sstfilewriter_finish(w->table, &message);
	if (message != NULL)
		return rocksdb_error(e, w->dir, message);
	rocksdb_sstfilewriter_file_size(w->table, written_bytes);
	w->finished = true;
	return 0;
}

int sst_commit(struct sst_writer *w, struct error *e)
{
	char path[STORE_PATH_NBYTES], *message = NULL;
	const char *const files[] = {path};
	if (!w->finished)
		return 0;
	store_dir_path(path, w->dir, STORE_TABLE_NAME);
	rocksdb_ingestexternalfileoptions_t *o = rocksdb_ingestexternalfileoptions_create();
	rocksdb_ingestexternalfileoptions_set_move_files(o, 1);
	rocksdb_ingest_external_file(w->db, files, 1, o, &message);
	rocksdb_ingestexternalfileoptions_destroy(o);
	rocksdb_sstfilewriter_destroy(w->table);
	w->table = NULL;
	w->finished = false;
	return message == NULL ? 0 : rocksdb_error(e, w->dir, message);
}

void sst_writer_close(struct sst_writer *w)
{
	if (w == NULL)
		return;
	if (w->table != NULL)
		rocksdb_sstfilewriter_destroy(w->table);
	if (w->db != NULL)
		rocksdb_close(w->db);
	rocksdb_envoptions_destroy(w->env_options);
	rocksdb_options_destroy(w->options);
	free(w);
}

/* ---- reading ---- */

struct sst {
	char dir[STORE_PATH_NBYTES - 64];
	rocksdb_t *db;
	rocksdb_readoptions_t *read_options;
	rocksdb_cache_t *cache;		    /* NULL: none */
	atomic_uint_fast64_t lookups, hits; /* of the cache */
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
static int open_db(struct sst *s, bool direct, struct error *e)
{
	char path[STORE_PATH_NBYTES], *message = NULL;
	store_dir_path(path, s->dir, "db");
	raise_file_limit();
	rocksdb_options_t *o = create_options(direct);
	set_tables(o, PLACES_BLOCK_NBYTES, s->cache);
	rocksdb_options_set_create_if_missing(o, 0);
	rocksdb_options_set_max_open_files(o, -1);
	s->db = ring_fs_open(o, path, true, &message);
	rocksdb_options_destroy(o);
	return message == NULL ? 0 : rocksdb_error(e, s->dir, message);
}

int sst_open(struct sst **out, const char *dir, bool direct, uint64_t cache_bytes, struct error *e)
{
	struct sst *s = calloc(1, sizeof *s);
	if (s == NULL)
		return error_set(e, -ENOMEM, "%s: out of memory", dir);
	strcpy(s->dir, dir);
	if (cache_bytes > 0)
		s->cache = rocksdb_cache_create_lru(cache_bytes);
	s->read_options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_verify_checksums(s->read_options, 1);
	int err = open_db(s, direct, e);
	if (err != 0) {
		sst_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void sst_close(struct sst *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL)
		rocksdb_close(s->db);
	if (s->cache != NULL)
		rocksdb_cache_destroy(s->cache);
	rocksdb_readoptions_destroy(s->read_options);
	free(s);
}

int sst_get(struct sst *s, const uint8_t key[SST_KEY_NBYTES], struct store_value *value)
{
	char *message = NULL;
	uint64_t reads = ring_reads();
	rocksdb_pinnableslice_t *pin = rocksdb_get_pinned(s->db, s->read_options, (const char *)key,
							  SST_KEY_NBYTES, &message);
	if (s->cache != NULL) {
		atomic_fetch_add_explicit(&s->lookups, 1, memory_order_relaxed);
		if (ring_reads() == reads)
			atomic_fetch_add_explicit(&s->hits, 1, memory_order_relaxed);
	}
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

void sst_unpin(struct store_value *value)
{
	rocksdb_pinnableslice_destroy(value->pin);
	value->pin = NULL;
}

static int see_each(struct sst *s, rocksdb_iterator_t *it,
		    int (*see)(void *arg, const uint8_t *key, const uint8_t *value, size_t nbytes),
		    void *arg, struct error *e)
{
	char *message = NULL;
	int err = 0;
	for (rocksdb_iter_seek_to_first(it); err == 0 && rocksdb_iter_valid(it);
	     rocksdb_iter_next(it)) {
		size_t key_nbytes, nbytes;
		const char *key = rocksdb_iter_key(it, &key_nbytes);
		const char *value = rocksdb_iter_value(it, &nbytes);
		err = key_nbytes != SST_KEY_NBYTES
			      ? -EBADMSG
			      : see(arg, (const uint8_t *)key, (const uint8_t *)value, nbytes);
	}
	rocksdb_iter_get_error(it, &message);
	if (message != NULL)
		return rocksdb_error(e, s->dir, message);
	return err == 0 ? 0 : db_damaged(e, err, s->dir, "");
}

int sst_each(struct sst *s,
	     int (*see)(void *arg, const uint8_t *key, const uint8_t *value, size_t nbytes),
	     void *arg, struct error *e)
{
	rocksdb_readoptions_t *o = rocksdb_readoptions_create();
	rocksdb_readoptions_set_verify_checksums(o, 1);
	rocksdb_readoptions_set_readahead_size(o, READAHEAD_NBYTES);
	rocksdb_iterator_t *it = rocksdb_create_iterator(s->db, o);
	int err = see_each(s, it, see, arg, e);
	rocksdb_iter_destroy(it);
	rocksdb_readoptions_destroy(o);
	return err;
}

void sst_get_stats(const struct sst *s, struct sst_stats *stats)
{
	memset(stats, 0, sizeof *stats);
	rocksdb_property_int(s->db, "rocksdb.estimate-table-readers-mem", &stats->resident_bytes);
	if (s->cache == NULL)
		return;
	stats->resident_bytes += rocksdb_cache_get_usage(s->cache);
	stats->cache_bytes = rocksdb_cache_get_capacity(s->cache);
	stats->cache_lookups = s->lookups;
	stats->cache_hits = s->hits;
}
