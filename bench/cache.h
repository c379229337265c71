/*
 * cache.h: what of a store lies in the kernel's page cache, and putting it
 * into a known state. Block caches are the engine's.
 */
#ifndef GVR_CACHE_H
#define GVR_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/error.h"

/* Bytes of regular files below dir, and how many of those are in the page
 * cache (mincore of a mapping, page by page). 0, or -errno with e. */
int cache_resident(const char *dir, uint64_t *bytes, uint64_t *cached_bytes, struct error *e);

/* Writes dirty pages back and drops dir's files from the page cache. What
 * cannot be dropped (tmpfs) stays: ask cache_resident. */
int cache_drop(const char *dir, struct error *e);

/* Reads all of dir's files into the page cache. */
int cache_warm(const char *dir, struct error *e);

/* Does dir lie on a file system that is nothing but page cache (tmpfs)? What
 * O_DIRECT reads there comes from memory all the same. */
bool cache_is_all_there_is(const char *dir);

#endif
