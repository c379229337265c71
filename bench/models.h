/*
 * models.h: the trained models of a content set: one of each generator that
 * the workload's engines name; of novel contents the one that defines them.
 */
#ifndef GVR_MODELS_H
#define GVR_MODELS_H

#include "bench/contents.h"

/* Younger files may be gone in a moment. */
#define MODELS_YOUNG_MS 2000u

/* Files of a later ctime_ns are young now. */
int64_t models_young_from_ns(void);

/* Fills c->models, after the corpus is open: leaves a model that opens at each
 * path, trained if mode allows, or the file that the key `model` names. -ESTALE:
 * documents have changed since the corpus was opened. -EINPROGRESS, unless
 * c->settled: a model that is there is of these documents but for young ones. */
int models_prepare(struct contents *c, const char *store_root, enum contents_mode mode,
		   const struct progress *progress, struct error *e);

/* After documents were left out of the corpus: what was trained here on all of them,
 * of fingerprint trained_on, counts as trained on those that remain. */
int models_follow(const struct contents *c, uint64_t trained_on, struct error *e);

/* The model of an engine's own generator; "" if it has none that is trained. */
const char *models_path(const struct contents *c, const struct engine_config *config);

#endif
