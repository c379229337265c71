/*
 * ring_fs.h: the file system that RocksDB is given: its own, but tables
 * (*.sst) are read through ring_read_lent, and no LOG file is written.
 */
#ifndef GVR_RING_FS_H
#define GVR_RING_FS_H

#include <rocksdb/c.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Registers the environment (once; thread-safe) and returns the option string
 * that selects it, for rocksdb_get_options_from_string. direct: tables are
 * opened with O_DIRECT, for reading and for writing; RocksDB itself is not to
 * be told (use_direct_reads). */
const char *ring_fs_options(bool direct);

/* rocksdb_open, or rocksdb_open_for_read_only, but an exception (no thread
 * can be started) comes back as *message, too. */
rocksdb_t *ring_fs_open(const rocksdb_options_t *options, const char *path, bool read_only,
			char **message);

#ifdef __cplusplus
}
#endif

#endif
