#include "engines/generate/cm/train.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engines/generate/cm/coding.h"

/* Mixers learn fast at first, and slowly once the tables are filled; the
 * first eighth of the text halves what is above RATE_MIXER_LAST. */
#define RATE_MIXER_FIRST 300
#define RATE_MIXER_LAST 30
#define RATE_FINAL 20
#define CELL_COUNT_MAX 1000

/* What bit histories mean is soon known: past this much text only one
 * document in so many refines it, which saves a quarter of the time. */
#define CELLS_ALL_NBYTES (UINT32_C(1) << 19)
#define CELLS_DOCUMENTS 8

typedef uint32_t cell_table[CONTEXTS][HISTORY_STATES];

static void cells_untrained(cell_table cells, const struct history_table *h)
{
	for (unsigned i = 0; i < CONTEXTS; i++)
		for (unsigned s = 0; s < HISTORY_STATES; s++) {
			uint32_t zeros = h->n[s][0] * 2u + 1, ones = h->n[s][1] * 2u + 1;
			cells[i][s] = (uint32_t)(((uint64_t)ones << 22) / (zeros + ones)) << 10;
		}
}

static void evidence_from_cells(evidence_table evidence, cell_table cells, const struct tables *t)
{
	for (unsigned i = 0; i < CONTEXTS; i++)
		for (unsigned s = 1; s < HISTORY_STATES; s++) {
			uint32_t p16 = cells[i][s] >> 16;
			evidence[i][s].logit = (int16_t)stretch(&t->logistic, p16);
			evidence[i][s].lean = (int16_t)(((int32_t)p16 - 32768) >> 5);
		}
}

static void small_untrained(struct small *small)
{
	memset(small, 0, sizeof *small);
	for (unsigned k = 0; k < MIXERS; k++)
		for (unsigned s = 0; s < MIXER_SETS; s++) {
			small->final_weights[s][k] = 65536 / MIXERS;
			for (unsigned i = 0; i < INPUTS; i += 2) /* logits; the rest may learn to */
				small->weights[k][s][i] = (1 << WEIGHT_BITS) / 5;
		}
	for (unsigned i = 0; i < MATCHES; i++)
		for (unsigned s = 0; s < MATCH_STATES; s++)
			small->matches[i][s] = UINT32_C(3) << 30; /* right 3 times in 4 */
}

static void arena_untrained(uint8_t *arena, const struct logistic *l)
{
	memset(arena, 0, FROZEN_NBYTES);
	uint16_t *points = (uint16_t *)(arena + APM_AT);
	for (size_t i = 0; i < APM_NBYTES / sizeof *points; i++) {
		int32_t logit = (int32_t)(i % APM_POINTS) * 4096 / (int32_t)(APM_POINTS - 1);
		logit = logit > 2 * LOGIT_MAX ? 2 * LOGIT_MAX : logit;
		points[i] = (uint16_t)squash(l, logit - LOGIT_MAX);
	}
}

static int learn_documents(struct predictor *p, struct frozen *frozen, cell_table cells,
			   struct text *text, uint32_t document_count,
			   const struct progress *progress)
{
	uint64_t total = document_count > 0 ? text->ends[document_count - 1] : 0;
	for (uint32_t i = 0; i < document_count; i++) {
		uint64_t begin = text->nbytes;
		if (progress_step(progress, "training", begin, total) != 0)
			return -ECANCELED;
		p->rates.mixer = RATE_MIXER_LAST + (int32_t)((RATE_MIXER_FIRST - RATE_MIXER_LAST) *
							     (total + 1) / (total + 1 + 8 * begin));
		p->cells = begin < CELLS_ALL_NBYTES || i % CELLS_DOCUMENTS == 0 ? cells : NULL;
		coding_begin(p);
		coding_learn(p, text->bytes + begin, text->ends[i] - begin);
		arena_undo(&p->arena); /* of what is local */
		evidence_from_cells(frozen->evidence, cells, p->tables);
		text_add_document(text);
	}
	return 0;
}

int train_model(struct frozen *frozen, struct text *text, uint32_t document_count,
		const struct tables *tables, const struct progress *progress)
{
	struct predictor p;
	cell_table *cells = malloc(sizeof *cells);
	if (cells == NULL)
		return -ENOMEM;
	arena_untrained(frozen->arena, &tables->logistic);
	small_untrained(&frozen->small);
	cells_untrained(*cells, &tables->history);
	memset(frozen->evidence, 0, sizeof frozen->evidence);
	evidence_from_cells(frozen->evidence, *cells, tables);
	int err = predictor_init(&p, frozen, tables, text, FROZEN_NBYTES);
	if (err)
		goto free_cells;
	p.rates = (struct rates){.final = RATE_FINAL, .cell_count_max = CELL_COUNT_MAX};
	err = learn_documents(&p, frozen, *cells, text, document_count, progress);
	memcpy(frozen->arena, p.arena.bytes, FROZEN_NBYTES);
	frozen->small = p.small;
	predictor_fini(&p);
free_cells:
	free(cells);
	return err;
}
