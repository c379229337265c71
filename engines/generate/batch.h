/*
 * batch.h: contents made together by one session: as many at a time as it has
 * lanes, the others wait in order. One that is made leaves its lane, and the
 * next one joins at the next step, whatever the other lanes are at.
 */
#ifndef GVR_BATCH_H
#define GVR_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/generate/generator.h"
#include "engines/generate/spec.h"

/* A content to be made. The memory is the caller's; between batch_add and
 * when it is done, the batch's. */
struct batch_job {
	struct generator_lane lane; /* the caller sets out and nbytes, the batch the rest */
	const struct spec *spec;    /* archive content: its code; NULL: novel content */
	uint64_t content;	    /* novel: which */
	uint32_t context;
	struct batch_job *next; /* in the queue that it is on */
};

/* First come, first served. All zero: empty. */
struct batch_queue {
	struct batch_job *head, *tail;
};
void batch_queue_push(struct batch_queue *q, struct batch_job *job);
/* NULL: empty. */
struct batch_job *batch_queue_pop(struct batch_queue *q);

/* Per thread. */
struct batch;

/* depth: how many contents there may be at once, at least 1: the session has
 * no more lanes than that. The generator outlives the batch. */
int batch_create(struct batch **out, const struct generator_ops *ops, struct generator *g,
		 unsigned depth, struct error *e);
/* Contents that are not yet made are given up. */
void batch_destroy(struct batch *b);

/* Novel contents are sampled like this; before the first is added. */
void batch_sample(struct batch *b, const struct generator_sampling *how);

/* Lanes of the session: what its memory is counted by. */
unsigned batch_lanes(const struct batch *b);

void batch_add(struct batch *b, struct batch_job *job);

/* True if step has nothing to do. */
bool batch_is_idle(const struct batch *b);

/* Some 50 us of work: fills the lanes that are free, advances all that are in
 * use, once, and moves what is made to the end of *done. */
void batch_step(struct batch *b, struct batch_queue *done);

#endif
