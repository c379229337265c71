/*
 * sampling.h: other distributions than the model's own, made from it in
 * integers: temperature and top-p.
 */
#ifndef GVR_RNN_SAMPLING_H
#define GVR_RNN_SAMPLING_H

#include <stdint.h>

#include "engines/generate/generator.h"

/* Logits become logit * 100 / temperature_percentage, rounded down, within
 * +-2^29. */
void sampling_temper(int32_t *logits, unsigned count, const struct generator_sampling *how);

/* Frequencies of 2^16: keeps the largest (of equals the first) until their sum
 * is top_p_percentage of 2^16 or more; the others become 0. What is kept is
 * enlarged in proportion, rounded down; the largest takes the rest. */
void sampling_cut(uint32_t *frequencies, unsigned count, const struct generator_sampling *how);

/* The same for a choice between two: p of 2^16 becomes 0 or 2^16 if the other
 * is cut. */
uint32_t sampling_cut_hit(uint32_t p, const struct generator_sampling *how);

#endif
