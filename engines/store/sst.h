/*
 * sst.h: the RocksDB of a store: keys in ascending order, written as sorted
 * tables, one after the other, and read by point lookups. Its values are a
 * store's values (layout sst) or places in segments (layout segments).
 */
#ifndef GVR_SST_H
#define GVR_SST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/store/store.h"
#include "workloads/error.h"

#define SST_KEY_NBYTES 12u

/* ---- filling ---- */

struct sst_writer;

/* Opens or creates the RocksDB in dir/db. */
int sst_writer_open(struct sst_writer **out, const char *dir, const struct store_format *f,
		    bool direct, struct error *e);

/* The greatest key there is. False: there is none. */
bool sst_last_key(const struct sst_writer *w, uint8_t key[SST_KEY_NBYTES]);

/* Keys in ascending order, above all that were added before. Visible and
 * durable once sst_commit has returned 0. */
int sst_add(struct sst_writer *w, const uint8_t key[SST_KEY_NBYTES], const void *value,
	    size_t nbytes, struct error *e);
/* *written_bytes: the table's size; 0 if nothing was added since. */
int sst_finish_table(struct sst_writer *w, uint64_t *written_bytes, struct error *e);
int sst_commit(struct sst_writer *w, struct error *e);

/* What was not committed is lost. NULL is allowed. */
void sst_writer_close(struct sst_writer *w);

/* ---- reading ---- */

struct sst;

/* cache_bytes: RocksDB's cache of data blocks; 0: none, and values are read
 * into the buffer that was lent (ring_lend). */
int sst_open(struct sst **out, const char *dir, bool direct, uint64_t cache_bytes, struct error *e);
void sst_close(struct sst *s);

/* As store_get. */
int sst_get(struct sst *s, const uint8_t key[SST_KEY_NBYTES], struct store_value *value);
void sst_unpin(struct store_value *value);

/* Calls see for every key, in order, until it says other than 0. */
int sst_each(struct sst *s,
	     int (*see)(void *arg, const uint8_t key[SST_KEY_NBYTES], const uint8_t *value,
			size_t nbytes),
	     void *arg, struct error *e);

struct sst_stats {
	uint64_t resident_bytes; /* table readers with their index blocks, and the cache's blocks */
	uint64_t cache_bytes;	 /* its capacity; 0: none */
	uint64_t cache_lookups, cache_hits;
};
void sst_get_stats(const struct sst *s, struct sst_stats *stats);

#endif
