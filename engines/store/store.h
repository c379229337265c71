/*
 * store.h: values (blobs or specs), filled once in key order and then served
 * read-only. RocksDB holds the values themselves (layout sst: sst.h), or where
 * each lies in a file of values (layout segments: segments.h).
 *
 * Key: content id (8 bytes big-endian), context id (4 bytes big-endian).
 * A store is one directory:
 *   db/        the RocksDB, and the segments
 *   IDENTITY   one line: everything the values depend on, given by the caller
 *   PROGRESS   JSON, while loading: what is durable, and what is about to be
 *   COMPLETE   JSON, written last (temporary file, fsync, rename): items,
 *              payload and content bytes, format version, and size and digest
 *              of each file in db/. No COMPLETE: a load was interrupted.
 *   LOCK       flock: exclusive while loading, shared while serving
 *
 * A value is visible only when its bytes are durable: at each commit segments
 * are synced first, then the table of their places (or of the values) is
 * written whole, synced, and taken in by one write to RocksDB's manifest.
 */
#ifndef GVR_STORE_H
#define GVR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engines/store/ring.h"
#include "workloads/error.h"

enum store_layout { STORE_SST, STORE_SEGMENTS };

/* How a store is written. A part of its identity: the caller names it there. */
struct store_format {
	enum store_layout layout;
	size_t block_nbytes; /* sst: of RocksDB's blocks, about */
	/* sst: RocksDB compresses each block with zstd; 0: not. With a
	 * dictionary of its own in each table, of at most so many bytes. */
	int block_zstd_level;
	uint64_t block_dictionary_bytes;
};

struct store_counts {
	uint64_t items, payload_bytes, content_bytes;
	uint64_t written_bytes;			    /* to the disk, by the loads that filled it */
	uint64_t segment_number, segment_end_bytes; /* segments: where the next value goes */
};

/* ---- filling ---- */

struct store_writer;

/*
 * Opens or creates the store in dir (its parent exists) for filling. A store
 * with another identity, or a damaged one, is emptied first, and *discarded
 * says why ("was damaged", else NULL); an incomplete one of the same identity
 * is continued. *next: how many items are already durable: put goes on from
 * there (items are put in ascending key order, so what is there after a crash
 * is a prefix). contexts: items are numbered content * contexts + context.
 * direct: values are written past the page cache.
 * -EBUSY: another process is loading or serving it. -EEXIST: dir/db is not
 * ours. -EACCES, -EROFS, -ENOSPC, -EIO.
 */
int store_writer_open(struct store_writer **out, const char *dir, const char *identity,
		      const struct store_format *format, bool direct, uint32_t contexts,
		      uint64_t *next, const char **discarded, struct error *e);

/* Stores one value. Items in ascending order without gaps. Its first
 * head_nbytes, at most STORE_HEAD_NBYTES_MAX, describe the rest: a layout may
 * keep them apart, so that the rest lies aligned. */
#define STORE_HEAD_NBYTES_MAX 16u
int store_put(struct store_writer *w, uint64_t content, uint32_t context, const void *value,
	      size_t value_nbytes, size_t head_nbytes, uint64_t content_nbytes, struct error *e);

/* complete: makes all durable and writes COMPLETE. Else makes durable what it
 * can. Frees w either way. */
int store_writer_close(struct store_writer *w, bool complete, struct error *e);

/* True if dir holds a complete store of this identity. */
bool store_is_complete(const char *dir, const char *identity);

/* ---- serving ---- */

struct store;

struct store_options {
	enum store_layout layout;
	uint32_t contexts;    /* as it was filled */
	bool direct;	      /* O_DIRECT reads */
	uint64_t cache_bytes; /* sst: RocksDB's cache of data blocks; 0: none */
};

/* Opens a complete store read-only; opens every file, so that a read never
 * opens one, and reads every index block, so that a read needs none. -ENOENT
 * not loaded (says: gvr load), -ESTALE other identity, -EBADMSG damaged,
 * -EBUSY being loaded. */
int store_open(struct store **out, const char *dir, const char *identity,
	       const struct store_options *options, struct error *e);
void store_close(struct store *s);

/* What O_DIRECT wants of its files (direct.h); 1: they are read without. */
size_t store_alignment(const struct store *s);

/* The buffer that store_get wants for values of at most so many bytes, in
 * blocks of about block_nbytes (segments: 0), of a store of that alignment. */
size_t store_buffer_nbytes(size_t alignment, size_t block_nbytes, size_t value_nbytes_max);

/* A value read: pinned until store_unpin, or in the buffer given (pin NULL). */
struct store_value {
	const uint8_t *bytes;
	size_t nbytes;
	void *pin;
};

/* Reads one value. On a fiber (ring.h) the I/O is queued on the fiber's ring
 * and the fiber switches away until it is done; elsewhere it blocks. The value
 * may lie in b until b is used again; segments need b, sst copies without it
 * (NULL).
 * -ENOENT no such key; -EBADMSG a checksum is wrong; -EIO. */
int store_get(struct store *s, uint64_t content, uint32_t context, const struct ring_buffer *b,
	      struct store_value *value);
void store_unpin(struct store_value *value);

/* What serving keeps and what lies on disk. */
struct store_usage {
	uint64_t bytes, disk_bytes; /* st_size, st_blocks * 512 */
	uint64_t fixed_bytes;	    /* of bytes: what hardly grows with the values */
};

struct store_stats {
	struct store_counts counts;
	struct store_usage at_rest;
	uint64_t resident_bytes; /* places; or index, block cache and table readers, as RocksDB says
				  */
	uint64_t cache_bytes;	 /* of data blocks; 0: none */
	uint64_t cache_lookups, cache_hits;
};
void store_get_stats(struct store *s, struct store_stats *stats);

/* Of dir and all files and folders below, as du counts. */
int store_disk_usage(const char *dir, struct store_usage *usage);

#endif
