/*
 * model.h: the model file of `rnn`, and the open model. All numbers are
 * little-endian; every section begins at a multiple of 64 bytes:
 *
 *   header      struct model_header, with the digest of the rest and its own
 *   tokens      each: length, then TOKEN_NBYTES_MAX bytes, zero beyond the length
 *   tensors     in the order of tensors_list. A table: s8. A bias: s32. A matrix:
 *               shift (u32, then 60 zero bytes), a multiplier (u8) for each row,
 *               then the weights (s8), packed as kernel.h says. Rows are padded to
 *               a multiple of 16 with zeros
 *   dictionary  its documents' bytes, one zstd frame
 *
 * The file is mapped and the tensors are used where they lie.
 */
#ifndef GVR_RNN_MODEL_H
#define GVR_RNN_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "engines/generate/rnn/greedy.h"
#include "engines/generate/rnn/match.h"
#include "engines/generate/rnn/net.h"
#include "engines/generate/rnn/shape.h"
#include "engines/generate/rnn/vocabulary.h"
#include "workloads/error.h"

#define BIAS_MAX (1 << 24) /* unit 2^-10 */
#define MODEL_FILE_NBYTES_MAX (64u << 20)
#define DICTIONARY_NBYTES_MAX (256u << 20)

/* A matrix as the kernels use it: value of row i = add + (acc - less[i]) *
 * multiplier[i] / 2^shift, unit 2^-10. */
struct matrix {
	const int8_t *weights;
	uint32_t rows, cols; /* rows: with padding */
	unsigned shift;
	int32_t *multiplier;
	int32_t *less; /* 128 x the sum of the row's weights; 0 if its input is squares */
};

struct layer {
	struct matrix v, o, up, down;
	const int32_t *v_bias, *up_bias;
};

struct model {
	struct shape shape;
	struct vocabulary vocabulary;
	struct greedy_tree greedy;
	struct match_text dictionary;
	const int8_t *token, *pair, *triple, *candidate;
	struct matrix in, p, hit, cluster, next;
	const int32_t *start, *hit_bias, *cluster_bias, *next_bias;
	struct layer layer[LAYERS_MAX];
	double tokens_per_byte; /* of the dictionary; 0 if it is empty */
	uint64_t file_nbytes, digest;
	uint64_t trained_on; /* fingerprint of the training split (corpus.h) */
	int32_t *memory;     /* multipliers and sums */
	size_t memory_nbytes;
};

/* What is trained, to be written. */
struct model_parts {
	const struct shape *shape;
	const struct vocabulary *vocabulary;
	const float *parameters;
	const uint8_t *dictionary;
	size_t dictionary_nbytes;
	uint64_t trained_on;
};

/* Whole or not at all. */
int model_write_file(const char *path, const struct model_parts *parts, struct error *e);

/* Of a model file, all but the dictionary's frame. */
size_t model_network_nbytes(const struct shape *s);

/* bytes: at a multiple of 64; they must stay as long as the model. -EBADMSG: not one of this
 * version, or damaged: whatever the bytes are, what is accepted is safe to compute with. */
int model_open_memory(struct model **out, const uint8_t *bytes, size_t nbytes, const char *name,
		      struct error *e);
void model_close(struct model *m);

/* Multiply-accumulates for a token that the candidate does not settle. */
uint64_t model_macs(const struct shape *s);

#endif
