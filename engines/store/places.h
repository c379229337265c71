/*
 * places.h: where each value of a store's segments lies, in memory: about as
 * many bytes as the place itself has (segments.h), found by item number in two
 * steps of memory. Filled once from the store's RocksDB, then only read.
 */
#ifndef GVR_PLACES_H
#define GVR_PLACES_H

#include <stdint.h>

#include "engines/store/segments.h"
#include "workloads/error.h"

struct places;

/* For up to `items` places. -ENOMEM. */
int places_create(struct places **out, uint64_t items, struct error *e);
void places_destroy(struct places *p);

/* The next item's place, as segment_place_write made it. -EBADMSG: it is none,
 * or there are `items` already. */
int places_add(struct places *p, const uint8_t *bytes, size_t nbytes);

/* How many there are. */
uint64_t places_count(const struct places *p);

/* -ENOENT: there is no such item. Thread-safe once all are added. */
int places_find(const struct places *p, uint64_t item, struct segment_place *place);

uint64_t places_resident_bytes(const struct places *p);

#endif
