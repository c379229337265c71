/* train.h: makes an rnn model from a corpus. */
#ifndef GVR_RNN_TRAIN_H
#define GVR_RNN_TRAIN_H

#include "engines/generate/generator.h"

#define RNN_TRAIN_MINUTES 10.0

int rnn_train(const struct corpus *corpus, const char *path, const struct training *training,
	      const struct progress *progress, struct error *e);

#endif
