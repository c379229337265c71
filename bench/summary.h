/* summary.h: a run in 80 columns. */
#ifndef GVR_SUMMARY_H
#define GVR_SUMMARY_H

#include <jansson.h>

#include "bench/energy.h"
#include "bench/run.h"
#include "bench/verdict.h"

/* A new string, the caller's to free; NULL: out of memory. Its first line is
 * "Result is: VALID" or "Result is: INVALID"; the reasons follow. breakeven: as
 * breakeven_of made it. */
char *summary_text(const struct run *run, const struct verdict *v, const struct energies *energies,
		   const json_t *breakeven);

#endif
