/*
 * trainer.h: how the parameters of a network are found: Adam (Kingma and Ba,
 * ICLR 2015) on batches of documents read side by side. Each thread has a part
 * of the streams; gradients are added in a fixed order. The same text, options
 * and number of threads give the same parameters.
 */
#ifndef GVR_RNN_TRAINER_H
#define GVR_RNN_TRAINER_H

#include "engines/generate/rnn/net.h"
#include "engines/generate/rnn/train_text.h"

#define TRAINER_STREAMS 32u /* of all threads together */
#define TRAINER_THREADS_MAX 16u

struct trainer_options {
	struct shape shape;
	unsigned threads; /* a power of two, at most TRAINER_THREADS_MAX */
	uint32_t steps;	  /* tokens of each stream in a step */
	uint64_t seed;
	float rate;  /* of learning, at its highest */
	float decay; /* of the parameters in each step, in parts of the rate */
	/* Part of the activations that is left out in training: at first, how much
	 * more each time that all documents were seen, and at most. */
	float dropout, dropout_growth, dropout_max;
};

struct trainer;

/* text (with something to learn from) stays the caller's, and must stay. -ENOMEM, or -EAGAIN: no
 * threads. */
int trainer_create(struct trainer **out, const struct trainer_options *o,
		   const struct train_text *text);
void trainer_destroy(struct trainer *t);

/* One step at this part of the highest rate. Returns bits a token of its batch. */
double trainer_step(struct trainer *t, float part);
/* Tokens that all steps have seen. */
uint64_t trainer_tokens(const struct trainer *t);
/* Bits a byte of the documents kept aside. */
double trainer_test(struct trainer *t);
/* Keeps the parameters as they are now; those kept last. */
void trainer_keep(struct trainer *t);
const float *trainer_kept(const struct trainer *t);

/* Visits all memory that steps depend on, always in the same order, so that it
 * can be written and read back into a trainer made with the same arguments. */
void trainer_visit(struct trainer *t, void (*visit)(void *arg, void *bytes, size_t nbytes),
		   void *arg);

#endif
