/*
 * store_dir.h: the files around a store's RocksDB and segments, or around the
 * plain file of engines/raw.c (store.h names them): who may use it, what it is,
 * whether it is whole.
 */
#ifndef GVR_STORE_DIR_H
#define GVR_STORE_DIR_H

#include <stdbool.h>

#include "engines/store/store.h"
#include "workloads/error.h"

/* A path within a store: dir, '/', name. */
#define STORE_PATH_NBYTES 4608u
void store_dir_path(char path[STORE_PATH_NBYTES], const char *dir, const char *name);

/* Makes dir and dir/db, and takes the lock for loading. -EEXIST: dir/db has
 * files, and no LOCK says that they are ours. *fd: close it to let go. */
int store_dir_lock_exclusive(int *fd, const char *dir, struct error *e);

/* Takes the lock for serving. -ENOENT: no store; -EBUSY: being loaded. */
int store_dir_lock_shared(int *fd, const char *dir, struct error *e);

/* What to do about an errno, to follow a message: "; ...", or "". */
const char *store_dir_remedy(int err);

/* "WHAT: damaged; to repair: rm -r DIR, then gvr load (why)"; why may be "". Returns
 * err. */
int store_dir_damaged(struct error *e, int err, const char *what, const char *dir, const char *why);

/* Makes the names of files in db durable. */
int store_dir_sync_names(const char *dir, struct error *e);
/* Writes all nbytes at offset. 0 or -errno. */
int store_dir_write_at(int fd, const void *bytes, size_t nbytes, uint64_t offset);

/* In a store's db, the plain file of engines/raw.c. */
#define STORE_VALUES_NAME "values"

/* In a store's db, how the names of segments end (segments.h). */
#define STORE_SEGMENT_END ".seg"

/* In a store, a table that is not yet taken in (sst.h). */
#define STORE_TABLE_NAME "loading.sst"

/* What a store locked exclusively is to a load. 0: complete, counts are set.
 * -ENOENT: a load of this identity was interrupted; go on from PROGRESS if it
 * and what it tells of are there. -ESTALE: to be filled anew; *why says why
 * what was there goes, or is NULL if there was nothing. Else an error that says
 * nothing about the store, which is left alone. */
int store_dir_judge(const char *dir, const char *identity, struct store_counts *counts,
		    const char **why, struct error *e);

/* -EBADMSG: something in db that should be a file of ours is none. */
int store_dir_check_files(const char *dir);

/* For serving: complete and of this identity. -ENOENT not loaded completely,
 * -ESTALE another identity or format, -EBADMSG damaged. */
int store_dir_check_whole(const char *dir, const char *identity, struct store_counts *counts,
			  struct error *e);

/* What O_DIRECT wants of the files of the locked dir (direct.h), by way of
 * COMPLETE or, before that is there, of LOCK. -EINVAL: gvr cannot use it
 * there (e says: direct = 0). */
int store_dir_alignment(size_t *alignment, const char *dir, struct error *e);

/* Removes what a store consists of, and nothing else. Locked exclusively. */
int store_dir_empty(const char *dir, struct error *e);

/* -ENOENT: there is none, -ESTALE: it is another, -errno. */
int store_dir_check_identity(const char *dir, const char *identity);
int store_dir_write_identity(const char *dir, const char *identity, struct error *e);

/* PROGRESS: what a load that is not complete had made durable before it wrote
 * this, and what it was about to. */
int store_dir_write_progress(const char *dir, const struct store_counts *before,
			     const struct store_counts *after, struct error *e);
int store_dir_read_progress(const char *dir, struct store_counts *before,
			    struct store_counts *after, struct error *e);

/* COMPLETE: the counts, and name, size and digest of each file in db, so that
 * RocksDB is never given files that are not what it wrote: a length field gone
 * wrong can make it abort. Of a table the digest covers the end only (its
 * blocks have checksums of their own), unless whole_tables says that tables are
 * read whole when a store is opened; and so it does of segments and of
 * STORE_VALUES_NAME.
 * read: -ENOENT there is no such file, -ESTALE of another format version,
 * -EBADMSG anything damaged. */
int store_dir_write_complete(const char *dir, const struct store_counts *counts, bool whole_tables,
			     struct error *e);
int store_dir_read_complete(const char *dir, struct store_counts *counts, struct error *e);

#endif
