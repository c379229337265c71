/*
 * select.h: which training documents a model learns.
 */
#ifndef GVR_CM_SELECT_H
#define GVR_CM_SELECT_H

#include "engines/generate/cm/text.h"
#include "workloads/corpus.h"
#include "workloads/error.h"

/* Reads the training documents into a text, none of them findable yet, in an
 * order that depends on their bytes alone; *document_count is set. Empty and
 * repeated documents are left out, and what exceeds TEXT_NBYTES_MAX. */
int select_documents(struct text *text, uint32_t *document_count, const struct corpus *corpus,
		     const struct progress *progress, struct error *e);

#endif
