/*
 * store.h: a RocksDB that holds values (blobs or specs), filled once in key
 * order and then served read-only.
 *
 * Key: content id (8 bytes big-endian), context id (4 bytes big-endian).
 * A store is one directory:
 *   db/        the RocksDB
 *   IDENTITY   one line: everything the values depend on, given by the caller
 *   PROGRESS   JSON, while loading: the counts of what is durable
 *   COMPLETE   JSON, written last (temporary file, fsync, rename): items,
 *              payload and content bytes, format version, and size and digest
 *              of each file in db/. No COMPLETE: a load was interrupted.
 *   LOCK       flock: exclusive while loading, shared while serving
 */
#ifndef GVR_STORE_H
#define GVR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engines/store/ring.h"
#include "workloads/error.h"

struct store_counts {
	uint64_t items, payload_bytes, content_bytes;
};

/* ---- filling ---- */

struct store_writer;

/*
 * Opens or creates the store in dir (its parent exists) for filling. A store
 * with another identity, or a damaged one, is emptied first, and *discarded
 * says why ("was damaged", else NULL); an incomplete one of the same identity
 * is continued. *next: how many items are already
 * durable: put goes on from there (items are put in ascending key order, so
 * what is in the RocksDB after a crash is a prefix). contexts: items are
 * numbered content * contexts + context.
 * -EBUSY: another process is loading or serving it. -EEXIST: dir/db is not
 * ours. -EACCES, -EROFS, -ENOSPC, -EIO.
 */
int store_writer_open(struct store_writer **out, const char *dir, const char *identity,
		      uint32_t contexts, uint64_t *next, const char **discarded, struct error *e);

/* Stores one value. Items in ascending order without gaps. */
int store_put(struct store_writer *w, uint64_t content, uint32_t context, const void *value,
	      size_t value_nbytes, uint64_t content_nbytes, struct error *e);

/* complete: flushes, compacts, fsyncs, writes COMPLETE. Else flushes what it
 * can. Frees w either way. */
int store_writer_close(struct store_writer *w, bool complete, struct error *e);

/* True if dir holds a complete store of this identity. */
bool store_is_complete(const char *dir, const char *identity);

/* ---- serving ---- */

struct store;

struct store_options {
	bool direct;	 /* O_DIRECT reads */
	enum ring_io io; /* how reads are done */
};

/* Opens a complete store read-only; opens every file, so that a read never
 * opens one. -ENOENT not loaded (says: gvr load), -ESTALE other identity,
 * -EBADMSG damaged, -EBUSY being loaded. */
int store_open(struct store **out, const char *dir, const char *identity,
	       const struct store_options *options, struct error *e);
void store_close(struct store *s);

/* A value read: pinned until store_unpin. */
struct store_value {
	const uint8_t *bytes;
	size_t nbytes;
	void *pin;
};

/* Reads one value. On a fiber (ring.h) the I/O is queued on the fiber's ring
 * and the fiber switches away until it is done; elsewhere it blocks.
 * -ENOENT no such key; -EBADMSG checksum of a block is wrong; -EIO. */
int store_get(struct store *s, uint64_t content, uint32_t context, struct store_value *value);
void store_unpin(struct store_value *value);

/* What serving keeps and what lies on disk. */
struct store_stats {
	struct store_counts counts;
	uint64_t at_rest_bytes, at_rest_disk_bytes; /* all files of dir: st_size, st_blocks * 512 */
	uint64_t resident_bytes; /* block cache and table readers, as RocksDB says */
};
void store_get_stats(struct store *s, struct store_stats *stats);

/* Sums st_size and st_blocks * 512 of all regular files below dir. */
int store_disk_usage(const char *dir, uint64_t *bytes, uint64_t *disk_bytes);

#endif
