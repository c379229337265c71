/* vocabulary_learn.h: the tokens of a set of documents. */
#ifndef GVR_RNN_VOCABULARY_LEARN_H
#define GVR_RNN_VOCABULARY_LEARN_H

#include "engines/generate/rnn/vocabulary.h"

/* Byte pair encoding within words: starts from single bytes and joins, again
 * and again, the two neighbours that are next to each other most often, until
 * there are `count` tokens (a multiple of CLUSTER_TOKENS, at least 256) or
 * nothing is left to join; then to the last multiple. The same bytes give the
 * same tokens everywhere. *tokens is the caller's (free). -ENOMEM. */
int vocabulary_learn(struct token **tokens, uint32_t *token_count, const uint8_t *bytes,
		     size_t nbytes, uint32_t count);

/* Puts tokens that follow the same tokens into the same clusters: halves the
 * set, again and again, along the direction in which the distributions of what
 * comes before differ most. text: `count` tokens, the documents one after the
 * other. order[i] is the token that shall become i. -ENOMEM. */
int vocabulary_cluster(uint16_t *order, uint32_t tokens, const uint16_t *text, size_t count);

#endif
