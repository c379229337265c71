/*
 * result.h: result.json (schema_version 1): everything a run measured. An
 * absent figure is null, with a reason beside it where that is not obvious;
 * never 0.
 */
#ifndef GVR_RESULT_H
#define GVR_RESULT_H

#include "bench/run.h"
#include "bench/verdict.h"

/* Writes DIR/result.json and DIR/summary.txt (temporary file, rename), and
 * *summary: the text of the latter, to be freed by the caller. */
int result_write(const struct run *run, const struct verdict *v, const char *dir, char **summary,
		 struct error *e);

#endif
