/*
 * spec.h: what a generator needs besides its model to make one content.
 *
 * Archive: kept in a store. A record: format byte (1 coded, 2 raw), content
 * length (LEB128), then the range coder's code, or the bytes themselves where
 * the code would be longer.
 * Novel: not kept: (seed, context, length) follow from the content id; how it
 * is sampled (temperature, top-p) is the workload's, the same for all of them.
 */
#ifndef GVR_SPEC_H
#define GVR_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPEC_HEADER_NBYTES_MAX 11u

struct spec {
	bool raw;
	uint64_t content_nbytes;
	const uint8_t *code; /* within the record */
	size_t code_nbytes;
};

/* Writes a record's header; returns its length. */
size_t spec_write_header(uint8_t header[SPEC_HEADER_NBYTES_MAX], bool raw, uint64_t content_nbytes);

/* Any bytes are safe. -EBADMSG: not a spec, or content_nbytes above the
 * maximum, or a raw one of the wrong length. */
int spec_parse(struct spec *spec, const uint8_t *record, size_t record_nbytes,
	       uint64_t content_nbytes_max);

/* The bit source's key of a novel content: a pure function of both. */
uint64_t spec_novel_key(uint64_t content, uint32_t context);

#endif
