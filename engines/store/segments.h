/*
 * segments.h: values one after the other in append-only files, db/NNNNNN.seg.
 *
 * A segment: a header block (4096 bytes: magic, format, number, checksum),
 * values, and, once it is sealed, a seal block at the next multiple of 4096
 * (magic, number, end of the values, XXH3-64 of all bytes before the seal,
 * checksum). Little-endian. Values lie close to each other, but for up to 256
 * bytes where the next would else touch one block of 4096 more than it needs:
 * two blocks take a device up to a fifth longer than one. After a sync the next
 * begins at a multiple of 4096, so that no synced block is written again.
 *
 * Where a value lies is kept in the RocksDB of the store, by its key.
 */
#ifndef GVR_SEGMENTS_H
#define GVR_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/store/store.h"
#include "workloads/error.h"

#define SEGMENT_NBYTES_MAX (UINT64_C(1) << 30)

/* ---- where a value lies ---- */

struct segment_place {
	uint32_t segment;
	uint64_t offset;
	uint32_t nbytes;
	uint64_t digest;		     /* XXH3-64 of the nbytes */
	uint8_t head[STORE_HEAD_NBYTES_MAX]; /* goes before them */
	size_t head_nbytes;
};

/* LEB128 of segment, offset and nbytes, 8 bytes of digest, the head. */
#define SEGMENT_PLACE_NBYTES_MAX (5u + 10u + 5u + 8u + STORE_HEAD_NBYTES_MAX)
size_t segment_place_write(const struct segment_place *p, uint8_t out[SEGMENT_PLACE_NBYTES_MAX]);
/* -EBADMSG: these bytes are no place. */
int segment_place_read(struct segment_place *p, const uint8_t *bytes, size_t nbytes);

/* ---- filling ---- */

struct segments_writer;

/* Goes on in segment `number` at `end` (0, 0: from the start); what lies
 * beyond is removed. A value that would make a segment longer than max_nbytes
 * goes to the next. -EBADMSG: what should lie before is not there. */
int segments_writer_open(struct segments_writer **out, const char *dir, bool direct,
			 uint64_t max_nbytes, uint32_t number, uint64_t end, struct error *e);

/* Sets segment, offset, nbytes and digest of *p. */
int segments_append(struct segments_writer *w, const void *bytes, size_t nbytes,
		    struct segment_place *p, struct error *e);

/* All that was appended is on the disk. Sets where the next value goes, and
 * adds what was written since the last sync to c->written_bytes. */
int segments_sync(struct segments_writer *w, struct store_counts *c, struct error *e);

/* Seals the last segment, too, as segments_sync. */
int segments_seal(struct segments_writer *w, struct store_counts *c, struct error *e);

/* NULL is allowed. */
void segments_writer_close(struct segments_writer *w);

/* ---- reading ---- */

struct segments;

/* Opens segments 0 to `last`, all sealed. alignment: of reads with O_DIRECT
 * (direct.h); 1: without. -EBADMSG: one is not what its name says. */
int segments_open(struct segments **out, const char *dir, size_t alignment, uint32_t last,
		  struct error *e);
void segments_close(struct segments *s);

/* Reads the value at p into b (store_buffer_nbytes): value->bytes is its head and,
 * right after it, its bytes. -EBADMSG: they are not those of p->digest, or p is no place. */
int segments_get(const struct segments *s, const struct segment_place *p,
		 const struct ring_buffer *b, struct store_value *value);

#endif
