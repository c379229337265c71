/* novel.h: novel content: defined by generator, model, content id and context. */
#ifndef GVR_NOVEL_H
#define GVR_NOVEL_H

#include "engines/generate/generator.h"

/* Starts a novel content in session s: what `ops->decode(s, rc, ...)` makes
 * from here are its bytes. The caller ends it with ops->end(s). */
void novel_begin(const struct generator_ops *ops, struct generator_session *s,
		 struct range_decoder *rc, uint64_t content, uint32_t context);

#endif
