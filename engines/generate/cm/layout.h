/*
 * layout.h: the sizes of everything in a model and a session. An arena holds,
 * in this order: what is frozen in the model file (final probability tables, the
 * table of trained bit histories), then what starts empty with every content
 * (the table of local bit histories, the index of the content so far).
 */
#ifndef GVR_CM_LAYOUT_H
#define GVR_CM_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_NBYTES 64u

/* contexts: how many are looked up in the trained and in the local table */
#define TRAINED_CONTEXTS 8u
#define LOCAL_CONTEXTS 4u
#define CONTEXTS (TRAINED_CONTEXTS + LOCAL_CONTEXTS)

/* matches: one in the content so far, two in the training text */
#define MATCHES 3u
enum { MATCH_LOCAL, MATCH_LONG, MATCH_SHORT };
#define MATCH_STATES 1024u

/* mixer inputs: two a context, two a match, a constant; padded */
#define INPUT_MATCHES (2 * CONTEXTS)
#define INPUT_CONSTANT (INPUT_MATCHES + 2 * MATCHES)
#define INPUTS 32u
static_assert(INPUT_CONSTANT < INPUTS, "all inputs fit");
#define INPUT_MAX 2048 /* |input| */
#define WEIGHT_BITS 14 /* weights are in 2^-WEIGHT_BITS */
#define WEIGHT_MAX (INT16_MAX - INPUT_MAX)
#define FINAL_WEIGHT_MAX ((1 << 19) - 1) /* in 2^-16 */
#define MIXERS 4u
enum { MIXER_MATCH, MIXER_PARTIAL, MIXER_PREVIOUS, MIXER_POSITION };
#define MIXER_SETS 256u /* weight sets of each mixer */

/* final probability tables: 16 points a context; a line holds those for
 * either value of the last bit, so that it can be fetched before that bit */
#define APM_POINTS 16u
#define APM_LINE_BITS 15u
#define APMS 2u
#define APM_NBYTES (APMS * ((size_t)LINE_NBYTES << APM_LINE_BITS))
static_assert(2 * APM_POINTS * sizeof(uint16_t) == LINE_NBYTES, "two contexts a line");

/* bit histories: slots of a nibble, four to a line */
#define SLOT_NBYTES 16u
#define TRAINED_LINE_BITS 18u
#define LOCAL_LINE_BITS 14u
#define TRAINED_NBYTES ((size_t)LINE_NBYTES << TRAINED_LINE_BITS)
#define LOCAL_NBYTES ((size_t)LINE_NBYTES << LOCAL_LINE_BITS)

/* the content so far */
#define WINDOW_NBYTES (UINT32_C(1) << 18)
#define LOCAL_INDEX_BITS 15u
#define LOCAL_INDEX_NBYTES (sizeof(uint32_t) << LOCAL_INDEX_BITS)

#define APM_AT ((size_t)0)
#define TRAINED_AT (APM_AT + APM_NBYTES)
#define FROZEN_NBYTES (TRAINED_AT + TRAINED_NBYTES)
#define LOCAL_AT FROZEN_NBYTES
#define LOCAL_INDEX_AT (LOCAL_AT + LOCAL_NBYTES)
#define ARENA_NBYTES (LOCAL_INDEX_AT + LOCAL_INDEX_NBYTES)

#define TEXT_NBYTES_MAX (UINT32_C(24) << 20)

#endif
