/*
 * forward.h: the network in integers, for several contents at once. What one
 * of them gets does not depend on the others, nor on the kernel.
 */
#ifndef GVR_RNN_FORWARD_H
#define GVR_RNN_FORWARD_H

#include "engines/generate/rnn/kernel.h"
#include "engines/generate/rnn/model.h"
#include "engines/generate/rnn/sampling.h"

/* What a content's next token depends on. */
struct forward_input {
	uint16_t last[3];   /* its last tokens, the latest first; or the id of none */
	uint16_t candidate; /* of match.h, or the id of none */
	uint8_t bucket;	    /* MATCH_BUCKETS if none */
	int32_t *state;	    /* layers x width; advanced */
};

struct forward; /* one thread's memory */

/* For at most `batch` (1..KERNEL_BATCH_MAX) contents. -ENOMEM. */
int forward_create(struct forward **out, const struct model *m, const struct kernel *kernel,
		   unsigned batch);
void forward_destroy(struct forward *f);
size_t forward_memory_nbytes(const struct model *m, unsigned batch);

/* From now on the probabilities below are changed like this. */
void forward_sample(struct forward *f, const struct generator_sampling *how);

void forward_step(struct forward *f, const struct forward_input *const *inputs, unsigned count);

/* Of the last step, and its k-th content: */
/* the probability that the candidate is next, unit 2^-16; 0 or 2^16 only if
 * sampled so; */
uint32_t forward_hit(struct forward *f, unsigned k, unsigned bucket);
/* frequencies (of 2^16) of the clusters for several of its contents: row i for
 * content which[i]; lent until the next call; */
const uint32_t *forward_clusters(struct forward *f, const unsigned *which, unsigned count);
/* and of the tokens in a cluster but those of `forbidden` (bit i: the i-th), which
 * get none, unless that is all. */
const uint32_t *forward_tokens(struct forward *f, unsigned k, unsigned cluster, uint64_t forbidden);

#endif
