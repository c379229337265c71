/*
 * result.h: result.json (schema_version 1): everything a run measured. An
 * absent figure is null, with a reason beside it where that is not obvious;
 * never 0.
 */
#ifndef GVR_RESULT_H
#define GVR_RESULT_H

#include "bench/constants.h"
#include "bench/energy.h"
#include "bench/run.h"
#include "bench/verdict.h"

/* Writes result.json, summary.txt and each engine's histograms (LABEL.hlog,
 * LABEL.response.hgrm, .service.hgrm, .slip.hgrm) into dir, which is there. *summary: the
 * text of the latter, also if writing fails (NULL: out of memory), to be freed
 * by the caller. prices: what the break-even interval is computed with. command: the one
 * that makes such a result again, as a shell takes it. */
int result_write(const struct run *run, const struct verdict *v, const struct energies *energies,
		 const struct constants *prices, const char *command, const char *dir,
		 char **summary, struct error *e);

#endif
