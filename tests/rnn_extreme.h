/*
 * rnn_extreme.h: model files of `rnn` in which every number is as large as it
 * may be, for what might overflow.
 */
#ifndef GVR_RNN_EXTREME_H
#define GVR_RNN_EXTREME_H

#include <zstd.h>

#include "tests/rnn_model.h"

/* A sign for each row, or for each number, as the key says. */
static inline int rnn_extreme_sign(uint64_t key, size_t row, size_t i)
{
	switch (key % 4) {
	case 0:
		return 1;
	case 1:
		return -1;
	case 2:
		return prng_at(key, row) % 2 ? 1 : -1;
	default:
		return prng_at(key, i) % 2 ? 1 : -1;
	}
}

/* shift: of the matrices, at least 2. Returns where the tensor ends. */
static inline uint8_t *rnn_extreme_tensor(uint8_t *to, const struct tensor *t, uint64_t key,
					  unsigned shift)
{
	size_t cols = t->cols;
	size_t rows = t->kind == TENSOR_MATRIX ? padded_rows(t->rows) : t->rows;
	if (t->kind == TENSOR_MATRIX) {
		rnn_model_put(to, shift, 4);
		memset(to + MODEL_ALIGNMENT, 255, rows);
		to += MODEL_ALIGNMENT + aligned_nbytes(rows);
	}
	for (size_t i = 0; i < rows * cols; i++) {
		int sign = rnn_extreme_sign(key, i / cols, i);
		if (t->kind == TENSOR_MATRIX) /* packed, but 16 rows at a time are alike */
			to[i] = (uint8_t)(sign * WEIGHT_MAX);
		else if (t->kind == TENSOR_TABLE)
			to[i] = sign > 0 ? 127 : 0x80;
		else
			rnn_model_put(to + 4 * i, (uint32_t)(sign * BIAS_MAX), 4);
	}
	return to + aligned_nbytes(rows * cols * (t->kind == TENSOR_BIAS ? 4 : 1));
}

/* The bytes of a sealed file, free. key: which of the numbers are negative. */
static inline uint8_t *rnn_extreme_make(const struct shape *s, uint64_t key, unsigned shift,
					size_t *nbytes)
{
	struct tensors t;
	const struct tensor *list[TENSORS_MAX];
	uint8_t frame[64];
	size_t frame_nbytes = ZSTD_compress(frame, sizeof frame, "", 0, 1);
	tensors_layout(&t, s);
	unsigned count = tensors_list(&t, s, list);
	size_t at = rnn_model_tensor_at(s, count);
	struct model_header h = {.shape = *s, .dictionary_frame_nbytes = frame_nbytes};
	h.file_nbytes = *nbytes = at + aligned_nbytes(frame_nbytes);
	uint8_t *file = rnn_model_room(*nbytes), *to = file + rnn_model_tensor_at(s, 0);
	memset(file, 0, *nbytes);
	struct token *tokens = rnn_model_tokens(s->vocabulary);
	for (uint32_t i = 0; i < s->vocabulary; i++)
		memcpy(file + MODEL_HEADER_NBYTES + (size_t)i * (1 + TOKEN_NBYTES_MAX), &tokens[i],
		       1 + TOKEN_NBYTES_MAX);
	free(tokens);
	for (unsigned i = 0; i < count; i++)
		to = rnn_extreme_tensor(to, list[i], key >> (2 * i % 48), shift);
	memcpy(to, frame, frame_nbytes);
	model_header_pack(file, &h);
	rnn_model_seal(file, *nbytes);
	return file;
}

#endif
