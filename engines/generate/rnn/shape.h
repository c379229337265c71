/*
 * shape.h: the sizes of a network, and what all of its numbers mean. Floats in
 * training and integers at run time follow one definition:
 *
 *   u   = [token | two tokens | three tokens | candidate]    s8, unit 1/32
 *   r   = W_in u + start[bucket]
 *   each layer:
 *     v = W_v Q(norm(r)) + b_v                  three values for each of width
 *     h = h + gate(v_z) (clip(v_c) - h)         the state: all that is remembered
 *     r = r + W_o Q(h clip(v_g) gate(v_g))
 *     r = r + W_2 Q(relu(W_1 Q(norm(r)) + b_1)^2)
 *   p   = Q(W_p Q(norm(r)))
 *   hit      = 1 / (1 + 2^-(w_hit[bucket] p + b_hit[bucket]))     if there is a candidate
 *   cluster  = softmax(W_c p + b_c), token = softmax(W_t[cluster] p + b_t), to base 2
 *
 * If there is a candidate, first comes whether it is the next token; if not,
 * or if there is none, the cluster and the token in it.
 *
 * norm(x) = x / sqrt(mean(x^2) + 1/64); clip to -4..4; gate(x) = 1 - (1 - x/4)^2 / 2
 * for 0 <= x <= 4 and 1 - gate(-x) below: an s-shaped curve of squares. Q rounds
 * to 8 bits: unit 1/32, -127..127; 1/16 for state times gate; 1/16 from 0 to 255
 * for squares.
 */
#ifndef GVR_RNN_SHAPE_H
#define GVR_RNN_SHAPE_H

#include <stdint.h>

#include "engines/generate/rnn/match.h"

struct shape {
	uint32_t vocabulary; /* tokens; id `vocabulary` stands for none */
	uint32_t width;	     /* a multiple of 16 */
	uint32_t layers;
	uint32_t hidden; /* of the feed-forward part; a multiple of 16 */
	uint32_t token_width, pair_width, triple_width, candidate_width; /* sum: a multiple of 4 */
	uint32_t pair_rows, triple_rows;				 /* powers of two */
	uint32_t out_width;						 /* a multiple of 16 */
};

static inline uint32_t shape_input(const struct shape *s)
{
	return s->token_width + s->pair_width + s->triple_width + s->candidate_width;
}

/* Rows of the tables of two and of three tokens, the last first. */
static inline uint32_t shape_pair_row(const struct shape *s, uint32_t a, uint32_t b)
{
	uint32_t h = a * UINT32_C(0x9e3779b1) + b * UINT32_C(0x85ebca6b);
	return (h ^ h >> 15) * UINT32_C(0x2c1b3c6d) >> 9 & (s->pair_rows - 1);
}

static inline uint32_t shape_triple_row(const struct shape *s, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t h = a * UINT32_C(0x9e3779b1) + b * UINT32_C(0x85ebca6b) + c * UINT32_C(0xc2b2ae35);
	return (h ^ h >> 15) * UINT32_C(0x2c1b3c6d) >> 9 & (s->triple_rows - 1);
}

#endif
