/* novel.h: novel content: defined by generator, model, content id and context. */
#ifndef GVR_NOVEL_H
#define GVR_NOVEL_H

#include "engines/generate/generator.h"
#include "workloads/workload.h"

/* How a workload's novel contents are sampled. */
struct generator_sampling novel_sampling(const struct workload *w);

/* Starts a novel content on lane->index of session s: what the lane makes from
 * here are its bytes. The caller sets the other fields and ends it. */
void novel_begin(const struct generator_ops *ops, struct generator_session *s,
		 struct generator_lane *lane, uint64_t content, uint32_t context);

#endif
