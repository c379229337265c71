/*
 * checkpoint.h: a training that can be gone on with: all that its steps depend
 * on, in a file beside the model that is to be.
 */
#ifndef GVR_RNN_CHECKPOINT_H
#define GVR_RNN_CHECKPOINT_H

#include <stdbool.h>

#include "engines/generate/rnn/trainer.h"
#include "workloads/error.h"

/* Where a training is in its plan. */
struct train_plan {
	double minutes; /* 0: `steps` was given */
	uint64_t steps; /* in all; 0: not yet known */
	double elapsed_s, tested_s;
	uint64_t steps_done;
	double best_bits; /* bits a byte of what trainer_keep kept last; 0: nothing yet */
};

/* identity: of everything that must be the same to go on. Whole or not at all. */
int checkpoint_write(const char *path, uint64_t identity, const struct train_plan *plan,
		     struct trainer *t, struct error *e);

/* Is there one of another training? It is not to be lost unasked. */
bool checkpoint_is_of_another(const char *path, uint64_t identity);

/* False, and nothing changed: there is none, or it is damaged or of another
 * training. */
bool checkpoint_read(const char *path, uint64_t identity, struct train_plan *plan,
		     struct trainer *t);

#endif
