/* train.h: makes an rnn model from a corpus. */
#ifndef GVR_RNN_TRAIN_H
#define GVR_RNN_TRAIN_H

#include "engines/generate/generator.h"
#include "engines/generate/rnn/shape.h"

#define RNN_TRAIN_MINUTES 10.0

/* The network that is trained, if there is text for a vocabulary of that size. */
struct shape rnn_train_shape(void);

int rnn_train(const struct corpus *corpus, const char *path, const struct training *training,
	      const struct progress *progress, struct error *e);

#endif
