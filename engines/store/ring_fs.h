/*
 * ring_fs.h: the file system that RocksDB is given: its own, but tables
 * (*.sst) are read through ring_pread, and no LOG file is written.
 */
#ifndef GVR_RING_FS_H
#define GVR_RING_FS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Registers the environment (once; thread-safe) and returns the option string
 * that selects it, for rocksdb_get_options_from_string. With use_direct_reads
 * tables are opened with O_DIRECT. */
const char *ring_fs_options(void);

#ifdef __cplusplus
}
#endif

#endif
