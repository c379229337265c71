/*
 * rnn.h: the generator `rnn` (generator.h): a gated linear recurrent network
 * over tokens, in integers. What tests need besides its operations.
 */
#ifndef GVR_RNN_H
#define GVR_RNN_H

#include "engines/generate/generator.h"

/* Opens a model file that is in memory, at a multiple of 64, and stays there;
 * `name` stands for its path in messages. */
int rnn_open_memory(struct generator **out, const uint8_t *bytes, size_t nbytes, const char *name,
		    struct error *e);

#endif
