/* model_file.h: what reading and writing of a model file have in common. */
#ifndef GVR_RNN_MODEL_FILE_H
#define GVR_RNN_MODEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/generate/rnn/shape.h"

#define MODEL_MAGIC "gvr-rnn\n"
#define MODEL_VERSION 1u
#define MODEL_ALIGNMENT 64u
#define MODEL_HEADER_NBYTES 128u

/* How the dictionary is packed: little is gained by higher levels. */
#define MODEL_ZSTD_LEVEL 16
#define MODEL_ZSTD_WINDOW_LOG 26

struct model_header {
	struct shape shape;
	uint64_t dictionary_nbytes, dictionary_frame_nbytes, file_nbytes, digest, trained_on;
};

void model_header_pack(uint8_t out[MODEL_HEADER_NBYTES], const struct model_header *h);
/* False: not a header of this version, or damaged, or sizes that are not allowed. */
bool model_header_unpack(struct model_header *h, const uint8_t in[MODEL_HEADER_NBYTES]);
bool model_shape_valid(const struct shape *s);

static inline uint32_t padded_rows(uint32_t rows)
{
	return (rows + 15) & ~15u;
}

static inline size_t aligned_nbytes(size_t nbytes)
{
	return (nbytes + MODEL_ALIGNMENT - 1) & ~(size_t)(MODEL_ALIGNMENT - 1);
}

#endif
