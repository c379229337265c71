/*
 * coding.h: the loops over bytes and bits: predict, code, learn. Compiled
 * once for any CPU and once for wider vectors, with the same results.
 */
#ifndef GVR_CM_CODING_H
#define GVR_CM_CODING_H

#include <stddef.h>
#include <stdint.h>

#include "engines/generate/cm/predictor.h"
#include "engines/generate/range_coder.h"

/* To the beginning of a content; what was learned stays. */
void coding_begin(struct predictor *p);
/* The next byte begins a document; what went before is still its past. */
void coding_new_document(struct predictor *p);
void coding_encode(struct predictor *p, struct range_encoder *rc, const uint8_t *in, size_t nbytes);
void coding_decode(struct predictor *p, struct range_decoder *rc, uint8_t *out, size_t nbytes);
/* Learns the bytes without coding them. */
void coding_learn(struct predictor *p, const uint8_t *in, size_t nbytes);

#endif
