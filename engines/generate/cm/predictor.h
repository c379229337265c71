/*
 * predictor.h: the context-mixing model: what it has learned, and where in a
 * content it is. Many contexts each say how probable a 1 is as the next bit;
 * mixers weigh what they say, and learn from what came.
 */
#ifndef GVR_CM_PREDICTOR_H
#define GVR_CM_PREDICTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/generate/cm/arena.h"
#include "engines/generate/cm/history.h"
#include "engines/generate/cm/layout.h"
#include "engines/generate/cm/logistic.h"
#include "engines/generate/cm/match.h"
#include "engines/generate/cm/text.h"

/* What a bit history says: a logit, and how far from even, times 2^11. */
struct evidence {
	int16_t logit, lean;
};
typedef struct evidence evidence_table[CONTEXTS][HISTORY_STATES];

/* What adapts within a content and is small enough to be copied back whole.
 * Cells are adaptive probabilities: 22 bits of probability, 10 of count. */
struct small {
	_Alignas(LINE_NBYTES) int16_t weights[MIXERS][MIXER_SETS][INPUTS];
	int32_t final_weights[MIXER_SETS][MIXERS];
	uint32_t matches[MATCHES][MATCH_STATES]; /* cells: that an expected bit is right */
};

/* Fixed tables, the same for all. */
struct tables {
	struct logistic logistic;
	struct history_table history;
	uint32_t reciprocal[1024]; /* 2^16 / (count + 1.5) */
};

/* How fast it learns. */
struct rates {
	int32_t mixer, final;
	uint32_t cell_count_max;
};

/* The frozen model that contents start from. */
struct frozen {
	uint8_t *arena; /* FROZEN_NBYTES, aligned to a line */
	struct small small;
	evidence_table evidence;
};

struct predictor {
	struct arena arena;
	struct small small;
	const struct frozen *frozen;
	const struct tables *tables;
	const struct text *text;
	struct rates rates;
	uint32_t (
		*cells)[HISTORY_STATES]; /* what evidence is made from: training only, else NULL */
	uint8_t *window;		 /* the latest WINDOW_NBYTES bytes of the content */

	/* at a byte boundary */
	uint32_t position;	  /* bytes of the content so far */
	uint64_t recent, older;	  /* its last 16 bytes, newest lowest */
	uint32_t word, line_word; /* hashes: of the word so far, of the line's first word */
	uint32_t hashes[CONTEXTS];
	struct match matches[MATCHES];
	uint32_t line_short, line_long; /* of the text's indices, for the byte to come */
	const struct match *best;	/* the longest; never NULL */

	/* within a byte */
	uint32_t partial; /* 1, then the bits so far */
	uint32_t bit_index;
	uint32_t random;
	uint8_t *lines[CONTEXTS];			/* of this nibble or the one to come */
	uint8_t *slots[CONTEXTS], *histories[CONTEXTS]; /* of this nibble, of this bit */
	uint32_t *match_cells[MATCHES];			/* NULL: nothing expected */
	uint32_t match_bits;				/* bit i: what match i expects */
	_Alignas(LINE_NBYTES) int16_t inputs[INPUTS];
	int16_t *weights[MIXERS];
	int32_t *final_weights;
	int32_t logits[MIXERS], mixed_p[MIXERS]; /* of each mixer, and its probability */
	int32_t final_p;
	size_t apm_lines[APMS]; /* where the lines for the bit to come are */
	uint16_t *apm_cells[APMS];
};

void tables_init(struct tables *t);

/* -ENOMEM. Everything pointed to must outlive the predictor. */
int predictor_init(struct predictor *p, const struct frozen *frozen, const struct tables *tables,
		   const struct text *text, size_t tracked_from);
void predictor_fini(struct predictor *p);

/* To the beginning of a content. What was learned stays. (coding_begin) */
void predictor_restart(struct predictor *p);

/* The next byte begins a document; what went before is still its past. */
void predictor_new_document(struct predictor *p);

/* Back to the frozen model. */
void predictor_undo(struct predictor *p);

/* After each whole byte: moves contexts and matches on. */
void predictor_advance(struct predictor *p, uint8_t c);

#endif
