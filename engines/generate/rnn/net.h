/*
 * net.h: the network in floats, as it is trained: forward as the integers of
 * the run time will compute it (shape.h), with every rounding of weights and
 * activations simulated, and backward through them as if they were not there.
 */
#ifndef GVR_RNN_NET_H
#define GVR_RNN_NET_H

#include <stddef.h>
#include <stdint.h>

#include "engines/generate/rnn/shape.h"

/* How the run time holds a tensor. */
enum tensor_kind {
	TENSOR_MATRIX, /* s8 within -WEIGHT_MAX..WEIGHT_MAX, a scale for each row */
	TENSOR_TABLE,  /* s8, unit 1/32 */
	TENSOR_BIAS,   /* s32 */
};

#define WEIGHT_MAX 63

struct tensor {
	enum tensor_kind kind;
	uint32_t rows, cols;
	size_t at; /* of its first number among the parameters; rows x cols of them */
};

#define LAYERS_MAX 4u

struct layer_tensors {
	struct tensor v, v_bias, o, up, up_bias, down;
};

struct tensors {
	struct tensor token, pair, triple, candidate, in, start;
	struct layer_tensors layer[LAYERS_MAX];
	struct tensor p, hit, hit_bias, cluster, cluster_bias, next, next_bias;
	size_t count; /* of all parameters */
};

#define TENSORS_MAX 64u

void tensors_layout(struct tensors *t, const struct shape *s);
/* All of them, in order; returns how many. */
unsigned tensors_list(const struct tensors *t, const struct shape *s, const struct tensor **list);

/* What a matrix multiplies has the unit 2^-this: 4 for squares and what comes
 * out of the states, else 5. */
unsigned tensor_input_unit_log(const struct tensors *t, const struct shape *s,
			       const struct tensor *x);

/* A row's scale, as the run time can have it: multiplier / 2^shift, with one
 * shift for the matrix, so that no weight of the row is cut off. */
#define SCALE_SHIFT_MIN 8
#define SCALE_SHIFT_MAX 24
unsigned tensor_shift(const float *parameters, const struct tensor *t);
unsigned tensor_row_multiplier(const float *row, uint32_t cols, unsigned shift); /* 1..255 */
/* Rows first..last - 1 of a matrix as the run time holds them. */
void tensor_round_rows(float *out, const float *parameters, const struct tensor *t, unsigned shift,
		       uint32_t first, uint32_t last);

/* What the network sees and shall predict at `steps` places of each of `streams`
 * documents, step after step: index step * streams + stream. */
struct net_batch {
	uint32_t streams, steps;
	uint16_t *last;	     /* [n][3]: the last three tokens, the latest first */
	uint16_t *candidate; /* [n], or the id of none */
	uint8_t *bucket;     /* [n]; MATCH_BUCKETS: no candidate */
	uint16_t *target;    /* [n] */
	uint8_t *begins;     /* [n]: 1 where a document begins */
	float *weight;	     /* [n]: 0 where there is nothing to learn */
};

struct net; /* one thread's memory: activations and gradients */

int net_create(struct net **out, const struct shape *s, uint32_t streams, uint32_t steps);
void net_destroy(struct net *n);
/* The streams' states, layer by layer: layers x streams x width, zero at first. */
float *net_states(struct net *n);
/* From now on leaves out this part of the input and of what the layers add,
 * chosen by key. */
void net_drop(struct net *n, float part, uint64_t key);

/* parameters: tables and biases as they are; rounded: matrices as rounded.
 * Returns the sum of -log2 p of the batch. If gradient is not NULL: adds to
 * gradient (as many as parameters) that of the sum of -ln p, times `factor`. */
double net_run(struct net *n, const float *parameters, const float *rounded,
	       const struct net_batch *b, float *gradient, float factor);

#endif
