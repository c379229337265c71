/*
 * train.h: one pass over documents makes a model.
 */
#ifndef GVR_CM_TRAIN_H
#define GVR_CM_TRAIN_H

#include "engines/generate/cm/predictor.h"
#include "workloads/error.h"

/* Learns all documents of the text, in order, from an untrained model on.
 * text->bytes holds them all, but none is findable yet; `ends` of
 * document_count documents. frozen->arena: FROZEN_NBYTES. Each document sees
 * those before it as the model's text, as a document served later will.
 * -ENOMEM, -ECANCELED. */
int train_model(struct frozen *frozen, struct text *text, uint32_t document_count,
		const struct tables *tables, const struct progress *progress);

#endif
