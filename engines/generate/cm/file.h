/*
 * file.h: the model file. A header, then two zstd frames: the tables, and the
 * training text with where its documents end. All numbers little-endian.
 *
 *	0	8	"gvr-cm\r\n"
 *	8	4	version
 *	12	4	documents of the text
 *	16	8	bytes of the text
 *	24	8	bytes of the tables' frame
 *	32	8	bytes of the text's frame
 *	40	8	XXH3-64 of what the frames hold: names the model, whatever
 *			version of zstd wrote it
 *	48	8	checksum: XXH3-64 of what follows, seeded with that of what
 *			precedes
 */
#ifndef GVR_CM_FILE_H
#define GVR_CM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/generate/cm/predictor.h"
#include "workloads/error.h"

#define MODEL_NBYTES_MAX (UINT64_C(16) << 20)
#define MODEL_HEADER_NBYTES 56u
#define MODEL_CHECKSUM_AT 48u

/* Do the first bytes of a file say that it is a cm model? */
bool cm_recognises(const uint8_t magic[8]);

/* The checksum that belongs into a file of these bytes; nbytes is at least
 * MODEL_HEADER_NBYTES. */
uint64_t model_checksum(const uint8_t *bytes, size_t nbytes);

/* Writes the model (temporary file, fsync, rename). So that the file has at
 * most MODEL_NBYTES_MAX, contexts that were seldom seen are removed from
 * *frozen, and documents of the text, from the first on, are left out. */
int model_write(const char *path, struct frozen *frozen, const struct text *text, struct error *e);

/* Reads a model from memory; `name` stands for it in messages. frozen->arena
 * is allocated here, and the text's index is built. -EBADMSG, -ENOMEM. */
int model_read(const uint8_t *bytes, size_t nbytes, const char *name, struct frozen *frozen,
	       struct text *text, uint64_t *digest, struct error *e);

#endif
