/*
 * feed.h: the documents that a training step sees: several streams, each a
 * document after another from its begin to its end, some tokens of it a step.
 */
#ifndef GVR_RNN_FEED_H
#define GVR_RNN_FEED_H

#include <stdbool.h>

#include "engines/generate/rnn/net.h"
#include "engines/generate/rnn/train_text.h"

#define FEED_NONE UINT32_MAX

struct feed_stream {
	uint32_t document, at; /* at: tokens of it that were given; FEED_NONE: begin another */
};

/* The order of documents: shuffled anew each time all were given. */
struct feed {
	const struct train_text *text;
	uint64_t seed, epoch;
	uint32_t *order, order_count, next;
	bool once; /* the documents kept aside, once, in order */
};

/* -ENOMEM. */
int feed_init(struct feed *f, const struct train_text *text, uint64_t seed);
void feed_init_once(struct feed *f, const struct train_text *text);
void feed_fini(struct feed *f);

int feed_batch_init(struct net_batch *b, uint32_t streams, uint32_t steps);
void feed_batch_fini(struct net_batch *b);

/* The next tokens of each stream. Returns how many places there are to learn
 * from; 0: all was given (once). */
uint32_t feed_fill(struct feed *f, struct feed_stream *streams, struct net_batch *b);

#endif
